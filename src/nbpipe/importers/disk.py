"""The disk as importers see it: sources that are only read, and a new folder that is written."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from nbpipe.errors import UsageError
from nbpipe.importers.carried import Note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from nbpipe.importers.carried import Made
    from nbpipe.importers.result import Imported

LARGEST = 100 * 2**20
"""Bytes above which a file is not copied along."""
_SKIPPED = frozenset({"venv", "node_modules", "__pycache__", "site-packages"})


class FolderSources:
    """The files below a folder; also those beside it can be read where a pipeline names them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._paths: tuple[str, ...] | None = None

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes; None where there is no such file, or can be none."""
        file = self.folder / path
        try:
            return file.read_bytes() if file.is_file() else None
        except (OSError, ValueError):  # no name for a file: too long, or with NUL in it
            return None

    def paths(self) -> tuple[str, ...]:
        """Return the paths of all files, hidden ones and environments left out."""
        if self._paths is None:
            self._paths = tuple(sorted(_walk(self.folder)))
        return self._paths


def _walk(folder: Path) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders[:] = [one for one in folders if one not in _SKIPPED and not one.startswith(".")]
        base = os.path.relpath(here, folder).replace(os.sep, "/")
        yield from (
            name if base == "." else f"{base}/{name}" for name in files if not name.startswith(".")
        )


def write_import(
    imported: Imported, source: Path, target: Path, *, force: bool = False
) -> tuple[Note, ...]:
    """Write an import into a folder; returns what was not copied. The source is never written.

    Raises
    ------
    UsageError
        If a file is there already and `force` is not given, or would be one of the source's.
    """
    return write_files(imported.files, imported.copies, source, target, force=force)


def write_files(
    files: Sequence[Made],
    copies: Mapping[str, str],
    source: Path,
    target: Path,
    *,
    force: bool = False,
) -> tuple[Note, ...]:
    """Write files and copy others into a folder; returns what was not copied.

    Raises
    ------
    UsageError
        If a file is there already and `force` is not given, or would be one of the source's.
    """
    wanted = [made.path for made in files] + sorted(copies.values())
    _check(wanted, source, target, force=force)
    for made in files:
        file = target / made.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(made.text, encoding="utf-8", newline="\n")
    return tuple(_copied(copies, source, target))


def _copied(copies: Mapping[str, str], source: Path, target: Path) -> Iterator[Note]:
    for path, to in copies.items():
        size = (source / path).stat().st_size
        if size > LARGEST:
            do = f"Copy it to {target / to}, or link it."
            yield Note(path, f"{size // 2**20} MB of data", "so large a file is not copied", do)
            continue
        (target / to).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / to)


def _check(wanted: list[str], source: Path, target: Path, *, force: bool) -> None:
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file. Name a folder with --to.")
    inside = target.resolve()
    if inside == source.resolve():
        raise UsageError(f"{target} holds the source itself. Name another folder with --to.")
    for path in wanted:
        if not (target / path).resolve().is_relative_to(inside):
            raise UsageError(f"{path} leads out of {target}; nothing was written.")
    there = [path for path in wanted if (target / path).exists()]
    if there and not force:
        shown = ", ".join(there[:5]) + (" …" if len(there) > 5 else "")
        raise UsageError(
            f"{target} has {shown} already. Name another folder with --to, or give --force."
        )
