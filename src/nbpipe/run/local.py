"""The executor of one machine: a few worker processes, started when needed and kept."""

from __future__ import annotations

import json
import os
import selectors
import shutil
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from nbpipe import wire
from nbpipe.kernelside.failpoints import reach
from nbpipe.run import processes
from nbpipe.run.executors import Done, Lost, Told
from nbpipe.run.order import Result
from nbpipe.run.scratch import private_folder, scratch_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbpipe.run.executors import Message
    from nbpipe.run.order import Order

COMMAND = (sys.executable, "-P", "-m", "nbpipe.run.worker")
"""How a worker is started: with ``-P`` nothing beside a notebook can shadow its imports."""

GRACE = 5.0
"""Seconds that an idle worker has to end by itself."""


@dataclass(slots=True)
class _Worker:
    """A worker process, and the order it is at."""

    process: subprocess.Popen[bytes]
    private: Path
    mark: str
    order: Order | None = None
    began: float = 0.0
    killed_at: float | None = None
    lingers: bool = False
    rest: bytearray = field(default_factory=bytearray)

    def send(self, message: dict[str, Any]) -> None:
        """Write one message; a worker that is gone is noticed when it is read."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()


class LocalExecutor:
    """Carries orders out in processes of this machine.

    Parameters
    ----------
    slots
        How many orders are carried out at a time.

    Notes
    -----
    When this process is killed its workers notice that their input ended: they end their
    kernels and themselves. After `close` there is no process, socket or temporary file left.
    """

    cancel_within: ClassVar[float] = 0.9
    """Seconds a worker has to end its kernel and say so, before it is killed."""

    def __init__(self, slots: int = 2) -> None:
        self.slots = slots
        self._workers: list[_Worker] = []
        self._waiting: deque[Order] = deque()
        self._ready: deque[Message] = deque()
        self._selector = selectors.DefaultSelector()
        self._folder: Path | None = None

    def submit(self, order: Order) -> None:
        """Take an order; it starts as soon as a slot is free."""
        self._waiting.append(order)
        self._assign()

    def poll(self, timeout: float) -> Sequence[Message]:
        """Return what has come in, waiting at most `timeout` seconds for the first."""
        until = monotonic() + timeout
        while True:
            wait = 0.0 if self._ready else max(0.0, min(until, self._next_kill()) - monotonic())
            for key, _ in self._selector.select(wait):
                self._read(key.data)
            self._kill_late()
            self._assign()
            if self._ready or monotonic() >= until:
                messages = tuple(self._ready)
                self._ready.clear()
                return messages

    def cancel(self, task: str) -> None:
        """End the task's attempt: interrupt, then terminate, then kill."""
        for order in [order for order in self._waiting if order.task == task]:
            self._waiting.remove(order)
            self._ready.append(Done(Result(order.task, order.attempt, "cancelled", 0.0)))
        for worker in self._workers:
            if worker.order is not None and worker.order.task == task:
                worker.send({"cancel": task})
                worker.killed_at = worker.killed_at or monotonic() + self.cancel_within

    def close(self) -> None:
        """End all workers and what they started, and remove their folders.

        One that looks after a failed step's kernel goes on alone, and ends with it.
        """
        for worker in list(self._workers):
            if worker.lingers and worker.order is None:
                self._let_be(worker)
        for worker in self._workers:
            if worker.order is None:
                with suppress(OSError):
                    worker.process.stdin.close()  # type: ignore[union-attr]
        for worker in list(self._workers):
            if worker.order is None:
                with suppress(subprocess.TimeoutExpired):
                    worker.process.wait(GRACE)
            self._remove(worker)
        self._waiting.clear()
        self._selector.close()
        if self._folder is not None:
            with suppress(OSError):  # a worker that goes on has a folder in it
                self._folder.rmdir()
            self._folder = None

    # workers

    def _assign(self) -> None:
        while self._waiting:
            worker = next((w for w in self._workers if w.order is None), None)
            if worker is None and len(self._workers) >= self.slots:
                return
            worker = worker or self._start()
            worker.order, worker.began = self._waiting.popleft(), monotonic()
            worker.killed_at = None
            worker.send({"order": wire.dump(worker.order)})

    def _start(self) -> _Worker:
        if self._folder is None:
            self._folder = private_folder()
        mark = uuid4().hex
        private = self._folder / mark[:6]
        private.mkdir(mode=0o700)
        with (private / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                [*COMMAND, "--private", str(private), "--parent", str(os.getpid())],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd="/",
                env={**os.environ, processes.MARK: mark}, start_new_session=True,
            )  # fmt: skip
        worker = _Worker(process, private, mark)
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, worker)
        self._workers.append(worker)
        reach("worker-spawned")
        return worker

    def _read(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None
        data = os.read(worker.process.stdout.fileno(), 1 << 18)
        worker.rest += data
        *lines, worker.rest = worker.rest.split(b"\n")
        for line in lines:
            self._take(worker, json.loads(line))
        if not data:
            self._lost(worker)

    def _take(self, worker: _Worker, message: dict[str, Any]) -> None:
        if "told" in message:
            self._ready.append(Told(wire.load_event(message["told"])))
        elif "lingers" in message:
            worker.lingers = message["lingers"]
        else:
            worker.order = worker.killed_at = None
            self._ready.append(Done(wire.load(Result, message["done"])))

    def _lost(self, worker: _Worker) -> None:
        """A worker ended; its order is lost, unless we ended it because of a cancellation."""
        order, cancelled = worker.order, worker.killed_at is not None
        errors = (worker.private / "stderr").read_text(errors="replace").strip()
        code = self._remove(worker)
        if order is None:
            return
        shutil.rmtree(Path(order.store) / "tmp" / scratch_of(order), ignore_errors=True)
        seconds = monotonic() - worker.began
        if cancelled:
            self._ready.append(Done(Result(order.task, order.attempt, "cancelled", seconds)))
            return
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        words = f" Its last words: {errors[-500:]}" if errors else ""
        why = f"The worker process {how} before it gave a verdict.{words}"
        self._ready.append(Lost(order.task, order.attempt, why))

    def _remove(self, worker: _Worker) -> int:
        """End the worker and everything it started; return its exit code."""
        self._workers.remove(worker)
        assert worker.process.stdout is not None
        self._selector.unregister(worker.process.stdout)
        left = processes.below(worker.process.pid)
        with suppress(ProcessLookupError):
            worker.process.kill()
        code = worker.process.wait()
        processes.end_all(left)
        if worker.order is not None:  # it may have been starting something meanwhile
            processes.end_all(processes.marked(worker.mark), wait=0.3)
        worker.process.stdout.close()
        with suppress(OSError):
            worker.process.stdin.close()  # type: ignore[union-attr]
        shutil.rmtree(worker.private, ignore_errors=True)
        return code

    def _let_be(self, worker: _Worker) -> None:
        """Leave a worker to itself; it sees that its input ends."""
        self._workers.remove(worker)
        assert worker.process.stdout is not None
        assert worker.process.stdin is not None
        self._selector.unregister(worker.process.stdout)
        worker.process.stdout.close()
        with suppress(OSError):
            worker.process.stdin.close()
        # Where this process lives on, it takes leave of it.
        threading.Thread(target=worker.process.wait, name="let be", daemon=True).start()

    def _next_kill(self) -> float:
        times = [w.killed_at for w in self._workers if w.killed_at is not None and w.order]
        return min(times, default=float("inf"))

    def _kill_late(self) -> None:
        now = monotonic()
        for worker in list(self._workers):
            late = worker.killed_at is not None and now >= worker.killed_at
            if late and worker.order is not None:
                self._lost(worker)
