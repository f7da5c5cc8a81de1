"""The cases, and what nbpipe wants to reach in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchmarks.notebooks import BURNT

if TYPE_CHECKING:
    from benchmarks.peers import Size

Figure = Literal["cpu", "wall"]
CHECK = "counting"
"""The case that compares nothing: it shows whether what is measured is all there is."""


@dataclass(frozen=True, slots=True)
class Case:
    """Something that is measured.

    Attributes
    ----------
    name
        How it is asked for.
    title
        What is done; sizes stand in braces.
    unit
        What the figures are for.
    figure
        Which of the two times its ratio is about.
    once
        Whether once is enough.
    """

    name: str
    title: str
    unit: str
    figure: Figure = "cpu"
    once: bool = False

    def told(self, size: Size) -> str:
        """Return the title with its sizes filled in."""
        return self.title.format(
            steps=size.steps,
            items=f"{size.items:,}",
            cells=f"{size.cells:,}",
            tasks=f"{size.tasks:,}",
            gigabytes=f"{size.megabytes / 1000:g}",
        )


CASES = {
    case.name: case
    for case in (
        Case("step", "a trivial notebook of three cells", "a notebook, start-up not counted"),
        Case(
            "imports",
            "a notebook that imports pandas, scikit-learn and matplotlib",
            "a notebook, start-up not counted",
        ),
        Case("command", "one trivial notebook, the whole command", "a command"),
        Case("latency", "from the order until the first cell runs", "a step", "wall"),
        Case("chain", "{steps} steps, each of which needs the one before", "a run"),
        Case("side", "{steps} steps side by side", "a run"),
        Case("noop", "{steps} steps, nothing has changed", "a run"),
        Case("fan", "one step for each of {items} items", "an item"),
        Case("frame", "a DataFrame of {gigabytes} GB from step to step",
             "a run, less the same with one row", "wall"),
        Case("compile", "{cells} cells are read and linked", "a command"),
        Case("plan", "{tasks} tasks are planned", "all"),
        Case("engine", "{tasks} tasks run, nothing computed", "a task"),
        Case("reuse", "{tasks} tasks, nothing has changed", "all", "wall"),
        Case("start", "the command starts (--help)", "a command"),
        Case(CHECK, f"a cell that uses {BURNT:g} s of CPU: is it counted?", "that cell", once=True),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """What must be reached, and what is aimed at.

    Attributes
    ----------
    case, figure
        What is looked at.
    peer
        Whom it is compared with; empty where seconds are meant.
    must, aim
        nbpipe's time divided by the peer's, or seconds.
    """

    case: str
    figure: Figure
    peer: str
    must: float
    aim: float


BARS = (
    Bar("step", "cpu", "papermill, in process", 1 / 4, 1 / 10),
    Bar("imports", "cpu", "papermill, in process", 1 / 18, 1 / 50),
    Bar("latency", "wall", "", 0.050, 0.020),
    Bar("fan", "wall", "", 20 * 60 / 20_000, 8 * 60 / 20_000),
    Bar("noop", "cpu", "Ploomber", 1 / 6, 1 / 25),
    Bar("noop", "cpu", "Snakemake", 2 / 3, 1 / 6),
    Bar("frame", "wall", "Metaflow", 1 / 3, 1 / 8),
    Bar("plan", "cpu", "", 2.0, 2.0),
    Bar("engine", "cpu", "", 0.002, 0.002),
    Bar("reuse", "wall", "", 3.0, 3.0),
)
