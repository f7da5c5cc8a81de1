"""MkDocs hook: fills `<!-- from the code: NAME -->` lines with tables read from the code."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "nbpipe"
MARK = re.compile(r"^<!-- from the code: (?P<name>[a-z-]+) -->$", re.MULTILINE)
PROBLEM_MAKERS = {"Problem": 0, "_fault": 0, "_Refused": 0, "_problem": 0}
"""Functions whose first argument is a problem's code and whose second is its sentence."""


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the tables in; called by MkDocs for every page."""
    return fill(markdown)


def fill(markdown: str) -> str:
    """Return a page with its marks replaced by tables."""
    return MARK.sub(lambda found: TABLES[found["name"]](), markdown)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def attributes(cls: type) -> dict[str, str]:
    """Return attribute → what the class's docstring says of it."""
    text = inspect.getdoc(cls) or ""
    _, _, section = text.partition("Attributes\n----------\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        if line.startswith(" ") and names:
            for name in names:
                found[name] = f"{found.get(name, '')} {line.strip()}".strip()
        elif re.fullmatch(r"[a-z_]+(, [a-z_]+)*", line):
            names = line.split(", ")
    return {name: said.replace("``", "`") for name, said in found.items()}


def default_of(field: dataclasses.Field[Any]) -> str:
    """Return a field's default as TOML and JSON readers know it."""
    if field.default_factory is not dataclasses.MISSING:
        return "" if field.name == "resources" else "empty"
    value = field.default
    if value is None:
        return ""
    if value == ():
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    return f"`{value}`"


def _fields(cls: Any) -> list[tuple[str, str, str]]:
    said = attributes(cls)
    return [(f.name, said[f.name], default_of(f)) for f in dataclasses.fields(cls)]


def options() -> str:
    """Return the table of step options."""
    from nbpipe.compile.pipeline import Options

    rows = [(f"`{name}`", said, default) for name, said, default in _fields(Options)]
    return table(("option", "what it says", "default"), rows)


def resources() -> str:
    """Return the table of what a step can ask for."""
    from nbpipe.compile.pipeline import Resources

    rows = [(f"`{name}`", said, default) for name, said, default in _fields(Resources)]
    return table(("resource", "what it says", "default"), rows)


def engines() -> str:
    """Return the engines as a list of words."""
    from nbpipe.compile.options import ENGINES

    return ", ".join(f"`{name}`" for name in ENGINES)


def settings() -> str:
    """Return the table of what `nbpipe.toml` may say."""
    from nbpipe.compile.settings import Settings

    rows = [(f"`{name}`", said, default) for name, said, default in _fields(Settings)]
    return table(("line", "what it says", "default"), rows)


def synonyms() -> str:
    """Return the table of tags that are read as others."""
    from nbpipe.compile.tags import SYNONYMS

    rows = [(f"`{tag}`", f"`{meaning}`") for tag, meaning in SYNONYMS.items() if tag != meaning]
    rows += [("`block:NAME`", "`step:NAME`"), ("`prev:NAME`", "`after:NAME`")]
    return table(("tag", "read as"), rows)


def events() -> str:
    """Return the events, each with its fields."""
    from nbpipe.events import KINDS

    rows = []
    for kind, cls in KINDS.items():
        first = (inspect.getdoc(cls) or "").partition("\n\n")[0].replace("\n", " ")
        names = ", ".join(f"`{field.name}`" for field in dataclasses.fields(cls))
        rows.append((f"`{kind}`", first, names))
    return table(("event", "what happened", "fields"), rows)


def states() -> str:
    """Return the states of runs, tasks and cells."""
    from typing import get_args

    from nbpipe import events as found

    rows = [
        (what, ", ".join(f"`{state}`" for state in get_args(kind)))
        for what, kind in (
            ("run", found.RunState),
            ("task", found.TaskState),
            ("cell", found.CellState),
        )
    ]
    return table(("of a", "states"), rows)


def routes() -> str:
    """Return the table of the server extension's routes."""
    import yaml

    text = (ROOT / "jupyter_ext" / "nbpipe_jupyter" / "openapi.yaml").read_text("utf-8")
    paths = yaml.safe_load(text)["paths"]
    rows = [
        (method.upper(), f"`{path}`", said["summary"])
        for path, methods in paths.items()
        for method, said in methods.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]
    return table(("method", "path", "what it answers or does"), rows)


def exit_codes() -> str:
    """Return the exit codes, from the table atop `nbpipe.cli.exits`."""
    from nbpipe.cli import exits

    rows: list[list[str]] = []
    for line in (exits.__doc__ or "").splitlines():
        if found := re.match(r"^(\d+)\s+(.+)$", line):
            rows.append([f"`{found[1]}`", found[2].replace("``", "`")])
        elif rows and line.startswith("     "):
            rows[-1][1] += " " + line.strip().replace("``", "`")
    return table(("code", "what it says"), rows)


def errors() -> str:
    """Return the tree of exceptions as it is drawn atop `nbpipe.errors`."""
    from nbpipe import errors as module

    lines = (module.__doc__ or "").splitlines()
    tree = [line[4:] for line in lines if line.startswith("    ")]
    return "```text\n" + "\n".join(tree) + "\n```"


@dataclasses.dataclass(frozen=True)
class Found:
    """A problem as the source makes it."""

    code: str
    severity: str
    sentence: str
    cure: str = ""


def problems() -> str:
    """Return the table of problems."""
    rows: dict[str, Found] = {}
    for found in find_problems():
        known = rows.get(found.code)
        if known is None or len(known.cure) < len(found.cure):
            rows[found.code] = found
    lines = [
        (f"`{one.code}`", one.severity, one.sentence, one.cure) for _, one in sorted(rows.items())
    ]
    return table(("code", "severity", "what it says", "what helps"), lines)


def find_problems() -> Iterator[Found]:
    """Yield every problem that the source can make, in the order of the files."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from _problems_in(function)


def _problems_in(function: ast.AST) -> Iterator[Found]:
    texts = [
        (node.lineno, target.id, node.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _name(node.func) in PROBLEM_MAKERS and node.args:
            before = {
                name: value
                for line, name, value in sorted(texts, key=lambda t: t[0])
                if line < node.lineno
            }
            yield from _problem_of(node, before)


def _problem_of(call: ast.Call, texts: dict[str, ast.expr]) -> Iterator[Found]:
    given = dict(zip(_ARGUMENTS[_name(call.func) == "Problem"], call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg}
    code = given["code"]
    if not (isinstance(code, ast.Constant) and isinstance(code.value, str)):
        return
    sentence, severity, cure = (given.get(name) for name in ("message", "severity", "suggestion"))
    if isinstance(sentence, ast.Name):
        sentence = texts.get(sentence.id, sentence)
    if isinstance(cure, ast.Name):
        cure = texts.get(cure.id, cure)
    word = str(severity.value) if isinstance(severity, ast.Constant) else "error"
    said = ("*NOTEBOOK* " if _name(call.func) == "_Refused" else "") + _text(sentence)
    yield Found(code.value, word, said, _text(cure))


_ARGUMENTS = {
    True: ("code", "message", "severity", "notebook", "cell", "index", "line", "suggestion"),
    False: ("code", "message", "suggestion"),
}
"""Whether it is `Problem` itself → the names of its arguments in their order."""


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _text(node: ast.expr | None) -> str:
    """Return a sentence of the source; what is filled in stands as a word in italics."""
    match node:
        case ast.Constant(value=str(text)):
            return text.replace("*", "\\*").replace("<", "&lt;")
        case ast.JoinedStr(values=values):
            return "".join(map(_text, values))
        case ast.FormattedValue(value=value):
            return _placeholder(value)
        case ast.BinOp(left=left, right=right):
            return _text(left) + _text(right)
        case ast.IfExp(body=body):
            return _text(body)
        case ast.BoolOp(values=values):
            return next((said for value in values if (said := _text(value))), "")
        case ast.Call(func=ast.Name(id="did_you_mean")):
            return ""
        case _:
            return ""


def _placeholder(value: ast.expr) -> str:
    names = [
        n.attr if isinstance(n, ast.Attribute) else n.id
        for n in ast.walk(value)
        if isinstance(n, (ast.Attribute, ast.Name))
    ]
    word = names[0] if names else "…"
    return "*N*" if word in ("index", "line", "count") else f"*{word.upper().strip('_')}*"


TABLES: dict[str, Callable[[], str]] = {
    "engines": engines,
    "errors": errors,
    "events": events,
    "exit-codes": exit_codes,
    "options": options,
    "problems": problems,
    "resources": resources,
    "routes": routes,
    "settings": settings,
    "states": states,
    "synonyms": synonyms,
}
"""What can stand in a mark → what makes its table."""
