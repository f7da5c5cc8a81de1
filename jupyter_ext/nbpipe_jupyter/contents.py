"""Executed notebooks as Jupyter contents models, for a drive that can only be read.

A path on this drive is ``<project's folder>/<run>/<task>.ipynb``, the folder relative to the
server's root (nothing for the root itself). What the task's process said is beside it as
``<task>.txt``. A ``/`` or ``%`` in a task's name is written as in a URL. ``<project's folder>``
alone lists the project's runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from nbpipe.store.rows import Which
from nbpipe_jupyter.answers import NotFound, encode, encode_around, moment, notebook_in
from nbpipe_jupyter.trust import mark_trusted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nbpipe.events import Artifact
    from nbpipe.store.rows import TaskRow
    from nbpipe_jupyter.projects import Kept, Projects

LARGE = 8 * 1024 * 1024
"""Bytes from which on a notebook is sent as it is stored: to read and write it as JSON would
keep the whole server waiting. Editors then take typing, and cannot save."""

LARGEST = 300 * 1024 * 1024
"""Most bytes of a file that is shown."""

MOST_RUNS = 200
MOST_TASKS = 1000
"""Tasks whose files a run's folder lists; those of the others are had by their names."""

KINDS = {".ipynb": "notebook", ".txt": "log"}
"""Ending of a file on the drive → kind of the artifact that it shows."""


def notebook_of(task: str) -> str:
    """Return the name of a task's executed notebook on the drive."""
    return _file_of(task, ".ipynb")


def contents_path(place: str, run: str, file: str) -> str:
    """Return the path on the drive of a file that a run left."""
    return "/".join(part for part in (place, run, file) if part)


def read_model(projects: Projects, path: str, content: bool) -> tuple[dict[str, Any], str]:
    """Return the contents model of what a path names, and the digest of what it shows.

    The digest is empty for folders.

    Raises
    ------
    NotFound
        If there is nothing of that name.
    """
    parts = [part for part in path.split("/") if part]
    for depth in (0, 1, 2):
        folder = _folder(projects, parts, depth)
        if folder is None:
            continue
        if depth == 0:
            return _project(projects, folder, parts, content), ""
        kept = projects.kept(folder, parts[-depth])
        if kept is not None:
            if depth == 1:
                return _run(kept, parts, content), ""
            return _file(kept, parts, content)
    raise NotFound("There is no run and no executed notebook of that name.")


def _folder(projects: Projects, parts: Sequence[str], depth: int) -> Path | None:
    """Return the folder that a path names without its last `depth` parts."""
    if len(parts) < depth:
        return None
    try:
        found = projects.root.find("/".join(parts[: len(parts) - depth]))
    except NotFound:
        return None
    return found if found.is_dir() else None


def _project(projects: Projects, folder: Path, parts: list[str], content: bool) -> dict[str, Any]:
    model = _model(parts, "directory", folder.stat().st_mtime)
    if content:
        rows, _ = projects.runs_of(folder, MOST_RUNS, Which())
        runs = [_model([*parts, row.id], "directory", row.finished or row.begun) for row in rows]
        model.update(content=runs, format="json")
    return model


def _run(kept: Kept, parts: list[str], content: bool) -> dict[str, Any]:
    row = kept.row
    model = _model(parts, "directory", row.finished or row.begun)
    if content:
        files = [
            _shown(task, artifact, [*parts, _file_of(task.task, ending)])
            for task in kept.store.ledger.history.part(kept.run, 0, MOST_TASKS)
            for ending in KINDS
            if (artifact := _left(task, ending)) is not None
        ]
        model.update(content=files, format="json")
    return model


def _file(kept: Kept, parts: list[str], content: bool) -> tuple[dict[str, Any], str]:
    stem, dot, ending = parts[-1].rpartition(".")
    name, ending = unquote(stem), dot + ending
    task = next(iter(kept.store.ledger.history.rows(kept.run, [name])), None)
    artifact = _left(task, ending) if task else None
    if task is None or artifact is None:
        raise NotFound("The run has no executed notebook of that name.")
    model = _shown(task, artifact, parts)
    if content:
        model = _with_content(model, kept, artifact)
    return model, artifact.digest


def _left(task: TaskRow, ending: str) -> Artifact | None:
    """Return the artifact that a file of a task shows; the first log is its process's."""
    kind = KINDS.get(ending)
    return next((one for one in task.artifacts if one.kind == kind), None)


def _shown(task: TaskRow, artifact: Artifact, parts: list[str]) -> dict[str, Any]:
    model = _model(parts, "notebook" if artifact.kind == "notebook" else "file", task.finished)
    model["size"] = artifact.size
    if artifact.kind != "notebook":
        model["mimetype"] = "text/plain"
    return model


def _with_content(model: dict[str, Any], kept: Kept, artifact: Artifact) -> dict[str, Any]:
    if artifact.size > LARGEST:
        raise NotFound(
            f"{model['name']} has {artifact.size // 2**20} MB, too much to be shown here. "
            f"It is in the store as {kept.store.blobs.path(artifact.digest)}."
        )
    data = kept.store.blobs.read(artifact.digest)
    if model["type"] == "notebook":
        content = _locked(notebook_in(data, model["name"])) if len(data) < LARGE else data
        return {**model, "content": content, "format": "json"}
    return {**model, "content": data.decode("utf-8", "replace"), "format": "text"}


def encode_model(model: dict[str, Any], trusted: bool) -> bytes:
    """Return a contents model as JSON."""
    content = model["content"]
    if isinstance(content, bytes):
        return encode_around({k: v for k, v in model.items() if k != "content"}, "content", content)
    return encode(mark_trusted(model) if trusted else model)


def _model(parts: Sequence[str], kind: str, at: float | None) -> dict[str, Any]:
    when = moment(at or 0.0)
    return {
        "name": parts[-1] if parts else "",
        "path": "/".join(parts),
        "type": kind,
        "created": when,
        "last_modified": when,
        "writable": False,
        "content": None,
        "format": None,
        "mimetype": None,
        "size": None,
    }


def _locked(notebook: dict[str, Any]) -> dict[str, Any]:
    """Mark every cell so that editors refuse to type into it: what ran is kept as it was."""
    for cell in notebook.get("cells", ()):
        cell.setdefault("metadata", {}).update(editable=False, deletable=False)
    return notebook


def _file_of(task: str, ending: str) -> str:
    return task.replace("%", "%25").replace("/", "%2F") + ending
