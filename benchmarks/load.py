"""What the server's answers cost where much has run: 1,000 runs, one of them with 20,000 tasks.

`python -m benchmarks.load` lays them out through the ledger, starts a server in a process of its
own, asks one route after the other, and prints for each what a request cost the server's process
in CPU time, and how long it took whoever asked. Below stands what kept the server's event loop
busy for more than 20 ms of CPU time at a stretch.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.notebooks import notebook
from benchmarks.served import served
from nbpipe.compile.describe import describe
from nbpipe.events import (
    Artifact,
    CellFinished,
    RunFinished,
    RunStarted,
    TaskFinished,
    TasksAdded,
    TaskStarted,
)
from nbpipe.run.project import open_project
from nbpipe.store.rows import NewRun
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.served import Served
    from nbpipe.events import Event

LARGE = "20260101-000000-huge"
BATCH = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What a route cost: CPU milliseconds a request, and wall milliseconds of each."""

    name: str
    cpu: float
    walls: tuple[float, ...]
    size: int

    @property
    def p95(self) -> float:
        """Milliseconds within which 95 of a hundred requests were answered."""
        return statistics.quantiles(self.walls, n=20)[-1]


def events_of(count: int, digest: str) -> Iterator[Event]:
    """What happens in a run that fans out into so many tasks, to its end."""
    names = tuple(f"score[{n}]" for n in range(count))
    yield RunStarted("n.ipynb", "warm", ("score",))
    yield TasksAdded("score", names, tuple(f"item {n}" for n in range(count)))
    for number, name in enumerate(names):
        left = (Artifact("s", digest, 10, "value", "json", "int", {"text": str(number)}),
                Artifact("n.ipynb", digest, 3000, "notebook"))  # fmt: skip
        yield TaskStarted(name, 1, 1)
        yield CellFinished(name, "c1", "ok", 0.1)
        yield TaskFinished(name, "ok", 0.1, 1, f"key-{number}", left, {"auc": number / count})
    yield RunFinished("ok", 1.0)


def lay_out(folder: Path, runs: int, tasks: int) -> None:
    """Write a project and what ran in it."""
    cells = [(["parameters"], "items = [1, 2]"), (["step:score", "foreach:k in items"], "s = k")]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "n.ipynb").write_text(json.dumps(notebook(cells)), "utf-8")
    project = open_project(folder / "n.ipynb")
    graph = describe(project.compile())
    with Store.open(folder / ".nbpipe") as store:
        digest = store.blobs.put_bytes(json.dumps(notebook(cells)).encode())
        for number in range(runs):
            _ran(store, folder, f"20250101-{number:06}-many", graph, list(events_of(3, digest)))
        _ran(store, folder, LARGE, graph, list(events_of(tasks, digest)))


def _ran(store: Store, folder: Path, run: str, graph: dict[str, Any], events: list[Event]) -> None:
    store.ledger.begin_run(NewRun(run, str(folder), "n.ipynb", "n", {"n": 1}, pipeline=graph))
    for begin in range(0, len(events), BATCH):
        store.ledger.record_all(run, events[begin : begin + BATCH])


def routes() -> dict[str, str]:
    """Name → route of what the panel and the pages ask for."""
    run = f"runs/{LARGE}"
    return {
        "list of runs": "runs?path=n.ipynb&limit=100",
        "runs found by words": "runs?path=n.ipynb&limit=100&words=many%20n%3D1",
        "run, first tasks": f"{run}?path=n.ipynb",
        "run, tasks from 10,000": f"{run}?path=n.ipynb&from=10000",
        "page of a run": f"{run}/page?path=n.ipynb",
        "tasks, from 10,000": f"{run}/tasks?path=n.ipynb&from=10000&limit=200",
        "tasks found by words": f"{run}/tasks?path=n.ipynb&words=1999",
        "one task": f"{run}/tasks/score%5B7%5D?path=n.ipynb",
        "events, a part": f"{run}/events?path=n.ipynb&after=30000",
        "events, the newest": f"{run}/events?path=n.ipynb&after=59990",
        "two runs compared": f"compare?path=n.ipynb&run={LARGE}&run=20250101-000001-many",
        "durations": "durations?path=n.ipynb",
        "room in the store": "space?path=n.ipynb",
        "folder of a run's notebooks": f"contents/{LARGE}",
    }


def measure(server: Served, times: int) -> Iterator[Asked]:
    """Ask each route so many times, one request after the other."""
    with httpx.Client(headers=server.headers, timeout=60) as client:
        for name, route in routes().items():
            url = f"{server.address}/nbpipe-api/{route}"
            size = len(client.get(url).raise_for_status().content)
            before, walls = server.process.cpu_times(), []
            for _ in range(times):
                began = time.perf_counter()
                client.get(url)
                walls.append(1000 * (time.perf_counter() - began))
            after = server.process.cpu_times()
            cpu = after.user + after.system - before.user - before.system
            yield Asked(name, 1000 * cpu / times, tuple(walls), size)


def line(one: Asked) -> str:
    """Return what was measured, in a line."""
    median = statistics.median(one.walls)
    return (
        f"{one.name:28} CPU {one.cpu:6.1f} ms   wall: median {median:6.1f} ms, "
        f"95% {one.p95:6.1f} ms   {one.size / 1000:7.1f} kB"
    )


def main(arguments: list[str] | None = None) -> int:
    """Lay out, serve, ask, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.load", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=40)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="nbpipe-load-") as folder:
        root, scratch = Path(folder) / "root", Path(folder) / "server"
        scratch.mkdir()
        lay_out(root, chosen.runs, chosen.tasks)
        with served(root, scratch) as server:
            before = len(server.long_work())
            for one in measure(server, chosen.times):
                print(line(one), flush=True)
            for long in server.long_work(before):
                print(f"loop busy for {1000 * float(str(long['took'])):.0f} ms: {long['what']}")
            print(f"memory {server.process.memory_info().rss / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
