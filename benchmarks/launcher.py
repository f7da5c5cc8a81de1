"""Runs a command and writes what it and all that it started cost (a script, for Linux).

``python launcher.py RESULT SECONDS COMMAND...`` becomes the parent of every descendant whose own
parent ends, waits for them all and sums what the kernel counted for them: also for kernels, which
are grandchildren and often outlive who started them. What is still there a while after the
command has ended is killed, and counted too.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import time

DIE_WITH_PARENT, SUBREAPER = 1, 36
GRACE = 5.0
"""Seconds that descendants have to end after the command has."""

PAUSE = 0.01


def main(result: str, seconds: float, command: list[str]) -> int:
    """Run the command; return its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    libc = ctypes.CDLL(None)
    if libc.prctl(SUBREAPER, 1, 0, 0, 0) or libc.prctl(DIE_WITH_PARENT, signal.SIGTERM, 0, 0, 0):
        raise OSError("this system cannot count what orphans cost")
    began = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, setsigmask=[])
    code = None
    try:
        code = _await(pid, began + seconds)
        wall = time.perf_counter() - began
        left = _await_all(time.perf_counter() + GRACE)
    finally:
        _end_all()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {"code": code, "wall": wall, "cpu": spent.ru_utime + spent.ru_stime, "left": left}
    with open(result, "w", encoding="utf-8") as file:
        json.dump(cost, file)
    return 1 if code else 0


def _await(pid: int, until: float) -> int | None:
    """Return the exit code of the command; None where it takes too long."""
    while time.perf_counter() < until:
        signal.sigtimedwait({signal.SIGCHLD}, max(0.0, until - time.perf_counter()))
        while ended := _reap():
            if ended[0] == pid:
                return os.waitstatus_to_exitcode(ended[1])
    return None


def _reap() -> tuple[int, int] | None:
    """Return one child that ended, and how; None where none has."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status) if pid else None


def _await_all(until: float) -> int:
    """Wait for what the command left; return how many processes do not end by themselves."""
    while _children(os.getpid()) and time.perf_counter() < until:
        while _reap():
            pass
        time.sleep(PAUSE)
    return len(_children(os.getpid()))


def _children(pid: int) -> list[int]:
    """Return the process's children, and theirs."""
    found = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += [int(child) for child in file.read().split()]
    return found + [below for child in found for below in _children(child)]


def _end_all() -> None:
    """Kill and reap until nobody is left; who is killed may have started somebody meanwhile."""
    while children := _children(os.getpid()):
        for pid in children:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        while _reap():
            pass
        time.sleep(PAUSE)


if __name__ == "__main__":
    # Blocked so that it can be waited for; the command gets it unblocked.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    sys.exit(main(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
