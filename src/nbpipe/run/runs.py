"""A run from beginning to end: checked, recorded, carried out in passes, and closed."""

from __future__ import annotations

import os
import re
import secrets
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Literal

from nbpipe.compile.describe import describe
from nbpipe.compile.parameters import check_parameters, is_reference
from nbpipe.compile.plan import Selection
from nbpipe.errors import NbpipeError, Problem, ProblemsError, StoreError, UnknownName
from nbpipe.events import Note, RunFinished, RunStarted
from nbpipe.kernelside.failpoints import reach
from nbpipe.run.conduct import Conduct
from nbpipe.run.edits import Edits
from nbpipe.run.engine import Pass
from nbpipe.run.limits import Watch, check_quota
from nbpipe.run.lock import add_to_lock, joined
from nbpipe.run.masks import mask_of
from nbpipe.run.planner import Planner
from nbpipe.run.project import LOCK
from nbpipe.run.recorder import Recorder
from nbpipe.run.targets import LOCAL, shown
from nbpipe.store import leases
from nbpipe.store.projection import View, closing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.events import RunState, Tell
    from nbpipe.run.executors import Executor
    from nbpipe.run.learning import Lesson
    from nbpipe.run.project import Project
    from nbpipe.store.store import Store

MOST_PASSES = 6
"""How often one run plans anew because of what it learned."""


_SECRETIVE = re.compile(r"(?i)passw|secret|credential|api_?key|(?:^|_)(?:token|pwd)$")
"""Names of parameters that are likely to be secrets."""


@dataclass(frozen=True, slots=True)
class Job:
    """What somebody wants run.

    Attributes
    ----------
    project
        As it was read.
    parameters
        Values given for this run.
    selection
        Which steps it is about.
    engine
        Papermill engine for steps that do not name their own.
    jobs
        How many tasks may run side by side; None for the project's setting, else
        two more than there are cores.
    fail_fast
        Stop everything at the first failure.
    run
        The run's id; one is made where it is empty. A run that exists is resumed.
    on
        Address of what carries the orders out.
    timeout
        Seconds that the run may take; None for the project's setting, else for no limit.
    linger
        Unix socket of who takes kernels of steps that fail; empty where they end with their step.
    """

    project: Project
    parameters: Mapping[str, Any] = field(default_factory=dict)
    selection: Selection = field(default_factory=Selection)
    engine: str | None = None
    jobs: int | None = None
    fail_fast: bool = False
    run: str = ""
    on: str = LOCAL
    timeout: float | None = None
    linger: str = ""


def new_run_id(now: float | None = None) -> str:
    """Return an id for a run: the time (UTC) to the second, and four random letters."""
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    letters = "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz") for _ in range(4))
    return f"{moment}-{letters}"


def prepare(
    project: Project,
    store: Store,
    parameters: Mapping[str, Any],
    selection: Selection | None = None,
) -> Planner:
    """Return a planner for the project; nothing is written.

    Raises
    ------
    ProblemsError
        If the project has problems that stop it from running.
    UnknownName, BadParameter
        If a parameter or a step does not exist, or a value cannot be used.
    """
    pipeline = project.compile()
    if pipeline.errors:
        raise ProblemsError(pipeline.problems)
    values = effective_parameters(project, pipeline, parameters)
    planner = Planner(project, pipeline, store, values, selection or Selection())
    problems = tuple(_unknown_kernels(planner))
    if problems:
        raise ProblemsError(problems)
    return planner


def effective_parameters(
    project: Project, pipeline: Pipeline, given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values that count: defaults, then ``nbpipe.toml``, then those given."""
    values = {parameter.name: parameter.default for parameter in pipeline.parameters}
    values |= check_parameters(project.settings.parameters, pipeline.parameters)
    return values | check_parameters(given, pipeline.parameters)


def check_secrets(planner: Planner) -> None:
    """Make sure that the secrets that steps are given can be read here.

    Raises
    ------
    BadParameter
        If one cannot.
    """
    for step in planner.pipeline.steps:
        if step.name in planner.concerned:
            mask_of(planner.secrets(step))


def _in_plain(planner: Planner) -> Iterable[Note]:
    """Say which values that were given look like secrets, and are kept as they are."""
    for one in planner.pipeline.parameters:
        value = planner.parameters[one.name]
        given = isinstance(value, str) and value not in ("", one.default)
        if given and _SECRETIVE.search(one.name) and not is_reference(value):
            yield Note(
                f"The value of {one.name} is kept as plain text with the run. If it is a secret, "
                f"give it as env:NAME or file:PATH.",
                level="warning",
            )


def _unknown_kernels(planner: Planner) -> Iterable[Problem]:
    for step in planner.pipeline.steps:
        if step.name not in planner.concerned:
            continue
        try:
            planner.environments.find(planner.kernel(step))
        except UnknownName as error:
            text = f"Step {step.name!r} ({step.notebook.path}): {error}"
            hint = "Install the kernel, or choose another in JupyterLab."
            yield Problem("unknown-kernel", text, notebook=step.notebook.path, suggestion=hint)


def carry_out(
    job: Job, store: Store, tell: Tell, executor: Callable[[int], Executor]
) -> tuple[str, RunState]:
    """Carry out a run; returns its id and how it ended.

    Parameters
    ----------
    job
        What is to be run.
    store
        Where it is kept.
    tell
        Is told everything that happens, after the ledger.
    executor
        Makes the executor for a number of tasks side by side; called when the first task runs.

    Raises
    ------
    ProblemsError, UsageError
        Before anything was written.
    StoreError
        If the store cannot be used.
    """
    planner = prepare(job.project, store, job.parameters, job.selection)
    if job.on == LOCAL:  # elsewhere they are read there
        check_secrets(planner)
    check_quota(store.space(), job.project.settings)
    heard = store.ledger.requests(job.run) if job.run else ()
    run, resumed = _begin(job, planner, store)
    recorder = Recorder(store, run, tell, heard=heard)
    started = time.monotonic()
    state: RunState = "failed"
    with _StopSignals(recorder):
        try:
            late = _Late(executor, _slots(job))
            state = _passes(job, planner, recorder, late, resumed)
        except KeyboardInterrupt:
            state = "interrupted"
            _leave(recorder, "the run was interrupted")
        except NbpipeError as error:  # as when a cluster does not answer
            recorder.tell(Note(str(error), level="error"))
            _leave(recorder, "the run could not go on")
            raise
        finally:
            reach("run-ending")
            recorder.tell(RunFinished(state, time.monotonic() - started))
            recorder.close()
            reach("run-ended")
            store.ledger.release(run)
    return run, state


def _leave(recorder: Recorder, why: str) -> None:
    """Tell of what a run leaves: tasks under way were interrupted, others are not run."""
    with suppress(StoreError):  # it may be the store that ends the run
        recorder.flush()
        tasks = {one.task: one for one in recorder.store.ledger.tasks(recorder.run)}
        for event in closing(View(tasks=tasks), why)[:-1]:
            recorder.tell(event)


def _slots(job: Job) -> int:
    """Two more than there are cores: while steps wait for a disk or a network, others go on.

    Elsewhere it is 0, for as many as there is room for.
    """
    here = (os.cpu_count() or 1) + 2 if job.on == LOCAL else 0
    return job.jobs or job.project.settings.jobs or here


def _conduct(
    job: Job, recorder: Recorder, lessons: _Lessons, edits: Edits, resumed: bool
) -> Conduct:
    """How the run is carried out; another machine's room is for its own scheduler to know."""
    watch = Watch(recorder.store.space, job.project.settings, recorder.tell)

    def asked() -> str:
        watch.look()
        edits.look()
        return recorder.asked()

    tasks = recorder.store.ledger.tasks(recorder.run) if resumed else ()
    timeout = job.timeout or job.project.settings.run_timeout
    here = Conduct(
        recorder.run, recorder.tell, recorder.keep, lessons.take, asked,
        _engine(job), job.fail_fast, linger=job.linger, cpu=float(_slots(job)),
        before={one.task: one.attempt for one in tasks if one.attempt},
        lease=partial(leases.take, recorder.store.ledger, recorder.run),
        timeout=timeout, deadline=inf if timeout is None else time.monotonic() + timeout,
    )  # fmt: skip
    return here if job.on == LOCAL else replace(here, cpu=inf, memory=1 << 62, gpu=1 << 30)


def _begin(job: Job, planner: Planner, store: Store) -> tuple[str, bool]:
    """Write the run down and take it up; returns its id, and whether it was there before."""
    run = job.run or new_run_id()
    resumed = bool(job.run) and _is_there(store, run)
    if not resumed:
        _write_down(run, job, planner, store)
    store.ledger.claim(run)
    reach("run-claimed")
    return run, resumed


def _is_there(store: Store, run: str) -> bool:
    try:
        return store.ledger.run(run).id == run
    except UnknownName:
        return False


def _write_down(run: str, job: Job, planner: Planner, store: Store) -> None:
    from nbpipe.store.rows import NewRun

    project = job.project
    sources = {path: store.blobs.put_bytes(data) for path, data in project.sources.items()}
    store.ledger.begin_run(
        NewRun(
            id=run,
            project=str(project.folder),
            path=project.scope or "",
            name=planner.pipeline.name,
            parameters=dict(planner.parameters),
            engine=_engine(job),
            selection={
                name: list(getattr(job.selection, name))
                for name in ("only", "start", "until", "force")
            },
            pipeline=describe(planner.pipeline),
            sources=sources,
            user=_user(),
            environment=store.blobs.put_bytes(planner.environments.describe()),
        )
    )
    planner.environments.keep()


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        return ""


def _engine(job: Job) -> str:
    return job.engine or job.project.settings.engine or "warm"


def _passes(
    job: Job, planner: Planner, recorder: Recorder, executor: _Late, resumed: bool
) -> RunState:
    """Run passes until one teaches nothing that changes the pipeline."""
    taught = _Lessons(job.project)
    edits = Edits(job.project, recorder.tell, resumed)
    conduct = _conduct(job, recorder, taught, edits, resumed)
    chosen = tuple(step.name for step in planner.pipeline.steps if step.name in planner.concerned)
    scope, values = job.project.scope or "", dict(planner.parameters)
    recorder.tell(RunStarted(scope, conduct.engine, chosen, values, resumed, shown(job.on)))
    reach("run-started")
    for problem in planner.pipeline.problems:
        if problem.severity == "warning":
            recorder.tell(Note(_sentence(problem), level="warning"))
    for note in _in_plain(planner):
        recorder.tell(note)
    planner.pending = recorder.results
    state: RunState = "failed"
    try:
        for _ in range(MOST_PASSES):
            one = Pass(planner, executor, conduct)
            state = one.carry_out()
            lessons = list(one.lessons.values())
            project = taught.told(lessons, recorder)
            if state == "cancelled" or not any(lesson.structural for lesson in lessons):
                return state
            recorder.tell(Note("Planning anew with what was learned (kept in nbpipe.lock)."))
            planner = _planner_anew(planner, project)
        return state
    finally:
        edits.look(last=True)
        executor.close()


def _planner_anew(planner: Planner, project: Project) -> Planner:
    """A planner with what was learned; what was forced and ran is not forced once more."""
    pipeline = project.compile()
    if pipeline.errors:
        raise ProblemsError(pipeline.problems)
    left = tuple(name for name in planner.selection.force if name not in planner.ended)
    selection = replace(planner.selection, force=left)
    anew = Planner(project, pipeline, planner.store, planner.parameters, selection)
    anew.pending = planner.pending
    return anew


def _sentence(problem: Problem) -> str:
    cell = "" if problem.index is None else f", cell {problem.index + 1}"
    where = f"{problem.notebook}{cell}: " if problem.notebook else ""
    return f"{where}{problem.message} {problem.suggestion}".rstrip()


class _Lessons:
    """What a run learns: written to the lock file at once, said when a pass is over.

    The key under which a result is kept hangs on the files that its step was seen to read.
    Were they written down later than the result, it would not be found after a crash.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.trouble: OSError | None = None

    def take(self, lesson: Lesson) -> None:
        """Write a lesson down."""
        learned = dict(self.project.learned)
        before = learned.get(lesson.step)
        learned[lesson.step] = joined(before, lesson.learned) if before else lesson.learned
        self.project = replace(self.project, learned=learned)
        try:
            add_to_lock(self.project.folder / LOCK, learned)
            reach("lock-written")
        except OSError as error:
            self.trouble = error

    def told(self, lessons: list[Lesson], recorder: Recorder) -> Project:
        """Say what a pass taught; returns the project with all that was learned."""
        for lesson in lessons:
            level: Literal["warning", "info"] = "warning" if lesson.structural else "info"
            for note in lesson.notes:
                recorder.tell(Note(f"Learned: {note}.", lesson.step, level))
        if self.trouble is not None:
            text = f"nbpipe.lock could not be written ({self.trouble})."
            recorder.tell(Note(text, level="warning"))
            self.trouble = None
        return self.project


class _Late:
    """An executor that is made when the first order comes: a run that reuses all needs none."""

    def __init__(self, make: Callable[[int], Executor], slots: int) -> None:
        self.make = make
        self.asked = slots
        self.slots = slots or 1
        self.real: Executor | None = None

    def submit(self, order: Any) -> None:
        if self.real is None:
            self.real = self.make(self.asked)
        self.real.submit(order)
        self.slots = max(1, self.real.slots)

    def poll(self, timeout: float) -> Any:
        if self.real is None:
            return ()
        messages = self.real.poll(timeout)
        self.slots = max(1, self.real.slots)  # a cluster grows and shrinks
        return messages

    def cancel(self, task: str) -> None:
        if self.real is not None:
            self.real.cancel(task)

    def close(self) -> None:
        if self.real is not None:
            self.real.close()


class _StopSignals:
    """While it lasts, the first SIGINT or SIGTERM asks the run to stop, the second ends it."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.before: dict[int, Any] = {}

    def __enter__(self) -> None:
        import signal
        import threading

        if threading.current_thread() is not threading.main_thread():
            return
        names = ["SIGINT", "SIGTERM"] + (["SIGHUP"] if sys.platform != "win32" else [])
        for name in names:
            number = getattr(signal, name)
            self.before[number] = signal.signal(number, self._heard)

    def _heard(self, number: int, _frame: object) -> None:
        if self.recorder.stop_reason:
            raise KeyboardInterrupt
        self.recorder.stop("the run was interrupted" if number == 2 else "the run was told to end")

    def __exit__(self, *_: object) -> None:
        import signal

        for number, handler in self.before.items():
            signal.signal(number, handler)
