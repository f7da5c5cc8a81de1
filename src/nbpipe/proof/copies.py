"""Copies of a project's folder, one for each run: none of them sees what another writes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from nbpipe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 4 << 30
MOST_FILES = 50_000
_LEFT = frozenset({
    ".git", ".hg", ".svn", ".nbpipe", ".venv", "venv", "node_modules", "__pycache__",
    ".ipynb_checkpoints", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tox",
})  # fmt: skip
"""Folders that no notebook reads."""


def check_size(folder: Path) -> None:
    """Refuse a folder that is too big to be copied.

    Raises
    ------
    UsageError
        If it is; the message says how big it is at least.
    """
    size = 0
    for count, path in enumerate(_files(folder), 1):
        size += path.lstat().st_size
        if size > LARGEST or count > MOST_FILES:
            raise UsageError(
                f"{folder} holds more than {size >> 20} MiB in {count} files, and each run needs "
                "a copy of it. Put the notebook and the files it reads into a folder of their own."
            )


def _files(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT]
        yield from (Path(where, name) for name in files)


def copy_folder(folder: Path, target: Path) -> None:
    """Copy a folder; links to the outside stay links, what is no file is left out."""

    def leave(where: str, names: list[str]) -> set[str]:
        paths = [Path(where, name) for name in names]
        odd = {p.name for p in paths if not (p.is_symlink() or p.is_dir() or p.is_file())}
        return odd | (_LEFT & set(names))

    shutil.copytree(folder, target, symlinks=True, ignore=leave)
