"""What happens in a run: one vocabulary for ledger, command line, server and browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TaskState = Literal[
    "waiting",
    "running",
    "ok",
    "failed",
    "kernel-died",
    "out-of-memory",
    "timed-out",
    "interrupted",
    "cancelled",
    "skipped",
    "reused",
]
RunState = Literal["running", "ok", "failed", "cancelled", "interrupted"]
CellState = Literal[
    "ok", "failed", "kernel-died", "out-of-memory", "timed-out", "interrupted", "cancelled",
    "not-run",
]  # fmt: skip

GOOD: frozenset[str] = frozenset({"ok", "reused"})
"""Task states after which the steps that depend on it may start."""

ENDED: frozenset[str] = frozenset(
    {"ok", "failed", "kernel-died", "out-of-memory", "timed-out", "interrupted", "cancelled",
     "skipped", "reused"}
)  # fmt: skip
"""Task states that do not change any more."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """Bytes under their digest: a value, a file, a notebook or a log that a task left.

    Attributes
    ----------
    name
        Variable name (``fig, ax`` for names stored together), or a file's path for files.
    digest
        ``sha256:`` and 64 hexadecimal digits.
    size
        Bytes.
    kind
        What it is to the run.
    codec
        How the bytes become a value again; empty for plain files.
    type
        Qualified name of the value's type, or the file's media type.
    preview
        What was made to be looked at when the value was saved; keys ``text``, ``html``,
        ``shape``, ``dtypes``, ``image`` (a digest).
    """

    name: str
    digest: str
    size: int
    kind: Literal["value", "file", "notebook", "log", "random", "items", "profile", "dump"]
    codec: str = ""
    type: str = ""
    preview: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task did not end well.

    Attributes
    ----------
    name
        Class of the error, or a state such as ``kernel died``.
    message
        One sentence.
    cell
        Id of the cell that was running, in the source notebook where it stems from there.
    traceback
        As the kernel sent it, escape sequences removed.
    """

    name: str
    message: str
    cell: str | None = None
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """An engine took up the run; `on` is the address of what carries its orders out."""

    path: str
    engine: str
    tasks: tuple[str, ...]
    parameters: Mapping[str, object] = field(default_factory=dict)
    resumed: bool = False
    on: str = "local"


@dataclass(frozen=True, slots=True)
class TasksAdded:
    """A fan-out became known: the tasks of `step`, one for each item."""

    step: str
    tasks: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A worker took up an attempt at a task."""

    task: str
    attempt: int
    cells: int
    key: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CellStarted:
    """A cell of the source notebook began to run; `index` counts the step's cells from 0."""

    task: str
    cell: str
    index: int


@dataclass(frozen=True, slots=True)
class CellFinished:
    """A cell ended in `state` after `seconds`."""

    task: str
    cell: str
    state: CellState
    seconds: float


@dataclass(frozen=True, slots=True)
class CellOutput:
    """A piece of text that a cell wrote; told live, kept in the log and not in the ledger."""

    task: str
    cell: str
    stream: Literal["stdout", "stderr", "display"]
    text: str


@dataclass(frozen=True, slots=True)
class TaskFinished:
    """An attempt ended.

    Attributes
    ----------
    state
        How it ended.
    seconds
        Wall time of the attempt.
    artifacts
        Everything it left; the executed notebook is the one of kind ``notebook``.
    metrics
        Numbers named in ``metrics`` cells or logged.
    checks
        Cell id → ``ok`` or the message of the failed assertion.
    error
        Why it did not end well.
    peak
        Most memory its kernel held, in bytes; None where it was not measured.
    again
        True if another attempt follows.
    """

    task: str
    state: TaskState
    seconds: float
    attempt: int = 1
    key: str = ""
    artifacts: tuple[Artifact, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    error: Failure | None = None
    peak: int | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class TaskReused:
    """A stored result was taken: that of task `source_task` in run `source_run`."""

    task: str
    key: str
    reason: str
    source_run: str
    source_task: str
    artifacts: tuple[Artifact, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskSkipped:
    """The task was not run, because of `reason`; its state is `state`."""

    task: str
    reason: str
    state: TaskState = "skipped"


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know; `task` is empty for the whole run."""

    text: str
    task: str = ""
    level: Literal["info", "warning", "error"] = "info"


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run ended in `state` after `seconds`."""

    state: RunState
    seconds: float


Event = (
    RunStarted
    | TasksAdded
    | TaskStarted
    | CellStarted
    | CellFinished
    | CellOutput
    | TaskFinished
    | TaskReused
    | TaskSkipped
    | Note
    | RunFinished
)

KINDS: dict[str, type[Event]] = {
    "run-started": RunStarted,
    "tasks-added": TasksAdded,
    "task-started": TaskStarted,
    "cell-started": CellStarted,
    "cell-finished": CellFinished,
    "cell-output": CellOutput,
    "task-finished": TaskFinished,
    "task-reused": TaskReused,
    "task-skipped": TaskSkipped,
    "note": Note,
    "run-finished": RunFinished,
}
"""The name of each event in JSON, in the ledger and in the browser."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the ledger keeps it: its number in the run, the time (UTC), and the event."""

    run: str
    seq: int
    at: float
    event: Event


if TYPE_CHECKING:
    Tell = Callable[[Event], None]
