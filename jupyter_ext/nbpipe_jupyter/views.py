"""Runs, tasks, events and artifacts as the browser takes them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbpipe.errors import UnknownName
from nbpipe.events import TaskFinished, TaskReused
from nbpipe.wire import dump, dump_event
from nbpipe_jupyter.answers import NotFound, moment
from nbpipe_jupyter.contents import contents_path, notebook_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nbpipe.events import Artifact, Recorded
    from nbpipe.store.rows import ArtifactRow, RunRow, TaskRow
    from nbpipe_jupyter.projects import Kept, Projects

MOST_EVENTS = 2000
"""Events in one answer; the asker comes back for more."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PNG = b"\x89PNG\r\n\x1a\n"
_SHOWN = ("name", "digest", "type", "size", "codec", "kind")


def runs(projects: Projects, path: str, limit: int) -> dict[str, Any]:
    """Return the newest runs of a project; for a notebook, those that it took part in."""
    folder, scope = projects.folder_of(path)
    place = projects.root.relative(folder)
    return {"runs": [_run(row, place) for row in projects.runs_of(folder, limit, scope)]}


def run(projects: Projects, run_id: str, path: str) -> dict[str, Any]:
    """Return a run in short."""
    kept = projects.find_run(run_id, path)
    return _run(kept.row, kept.place)


def run_in_full(projects: Projects, run_id: str, path: str) -> dict[str, Any]:
    """Return a run with its tasks and the pipeline it was made of."""
    kept = projects.find_run(run_id, path)
    ledger = kept.store.ledger
    graph = {**ledger.pipeline(run_id), "project": kept.place}
    tasks = [_task(row, kept) for row in ledger.tasks(run_id)]
    return {**_run(kept.row, kept.place), "tasks": tasks, "graph": graph}


def cancelled(projects: Projects, run_id: str, path: str, who: str) -> dict[str, Any]:
    """Ask a run's engine to stop; a run that ended stays as it is."""
    kept = projects.find_run(run_id, path)
    if kept.row.state == "running":
        kept.store.ledger.request(run_id, "cancel", who)
    return _run(kept.row, kept.place)


def events(kept: Kept, after: int) -> dict[str, Any]:
    """Return what the ledger has after an event, and whether more can come."""
    state = kept.row.state  # asked first: what ends the run comes before its state changes
    found = kept.store.ledger.events(kept.run, after, MOST_EVENTS)
    return {
        "events": [_event(one, kept) for one in found],
        "last": found[-1].seq if found else after,
        "done": state != "running" and len(found) < MOST_EVENTS,
    }


def artifact(projects: Projects, digest: str, path: str) -> dict[str, Any]:
    """Return what is known of stored bytes."""
    row, _ = _find_artifact(projects, digest, path)
    return dump(row)  # type: ignore[no-any-return]


def image(projects: Projects, digest: str, path: str) -> bytes:
    """Return the picture of an artifact's preview, or of an artifact that is one."""
    row, folder = _find_artifact(projects, digest, path)
    picture = row.preview.get("image") or (digest if row.type == "image/png" else "")
    if not isinstance(picture, str) or not _DIGEST.fullmatch(picture):
        raise NotFound("There is no picture of this artifact.")
    data: bytes = projects.store_of(folder).blobs.read(picture)
    if not data.startswith(_PNG):
        raise NotFound("The picture of this artifact is no PNG.")
    return data


def _run(row: RunRow, place: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": row.state,
        "started": moment(row.started or row.begun),
        "finished": moment(row.finished),
        "path": "/".join(part for part in (place, row.path) if part),
        "parameters": dict(row.parameters),
        "counts": dict(row.counts),
    }


def _task(row: TaskRow, kept: Kept) -> dict[str, Any]:
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


def _find_artifact(projects: Projects, digest: str, path: str) -> tuple[ArtifactRow, Path]:
    if _DIGEST.fullmatch(digest):
        for folder in projects.candidates(path):
            with suppress(UnknownName):
                return projects.store_of(folder).ledger.artifact(digest), folder
    raise NotFound("No artifact is kept under that digest in the projects that are open.")
