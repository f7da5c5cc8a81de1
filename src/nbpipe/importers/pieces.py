"""Notebooks in the making: cells that are kept, changed and put in, and the file they become."""

from __future__ import annotations

import ast
import json
import pprint
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbpipe.compile.notebook import read_notebook
from nbpipe.importers.carried import Made, Note, NotImportable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbpipe.compile.notebook import CellKind, Notebook

PYTHON = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""Metadata of a Python notebook."""

R = {
    "kernelspec": {"display_name": "R", "language": "R", "name": "ir"},
    "language_info": {"name": "R"},
}
"""Metadata of an R notebook."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A cell of a notebook in the making; without an id it gets one when it is written."""

    kind: CellKind
    source: str
    tags: tuple[str, ...] = ()
    id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    attachments: Mapping[str, Any] = field(default_factory=dict)


def code(source: str, *tags: str) -> Piece:
    """Return a code cell that is put in."""
    return Piece("code", source, tags)


def opened(data: str | bytes, path: str) -> Notebook:
    """Return the notebook in a file.

    Raises
    ------
    NotImportable
        If it is no notebook.
    """
    notebook = read_notebook(data, path)
    for problem in notebook.problems:
        if problem.severity == "error" and not notebook.cells:
            raise NotImportable(f"{problem.message} {problem.suggestion}".strip())
    return notebook


def pieces_of(notebook: Notebook) -> list[Piece]:
    """Return a notebook's cells, to be kept or changed."""
    return [
        Piece(cell.kind, cell.source, cell.tags, cell.id, cell.metadata, cell.attachments)
        for cell in notebook.cells
    ]


def metadata_of(notebook: Notebook, notes: list[Note]) -> dict[str, Any]:
    """Return a notebook's metadata with a kernel that is likely to be there."""
    kept = {key: notebook.metadata[key] for key in _KEPT if key in notebook.metadata}
    if notebook.language != "python":
        return kept
    if notebook.kernel not in (None, "python3"):
        notes.append(
            Note(
                notebook.path,
                f"the kernel {notebook.kernel!r}",
                "it is named for the machine that the notebook came from, so python3 is used",
                "Choose another kernel in JupyterLab if the step needs one.",
            )
        )
    return {**kept, **PYTHON}


_KEPT = ("kernelspec", "language_info", "title", "authors")


def written(path: str, pieces: Iterable[Piece], metadata: Mapping[str, Any]) -> Made:
    """Return the notebook as a file: nbformat 4.5, without outputs, each cell with its own id."""
    seen: set[str] = set()
    cells = []
    for index, piece in enumerate(pieces):
        name = piece.id if _is_id(piece.id) and piece.id not in seen else f"cell-{index}"
        while name in seen:
            name += "-2"
        seen.add(name)
        cells.append(_cell(piece, name))
    document = {"cells": cells, "metadata": dict(metadata), "nbformat": 4, "nbformat_minor": 5}
    return Made(path, json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def _is_id(name: str) -> bool:
    return 0 < len(name) <= 64 and all(c.isascii() and (c.isalnum() or c in "-_") for c in name)


def _cell(piece: Piece, name: str) -> dict[str, Any]:
    metadata = {key: value for key, value in piece.metadata.items() if key != "tags"}
    metadata.pop("id", None)
    if piece.tags:
        metadata["tags"] = list(piece.tags)
    cell: dict[str, Any] = {"cell_type": piece.kind, "id": name, "metadata": metadata}
    if piece.kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    if piece.attachments:
        cell["attachments"] = dict(piece.attachments)
    return cell | {"source": piece.source.splitlines(keepends=True)}


def whole(step: str, after: Iterable[str] = (), **options: Any) -> dict[str, Any]:
    """Return the metadata of a notebook that is one step; options without a value are left out."""
    found: dict[str, Any] = {"version": 1, "step": step}
    waits = sorted(set(after))
    if waits:
        found["after"] = waits
    given = {key: value for key, value in options.items() if value or value is False}
    return {"nbpipe": found | given}


def retagged(piece: Piece, *tags: str) -> Piece:
    """Return the cell with these tags and no others."""
    return replace(piece, tags=tags)


def literal(value: Any) -> str:
    """Return a JSON value as Python source."""
    return pprint.pformat(value, width=96, sort_dicts=False)


def with_values(source: str, values: Mapping[str, Any]) -> str:
    """Return a parameters cell whose defaults are these; a name that it lacks is added."""
    left = dict(values)
    lines = source.splitlines()
    try:
        body = ast.parse(source).body
    except SyntaxError:
        body = []
    for node in reversed(body):
        name = _assigned(node)
        if name in left and node.end_lineno is not None:
            lines[node.lineno - 1 : node.end_lineno] = [f"{name} = {literal(left.pop(name))}"]
    lines += [f"{name} = {literal(value)}" for name, value in left.items()]
    return "\n".join(lines)


def _assigned(node: ast.stmt) -> str:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def is_parameters(piece: Piece) -> bool:
    """Whether a cell holds parameters by papermill's tag."""
    return piece.kind == "code" and "parameters" in piece.tags


def set_parameters(pieces: Sequence[Piece], values: Mapping[str, Any]) -> list[Piece]:
    """Return the cells with these defaults, as ``papermill -p`` would give them.

    Without a ``parameters`` cell, papermill puts the values at the top; so is done here.
    """
    if not values:
        return list(pieces)
    at = next((i for i, piece in enumerate(pieces) if is_parameters(piece)), None)
    if at is None:
        return [code(with_values("", values), "parameters"), *pieces]
    changed = replace(pieces[at], source=with_values(pieces[at].source, values))
    return [*pieces[:at], changed, *pieces[at + 1 :]]
