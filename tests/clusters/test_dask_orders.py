"""Orders on a real Dask cluster: how they go, end, are cancelled and lost, and what stays."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from nbpipe.clusters.dask import executor_at
from nbpipe.events import CellFinished, CellOutput, CellStarted
from nbpipe.run.executors import Done, Lost
from tests.clusters.conftest import PATIENCE, started
from tests.kernels.conftest import Bench

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clusters.conftest import Cluster

HELD = "import time\ntime.sleep(600)"
PIDS = "import os, subprocess; print(os.getpid(), subprocess.Popen(['sleep', '997']).pid)"


def pids_in(events: list[Any]) -> list[int]:
    return [int(pid) for e in events if isinstance(e, CellOutput) for pid in e.text.split()]


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
    return all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


@pytest.mark.parametrize("engine", ["warm", "papermill"])
def test_an_order_ends_as_it_does_on_this_machine(bench: Bench, engine: str) -> None:
    ran = bench.run("print('hello')", "1/0", "print('never')", engine=engine)
    assert ran.state == "failed"
    assert ran.result.error is not None
    assert (ran.result.error.name, ran.result.error.cell) == ("ZeroDivisionError", "b")
    assert ran.told == {"a": "ok", "b": "failed", "c": "not-run"}
    assert ran.live == "hello\n"
    assert ran.text("a") == "hello\n"
    assert "hello" in ran.log


def test_what_happens_is_told_while_it_happens(bench: Bench) -> None:
    events = bench.begin(bench.order("print('on its way')", HELD), until=CellOutput)
    assert any(isinstance(event, CellStarted) for event in events)
    assert [e.text for e in events if isinstance(e, CellOutput)] == ["on its way\n"]


def test_a_worker_is_kept_for_the_next_order(bench: Bench, cluster: Cluster) -> None:
    def workers() -> set[int]:
        return {p.pid for p in cluster.below() if "nbpipe.run.worker" in _line(p)}

    source = "import os; print(os.getppid())"
    assert bench.run(source).live
    kept = workers()
    assert kept
    assert bench.run(source).state == "ok"
    assert workers() >= kept


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_a_cancelled_order_ends_and_takes_its_processes_along(bench: Bench) -> None:
    events = bench.begin(bench.order(PIDS, HELD), until=CellOutput)
    processes = [psutil.Process(pid) for pid in pids_in(events)]
    bench.executor.cancel("step")
    ended = bench.end()
    assert isinstance(ended, Done)
    assert ended.result.state == "cancelled"
    assert ended.result.artifacts  # told by the worker itself, with the notebook as far as it came
    assert gone(processes)


def test_what_waits_for_a_thread_is_cancelled_too(bench: Bench) -> None:
    for task in ("first", "second", "third"):
        bench.executor.submit(bench.order(HELD, task=task))
    bench.executor.cancel("third")
    ended = bench.end()
    assert isinstance(ended, Done)
    assert (ended.result.task, ended.result.state) == ("third", "cancelled")


def test_a_killed_worker_of_nbpipe_is_told_as_lost(bench: Bench) -> None:
    events = bench.begin(bench.order(PIDS, HELD), until=CellOutput)
    processes = [psutil.Process(pid) for pid in pids_in(events)]
    processes[0].parent().kill()  # type: ignore[union-attr]
    ended = bench.end()
    assert isinstance(ended, Lost)
    assert "signal 9" in ended.why
    assert gone(processes)


def test_a_killed_dask_worker_is_told_as_lost_and_takes_everything_along(tmp_path: Path) -> None:
    with started([], []) as cluster:
        bench = Bench(executor_at(cluster.address)(0), tmp_path)  # type: ignore[arg-type]
        events = bench.begin(bench.order(PIDS, HELD), until=CellOutput)
        kernel = psutil.Process(pids_in(events)[0])
        (host,) = [pid for pid in cluster.workers if kernel in cluster.below(pid)]
        below = cluster.below(host)
        os.kill(host, signal.SIGKILL)
        ended = bench.end()
        assert isinstance(ended, Lost)
        assert "Dask worker" in ended.why
        assert gone(below)
        again = bench.run("print('again')", attempt=2)
        assert (again.state, again.live) == ("ok", "again\n")
        bench.executor.close()
        assert not [p for p in cluster.marked() if p.pid not in (*cluster.workers, host)
                    and "nbpipe" in _line(p) and "-m dask" not in _line(p)]  # fmt: skip


def test_a_step_that_needs_a_gpu_goes_where_one_is_declared(bench: Bench, cluster: Cluster) -> None:
    owner = cluster.workers[1]
    for task in ("a", "b"):
        events = bench.begin(bench.order(PIDS, HELD, task=task, gpu=1), until=CellOutput)
        assert psutil.Process(pids_in(events)[0]) in cluster.below(owner)
        bench.executor.cancel(task)
        bench.end()


def test_the_slots_follow_the_cluster(bench: Bench, cluster: Cluster) -> None:
    assert bench.executor.slots == 2
    capped = executor_at(cluster.address)(1)
    assert capped.slots == 1
    capped.close()


def test_after_close_the_dask_workers_hold_nothing_more(tmp_path: Path, cluster: Cluster) -> None:
    before = cluster.sockets()
    bench = Bench(executor_at(cluster.address)(0), tmp_path)  # type: ignore[arg-type]
    assert bench.run("1").state == "ok"
    bench.begin(bench.order(HELD, task="held"), until=CellStarted)
    assert cluster.below()
    assert cluster.sockets() > before
    bench.executor.close()
    assert gone(cluster.below())
    assert cluster.sockets() <= before + 1  # Dask's own client of a worker stays


def test_dask_processes_of_this_machine_end_with_the_executor(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path_factory.mktemp("t")
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    mine = {process.pid for process in psutil.Process().children(recursive=True)}
    bench = Bench(executor_at("dask://")(2), tmp_path)  # type: ignore[arg-type]
    ran = bench.run("import os; print(os.environ.get('OMP_NUM_THREADS'))")
    assert (ran.state, ran.live) == ("ok", f"{os.environ.get('OMP_NUM_THREADS')}\n")
    assert any(isinstance(event, CellFinished) for event in ran.events)
    assert bench.executor.slots == 2
    started = [p for p in psutil.Process().children(recursive=True) if p.pid not in mine]
    assert started
    assert list(temporary.iterdir())
    bench.executor.close()
    assert not list(temporary.iterdir())
    started = [p for p in started if "resource_tracker" not in _line(p)]  # multiprocessing's own
    assert gone(started)
