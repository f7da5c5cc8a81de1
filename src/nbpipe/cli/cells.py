"""The numbers by which people know the cells of a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbpipe.run.project import Project


def cell_numbers(project: Project) -> dict[str, tuple[str, dict[str, int]]]:
    """Return for each step its notebook, and the number of each of the notebook's cells."""
    numbers = {
        notebook.path: {cell.id: cell.index + 1 for cell in notebook.cells}
        for notebook in project.notebooks
    }
    steps = project.compile().steps
    return {step.name: (step.notebook.path, numbers[step.notebook.path]) for step in steps}
