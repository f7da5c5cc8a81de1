"""The numbers by which people know the cells of a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.compile.notebook import read_notebook

if TYPE_CHECKING:
    from nbpipe.store.rows import RunRow
    from nbpipe.store.store import Store


def cell_numbers(store: Store, run: RunRow) -> dict[str, tuple[str, dict[str, int]]]:
    """Return for each step of a run its notebook, and the numbers of the notebook's cells.

    They are those of the notebooks as they were read for the run. A notebook that is gone from
    the store has none.
    """
    from nbpipe.errors import StoreError

    numbers: dict[str, dict[str, int]] = {}
    for path, digest in run.sources.items():
        try:
            notebook = read_notebook(store.blobs.read(digest), path)
        except StoreError:
            continue
        numbers[path] = {cell.id: cell.index + 1 for cell in notebook.cells}
    steps = store.ledger.pipeline(run.id).get("steps", ())
    return {step["name"]: (step["notebook"], numbers.get(step["notebook"], {})) for step in steps}
