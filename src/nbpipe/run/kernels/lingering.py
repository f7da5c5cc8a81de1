"""Kernels of failed steps that live on for a while, until somebody takes them or nobody does.

Whoever starts a run may offer to take them: it listens on a Unix socket, to which the worker
connects for each kernel. The worker says what the kernel is; the answer says how long it waits
and how much it may hold. From then on the open connection is the kernel's life: when either
end closes it, the kernel is ended. The worker stays its supervisor, and its leash holds.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from nbpipe.run import processes
from nbpipe.run.kernels.hearing import Hearing
from nbpipe.run.kernels.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe.run.kernels.seats import Seat
    from nbpipe.run.order import Order

READY_WITHIN = 10.0
"""Seconds that a kernel has to open its sockets."""

LOOK = 0.5
"""Seconds between two looks at a kernel that nobody says anything about."""

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")


@dataclass(frozen=True, slots=True)
class Offer:
    """What whoever takes kernels allows one: seconds until it is taken, bytes that it holds."""

    seconds: float
    memory: int


def connection_at(place: str) -> dict[str, Any]:
    """Return a connection file's content: sockets at a path, and a key."""
    ports = {f"{name}_port": number for number, name in enumerate(CHANNELS, 1)}
    return {
        **ports, "transport": "ipc", "ip": place, "key": secrets.token_hex(16),
        "signature_scheme": "hmac-sha256", "kernel_name": "",
    }  # fmt: skip


class Lingering:
    """The kernel of a worker that lives on; where another one comes, it ends.

    Parameters
    ----------
    tell
        Called with whether there is one, whenever that may have changed.
    """

    def __init__(self, tell: Callable[[bool], None]) -> None:
        self._tell = tell
        self._all: list[_One] = []
        self._lock = threading.Lock()

    def take(self, seat: Seat, order: Order) -> None:
        """Let a kernel live on; from here on its process is looked after here."""
        self.hasten()
        one = _One(seat, order, self._ended)
        with self._lock:
            self._all.append(one)
            self._tell(True)
        one.start()

    def _ended(self, one: _One) -> None:
        with self._lock:
            self._all.remove(one)
            self._tell(bool(self._all))

    def pids(self) -> frozenset[int]:
        """Return the processes that are left alone when an order is through."""
        alive = [one.pid for one in list(self._all)]
        return frozenset(
            process.pid for pid in alive if pid is not None for process in processes.tree(pid)
        )

    def stay(self) -> None:
        """Return when there is none any more."""
        for one in list(self._all):
            one.join()

    def hasten(self) -> None:
        """Have all end soon, without waiting for it; safe in a signal handler."""
        for one in list(self._all):
            one.over.set()


class _One(threading.Thread):
    """Looks after one kernel until its end."""

    def __init__(self, seat: Seat, order: Order, ended: Callable[[_One], None]) -> None:
        super().__init__(name="lingering", daemon=True)
        assert seat.process is not None
        self.seat, self.order, self.process = seat, order, seat.process
        self.over = threading.Event()
        self._ended = ended
        self._place = str(Path(order.linger).parent / secrets.token_hex(4))
        self._connection = connection_at(self._place)
        self._taken = False

    @property
    def pid(self) -> int | None:
        """The kernel's process; None when it has ended."""
        return self.process.pid if self.process.poll() is None else None

    def run(self) -> None:
        """Have it open its sockets, offer it, and end it when the time has come."""
        try:
            if self._opens():
                with socket.socket(socket.AF_UNIX) as end:
                    end.settimeout(READY_WITHIN)
                    end.connect(self.order.linger)
                    self._attend(end)
        except (OSError, ValueError):
            pass  # whoever wanted it is gone, or does not speak our language
        finally:
            self._finish()

    def _opens(self) -> bool:
        """Ask the kernel for sockets; returns whether it has them."""
        file = f"{self._place}.json"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            json.dump(self._connection, stream)
        hearing = Hearing(self.seat)
        hearing.say({"linger": ["-f", file, "--HistoryManager.hist_file=:memory:"]})
        until = monotonic() + READY_WITHIN
        while monotonic() < until and not hearing.over and not self.over.is_set():
            for kind, told in hearing.listen(LOOK):
                if kind == "message" and told["msg_type"] == "lingers":
                    return True
        return False

    def _attend(self, end: socket.socket) -> None:
        order = self.order
        about = {
            "run": order.run, "task": order.task, "attempt": order.attempt,
            "kernel": order.kernel, "connection": self._connection,
        }  # fmt: skip
        end.sendall(json.dumps(about).encode() + b"\n")
        file = end.makefile("rb", buffering=0)  # what is in a buffer, `select` does not see
        offer = Offer(**json.loads(file.readline()))
        supervisor = self._watched(offer)
        try:
            until = monotonic() + offer.seconds
            while self._lives(until, supervisor):
                if select.select([end], [], [], LOOK)[0]:
                    line = file.readline()
                    if not line:
                        return
                    self._heed(json.loads(line))
        finally:
            supervisor.unwatch()
            supervisor.close()

    def _watched(self, offer: Offer) -> Supervisor:
        """Have the memory watched, but not twenty times a second: it mostly waits."""
        limits = [limit for limit in (offer.memory, self.order.memory) if limit]
        supervisor = Supervisor(None, min(limits, default=None), lambda: None)
        supervisor.period = LOOK
        supervisor.watch(self.process.pid)
        return supervisor

    def _lives(self, until: float, supervisor: Supervisor) -> bool:
        wanted = self._taken or monotonic() < until
        return (
            wanted and not self.over.is_set() and supervisor.cause is None and self.pid is not None
        )

    def _heed(self, message: dict[str, Any]) -> None:
        """Do what the taker says: that it has it now, or a signal to be sent."""
        self._taken = self._taken or bool(message.get("taken"))
        if "signal" in message and self.pid is not None:
            processes.send(self.process.pid, signal.Signals(message["signal"]))

    def _finish(self) -> None:
        left = processes.tree(self.process.pid) if self.pid is not None else []
        self.seat.drop()
        processes.end_all(left, wait=0.2)
        for number in range(1, len(CHANNELS) + 1):
            with suppress(OSError):
                os.unlink(f"{self._place}-{number}")
        with suppress(OSError):
            os.unlink(f"{self._place}.json")
        self._ended(self)
