"""Proofs that are kept: made before everybody's eyes as runs are, in a ledger of their own."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbpipe.compile.describe import describe
from nbpipe.errors import MissingObject, NbpipeError, ProofStopped
from nbpipe.events import (
    Artifact,
    CellFinished,
    CellStarted,
    Note,
    RunFinished,
    RunStarted,
    TaskFinished,
    TasksAdded,
    TaskSkipped,
    TaskStarted,
)
from nbpipe.proof.describe import describe_proof
from nbpipe.proof.reference import run_cells
from nbpipe.proof.verify import verify
from nbpipe.run.recorder import Recorder
from nbpipe.store.rows import NewRun
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbpipe.compile.notebook import Notebook
    from nbpipe.events import Event, RunState
    from nbpipe.proof.findings import Proof, Stage
    from nbpipe.proof.verify import Options
    from nbpipe.run.project import Project
    from nbpipe.store.rows import RunRow

PLACE = "proofs"
COMPARE = "compare"
KEPT = 20
"""How many proofs of a project are kept."""


def proofs_of(store: Store) -> Store:
    """Return the store of the proofs that are made for a project.

    It lies in the local folder of the project's store: a proof is no run, so none is in lists
    of runs, and none is reused.
    """
    return Store.open(store.local / PLACE)


def code_digest(project: Project) -> str:
    """Return a digest of what a proof is about: code cells, their tags, and our metadata."""
    said = [
        [notebook.path, notebook.metadata.get("nbpipe"), _code(notebook)]
        for notebook in project.notebooks
    ]
    text = json.dumps(said, sort_keys=True, default=str)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _code(notebook: Notebook) -> list[list[Any]]:
    cells = (cell for cell in notebook.cells if cell.kind == "code")
    return [[cell.id, cell.source, list(cell.tags)] for cell in cells]


def carry_out(project: Project, options: Options, store: Store, run: str) -> Proof:
    """Make a proof that others can watch, and keep it.

    Parameters
    ----------
    project, options
        As for `verify`.
    store
        The store of the project's proofs.
    run
        The proof's id.

    Raises
    ------
    ProofStopped
        If it was cancelled; also what `verify` raises.
    """
    _write_down(run, project, options, store)
    store.ledger.claim(run)
    recorder = Recorder(store, run, options.tell)
    began = time.monotonic()
    state: RunState = "failed"
    try:
        proof = _made(project, options, recorder)
        state = "ok"
        return proof
    except ProofStopped:
        state = "cancelled"
        raise
    except KeyboardInterrupt:
        state = "interrupted"
        raise
    except NbpipeError as error:
        recorder.tell(Note(str(error), level="error"))
        raise
    finally:
        recorder.tell(RunFinished(state, time.monotonic() - began))
        recorder.close()
        store.ledger.release(run)
        store.collect(store.ledger.garbage(keep_last=KEPT))


def _write_down(run: str, project: Project, options: Options, store: Store) -> None:
    pipeline = project.compile()
    store.ledger.begin_run(
        NewRun(
            id=run,
            project=str(project.folder),
            path=project.scope or "",
            name=pipeline.name,
            parameters=dict(options.parameters),
            engine=options.engine or "",
            pipeline=describe(pipeline),
        )
    )


def _made(project: Project, options: Options, recorder: Recorder) -> Proof:
    stages = _Stages(recorder, _cells(project))
    recorder.tell(RunStarted(project.scope or "", options.engine or "", ("run-all", "pipeline",
                             COMPARE), dict(options.parameters)))  # fmt: skip
    told = replace(options, tell=stages.tell, say=stages.say, stop=recorder.asked)
    try:
        proof = verify(project, told)
        stages.keep({**describe_proof(proof), "code": code_digest(project)})
    finally:
        stages.leave()
    return proof


def _cells(project: Project) -> tuple[int, int]:
    """How many cells Run All has, and how many the pipeline."""
    steps = project.compile().steps
    paths = {step.notebook.path: step.notebook for step in steps}
    whole = sum(len(run_cells(notebook)) for notebook in paths.values())
    return whole, sum(len(step.cells) for step in steps)


class _Stages:
    """Tells a proof as a run that has a task for each stage."""

    def __init__(self, recorder: Recorder, cells: tuple[int, int]) -> None:
        whole, split = cells
        self.recorder = recorder
        self.cells = {"run-all": whole, "pipeline": split, "again": whole, "held": whole + split}
        self.waiting = ["run-all", "pipeline", COMPARE]
        self.stage = ""
        self.began = 0.0
        self.count = 0

    def say(self, stage: Stage) -> None:
        """A stage begins; the one before has ended."""
        self._end()
        if stage not in self.waiting:
            self.recorder.tell(TasksAdded(stage, (stage,), ("",)))
        self._begin(stage, self.cells[stage])

    def tell(self, event: Event) -> None:
        """Pass on which cell of the stage runs."""
        match event:
            case CellStarted(cell=cell):
                self.recorder.tell(CellStarted(self.stage, cell, self.count))
            case CellFinished(cell=cell, state=state, seconds=seconds):
                self.count += 1
                self.recorder.tell(CellFinished(self.stage, cell, state, seconds))
            case _:
                pass

    def keep(self, proof: dict[str, Any]) -> None:
        """Keep the proof: its bytes, then the event that names them."""
        self._end()
        self._skip([task for task in self.waiting if task != COMPARE], "nothing can be compared")
        self._begin(COMPARE, 0)
        data = json.dumps(proof).encode()
        digest = self.recorder.store.blobs.put_bytes(data)
        left = Artifact("proof.json", digest, len(data), "file", type="application/json")
        self._end(artifacts=(left,))

    def leave(self) -> None:
        """Nothing more comes; what was not done is told, where it was not made to its end."""
        if self.stage:
            self.recorder.tell(TaskFinished(self.stage, "cancelled", self._seconds()))
        self._skip(self.waiting, "the proof was not made to its end")

    def _skip(self, tasks: Sequence[str], why: str) -> None:
        self.waiting = [task for task in self.waiting if task not in tasks]
        for task in tasks:
            self.recorder.tell(TaskSkipped(task, why))

    def _begin(self, task: str, cells: int) -> None:
        self.waiting = [one for one in self.waiting if one != task]
        self.stage, self.began, self.count = task, time.monotonic(), 0
        self.recorder.tell(TaskStarted(task, 1, cells))

    def _end(self, artifacts: tuple[Artifact, ...] = ()) -> None:
        if self.stage:
            seconds = self._seconds()
            self.recorder.tell(TaskFinished(self.stage, "ok", seconds, artifacts=artifacts))
            self.stage = ""

    def _seconds(self) -> float:
        return time.monotonic() - self.began


def newest(store: Store, project: str, path: str) -> tuple[RunRow | None, dict[str, Any] | None]:
    """Return the newest proof as it is being made, and what the newest finished one found.

    Parameters
    ----------
    store
        The store of the proofs.
    project, path
        The project's folder, and what of it was proven.
    """
    runs = store.ledger.runs(path=path, limit=KEPT, project=project)
    ended = next((run for run in runs if run.state == "ok"), None)
    return (runs[0] if runs else None), (_found(store, ended.id) if ended else None)


def _found(store: Store, run: str) -> dict[str, Any] | None:
    artifacts = store.ledger.task(run, COMPARE).artifacts
    try:
        said: dict[str, Any] = json.loads(store.blobs.read(artifacts[0].digest))
    except MissingObject:
        return None
    return said
