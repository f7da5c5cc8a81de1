"""The disk, as far as a failure there must leave the old state: one seam for all that is kept.

A file is written aside, brought to the disk, and then renamed. A reader sees the old bytes or
the new ones, and so does whoever comes after a crash or a power cut.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from typing import TYPE_CHECKING

from nbpipe.kernelside.failpoints import reach
from nbpipe.store.engines import identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ASIDE = re.compile(r"\..+\.nbpipe-(\d+)-[0-9a-f]{8}", re.DOTALL)


class Disk:
    """What is done to the disk; tests pass one that fails, or forgets what was not synced."""

    def write(self, fd: int, data: memoryview) -> int:
        """Write some of the data; returns how much."""
        return os.write(fd, data)

    def fsync(self, fd: int) -> None:
        """Bring an open file or folder to the disk."""
        os.fsync(fd)

    def replace(self, source: str, target: str) -> None:
        """Rename, over what is there."""
        os.replace(source, target)

    def free(self, folder: Path) -> int:
        """Return the free bytes of the disk that a folder is on, or will be."""
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        return shutil.disk_usage(there).free

    def mkdir(self, path: str) -> None:
        """Make a folder that only its owner can look into."""
        os.mkdir(path, 0o700)


def write_file(disk: Disk, path: str, data: bytes, mode: int = 0o600) -> None:
    """Write a new file; it is not on the disk yet."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[disk.write(fd, rest) :]
    finally:
        os.close(fd)


def sync(disk: Disk, path: str) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    if os.name == "nt" and os.path.isdir(path):
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        disk.fsync(fd)
    finally:
        os.close(fd)


def make_folder(disk: Disk, path: str) -> None:
    """Make a folder with all that lead to it; their names are on the disk afterwards."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    make_folder(disk, parent)
    with contextlib.suppress(FileExistsError):  # another process was faster
        disk.mkdir(path)
    with contextlib.suppress(PermissionError):  # of one that we may write into, and not read
        sync(disk, parent)


def place(disk: Disk, path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a file whole or not at all, and bring it to the disk under its name.

    What processes that were killed left beside it is removed.
    """
    for left in left_beside(path.parent, path.name):
        discard(str(left))
    aside = _aside(path)
    try:
        write_file(disk, aside, data, mode)
        sync(disk, aside)
        reach("file-half")
        disk.replace(aside, str(path))
        sync(disk, str(path.parent))
    finally:
        discard(aside)


def place_copy(disk: Disk, path: Path, data: bytes) -> None:
    """Write a copy of stored bytes whole or not at all; after a power cut it is made again."""
    aside = _aside(path)
    try:
        write_file(disk, aside, data)
        reach("copy-half")
        disk.replace(aside, str(path))
    finally:
        discard(aside)


def _aside(path: Path) -> str:
    return str(path.with_name(f".{path.name}.nbpipe-{os.getpid()}-{os.urandom(4).hex()}"))


def left_beside(folder: Path, name: str = "") -> Iterator[Path]:
    """Yield the files in a folder that a process wrote aside, for one or all, and is gone."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for there in names:
        found = _ASIDE.fullmatch(there)
        ours = found and (not name or there.startswith(f".{name}.nbpipe-"))
        if found and ours and identity(int(found[1])) is None:
            yield folder / there


def discard(path: str) -> None:
    """Remove a file, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
