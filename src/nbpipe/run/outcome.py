"""A run as it is shown: tasks, metrics and notes, folded from events or read from the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbpipe.events import (
    CellFinished,
    CellStarted,
    Note,
    Recorded,
    RunStarted,
    TaskFinished,
    TaskReused,
    TasksAdded,
    TaskSkipped,
    TaskStarted,
)
from nbpipe.run.tally import Tally
from nbpipe.store.projection import View, advance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbpipe.events import Event, RunState
    from nbpipe.store.rows import RunRow, TaskRow


@dataclass(slots=True)
class Outcome:
    """A run as far as its events have told.

    Attributes
    ----------
    view
        Its state and its tasks.
    engine, parameters, on
        As it was started.
    notes
        What a person should know.
    tally
        Its tasks, counted by step and state.
    """

    view: View = field(default_factory=View)
    engine: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    on: str = ""
    notes: list[Note] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    @classmethod
    def of(cls, run: RunRow, tasks: Iterable[TaskRow]) -> Outcome:
        """Build from what the ledger says of a run."""
        view = View(run.state, run.started, run.finished, run.seconds, {t.task: t for t in tasks})
        outcome = cls(view, run.engine, run.parameters)
        outcome.tally.begin(view.tasks.values())
        return outcome

    @property
    def state(self) -> RunState:
        """How it stands."""
        return self.view.state

    @property
    def seconds(self) -> float:
        """Wall time; 0 while it runs."""
        return self.view.seconds or 0.0

    @property
    def tasks(self) -> list[TaskRow]:
        """All tasks, in the pipeline's order."""
        return sorted(self.view.tasks.values(), key=lambda one: (one.position, one.item))

    @property
    def shown(self) -> list[TaskRow]:
        """The tasks that are shown: a listing of items only where it did not end well."""
        quiet = ("ok", "reused", "waiting")
        return [one for one in self.tasks if not (one.task.endswith("[]") and one.state in quiet)]

    @property
    def metrics(self) -> dict[str, float]:
        """All metrics; those of a fanned-out task, and names given twice, follow their task."""
        found: dict[str, float] = {}
        for one in self.shown:
            for name, value in one.metrics.items():
                plain = one.item < 0 and name not in found
                found[name if plain else f"{one.task}.{name}"] = value
        return found

    @property
    def listed(self) -> list[TaskRow]:
        """The tasks as lists show them: a fan-out of very many items is one row."""
        return list(self.tally.rows(self.view.tasks))

    @property
    def counts(self) -> dict[str, int]:
        """State → how many of the shown tasks are in it."""
        found: dict[str, int] = {}
        for step in sorted(self.tally.steps.values(), key=lambda step: step.position):
            for state, count in step.counts.items():
                if count:
                    found[state] = found.get(state, 0) + count
        return found

    def take(self, event: Event, at: float = 0.0) -> None:
        """Take the next event, told at the time `at` (UTC, seconds since 1970)."""
        tasks = self.view.tasks
        before = tasks.get(getattr(event, "task", ""))
        advance(self.view, Recorded("", 0, at, event))
        match event:
            case RunStarted():
                self.engine, self.parameters = event.engine, event.parameters
                self.on = event.on
                self.tally.begin(tasks.values())
            case TasksAdded():
                named = (event.step, f"{event.step}[]", *event.tasks)
                self.tally.begin_step(event.step, (tasks[t] for t in named if t in tasks))
            case Note():
                self.notes.append(event)
            case (
                TaskStarted()
                | CellStarted()
                | CellFinished()
                | TaskFinished()
                | TaskReused()
                | TaskSkipped()
            ):
                self.tally.move(before, tasks[event.task])
            case _:
                pass
