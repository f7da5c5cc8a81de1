"""How many tasks of each step are in which state, kept as events come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbpipe.events import ENDED, GOOD
from nbpipe.store.rows import TaskRow, step_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nbpipe.events import TaskState

MANY = 20
"""A fan-out of more items than this is shown as one line, with those that run or went wrong."""

MOST_SHOWN = 10
"""How many items of such a fan-out are shown besides."""


@dataclass(slots=True)
class StepTally:
    """The tasks of one step.

    Attributes
    ----------
    position
        Its place in the pipeline's order.
    tasks
        Their names, in order.
    counts
        State → how many are in it.
    telling
        Names of those that run or did not end well.
    """

    position: int
    tasks: dict[str, None] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    telling: dict[str, None] = field(default_factory=dict)

    @property
    def is_long(self) -> bool:
        """Whether it is shown as one line."""
        return len(self.tasks) > MANY

    @property
    def ended(self) -> int:
        """How many ended."""
        return sum(count for state, count in self.counts.items() if state in ENDED)

    def said(self) -> str:
        """How many items there are and how they stand, in words."""
        stand = ", ".join(f"{count:,} {state}" for state, count in self.counts.items() if count)
        return f"{len(self.tasks):,} items: {stand}"

    def state(self) -> TaskState:
        """The state of them all: that they run, else what is worst."""
        there = [state for state, count in self.counts.items() if count]
        if "running" in there or ("waiting" in there and len(there) > 1):
            return "running"
        bad = [state for state in there if state not in (*GOOD, "waiting")]
        return (bad or sorted(there) or ["waiting"])[0]  # type: ignore[return-value]


class Tally:
    """The tasks of a run by their steps."""

    def __init__(self) -> None:
        self.steps: dict[str, StepTally] = {}

    def begin(self, rows: Iterable[TaskRow]) -> None:
        """Count anew."""
        self.steps = {}
        for row in rows:
            self.move(None, row)

    def begin_step(self, step: str, rows: Iterable[TaskRow]) -> None:
        """Count the tasks of one step anew."""
        self.steps.pop(step, None)
        for row in rows:
            self.move(None, row)

    def move(self, before: TaskRow | None, now: TaskRow) -> None:
        """Count a task where it stands now, no longer where it stood before."""
        name = now.task
        step = self.steps.get(step_of(name))
        if step is None:
            step = self.steps[step_of(name)] = StepTally(now.position)
        if name.endswith("[]") and now.state in ("ok", "reused", "waiting"):
            return  # a listing of items is spoken of only where it does not end well
        if before is not None and name in step.tasks:
            step.counts[before.state] -= 1
        step.tasks[name] = None
        step.counts[now.state] += 1
        if now.state == "running" or now.error is not None:
            step.telling[name] = None
        else:
            step.telling.pop(name, None)

    def step(self, task: str) -> StepTally | None:
        """Return the tally of a task's step."""
        return self.steps.get(step_of(task))

    def rows(self, tasks: Mapping[str, TaskRow], most: int = MOST_SHOWN) -> Iterator[TaskRow]:
        """Yield what is shown of the tasks, in the pipeline's order.

        A long fan-out is one row under the step's name; at most `most` of its items follow.
        """
        for name, step in sorted(self.steps.items(), key=lambda pair: pair[1].position):
            if step.is_long:
                yield TaskRow(name, step.position, step.said(), step.state())
                shown = list(step.telling)[:most]
            else:
                shown = sorted(step.tasks, key=lambda task: tasks[task].item)
            yield from (tasks[task] for task in shown)
