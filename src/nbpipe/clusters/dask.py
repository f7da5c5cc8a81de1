"""Dask distributed: orders are carried out by nbpipe's own workers, beside those of Dask.

A Dask task does nothing but attend to one order: it hands it to a worker process of nbpipe that
is kept beside the Dask worker, and passes on what that tells. Events and the verdict travel as
Dask's structured events under the client's name; values travel through the store.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import queue
import shutil
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from nbpipe import wire
from nbpipe.clusters.crew import Crew, attend
from nbpipe.clusters.inspection import Inspection
from nbpipe.errors import RunError, UsageError
from nbpipe.events import Note
from nbpipe.run.executors import Done, Lost, Told
from nbpipe.run.local import LocalExecutor
from nbpipe.run.order import Order, Result
from nbpipe.run.scratch import private_folder
from nbpipe.run.targets import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nbpipe.events import Event
    from nbpipe.run.executors import Message
    from nbpipe.run.targets import Make

INSTALL = "pip install 'jupyterlab-nbpipe[dask]'"

CONNECT = 10.0
"""Seconds that a scheduler has to answer."""

REFRESH = 2.0
"""Seconds between two looks at which workers there are."""

_CHANNEL = "nbpipe"
"""Under this name our messages lie in Dask's events."""


def executor_at(address: str) -> Make:
    """Return what connects to the Dask cluster at an address (entry point ``dask``).

    Parameters
    ----------
    address
        ``dask://HOST:PORT`` for a scheduler, ``dask+tls://HOST:PORT`` for one that is reached
        over TLS, ``dask:///FILE`` for a scheduler file; ``dask://`` alone starts worker
        processes on this machine, which end with the run.

    Raises
    ------
    UsageError
        If Dask is not installed, or the address is none of these.
    """
    if find_spec("distributed") is None:
        raise UsageError(f"Running on {shown(address)} needs Dask. Install it: {INSTALL}")
    parsed = urlsplit(address)
    if "@" in parsed.netloc or parsed.query:
        raise UsageError(
            f"{shown(address)}: a Dask address is HOST:PORT and nothing else. Certificates are "
            "set in Dask's own configuration (distributed.comm.tls)."
        )
    if not parsed.netloc and not parsed.path:
        return _start
    return lambda jobs: DaskExecutor(_connect(address), jobs)


def _connect(address: str) -> Any:
    from distributed import Client

    parsed = urlsplit(address)
    protocol = parsed.scheme.partition("+")[2] or "tcp"
    where: dict[str, Any] = (
        {"address": f"{protocol}://{parsed.netloc}"}
        if parsed.netloc
        else {"scheduler_file": parsed.path}
    )
    try:
        return Client(**where, name="nbpipe", set_as_default=False, timeout=CONNECT)
    except (OSError, ValueError) as error:
        raise RunError(
            f"No Dask scheduler answers at {address} ({error}). Nothing was run."
        ) from error


def _start(jobs: int) -> DaskExecutor:
    """Start Dask workers on this machine; they end with the executor."""
    folder = private_folder()
    try:
        client, cluster = _local_cluster(jobs or os.cpu_count() or 1, folder)
    except (OSError, RuntimeError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise RunError(
            f"Dask workers could not be started on this machine ({error}). A script must start "
            'runs below `if __name__ == "__main__":`.'
        ) from error

    def end() -> None:
        cluster.close()
        shutil.rmtree(folder, ignore_errors=True)

    return DaskExecutor(client, jobs, end)


def _local_cluster(workers: int, folder: Path) -> tuple[Any, Any]:
    """Return a client and its cluster of worker processes; nobody else can connect to it."""
    from dask import config
    from distributed import Client, LocalCluster, WorkerPlugin
    from distributed.security import Security

    class Deaf(WorkerPlugin):  # type: ignore[misc]
        """Ctrl-C in a terminal goes to all processes; these are ended by the run."""

        name = "nbpipe-deaf"

        def setup(self, worker: Any) -> None:
            import signal

            signal.signal(signal.SIGINT, signal.SIG_IGN)

    security = Security.temporary()
    own: dict[str, Any] = {"temporary-directory": str(folder)}
    own["distributed.nanny.pre-spawn-environ"] = {}  # kernels have the environment of this process
    own |= {f"distributed.{who}.http.routes": [] for who in ("scheduler", "worker")}
    with config.set(own):
        cluster = LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, memory_limit=0,
            dashboard_address=None, silence_logs=logging.CRITICAL, host="127.0.0.1",
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            protocol="tls://", security=security,
        )  # fmt: skip
    client = Client(cluster, name="nbpipe", set_as_default=False, security=security)
    client.register_plugin(Deaf())
    return client, cluster


@dataclass(slots=True)
class _Flight:
    """An order that is with Dask: its future, and the Dask worker that took it up."""

    order: Order
    future: Any
    worker: str = ""
    cancelled_at: float | None = None


class DaskExecutor:
    """Carries orders out on the workers of a Dask cluster.

    Parameters
    ----------
    client
        A `distributed.Client` of its own; closed with the executor.
    jobs
        How many orders Dask is given at a time; 0 for as many as its workers have threads,
        which follows the cluster as it grows and shrinks.
    end
        Called at last.
    clock
        Tells the time in seconds.

    Notes
    -----
    Dask starts a task again by itself if its worker dies. Such a second start does nothing but
    report that the first was lost, so retries are the engine's alone.
    """

    cancel_within = 3.0
    """Seconds that a Dask worker has to end an order and say so."""

    def __init__(
        self,
        client: Any,
        jobs: int = 0,
        end: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.client, self.jobs, self.end, self.clock = client, jobs, end, clock
        self.slots = max(1, jobs)
        self._flights: dict[str, _Flight] = {}
        self._held: list[Order] = []
        self._ready: list[Message] = []
        self._inbox: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        self._resources: dict[str, tuple[str, float]] = {}
        self._workers = -1
        self._looked_at = float("-inf")
        self._inspection = Inspection(self._ask)
        client.subscribe_topic(client.id, self._hear)
        self._look()

    def submit(self, order: Order) -> None:
        """Take an order; the first one is preceded by a look at all workers.

        Raises
        ------
        UsageError, StoreError
            If the workers are of another version or do not see the store or the project.
        """
        self._note(*self._inspection.before(order))
        self._held.append(order)
        self._send()

    def poll(self, timeout: float) -> Sequence[Message]:
        """Return what has come in, waiting at most `timeout` seconds for the first."""
        until = self.clock() + timeout
        while True:
            self._look()
            self._send()
            self._receive(0.0 if self._ready else max(0.0, self._next(until) - self.clock()))
            self._give_up()
            if self._ready or self.clock() >= until:
                messages, self._ready = tuple(self._ready), []
                return messages

    def cancel(self, task: str) -> None:
        """End the task's attempt; its Dask worker sees that nobody wants it any more."""
        for order in [held for held in self._held if held.task == task]:
            self._held.remove(order)
            self._cancelled(order)
        for key, flight in list(self._flights.items()):
            if flight.order.task == task and flight.cancelled_at is None:
                flight.cancelled_at = self.clock()
                self._drop(flight)
                if not flight.worker:
                    del self._flights[key]
                    self._cancelled(flight.order)

    def close(self) -> None:
        """End what is under way and what was kept beside the Dask workers, and disconnect."""
        for task in {flight.order.task for flight in self._flights.values()}:
            self.cancel(task)
        until = self.clock() + self.cancel_within
        while self._flights and self.client.status == "running" and self.clock() < until:
            self._receive(0.1)
        with suppress(Exception):  # whatever ails the cluster, it is left now
            if self.client.status == "running":
                self.client.run(end_crew, self.client.id, on_error="ignore")
                self.client.unsubscribe_topic(self.client.id)
        with suppress(OSError, TimeoutError):
            self.client.close()
        self.end()

    # to the cluster

    def _send(self) -> None:
        """Hand over what is held, as soon as there is a connection."""
        if self.client.status == "closed":
            raise RunError(
                "The connection to the Dask scheduler was lost. What ended is kept; "
                "`nbpipe resume` goes on from there."
            )
        while self._held and self.client.status == "running":
            order = self._held.pop(0)
            key = f"nbpipe-{order.task}-{uuid4().hex}"
            text = json.dumps(wire.dump(order))
            future = self.client.submit(
                work, text, self.client.id, key=key, pure=False, retries=0,
                resources=self._wants(order) or None,
            )  # fmt: skip
            self._flights[key] = _Flight(order, future)
            future.add_done_callback(lambda _, key=key: self._inbox.put((key, {"over": True})))

    def _ask(self, function: Any, *arguments: Any) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.client.run(function, *arguments, on_error="return")
        return found

    def _drop(self, flight: _Flight) -> None:
        with suppress(OSError, TimeoutError):
            self.client.cancel([flight.future])

    def _wants(self, order: Order) -> dict[str, float]:
        """Return the order's requests in the words that the cluster has."""
        asked = {"cpu": order.cpu, "memory": float(order.memory or 0), "gpu": float(order.gpu)}
        wants = {}
        for kind, amount in asked.items():
            name, most = self._resources.get(kind, ("", 0.0))
            if amount and name:
                wants[name] = amount
            if amount > most and (name or kind == "gpu"):
                self._note(Note(_lacking(kind, amount, most), order.task, "warning"))
        return wants

    def _look(self) -> None:
        """See how many threads and which resources the workers have now."""
        now = self.clock()
        if now - self._looked_at < REFRESH or self.client.status != "running":
            return
        self._looked_at = now
        with suppress(OSError, TimeoutError):
            workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
            threads = sum(worker["nthreads"] for worker in workers)
            self.slots = self.jobs or max(1, threads)
            self._resources = _declared(worker["resources"] for worker in workers)
            if bool(workers) != (self._workers > 0):
                self._tell_workers(len(workers), threads)
            self._workers = len(workers)

    def _tell_workers(self, workers: int, threads: int) -> None:
        if workers:
            counts = _counted(workers, "worker"), _counted(threads, "thread")
            self._note(Note("Dask has {} with {}.".format(*counts)))
        else:
            text = "Dask has no worker now; steps wait until there is one."
            self._note(Note(text, level="warning"))

    # from the cluster

    def _hear(self, event: tuple[float, Any]) -> None:
        """Take a structured event, in the client's own thread."""
        _, message = event
        if isinstance(message, dict) and _CHANNEL in message:
            said = json.loads(message[_CHANNEL])
            self._inbox.put((said.pop("key"), said))

    def _receive(self, wait: float) -> None:
        """Take in what was heard, waiting at most so long for the first."""
        with suppress(queue.Empty):
            self._take(*self._inbox.get(timeout=wait) if wait else self._inbox.get_nowait())
            while True:
                self._take(*self._inbox.get_nowait())

    def _take(self, key: str, said: dict[str, Any]) -> None:
        flight = self._flights.get(key)
        if flight is None:
            return
        match said:
            case {"began": worker}:
                flight.worker = worker
            case {"told": events}:
                self._ready += [Told(wire.load_event(event)) for event in events]
            case {"done": result}:
                del self._flights[key]
                self._ready.append(Done(wire.load(Result, result)))
            case {"lost": why}:
                self._lost(key, flight, why)
            case {"over": _} if flight.cancelled_at is None:
                self._lost(key, flight, _why(flight))
            case _:
                pass

    def _lost(self, key: str, flight: _Flight, why: str) -> None:
        del self._flights[key]
        self._drop(flight)
        order = flight.order
        if flight.cancelled_at is None:
            self._ready.append(Lost(order.task, order.attempt, why))
        else:
            self._cancelled(order)

    def _next(self, until: float) -> float:
        times = [f.cancelled_at for f in self._flights.values() if f.cancelled_at is not None]
        return min([until, self._looked_at + REFRESH, *(t + self.cancel_within for t in times)])

    def _give_up(self) -> None:
        """Wait no longer for workers that were told to end an order and do not say so."""
        for key, flight in list(self._flights.items()):
            at = flight.cancelled_at
            if at is not None and self.clock() >= at + self.cancel_within:
                del self._flights[key]
                self._cancelled(flight.order)

    def _cancelled(self, order: Order) -> None:
        self._ready.append(Done(Result(order.task, order.attempt, "cancelled", 0.0)))

    def _note(self, *notes: Note) -> None:
        self._ready += [Told(note) for note in notes]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _declared(resources: Any) -> dict[str, tuple[str, float]]:
    """Return what workers declare: small name → name as declared, and the most that one has."""
    found: dict[str, tuple[str, float]] = {}
    for declared in resources:
        for name, amount in declared.items():
            _, most = found.get(name.lower(), (name, 0.0))
            found[name.lower()] = (name, max(most, amount))
    return found


def _lacking(kind: str, amount: float, most: float) -> str:
    if not most:
        return f"It asks for {amount:g} {kind}, which no Dask worker declares; it runs anywhere."
    return f"It asks for {amount:g} {kind}; no Dask worker has more than {most:g}, so it waits."


def _why(flight: _Flight) -> str:
    """Say why a future came to an end without a verdict."""
    where = f"the Dask worker {flight.worker}" if flight.worker else "Dask"
    if flight.future.status != "error":
        return f"{where} gave it up without a verdict"
    error = flight.future.exception()
    return f"{where} could not carry it out: {type(error).__name__}: {str(error)[:500]}"


# on the Dask workers

_crew = Crew(lambda: LocalExecutor(1))
"""What this process keeps; empty wherever no order was carried out."""


def work(text: str, owner: str) -> None:
    """Carry out an order on this Dask worker and tell the client `owner` of it."""
    from distributed import Event as Flag
    from distributed import get_worker

    host = get_worker()
    key = host.get_current_task()
    order = wire.load(Order, json.loads(text))

    def say(**what: Any) -> None:
        host.log_event(owner, {_CHANNEL: json.dumps({"key": key, **what})})

    def wanted() -> bool:
        state = host.state.tasks.get(key)
        alive = host.status.name in ("running", "paused", "closing_gracefully")
        return alive and state is not None and state.state != "cancelled"

    def tell(events: Sequence[Event]) -> None:
        say(told=[wire.dump_event(event) for event in events])

    begun = Flag(f"{key}-begun")
    if begun.is_set():  # only Dask starts it again, and only after its worker died
        say(lost="the Dask worker that had it ended")
    else:
        begun.set()
        say(began=host.address)
        with _crew.lent(owner) as executor:
            end = attend(executor, order, tell, wanted)
        say(**{"done": wire.dump(end.result)} if isinstance(end, Done) else {"lost": end.why})
        if not wanted():  # the run is being stopped, or died without a word
            _crew.clear(owner)
    begun.clear()


async def end_crew(owner: str) -> int:
    """End what this Dask worker keeps for a client; returns how many worker processes."""
    return await asyncio.to_thread(_crew.end, owner)
