"""Who stands where, and who takes from whom: looked up at once instead of searched for."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbpipe.compile.pipeline import Edge, Pipeline, Step


class Relations:
    """The relations between the steps of one pipeline.

    Attributes
    ----------
    position
        Step → its place in the pipeline's order.
    takers
        Step → the steps that take a value from it, in the pipeline's order.
    gathered
        Fanned-out step → the names that others gather from it.
    edges_to
        Step → the edges that lead to it.
    places
        Notebook path → cell id → the cell's place.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.position = {step.name: index for index, step in enumerate(pipeline.steps)}
        self.takers: Mapping[str, list[Step]] = defaultdict(list)
        self.gathered: dict[str, set[str]] = defaultdict(set)
        self.edges_to: Mapping[str, list[Edge]] = defaultdict(list)
        self.places: dict[str, dict[str, int]] = {}
        self._first: dict[str, list[tuple[int, Step]]] = defaultdict(list)
        for step in pipeline.steps:
            for giver in dict.fromkeys(step.inputs.values()):
                self.takers[giver].append(step)
            for name, giver in step.gathers.items():
                self.gathered[giver].add(name)
            self._place(step)
        for edge in pipeline.edges:
            self.edges_to[edge.target].append(edge)

    def _place(self, step: Step) -> None:
        path = step.notebook.path
        if path not in self.places:
            self.places[path] = {cell.id: cell.index for cell in step.notebook.cells}
        if step.enumerate is not None:  # its notebook holds a cell more, put in for it
            added = step.enumerate.notebook.cells[len(step.notebook.cells) :]
            self.places[path].update({cell.id: cell.index for cell in added})
        if step.cells:
            self._first[path].append((self.places[path][step.cells[0]], step))

    def above(self, step: Step) -> Iterator[Step]:
        """Yield the steps above in the same notebook, in the pipeline's order."""
        places = self.places[step.notebook.path]
        first = min((places[cell] for cell in step.cells), default=0)
        for place, other in self._first[step.notebook.path]:
            if place < first and other.name != step.name:
                yield other

    def is_below(self, other: Step, step: Step) -> bool:
        """Whether `other` stands below `step`: in the notebook, else in the pipeline's order."""
        if step.name == other.name:
            return False
        if step.notebook.path != other.notebook.path or not (step.cells and other.cells):
            return self.position[other.name] > self.position[step.name.removesuffix("[]")]
        places = self.places[step.notebook.path]
        return places[other.cells[0]] > places.get(step.cells[0], 0)
