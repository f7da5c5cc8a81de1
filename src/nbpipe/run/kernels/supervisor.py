"""Watches the processes of an attempt: time, memory and wishes; ends them and says why."""

from __future__ import annotations

import contextlib
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Literal

import psutil

from nbpipe.run import processes

if TYPE_CHECKING:
    from collections.abc import Callable

Cause = Literal["timed-out", "cancelled", "interrupted", "out-of-memory"]

_STAGES: dict[Cause, tuple[tuple[signal.Signals, float], ...]] = {
    "timed-out": ((signal.SIGINT, 2.0), (signal.SIGTERM, 1.0)),
    "cancelled": ((signal.SIGINT, 0.3), (signal.SIGTERM, 0.2)),
    "interrupted": ((signal.SIGINT, 0.5), (signal.SIGTERM, 0.3)),
    "out-of-memory": (),
}
"""What is sent to the process group, and the seconds until the next; last of all SIGKILL."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory (bytes) and CPU time (seconds) of an attempt's processes at a time (monotonic)."""

    at: float
    held: int
    cpu: float


class Supervisor:
    """Watches one attempt from its own thread.

    Parameters
    ----------
    timeout
        Seconds from now until the attempt is ended; None for no limit.
    memory
        Most bytes that the kernel and its children may hold; None for no limit.
    tick
        Called at every look, twenty times a second.

    Attributes
    ----------
    cause
        Why it ended the attempt; None where it did not.
    peak
        Most bytes that were held, as far as was seen.
    samples
        What was seen at every look, where `record` was set.
    """

    period = 0.05

    def __init__(self, timeout: float | None, memory: int | None, tick: Callable[[], None]) -> None:
        self.cause: Cause | None = None
        self.peak = 0
        self.record = False
        self.samples: list[Sample] = []
        self._deadline = None if timeout is None else monotonic() + timeout
        self._memory = memory
        self._tick = tick
        self._pid: int | None = None
        self._tree: list[psutil.Process] = []
        self._wake = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def watch(self, pid: int) -> None:
        """Begin to watch the process group that `pid` leads."""
        self._pid = pid

    def saw(self, held: int) -> None:
        """Take the operating system's word for the most bytes that were held."""
        self.peak = max(self.peak, held)

    def unwatch(self) -> None:
        """The process ended; from here on its number is nobody's."""
        self._pid = None

    def gone(self) -> None:
        """There is no process, and there will be none."""
        self._over = True
        self._wake.set()

    def end(self, cause: Cause) -> None:
        """End the attempt for `cause`; the first cause stays."""
        if self.cause is None:
            self.cause = cause
            self._wake.set()

    def close(self) -> None:
        """Stop watching."""
        self._over = True
        self._wake.set()
        self._thread.join()

    def _watch(self) -> None:
        count = 0
        while not self._over and self.cause is None:
            self._look(fresh=count % 4 == 0)
            self._tick()
            count += 1
            self._wake.wait(self.period)
        if self.cause is not None:
            self._finish(self.cause)

    def _look(self, fresh: bool) -> None:
        if self._deadline is not None and monotonic() > self._deadline:
            self.end("timed-out")
        if self._pid is None or not (fresh or self.record or self._memory or not self._tree):
            return
        if fresh or not self._tree:
            self._tree = processes.tree(self._pid)
        held = processes.held(self._tree)
        self.peak = max(self.peak, held, _high_water(self._pid) if len(self._tree) == 1 else 0)
        if self.record:
            self.samples.append(Sample(monotonic(), held, _cpu(self._tree)))
        if self._memory is not None and held > self._memory:
            self.end("out-of-memory")

    def _finish(self, cause: Cause) -> None:
        while self._pid is None and not self._over:  # it is about to be started
            self._pause(self.period)
        for sign, seconds in _STAGES[cause]:
            if self._pid is None or self._over:
                return
            processes.send(self._pid, sign)
            self._pause(seconds)
        pid = self._pid
        if pid is not None and not self._over:
            below = processes.below(pid)
            processes.send(pid, signal.SIGKILL)
            processes.end_all(below, wait=0.2)

    def _pause(self, seconds: float) -> None:
        until = monotonic() + seconds
        self._wake.clear()
        while self._pid is not None and not self._over and monotonic() < until:
            self._wake.wait(self.period)


def _high_water(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _cpu(tree: list[psutil.Process]) -> float:
    total = 0.0
    for process in tree:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total
