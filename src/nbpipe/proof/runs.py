"""The two ways to run a project that are compared: Run All, and the pipeline."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbpipe.compile.render import rendered_id
from nbpipe.errors import ProofStopped, WorkerDied
from nbpipe.events import GOOD, Failure, Note
from nbpipe.proof.copies import copy_folder
from nbpipe.proof.fanouts import Hand, for_one_item
from nbpipe.proof.looks import Look
from nbpipe.proof.probing import Probes, Probing
from nbpipe.proof.reference import cell_id, group_notebooks, run_cells, write_reference
from nbpipe.run.executors import Done, Lost
from nbpipe.run.project import open_project
from nbpipe.run.runs import Job, carry_out, new_run_id, prepare
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from nbpipe.compile.notebook import Notebook
    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.events import Event
    from nbpipe.run.executors import Executor
    from nbpipe.run.order import Order, Result
    from nbpipe.run.planner import Planner
    from nbpipe.run.project import Project

CellOf = tuple[str, str]
"""A cell: its notebook's path and its id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How both are run.

    Attributes
    ----------
    project
        As it was read.
    pipeline
        What it compiles to.
    names
        Step → names to look at when it has ended.
    parameters, engine, jobs
        As for a run.
    executor
        Makes what carries orders out.
    tell
        Told of everything that happens.
    stop
        Says why all is to end; empty while it is not.
    fill
        What memory is filled with before it is used: whoever reads it unset reads this.
    """

    project: Project
    pipeline: Pipeline
    names: Mapping[str, Sequence[str]]
    parameters: Mapping[str, Any]
    engine: str | None
    jobs: int | None
    executor: Callable[[int], Executor]
    tell: Callable[[Event], None]
    stop: Callable[[], str] = str
    fill: int = 85

    def go_on(self) -> None:
        """Raise `ProofStopped` if all is to end."""
        reason = self.stop()
        if reason:
            raise ProofStopped(f"The proof was not made to its end: {reason}.")


@dataclass(slots=True)
class Ran:
    """What a run showed and held.

    Attributes
    ----------
    outputs
        Cell → its outputs.
    looks
        Step → the kernel at its end.
    hands
        Fan-out → which of its items was at hand; of Run All alone.
    failure, failed
        Why it did not come to its end, and the step or notebook that it happened in.
    notes
        What the run said besides.
    seconds
        Wall time.
    """

    outputs: dict[CellOf, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    looks: dict[str, Look] = field(default_factory=dict)
    hands: dict[str, Hand] = field(default_factory=dict)
    failure: Failure | None = None
    failed: str = ""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder of its own for one run: the project's copy, the store, and the looks."""

    folder: Path

    @property
    def copy(self) -> Path:
        """The copy of the project."""
        return self.folder / "project"

    def begin(self, asked: Asked, held: Mapping[str, Sequence[str]]) -> tuple[Project, Probes]:
        """Make the copy; returns the project there, and its probes."""
        copy_folder(asked.project.folder, self.copy)
        looks = self.folder / "looks"
        looks.mkdir()
        scope = asked.project.scope
        self._write_documents(asked.project)
        there = open_project(self.copy / scope if scope else self.copy)
        kernels = {notebook.path: notebook.kernel for notebook in asked.project.notebooks}
        notebooks = tuple(replace(one, kernel=kernels[one.path]) for one in there.notebooks)
        there = replace(there, notebooks=notebooks)
        return there, Probes(looks, self.copy, asked.names, held)

    def _write_documents(self, project: Project) -> None:
        """Put notebooks that are not as on disk, but as they are in memory, into the copy."""
        for path, data in project.sources.items():
            place = self.copy / path
            if not place.is_file() or place.read_bytes() != data:
                place.write_bytes(data)

    def store(self) -> Store:
        """Return the run's own store."""
        return Store.open(str(self.folder / "store"))


def run_all(asked: Asked, bench: Bench, held: Mapping[str, Sequence[str]]) -> Ran:
    """Run each notebook from top to bottom in one kernel."""
    project, probes = bench.begin(asked, held)
    ran, began = Ran(), time.monotonic()
    with bench.store() as store, _surely(asked, held), _closing(asked.executor(1)) as executor:
        planner = prepare(project, store, asked.parameters)
        engine = asked.engine or project.settings.engine or "papermill"
        for notebooks in group_notebooks(planner.pipeline):
            order = write_reference(planner, notebooks, probes, new_run_id(), engine)
            result = _carried(executor, order, asked)
            _take_reference(ran, planner, notebooks, result)
            if ran.failure is not None:
                break
    _take_looks(ran, probes)
    ran.seconds = time.monotonic() - began
    return ran


@contextmanager
def _surely(asked: Asked, held: Mapping[str, Sequence[str]]) -> Iterator[None]:
    """While it lasts, what is started finds memory filled, and sets in order if `held`.

    The variables are those of glibc and of Python; elsewhere they do nothing.
    """
    chosen = {"MALLOC_PERTURB_": str(asked.fill)} | ({"PYTHONHASHSEED": "0"} if held else {})
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _closing(executor: Executor) -> Iterator[Executor]:
    try:
        yield executor
    finally:
        executor.close()


def _carried(executor: Executor, order: Order, asked: Asked) -> Result:
    executor.submit(order)
    waiting = deque[Any]()
    while True:
        asked.go_on()
        waiting.extend(executor.poll(1.0))
        while waiting:
            match waiting.popleft():
                case Done(result):
                    return result
                case Lost(_, _, why):
                    raise WorkerDied(f"The worker that ran the notebook was lost: {why}")
                case told:
                    asked.tell(told.event)


def _take_reference(
    ran: Ran, planner: Planner, notebooks: Sequence[Notebook], result: Result
) -> None:
    cells = _notebook_cells(planner.store, result.artifacts)
    original: dict[str, CellOf] = {}
    for position, notebook in enumerate(notebooks):
        for cell in run_cells(notebook):
            original[cell_id(cell, position)] = (notebook.path, cell.id)
    ran.outputs |= {original[name]: outputs for name, outputs in cells.items() if name in original}
    if result.state != "ok":
        error = result.error
        ran.failed = notebooks[0].path
        if error is not None:
            at = original.get(error.cell or "")
            ran.failed = at[0] if at else ran.failed
            ran.failure = replace(error, cell=at[1] if at else None)


def _notebook_cells(store: Store, artifacts: Sequence[Any]) -> dict[str, Any]:
    found = {}
    for artifact in artifacts:
        if artifact.kind == "notebook":
            for cell in json.loads(store.blobs.read(artifact.digest))["cells"]:
                found[cell.get("id", "")] = cell.get("outputs", ())
    return found


def _take_looks(ran: Ran, probes: Probes) -> None:
    for step in probes.names:
        look = Look.read(probes.path(step))
        if look is not None:
            ran.looks[step] = look
        hand = Hand.read(probes.hand_path(step))
        if hand is not None:
            ran.hands[step] = hand


def run_pipeline(
    asked: Asked, bench: Bench, held: Mapping[str, Sequence[str]], hands: Mapping[str, Hand]
) -> Ran:
    """Run the project as a pipeline, its fan-outs for the items at hand in Run All alone."""
    project, probes = bench.begin(asked, held)
    there = (for_one_item(one, asked.pipeline.steps, hands) for one in project.notebooks)
    project = replace(project, notebooks=tuple(there))
    steps = {step.name: step for step in asked.pipeline.steps}
    ran, began = Ran(), time.monotonic()

    def tell(event: Event) -> None:
        if isinstance(event, Note):
            ran.notes.append(f"{event.task}: {event.text}" if event.task else event.text)
        asked.tell(event)

    with bench.store() as store, _surely(asked, held):
        job = Job(project, asked.parameters, engine=asked.engine, jobs=asked.jobs)
        run, _ = carry_out(
            job, store, tell,
            lambda slots: Probing(asked.executor(slots), probes, steps, asked.go_on),
        )  # fmt: skip
        for row in store.ledger.tasks(run):
            _take_task(ran, asked.pipeline, store, row)
    _take_looks(ran, probes)
    ran.seconds = time.monotonic() - began
    return ran


def _take_task(ran: Ran, pipeline: Pipeline, store: Store, row: Any) -> None:
    step = next((step for step in pipeline.steps if step.name == row.step), None)
    if step is None:
        return
    cells = _notebook_cells(store, row.artifacts)
    for cell in step.cells:
        if rendered_id(cell) in cells:
            ran.outputs[step.notebook.path, cell] = cells[rendered_id(cell)]
    if ran.failure is None and row.state not in GOOD:
        ran.failure = row.error or Failure(row.state, row.reason)
        ran.failed = step.name
