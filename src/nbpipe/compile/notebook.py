"""A notebook as nbpipe sees it: cells with ids, sources and tags, read from JSON or a script."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from nbpipe.compile.percent import read_percent
from nbpipe.errors import Fix, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CellKind = Literal["code", "markdown", "raw"]

_KINDS: Mapping[str, CellKind] = {"code": "code", "markdown": "markdown", "raw": "raw"}

NEWEST = 4
"""The newest major version of the notebook format that is read."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes
    ----------
    id
        The cell's id; made from its position where the file has none or a doubled one.
    kind
        ``code``, ``markdown`` or ``raw``.
    source
        The text, lines joined.
    tags
        ``metadata.tags``, in their order.
    index
        Position in the notebook, counted from 0.
    metadata
        The cell's metadata as it stands in the file.
    attachments
        Pictures pasted into a Markdown cell, by name, as they stand in the file.
    """

    id: str
    kind: CellKind
    source: str
    tags: tuple[str, ...] = ()
    index: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    attachments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Notebook:
    """One notebook.

    Attributes
    ----------
    path
        Where it is, relative to the project, with ``/``.
    cells
        All cells, in their order.
    language
        ``python`` unless the notebook says otherwise, in lower case.
    kernel
        Name of the kernelspec, or None where the notebook names none.
    metadata
        The notebook's metadata as it stands in the file.
    problems
        What was found wrong while reading; one with an error is not run.
    """

    path: str
    cells: tuple[Cell, ...]
    language: str = "python"
    kernel: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Cell id → where the cell is in `cells`."""
        return {cell.id: place for place, cell in enumerate(self.cells)}

    @cached_property
    def tagged(self) -> Mapping[str, list[Cell]]:
        """Tag → the code cells that have it, in their order."""
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            for tag in set(cell.tags) if cell.kind == "code" else ():
                found.setdefault(tag, []).append(cell)
        return found

    def source_of(self, cell: str) -> str:
        """Return the text of the cell of that id; empty if there is none."""
        place = self.places.get(cell)
        return "" if place is None else self.cells[place].source


class _Refused(Exception):
    """The text is no notebook; carries the problem that says why."""

    def __init__(self, code: str, message: str, suggestion: str = "") -> None:
        self.problem = (code, message, suggestion)


def read_notebook(data: str | bytes, path: str) -> Notebook:
    """Return the notebook in `data`; faults are in its ``problems``, never raised.

    Parameters
    ----------
    data
        The file's content: nbformat JSON (version 3 or 4), or for a path that ends in ``.py``
        a script in Jupytext's percent format.
    path
        Its path, relative to the project, with ``/``.
    """
    try:
        text = _text(data)
        if path.endswith(".py"):
            return _build(read_percent(text), path)
        return _build(_document(text), path)
    except _Refused as refused:
        code, message, suggestion = refused.problem
        problem = Problem(code, f"{path} {message}", notebook=path, suggestion=suggestion)
        return Notebook(path, (), problems=(problem,))


def read_document(document: Any, path: str) -> Notebook:
    """Return the notebook of an nbformat document that is in memory already."""
    try:
        return _build(document, path)
    except _Refused as refused:
        code, message, suggestion = refused.problem
        problem = Problem(code, f"{path} {message}", notebook=path, suggestion=suggestion)
        return Notebook(path, (), problems=(problem,))


def _text(data: str | bytes) -> str:
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Refused(
            "not-utf8", f"is not UTF-8 text (byte {error.start}).", "Save it as UTF-8."
        ) from None


def _document(text: str) -> Any:
    if not text.strip():
        raise _Refused("not-a-notebook", "is empty.", "Open it in JupyterLab and save it again.")
    try:
        return json.loads(text)
    except RecursionError:
        raise _Refused("not-a-notebook", "is nested too deeply to be a notebook.") from None
    except ValueError as error:
        raise _not_json(text, error) from None


def _not_json(text: str, error: ValueError) -> _Refused:
    if "<<<<<<<" in text and ">>>>>>>" in text:
        return _Refused(
            "merge-conflict",
            "holds the marks of an unfinished merge (<<<<<<<).",
            "Settle the merge, then save it.",
        )
    if text.startswith("version https://git-lfs"):
        return _Refused(
            "git-lfs", "is a Git LFS pointer, not the notebook itself.", "Run `git lfs pull`."
        )
    if isinstance(error, json.JSONDecodeError):
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
        return _Refused(
            "not-json", f"is not valid JSON ({where}).", "Restore it from a saved version."
        )
    return _Refused("not-json", f"is not valid JSON ({error}).")


def _build(document: Any, path: str) -> Notebook:
    if not isinstance(document, dict):
        raise _Refused("not-a-notebook", "is JSON, but not a notebook.")
    raw_cells = _raw_cells(document)
    metadata = document.get("metadata")
    problems: list[Problem] = []
    if not isinstance(metadata, dict):
        problems.append(_fault("bad-metadata", "The notebook's metadata is not an object.", path))
        metadata = {}
    cells = tuple(_cells(raw_cells, path, problems))
    language, kernel = _language(metadata), _kernel(metadata)
    return Notebook(path, cells, language, kernel, metadata, tuple(problems))


def _raw_cells(document: dict[str, Any]) -> list[Any]:
    version = document.get("nbformat", NEWEST if "cells" in document else None)
    if not isinstance(version, int):
        raise _Refused("not-a-notebook", "is JSON, but not a notebook: it names no nbformat.")
    if version > NEWEST:
        raise _Refused("too-new", f"is of notebook format {version}; nbpipe reads 3 and 4.")
    if version < 3:
        raise _Refused(
            "too-old", f"is of notebook format {version}.", "Open and save it in JupyterLab."
        )
    cells = document.get("cells") if version == NEWEST else _cells_of_3(document)
    if not isinstance(cells, list):
        raise _Refused("not-a-notebook", "is not a notebook: its cells are not a list.")
    return cells


def _cells_of_3(document: dict[str, Any]) -> list[Any] | None:
    """Cells of format 3 as those of format 4: worksheets joined, input renamed."""
    sheets = document.get("worksheets")
    if not isinstance(sheets, list) or not all(isinstance(sheet, dict) for sheet in sheets):
        return None
    cells = [cell for sheet in sheets for cell in sheet.get("cells") or []]
    return [_cell_of_3(cell) if isinstance(cell, dict) else cell for cell in cells]


def _cell_of_3(cell: dict[str, Any]) -> dict[str, Any]:
    kind = cell.get("cell_type")
    if kind == "code":
        return {**cell, "source": cell.get("input", "")}
    if kind == "heading":
        level = cell.get("level")
        marks = "#" * (level if isinstance(level, int) and 0 < level < 7 else 1)
        text = _joined(cell.get("source")) or ""
        return {**cell, "cell_type": "markdown", "source": f"{marks} {text}"}
    return cell


def _cells(raw: list[Any], path: str, problems: list[Problem]) -> Iterator[Cell]:
    seen: set[str] = set()
    for index, item in enumerate(raw):
        cell = _cell(item, index, path, problems)
        if cell.id in seen:
            text = f"Cells share the id {cell.id!r}; nbpipe goes by their position instead."
            problems.append(
                Problem("doubled-id", text, "info", path, None, index, None,
                        "Save the notebook in JupyterLab, which gives each cell its own id.")
            )  # fmt: skip
            cell = replace(cell, id=f"{cell.id}-{index}")
        seen.add(cell.id)
        yield cell


def _cell(item: Any, index: int, path: str, problems: list[Problem]) -> Cell:
    if not isinstance(item, dict):
        problems.append(_fault("bad-cell", f"Cell {index + 1} is not an object.", path, index))
        return Cell(f"cell-{index}", "raw", "", (), index)
    kind = _KINDS.get(str(item.get("cell_type")))
    if kind is None:
        problems.append(_fault("bad-cell", f"Cell {index + 1} has no known type.", path, index))
        kind = "raw"
    source = _joined(item.get("source"))
    if source is None:
        problems.append(
            _fault("bad-cell", f"The source of cell {index + 1} is no text.", path, index)
        )
        source = ""
    problems.extend(_unwritable(source, index, path))
    metadata = item.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    given = item.get("id", metadata.get("id"))
    name = given if isinstance(given, str) and given else f"cell-{index}"
    tags = _tags(metadata, name, index, path, problems)
    attached = item.get("attachments")
    attached = attached if isinstance(attached, dict) and kind != "code" else {}
    return Cell(name, kind, source, tags, index, metadata, attached)


def _unwritable(source: str, index: int, path: str) -> Iterator[Problem]:
    if "\0" in source:
        yield _fault("bad-text", f"Cell {index + 1} holds a NUL character.", path, index)
    if not source.isascii():
        try:
            source.encode("utf-8")
        except UnicodeEncodeError:
            text = f"Cell {index + 1} holds half of a surrogate pair, which no file can hold."
            yield _fault("bad-text", text, path, index)


def _tags(
    metadata: Mapping[str, Any], cell: str, index: int, path: str, problems: list[Problem]
) -> tuple[str, ...]:
    tags = metadata.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        text = f"The tags of cell {index + 1} are not a list of words."
        problems.append(
            Problem("bad-tags", text, "error", path, cell, index, None,
                    "Write them anew in JupyterLab's property inspector.", _words(cell, tags))
        )  # fmt: skip
        return ()
    return tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))


def _words(cell: str, tags: object) -> Fix:
    """Write as a list of words what of the tags are words."""
    given = tags if isinstance(tags, list) else [tags]
    words = [tag for tag in given if isinstance(tag, str) and tag.strip()]
    others = [json.dumps(tag) for tag in given if tag not in words]
    says = f"tag it {', '.join(words)}" if words else "remove its tags"
    return Fix(cell, tuple(words), tuple(others), says=says)


def _joined(source: Any) -> str | None:
    if isinstance(source, str):
        return source
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return None


def _language(metadata: Mapping[str, Any]) -> str:
    for part, key in (("language_info", "name"), ("kernelspec", "language")):
        info = metadata.get(part)
        if isinstance(info, dict) and isinstance(info.get(key), str) and info[key]:
            name = str(info[key]).lower()
            return "python" if name in ("ipython", "python2", "python3") else name
    return "python"


def _kernel(metadata: Mapping[str, Any]) -> str | None:
    spec = metadata.get("kernelspec")
    name = spec.get("name") if isinstance(spec, dict) else None
    return name if isinstance(name, str) and name else None


def _fault(code: str, text: str, path: str, index: int | None = None) -> Problem:
    return Problem(code, text, "error", path, None, index)
