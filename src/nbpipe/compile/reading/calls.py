"""Reading of calls: what they read, change, hide, draw and open."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from nbpipe.compile.reading import magics
from nbpipe.compile.reading import mutations as known
from nbpipe.compile.reading.facts import ALL, SUPER, Call, Change, Use
from nbpipe.compile.reading.texts import text_of
from nbpipe.compile.reading.values import NONE_RETURNING, is_namespace

if TYPE_CHECKING:
    from nbpipe.compile.reading.expressions import Expressions
    from nbpipe.compile.reading.facts import Names, Template
    from nbpipe.compile.reading.values import Called

_AT_NAME = re.compile(r"@([A-Za-z_]\w*)")
_WORD = re.compile(r"[A-Za-z_]\w*")
_REWRITTEN = frozenset({magics.PEEK, magics.SETTING, magics.OPAQUE, magics.FILE, magics.RESET})
_SPECIAL = _REWRITTEN | {"exec", "eval", "globals", "locals", "vars", "dir"}
_PUTTING = frozenset({"append", "add", "insert", "appendleft", "setdefault", "put"})
_MAPPING = frozenset({"map", "filter", "starmap"})
_SESSION = frozenset(
    ["run_line_magic", "run_cell_magic", "run_cell", "magic", "ex", "system", "run", "push"]
)
_FRAMES = frozenset({"_getframe", "currentframe"})
_CAREFUL = known.DYNAMIC | known.FORMULAS | _SESSION | _FRAMES | {"format", "import_module"}
_BINDING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)


class _Manner(NamedTuple):
    """How a call stands in its statement: as all of it, or as the value that is assigned."""

    bare: bool
    valued: bool


def read_call(reader: Expressions, node: ast.Call) -> None:
    """Read a call into the reader's scope."""
    func = node.func
    bare, reader.bare = reader.bare is node, None
    valued, reader.valued = reader.valued is node, None
    defer, reader.defer = reader.defer, False
    if type(func) is ast.Name:
        if func.id in _SPECIAL and _special(reader, node, func.id):
            reader.defer = defer
            return
        reader.load(func.id, func.lineno)
        called = _function(reader, node, func.id, bare)
    elif type(func) is ast.Attribute:
        if type(func.value) is ast.Call:
            reader.valued = func.value
        reader.visit(func)
        called = _method(reader, node, func, _Manner(bare, valued))
    else:
        reader.visit(func)
        called = None
    if node.args or node.keywords:
        _arguments(reader, node)
    reader.called = called
    reader.defer = defer


def _arguments(reader: Expressions, node: ast.Call) -> None:
    words = reader.scope.words
    for arg in node.args:
        kind = type(arg)
        if kind is ast.Name:
            reader.load(arg.id, arg.lineno)  # type: ignore[attr-defined]
        elif kind is ast.Constant:
            value = arg.value  # type: ignore[attr-defined]
            if type(value) is str and "(" in value:
                words.append(value)
        elif not (kind is ast.Lambda and id(arg) in reader.lambdas):
            reader.visit(arg)
            if kind is ast.Attribute and arg.attr in known.BOUND:  # type: ignore[attr-defined]
                reader.change(arg.value, "method", arg.attr)  # type: ignore[attr-defined]
    for keyword in node.keywords:
        value = keyword.value
        if type(value) is ast.Constant:
            if type(value.value) is str and "(" in value.value:
                words.append(value.value)
            if keyword.arg == "inplace" and value.value is True:
                _inplace(reader, node)
            elif keyword.arg == "copy" and value.value is False:
                _not_copied(reader, node)
            continue
        reader.visit(value)
        if keyword.arg == "inplace":
            _inplace(reader, node)
        elif keyword.arg == "file" and isinstance(node.func, ast.Name):
            reader.change(value, "method", "write")
        elif keyword.arg == "out":
            for item in value.elts if isinstance(value, ast.Tuple) else [value]:
                reader.change(item, "store")


def _inplace(reader: Expressions, node: ast.Call) -> None:
    if isinstance(node.func, ast.Attribute):
        reader.change(node.func.value, "store", "inplace")


def _not_copied(reader: Expressions, node: ast.Call) -> None:
    if node.args and isinstance(node.func, ast.Attribute) and node.func.attr == "nan_to_num":
        reader.change(node.args[0], "store", "copy")


def _function(reader: Expressions, node: ast.Call, name: str, bare: bool) -> Called | None:
    if name in known.ARGUMENTS:
        _changed_argument(reader, node, name, bare)
    if name in _MAPPING and node.args:
        _mapped(reader, node)
    if name in known.INTERESTING:
        _use(reader, node, (name,), bare)
    if name in known.BUILTINS:
        return None
    called = reader.call(node)
    _call(reader, called, name, "")
    if name in known.FORMULAS:
        _formula(reader, node)
    return called


def _method(
    reader: Expressions, node: ast.Call, func: ast.Attribute, manner: _Manner
) -> Called | None:
    attr, receiver = func.attr, func.value
    bare, valued = manner
    if attr in known.MUTATORS:
        if not (valued and attr in NONE_RETURNING):
            reader.change(receiver, "method", attr)
    elif bare and attr not in known.HARMLESS and not attr.startswith("to_"):
        reader.change(receiver, "bare", attr)
    if attr in known.ARGUMENTS:
        _changed_argument(reader, node, attr, bare)
    if attr == "update" and is_namespace(receiver):
        for keyword in node.keywords:
            if keyword.arg:
                reader.store(keyword.arg, node.lineno)
    if bare and attr in _PUTTING:
        _put_into(reader, node, receiver)
    called = reader.call(node)
    names = called.names
    if type(receiver) is ast.Name:
        _call(reader, called, receiver.id, attr)
    elif type(receiver) is ast.Call and getattr(receiver.func, "id", "") == SUPER:
        reader.scope.calls.append(Call(SUPER, attr, called.args, called.keywords, node.lineno))
    if attr in known.INTERESTING or (names is not None and "random" in names):
        _use(reader, node, names or ("", attr), bare)
    if attr in _CAREFUL:
        _carefully(reader, node, attr, receiver)
    return called


def _put_into(reader: Expressions, node: ast.Call, receiver: ast.expr) -> None:
    outer = reader.outer()
    held = frozenset().union(*[reader.roots(arg) for arg in node.args])
    roots = reader.roots(receiver)
    outer.links.extend((root, held) for root in roots if held)
    for arg in node.args:
        if isinstance(arg, ast.Lambda):
            reader.defer = True
            reader.visit(arg)
            reader.defer = False
            outer.put.extend((root, reader.lambdas[id(arg)]) for root in roots)


def _carefully(reader: Expressions, node: ast.Call, attr: str, receiver: ast.expr) -> None:
    """Read a method that may take names from text, or hide what it does."""
    if attr in known.DYNAMIC:
        _query(reader, node, attr)
    elif attr == "format":
        _format(reader, node, receiver)
    elif attr in known.FORMULAS:
        _formula(reader, node)
    elif attr in _SESSION:
        if (
            isinstance(receiver, (ast.Name, ast.Call))
            and "ip" in ast.unparse(receiver)[:16].lower()
        ):
            _opaque(reader, node)
    elif attr in _FRAMES:
        _opaque(reader, node)
    elif attr == "import_module" and node.args and isinstance(node.args[0], ast.Constant):
        reader.outer().modules.add(str(node.args[0].value).partition(".")[0])


def _call(reader: Expressions, called: Called, root: str, attr: str) -> None:
    for name in reader.resolve(root):
        call = Call(name, attr, called.args, called.keywords, called.node.lineno)
        reader.scope.calls.append(call)


def _mapped(reader: Expressions, node: ast.Call) -> None:
    """Count ``map(f, xs)`` as calls of f with the elements of xs."""
    if isinstance(node.args[0], ast.Name):
        args: tuple[Names, ...] = tuple(reader.roots(arg) for arg in node.args[1:])
        reader.scope.calls.append(Call(node.args[0].id, "", args, (), node.lineno))


def _changed_argument(reader: Expressions, node: ast.Call, name: str, bare: bool) -> None:
    position = known.ARGUMENTS[name]
    if len(node.args) > position and (bare or name not in known.BARE_ONLY):
        outer = reader.outer()
        for root in reader.roots(node.args[position]):
            how = "next" if name in ("next", "anext") else "store"
            outer.changes.append(Change(root, how, name, node.lineno))


def _special(reader: Expressions, node: ast.Call, name: str) -> bool:
    """Read calls of names that IPython's lines were rewritten to, and of the opaque builtins."""
    outer = reader.outer()
    if name in (magics.PEEK, magics.SETTING):
        for arg in node.args:
            if isinstance(arg, ast.Name):
                outer.peeks.setdefault(arg.id, node.lineno)
        return True
    if name == magics.OPAQUE:
        first = node.args[0]
        outer.opaque = outer.opaque or str(getattr(first, "value", "magic"))
        return True
    if name == magics.RESET:
        outer.wipes = str(getattr(node.args[0], "value", "")) or ALL
        return True
    if name == magics.FILE:
        mode, path = [str(getattr(arg, "value", "")) for arg in node.args]
        outer.uses.append(Use("", ("__file__",), node.lineno, {"mode": mode}, ((path,),), 1))
        return True
    if name in ("exec", "eval"):
        return _run(reader, node, name)
    spaces = name in ("globals", "locals") or (name in ("vars", "dir") and not node.args)
    if spaces and (outer.kind != "function" or name == "globals"):
        _opaque(reader, node)
    return False


def _run(reader: Expressions, node: ast.Call, name: str) -> bool:
    """Read the code given to exec or eval, where it is a literal and runs in this namespace."""
    outer = reader.outer()
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and len(node.args) == 1:
        try:
            tree = ast.parse(first.value)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            _opaque(reader, node)
            return False
        for part in ast.walk(tree):
            if isinstance(part, ast.Name):
                if isinstance(part.ctx, ast.Load):
                    reader.load(part.id, node.lineno)
                elif outer.kind == "module":
                    reader.store(part.id, node.lineno)
            elif isinstance(part, _BINDING):
                _opaque(reader, node)
        return True
    if len(node.args) < 2:
        _opaque(reader, node)
    elif name == "exec":
        reader.change(node.args[-1], "store", name)
    reader.load(name, node.lineno)
    return False


def _opaque(reader: Expressions, node: ast.Call) -> None:
    outer = reader.outer()
    if not outer.opaque:
        text = ast.unparse(node)
        outer.opaque = text if len(text) < 60 else text[:57] + "..."


def _query(reader: Expressions, node: ast.Call, attr: str) -> None:
    """Read ``@name`` in the text given to DataFrame.query and DataFrame.eval."""
    if not node.args:
        return
    first = node.args[0]
    text = first.value if isinstance(first, ast.Constant) else None
    if isinstance(first, ast.JoinedStr):
        text = "".join(str(p.value) for p in first.values if isinstance(p, ast.Constant))
        if any(isinstance(p, ast.FormattedValue) for p in first.values) and attr == "query":
            text = text or "@"
    if isinstance(text, str):
        for name in _AT_NAME.findall(text):
            reader.load(name, node.lineno)
    elif not isinstance(first, ast.Constant):
        _opaque(reader, node)


def _format(reader: Expressions, node: ast.Call, receiver: ast.expr) -> None:
    spread = any(k.arg is None and is_namespace(k.value) for k in node.keywords)
    if spread and isinstance(receiver, ast.Constant):
        reader.fields_of(receiver.value, node.lineno)


def _formula(reader: Expressions, node: ast.Call) -> None:
    """Names in a model formula may be those of the notebook."""
    for arg in [*node.args, *[k.value for k in node.keywords if k.arg == "formula"]]:
        if (
            isinstance(arg, ast.Constant)
            and isinstance(arg.value, str)
            and ("~" in arg.value or "+" in arg.value)
        ):
            for name in _WORD.findall(arg.value):
                reader.outer().peeks.setdefault(name, node.lineno)


def _use(reader: Expressions, node: ast.Call, names: tuple[str, ...], bare: bool) -> None:
    keywords: dict[str, object] = {}
    paths: list[Template | None] = []
    if names[-1] in known.PATH_LAST:
        if isinstance(node.func, ast.Attribute) and names[-1] in known.PATH_METHODS:
            paths.append(text_of(node.func.value))
        else:
            paths.append(None)
        paths.extend(text_of(arg) for arg in node.args[:3])
    for keyword in node.keywords:
        value = keyword.value
        keywords[keyword.arg or "**"] = value.value if isinstance(value, ast.Constant) else ...
    for keyword in node.keywords:
        if paths and keyword.arg in (
            "path_or_buf",
            "filepath_or_buffer",
            "fname",
            "file",
            "path",
            "io",
        ):
            paths[1:2] = [text_of(keyword.value)]
    mode = node.args[1] if len(node.args) > 1 else None
    if isinstance(node.func, ast.Attribute) and names[-1] == "open" and len(node.args) == 1:
        keywords.setdefault("first", getattr(node.args[0], "value", ...))
    if isinstance(mode, ast.Constant):
        keywords.setdefault("mode", mode.value)
    use = Use(names[0], names[1:], node.lineno, keywords, tuple(paths), len(node.args), bare)
    reader.scope.uses.append(use)
