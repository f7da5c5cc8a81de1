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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nbpipe.events import Event
    from nbpipe.run.outcome import Outcome

MOST = 32
"""Names longer than this do not widen the column of names."""


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
        self.clock = clock

    def tell(self, event: Event) -> None:
        """Print what happened."""
        now = self.clock()
        self.outcome.take(event, now)
        stamp = click.style(time.strftime("%H:%M:%S", time.localtime(now)), dim=True)
        for line in lines_of(event, self.outcome):
            self.echo(f"{stamp}  {line}")

    def close(self) -> None:
        """Nothing is left open."""


def lines_of(event: Event, outcome: Outcome) -> Iterator[str]:
    """Yield what is said of an event once the outcome has taken it."""
    wide = max((min(width(one.task), MOST) for one in outcome.tasks), default=0)
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
