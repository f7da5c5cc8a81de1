"""IPython's additions to Python, rewritten line for line as plain Python that can be parsed."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

PEEK = "__nbpipe_peek__"
OPAQUE = "__nbpipe_opaque__"
SETTING = "__nbpipe_setting__"
FILE = "__nbpipe_file__"
RESET = "__nbpipe_reset__"

_PYTHON_BODY = frozenset(
    {"time", "capture", "prun", "snakeviz", "heat", "notify", "wandb", "lprun"}
)
_LOCAL_BODY = frozenset({"timeit", "memit"})
_TEXT_BODY = frozenset(
    [
        "bash",
        "sh",
        "script",
        "html",
        "HTML",
        "javascript",
        "js",
        "latex",
        "markdown",
        "svg",
        "SVG",
        "ruby",
        "perl",
        "cmd",
        "system",
        "sx",
        "!",
        "writefile",
        "file",
        "cython",
        "pypy",
        "python2",
        "julia",
        "mermaid",
    ]
)
_SETTINGS = frozenset(
    [
        "env",
        "set_env",
        "cd",
        "matplotlib",
        "load_ext",
        "reload_ext",
        "autoreload",
        "config",
        "precision",
        "aimport",
        "pdb",
        "xmode",
        "colors",
        "unload_ext",
        "pushd",
        "popd",
        "gui",
        "alias",
        "alias_magic",
        "unalias",
        "pprint",
        "doctest_mode",
        "autoawait",
    ]
)
_RUNS = frozenset({"run", "load", "loadpy", "macro", "rerun", "recall"})
_MAGIC = re.compile(r"^[ \t]*(?:[%!?]|[\w.]+\??\?[ \t]*$)|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)
_HELP = re.compile(r"^\s*(?:\?{1,2}\s*\S.*|%{0,2}[\w.*\[\]'\"]+\?{1,2})\s*;?\s*$")
_ASSIGNED = re.compile(r"^(\s*)([^=!%#'\"()]+?)\s*=\s*([!%])(.+)$", re.DOTALL)
_BRACES = re.compile(r"\{([^{}]+)\}")
_DOLLAR = re.compile(r"(?<![\\$])\$([A-Za-z_]\w*)")
_REDIRECT = re.compile(r"(?<![<>&\d=-])>>?\s*([A-Za-z_./][\w./-]*)")
_SHELLS = frozenset({"bash", "sh", "script", "system", "sx", "!"})
_TOKEN = re.compile(
    r"""#.*|'''|\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|[\[\](){}]""",
)


class Plain(NamedTuple):
    """A cell as Python: the text, and whether any of it was rewritten."""

    text: str
    rewritten: bool


def has_magic(source: str) -> bool:
    """Tell whether a cell that does not parse may hold IPython's additions."""
    return _MAGIC.search(source) is not None


def to_python(source: str) -> str:
    """Rewrite a cell's IPython lines as Python, keeping every line in its place."""
    start = len(source) - len(source.lstrip())
    if source.startswith("%%", start):
        return "\n" * source[:start].count("\n") + _cell_magic(source[start:])
    return _rewrite_lines(source)


def is_cell_magic(source: str) -> bool:
    """Tell whether the cell begins with ``%%``."""
    return source.lstrip().startswith("%%")


def _rewrite_lines(source: str) -> str:
    lines = source.split("\n")
    out: list[str] = []
    depth, quote, position = 0, "", 0
    while position < len(lines):
        line = lines[position]
        if depth == 0 and not quote:
            end = _logical_end(lines, position)
            plain = _line(" ".join(part.rstrip("\\") for part in lines[position:end]))
            if plain is not None:
                out.append(plain)
                out.extend("" for _ in range(position + 1, end))
                position = end
                continue
        depth, quote = _scan(line, depth, quote)
        out.append(line)
        position += 1
        while out[-1].endswith("\\") and position < len(lines) and not quote:
            depth, quote = _scan(lines[position], depth, quote)
            out.append(lines[position])
            position += 1
    return "\n".join(out)


def _logical_end(lines: list[str], position: int) -> int:
    end = position + 1
    while end < len(lines) and lines[end - 1].endswith("\\"):
        end += 1
    return end


def _scan(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Return the bracket depth and the open triple quote after a line."""
    position = 0
    while position < len(line):
        if quote:
            close = line.find(quote, position)
            if close < 0:
                return depth, quote
            position, quote = close + 3, ""
            continue
        found = _TOKEN.search(line, position)
        if found is None:
            return depth, quote
        mark, position = found.group(), found.end()
        if mark in ("'''", '"""'):
            quote = mark
        elif mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth = max(0, depth - 1)
    return depth, quote


def _line(line: str) -> str | None:
    """Return the Python for one IPython line, or None where it is Python already."""
    indent = line[: len(line) - len(line.lstrip())]
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    if _HELP.match(text) and not text.startswith("%%"):
        return f"{indent}pass"
    if text.startswith("!"):
        return indent + _peek(text) + _redirects(text)
    if text.startswith("%"):
        return indent + _line_magic(text[1:])
    assigned = _ASSIGNED.match(line)
    if assigned is None:
        return None
    indent, target, mark, command = assigned.groups()
    if mark == "!":
        return f"{indent}{target} = {_peek(command)}"
    return f"{indent}{target} = {_magic_value(command.strip())}"


def _magic_value(command: str) -> str:
    plain = _line_magic(command)
    return plain if _is_expression(plain) else _peek(command)


def _line_magic(text: str) -> str:
    name, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    if name in ("time", "prun"):
        code = _without_options(rest)
        return code if _parses(code) else _peek(rest)
    if name in _LOCAL_BODY:
        return _local(_without_options(rest))
    if name == "lprun":
        return _lprun(rest)
    if name == "pylab":
        return "from pylab import *; import numpy as np; import matplotlib.pyplot as plt"
    if name in _RUNS:
        return f"{OPAQUE}({('%' + text)!r})"
    if name in ("reset", "reset_selective"):
        return _reset(name, rest)
    if name in _SETTINGS:
        return f"{SETTING}({_names(rest)})"
    if name == "store":
        return _peek(" ".join(f"{{{word}}}" for word in rest.split() if word.isidentifier()))
    return _peek(rest)


def _reset(name: str, rest: str) -> str:
    """Return what says which names are deleted; only histories are emptied by some words."""
    words = [word for word in rest.split() if not word.startswith("-")]
    if name == "reset_selective":
        return f"{RESET}({words[0]!r})" if words else "pass"
    if not words:
        return f"{RESET}('')"
    return f"{OPAQUE}({'%reset array'!r})" if "array" in words else "pass"


def _lprun(rest: str) -> str:
    functions = re.findall(r"-[fm]\s+(\S+)", rest)
    code = re.sub(r"-[fm]\s+\S+\s*", "", rest)
    code = _without_options(code)
    names = " ".join(f"{{{name}}}" for name in functions)
    return code if _parses(code) and code else _peek(names)


def _without_options(text: str) -> str:
    return re.sub(r"^(?:-[a-zA-Z]+\s*\d*\s+|--[\w-]+(?:=\S+)?\s+)+", "", text + " ").strip()


def _cell_magic(source: str) -> str:
    head, _, body = source.partition("\n")
    name, _, rest = head[2:].strip().partition(" ")
    if name in _PYTHON_BODY:
        taken = _captured(rest) if name == "capture" else ""
        first = f"{taken} = {PEEK}()" if taken else ""
        if name == "time" and rest:
            first = rest
        return first + "\n" + to_python(body)
    if name in _LOCAL_BODY:
        return _local(_without_options(rest) + "\n" + to_python(body)) + "\n" * body.count("\n")
    return _foreign(name, rest, body)


def _captured(rest: str) -> str:
    """The name that ``%%capture`` gives what it caught; its options may stand on either side."""
    names = [word for word in rest.split() if not word.startswith("-")]
    return names[0] if names and names[0].isidentifier() else ""


def _foreign(name: str, rest: str, body: str) -> str:
    blank = "\n" * (body.count("\n") + 1)
    if name in ("writefile", "file"):
        words = [word for word in rest.split() if not word.startswith("-")]
        return (f"{FILE}('w', {words[-1]!r})" if words else "pass") + blank
    if name == "R":
        bound = ", ".join(re.findall(r"-o\s+([\w,]+)", rest))
        taken = ", ".join(re.findall(r"-i\s+([\w,]+)", rest))
        return (f"{bound} = {taken or None}," if bound else taken or "pass") + blank
    bound = ", ".join(re.findall(r"--(?:out|err|proc)[= ]\s*([A-Za-z_]\w*)", rest))
    call = _peek(rest)
    if name in _TEXT_BODY or name.startswith(("python", "script")):
        files = _redirects(body) if name in _SHELLS else ""
        return (f"{bound} = {call}" if bound else call) + files + blank
    opaque = f"{OPAQUE}({('%%' + name)!r})"
    python = to_python(body)
    return f"{opaque}\n{python}" if _parses(python) else opaque + blank


def _local(code: str) -> str:
    """Return a read of the free names of code that runs in a function of its own."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"{PEEK}()"
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            stored.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            stored.add(node.name)
        elif isinstance(node, ast.alias):
            stored.add((node.asname or node.name).partition(".")[0])
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    free = sorted({node.id for node in names} - stored)
    return f"[{', '.join(f'{n}()' if n in called else n for n in free)}]"


def _redirects(text: str) -> str:
    """Return what says that a shell line writes the files that it sends output to."""
    paths = dict.fromkeys(_REDIRECT.findall(text))
    return "".join(f"; {FILE}('w', {path!r})" for path in paths)


def _peek(text: str) -> str:
    return f"{PEEK}({_names(text)})"


def _names(text: str) -> str:
    found = dict.fromkeys(_DOLLAR.findall(text))
    for part in _BRACES.findall(text):
        try:
            tree = ast.parse(part.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        found.update(dict.fromkeys(n.id for n in ast.walk(tree) if isinstance(n, ast.Name)))
    return ", ".join(found)


def _parses(code: str) -> bool:
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _is_expression(code: str) -> bool:
    try:
        ast.parse(code, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
