"""How long the cells of a notebook took when they were run last, by all that is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbpipe.compile.notebook import read_notebook
from nbpipe.compile.suggest.costs import recorded_seconds

if TYPE_CHECKING:
    from nbpipe.run.project import Project


def cell_seconds(project: Project) -> dict[str, float]:
    """Return cell id → seconds for a project of one notebook.

    What the notebook itself tells counts; for the other cells what its last run with nbpipe
    left in the store.
    """
    return {**_seconds_of_last_run(project), **recorded_seconds(project.notebooks[0])}


def _seconds_of_last_run(project: Project) -> dict[str, float]:
    address = project.store
    if "://" in address or not Path(address).is_dir():
        return {}
    from nbpipe.store.store import Store

    found: dict[str, float] = {}
    with Store.open(address) as store:
        runs = store.ledger.runs(path=project.scope, limit=1, project=str(project.folder))
        for run in runs:
            for path in sorted(store.run_folder(run.id).glob("*.ipynb")):
                found |= recorded_seconds(read_notebook(path.read_bytes(), path.name))
    return found
