"""Which process carries out a run, and whether it is still alive."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from nbpipe.store.rows import EngineRow

SILENCE = 30.0
"""Seconds without a sign of life after which an engine on another machine counts as gone."""


def this_engine() -> EngineRow:
    """Return the row of this process."""
    return EngineRow(socket.gethostname(), os.getpid(), identity(os.getpid()) or "")


def identity(pid: int) -> str | None:
    """Return what tells a process from a later one of the same number; None if there is none.

    On Linux it is the boot and the clock tick in which the process began.
    """
    try:
        line = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _asked_of_psutil(pid)
    except OSError:
        return _asked_of_psutil(pid)
    fields = line.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def _asked_of_psutil(pid: int) -> str | None:
    import psutil

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def is_alive(engine: EngineRow, now: float) -> bool:
    """Tell whether an engine lives: on this machine by its process, elsewhere by its silence."""
    if is_here(engine):
        return identity(engine.pid) == engine.process
    return now - last_sign(engine) < SILENCE


def is_here(engine: EngineRow) -> bool:
    """Tell whether an engine runs on this machine, so that its process can be looked at."""
    return engine.host == socket.gethostname() and bool(engine.process)


def are_same(one: EngineRow, other: EngineRow) -> bool:
    """Tell whether two rows are of one process."""
    return (one.host, one.pid, one.process) == (other.host, other.pid, other.process)


def last_sign(engine: EngineRow) -> float:
    """Return when it last gave a sign of life."""
    return engine.claimed if engine.beat is None else max(engine.beat, engine.claimed)
