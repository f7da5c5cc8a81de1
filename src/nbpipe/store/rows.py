"""What the ledger answers with: runs, tasks, results, engines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbpipe.events import Artifact, Failure, RunState, TaskState


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that begins.

    Attributes
    ----------
    id
        Its id; also the name of its folder.
    project
        Absolute folder of the project.
    path
        What of the project is run, relative to it; empty for all.
    name
        The pipeline's name.
    parameters, engine
        As the run was asked for.
    selection
        Which steps: ``only``, ``start``, ``until``, ``force``.
    pipeline
        What is drawn, as JSON data.
    sources
        Notebook path → digest of its source as it was read.
    user, environment
        Who runs it, and the digest of what is installed.
    """

    id: str
    project: str
    path: str = ""
    name: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    engine: str = "papermill"
    selection: Mapping[str, object] = field(default_factory=dict)
    pipeline: Mapping[str, object] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as it stands; fields as in `NewRun`.

    Attributes
    ----------
    state
        How it stands.
    begun, started, finished
        When it was written down, taken up and ended (UTC, seconds since 1970).
    seconds
        Wall time; None while it runs.
    pinned
        True if it is kept whatever its age.
    last_seq
        Number of its newest event.
    counts
        How many of its tasks are in each state.
    """

    id: str
    project: str
    path: str
    name: str
    parameters: Mapping[str, object]
    engine: str
    selection: Mapping[str, object]
    sources: Mapping[str, str]
    user: str
    environment: str
    state: RunState
    begun: float
    started: float | None = None
    finished: float | None = None
    seconds: float | None = None
    pinned: bool = False
    last_seq: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as it stands.

    Attributes
    ----------
    task
        ``step``; ``step[3]`` for an item of a fan-out; ``step[]`` for what lists its items.
    position
        Its step's place in the pipeline's order.
    label
        What a person calls the item.
    state, reason, key, attempt
        As last told.
    started, finished, seconds
        Of the last attempt (UTC, seconds since 1970; wall time).
    cells, cells_done, cell
        Of the last attempt: how many cells, how many ended, and which one runs.
    error, artifacts, metrics, checks, peak
        As in `nbpipe.events.TaskFinished`; the error of a failed attempt stays while another
        follows.
    source_run, source_task
        Whose result was reused.
    """

    task: str
    position: int = 0
    label: str = ""
    state: TaskState = "waiting"
    reason: str = ""
    key: str = ""
    attempt: int = 0
    started: float | None = None
    finished: float | None = None
    seconds: float | None = None
    cells: int = 0
    cells_done: int = 0
    cell: str | None = None
    error: Failure | None = None
    artifacts: tuple[Artifact, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    peak: int | None = None
    source_run: str = ""
    source_task: str = ""

    @property
    def step(self) -> str:
        """The step it belongs to."""
        return step_of(self.task)

    @property
    def item(self) -> int:
        """Number of its item; -1 for a task that is not an item's."""
        inside = self.task.partition("[")[2].removesuffix("]")
        return int(inside) if inside.isdecimal() else -1


def step_of(task: str) -> str:
    """Return the step that a task belongs to."""
    return task.partition("[")[0]


@dataclass(frozen=True, slots=True)
class StoredResult:
    """What a task that ended well left, under the key of all that it depends on.

    Attributes
    ----------
    key
        Digest of the ingredients.
    run, task
        Where it was made.
    project, step
        The project's folder, and the step (``step[]`` for the listing of a fan-out's items).
    artifacts, metrics, checks
        As in `nbpipe.events.TaskFinished`.
    unbound
        Outputs that the step did not bind.
    parts
        The ingredients of the key.
    seconds
        Wall time it took.
    at
        When it was kept (UTC, seconds since 1970); set by the ledger.
    """

    key: str
    run: str
    task: str
    project: str
    step: str
    artifacts: tuple[Artifact, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    unbound: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class ArtifactRow:
    """Stored bytes, and the first task that left them."""

    digest: str
    size: int
    kind: str
    type: str
    codec: str
    preview: Mapping[str, object]
    run: str
    task: str


@dataclass(frozen=True, slots=True)
class EngineRow:
    """The process that carries out a run.

    Attributes
    ----------
    host, pid
        Where it runs.
    process
        What tells it from another process that is given the same number later.
    claimed, beat
        When it took up the run, and its last sign of life; None before the first.
    """

    host: str
    pid: int
    process: str = ""
    claimed: float = 0.0
    beat: float | None = None


@dataclass(frozen=True, slots=True)
class RequestRow:
    """What somebody asked of a run's engine."""

    run: str
    what: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class GarbagePlan:
    """What could be removed.

    Attributes
    ----------
    runs
        Ids of the runs, oldest first.
    digests
        Objects that nothing kept refers to.
    size
        Bytes of those objects, as far as the ledger knows.
    """

    runs: tuple[str, ...] = ()
    digests: frozenset[str] = frozenset()
    size: int = 0
