"""Runs that are in the store: found by what was typed, and made jobs again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbpipe.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from nbpipe.run.project import Project
    from nbpipe.run.runs import Job
    from nbpipe.store.rows import RunRow, TaskRow
    from nbpipe.store.store import Store

NO_RUNS = "There are no runs yet. `nbpipe run` makes one."

_LOOKED_AT = 200
"""How many runs are looked through for one that can be resumed."""


def find_run(store: Store, project: Project, name: str) -> RunRow:
    """Return the run of that id, beginning of an id, or ``last``: the project's newest.

    Raises
    ------
    UnknownName
        If there is none, or more than one.
    """
    if name != "last":
        return store.ledger.run(name)
    newest = store.ledger.runs(project=str(project.folder), limit=1)
    if not newest:
        raise UnknownName(NO_RUNS)
    return newest[0]


def find_unfinished(store: Store, project: Project) -> RunRow:
    """Return the project's newest run that did not come to its end.

    Raises
    ------
    UsageError
        If there is none.
    """
    newest = store.ledger.runs(project=str(project.folder), limit=_LOOKED_AT)
    if not newest:
        raise UnknownName(NO_RUNS)
    for states in (("interrupted", "cancelled", "failed"), ("running",)):
        for run in newest:
            if run.state in states:
                return run
    raise UsageError(f"Run {newest[0].id} came to its end; there is nothing to resume.")


def tasks_of(store: Store, run: RunRow, step: str) -> list[TaskRow]:
    """Return the tasks of a run that a step's or a task's name means.

    Raises
    ------
    UnknownName
        If the run has no such step.
    """
    tasks = store.ledger.tasks(run.id)
    chosen = [one for one in tasks if step in (one.task, one.step) and one.task != f"{step}[]"]
    if not chosen:
        raise UnknownName.of("step", step, {one.step for one in tasks})
    return chosen


def job_of(project: Project, store: Store, run: RunRow) -> Job:
    """Return the job that a run was: its notebooks as they were, its parameters and steps.

    Raises
    ------
    UsageError
        If the run ended well, or belongs to another project.
    """
    from dataclasses import replace

    from nbpipe.compile.notebook import read_notebook
    from nbpipe.compile.plan import Selection
    from nbpipe.run.runs import Job

    if run.state == "ok":
        raise UsageError(f"Run {run.id} came to its end; there is nothing to resume.")
    if run.project != str(project.folder):
        raise UsageError(f"Run {run.id} is of the project {run.project}, not {project.folder}.")
    sources = {path: store.blobs.read(digest) for path, digest in run.sources.items()}
    notebooks = tuple(read_notebook(data, path) for path, data in sorted(sources.items()))
    then = replace(project, scope=run.path or None, notebooks=notebooks, sources=sources)
    done = {one.step for one in store.ledger.tasks(run.id) if one.state == "ok"}
    kept: Any = run.selection
    chosen = {name: tuple(steps) for name, steps in kept.items()}
    chosen["force"] = tuple(step for step in chosen.get("force", ()) if step not in done)
    return Job(then, run.parameters, Selection(**chosen), run.engine, run=run.id)
