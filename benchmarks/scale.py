"""What nbpipe itself costs a task: many tasks through the real engine and store, nothing computed.

Every order is answered from memory, with artifacts whose bytes are in the store already, so what
is measured is planning, orders, the ledger and what is kept. `python -m benchmarks.scale` prints
a line for each phase; each phase runs in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.notebooks import notebook
from nbpipe.events import Artifact
from nbpipe.run.memory import ScriptedExecutor
from nbpipe.run.order import Result
from nbpipe.run.project import open_project
from nbpipe.run.runs import Job, carry_out, prepare
from nbpipe.store.blobs import Disk, LocalBlobs, digest_of
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from nbpipe.events import Event
    from nbpipe.run.order import Order

PHASES = ("plan", "run", "reuse")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a phase cost.

    Attributes
    ----------
    phase, tasks
        Which phase, and how many tasks there were.
    compiling
        CPU seconds of reading and compiling the project, which are not in `cpu`.
    cpu, wall
        Seconds of the phase.
    start, peak
        Resident memory before the phase and at most, in bytes.
    """

    phase: str
    tasks: int
    compiling: float
    cpu: float
    wall: float
    start: int
    peak: int


class _QuickDisk(Disk):
    """Objects are laid out before anything is measured; they need not outlive a power cut."""

    def fsync(self, fd: int) -> None:
        del fd


def lay_out(folder: Path, count: int, shape: str) -> None:
    """Write a project of `count` tasks, and the bytes that they are going to name."""
    if shape == "fan-out":
        sources = [(["parameters"], f"items = {list(range(count))}")]
        sources.append((["step:score", "foreach:k in items"], "s = k * 2"))
    else:
        sources = [([f"step:s{n}"], f"x{n} = {n}") for n in range(count)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "n.ipynb").write_text(json.dumps(notebook(sources)), "utf-8")
    blobs = LocalBlobs(folder / ".nbpipe", _QuickDisk())
    for number in range(count):
        for data in _bytes_of(number):
            blobs.put_bytes(data)


def _bytes_of(number: int) -> tuple[bytes, bytes, bytes]:
    """A value, an executed notebook of some kilobytes, and a log as most are: empty."""
    book = json.dumps({"cells": [{"id": f"{number}", "source": "x" * 3000}], "nbformat": 4})
    return json.dumps(number).encode(), book.encode(), b""


def answer(order: Order) -> Result:
    """The result of a task that gives one value."""
    inside = order.task.partition("[")[2].removesuffix("]") or order.task.removeprefix("s")
    value, book, log = _bytes_of(int(inside))
    name = "s" if "[" in order.task else f"x{inside}"
    preview: dict[str, object] = {"text": value.decode()}
    artifacts = (
        Artifact(name, digest_of(value), len(value), "value", "json", "int", preview),
        Artifact("n.ipynb", digest_of(book), len(book), "notebook"),
        Artifact("log.txt", digest_of(log), 0, "log", type="text/plain"),
    )
    return Result(order.task, order.attempt, "ok", 0.1, artifacts, peak=50_000_000)


class _Forgetful(ScriptedExecutor):
    """Keeps no list of the orders it was given."""

    def submit(self, order: Order) -> None:
        super().submit(order)
        self.orders.clear()


def measure(folder: Path, phase: str) -> Measured:
    """Carry out a phase in this process."""
    began = time.process_time()
    project = open_project(folder)
    project.compile()
    compiling = time.process_time() - began
    start, cpu, wall = _resident(), time.process_time(), time.perf_counter()
    with Store.open(project.store) as store:
        if phase == "plan":
            count = len(prepare(project, store, {}).plan().tasks)
        else:
            count = _run(Job(project), store)
    return Measured(
        phase, count, compiling, time.process_time() - cpu, time.perf_counter() - wall, start,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )  # fmt: skip


def _run(job: Job, store: Store) -> int:
    ended = 0

    def tell(event: Event) -> None:
        nonlocal ended
        ended += type(event).__name__ in ("TaskFinished", "TaskReused")

    _, state = carry_out(job, store, tell, lambda slots: _Forgetful(answer, slots))
    assert state == "ok", state
    return ended


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize()


def in_process(folder: Path, phase: str) -> Measured:
    """Carry out a phase in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale", "--phase", phase, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Measured(**json.loads(done.stdout))


def line(one: Measured) -> str:
    """Return what was measured, in a line."""
    each = 1000 / max(one.tasks, 1)
    return (
        f"{one.phase:6}{one.tasks:6} tasks: CPU {one.cpu:6.2f} s ({one.cpu * each:.3f} ms a task), "
        f"wall {one.wall:6.2f} s ({one.wall * each:.3f} ms a task), memory "
        f"{one.start / 1e6:.0f} -> {one.peak / 1e6:.0f} MB, compiling {one.compiling:.2f} s"
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure all phases, or one in this process."""
    parser = argparse.ArgumentParser(prog="benchmarks.scale", description=__doc__)
    parser.add_argument("--phase", choices=PHASES, help="only this, as JSON, in the folder given")
    parser.add_argument("--tasks", type=int, nargs="+", default=[2000, 20000])
    parser.add_argument("--shape", choices=("fan-out", "steps"), default="fan-out")
    parser.add_argument("folder", nargs="?", type=Path)
    chosen = parser.parse_args(arguments)
    if chosen.phase:
        print(json.dumps(asdict(measure(chosen.folder, chosen.phase))))
        return 0
    for count in chosen.tasks:
        with tempfile.TemporaryDirectory(prefix="nbpipe-scale-") as folder:
            lay_out(Path(folder), count, chosen.shape)
            for phase in PHASES:
                print(line(in_process(Path(folder), phase)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
