"""Progress of a run on a terminal: a table that changes in place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nbpipe.cli.progress import Teller
from nbpipe.cli.terminal import STATES, clean_line, icon, seconds
from nbpipe.events import ENDED, Note, TaskFinished, TaskReused, TaskSkipped, TaskStarted

if TYPE_CHECKING:
    from typing import TextIO

    from nbpipe.events import Event
    from nbpipe.run.outcome import Outcome
    from nbpipe.store.rows import TaskRow

BAR = 16


class LiveTable:
    """Shows each task with its state, its cells and its time while the run goes on.

    The table begins with the first task that really runs; a run that reuses all prints lines.

    Parameters
    ----------
    outcome
        Is kept up to date.
    stream
        The terminal.
    """

    def __init__(self, outcome: Outcome, stream: TextIO) -> None:
        self.outcome = outcome
        self.stream = stream
        self.teller = Teller(outcome)
        self.live: Any = None

    def tell(self, event: Event) -> None:
        """Take an event; notes are printed above the table."""
        self.outcome.take(event, time.time())
        lines = list(self.teller.lines(event))
        if self.live is None and isinstance(event, TaskStarted):
            self._begin()
        if isinstance(event, Note) or (
            self.live is None and isinstance(event, (TaskReused, TaskSkipped, TaskFinished))
        ):
            self._print(lines)

    def close(self) -> None:
        """Take the table away: the summary follows."""
        if self.live is not None:
            self.live.stop()
            self.live = None

    def _begin(self) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self.stream, highlight=False)
        self.live = Live(
            get_renderable=self._table, console=console, refresh_per_second=8, transient=True
        )
        self.live.start()

    def _print(self, lines: list[str]) -> None:
        import click

        for line in lines:
            if self.live is None:
                click.echo(line, file=self.stream)
            else:
                from rich.text import Text

                self.live.console.print(Text.from_ansi(line))

    def _table(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        now = time.time()
        shown = self.outcome.listed
        table = Table.grid(padding=(0, 2))
        room = max(self.live.console.height - 3, 5) if self.live is not None else 20
        rows = most_telling(shown, room)
        for one in rows:
            _, colour = STATES[one.state]
            said = one.label or (one.reason if one.state == "running" else "")
            table.add_row(
                Text(f"{icon(one.state)} {clean_line(one.task)}", overflow="ellipsis"),
                Text(one.state, style=colour),
                Text(bar(one)),
                Text(spent(one, now), justify="right"),
                Text(clean_line(said), style="dim", overflow="ellipsis", no_wrap=True),
            )
        counts = self.outcome.counts
        ended = sum(count for state, count in counts.items() if state in ENDED)
        said = f"{ended:,} of {sum(counts.values()):,} ended"
        return Group(table, Text(said, style="dim"))


def most_telling(tasks: list[TaskRow], room: int) -> list[TaskRow]:
    """Return at most `room` tasks in their order: those that run or went wrong come first."""
    if len(tasks) <= room:
        return tasks
    weight = {"running": 0, "waiting": 2, "ok": 3, "reused": 4, "skipped": 3}
    chosen = sorted(range(len(tasks)), key=lambda i: (weight.get(tasks[i].state, 1), i))[:room]
    return [tasks[i] for i in sorted(chosen)]


def bar(one: TaskRow) -> str:
    """Return how far a task's cells are: a bar and ``cell 2/5``."""
    if one.state != "running" or not one.cells:
        return ""
    done = min(one.cells_done, one.cells) * BAR // one.cells
    current = min(one.cells_done + 1, one.cells)
    return f"{'━' * done}{'╌' * (BAR - done)} cell {current}/{one.cells}"


def spent(one: TaskRow, now: float) -> str:
    """Return how long a task took, or takes until now."""
    if one.state == "running" and one.started is not None:
        return seconds(now - one.started)
    return seconds(one.seconds) if one.seconds else ""
