"""A draft: a copy of an executed notebook, to go on with by hand where the run was."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nbpipe.compile.render import BEGIN_TAG, LOAD_TAG, SETUP_TAG
from nbpipe.compile.tags import DRAFT, is_ours

if TYPE_CHECKING:
    from collections.abc import Mapping

Until = Literal["inputs", "failure"]

_BEFORE = frozenset(
    {BEGIN_TAG, SETUP_TAG, LOAD_TAG, "parameters", "pipeline-parameters", "injected-parameters"}
)
_BANNER = "papermill-error-cell-tag"


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft.

    Attributes
    ----------
    document
        The notebook.
    cells
        Ids of the cells that bring the state back, in their order.
    cell
        Id of the cell to go on with; empty where the notebook has none.
    kernel
        Name of its kernelspec; empty for the default.
    """

    document: dict[str, Any]
    cells: tuple[str, ...]
    cell: str
    kernel: str


def make_draft(
    executed: Mapping[str, Any], until: Until, failed: str, of: Mapping[str, str]
) -> Draft:
    """Return the draft of an executed notebook.

    Parameters
    ----------
    executed
        The notebook as it was kept.
    until
        Whether the cells to be run end with what loads the step's inputs, or before the cell
        that failed.
    failed
        Id of that cell; empty where none failed.
    of
        Where the draft comes from, kept in its metadata.
    """
    cells = [cell for cell in executed.get("cells", ()) if _BANNER not in _tags(cell)]
    before, rest = _parted(cells, failed if until == "failure" else "")
    there = executed.get("metadata", {})
    metadata = {key: there[key] for key in ("kernelspec", "language_info") if key in there}
    document = {
        **executed,
        "cells": [_free(cell) for cell in cells],
        "metadata": {**metadata, DRAFT: dict(of)},
    }
    kernel = str(metadata.get("kernelspec", {}).get("name", ""))
    return Draft(deepcopy(document), _code(before), next(iter(_code(rest)), ""), kernel)


def _parted(cells: list[dict[str, Any]], failed: str) -> tuple[list[Any], list[Any]]:
    """Return the cells before the one that failed, else those that load, and the others."""
    names = [cell.get("id") for cell in cells]
    loading = [n for n, cell in enumerate(cells) if _BEFORE & set(_tags(cell))]
    end = names.index(failed) if failed in names else max(loading, default=-1) + 1
    return cells[:end], cells[end:]


def _code(cells: list[Any]) -> tuple[str, ...]:
    return tuple(str(cell.get("id", "")) for cell in cells if cell.get("cell_type") == "code")


def _tags(cell: Mapping[str, Any]) -> list[str]:
    return [str(tag) for tag in cell.get("metadata", {}).get("tags", ())]


def _free(cell: dict[str, Any]) -> dict[str, Any]:
    """Return a cell that can be edited, and is no part of a pipeline."""
    left_out = ("papermill", "nbpipe", "editable", "deletable", "trusted", "tags")
    metadata = {
        key: value for key, value in cell.get("metadata", {}).items() if key not in left_out
    }
    tags = [tag for tag in _tags(cell) if not is_ours(tag)]
    return {**cell, "metadata": {**metadata, "tags": tags} if tags else metadata}
