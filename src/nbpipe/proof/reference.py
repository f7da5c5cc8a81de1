"""Run All as an order: a notebook's cells from top to bottom in one kernel, with probes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbpipe.compile.parameters import is_reference
from nbpipe.compile.render import rendered_id, secret_cells
from nbpipe.proof.fanouts import picking_cells
from nbpipe.run.order import Order
from nbpipe.run.scratch import scratch_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from nbpipe.compile.notebook import Cell, Notebook
    from nbpipe.compile.pipeline import Pipeline, Step
    from nbpipe.proof.probing import Probes
    from nbpipe.run.planner import Planner

TASK = "Run All"


def group_notebooks(pipeline: Pipeline) -> list[tuple[Notebook, ...]]:
    """Return the notebooks in the order of their steps; those that share names in one group.

    A notebook that takes values from another runs after it in the same kernel.
    """
    first: dict[str, Notebook] = {}
    for step in pipeline.steps:
        first.setdefault(step.notebook.path, step.notebook)
    group = {path: path for path in first}
    notebook_of = {step.name: step.notebook.path for step in pipeline.steps}
    for step in pipeline.steps:
        for giver in step.inputs.values():
            mine, theirs = group[step.notebook.path], group[notebook_of[giver]]
            group = {path: mine if one == theirs else one for path, one in group.items()}
    return [
        tuple(first[path] for path in first if group[path] == name)
        for name in dict.fromkeys(group.values())
    ]


def write_reference(
    planner: Planner, notebooks: Sequence[Notebook], probes: Probes, run: str, engine: str
) -> Order:
    """Return the order that runs notebooks from top to bottom in one kernel."""
    first, steps = notebooks[0], planner.pipeline.steps
    folder = str((planner.project.folder / first.path).parent)
    cells = [_begin(planner, folder, run)]
    secrets = _secrets(planner)
    for position, notebook in enumerate(notebooks):
        if position:
            cells.append(_go(planner, notebook, position))
        mine = [step for step in steps if step.notebook.path == notebook.path]
        cells += _with_secrets(_cells(notebook, mine, probes, position), secrets)
    own = tuple(cell["id"] for cell in cells if not cell["id"].startswith("nbpipe-"))
    kept = ("kernelspec", "language_info")
    metadata = {key: first.metadata[key] for key in kept if key in first.metadata}
    return Order(
        run=run, task=TASK, attempt=1, key="",
        notebook={"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells},
        language="python", kernel=planner.kernel(_step_of(steps, first)), engine=engine,
        project=str(planner.project.folder), folder=folder, store=planner.store.address,
        parameters=_changed_parameters(planner),
        secrets=secrets,
        session={"version": 1, "project": str(planner.project.folder)},
        own=own,
    )  # fmt: skip


def _step_of(steps: Sequence[Step], notebook: Notebook) -> Step:
    return next(step for step in steps if step.notebook.path == notebook.path)


def _changed_parameters(planner: Planner) -> dict[str, Any]:
    return {
        parameter.name: planner.parameters[parameter.name]
        for parameter in planner.pipeline.parameters
        if planner.parameters[parameter.name] != parameter.default
        and not is_reference(planner.parameters[parameter.name])
    }


def _secrets(planner: Planner) -> dict[str, str]:
    steps = planner.pipeline.steps
    return {name: place for step in steps for name, place in planner.secrets(step).items()}


def _with_secrets(
    cells: Iterable[dict[str, Any]], secrets: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Put the cells that read secrets after the notebook's parameters."""
    for cell in cells:
        yield cell
        if "parameters" in cell["metadata"]["tags"]:
            yield from secret_cells(secrets)


def _begin(planner: Planner, folder: str, run: str) -> dict[str, Any]:
    lines = [
        "import sys",
        f"sys.path.append({planner.lib!r})",
        "import nbpipe_kernelside as nbpipe_step",
        f"nbpipe_step.begin({str(planner.store.local)!r}, task={scratch_name(run, TASK, 1)!r}, "
        f"folder={folder!r})",
    ]
    return _document("nbpipe-begin", "\n".join(lines), ["nbpipe-begin"])


def _go(planner: Planner, notebook: Notebook, position: int) -> dict[str, Any]:
    folder = str((planner.project.folder / notebook.path).parent)
    return _document(f"nbpipe-go-{position}", f"__import__('os').chdir({folder!r})", [])


def _cells(
    notebook: Notebook, steps: Sequence[Step], probes: Probes, position: int
) -> Iterator[dict[str, Any]]:
    begins = {step.cells[0]: step for step in steps if step.cells}
    ends = {step.cells[-1]: step for step in steps if step.cells}
    picking = picking_cells(notebook, steps)
    for cell in run_cells(notebook, picking):
        if cell.id in begins:
            yield from probes.hand(begins[cell.id])
            yield from probes.hold(begins[cell.id])
        yield _document(cell_id(cell, position), cell.source, _tags(cell))
        if cell.id in ends:
            yield probes.look(ends[cell.id].name)


def run_cells(notebook: Notebook, also: Collection[str] = ()) -> list[Cell]:
    """Return the code cells that are run; those tagged ``skip`` stay out, as in the pipeline.

    Of those only the ones in `also` are run.
    """
    code = (cell for cell in notebook.cells if cell.kind == "code")
    return [cell for cell in code if "skip" not in cell.tags or cell.id in also]


def cell_id(cell: Cell, position: int) -> str:
    """Return the id that a cell of the notebook at this position of its group has."""
    return rendered_id(f"{position}.{cell.id}" if position else cell.id)


def _tags(cell: Cell) -> list[str]:
    named = {"pipeline-parameters": "parameters"}
    return [named.get(tag, tag) for tag in cell.tags]


def _document(name: str, source: str, tags: Sequence[str]) -> dict[str, Any]:
    metadata: Mapping[str, Any] = {"tags": list(tags)}
    return {
        "cell_type": "code", "id": name, "source": source, "execution_count": None,
        "outputs": [], "metadata": metadata,
    }  # fmt: skip
