"""What kind of statement a top-level statement is, and what a bare one may set."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from nbpipe.compile.reading import mutations as known
from nbpipe.compile.reading.texts import chain, path_of

if TYPE_CHECKING:
    from nbpipe.compile.reading.scopes import Scope

_KINDS: dict[type, str] = {
    ast.Import: "import",
    ast.ImportFrom: "import",
    ast.FunctionDef: "definition",
    ast.AsyncFunctionDef: "definition",
    ast.ClassDef: "definition",
    ast.Assign: "assign",
    ast.AnnAssign: "assign",
    ast.If: "block",
    ast.Try: "block",
    ast.With: "block",
}
_FLAT = (ast.Pass, ast.Import, ast.ImportFrom)


def kind_of(node: ast.stmt, scope: Scope) -> str:
    """Return ``import``, ``definition``, ``assign`` or ``code``."""
    kind = _KINDS.get(type(node), "code")
    if kind == "assign":
        return "definition" if _defines(node) else "assign"  # type: ignore[arg-type]
    if kind == "block":
        return "import" if scope.imports and _only_imports(node) else "code"
    return kind


def _defines(node: ast.Assign | ast.AnnAssign) -> bool:
    """Tell whether an assignment defines a function or a class: a lambda, a named tuple."""
    value = node.value
    if not isinstance(value, (ast.Call, ast.Lambda)):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if len(targets) != 1 or type(targets[0]) is not ast.Name:
        return False
    if isinstance(value, ast.Lambda):
        return True
    names = chain(value.func)
    if names is None:
        return False
    made = names[-1] in known.FACTORIES and bool(value.args)
    made = made or names[-1] in known.HANDLE_MAKERS
    made = made or (names == ("object",) and not value.args)  # a mark: only its identity counts
    return made or (names == ("type",) and len(value.args) == 3)


def _only_imports(node: ast.stmt) -> bool:
    if isinstance(node, _FLAT):
        return True
    if isinstance(node, ast.Assign):
        return isinstance(node.value, (ast.Constant, ast.Name, ast.Attribute))
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) or is_pure(node)
    if isinstance(node, ast.If):
        return all(map(_only_imports, node.body + node.orelse))
    if isinstance(node, ast.With):
        return all(map(_only_imports, node.body))
    if isinstance(node, ast.Try):
        bodies = node.body + node.orelse + node.finalbody
        bodies = bodies + [part for handler in node.handlers for part in handler.body]
        return all(map(_only_imports, bodies))
    return isinstance(node, ast.Raise)


def effect_of(node: ast.stmt) -> tuple[str, ...]:
    """Return the dotted target of a statement that may be a setting."""
    if type(node) is ast.Expr:
        value = node.value.elt if type(node.value) is ast.ListComp else node.value
        return _called(value) if type(value) is ast.Call else ()
    if type(node) is ast.Assign:
        stored = _stored(node.targets[0])
        made = type(node.value) is ast.Call and type(node.targets[0]) is ast.Name
        return _called(node.value) if made and not stored else stored  # type: ignore[arg-type]
    if isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        return _stored(node.target)
    return _stored(node.targets[0]) if type(node) is ast.Delete else ()


def only_sets(node: ast.stmt) -> bool:
    """Tell whether a compound statement holds nothing but statements that may set something."""
    if isinstance(node, ast.ClassDef) or not hasattr(node, "body"):
        return False
    inner = [*node.body, *getattr(node, "orelse", ()), *getattr(node, "finalbody", ())]
    inner += [part for handler in getattr(node, "handlers", ()) for part in handler.body]
    return all(
        isinstance(part, ast.Pass) or bool(effect_of(part)) or only_sets(part) for part in inner
    )


def lasts(node: ast.With | ast.AsyncWith) -> bool:
    """Tell whether what is set inside stays set: some contexts put it back."""
    for item in node.items:
        names = chain(item.context_expr.func) if isinstance(item.context_expr, ast.Call) else None
        if names is not None and names[-1] in known.CONTEXTS:
            return False
    return True


def _called(call: ast.Call) -> tuple[str, ...]:
    """Return what is called; of ``setattr(a.b, ...)`` the place that it stores to."""
    func = call.func
    if type(func) is ast.Name and func.id in ("setattr", "delattr") and call.args:
        place = path_of(call.args[0])
        return (*place, "=") if place else ()
    return path_of(func)


def _stored(place: ast.expr) -> tuple[str, ...]:
    if isinstance(place, ast.Tuple):
        return _stored(place.elts[0]) if place.elts else ()
    if not isinstance(place, (ast.Subscript, ast.Attribute)):
        return ()
    names = path_of(place)
    return (*names, "=") if names and names[-1] != "[]" else names


def origin_of(node: ast.stmt) -> tuple[str, ...]:
    """Return the path that the one name of an assignment stands for; empty for other values."""
    if type(node) is not ast.Assign or len(node.targets) != 1:
        return ()
    return path_of(node.value) if type(node.targets[0]) is ast.Name else ()


def surely_runs(node: ast.expr) -> bool:
    """Tell whether a loop over this surely runs at least once."""
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return bool(node.elts) and not all(isinstance(item, ast.Starred) for item in node.elts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        last = node.args[:1] if len(node.args) == 1 else node.args[1:2]
        first = node.args[0] if len(node.args) == 2 else ast.Constant(0)
        ends = [p.value if isinstance(p, ast.Constant) else None for p in (first, *last)]
        return all(isinstance(end, int) for end in ends) and ends[0] < ends[-1]  # type: ignore[operator]
    return False


def is_pure(node: ast.stmt) -> bool:
    """Tell whether a statement only shows something."""
    if type(node) is not ast.Expr:
        return type(node) is ast.Pass
    value = node.value
    if type(value) is ast.Call:
        names = chain(value.func)
        if names is None:
            return False
        return names[-1] in known.PURE_CALLS or (len(names) > 1 and names[-1] in known.HARMLESS)
    return isinstance(value, (ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.JoinedStr))
