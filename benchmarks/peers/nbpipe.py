"""nbpipe itself, with its default engine, as it is installed where the benchmark runs."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import notebooks
from benchmarks.measure import Job, Work
from benchmarks.peers import Peer

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.notebooks import Cell
    from benchmarks.peers import Setting

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "benchmarks" / "scripts"
FEW, MANY = 5, 30
"""Notebooks in the smaller and in the larger run."""

LATENCY_STEPS = 15


def _job(project: Path, *options: str, again: bool = False) -> Job:
    """Return a run of a project, whose store is new unless it runs `again`."""
    root = project.parent if project.suffix else project
    fresh = () if again else (root / ".nbpipe", root / "nbpipe.lock")
    return _python(root, "-m", "nbpipe", "run", str(project), *options, fresh=fresh)


def _python(folder: Path, *arguments: str, fresh: tuple[Path, ...] = ()) -> Job:
    path = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
    return Job((sys.executable, *arguments), folder, path, fresh)


def _notebooks(cells: Callable[[int], list[Cell]]) -> Callable[[Setting], Work]:
    def work(setting: Setting) -> Work:
        few, many = setting.folder / "few", setting.folder / "many"
        notebooks.numbered(few, FEW, cells)
        notebooks.numbered(many, MANY, cells)
        return Work(_job(many, "--jobs", "1"), _job(few, "--jobs", "1"), MANY - FEW)

    return work


def _command(setting: Setting) -> Work:
    return Work(_job(notebooks.write(setting.folder / "n.ipynb", notebooks.trivial(1))))


def _counting(setting: Setting) -> Work:
    path = notebooks.write(setting.folder / "n.ipynb", notebooks.burning(notebooks.BURNT))
    idle = notebooks.write(setting.folder / "idle" / "n.ipynb", notebooks.burning(0))
    return Work(_job(path), _job(idle))


def _chain(setting: Setting) -> Work:
    cells = notebooks.steps_in_a_chain(setting.size.steps)
    return Work(_job(notebooks.write(setting.folder / "chain.ipynb", cells)))


def _nothing(setting: Setting) -> Work:
    first = _chain(setting).job
    return Work(replace(first, fresh=()), ready=first, made=setting.folder / ".nbpipe")


def _side(setting: Setting) -> Work:
    cells = notebooks.steps_side_by_side(setting.size.steps)
    return Work(_job(notebooks.write(setting.folder / "side.ipynb", cells)))


def _fan(setting: Setting) -> Work:
    cells = notebooks.fan_out(setting.size.items)
    path = notebooks.write(setting.folder / "fan.ipynb", cells)
    return Work(_job(path), units=setting.size.items)


def _frame(setting: Setting) -> Work:
    large, small = (
        notebooks.write(setting.folder / name / "n.ipynb", notebooks.hand_over(rows))
        for name, rows in (("large", setting.size.rows), ("small", 1))
    )
    return Work(_job(large), _job(small))


def _reading(setting: Setting) -> Work:
    """Each time in a process of its own: what was read once is kept, and would cost nothing."""
    for number in range(setting.size.cells // 10):
        path = setting.folder / f"n{number}.ipynb"
        notebooks.write(path, notebooks.for_reading(number, 10))
    code = "import sys; from nbpipe.run.project import open_project as o; o(sys.argv[1]).compile()"
    return Work(_python(setting.folder, "-c", code, str(setting.folder)))


def _start(setting: Setting) -> Work:
    return Work(_python(setting.folder, "-m", "nbpipe", "--help"))


def _latency(setting: Setting) -> Work:
    path = notebooks.write(setting.folder / "n.ipynb", notebooks.waiting(LATENCY_STEPS))
    script = str(SCRIPTS / "latency_nbpipe.py")
    job = _python(setting.folder, script, str(path), fresh=(setting.folder / ".nbpipe",))
    return Work(replace(job, tells=True))


def _engine(phase: str) -> Callable[[Setting], Work]:
    """Return a phase of `benchmarks.scale`."""

    def work(setting: Setting) -> Work:
        project, count = setting.folder / "project", setting.size.tasks
        store = project / ".nbpipe"
        code = (
            "import sys, pathlib; from benchmarks.scale import lay_out; "
            "lay_out(pathlib.Path(sys.argv[1]), int(sys.argv[2]), 'fan-out')"
        )
        ready = _python(ROOT, "-c", code, str(project), str(count))
        # What was told of an earlier run goes; the bytes that all runs name stay.
        past = tuple(store / f"ledger.db{end}" for end in ("", "-wal", "-shm"))
        fresh = past if phase != "reuse" else ()
        job = _python(ROOT, "-m", "benchmarks.scale", "--phase", phase, str(project), fresh=fresh)
        return Work(
            replace(job, tells=True), units=count if phase == "run" else 1, ready=ready, made=store
        )

    return work


PEER = Peer(
    "nbpipe",
    "jupyterlab-nbpipe",
    {
        "counting": _counting,
        "step": _notebooks(notebooks.trivial),
        "imports": _notebooks(notebooks.imports),
        "latency": _latency,
        "command": _command,
        "chain": _chain,
        "side": _side,
        "noop": _nothing,
        "fan": _fan,
        "frame": _frame,
        "compile": _reading,
        "plan": _engine("plan"),
        "engine": _engine("run"),
        "reuse": _engine("reuse"),
        "start": _start,
    },
    notes={"step": "in one run, one after the other", "imports": "in one run, one after the other"},
)
