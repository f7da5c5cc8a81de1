"""The worker: reads orders, carries out one at a time, writes what happens and the result.

``python -P -m nbpipe.run.worker`` reads ``{"order": …}`` and ``{"cancel": TASK}`` from standard
input, one JSON object a line, and writes ``{"told": EVENT}``, ``{"done": RESULT}``, and
``{"lingers": BOOL}`` when a failed step's kernel begins or ends to live on: it stays with it.
With ``--order FILE --result FILE`` it carries out that one order.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import shutil
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbpipe import wire
from nbpipe.kernelside.failpoints import reach
from nbpipe.run import processes
from nbpipe.run.kernels.lingering import Lingering
from nbpipe.run.kernels.templates import Templates
from nbpipe.run.order import Order
from nbpipe.run.scratch import private_folder, write_atomically
from nbpipe.run.task import Desk, carry_out

if TYPE_CHECKING:
    from nbpipe.events import Event
    from nbpipe.run.kernels.supervisor import Cause, Supervisor

EXIT_CODES = {"ok": 0, "cancelled": 130, "interrupted": 130}


class Wishes:
    """What others want of the order under way; safe from any thread and signal handler."""

    def __init__(self) -> None:
        self._supervisor: Supervisor | None = None
        self._wish: Cause | None = None

    def attend(self, supervisor: Supervisor | None) -> None:
        """From now on wishes go to `supervisor`; one that came before it goes there too."""
        self._supervisor = supervisor
        if supervisor is not None and self._wish is not None:
            supervisor.end(self._wish)

    def forget(self) -> None:
        """A new order came; what was wished for the one before it is over."""
        self._wish = None

    def end(self, cause: Cause) -> None:
        """End what is under way, or what is about to be."""
        self._wish = cause
        supervisor = self._supervisor
        if supervisor is not None:
            supervisor.end(cause)


class Line:
    """The way to the engine: a private copy of standard output, which prints cannot spoil."""

    def __init__(self) -> None:
        self._file = os.dup(1)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Write one message; where nobody reads any more, the inbox notices it."""
        data = json.dumps(message).encode() + b"\n"
        with self._lock, suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._file, data) :]

    def tell(self, event: Event) -> None:
        """Write an event."""
        self.send({"told": wire.dump_event(event)})


class _Inbox:
    """Reads standard input in a thread: orders wait, cancellations act at once."""

    def __init__(self, wishes: Wishes) -> None:
        self.orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._wishes = wishes
        self._task = ""
        threading.Thread(target=self._read, name="inbox", daemon=True).start()

    def _read(self) -> None:
        with os.fdopen(os.dup(0), "rb") as file:
            for line in file:
                message = json.loads(line)
                if "order" in message:
                    self._wishes.forget()
                    self._task = message["order"]["task"]
                    self.orders.put(wire.load(Order, message["order"]))
                elif message.get("cancel") == self._task:
                    self._wishes.end("cancelled")
        self._wishes.end("interrupted")  # the engine is gone
        self.orders.put(None)


def _serve(private: Path, wishes: Wishes) -> int:
    line, templates = Line(), Templates(private)
    lingering = Lingering(lambda there: line.send({"lingers": there}))
    desk = Desk(private, _mark(), line.tell, wishes.attend, templates, lingering)
    inbox = _Inbox(wishes)
    _warm_up()
    try:
        while (order := inbox.orders.get()) is not None:
            reach("order-taken")
            result = carry_out(order, desk)
            reach("verdict-reached")
            line.send({"done": wire.dump(result)})
            reach("verdict-sent")
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, lambda *_: lingering.hasten())
        lingering.stay()
    finally:
        _leave_nothing(templates)
    return 0


def _leave_nothing(templates: Templates) -> None:
    """End the templates and everything else below this process."""
    templates.close()
    processes.end_all(processes.below(os.getpid()))
    processes.reap()


def _warm_up() -> None:
    """Import what every order needs, while the first one is still being written."""
    from nbpipe.run.kernels import carry

    carry.engine("warm")


def _once(order_file: Path, result_file: Path, private: Path, wishes: Wishes) -> int:
    line, templates = Line(), Templates(private, spares=False)
    order = wire.load(Order, json.loads(order_file.read_bytes()))
    desk = Desk(private, _mark(), line.tell, wishes.attend, templates)
    try:
        result = carry_out(order, desk)
    finally:
        _leave_nothing(templates)
    write_atomically(result_file, json.dumps(wire.dump(result)).encode())
    return EXIT_CODES.get(result.state, 1)


def _mark() -> str:
    return os.environ.get(processes.MARK) or f"worker-{os.getpid()}"


def main(arguments: list[str] | None = None) -> int:
    """Run the worker and return its exit code."""
    parser = argparse.ArgumentParser(prog="nbpipe.run.worker", description=__doc__)
    parser.add_argument("--order", type=Path, help="carry out this one order")
    parser.add_argument("--result", type=Path, help="where its result is written")
    parser.add_argument("--private", type=Path, help="short folder of mode 0700 for sockets")
    parser.add_argument("--parent", type=int, help="id of the executor's process")
    chosen = parser.parse_args(arguments)
    processes.adopt_orphans()
    wishes = Wishes()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: wishes.end("interrupted"))
    private = chosen.private or private_folder()
    try:
        if chosen.order is None:
            return _serve(private, wishes)
        return _once(chosen.order, chosen.result, private, wishes)
    finally:
        orphan = chosen.parent is not None and os.getppid() != chosen.parent
        if chosen.private is None or orphan:
            shutil.rmtree(private, ignore_errors=True)
        if orphan and chosen.private is not None:
            with suppress(OSError):  # the folder of an executor that was killed
                private.parent.rmdir()


if __name__ == "__main__":
    sys.exit(main())
