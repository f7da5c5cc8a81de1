"""Dotted names, and text that is put together from constants and names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from nbpipe.compile.reading.facts import JOIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe.compile.reading.facts import Template


def chain(node: ast.expr) -> tuple[str, ...] | None:
    """Return ``("a", "b", "c")`` for ``a.b.c``, or None for anything else."""
    attrs: list[str] = []
    while type(node) is ast.Attribute:
        attrs.append(node.attr)
        node = node.value
    if type(node) is not ast.Name:
        return None
    attrs.append(node.id)
    attrs.reverse()
    return tuple(attrs)


def text_of(node: ast.expr | None) -> Template | None:
    """Return a template for text that is put together from constants and names."""
    if type(node) is ast.Name:
        return ((node.id,),)
    if type(node) is ast.Constant:
        return (node.value,) if type(node.value) is str else None
    read = _TEXTS.get(type(node))
    return None if read is None else read(node)


def _joined_text(node: ast.JoinedStr) -> Template | None:
    return _joined([_field(part) for part in node.values], "")


def sum_text(node: ast.BinOp) -> Template | None:
    """Return the template of ``a + b`` and of ``folder / name``."""
    operation = type(node.op)
    if operation is not ast.Div and operation is not ast.Add:
        return None
    if isinstance(node.left, ast.BinOp) and isinstance(node.left.left, ast.BinOp):
        return None
    left = text_of(node.left)
    if left is None:
        return None
    return _joined([left, text_of(node.right)], JOIN if operation is ast.Div else "")


def _field(part: ast.expr) -> Template | None:
    if isinstance(part, ast.FormattedValue):
        plain = part.format_spec is None and part.conversion < 0
        return text_of(part.value) if plain else None
    return text_of(part)


def _called_text(node: ast.Call) -> Template | None:
    if node.keywords or not node.args:
        return None
    names = chain(node.func)
    if names is None:
        return None
    if names[-1] in ("Path", "PurePath", "PosixPath", "join", "joinpath"):
        first: list[Template | None] = []
        if names[-1] == "joinpath" and isinstance(node.func, ast.Attribute):
            first = [text_of(node.func.value)]
        elif names[-1] == "join" and names[-2:-1] != ("path",):
            return None
        return _joined(first + [text_of(arg) for arg in node.args], JOIN)
    if names in (("str",), ("os", "fspath")):
        return text_of(node.args[0])
    return None


def _joined(parts: list[Template | None], join: str) -> Template | None:
    out: list[str | tuple[str]] = []
    for part in parts:
        if part is None:
            return None
        if join and out:
            out.append(join)
        out.extend(part)
    return tuple(out)


_TEXTS: dict[type | None, Callable[..., Template | None]] = {
    ast.JoinedStr: _joined_text,
    ast.BinOp: sum_text,
    ast.Call: _called_text,
}
