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
    note, tags
        What people say of it; see `Ledger.annotate`.
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
    note: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Which:
    """Which runs are meant; a field that is left out does not choose.

    Attributes
    ----------
    project
        Folder of the project.
    paths
        What of the project was run; empty text for all of it.
    state, pinned
        As in `RunRow`.
    tags
        All of these.
    words
        Each word is in the run's id, path, note, or one of its tags; ``name=value`` is one of
        its parameters.
    before
        Only runs older than the one of this id.
    """

    project: str | None = None
    paths: tuple[str, ...] = ()
    state: str | None = None
    pinned: bool | None = None
    tags: tuple[str, ...] = ()
    words: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class WhichTasks:
    """Which tasks of a run are meant; empty text does not choose.

    Attributes
    ----------
    step, state
        Tasks of this step, in this state.
    words
        Each word is in the task's name or label.
    """

    step: str = ""
    state: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A task as long lists show it; fields as in `TaskRow`."""

    task: str
    item: int
    label: str
    state: TaskState
    started: float | None = None
    finished: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StepMetric:
    """A number that a step kept; of a fan-out's items, their mean, and how many there are."""

    step: str
    name: str
    value: float | None
    count: int = 1


@dataclass(frozen=True, slots=True)
class StepSum:
    """The tasks of a step, taken together.

    Attributes
    ----------
    step
        Its name; of a fan-out, what lists the items is left out.
    counts
        How many of its tasks are in each state.
    started, finished
        The first begin and the last end (UTC, seconds since 1970).
    seconds
        Wall time of all its tasks, added up.
    """

    step: str
    counts: Mapping[str, int] = field(default_factory=dict)
    started: float | None = None
    finished: float | None = None
    seconds: float = 0.0


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


def split_name(text: str) -> tuple[str, str, str]:
    """Return run, step and artifact name of ``RUN/STEP/NAME``; what is left out is empty."""
    run, _, rest = text.partition("/")
    step, _, name = rest.partition("/")
    return run or "last", step, name


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
