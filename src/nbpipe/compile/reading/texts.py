"""Dotted names, and text that is put together from constants and names."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from nbpipe.compile.reading.facts import JOIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe.compile.reading.facts import Template


_BRACES = re.compile(r"\{\}")
_PERCENTS = re.compile(r"%[sd]")


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


def path_of(node: ast.expr) -> tuple[str, ...]:
    """Return ``("a", "b", "()", "c", "[]")`` for ``a.b(...).c[...]``; empty for anything else."""
    parts: list[str] = []
    while True:
        kind = type(node)
        if kind is ast.Attribute:
            parts.append(node.attr)  # type: ignore[attr-defined]
            node = node.value  # type: ignore[attr-defined]
        elif kind is ast.Call:
            parts.append("()")
            node = node.func  # type: ignore[attr-defined]
        elif kind is ast.Subscript:
            parts.append("[]")
            node = node.value  # type: ignore[attr-defined]
        else:
            break
    if type(node) is not ast.Name:
        return ()
    parts.append(node.id)
    parts.reverse()
    return tuple(parts)


def text_of(node: ast.expr | None) -> Template | None:
    """Return a template for text that is put together from constants and names."""
    if type(node) is ast.Name:
        return ((node.id,),)
    if type(node) is ast.Constant:
        return (str(node.value),) if type(node.value) in (str, int) else None
    read = _TEXTS.get(type(node))
    return None if read is None else read(node)


def _joined_text(node: ast.JoinedStr) -> Template | None:
    return _joined([_field(part) for part in node.values], "")


def sum_text(node: ast.BinOp) -> Template | None:
    """Return the template of ``a + b`` and of ``folder / name``."""
    operation = type(node.op)
    if operation is ast.Mod:
        return _percent(node)
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
        return _formatted(node)
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


def _formatted(node: ast.Call) -> Template | None:
    """Read ``"{}.csv".format(name)``."""
    func = node.func
    if isinstance(func, ast.Attribute) and func.attr == "format":
        return _filled(func.value, _BRACES, [text_of(arg) for arg in node.args])
    return None


def _percent(node: ast.BinOp) -> Template | None:
    """Read ``"%s.csv" % name``."""
    right = node.right
    values = right.elts if isinstance(right, ast.Tuple) else [right]
    return _filled(node.left, _PERCENTS, [text_of(value) for value in values])


def _filled(
    node: ast.expr, field: re.Pattern[str], values: list[Template | None]
) -> Template | None:
    """Put values into the fields of a constant text, where each field is a plain one."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return None
    texts = field.split(node.value)
    if len(texts) != len(values) + 1 or any(mark in "".join(texts) for mark in "%{}"):
        return None
    parts: list[Template | None] = [(texts[0],)]
    for value, text in zip(values, texts[1:], strict=True):
        parts += [value, (text,)]
    return _joined(parts, "")


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
