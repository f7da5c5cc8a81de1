"""Disks that fail at their n-th call, and disks whose power is cut there."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from nbpipe.store.disk import Disk

if TYPE_CHECKING:
    import random
    from pathlib import Path


class _Counting(Disk):
    """Does at its n-th call what `_happen` says, instead of the call."""

    def __init__(self, at: int) -> None:
        self.left = at

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            self._happen()

    def _happen(self) -> None:
        raise NotImplementedError

    def write(self, fd: int, data: memoryview) -> int:
        self._count()
        return super().write(fd, data[:4] if len(data) < 64 else data)

    def fsync(self, fd: int) -> None:
        self._count()
        super().fsync(fd)

    def replace(self, source: str, target: str) -> None:
        self._count()
        super().replace(source, target)

    def mkdir(self, path: str) -> None:
        self._count()
        super().mkdir(path)


class Failing(_Counting):
    """A disk whose n-th call fails."""

    def __init__(self, at: int, code: int = errno.ENOSPC) -> None:
        super().__init__(at)
        self.code = code

    def _happen(self) -> None:
        raise OSError(self.code, os.strerror(self.code))


class PowerCut(BaseException):
    """The machine is off; nobody's `except` sees it."""


class Losing(_Counting):
    """A disk that remembers what was synced: bytes by file, names by folder.

    Parameters
    ----------
    at
        At which call the power is cut.
    root
        A folder that is on the disk with what it holds.
    """

    def __init__(self, at: int, root: Path) -> None:
        super().__init__(at)
        self.root = root
        self.bytes: dict[int, bytes] = {}
        self.names: dict[int, dict[str, int]] = {}
        self._note(str(root))

    def _happen(self) -> None:
        raise PowerCut

    def fsync(self, fd: int) -> None:
        super().fsync(fd)
        self._note(os.readlink(f"/proc/self/fd/{fd}"))

    def _note(self, path: str) -> None:
        node = os.stat(path).st_ino
        if os.path.isdir(path):
            self.names[node] = {one.name: one.inode() for one in os.scandir(path)}
        else:
            with open(path, "rb") as file:
                self.bytes[node] = file.read()

    def after(self, target: Path, chance: random.Random | None = None) -> None:
        """Build what is found when the power is back.

        Parameters
        ----------
        target
            Where.
        chance
            What was not synced may have reached the disk all the same: it decides. Without it,
            nothing of that did.
        """
        now: dict[int, str] = {}
        for folder, _, files in os.walk(self.root):
            now[os.stat(folder).st_ino] = folder
            now |= {os.stat(os.path.join(folder, f)).st_ino: os.path.join(folder, f) for f in files}
        self._build(target, os.stat(self.root).st_ino, now, chance)

    def _build(
        self, target: Path, node: int, now: dict[int, str], chance: random.Random | None
    ) -> None:
        here = now.get(node, "")
        target.mkdir(mode=0o700)
        names = dict(self.names.get(node, {}))
        if chance is not None and os.path.isdir(here):
            later = {one.name: one.inode() for one in os.scandir(here)}
            names |= {name: at for name, at in later.items() if chance.random() < 0.5}
        for name, at in names.items():
            place = now.get(at, "")
            if at in self.names or os.path.isdir(place):
                self._build(target / name, at, now, chance)
            else:
                self._put(target / name, at, place, chance)

    def _put(self, target: Path, node: int, place: str, chance: random.Random | None) -> None:
        data = self.bytes.get(node, b"")
        if chance is not None and node not in self.bytes and place:
            with open(place, "rb") as file:
                whole = file.read()
            data = whole[: chance.choice([0, len(whole) // 2, len(whole)])]
        target.write_bytes(data)
        if place:
            seen = os.stat(place)
            os.utime(target, ns=(seen.st_atime_ns, seen.st_mtime_ns))
