"""What tests of all tiers share: projects written from a few lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from pathlib import Path


class WriteNotebook(Protocol):
    """Writes a notebook; each cell is a source, or tags (separated by blanks) and a source."""

    def __call__(self, name: str, *cells: str | tuple[str, str], **metadata: Any) -> Path: ...


def document(*cells: str | tuple[str, str], **metadata: Any) -> dict[str, Any]:
    """Return an nbformat document; a source that begins with ``#%md`` is a Markdown cell."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            **metadata,
        },
        "cells": [_cell(index, cell) for index, cell in enumerate(cells)],
    }


def _cell(index: int, cell: str | tuple[str, str]) -> dict[str, Any]:
    tags, source = ("", cell) if isinstance(cell, str) else cell
    kind = "markdown" if source.startswith("#%md") else "code"
    made: dict[str, Any] = {
        "cell_type": kind,
        "id": f"c{index}",
        "metadata": {"tags": tags.split()} if tags else {},
        "source": source.removeprefix("#%md").lstrip(),
    }
    if kind == "code":
        made |= {"execution_count": None, "outputs": []}
    return made


@pytest.fixture
def write_notebook(tmp_path: Path) -> WriteNotebook:
    """Write notebooks into the test's own folder."""

    def write(name: str, *cells: str | tuple[str, str], **metadata: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document(*cells, **metadata)), "utf-8")
        return path

    return write
