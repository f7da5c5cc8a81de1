"""Whole runs on a real Dask cluster: the same as on this machine, whatever dies on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from nbpipe.clusters.dask import executor_at
from nbpipe.events import CellStarted, Note, RunStarted, TaskFinished, TaskStarted
from nbpipe.run.local import LocalExecutor
from nbpipe.run.project import open_project
from nbpipe.run.runs import Job, carry_out
from nbpipe.store.store import Store
from tests.clusters.conftest import PATIENCE, started

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbpipe.events import Event
    from tests.clusters.conftest import Cluster
    from tests.conftest import WriteNotebook

PIPELINE = (
    ("parameters", "n = 3"),
    "import math\ndef scaled(x): return x * n",
    ("step:load", "items = list(range(n))\ntable = {'a': [1.5, 2.5], 'b': ['x', 'y']}"),
    ("step:score", "score = scaled(i) + math.sqrt(i)\nprint('item', i)"),
    ("step:join", "import nbpipe\ntotal = sum(nbpipe.gather('score'))\nprint(round(total, 6))"),
    ("check", "assert total > 0"),
    ("metrics", "total = total"),
)


class Ran:
    """A run that ended: its state, its events, and what its tasks left."""

    def __init__(
        self, folder: Path, make: Any, tell: Callable[[Event], None] = lambda _: None, **more: Any
    ) -> None:
        self.events: list[Event] = []
        self.folder = folder

        def hear(event: Event) -> None:
            self.events.append(event)
            tell(event)

        with Store.open(folder / more.pop("store", ".nbpipe")) as store:
            job = Job(open_project(folder), **{"engine": "warm", **more})
            self.run, self.state = carry_out(job, store, hear, make)
            self.tasks = {one.task: one for one in store.ledger.tasks(self.run)}
            self.outputs = {t: self._outputs(store, t) for t in self.tasks}

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def values(self) -> dict[str, dict[str, str]]:
        """Task → name → digest of every value."""
        return {
            task: {a.name: a.digest for a in one.artifacts if a.kind == "value"}
            for task, one in self.tasks.items()
        }

    def _outputs(self, store: Store, task: str) -> list[Any]:
        from nbpipe.run.executed import file_name

        path = store.run_folder(self.run) / file_name(task)
        cells = json.loads(path.read_bytes())["cells"] if path.exists() else []
        return [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]


def test_a_pipeline_gives_what_it_gives_on_this_machine(
    tmp_path: Path, write_notebook: WriteNotebook, cluster: Cluster
) -> None:
    path = write_notebook("n.ipynb", *PIPELINE)
    document = json.loads(path.read_text())
    document["cells"][3]["metadata"]["tags"].append("foreach:i in items")
    path.write_text(json.dumps(document))
    here = Ran(tmp_path, LocalExecutor, store=".here")
    there = Ran(tmp_path, executor_at(cluster.address), store=".there", on=cluster.address)
    assert (here.state, there.state) == ("ok", "ok")
    assert {"load", "score[0]", "score[1]", "score[2]", "join"} <= set(there.tasks)
    assert there.values() == here.values()
    assert there.outputs == here.outputs
    assert {t: one.metrics for t, one in there.tasks.items()} == {
        t: one.metrics for t, one in here.tasks.items()
    }
    assert there.tasks["join"].checks == here.tasks["join"].checks
    assert there.of(RunStarted)[0].on == cluster.address
    assert here.of(RunStarted)[0].on == "local"


def test_what_ran_elsewhere_is_reused_here_and_needs_no_cluster(
    tmp_path: Path, write_notebook: WriteNotebook, cluster: Cluster
) -> None:
    write_notebook("n.ipynb", ("step:load", "x = 1"), ("step:fit", "y = x + 1"))
    assert Ran(tmp_path, executor_at(cluster.address)).state == "ok"

    def never(slots: int) -> Any:
        raise AssertionError("nothing has to be run")

    again = Ran(tmp_path, never)
    assert {one.state for one in again.tasks.values()} == {"reused"}


def test_a_failing_step_is_told_with_its_cell_and_others_go_on(
    tmp_path: Path, write_notebook: WriteNotebook, cluster: Cluster
) -> None:
    cells = ("step:a", "x = 1"), ("step:b", "y = x / 0"), ("step:c", "z = y"), ("step:d", "w = x")
    write_notebook("n.ipynb", *cells)
    ran = Ran(tmp_path, executor_at(cluster.address))
    states = {task: one.state for task, one in ran.tasks.items()}
    assert states == {"a": "ok", "b": "failed", "c": "skipped", "d": "ok"}
    error = ran.tasks["b"].error
    assert error is not None
    assert (error.name, error.cell) == ("ZeroDivisionError", "c1")


def test_a_cancelled_run_leaves_nothing_under_way(
    tmp_path: Path, write_notebook: WriteNotebook, cluster: Cluster
) -> None:
    write_notebook("n.ipynb", ("step:a", "import time\ntime.sleep(600)"), ("step:b", "x = 1"))
    below: list[psutil.Process] = []
    store = Store.open(tmp_path / ".nbpipe")

    def tell(event: Event) -> None:
        if isinstance(event, CellStarted) and not below:
            below.extend(cluster.below())
            (run,) = store.ledger.runs()
            store.ledger.request(run.id, "cancel", "a test")

    ran = Ran(tmp_path, executor_at(cluster.address), tell)
    store.close()
    assert ran.state == "cancelled"
    assert {task: one.state for task, one in ran.tasks.items()}["a"] == "cancelled"
    _, alive = psutil.wait_procs(below, timeout=PATIENCE)
    assert below
    assert not alive


def test_a_dask_worker_killed_in_the_middle_of_a_step_costs_an_attempt(
    tmp_path: Path, write_notebook: WriteNotebook
) -> None:
    held = (
        "import pathlib, time\nmark = pathlib.Path('mark')\nfirst = not mark.exists()\n"
        "mark.write_text('x')\nif first: time.sleep(600)\nx = 7"
    )
    write_notebook("n.ipynb", ("step:held", held), ("step:after", "y = x * 2"))
    killed: list[psutil.Process] = []
    with started([], []) as cluster:

        def tell(event: Event) -> None:
            if isinstance(event, CellStarted) and event.cell == "c0" and not killed:
                (host,) = [pid for pid in cluster.workers if cluster.below(pid)]
                killed.extend(cluster.below(host))
                os.kill(host, signal.SIGKILL)

        ran = Ran(tmp_path, executor_at(cluster.address), tell)
        _, alive = psutil.wait_procs(killed, timeout=PATIENCE)
        dask = {process.pid for process in cluster.processes}
        assert [p.cmdline() for p in cluster.marked() if p.pid not in dask] == []
    assert killed
    assert not alive
    assert ran.state == "ok"
    attempts = [event.attempt for event in ran.of(TaskStarted) if event.task == "held"]
    assert attempts == [1, 2]
    assert [event.state for event in ran.of(TaskFinished)] == ["ok", "ok"]
    (note,) = [note for note in ran.of(Note) if "worker was lost" in note.text]
    assert "Dask worker" in note.text


def test_when_the_engine_is_killed_the_cluster_is_left_clean(
    tmp_path: Path, write_notebook: WriteNotebook, cluster: Cluster
) -> None:
    write_notebook("n.ipynb", ("step:a", "print('x')\nimport time\ntime.sleep(600)"))
    command = [sys.executable, "-m", "nbpipe", "run", str(tmp_path), "--on", cluster.address]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as engine:
        output = tmp_path / ".nbpipe" / "runs"
        _until(lambda: any("x" in path.read_text() for path in output.glob("*/output.jsonl")))
        below = cluster.below()
        engine.kill()
    assert below
    _, alive = psutil.wait_procs(below, timeout=PATIENCE)
    assert not alive


def _until(true: Callable[[], bool]) -> None:
    from threading import Event as Flag
    from time import monotonic

    limit, never = monotonic() + PATIENCE, Flag()
    while not true():
        assert monotonic() < limit
        never.wait(0.05)


@pytest.mark.parametrize("on", ["option", "setting"])
def test_the_command_runs_on_a_cluster(
    tmp_path: Path, write_notebook: WriteNotebook, cluster: Cluster, on: str
) -> None:
    write_notebook("n.ipynb", ("step:load", "x = 1"))
    (tmp_path / "nbpipe.toml").write_text(
        f'executor = "{cluster.address}"\n' if on == "setting" else ""
    )
    more = ["--on", cluster.address] if on == "option" else []
    command = [sys.executable, "-m", "nbpipe", "run", str(tmp_path), "--json", *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["state"], said["on"]) == ("ok", cluster.address)
    assert "2 workers with 2 threads" in json.dumps(said["notes"])
