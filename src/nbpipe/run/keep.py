"""What is kept of a task that ended well, under its key, and files put back when it is reused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.compile.keys import key_of
from nbpipe.run.executed import file_name
from nbpipe.store.disk import place, place_copy
from nbpipe.store.leftovers import is_whole
from nbpipe.store.trouble import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nbpipe.events import Artifact
    from nbpipe.run.order import Result
    from nbpipe.run.planner import Considered, Planner
    from nbpipe.store.rows import StoredResult, TaskRow
    from nbpipe.store.store import Store


def result_of(planner: Planner, one: Considered, result: Result, run: str) -> StoredResult | None:
    """Return what is kept of a task, so that the same work is not done again.

    The key is made anew with the files that the step was seen to read. A file that changed
    while the step ran makes the result unfit for reuse: then it is None.
    """
    from nbpipe.store.rows import StoredResult

    parts = dict(one.parts)
    written = {artifact.name for artifact in result.artifacts if artifact.kind == "file"}
    for file in result.files_read:
        name = f"file {file.path}"
        if parts.get(name, file.digest) != file.digest:
            return None
        if file.path not in written:
            parts[name] = file.digest
    held = {n for a in result.artifacts if a.kind == "value" for n in a.name.split(", ")}
    return StoredResult(
        key=key_of(parts),
        run=run,
        task=result.task,
        step=one.step.name,
        project=str(planner.project.folder),
        artifacts=result.artifacts,
        metrics=result.metrics,
        checks=result.checks,
        unbound=tuple(sorted(set(one.step.outputs) - held)),
        parts=parts,
        seconds=result.seconds,
    )


def keep_notebook(store: Store, run: str, task: str, artifacts: Iterable[Artifact]) -> Path | None:
    """Put a task's executed notebook into the run's folder as a plain file; return the file.

    It is a copy: opening and saving it never touches the stored bytes. None if the task left
    no notebook.
    """
    found = next((one for one in artifacts if one.kind == "notebook"), None)
    if found is None:
        return None
    path = store.run_folder(run) / file_name(task)
    data = store.blobs.path(found.digest).read_bytes()
    with told(path):
        place_copy(store.disk, path, data)
    return path


def notebook_file(store: Store, run: str, task: TaskRow) -> Path | None:
    """Return the executed notebook of a task in the run's folder; None if it left none.

    That of a reused item is put there when it is asked for: a fan-out may have very many, and
    nearly all of them are never looked at.
    """
    path = store.run_folder(run) / file_name(task.task)
    there = path.exists() and is_whole(path)  # a power cut leaves halves of what is only a copy
    return path if there else keep_notebook(store, run, task.task, task.artifacts)


def restore_files(planner: Planner, artifacts: Iterable[Artifact]) -> Iterator[str]:
    """Put back the files that a reused step wrote; yields a sentence for each one changed.

    What stood there before is kept in the store first, so that nothing is lost.
    """
    for artifact in artifacts:
        if artifact.kind != "file" or artifact.name in planner.project.own_files:
            continue
        path = planner.project.folder / artifact.name
        there = planner.finder.file_digest(artifact.name)
        if there == artifact.digest:
            continue
        if there:
            kept = planner.store.blobs.put_bytes(path.read_bytes())
            yield (
                f"{artifact.name} was not as this step left it and is put back; "
                f"what was there is kept as {kept[:19]}…"
            )
        else:
            yield f"{artifact.name} was gone and is put back"
        data = planner.store.blobs.read(artifact.digest)
        with told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            place(planner.store.disk, path, data, 0o666)
