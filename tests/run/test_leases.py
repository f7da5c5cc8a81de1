"""Two runs at once: the same work is done by one of them, and the other takes what it gave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbpipe.events import Note, TaskFinished
from nbpipe.run.conduct import Conduct
from nbpipe.run.engine import Pass
from nbpipe.run.memory import ScriptedExecutor
from nbpipe.run.order import Result
from nbpipe.run.project import open_project
from nbpipe.run.runs import prepare
from nbpipe.store import leases
from nbpipe.store.engines import this_engine
from nbpipe.store.rows import NewRun, StoredResult
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.events import Event
    from tests.conftest import WriteNotebook

DEAD = replace(this_engine(), process="an earlier boot/1")


def begun(store: Store, *runs: str) -> None:
    for run in runs:
        store.ledger.begin_run(NewRun(run, "/p"))
        store.ledger.claim(run)


def test_a_key_is_leased_to_one_run_until_its_task_ended(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        begun(store, "a", "b")
        assert leases.take(store.ledger, "a", "k") == ""
        assert leases.take(store.ledger, "a", "k") == ""
        assert leases.take(store.ledger, "b", "k") == "a"
        assert leases.take(store.ledger, "b", "other") == ""
        store.ledger.record("a", TaskFinished("t", "failed", 1.0, key="k"))
        assert leases.take(store.ledger, "b", "k") == ""
        assert leases.take(store.ledger, "a", "k") == "b"


def test_the_lease_of_a_dead_engine_is_taken_over_whatever_the_clock_says(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        begun(store, "a", "b")
        leases.take(store.ledger, "a", "k")
        for hour in (-3600.0, 3600.0):
            now = store.ledger.clock() + hour
            store.ledger.clock = lambda now=now: now  # type: ignore[misc]
            assert leases.take(store.ledger, "b", "k") == "a"
        store.ledger.release("a")
        store.ledger.claim("a", DEAD)
        leases.take(store.ledger, "a", "k2")
        assert leases.take(store.ledger, "b", "k2") == ""


def test_what_another_run_is_making_is_waited_for_and_reused(
    tmp_path: Path, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "x = 1"), ("step:b", "y = x"))
    with Store.open(tmp_path / ".nbpipe") as store:
        planner = prepare(open_project(tmp_path), store, {})
        key = planner.consider(planner.pipeline.steps[0]).key
        begun(store, "other", "mine")
        leases.take(store.ledger, "other", key)
        told: list[Event] = []

        def tell(event: Event) -> None:
            told.append(event)
            if isinstance(event, Note) and "Run other is making the same" in event.text:
                end = TaskFinished("a", "ok", 1.0, key=key)
                result = StoredResult(key, "other", "a", str(tmp_path), "a", unbound=("x",))
                store.ledger.record_all("other", [end], [result])

        executor = ScriptedExecutor(lambda order: Result(order.task, order.attempt, "ok", 0.1))
        conduct = Conduct(
            "mine", tell, lambda _: None, lambda _: None,
            lease=lambda key: leases.take(store.ledger, "mine", key),
        )  # fmt: skip
        assert Pass(planner, executor, conduct).carry_out() == "ok"
        assert [order.task for order in executor.orders] == ["b"]
