"""The executor for Dask, with a client that answers from memory: no Dask is started."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe import wire
from nbpipe._version import __version__
from nbpipe.clusters import dask
from nbpipe.clusters.dask import DaskExecutor, executor_at
from nbpipe.errors import RunError, UsageError
from nbpipe.events import CellOutput, Note
from nbpipe.run.executors import Done, Lost, Told
from nbpipe.run.order import Order, Result

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER = Order("r", "t", 1, "k", {}, "python", "python3", "warm", "/p", "/p", "/s")


@dataclass
class Future:
    """What Dask gives for a task."""

    key: str
    resources: Any
    status: str = "pending"
    error: Exception | None = None
    over: Callable[[Any], None] = lambda _: None

    def add_done_callback(self, over: Callable[[Any], None]) -> None:
        self.over = over

    def exception(self) -> Exception | None:
        return self.error

    def end(self, status: str, error: Exception | None = None) -> None:
        self.status, self.error = status, error
        self.over(self)


@dataclass
class Client:
    """A cluster of workers that do what the test says."""

    threads: list[int] = field(default_factory=lambda: [1, 1])
    resources: dict[str, float] = field(default_factory=dict)
    id: str = "Client-1"
    status: str = "running"
    futures: list[Future] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    hear: Any = None

    def subscribe_topic(self, topic: str, handler: Any) -> None:
        assert topic == self.id
        self.hear = handler

    def unsubscribe_topic(self, topic: str) -> None:
        self.hear = None

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        workers = [{"nthreads": n, "resources": self.resources} for n in self.threads]
        return {"workers": {f"tcp://{i}": one for i, one in enumerate(workers)}}

    def submit(self, function: Any, text: str, owner: str, **how: Any) -> Future:
        assert (function, owner, how["retries"], how["pure"]) == (dask.work, self.id, 0, False)
        self.texts.append(text)
        self.futures.append(Future(how["key"], how["resources"]))
        return self.futures[-1]

    def cancel(self, futures: list[Future]) -> None:
        for future in futures:
            self.dropped.append(future.key)
            future.end("cancelled")

    def run(self, function: Any, *arguments: Any, on_error: str) -> dict[str, Any]:
        self.ran.append(function.__name__)
        return {}

    def close(self) -> None:
        self.status = "closed"

    def say(self, future: int = -1, **what: Any) -> None:
        """A Dask worker says something of a task, as a structured event."""
        text = json.dumps({"key": self.futures[future].key, **what})
        self.hear((1.0, {"nbpipe": text, "worker": "tcp://0"}))


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """An executor on a client from memory, past its look at the workers."""

    def __init__(self, jobs: int = 0, **more: Any) -> None:
        self.client, self.clock, self.ended = Client(**more), Clock(), 0
        self.executor = DaskExecutor(self.client, jobs, self._end, self.clock)
        self.executor._inspection._seen.add("python3")
        self.notes = self.poll()

    def _end(self) -> None:
        self.ended += 1

    def poll(self) -> list[Any]:
        return list(self.executor.poll(0))

    def order(self, **changes: Any) -> None:
        self.executor.submit(replace(ORDER, **changes))


def done(state: Any = "ok", **more: Any) -> Any:
    return wire.dump(Result("t", 1, state, 2.5, **more))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_cluster_is_told_of_and_its_threads_are_the_slots(bench: Bench) -> None:
    assert bench.notes == [Told(Note("Dask has 2 workers with 2 threads."))]
    assert bench.executor.slots == 2


def test_an_order_travels_whole_and_as_text(bench: Bench) -> None:
    bench.order(notebook={"cells": [{"source": "'\ud800'"}]}, parameters={"a": [1, None]})
    sent = wire.load(Order, json.loads(bench.client.texts[0]))
    assert (sent.notebook, sent.parameters) == (
        {"cells": [{"source": "'\ud800'"}]},
        {"a": [1, None]},
    )
    assert bench.client.futures[0].key.startswith("nbpipe-t-")


def test_events_and_the_verdict_come_in_their_order(bench: Bench) -> None:
    bench.order()
    first, second = CellOutput("t", "c", "stdout", "a"), CellOutput("t", "c", "stdout", "b")
    bench.client.say(began="tcp://0")
    bench.client.say(told=[wire.dump_event(first), wire.dump_event(second)])
    bench.client.say(done=done(metrics={"m": 1.0}))
    bench.client.futures[0].end("finished")
    result = Result("t", 1, "ok", 2.5, metrics={"m": 1.0})
    assert bench.poll() == [Told(first), Told(second), Done(result)]
    assert bench.poll() == []


def test_what_others_say_is_passed_over(bench: Bench) -> None:
    bench.order()
    bench.client.hear((1.0, {"action": "cancel", "count": 1}))
    bench.client.hear((1.0, "text"))
    bench.client.hear((1.0, {"nbpipe": json.dumps({"key": "another", "done": done()})}))
    assert bench.poll() == []


def test_a_second_start_says_that_the_first_was_lost(bench: Bench) -> None:
    bench.order()
    bench.client.say(began="tcp://0")
    bench.client.say(lost="the Dask worker that had it ended")
    assert bench.poll() == [Lost("t", 1, "the Dask worker that had it ended")]
    assert bench.client.dropped == [bench.client.futures[0].key]


def test_a_task_that_dask_gives_up_is_lost_with_its_reason(bench: Bench) -> None:
    bench.order()
    bench.client.say(began="tcp://0")
    bench.client.futures[0].end("error", RuntimeError("KilledWorker"))
    (lost,) = bench.poll()
    assert isinstance(lost, Lost)
    assert "tcp://0 could not carry it out: RuntimeError: KilledWorker" in lost.why


def test_a_task_that_ends_without_a_verdict_is_lost(bench: Bench) -> None:
    bench.order()
    bench.client.futures[0].end("finished")
    (lost,) = bench.poll()
    assert isinstance(lost, Lost)
    assert "without a verdict" in lost.why


def test_an_order_that_no_worker_took_up_is_cancelled_at_once(bench: Bench) -> None:
    bench.order()
    bench.executor.cancel("t")
    assert bench.poll() == [Done(Result("t", 1, "cancelled", 0.0))]
    assert bench.client.dropped == [bench.client.futures[0].key]


def test_a_cancelled_order_is_told_by_the_worker_that_has_it(bench: Bench) -> None:
    bench.order()
    bench.client.say(began="tcp://0")
    bench.poll()
    bench.executor.cancel("t")
    bench.executor.cancel("t")
    assert bench.poll() == []
    bench.client.say(done=done("cancelled"))
    assert bench.poll() == [Done(Result("t", 1, "cancelled", 2.5))]
    assert len(bench.client.dropped) == 1


def test_a_worker_that_does_not_answer_a_cancellation_is_not_waited_for(bench: Bench) -> None:
    bench.order()
    bench.client.say(began="tcp://0")
    bench.poll()
    bench.executor.cancel("t")
    bench.clock.now += bench.executor.cancel_within - 0.1
    assert bench.poll() == []
    bench.clock.now += 0.2
    assert bench.poll() == [Done(Result("t", 1, "cancelled", 0.0))]
    bench.client.say(done=done("cancelled"))
    assert bench.poll() == []


def test_the_slots_grow_and_shrink_with_the_cluster(bench: Bench) -> None:
    for threads, slots in (([4, 4, 1], 9), ([1], 1), ([], 1), ([2], 2)):
        bench.client.threads = threads
        bench.clock.now += dask.REFRESH
        bench.poll()
        assert bench.executor.slots == slots


def test_a_number_of_jobs_is_kept_whatever_the_cluster_has() -> None:
    bench = Bench(jobs=7)
    bench.clock.now += dask.REFRESH
    bench.poll()
    assert bench.executor.slots == 7


def test_a_cluster_without_workers_is_told_once_and_waited_for(bench: Bench) -> None:
    bench.client.threads = []
    notes = []
    for _ in range(3):
        bench.clock.now += dask.REFRESH
        notes += bench.poll()
    (told,) = notes
    assert told.event.level == "warning"
    assert "no worker now" in told.event.text
    bench.client.threads = [1]
    bench.clock.now += dask.REFRESH
    assert bench.poll() == [Told(Note("Dask has 1 worker with 1 thread."))]


def test_what_a_step_asks_for_is_asked_in_the_words_of_the_cluster() -> None:
    bench = Bench(resources={"GPU": 2, "Memory": 8e9})
    bench.order(gpu=1, memory=1 << 30, cpu=4)
    assert bench.client.futures[0].resources == {"GPU": 1, "Memory": float(1 << 30)}
    assert bench.poll() == []


def test_a_cluster_that_declares_nothing_is_asked_for_nothing(bench: Bench) -> None:
    bench.order(memory=1 << 30, cpu=4)
    assert bench.client.futures[0].resources is None


@pytest.mark.parametrize(
    ("declared", "said"),
    [({}, "1 gpu, which no Dask worker declares"), ({"GPU": 0.5}, "no Dask worker has more than")],
)
def test_a_request_that_no_worker_can_meet_is_said(declared: Any, said: str) -> None:
    bench = Bench(resources=declared)
    bench.order(gpu=1)
    (told,) = bench.poll()
    assert (told.event.task, told.event.level) == ("t", "warning")
    assert said in told.event.text


def test_while_the_connection_is_gone_orders_are_held(bench: Bench) -> None:
    bench.order()
    bench.client.status = "connecting"
    bench.client.futures[0].end("cancelled")
    (lost,) = bench.poll()
    assert isinstance(lost, Lost)
    bench.order(attempt=2)
    bench.poll()
    assert len(bench.client.futures) == 1
    bench.client.status = "running"
    bench.poll()
    assert len(bench.client.futures) == 2


def test_held_orders_are_cancelled_too(bench: Bench) -> None:
    bench.client.status = "connecting"
    bench.order()
    bench.executor.cancel("t")
    assert bench.poll() == [Done(Result("t", 1, "cancelled", 0.0))]


def test_a_connection_that_does_not_come_back_ends_the_run(bench: Bench) -> None:
    bench.client.status = "closed"
    with pytest.raises(RunError, match="nbpipe resume"):
        bench.poll()


def test_closing_ends_what_the_workers_keep_and_then_the_cluster(bench: Bench) -> None:
    bench.order()
    bench.executor.close()
    assert bench.client.ran == ["end_crew"]
    assert bench.client.dropped == [bench.client.futures[0].key]
    assert bench.client.hear is None
    assert (bench.client.status, bench.ended) == ("closed", 1)


def test_closing_after_the_connection_was_lost_asks_nobody(bench: Bench) -> None:
    bench.client.status = "closed"
    bench.executor.close()
    assert (bench.client.ran, bench.ended) == ([], 1)


def test_the_workers_are_looked_at_before_the_first_order() -> None:
    client = Client()
    executor = DaskExecutor(client)
    client.run = lambda *_, **__: {"tcp://0": "0.0.1"}  # type: ignore[method-assign, assignment]
    with pytest.raises(UsageError, match=rf"0\.0\.1, and this is nbpipe {__version__}"):
        executor.submit(ORDER)
    assert client.futures == []


@pytest.mark.parametrize("address", ["dask://ann:pw@h:1", "dask://h:1?token=abc"])
def test_an_address_with_a_secret_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT and nothing else") as caught:
        executor_at(address)
    assert "pw" not in str(caught.value)
    assert "abc" not in str(caught.value)


def test_without_dask_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'jupyterlab-nbpipe\[dask\]'"):
        executor_at("dask://h:1")
