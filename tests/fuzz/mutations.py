"""Notebooks spoilt: bytes, JSON, code and tags changed at random, the same for the same seed."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

TEXTS = (
    "",
    " ",
    "\n",
    "\0",
    "\ud800",
    "\u202e",
    "\ufeff",
    "é",
    "😀" * 50,
    "a" * 5000,
    "../../etc/passwd",
    "C:\\x",
    "\x1b]0;t\x07",
    "<script>alert(1)</script>",
    "'; DROP TABLE runs; --",
    "$(id)",
    "{0}",
    "{x.__class__}",
    "%s%n",
    "=1+1",
    "- a: [",
    "None",
    "True",
    "__proto__",
    "constructor",
    "con",
    "NaN",
    "1e999",
    "step:",
    "step:a",
    "code",
    "markdown",
    "python",
    "R",
    "0" * 400,
)

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    4,
    2**63,
    -(2**70),
    1.5,
    float("inf"),
    float("nan"),
    [],
    {},
    [[]],
    [None],
    {"": None},
    ["a", 1, None],
    {"a": {"b": {"c": []}}},
    [[[[[[[[]]]]]]]],
    *TEXTS,
)

TAGS = (
    "step:a",
    "step:b",
    "step:a[]",
    "step:",
    "step:../x",
    "step:" + "x" * 5000,
    "step:a b",
    "step:é",
    "step:if",
    "block:a",
    "prev:a",
    "prev:b",
    "after:a",
    "after:a,b",
    "after:",
    "after:nobody",
    "foreach:x in xs",
    "foreach:x, y in pairs",
    "foreach:x in [1, 2]",
    "foreach:x in (",
    "foreach:",
    "foreach: in x",
    "foreach:x in x",
    "foreach:a.b in c",
    "foreach:x in await y",
    "foreach:x in x := 1",
    "foreach:x in lambda: 0",
    "foreach:x in [y for y in",
    "parameters",
    "pipeline-parameters",
    "setup",
    "imports",
    "functions",
    "check",
    "metrics",
    "pipeline-metrics",
    "skip",
    "raises-exception",
    "\0",
    "STEP:a",
    "step :a",
    "steps:a",
    "<b>",
    "step:<script>",
    "step:\u202eabc",
    "step:a\nb",
)

CODE = (
    "x = 1",
    "x += 1",
    "del x",
    "global x",
    "nonlocal x",
    "return x",
    "yield x",
    "await x",
    "raise",
    "x = [",
    "def f(:",
    "from m import *",
    "from . import x",
    "import a.b.c as d",
    "import é",
    "for x in xs: x.append(y)",
    "while True: pass",
    "async def f():\n    async with a as b: await b",
    "async for x in y: pass",
    "class A(B, metaclass=C):\n    x = x",
    "class A:\n    def f(self): return __class__",
    "lambda x=(y := 1): x",
    "[x for x in y if (z := x)]",
    "{**a, **b}",
    "print(*a, **b)",
    "x: int",
    "x: 'y' = z",
    "x = " + repr("a" * 100_000),
    "try:\n    x\nexcept* (A, B) as e:\n    raise\nelse:\n    y\nfinally:\n    z",
    "type X[T: int] = list[T]",
    "def f[T](x: T) -> T: return x",
    "with (a as b, c as d[0], e as (f, g)): pass",
    "a.b[c].d = e",
    "a, *b = c",
    "*a, = b",
    "(a, b), c = d",
    "f'{x!r:>{y}} {{}}'",
    "f'{'",
    "f'{x:{'a'}}'",
    "rb'\\x00'",
    "'\\N{DASH}'",
    "'''",
    "%matplotlib inline",
    "%%bash\necho $x {y}",
    "%%bash --out x\nls",
    "%%time\nx = 1",
    "%timeit -n1 x = f(y)",
    "%%writefile x.py\ny",
    "%%capture out\nx",
    "%load_ext a",
    "%run other.ipynb",
    "%run -i $x",
    "!ls {x} $y",
    "x = !ls",
    "x = %who",
    "x?",
    "??x",
    "%%",
    "%",
    "!",
    "%%sql x <<\nselect 1",
    "%cd ..",
    "%env A=$x",
    "%pylab",
    "get_ipython().x",
    "exec('x = 1')",
    "eval(x)",
    "globals()['x'] = 1",
    "locals()",
    "vars()['x']",
    "setattr(x, 'y', z)",
    "import sys; sys.path.insert(0, x)",
    "__import__(x)",
    "import os; os.environ['A'] = 'b'",
    "os.chdir(x)",
    "open('a.csv', 'w').write(x)",
    "open(f'{x}/a')",
    "pd.read_csv('../' * 99)",
    "Path('a') / x / 'b'",
    "df['x'] = 1",
    "df.loc[:, 'x'] = df.y",
    "df.dropna(inplace=True)",
    "plt.plot(x)",
    "random.seed(1)",
    "np.random.rand()",
    "x.y.z()",
    "assert x, y",
    "if x:\n\ty\n        z",
    "\t",
    "\f\nx",
    "x = 1;;",
    "x ; y;",
    "\\",
    "#",
    "# %%",
    "\ud800 = 1",
    "x\0y",
    "+".join(["1"] * 1200),
    "(" * 150 + ")" * 150,
    "[" * 300,
    "x" + ".y" * 1500,
    "f(" * 95 + ")" * 95,
    "not " * 900 + "x",
    "-" * 2000 + "1",
    "if 1:\n" + "\n".join(" " * n + "if 1:" for n in range(1, 99)),
    "x = " + "9" * 5000,
    "lambda: " * 90 + "1",
    "\n".join(f"x{n} = x{n - 1}" for n in range(1, 400)),
    "x = " + repr("a" * 100_000),
    "def f(" + ", ".join(f"a{n}" for n in range(400)) + "): pass",
)

OPTIONS: tuple[Any, ...] = (
    {"version": 1, "step": "whole"},
    {"version": 1, "step": "", "after": "a"},
    {"version": 99},
    {"version": "1"},
    [],
    {"version": 1, "name": 3},
    {"version": 1, "steps": []},
    {"version": 1, "steps": {"a": None}},
    {
        "version": 1,
        "steps": {
            "a": {"retries": -1, "timeout": "x", "resources": 3, "engine": "rocket", "gives": "x"}
        },
    },
    {
        "version": 1,
        "steps": {"a": {"resources": {"cpu": float("inf"), "memory": "9999999999 TB", "gpu": 1.5}}},
    },
    {
        "version": 1,
        "steps": {"a": {"reads": ["../x", "\0", 3], "writes": ["**", "/", ""], "cache": "no"}},
    },
    {
        "version": 1,
        "steps": {"a": {"timeout": 1e999, "retries": 10**9, "gives": ["é", "a.b", "if", 1]}},
    },
)


def spoilt(random: Random, original: bytes) -> bytes:
    """Return a notebook with one to eight changes, mostly few."""
    document = json.loads(original)
    for _ in range(random.choice((1, 1, 2, 2, 3, 4, 8))):
        document = random.choice(_CHANGES)(random, document)
    data = json.dumps(document, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    return _bytes(random, data) if random.random() < 0.15 else data


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document that holds something, as its container and key."""
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, inner in items:
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)


def _any(random: Random, document: Any) -> tuple[Any, Any] | None:
    places = list(_places(document)) if isinstance(document, (dict, list)) else []
    return random.choice(places) if places else None


def _replace(random: Random, document: Any) -> Any:
    place = _any(random, document)
    if place is None:
        return random.choice(VALUES)
    place[0][place[1]] = copy.deepcopy(random.choice(VALUES))
    return document


def _remove(random: Random, document: Any) -> Any:
    place = _any(random, document)
    if place is not None:
        del place[0][place[1]]
    return document


def _swap(random: Random, document: Any) -> Any:
    one, other = _any(random, document), _any(random, document)
    if one is not None and other is not None:
        value = copy.deepcopy(other[0][other[1]])
        one[0][one[1]] = value
    return document


def _rename(random: Random, document: Any) -> Any:
    place = _any(random, document)
    if place is not None and isinstance(place[0], dict):
        place[0][random.choice(TEXTS)] = place[0].pop(place[1])
    return document


def _cells(document: Any) -> list[dict[str, Any]]:
    cells = document.get("cells") if isinstance(document, dict) else None
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def _of_a_cell(change: Callable[[Random, dict[str, Any]], None]) -> Callable[[Random, Any], Any]:
    def changed(random: Random, document: Any) -> Any:
        cells = _cells(document)
        if cells:
            change(random, random.choice(cells))
        return document

    return changed


def _tag(random: Random, cell: dict[str, Any]) -> None:
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    cell["metadata"] = {**metadata, "tags": random.choices(TAGS, k=random.randint(0, 4))}


def _code(random: Random, cell: dict[str, Any]) -> None:
    source = cell.get("source")
    lines = "".join(map(str, source)) if isinstance(source, list) else str(source)
    parts = lines.split("\n")
    at = random.randint(0, len(parts))
    parts[at : at + random.randint(0, 2)] = random.choice(CODE).split("\n")
    cell["source"] = "\n".join(parts)


def _letters(random: Random, cell: dict[str, Any]) -> None:
    """Take a piece of the code out, or double it, or put a text there."""
    source = cell.get("source")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    begin, end = sorted((random.randint(0, len(text)), random.randint(0, len(text))))
    middle = random.choice(
        ("", text[begin:end] * 2, random.choice(TEXTS), random.choice("()[]{}:=.,'\"\\\n\t@*"))
    )
    cell["source"] = text[:begin] + middle + text[end:]


def _order(random: Random, document: Any) -> Any:
    cells = document.get("cells") if isinstance(document, dict) else None
    if isinstance(cells, list) and cells:
        random.shuffle(cells)
        cells.append(copy.deepcopy(random.choice(cells)))
    return document


def _options(random: Random, document: Any) -> Any:
    if isinstance(document, dict) and isinstance(document.get("metadata"), dict):
        document["metadata"]["nbpipe"] = copy.deepcopy(random.choice(OPTIONS))
    return document


_CHANGES: tuple[Callable[[Random, Any], Any], ...] = (
    _replace,
    _remove,
    _swap,
    _rename,
    _order,
    _options,
    _of_a_cell(_tag),
    _of_a_cell(_tag),
    *[_of_a_cell(_code)] * 6,
    *[_of_a_cell(_letters)] * 3,
)


def _bytes(random: Random, data: bytes) -> bytes:
    """Change some bytes: flipped, cut off, cut out, doubled."""
    spoilt = bytearray(data)
    for _ in range(random.randint(1, 6)):
        if not spoilt:
            break
        at = random.randrange(len(spoilt))
        match random.randrange(4):
            case 0:
                spoilt[at] = random.randrange(256)
            case 1:
                del spoilt[at : at + random.randint(1, 40)]
            case 2:
                spoilt[at:at] = spoilt[at : at + random.randint(1, 40)]
            case _:
                spoilt = spoilt[: max(at, len(spoilt) // 2)]
    return bytes(spoilt)
