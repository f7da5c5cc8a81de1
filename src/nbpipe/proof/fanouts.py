"""Fan-outs in a proof: Run All has one item at hand, and the pipeline is run for that one alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbpipe.compile.reading.names import read_cell
from nbpipe.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from nbpipe.compile.notebook import Cell, Notebook
    from nbpipe.compile.pipeline import Step
    from nbpipe.compile.tags import Foreach

_HINT = "Bind it in a cell tagged skip above the step, to one of the items."


@dataclass(frozen=True, slots=True)
class Hand:
    """Which item of a fan-out Run All has at hand where the step begins.

    Attributes
    ----------
    count
        How many items there are.
    index, label
        The position of the one at hand, and how it is shown; None where there is none.
    why
        Why there is none, as a few words.
    """

    count: int = 0
    index: int | None = None
    label: str = ""
    why: str = ""

    @classmethod
    def read(cls, path: Path) -> Hand | None:
        """Read what a probe wrote; None where Run All did not come so far."""
        try:
            return cls(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None


def picking_cells(notebook: Notebook, steps: Sequence[Step]) -> frozenset[str]:
    """Return the cells tagged ``skip`` that pick an item for work by hand, and those they need.

    The pipeline leaves them out; without them the notebook would not run from top to bottom.
    """
    fans = [step for step in steps if step.foreach is not None and step.cells]
    index = {cell.id: cell.index for cell in notebook.cells}
    last = max((index[step.cells[0]] for step in fans), default=0)
    wanted = {name for step in fans if step.foreach for name in step.foreach.names}
    found = set()
    for cell in reversed([c for c in notebook.cells if c.index < last and c.kind == "code"]):
        statements = read_cell(cell.source).statements if "skip" in cell.tags else ()
        if any(wanted & {*one.binds, *one.maybe} for one in statements):
            found.add(cell.id)
            wanted |= {name for one in statements for name in one.reads}
    return frozenset(found)


def for_one_item(notebook: Notebook, steps: Sequence[Step], hands: Mapping[str, Hand]) -> Notebook:
    """Return the notebook with its fan-outs over the items at hand alone."""
    mine = [step for step in steps if step.notebook.path == notebook.path]
    fans = {
        cell: (step.foreach, hands[step.name])
        for step in mine
        if step.foreach is not None and step.name in hands
        for cell in step.cells
    }
    cells = tuple(
        _for_one(cell, *fans[cell.id]) if cell.id in fans else cell for cell in notebook.cells
    )
    return replace(notebook, cells=cells)


def _for_one(cell: Cell, foreach: Foreach, hand: Hand) -> Cell:
    assert hand.index is not None
    # Python alone does it: no name is used that the notebook might call something else.
    items = f"[*({foreach.items})][{hand.index}:{hand.index + 1}]"
    tag = f"foreach:{', '.join(foreach.names)} in {items}"
    return replace(cell, tags=tuple(tag if t.startswith("foreach:") else t for t in cell.tags))


def objection(step: Step) -> Problem | None:
    """Say why a fan-out cannot be compared with Run All whatever its items are."""
    if step.foreach is None or step.kind == "cells":
        return None
    names = ", ".join(step.foreach.names)
    text = (
        f"Step {step.name!r} is a whole notebook that runs once for each item; Run All of it "
        f"has no item, so nothing could be compared with what the items give."
    )
    hint = f"Make its cells steps, and bind {names} in a cell tagged skip."
    return Problem("fans-out", text, notebook=step.notebook.path, suggestion=hint)


def without_item(steps: Sequence[Step], hands: Mapping[str, Hand]) -> Iterator[Problem]:
    """Yield the fan-outs of which Run All has no item at hand, with the reason."""
    for step in steps:
        hand = hands.get(step.name)
        if step.foreach is not None and hand is not None and hand.index is None:
            text = (
                f"Step {step.name!r} runs once for each item, and Run All has none of them at "
                f"hand: {hand.why}."
            )
            yield Problem("fans-out", text, notebook=step.notebook.path, suggestion=_HINT)


def uncompared(hands: Mapping[str, Hand]) -> tuple[str, ...]:
    """Say of which items nothing could be compared."""
    return tuple(
        f"Step {name} was compared for one item of {hand.count}, the one that Run All has at hand: "
        f"{hand.label}. The other {hand.count - 1}, and what is gathered of them, were not."
        for name, hand in hands.items()
        if hand.count > 1
    )
