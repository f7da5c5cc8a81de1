"""The nine invariants, and what breaks one of them: a value that says where and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Rule = Literal["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9"]

INVARIANTS: dict[Rule, str] = {
    "I1": "Every run comes to an end, and all its tasks with it.",
    "I2": "What counts as done is on the disk, as it was made.",
    "I3": "Events are numbered without gaps, and no older attempt replaces a newer one.",
    "I4": "Source notebooks are never written.",
    "I5": "No process is left after the end.",
    "I6": "A run counts as ok only if all its tasks do, and stands as its events say.",
    "I7": "After a crash a second start works, and is clean.",
    "I8": "Nothing is written outside the store and the project, and nothing is left half written.",
    "I9": "Others cannot look into the store.",
}
"""What must hold whatever happened. A store tells nothing of I4 and I7: tests do."""

What = Literal[
    "no-engine", "not-ended", "claim", "missing", "damaged", "result", "order", "projection",
    "half-written", "leftover", "unnamed", "open",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks an invariant.

    Attributes
    ----------
    rule
        Which invariant.
    what
        How it is broken.
    text
        A sentence.
    run
        The run it is about.
    name
        What it is about besides: a task, a digest, a key, or a path below the store's folder.
    """

    rule: Rule
    what: What
    text: str
    run: str = ""
    name: str = ""
