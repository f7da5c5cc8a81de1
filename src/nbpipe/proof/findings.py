"""What `verify` finds: whether a pipeline gives what Run All gives, else where and why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from nbpipe.errors import Problem

Verdict = Literal["equal", "different", "varies", "refused"]
Stage = Literal["run-all", "pipeline", "again", "held"]
"""What is run for a proof: the notebook from top to bottom, the pipeline; where they differ the
notebook again, and both once more with random numbers held the same."""

What = Literal["output", "value", "failure"]
Cause = Literal[
    "follows", "random", "hidden-state", "in-place", "order", "time", "varies", "unknown"
]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where two runs can be compared: an output of a cell, or a value of a step.

    Attributes
    ----------
    notebook, step
        Where it is.
    what
        ``output``, ``value`` or ``failure``.
    name
        Id of the cell, or the name of the value.
    """

    notebook: str
    step: str
    what: What
    name: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A place that is not the same in both runs.

    Attributes
    ----------
    spot
        The place.
    index
        Position of the cell in its notebook, counted from 0; None for a value.
    how
        What differs, as a few words: both sides of it.
    cause
        The kind of reason.
    why
        The reason, as a sentence.
    """

    spot: Spot
    index: int | None
    how: str
    cause: Cause = "unknown"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a verification.

    Attributes
    ----------
    verdict
        ``equal``; ``different``; ``varies`` where the notebook itself gives something else each
        time; ``refused`` where the two cannot be compared.
    sentence
        The verdict in words.
    differences
        Every place that differs, in notebook order.
    notes
        What else a person should know.
    problems
        Why it is refused, where problems say so.
    cells, values
        How many cells and values were compared.
    compared
        Steps that were compared to their end.
    uncompared
        What was not compared and why, as sentences.
    unseen
        Values that nobody can look into, as ``step.name``.
    held
        Random generators that the notebook seeds nowhere and that were held the same.
    seconds
        Wall time of Run All and of the pipeline.
    """

    verdict: Verdict
    sentence: str
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    cells: int = 0
    values: int = 0
    compared: tuple[str, ...] = ()
    uncompared: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    seconds: tuple[float, float] = field(default=(0.0, 0.0))
