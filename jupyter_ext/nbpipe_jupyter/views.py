"""Runs, tasks, events and artifacts as the browser takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbpipe.events import TaskFinished, TaskReused
from nbpipe.wire import dump, dump_event
from nbpipe_jupyter.answers import moment
from nbpipe_jupyter.contents import contents_path, notebook_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbpipe.events import Artifact, Recorded
    from nbpipe.store.rows import RunRow, TaskRow
    from nbpipe_jupyter.projects import Kept, Projects

MOST_EVENTS = 400
"""Events in one answer; the asker comes back for more."""

MOST_TASKS = 500
"""Tasks in one answer; the asker comes back for more."""

_SHOWN = ("name", "digest", "type", "size", "codec", "kind")


def run(projects: Projects, run_id: str, path: str) -> dict[str, Any]:
    """Return a run in short."""
    kept = projects.find_run(run_id, path)
    return describe_run(kept.row, kept.place)


def run_in_full(projects: Projects, run_id: str, path: str, begin: int = 0) -> dict[str, Any]:
    """Return a run, the pipeline it was made of, its tasks from `begin` on, and where to go on.

    The number of the newest event is read before the tasks: what happens in between is told
    again by the events after that number, never lost.
    """
    kept = projects.find_run(run_id, path)
    row, ledger = kept.row, kept.store.ledger
    tasks = ledger.history.part(run_id, begin, MOST_TASKS)
    return {
        **describe_run(row, kept.place),
        "graph": {**ledger.pipeline(run_id), "project": kept.place},
        "seq": row.last_seq,
        "tasks": [describe_task(task, kept) for task in tasks],
        "next": begin + len(tasks) if len(tasks) == MOST_TASKS else None,
    }


def durations(projects: Projects, path: str) -> dict[str, Any]:
    """Return how long a task of each step took in earlier runs of the project."""
    folder, _ = projects.folder_of(path)
    return {"steps": projects.store_of(folder).ledger.history.durations(str(folder))}


def cancelled(projects: Projects, run_id: str, path: str, who: str) -> dict[str, Any]:
    """Ask a run's engine to stop; a run that ended stays as it is."""
    kept = projects.find_run(run_id, path)
    if kept.row.state == "running":
        kept.store.ledger.request(run_id, "cancel", who)
    return describe_run(kept.row, kept.place)


def events(kept: Kept, after: int, kind: str = "") -> dict[str, Any]:
    """Return what the ledger has after an event, and whether more can come."""
    state = kept.row.state  # asked first: what ends the run comes before its state changes
    found = kept.store.ledger.events(kept.run, after, MOST_EVENTS, kind or None)
    return {
        "events": [_event(one, kept) for one in found],
        "last": found[-1].seq if found else after,
        "done": state != "running" and len(found) < MOST_EVENTS,
    }


def describe_run(row: RunRow, place: str) -> dict[str, Any]:
    """Return a run in short; `place` is its project's folder."""
    return {
        "id": row.id,
        "state": row.state,
        "started": moment(row.started or row.begun),
        "finished": moment(row.finished),
        "path": "/".join(part for part in (place, row.path) if part),
        "parameters": dict(row.parameters),
        "counts": dict(row.counts),
        "name": row.name,
        "tags": list(row.tags),
        "note": row.note,
        "pinned": row.pinned,
    }


def describe_task(row: TaskRow, kept: Kept) -> dict[str, Any]:
    """Return a task with all that it left."""
    return {
        "task": row.task,
        "step": row.step,
        "item": row.label if row.item >= 0 else None,
        "state": row.state,
        "reason": row.reason,
        "started": moment(row.started),
        "finished": moment(row.finished),
        "seconds": row.seconds,
        "cells": {"done": row.cells_done, "total": row.cells, "current": row.cell},
        "notebook": _notebook(row.task, row.artifacts, kept),
        "error": dump(row.error),
        "artifacts": _artifacts(row.artifacts),
        "metrics": dict(row.metrics),
        "checks": dict(row.checks),
        "label": row.label,
        "attempt": row.attempt,
        "key": row.key,
        "memory": row.peak,
        "source": {"run": row.source_run, "task": row.source_task} if row.source_run else None,
    }


def _event(one: Recorded, kept: Kept) -> dict[str, Any]:
    data = {"seq": one.seq, "at": one.at, **dump_event(one.event)}
    if isinstance(one.event, (TaskFinished, TaskReused)):
        data["artifacts"] = _artifacts(one.event.artifacts)
        data["notebook"] = _notebook(one.event.task, one.event.artifacts, kept)
    return data


def _artifacts(artifacts: Iterable[Artifact]) -> list[dict[str, Any]]:
    """Artifacts in short: a preview is asked for when somebody looks."""
    return [{name: getattr(one, name) for name in _SHOWN} for one in artifacts]


def _notebook(task: str, artifacts: Iterable[Artifact], kept: Kept) -> str | None:
    if not any(one.kind == "notebook" for one in artifacts):
        return None
    return contents_path(kept.place, kept.run, notebook_of(task))
