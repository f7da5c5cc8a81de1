"""nbpipe in Python: compile a project, run it, and look at what ran.

>>> import nbpipe
>>> compiled = nbpipe.compile("analysis.ipynb")
>>> run = compiled.run(year=2026)
>>> run["train"].outputs["model"]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbpipe.compile.plan import Selection
from nbpipe.errors import TaskFailed, UnknownName
from nbpipe.run.outcome import Outcome

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from nbpipe.compile.pipeline import Pipeline, Step
    from nbpipe.compile.plan import Plan
    from nbpipe.errors import Problem
    from nbpipe.events import Artifact, Event, Failure, RunState, TaskState
    from nbpipe.run.executors import Executor
    from nbpipe.run.project import Project
    from nbpipe.run.runs import Job
    from nbpipe.store.rows import RunRow, TaskRow
    from nbpipe.store.store import Store

    Names = str | Sequence[str]


def compile(path: str | os.PathLike[str] = ".") -> Compiled:  # noqa: A001 - it is what it does
    """Read a project or one notebook; none of its code is run.

    Parameters
    ----------
    path
        A folder, an ``.ipynb`` or a ``.py`` file.

    Raises
    ------
    ProjectNotFound
        If there is nothing at `path`, or it is no notebook.
    """
    from nbpipe.run.project import open_project

    project = open_project(path)
    return Compiled(project, project.compile())


def runs(path: str | os.PathLike[str] = ".", limit: int = 50) -> list[Run]:
    """Return the runs of a project or of one notebook, the newest first.

    Parameters
    ----------
    path
        A folder or a notebook.
    limit
        At most this many.
    """
    compiled = compile(path)
    project, store = compiled.project, _store(compiled.project)
    found = store.ledger.runs(path=project.scope, limit=limit, project=str(project.folder))
    return [Run(row, store) for row in found]


def run_of(name: str = "last", path: str | os.PathLike[str] = ".") -> Run:
    """Return a run by its id, the beginning of its id, or ``last``.

    Parameters
    ----------
    name
        Which run.
    path
        A folder or a notebook of its project.

    Raises
    ------
    UnknownName
        If there is none, or more than one.
    """
    if name == "last":
        newest = runs(path, limit=1)
        if not newest:
            raise UnknownName("There are no runs yet. `nbpipe run` makes one.")
        return newest[0]
    store = _store(compile(path).project)
    return Run(store.ledger.run(name), store)


def load(name: str, path: str | os.PathLike[str] = ".") -> Any:
    """Return a value that a run kept; of a file, the path of the bytes that were kept.

    Parameters
    ----------
    name
        ``RUN/STEP/NAME``: a run's id, the beginning of one, or ``last``; a step, or a task as
        ``step[3]``; a name that the step gave.
    path
        A folder or a notebook of the run's project.

    Raises
    ------
    UnknownName
        If there is no such run, step or name.

    Notes
    -----
    Unless it is plain data or a table, the value is unpickled, which can run code that is in
    the store: use it with stores that you trust.
    """
    from nbpipe.store.rows import split_name

    run, step, output = split_name(name)
    found = run_of(run, path)[step]
    files = {one.name: one for one in found.artifacts if one.kind == "file"}
    if output in files and output not in found.outputs:
        return found.path_of(files[output])
    return found.outputs[output]


def _store(project: Project) -> Store:
    from nbpipe.store.store import Store

    return Store.open(project.store)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A project as it was read.

    Attributes
    ----------
    project
        Its notebooks and settings.
    pipeline
        Its steps, and what travels between them.
    """

    project: Project
    pipeline: Pipeline

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with it; one with an error is not run."""
        return self.pipeline.problems

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its steps, in an order in which they could run one after the other."""
        return self.pipeline.steps

    def plan(self, parameters: Mapping[str, Any] | None = None, /, **more: Any) -> Plan:
        """Return what a run would do now, and why; nothing is run.

        Parameters
        ----------
        parameters, **more
            Values for the pipeline's parameters, as a mapping or by name.

        Raises
        ------
        ProblemsError
            If the project has problems that stop it from running.
        UnknownName, BadParameter
            If there is no such parameter, or its value cannot be used.
        """
        from nbpipe.run.runs import prepare

        return prepare(self.project, _store(self.project), {**(parameters or {}), **more}).plan()

    def run(
        self,
        parameters: Mapping[str, Any] | None = None,
        /,
        options: Options | None = None,
        **more: Any,
    ) -> Run:
        """Run it and return what came of it, also where a step did not end well.

        Parameters
        ----------
        parameters, **more
            Values for the pipeline's parameters, as a mapping or by name.
        options
            How it is run.

        Raises
        ------
        ProblemsError
            If the project has problems that stop it from running.
        UnknownName, BadParameter
            If there is no such parameter or step, or a value cannot be used.
        StoreError
            If the store cannot be used.
        """
        from dataclasses import replace

        from nbpipe.run import runs as running
        from nbpipe.run.lock import read_lock
        from nbpipe.run.project import LOCK
        from nbpipe.run.targets import executor_at

        chosen = options or Options()
        store = _store(self.project)
        learned, _ = read_lock(self.project.folder / LOCK)  # an earlier run may have learned
        project = replace(self.project, learned=learned)
        job = chosen.job(project, {**(parameters or {}), **more})
        make = chosen.executor or executor_at(job.on)
        name, _ = running.carry_out(job, store, chosen.tell, make)
        return Run(store.ledger.run(name), store)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from nbpipe.export.text import draw_text

        faults = [problem.message for problem in self.pipeline.errors]
        text = "\n".join([*draw_text(self.pipeline), *faults])
        return {"text/plain": text, "text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        from html import escape

        from nbpipe.export.svg import draw_svg

        faults = "".join(f"<li>{escape(p.message)}</li>" for p in self.pipeline.errors)
        return draw_svg(self.pipeline) + (f"<ul>{faults}</ul>" if faults else "")


def _silent(_: Event) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a pipeline is run.

    Attributes
    ----------
    only, start, until, force
        Steps: these alone; these and what follows; these and what leads to them; these even
        where a result could be reused. One name or several.
    engine
        Papermill engine for steps that name none.
    jobs
        How many steps run side by side.
    fail_fast
        Stop everything at the first failure.
    tell
        Is called with every event.
    on
        Where steps are carried out: ``local``, or an address as ``dask://HOST:PORT``.
    executor
        Makes what carries orders out, for a number of them at a time; that at `on` by default.
    """

    only: Names = ()
    start: Names = ()
    until: Names = ()
    force: Names = ()
    engine: str | None = None
    jobs: int | None = None
    fail_fast: bool = False
    tell: Callable[[Event], None] = _silent
    on: str | None = None
    executor: Callable[[int], Executor] | None = None

    def job(self, project: Project, parameters: Mapping[str, Any]) -> Job:
        """Return the job that these options make of a project."""
        from nbpipe.run.runs import Job

        asked = (self.only, self.start, self.until, self.force)
        chosen = Selection(*((one,) if isinstance(one, str) else tuple(one) for one in asked))
        on = self.on or project.settings.executor
        return Job(project, parameters, chosen, self.engine, self.jobs, self.fail_fast, on=on)


class _NotThere(UnknownName, KeyError):
    """What a mapping raises: both ours, with a hint, and Python's."""

    __str__ = Exception.__str__


class Run(Mapping[str, "StepRun"]):
    """A run that is in the store, as a mapping from its tasks to what came of them.

    A fanned-out step is there under its own name where it has one item, and each item under
    ``step[0]``, ``step[1]`` and so on.
    """

    def __init__(self, row: RunRow, store: Store) -> None:
        self._row = row
        self._store = store
        self._outcome = Outcome.of(row, store.ledger.tasks(row.id))
        self._tasks = {one.task: one for one in self._outcome.shown}

    @property
    def id(self) -> str:
        """Its id."""
        return self._row.id

    @property
    def state(self) -> RunState:
        """How it ended, or that it is running."""
        return self._row.state

    @property
    def ok(self) -> bool:
        """Whether every task is ok or reused."""
        return self.state == "ok"

    @property
    def parameters(self) -> Mapping[str, object]:
        """The values that it was run with."""
        return self._row.parameters

    @property
    def metrics(self) -> dict[str, float]:
        """The numbers that it kept; those of a fanned-out task are named ``task.name``."""
        return self._outcome.metrics

    @property
    def seconds(self) -> float | None:
        """Wall time; None while it runs."""
        return self._row.seconds

    def raise_for_state(self) -> Run:
        """Return the run itself if it is ok.

        Raises
        ------
        TaskFailed
            If a task did not end well; the message names the first.
        """
        if self.ok:
            return self
        failed = next((one for one in self._tasks.values() if one.error is not None), None)
        if failed is None or failed.error is None:
            raise TaskFailed(f"Run {self.id} is {self.state}.")
        error = failed.error
        raise TaskFailed(f"{failed.task} {failed.state}: {error.name}: {error.message}")

    def __getitem__(self, task: str) -> StepRun:
        items = [one for one in self._tasks.values() if one.step == task]
        found = self._tasks.get(task) or (items[0] if len(items) == 1 else None)
        if found is None:
            raise _NotThere.of("task", task, self._tasks)
        return StepRun(self.id, found, self._store)

    def __contains__(self, task: object) -> bool:
        return task in self._tasks

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)

    def __repr__(self) -> str:
        states = [one.state for one in self._tasks.values()]
        said = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        return f"<Run {self.id}: {self.state}; {said}>"


@dataclass(frozen=True, slots=True)
class StepRun:
    """One task of a run, and what it left.

    Attributes
    ----------
    run
        The run's id.
    """

    run: str
    _row: TaskRow = field(repr=False)
    _store: Store = field(repr=False)

    @property
    def task(self) -> str:
        """Its name."""
        return self._row.task

    @property
    def state(self) -> TaskState:
        """How it ended."""
        return self._row.state

    @property
    def reason(self) -> str:
        """Why it ran, was reused or was skipped."""
        return self._row.reason

    @property
    def seconds(self) -> float | None:
        """Wall time of its last attempt."""
        return self._row.seconds

    @property
    def outputs(self) -> Outputs:
        """The values that it gave, each loaded when it is read."""
        return Outputs(self._row.artifacts, self._store)

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Everything that it left."""
        return self._row.artifacts

    @property
    def metrics(self) -> Mapping[str, float]:
        """The numbers that it kept."""
        return self._row.metrics

    @property
    def error(self) -> Failure | None:
        """Why it did not end well."""
        return self._row.error

    def path_of(self, artifact: Artifact) -> Path:
        """Return where the bytes of an artifact are; they are not to be changed."""
        from pathlib import Path

        return Path(self._store.blobs.path(artifact.digest))

    @property
    def notebook(self) -> Path | None:
        """Its executed notebook; None if it left none."""
        from nbpipe.run.keep import notebook_file

        return notebook_file(self._store, self.run, self._row)


class Outputs(Mapping[str, Any]):
    """Name → value, for the values that a step gave.

    A value is read from the store each time. Unless it is plain data or a table it is
    unpickled, which can run code that is in the store: use it with stores that you trust.
    """

    def __init__(self, artifacts: Sequence[Artifact], store: Store) -> None:
        self._store = store
        self._artifacts = {
            name: artifact
            for artifact in artifacts
            if artifact.kind == "value"
            for name in artifact.name.split(", ")
        }

    def __getitem__(self, name: str) -> Any:
        if name not in self._artifacts:
            raise _NotThere.of("output", name, self._artifacts)
        from nbpipe.kernelside import codecs

        artifact = self._artifacts[name]
        if not codecs.is_safe(artifact.codec):
            self._store.blobs.verify(artifact.digest)
        value = codecs.decode(str(self._store.blobs.path(artifact.digest)), artifact.codec)
        names = artifact.name.split(", ")
        return value if len(names) == 1 else value[names.index(name)]

    def __contains__(self, name: object) -> bool:
        return name in self._artifacts

    def __iter__(self) -> Iterator[str]:
        return iter(self._artifacts)

    def __len__(self) -> int:
        return len(self._artifacts)

    def __repr__(self) -> str:
        said = ", ".join(f"{name}: {one.type}" for name, one in self._artifacts.items())
        return f"<Outputs {said or '(none)'}>"
