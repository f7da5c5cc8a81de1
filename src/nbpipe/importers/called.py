"""Notebooks that call notebooks: the caller is cut at its calls, the called ones become steps.

A call's arguments go from the caller to the called notebook as one dictionary, and its result
comes back as one name, so that data says what comes first.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from nbpipe.importers.edits import Text, constant
from nbpipe.importers.pieces import code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbpipe.importers.pieces import Piece


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a notebook, as it stands in the code.

    Attributes
    ----------
    path
        The notebook, as written.
    arguments
        The expression of its arguments: a dictionary; None where there are none.
    """

    path: str
    arguments: ast.expr | None = None


class FindCall(Protocol):
    """Tells calls of notebooks from others."""

    def __call__(self, node: ast.Call) -> Call | None:
        """Return the call of a notebook that an expression is."""
        ...


@dataclass(frozen=True, slots=True)
class Section:
    """Cells of the caller up to a call, and the call that ends them (None for the last).

    Attributes
    ----------
    pieces
        The cells.
    call
        What is called then.
    keys
        The names of its arguments.
    loop
        Loop variable of a call that is the whole body of a loop; empty for a plain call.
    values
        Argument → its source, for a call in a loop.
    result
        What takes the result; empty where nothing does.
    """

    pieces: tuple[Piece, ...]
    call: Call | None = None
    keys: tuple[str, ...] = ()
    loop: str = ""
    values: tuple[str, ...] = ()
    result: str = ""
    prefix: str = ""


def sections(pieces: Sequence[Piece], find: FindCall, name: Namer) -> Iterator[Section]:
    """Cut a notebook at the calls of others that stand at the top level of its cells."""
    open_: list[Piece] = []
    for piece in pieces:
        if piece.kind != "code":
            open_.append(piece)
            continue
        text, first = Text(piece.source), None
        for node in text.body:
            found = _called(node, find, text)
            if found is None:
                continue
            found = replace(found, prefix=name(found.call.path) if found.call else "")
            before = text.between(first, node).strip("\n")
            handed = _handed(found, node, text)
            source = "\n".join(one for one in (before, handed) if one.strip())
            cut = [replace(piece, source=source, id=piece.id if first is None else "")]
            yield replace(found, pieces=(*open_, *(cut if source.strip() else ())))
            back = f"{found.result} = {found.prefix}_result" if found.result else ""
            open_, first = ([code(back)] if back else []), node
        rest = piece if first is None else replace(piece, source=text.between(first, None), id="")
        open_ += [rest] if rest.source.strip() or first is None else []
    yield Section(tuple(open_))


class Namer(Protocol):
    """Gives a called notebook the name that its values carry."""

    def __call__(self, path: str) -> str:
        """Return a Python name, once for each call."""
        ...


def variable(text: str) -> str:
    """Return the nearest Python name."""
    plain = re.sub(r"\W+", "_", text).strip("_") or "notebook"
    return f"_{plain}" if plain[0].isdigit() else plain


def _called(node: ast.stmt, find: FindCall, text: Text) -> Section | None:
    match node:
        case ast.Expr(value=ast.Call() as value):
            return _section(find(value), "")
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as value):
            return _section(find(value), name)
        case ast.For(
            target=ast.Name(id=name), body=[ast.Expr(value=ast.Call() as value)], orelse=[]
        ):
            found = _section(find(value), "")
            if (
                found is None
                or found.call is None
                or not isinstance(found.call.arguments, ast.Dict)
            ):
                return None
            said = tuple(text.segment(one) for one in found.call.arguments.values)
            return replace(found, loop=name, values=said)
    return None


def _section(call: Call | None, result: str) -> Section | None:
    """A call with arguments that can be handed over; None for one that has to stay."""
    if call is None:
        return None
    if call.arguments is None:
        return Section((), call, result=result)
    if not isinstance(call.arguments, ast.Dict):
        return None
    keys = [constant(key) for key in call.arguments.keys]
    if not all(isinstance(key, str) and key.isidentifier() for key in keys):
        return None
    return Section((), call, tuple(map(str, keys)), result=result)


def _handed(found: Section, node: ast.stmt, text: Text) -> str:
    """What stands in the place of a call: its arguments, or the items of its loop."""
    if found.loop and isinstance(node, ast.For):
        return f"{found.prefix}_items = list({text.segment(node.iter)})"
    if found.call is None or found.call.arguments is None or not found.keys:
        return ""
    return f"{found.prefix}_arguments = {text.segment(found.call.arguments)}"


def received(found: Section) -> Piece:
    """Return the cell of the called notebook that takes its arguments over."""
    if found.loop:
        pairs = zip(found.keys, found.values, strict=True)
        return code("\n".join(f"{key} = {value}" for key, value in pairs))
    source = f"{found.prefix}_arguments"
    return code("\n".join(f"{key} = {source}[{key!r}]" for key in found.keys))
