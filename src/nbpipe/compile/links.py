"""What linking works on, the parts of a project, and what it finds: inputs, edges, reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbpipe.compile.pipeline import Edge, Options
from nbpipe.errors import Fix

if TYPE_CHECKING:
    from nbpipe.compile.flow import StepFlow
    from nbpipe.compile.pipeline import EdgeKind, Reason
    from nbpipe.compile.roles import Draft, Reading
    from nbpipe.errors import Problem


@dataclass(frozen=True, slots=True)
class Part:
    """A step on its way to be linked: where it stands, its tags and its dataflow."""

    reading: Reading
    draft: Draft
    flow: StepFlow
    options: Options = field(default_factory=Options)
    seeded: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The step's name."""
        return self.draft.name

    @property
    def path(self) -> str:
        """Its notebook."""
        return self.reading.notebook.path


@dataclass(frozen=True, slots=True)
class Taken:
    """A name that a step takes: from whom, why, and whether a run found it."""

    giver: str
    reason: Reason
    learned: bool = False


@dataclass(slots=True)
class Links:
    """What linking finds: filled once, from the steps in notebook order.

    Attributes
    ----------
    inputs
        Step → name → where it is taken from.
    edges
        (source, target, kind) → names and reasons.
    gathers
        Step → name → fanned-out step.
    random
        Step → generator → the step whose state it takes over.
    problems
        What cannot be linked.
    """

    inputs: dict[str, dict[str, Taken]] = field(default_factory=dict)
    edges: dict[tuple[str, str, EdgeKind], tuple[dict[str, None], list[Reason]]] = field(
        default_factory=dict
    )
    gathers: dict[str, dict[str, str]] = field(default_factory=dict)
    random: dict[str, dict[str, str]] = field(default_factory=dict)
    learned: set[tuple[str, str, EdgeKind]] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def edge(self, source: str, target: str, kind: EdgeKind, name: str, reason: Reason) -> None:
        """Add a reason to the edge from `source` to `target`."""
        if source == target:
            return
        names, reasons = self.edges.setdefault((source, target, kind), ({}, []))
        if name:
            names[name] = None
        reasons.append(reason)

    def all_edges(self) -> tuple[Edge, ...]:
        """The edges as values, in the order they were found."""
        return tuple(
            Edge(
                source,
                target,
                kind,
                tuple(names),
                tuple(reasons),
                (source, target, kind) in self.learned,
            )
            for (source, target, kind), (names, reasons) in self.edges.items()
        )


def waits_for(part: Part, step: str) -> Fix | None:
    """Let a step of cells wait for another; what a whole notebook waits for is not in a tag."""
    if part.draft.whole or not part.draft.cells:
        return None
    return Fix(part.draft.cells[0].id, (f"after:{step}",))
