"""A notebook as nbpipe sees it: cells with ids, sources and tags, read from JSON or a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

CellKind = Literal["code", "markdown", "raw"]


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
    """

    id: str
    kind: CellKind
    source: str
    tags: tuple[str, ...] = ()
    index: int = 0
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
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
    """

    path: str
    cells: tuple[Cell, ...]
    language: str
    kernel: str | None
    metadata: Mapping[str, Any]
