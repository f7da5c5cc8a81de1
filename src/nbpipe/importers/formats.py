"""The formats that can be imported: which there are, and which one a source is of."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from nbpipe.errors import UnknownName
from nbpipe.importers.carried import NotImportable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbpipe.importers.carried import Carried, Sources

FORMATS: Mapping[str, str] = {
    "elyra": "an Elyra .pipeline file, versions 1 to 8",
    "ploomber": "a Ploomber pipeline.yaml",
    "dvc": "a dvc.yaml whose stages run notebooks",
    "kale": "a notebook tagged for Kale, and those that it is composed of",
    "databricks": "a Databricks notebook, .py or .ipynb",
    "papermill": "any other notebook, or one that papermill has run",
    "jupytext": "a script or a Markdown file in a format of Jupytext, as # %%",
}
"""Format → what it reads. A source is of the first that recognises it."""

_SPECS = (".pipeline", "dvc.yaml", "pipeline.yaml", "pipeline.yml")
_NOTEBOOKS = (".ipynb", ".py")


class Importer(Protocol):
    """What each format's module offers."""

    def recognise(self, path: str, sources: Sources) -> bool:
        """Whether a source is of this format."""
        ...

    def carry(self, path: str, sources: Sources) -> Carried:
        """Return what becomes of a source."""
        ...


def importer(name: str) -> Importer:
    """Return a format's importer; it is loaded when it is asked for.

    Raises
    ------
    UnknownName
        If there is no such format.
    """
    if name not in FORMATS:
        raise UnknownName.of("format", name, FORMATS)
    return cast("Importer", import_module(f"nbpipe.importers.{name}"))


def format_of(path: str, sources: Sources) -> str:
    """Return the format of a source file.

    Raises
    ------
    NotImportable
        If no format recognises it.
    """
    for name in FORMATS:
        if importer(name).recognise(path, sources):
            return name
    known = "; ".join(FORMATS.values())
    raise NotImportable(f"{path} is of no format that can be imported. These can: {known}.")


def carry(path: str, sources: Sources, name: str | None = None) -> Carried:
    """Return what becomes of a source file, read as format `name` or as what it is.

    Raises
    ------
    NotImportable
        If it cannot be read.
    """
    return importer(name or format_of(path, sources)).carry(path, sources)


def specs(sources: Sources) -> tuple[str, ...]:
    """Return the pipelines and notebooks at the top of a folder that can be imported.

    A pipeline says which notebooks belong to it, so where there is one, no others are named.
    """
    top = [path for path in sources.paths() if "/" not in path]
    found = tuple(path for path in top if path.endswith(_SPECS))
    return found or tuple(path for path in top if path.endswith(_NOTEBOOKS))


def carry_all(paths: Sequence[str], sources: Sources, name: str | None = None) -> Carried:
    """Return what becomes of several notebooks of one folder, as one project.

    What one of them takes in (a composition, ``%run``) is not carried over once more.

    Raises
    ------
    NotImportable
        If none of them can be read.
    """
    every = {}
    for path in paths:
        try:
            every[path] = carry(path, sources, name)
        except NotImportable:
            if not path.endswith(".py") or name is not None:
                raise
    taken = {other for path, one in every.items() for other in one.used if other != path}
    kept = [one for path, one in every.items() if path not in taken]
    if not kept:
        raise NotImportable("There is no notebook in this folder that can be imported.")
    return joined(kept)


def joined(parts: Sequence[Carried]) -> Carried:
    """Return several imports as one; order is known only where each of them knows it."""
    if len(parts) == 1:
        return parts[0]
    products = tuple(dict.fromkeys(one.product for one in parts))
    return replace(
        parts[0],
        product=" and ".join(products),
        files=tuple({made.path: made for one in parts for made in one.files}.values()),
        copies={source: to for one in parts for source, to in one.copies.items()},
        parameters={key: value for one in parts for key, value in one.parameters.items()},
        before=None,
        used=frozenset(path for one in parts for path in one.used),
        notes=tuple(note for one in parts for note in one.notes),
    )
