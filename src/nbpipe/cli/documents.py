"""Notebooks that are read as they are in memory: another process laid them down for us."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbpipe.run.project import Project


def with_documents(project: Project, documents: Iterable[str]) -> Project:
    """Put notebooks as they are in memory in the place of those on disk.

    Parameters
    ----------
    project
        As it is on disk.
    documents
        ``PATH=FILE``: a notebook's path in the project, and the file that holds it.
    """
    import json

    from nbpipe.run.project import with_document

    for text in documents:
        path, _, file = text.partition("=")
        project = with_document(project, path, json.loads(Path(file).read_bytes()))
    return project
