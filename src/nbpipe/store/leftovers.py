"""Files that a crash left in a store's folder: temporary ones, scratch, halves of notebooks."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from nbpipe.store.disk import left_beside
from nbpipe.store.engines import identity
from nbpipe.store.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = 86_400.0

_OF_A_PROCESS = (
    re.compile(r"put-(\d+)-[0-9a-f]{12}"),
    re.compile(r"\..+\.nbpipe-(\d+)-[0-9a-f]{8}", re.DOTALL),
    re.compile(r"ledger\.db\.new-(\d+)-[0-9a-f]{8}(?:-wal|-shm|-journal)?"),
    re.compile(r"kernel-[0-9a-f]{16}\.(\d+)"),
    re.compile(r"\.[0-9a-f]{12}\.(\d+)-[0-9a-f]{8}"),
)
"""Names of files that one process writes before it renames them; the group is its number."""

_OF_A_TASK = re.compile(r"task-[0-9a-f]{24}")
_TAIL = 64


def left_behind(folder: Path, idle: bool, now: float) -> Iterator[Fault]:
    """Yield what lies in a store's folder and belongs to nobody any more.

    Parameters
    ----------
    folder
        The store's folder on this machine.
    idle
        True if no run goes on: then scratch is nobody's, however new it is.
    now
        The time (UTC, seconds); while runs go on, only what is a day old counts.
    """
    places = [folder / name for name in ("", "tmp", "lib", "cache")]
    for place in (*places, *_entries(folder / "runs")):
        for path in _entries(place):
            if _is_left(path, idle, now):
                yield _fault(folder, path, "was left by a process that is gone")


def left_in_project(folder: Path) -> Iterator[Fault]:
    """Yield what a run wrote beside the files of a project before it was killed."""
    for path in left_beside(folder):
        text = f"{path} was left by a process that is gone."
        yield Fault("I8", "leftover", text, name=str(path))


def half_written(folder: Path) -> Iterator[Fault]:
    """Yield executed notebooks in runs' folders that are not whole: no JSON ends that way."""
    for run in _entries(folder / "runs"):
        for path in _entries(run):
            if path.suffix == ".ipynb" and path.is_file() and not is_whole(path):
                name = path.relative_to(folder).as_posix()
                text = f"The copy {name} of an executed notebook is not whole."
                yield Fault("I8", "half-written", text, run.name, name)


def is_whole(path: Path) -> bool:
    """Tell whether a notebook's file ends as JSON does: a power cut leaves empty ones and zeros."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            return file.read().rstrip().endswith(b"}")
    except OSError:
        return False


def open_to_others(folder: Path) -> Iterator[Fault]:
    """Yield a store that its owner's group or everybody may look into."""
    try:
        mode = folder.stat().st_mode
    except OSError:
        return
    if os.name != "nt" and stat.S_IMODE(mode) & 0o077:
        text = f"Others may look into {folder} (mode {stat.S_IMODE(mode):04o})."
        yield Fault("I9", "open", text, name=str(folder))


def _fault(folder: Path, path: Path, how: str) -> Fault:
    name = path.relative_to(folder).as_posix()
    return Fault("I8", "leftover", f"{name} {how}.", name=name)


def _is_left(path: Path, idle: bool, now: float) -> bool:
    for pattern in _OF_A_PROCESS:
        if found := pattern.fullmatch(path.name):
            gone = identity(int(found[1])) is None
            return gone and (idle or _age(path, now) > DAY)
    if _OF_A_TASK.fullmatch(path.name):
        return idle or _age(path, now) > DAY
    return False


def _age(path: Path, now: float) -> float:
    try:
        return now - path.lstat().st_mtime
    except OSError:
        return 0.0


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
