"""Magics spelled out as Python: what ``get_ipython().run_line_magic("cd", "..")`` stands for."""

from __future__ import annotations

import ast

from nbpipe.compile.reading import magics

_CALLS = ("run_line_magic", "run_cell_magic", "magic")
_SHELLS = frozenset({"ip", "ipython", "shell", "_ip", "get_ipython"})


def as_magics(tree: ast.Module, source: str) -> ast.Module:
    """Return a cell's tree with the magics that are called by name in the place of the calls.

    Only calls that are a statement of their own at any depth and whose arguments are literals.
    """
    if "magic(" not in source:
        return tree
    return _Spelled().visit(tree)  # type: ignore[no-any-return]


class _Spelled(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        text = _magic(node.value)
        if text is None:
            return node
        try:
            body = ast.parse(magics.to_python(text)).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return node
        for part in body:
            for inner in ast.walk(part):
                if hasattr(inner, "lineno"):
                    ast.copy_location(inner, node)
        return body or node


def _magic(call: ast.expr) -> str | None:
    """Return the line or the cell that a call stands for."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    receiver = call.func.value
    named = receiver.func if isinstance(receiver, ast.Call) else receiver
    if call.func.attr not in _CALLS or not isinstance(named, ast.Name) or call.keywords:
        return None
    values = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    words = [value for value in values if isinstance(value, str)]
    if named.id not in _SHELLS or len(words) != len(call.args) or not words:
        return None
    if call.func.attr == "run_cell_magic":
        return f"%%{words[0]} {words[1]}\n{words[2]}" if len(words) == 3 else None
    return "%" + " ".join(words).lstrip("%")
