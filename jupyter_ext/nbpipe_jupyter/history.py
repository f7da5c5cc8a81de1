"""What ran, as lists and pages take it: short however much there was."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbpipe.errors import MissingObject
from nbpipe.store.rows import WhichTasks, step_of
from nbpipe.store.tables import is_digest
from nbpipe.wire import dump
from nbpipe_jupyter.answers import BadRequest, NotFound, moment, notebook_in
from nbpipe_jupyter.views import describe_run, describe_task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbpipe.store.rows import Listed, StepMetric, StepSum, TaskRow, Which
    from nbpipe_jupyter.bodies import Said
    from nbpipe_jupyter.projects import Kept, Projects

MOST_COMPARED = 50
"""Runs that are compared at once."""

MOST_CHECKED = 200
"""Tasks whose checks are listed."""

BAD = ("failed", "kernel-died", "out-of-memory", "timed-out", "interrupted")


def runs(projects: Projects, path: str, limit: int, which: Which) -> dict[str, Any]:
    """Return the newest runs of a project; for a notebook, those that it took part in."""
    from dataclasses import replace

    folder, scope = projects.folder_of(path)
    place = projects.root.relative(folder)
    rows, count = projects.runs_of(
        folder, limit, replace(which, paths=(scope, "") if scope else ())
    )
    history = projects.store_of(folder).ledger.history
    numbers = history.metrics([row.id for row in rows])
    found = [
        {**describe_run(row, place), "metrics": plain(numbers.get(row.id, ()))} for row in rows
    ]
    return {"runs": found, "found": count, "tags": history.tags(str(folder))}


def plain(metrics: Iterable[StepMetric]) -> dict[str, float | None]:
    """Return the numbers of a run under one name each; one that two steps give has the step's."""
    found: dict[str, float | None] = {}
    for one in metrics:
        found[f"{one.step}.{one.name}" if one.name in found else one.name] = one.value
    return found


def page(projects: Projects, run: str, path: str) -> dict[str, Any]:
    """Return a run, its graph, its tasks taken together by step, and what it was run with."""
    kept = projects.find_run(run, path)
    row, ledger = kept.row, kept.store.ledger
    graph = ledger.pipeline(run)
    steps = ledger.history.steps(run)
    return {
        **describe_run(row, kept.place),
        "metrics": plain(ledger.history.metrics([run]).get(run, ())),
        "graph": {**graph, "project": kept.place},
        "steps": [_step(one) for one in steps],
        "checks": _checks(kept, graph, steps),
        "failures": _failures(kept, steps),
        "last": row.last_seq,
        "engine": row.engine,
        "user": row.user,
        "selection": dump(row.selection),
        "sources": dict(row.sources),
        "environment": _environment(kept, row.environment),
    }


def _step(one: StepSum) -> dict[str, Any]:
    times = {"started": moment(one.started), "finished": moment(one.finished)}
    return {"step": one.step, "counts": dict(one.counts), **times, "seconds": one.seconds}


def _checks(kept: Kept, graph: Mapping[str, Any], steps: Iterable[StepSum]) -> list[dict[str, Any]]:
    """Return what the checks of a run said; of a fan-out, those of its first tasks."""
    checked = {step["name"] for step in graph.get("steps", ()) if step.get("checks")}
    ran = [one.step for one in steps if one.step in checked]
    names: list[str] = []
    for step in ran:
        tasks, _ = kept.store.ledger.history.tasks(kept.run, WhichTasks(step), 0, MOST_CHECKED)
        names += [task.task for task in tasks]
    rows = kept.store.ledger.history.rows(kept.run, names[:MOST_CHECKED])
    return [
        {"task": row.task, "cell": cell, "said": said}
        for row in sorted(rows, key=lambda row: (row.position, row.item))
        for cell, said in row.checks.items()
    ]


def _failures(kept: Kept, steps: Iterable[StepSum]) -> list[dict[str, Any]]:
    """Return the first tasks that did not end well, in full."""
    history = kept.store.ledger.history
    bad = [state for state in BAD if any(state in one.counts for one in steps)]
    found = (history.tasks(kept.run, WhichTasks(state=state), 0, 5)[0] for state in bad)
    names = [one.task for some in found for one in some]
    rows = sorted(history.rows(kept.run, names[:5]), key=lambda row: (row.position, row.item))
    return [describe_task(row, kept) for row in rows]


def _environment(kept: Kept, digest: str) -> dict[str, Any]:
    """Return the kernels of a run and what was installed for them; nothing for older runs."""
    if is_digest(digest):
        with suppress(MissingObject, ValueError):
            found = json.loads(kept.store.blobs.read(digest))
            return found if isinstance(found, dict) else {}
    return {}


def tasks(
    projects: Projects, run: str, path: str, which: WhichTasks, part: tuple[int, int]
) -> dict[str, Any]:
    """Return tasks of a run in short: from the first of `part` on, as many as its second says."""
    kept = projects.find_run(run, path)
    rows, count = kept.store.ledger.history.tasks(kept.run, which, *part)
    return {"tasks": [_listed(row) for row in rows], "found": count}


def _listed(row: Listed) -> dict[str, Any]:
    times = {"started": moment(row.started), "finished": moment(row.finished)}
    step = step_of(row.task)
    return {"task": row.task, "step": step, "label": row.label, "state": row.state,
            "seconds": row.seconds, **times}  # fmt: skip


def task(projects: Projects, run: str, path: str, name: str) -> dict[str, Any]:
    """Return one task of a run in full."""
    kept = projects.find_run(run, path)
    return describe_task(find_task(kept, name), kept)


def find_task(kept: Kept, name: str) -> TaskRow:
    """Return one task of a run; raises `NotFound`."""
    rows = kept.store.ledger.history.rows(kept.run, [name])
    if not rows:
        raise NotFound("The run has no task of that name.")
    return rows[0]


def space(projects: Projects, path: str) -> dict[str, Any]:
    """Return how much a project's store holds, what is left for it, and which limits are near."""
    from nbpipe.run.limits import warnings
    from nbpipe.run.project import project_settings

    folder, _ = projects.folder_of(path)
    settings, found = project_settings(folder)[0], projects.store_of(folder).space()
    near = [word for word, _ in warnings(found, settings)]
    return {"held": found.held, "free": found.free, "quota": settings.quota, "near": near}


# what people say of runs


def annotated(projects: Projects, run: str, path: str, said: Said) -> dict[str, Any]:
    """Write down what somebody says of a run, and return it."""
    kept = projects.find_run(run, path)
    kept.store.ledger.annotate(kept.run, said.tags, said.note, said.pinned)
    return describe_run(kept.row, kept.place)


def deleted(projects: Projects, run: str, path: str) -> dict[str, Any]:
    """Delete a run."""
    kept = projects.find_run(run, path)
    _ = kept.row  # one whose engine is gone is ended first
    kept.store.delete_run(kept.run)
    return {"deleted": kept.run}


# runs side by side


def compared(projects: Projects, names: Iterable[str], path: str) -> dict[str, Any]:
    """Return runs side by side: parameters, numbers and states, in the order they were named."""
    names = list(dict.fromkeys(names))
    if not 1 <= len(names) <= MOST_COMPARED:
        raise BadRequest(f"Name 1 to {MOST_COMPARED} runs to compare.")
    kept = [projects.find_run(name, path) for name in names]
    return {"runs": [_side(one) for one in kept]}


def _side(kept: Kept) -> dict[str, Any]:
    history = kept.store.ledger.history
    numbers = history.metrics([kept.run]).get(kept.run, ())
    steps = [_step(one) for one in history.steps(kept.run)]
    return {**describe_run(kept.row, kept.place), "metrics": plain(numbers), "steps": steps}


def differing(projects: Projects, run: str, other: str, path: str) -> dict[str, Any]:
    """Return what differs between a run and a later one, besides parameters and numbers."""
    from nbpipe.run import compare

    old, new = projects.find_run(run, path), projects.find_run(other, path)
    before = {one.task: one for one in old.store.ledger.tasks(old.run)}
    after = {one.task: one for one in new.store.ledger.tasks(new.run)}
    sources = (compare.sources(one.store, one.row) for one in (old, new))
    told = compare.ingredient_changes(old.store, before, after)
    return {
        "code": [dump(change) for change in compare.code_changes(*sources)],
        "inputs": [{"task": task, "text": text} for task, text in told],
        "outputs": [dump(change) for change in compare.output_changes(before, after)],
    }


def differing_cells(
    projects: Projects, runs: tuple[str, str], path: str, name: str
) -> dict[str, Any]:
    """Return the executed notebooks of a task in two runs, cell by cell."""
    from nbpipe.run.compare import cell_changes

    before, after = (executed(projects.find_run(run, path), name)[0] for run in runs)
    return {"cells": [dump(change) for change in cell_changes(before, after)]}


def executed(kept: Kept, name: str) -> tuple[dict[str, Any], str]:
    """Return a task's executed notebook, and its digest.

    Raises
    ------
    NotFound
        If the run has no such task, or it left no notebook, or one too large to be read here.
    """
    from nbpipe_jupyter.contents import LARGE

    row = find_task(kept, name)
    left = next((one for one in row.artifacts if one.kind == "notebook"), None)
    if left is None:
        raise NotFound(f"{name} left no executed notebook in run {kept.run}.")
    if left.size > 4 * LARGE:
        raise NotFound(f"The executed notebook has {left.size // 2**20} MB, too much for this.")
    return notebook_in(kept.store.blobs.read(left.digest), name), left.digest
