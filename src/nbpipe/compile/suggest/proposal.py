"""A proposal: a notebook's cells grouped into steps, as changes of tags, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbpipe.compile.notebook import Notebook
    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.errors import Problem


@dataclass(frozen=True, slots=True)
class Change:
    """Tags to add to a cell and to remove from it, and why.

    Attributes
    ----------
    cell, index
        Id and position of the cell.
    add, remove
        Tags.
    why
        The reason, as a few words.
    step
        The step that begins there; empty for setup and parameters.
    """

    cell: str
    index: int
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    why: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A proposed step.

    Attributes
    ----------
    name
        Its name.
    cells
        Ids of its code cells, in order.
    why
        Why it begins where it does.
    looks
        Those of its cells that only look at what is there.
    seconds
        How long its cells took when they were run last; None where nobody knows.
    """

    name: str
    cells: tuple[str, ...]
    why: str = ""
    looks: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """How a notebook could become a pipeline; it has no pieces where it is refused.

    Attributes
    ----------
    notebook
        The notebook as it would be, with the proposed tags.
    pieces
        The steps, in notebook order.
    changes
        Tags by cell, in notebook order: all that would be written.
    offers
        Changes that may be made besides, and change nothing that is given: cells that only look.
    merged
        What was tried apart and is kept in one step, as sentences.
    side_by_side
        Groups of steps that could run at the same time.
    pipeline
        What the proposal compiles to; None where it is refused before.
    problems
        What is left to say; one with an error refuses the proposal.
    """

    notebook: Notebook
    pieces: tuple[Piece, ...] = ()
    changes: tuple[Change, ...] = ()
    offers: tuple[Change, ...] = ()
    merged: tuple[str, ...] = ()
    side_by_side: tuple[tuple[str, ...], ...] = ()
    pipeline: Pipeline | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether there is nothing to accept."""
        return not self.pieces
