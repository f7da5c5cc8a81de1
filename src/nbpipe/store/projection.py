"""How a run stands after its events: a pure function from what was to what is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nbpipe.events import (
    ENDED,
    GOOD,
    CellFinished,
    CellStarted,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskReused,
    TasksAdded,
    TaskSkipped,
    TaskStarted,
)
from nbpipe.store.rows import TaskRow, step_of

if TYPE_CHECKING:
    from nbpipe.events import Event, Recorded, RunState

LAST = 1_000_000
"""Position of a task whose step is not known."""


@dataclass(slots=True)
class View:
    """A run's state and tasks, brought forward event by event.

    Attributes
    ----------
    state, started, finished, seconds
        As in `RunRow`.
    tasks
        Task → how it stands. It may hold only the tasks that the next events concern.
    """

    state: RunState = "running"
    started: float | None = None
    finished: float | None = None
    seconds: float | None = None
    tasks: dict[str, TaskRow] = field(default_factory=dict)


def concerned(event: Event) -> frozenset[str] | None:
    """Return the tasks that must be in the view before the event; None for all."""
    if isinstance(event, (RunStarted, TasksAdded)):
        return None
    task = getattr(event, "task", "")
    return frozenset({task, step_of(task)}) if task else frozenset()


def advance(view: View, recorded: Recorded) -> None:
    """Bring a view forward by one event."""
    event = recorded.event
    match event:
        case RunStarted():
            _start(view, event, recorded.at)
        case TasksAdded():
            _add(view, event)
        case RunFinished():
            view.state, view.seconds, view.finished = event.state, event.seconds, recorded.at
        case (
            TaskStarted()
            | CellStarted()
            | CellFinished()
            | TaskFinished()
            | TaskReused()
            | TaskSkipped()
        ):
            row = view.tasks.get(event.task) or _new(view, event.task)
            view.tasks[event.task] = _moved(row, event, recorded.at)
        case _:
            pass


def _start(view: View, event: RunStarted, at: float) -> None:
    view.state, view.finished, view.seconds = "running", None, None
    if view.started is None or not event.resumed:
        view.started = at
    for position, task in enumerate(event.tasks):
        there = view.tasks.get(task)
        if there is not None and there.state in GOOD and event.resumed:
            view.tasks[task] = replace(there, position=position)
        else:
            view.tasks[task] = TaskRow(task, position)


def _add(view: View, event: TasksAdded) -> None:
    """Put the items of a fan-out in the place of its step."""
    position = _position(view, event.step)
    standing = view.tasks.get(event.step)
    if standing is not None and standing.state == "waiting":
        del view.tasks[event.step]
    for task in [t for t, row in view.tasks.items() if row.step == event.step and row.item >= 0]:
        if task not in event.tasks:
            del view.tasks[task]
    for task, label in zip(event.tasks, event.labels, strict=False):
        row = view.tasks.get(task)
        view.tasks[task] = (
            replace(row, position=position, label=label) if row else TaskRow(task, position, label)
        )


def _position(view: View, step: str) -> int:
    rows = (row for row in view.tasks.values() if row.step == step)
    return min((row.position for row in rows), default=LAST)


def _new(view: View, task: str) -> TaskRow:
    step = view.tasks.get(step_of(task))
    return TaskRow(task, step.position if step else LAST)


_Told = TaskStarted | CellStarted | CellFinished | TaskFinished | TaskReused | TaskSkipped


def _moved(row: TaskRow, event: _Told, at: float) -> TaskRow:
    match event:
        case TaskStarted():
            return TaskRow(
                row.task, row.position, row.label, "running", event.reason, event.key,
                event.attempt, started=at, cells=event.cells, error=row.error,
            )  # fmt: skip
        case CellStarted():
            return replace(row, cell=event.cell)
        case CellFinished():
            done = row.cells_done + (event.state != "not-run")
            return replace(row, cells_done=done, cell=None)
        case TaskFinished():
            return _finished(row, event, at)
        case TaskReused():
            return TaskRow(
                row.task, row.position, row.label, "reused", event.reason, event.key,
                finished=at, artifacts=event.artifacts, metrics=event.metrics,
                source_run=event.source_run, source_task=event.source_task,
            )  # fmt: skip
        case TaskSkipped():
            return replace(row, state=event.state, reason=event.reason, finished=at, cell=None)


def _finished(row: TaskRow, event: TaskFinished, at: float) -> TaskRow:
    """An attempt older than the one that runs changes nothing."""
    if event.attempt < row.attempt:
        return row
    return replace(
        row,
        state="waiting" if event.again else event.state,
        seconds=event.seconds,
        attempt=event.attempt,
        key=event.key or row.key,
        artifacts=event.artifacts,
        metrics=event.metrics,
        checks=event.checks,
        error=event.error,
        peak=event.peak,
        finished=None if event.again else at,
        cell=None,
    )


def closing(view: View, reason: str) -> list[Event]:
    """Return the events that end a run whose engine is gone."""
    events: list[Event] = []
    for row in sorted(view.tasks.values(), key=lambda row: (row.position, row.item)):
        if row.state == "running":
            events.append(TaskFinished(row.task, "interrupted", 0.0, max(row.attempt, 1), row.key))
        elif row.state not in ENDED:
            events.append(TaskSkipped(row.task, reason))
    return [*events, RunFinished("interrupted", 0.0)]
