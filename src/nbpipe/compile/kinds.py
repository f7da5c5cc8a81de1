"""What kind of statement a top-level statement is, and what a bare one may set."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from nbpipe.compile import mutations as known
from nbpipe.compile.values import chain

if TYPE_CHECKING:
    from nbpipe.compile.scopes import Scope

_BLOCKS = (ast.If, ast.Try, ast.With)
_FLAT = (ast.Pass, ast.Import, ast.ImportFrom)


def kind_of(node: ast.stmt, scope: Scope) -> str:
    """Return ``import``, ``definition``, ``assign`` or ``code``."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return "import"
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return "definition"
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return "definition" if _defines(node) else "assign"
    if isinstance(node, _BLOCKS) and scope.imports and _only_imports(node):
        return "import"
    return "code"


def _defines(node: ast.Assign | ast.AnnAssign) -> bool:
    """Tell whether an assignment defines a function or a class: a lambda, a named tuple."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if len(targets) != 1 or not isinstance(targets[0], ast.Name):
        return False
    value = node.value
    if isinstance(value, ast.Lambda):
        return True
    if not isinstance(value, ast.Call):
        return False
    names = chain(value.func)
    if names is None:
        return False
    made = names[-1] in known.FACTORIES and bool(value.args)
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
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        func = node.value.func
        names = chain(func)
        if names is None and isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call):
            names = chain(func.value.func)
            return (*names, "()", func.attr) if names else ()
        return names or ()
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        place = targets[0]
        if isinstance(place, ast.Subscript):
            names = chain(place.value)
            return (*names, "[]") if names else ()
        if isinstance(place, ast.Attribute):
            if isinstance(place.value, ast.Call):
                names = chain(place.value.func)
                return (*names, "()", place.attr, "=") if names else ()
            names = chain(place)
            return (*names, "=") if names else ()
    return ()


def is_pure(node: ast.stmt) -> bool:
    """Tell whether a statement only shows something."""
    if not isinstance(node, ast.Expr):
        return isinstance(node, ast.Pass)
    value = node.value
    if isinstance(value, ast.Call):
        names = chain(value.func)
        if names is None:
            return False
        return names[-1] in known.PURE_CALLS or (len(names) > 1 and names[-1] in known.HARMLESS)
    return isinstance(value, (ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.JoinedStr))
