"""Notebooks for papermill, also those that it has run: what it put in is taken out again."""

from __future__ import annotations

import ast
import json
import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbpipe.compile.reading.names import read_literals
from nbpipe.compile.tags import is_name, suggested_name
from nbpipe.importers.carried import Carried, Note, NotImportable, stem
from nbpipe.importers.edits import constant
from nbpipe.importers.pieces import (
    code,
    metadata_of,
    opened,
    pieces_of,
    set_parameters,
    whole,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbpipe.compile.notebook import Notebook
    from nbpipe.importers.carried import Sources
    from nbpipe.importers.pieces import Piece

INJECTED = "injected-parameters"
_BANNERS = frozenset({"papermill-error-cell-tag", "papermill-error-cell"})
_STEPS = ("step:", "block:")


def recognise(path: str, sources: Sources) -> bool:
    """Whether the file is a notebook: any can be run by papermill."""
    return path.endswith(".ipynb")


def carry(path: str, sources: Sources) -> Carried:
    """Return the notebook as a step of its own, with the values that it was last run with."""
    notebook = opened(sources.read(path) or b"", path)
    if not notebook.cells:
        raise NotImportable(f"{path} has no cells.")
    notes: list[Note] = []
    pieces = without_banners(pieces_of(notebook))
    values = _values(notebook, pieces, notes)
    kept = [piece for piece in pieces if INJECTED not in piece.tags]
    made = kept
    if notebook.language == "python":
        made = [part for piece in set_parameters(kept, values) for part in _declared(piece)]
    _tell_scraps(made, path, notes)
    metadata = metadata_of(notebook, notes)
    own = notebook.metadata.get("nbpipe")
    name = stem(path)
    step = name if is_name(name) else suggested_name(name)
    if isinstance(own, dict):
        metadata["nbpipe"] = own
    elif not any(tag.startswith(_STEPS) for piece in made for tag in piece.tags):
        metadata |= whole(step)
    file = written(posixpath.basename(path), made, metadata)
    return Carried("papermill", name, (file,), used=frozenset({path}), notes=tuple(notes))


def without_banners(pieces: Iterable[Piece]) -> list[Piece]:
    """Leave out the cells with which papermill says that a run failed."""
    return [piece for piece in pieces if not _BANNERS & set(piece.tags)]


def _declared(piece: Piece) -> Iterator[Piece]:
    """Yield a cell of parameters, and what else it does as setup code below it."""
    if "parameters" not in piece.tags:
        yield piece
        return
    body, literals = _statements(piece.source), read_literals(piece.source)
    alone = len({node.lineno for node in body}) == len(body) == len(literals)
    rest = [n for n, value in zip(body, literals, strict=True) if value is None] if alone else []
    rest = [node for node in rest if not _is_text(node)]
    lines = piece.source.split("\n")
    taken = {line for node in rest for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    if not rest or not taken.isdisjoint(_lines_of(n for n in body if n not in rest)):
        yield piece
        return
    yield replace(piece, source="\n".join(t for n, t in enumerate(lines, 1) if n not in taken))
    yield code("\n".join(t for n, t in enumerate(lines, 1) if n in taken), "setup")


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _lines_of(nodes: Iterable[ast.stmt]) -> set[int]:
    return {line for node in nodes for line in range(node.lineno, (node.end_lineno or 0) + 1)}


def _values(notebook: Notebook, pieces: Iterable[Piece], notes: list[Note]) -> dict[str, Any]:
    """The values that papermill put in, from its cell, else from its metadata."""
    found: dict[str, Any] = {}
    cells = [piece for piece in pieces if INJECTED in piece.tags]
    for piece in cells:
        for node in _statements(piece.source):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    found[name] = constant(value)
                    if found[name] is None and not isinstance(value, ast.Constant):
                        del found[name]
                        notes.append(
                            Note(notebook.path, f"the value of {name}", "it is no literal",
                                 "Give it with -p when you run.")
                        )  # fmt: skip
    if cells and found:
        notes.append(
            Note(notebook.path, f"the values that papermill put in: {', '.join(found)}",
                 "they are the defaults now", "Give others with -p when you run.")
        )  # fmt: skip
    return {name: value for name, value in found.items() if _is_json(value)}


def _is_json(value: object) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []


def _tell_scraps(pieces: Iterable[Piece], path: str, notes: list[Note]) -> None:
    """Note what papermill's older calls and scrapbook record."""
    for piece in pieces:
        for word in ("pm.record(", "sb.glue(", "pm.display(", "pm.execute_notebook("):
            if piece.kind == "code" and word in piece.source:
                do = "Tag a cell with the names metrics, or let a step take the value."
                if word == "pm.execute_notebook(":
                    do = "Import the notebooks that it runs, and remove the call."
                notes.append(Note(path, word.rstrip("("), "nbpipe keeps values itself", do))
