"""Two runs at once: the same work is done by one of them, and the other takes what it gave."""

from __future__ import annotations

import os
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

from nbpipe.events import Artifact, Note, TaskFinished
from nbpipe.run.conduct import Conduct
from nbpipe.run.engine import Pass
from nbpipe.run.memory import ScriptedExecutor
from nbpipe.run.order import Result
from nbpipe.run.project import open_project
from nbpipe.run.runs import Job, carry_out, prepare
from nbpipe.store import leases
from nbpipe.store.engines import this_engine
from nbpipe.store.rows import NewRun, StoredResult
from nbpipe.store.store import Store
from tests import aftermath

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.events import Event
    from nbpipe.run.order import Order
    from tests.conftest import WriteNotebook

RUNS = int(os.environ.get("NBPIPE_TEST_RUNS", "20"))
DEAD = replace(this_engine(), process="an earlier boot/1")


def begun(store: Store, *runs: str) -> None:
    for run in runs:
        store.ledger.begin_run(NewRun(run, "/p"))
        store.ledger.claim(run)


def test_a_key_is_leased_to_one_run_until_its_task_ended(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        begun(store, "a", "b")
        assert leases.take(store.ledger, "a", "k") == ("", False)
        assert leases.take(store.ledger, "a", "k") == ("", False)
        assert leases.take(store.ledger, "b", "k")[0] == "a"
        assert leases.take(store.ledger, "b", "other")[0] == ""
        store.ledger.record("a", TaskFinished("t", "failed", 1.0, key="k"))
        assert leases.take(store.ledger, "b", "k")[0] == ""
        assert leases.take(store.ledger, "a", "k")[0] == "b"


def test_the_lease_of_a_dead_engine_is_taken_over_whatever_the_clock_says(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        begun(store, "a", "b")
        leases.take(store.ledger, "a", "k")
        for hour in (-3600.0, 3600.0):
            now = store.ledger.clock() + hour
            store.ledger.clock = lambda now=now: now  # type: ignore[misc]
            assert leases.take(store.ledger, "b", "k")[0] == "a"
        store.ledger.release("a")
        store.ledger.claim("a", DEAD)
        leases.take(store.ledger, "a", "k2")
        assert leases.take(store.ledger, "b", "k2")[0] == ""


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


def run_in_a_process(folder: Path, number: int, gate: tuple[int, int], ready: int) -> int:
    """Carry out a run in a process of its own; each order leaves a note. Returns its id.

    It says when it is ready, and begins when the gate is opened: when nobody holds its other end.
    """
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        os.close(gate[1])
        os.write(ready, b"x")
        os.read(gate[0], 1)
        project = open_project(folder)
        with Store.open(project.store) as store:

            def answer(order: Order) -> Result:
                (folder.parent / f"{order.task}-{number}").touch()
                data = order.task.encode()
                left = Artifact("x", store.blobs.put_bytes(data), len(data), "value", "json")
                name = order.notebook["cells"][-1]["source"]
                left = replace(left, name="y" if "'y'" in name else "x")
                return Result(order.task, order.attempt, "ok", 0.1, (left,))

            job = Job(project, run=f"r{number}")
            _, state = carry_out(
                job, store, lambda _: None, lambda slots: ScriptedExecutor(answer, slots)
            )
            code = 0 if state == "ok" else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def test_of_many_runs_started_at_once_each_ends_well_and_no_work_is_done_twice(
    tmp_path: Path, write_notebook: WriteNotebook
) -> None:
    folder = tmp_path / "p"
    write_notebook("p/n.ipynb", ("step:a", "x = 1"), ("step:b", "y = x"), ("step:c", "print(y)"))
    gate, (told, ready) = os.pipe(), os.pipe()
    pids = [run_in_a_process(folder, number, gate, ready) for number in range(RUNS)]
    for _ in pids:
        assert os.read(told, 1) == b"x"
    os.close(gate[1])
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    for end in (gate[0], told, ready):
        os.close(end)
    assert codes == [0] * RUNS
    done = sorted(path.name[0] for path in tmp_path.iterdir() if path.name != "p")
    assert done == ["a", "b", "c"]
    with Store.open(folder / ".nbpipe") as store:
        assert [run.state for run in store.ledger.runs()] == ["ok"] * RUNS
        aftermath.check_sound(store)
