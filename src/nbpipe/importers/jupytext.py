"""A script or a Markdown file in a format of Jupytext."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.importers.carried import Carried, read_text, stem
from nbpipe.importers.pieces import whole, written
from nbpipe.importers.scripts import EXTENSIONS, read_script

if TYPE_CHECKING:
    from nbpipe.importers.carried import Sources


def recognise(path: str, sources: Sources) -> bool:
    """Whether the file is called as Jupytext's are."""
    return path.endswith(EXTENSIONS)


def carry(path: str, sources: Sources) -> Carried:
    """Return the file as a notebook; its tags are kept, and without any it is one step."""
    pieces, metadata = read_script(read_text(sources, path), path)
    name = stem(path)
    if not any(tag.startswith(("step:", "block:")) for piece in pieces for tag in piece.tags):
        metadata |= whole(name)
    made = written(f"{name}.ipynb", pieces, metadata)
    return Carried("Jupytext", name, (made,), used=frozenset({path}))
