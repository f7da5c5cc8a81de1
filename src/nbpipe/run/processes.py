"""Processes: dying with a parent, finding all that a process started, and ending them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MARK = "NBPIPE_ATTEMPT"
"""Environment variable by which everything that a kernel started can be found again."""

_TELLS_CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children").exists()

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def leash() -> Callable[[], None]:
    """Return what a child calls before it runs its program, so that it dies with us."""
    parent, libc = os.getpid(), _libc()

    def hold() -> None:
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return hold


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parents end (Linux)."""
    libc = _libc()
    if libc is not None:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def reap() -> None:
    """Take leave of adopted processes that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def tree(pid: int) -> list[psutil.Process]:
    """Return the process and everything below it; nothing where it has ended."""
    with contextlib.suppress(psutil.Error):
        return [psutil.Process(pid), *below(pid)]
    return []


def below(pid: int) -> list[psutil.Process]:
    """Return everything below the process.

    Linux tells a process's children; elsewhere all processes there are have to be looked at.
    """
    found = []
    try:
        left = list(_children(pid))
        while left:
            child = left.pop()
            with contextlib.suppress(psutil.Error):
                found.append(psutil.Process(child))
                left += _children(child)
    except FileNotFoundError:
        with contextlib.suppress(psutil.Error):
            return list(psutil.Process(pid).children(recursive=True))
    return found


def _children(pid: int) -> list[int]:
    """Return a process's children; raise `FileNotFoundError` where the system does not tell."""
    if not _TELLS_CHILDREN:
        raise FileNotFoundError
    found = []
    with contextlib.suppress(OSError):  # it, or a thread of its, has ended
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += [int(word) for word in file.read().split()]
    return found


def send(pid: int, sign: signal.Signals) -> None:
    """Send a signal to a process group, or to the process where it leads none."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, sign)
        else:
            os.kill(pid, sign)


def end_all(processes: Iterable[psutil.Process], wait: float = 1.0) -> list[str]:
    """Kill the processes and return what they were, as command lines."""
    killed, names = [], []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                names.append(" ".join(process.cmdline())[:200] or process.name())
                process.kill()
                killed.append(process)
    psutil.wait_procs(killed, timeout=wait)
    return names


def marked(mark: str) -> list[psutil.Process]:
    """Return our user's processes that carry `mark` in their environment."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.uids().real == os.getuid() and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def held(processes: Iterable[psutil.Process]) -> int:
    """Return the bytes that processes hold in memory; shared pages count once a process.

    A child counts with what is its own where that can be read, because right after a fork
    everything else is its parent's.
    """
    total = 0
    for position, process in enumerate(processes):
        with contextlib.suppress(psutil.Error):
            total += _own(process) if position else process.memory_info().rss
    return total


def _own(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except (psutil.AccessDenied, AttributeError):
        return int(process.memory_info().rss)


def memory_here() -> int:
    """Return the most bytes that processes here may hold: the container's limit or all there is."""
    total = int(psutil.virtual_memory().total)
    for place in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            return min(total, int(Path(place).read_text()))
    return total
