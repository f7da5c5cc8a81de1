"""Progress of a run as plain lines, one for each thing that happened."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Protocol

import click

from nbpipe.cli.terminal import clean_line, coloured, number, pad, say, seconds, width
from nbpipe.events import (
    GOOD,
    Note,
    RunStarted,
    TaskFinished,
    TaskReused,
    TasksAdded,
    TaskSkipped,
    TaskStarted,
)
from nbpipe.store.rows import step_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nbpipe.events import Event
    from nbpipe.run.outcome import Outcome
    from nbpipe.run.tally import StepTally

MOST = 32
"""Names longer than this do not widen the column of names."""

STAGES = 20
"""How often it is said how far a long fan-out is."""


class Progress(Protocol):
    """Shows a run while it goes on."""

    outcome: Outcome

    def tell(self, event: Event) -> None:
        """Take an event."""

    def close(self) -> None:
        """The run ended; what is shown now stays."""


class Lines:
    """Prints a line for each thing that happened: for pipes, logs and continuous integration.

    Parameters
    ----------
    outcome
        Is kept up to date.
    echo
        Prints a line.
    clock
        Returns the time of day in seconds.
    """

    def __init__(
        self,
        outcome: Outcome,
        echo: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.outcome = outcome
        self.echo = echo
        self.teller = Teller(outcome)
        self.clock = clock

    def tell(self, event: Event) -> None:
        """Print what happened."""
        now = self.clock()
        self.outcome.take(event, now)
        stamp = click.style(time.strftime("%H:%M:%S", time.localtime(now)), dim=True)
        for line in self.teller.lines(event):
            self.echo(f"{stamp}  {line}")

    def close(self) -> None:
        """Nothing is left open."""


class Teller:
    """Says in lines what happened, once the outcome has taken it.

    Of a long fan-out it says how far it is, some twenty times, and what went wrong.
    """

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.wide = 0
        self.far: dict[str, int] = {}

    def lines(self, event: Event) -> Iterator[str]:
        """Yield what is said of an event."""
        match event:
            case RunStarted(_, _, tasks) | TasksAdded(_, tasks):
                self.wide = max([self.wide, *(min(width(task), MOST) for task in tasks)])
            case TaskStarted(task) | TaskReused(task) | TaskFinished(task):
                tally = self.outcome.tally.step(task)
                bad = isinstance(event, TaskFinished) and event.state not in GOOD
                if tally is not None and tally.is_long and not bad:
                    yield from self._how_far(step_of(task), tally)
                    return
            case _:
                pass
        yield from lines_of(event, self.wide)

    def _how_far(self, step: str, tally: StepTally) -> Iterator[str]:
        far = tally.ended * STAGES // len(tally.tasks)
        if far > self.far.get(step, 0):
            self.far[step] = far
            yield f"{_name(step, self.wide)}  {tally.said()}"


def lines_of(event: Event, wide: int) -> Iterator[str]:
    """Yield what is said of an event, the names in a column of that width."""
    match event:
        case RunStarted(_, _, tasks):
            yield f"{len(tasks)} steps" if len(tasks) != 1 else "1 step"
        case TasksAdded(step, tasks):
            yield f"{_name(step, wide)}  {len(tasks)} items"
        case TaskStarted(task, attempt, _, _, reason):
            again = f"attempt {attempt}: " if attempt > 1 else ""
            why = f" ({again}{clean_line(reason)})" if reason else ""
            yield f"{_name(task, wide)}  {coloured('running')}{why}"
        case TaskFinished():
            yield from _finished(event, wide)
        case TaskReused(task, _, reason):
            yield f"{_name(task, wide)}  {coloured('reused')} ({clean_line(reason)})"
        case TaskSkipped(task, reason, state):
            yield f"{_name(task, wide)}  {coloured(state)} ({clean_line(reason)})"
        case Note(text, task, level):
            name = f"{_name(task, wide)}  " if task else ""
            yield f"{name}{click.style('note', fg=_LEVELS[level])}: {clean_line(text)}"
        case _:
            return


_LEVELS = {"info": "blue", "warning": "yellow", "error": "red"}


def _name(task: str, wide: int) -> str:
    return pad(clean_line(task), wide)


def _finished(event: TaskFinished, wide: int) -> Iterator[str]:
    name = _name(event.task, wide)
    error = event.error if event.state != "cancelled" else None
    why = f"  {clean_line(error.name)}: {clean_line(error.message)}" if error else ""
    yield f"{name}  {coloured(event.state)} {seconds(event.seconds)}{why[:300]}"
    if event.state in GOOD and event.checks:
        yield f"{name}  {checks_said(event.checks)}"
    if event.metrics:
        said = ", ".join(f"{clean_line(k)} {number(v)}" for k, v in event.metrics.items())
        yield f"{name}  {said}"


def checks_said(checks: Mapping[str, str]) -> str:
    """Return in words how a task's checks went."""
    good = sum(said == "ok" for said in checks.values())
    bad = len(checks) - good
    words = [f"{good} {'check' if good == 1 else 'checks'} passed"] if good else []
    return ", ".join([*words, *([f"{bad} failed"] if bad else [])])


def choose(outcome: Outcome, *, to_stderr: bool) -> Progress:
    """Return what suits where the progress goes: a live table on a terminal, else lines."""
    stream = sys.stderr if to_stderr else sys.stdout
    dumb = os.environ.get("TERM") == "dumb" or os.environ.get("CI")
    if stream.isatty() and not dumb:
        from nbpipe.cli.live import LiveTable

        return LiveTable(outcome, stream)
    return Lines(outcome, lambda line: say(line, err=to_stderr))
