"""An order, all that a worker is told of a task, and the result that it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbpipe.events import Artifact, Failure, TaskState


@dataclass(frozen=True, slots=True)
class Order:
    """All that a worker is told. It is plain JSON on the wire (`nbpipe.wire`).

    Attributes
    ----------
    run, task, attempt
        Which attempt at which task this is. Attempts count from 1.
    key
        Digest of all that the result depends on.
    notebook
        The rendered step: an nbformat 4.5 document that stands alone.
    language, kernel
        Language of its cells, and the kernelspec's name.
    engine
        ``papermill``, ``warm``, ``embedded``, ``profiling`` or ``debug``.
    project
        Absolute folder of the project.
    folder
        Absolute folder of the source notebook: the kernel's working directory.
    store
        Address of the store: an absolute folder or an fsspec URL.
    parameters
        Values that papermill injects; JSON values under identifiers.
    secrets
        Parameter → reference of the secret that is its value; never the value itself.
    session
        What the kernel side is told: the content of ``task.json``.
    inputs
        Digests of all artifacts that must be at hand before the kernel starts.
    own
        Ids of the cells taken from the source notebook, in order.
    checks
        Those of `own` that are checks.
    writes
        Glob patterns, relative to `folder`, of files to keep.
    timeout
        Seconds for the attempt; None for no limit.
    memory
        Most bytes the kernel and its children may hold; None for no limit.
    linger
        Unix socket of who takes the kernel if this attempt fails; empty where nobody does.
    cpu, gpu
        Cores that it keeps busy and GPUs that it needs, for executors that choose a machine.
    """

    run: str
    task: str
    attempt: int
    key: str
    notebook: Mapping[str, Any]
    language: str
    kernel: str
    engine: str
    project: str
    folder: str
    store: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    session: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    timeout: float | None = None
    memory: int | None = None
    linger: str = ""
    cpu: float = 1.0
    gpu: int = 0
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that a step read: path (relative to the project where it is inside) and digest."""

    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended, and everything it left in the store.

    Attributes
    ----------
    task, attempt
        As in the order.
    state
        The worker's own verdict.
    seconds
        Wall time from taking up the order to the end.
    artifacts
        All published; their bytes are in the store when the result is given.
    metrics, checks, error, peak
        As in `nbpipe.events.TaskFinished`.
    files_read
        Files that were read between loading and saving.
    fetched
        Names that the step took from steps above although reading missed them.
    missing
        Names that it asked for, that a step above binds, and that no artifact holds.
    changed
        Inputs that it changed although reading the code did not show it.
    drew
        Global random generators whose state it changed.
    """

    task: str
    attempt: int
    state: TaskState
    seconds: float
    artifacts: tuple[Artifact, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    error: Failure | None = None
    peak: int | None = None
    files_read: tuple[FileRead, ...] = ()
    fetched: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    drew: tuple[str, ...] = ()
