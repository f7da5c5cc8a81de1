"""Drafts: copies of executed notebooks, put beside their sources to go on with by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async

from nbpipe.compile.draft import make_draft
from nbpipe_jupyter.history import executed, find_task
from nbpipe_jupyter.trust import mark_trusted

if TYPE_CHECKING:
    from nbpipe.compile.draft import Draft
    from nbpipe_jupyter.bodies import DraftAsked
    from nbpipe_jupyter.desk import Desk
    from nbpipe_jupyter.projects import Projects


@dataclass(frozen=True, slots=True)
class Placed:
    """A draft, the folder and name it is to have, and the notebook's digest and attempt."""

    draft: Draft
    folder: str
    name: str
    digest: str
    attempt: int


def prepared(projects: Projects, run: str, path: str, asked: DraftAsked) -> Placed:
    """Return the draft of a task's executed notebook; nothing is written."""
    from nbpipe.run.executed import file_name

    kept = projects.find_run(run, path)
    row = find_task(kept, asked.task)
    notebook, digest = executed(kept, asked.task)
    failed = (row.error.cell or "") if row.error else ""
    of = {"run": kept.run, "task": asked.task, "project": kept.place}
    draft = make_draft(notebook, asked.until, failed, of)
    stem = file_name(asked.task).removesuffix(".ipynb")
    name = f"{stem} of {kept.run}.ipynb"
    return Placed(draft, _folder_of(kept, row.step), name, digest, row.attempt)


def _folder_of(kept: Any, step: str) -> str:
    """Return the folder of the step's source notebook, or the project's if that is gone."""
    steps = kept.store.ledger.pipeline(kept.run).get("steps", ())
    source = next((one["notebook"] for one in steps if one["name"] == step), "")
    folder = source.rpartition("/")[0]
    there = (kept.folder / folder).is_dir()
    return "/".join(part for part in (kept.place, folder if there else "") if part)


async def write_draft(desk: Desk, contents: Any, placed: Placed) -> dict[str, Any]:
    """Write a draft through the server's contents manager, and say how its state comes back."""
    name = await ensure_async(contents.increment_filename(placed.name, placed.folder))
    path = "/".join(part for part in (placed.folder, name) if part)
    model = {"type": "notebook", "format": "json", "content": placed.draft.document}
    if desk.trust.holds(placed.digest):
        model = mark_trusted(model)
    await ensure_async(contents.save(model, path))
    draft = placed.draft
    return {"path": path, "cells": list(draft.cells), "cell": draft.cell, "kernel": draft.kernel}


async def is_there(contents: Any, written: dict[str, Any]) -> bool:
    """Tell whether a draft that was written is still where it was."""
    return bool(written) and bool(await ensure_async(contents.file_exists(written["path"])))
