"""Which steps a notebook names: in the tags of its cells and in its metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.compile.tags import read_notebook_options, read_tags

if TYPE_CHECKING:
    from nbpipe.compile.notebook import Notebook


def mentions(notebook: Notebook) -> frozenset[str]:
    """Return the names of steps that would have to change if a step were called otherwise."""
    options = read_notebook_options(notebook)
    read = [read_tags(cell, notebook.path) for cell in notebook.cells if cell.kind == "code"]
    return frozenset(
        [name for tagged in read for name in (tagged.step, *tagged.after) if name]
        + [*options.steps, *options.after, *([options.step] if options.step else [])]
    )
