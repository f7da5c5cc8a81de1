"""What is said of a run once it ended: for the terminal, and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from nbpipe.cli.progress import checks_said
from nbpipe.cli.terminal import clean, clean_line, coloured, columns, icon, number, seconds
from nbpipe.run.executed import file_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbpipe.run.outcome import Outcome
    from nbpipe.store.rows import TaskRow

TRACEBACK_LINES = 8
MOST = 50
"""How many metrics, and how many failures in full, are shown."""

_NOT_RUN = ("skipped", "cancelled")


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended, and what is needed to speak of it.

    Attributes
    ----------
    run
        Its id.
    name
        The pipeline's name.
    outcome
        What came of it.
    folder
        Where its executed notebooks are.
    cells
        Step → (its notebook, id of each cell → the cell's number in the notebook, from 1).
    """

    run: str
    name: str
    outcome: Outcome
    folder: str
    cells: Mapping[str, tuple[str, Mapping[str, int]]] = field(default_factory=dict)

    def place(self, one: TaskRow, cell: str | None) -> str:
        """Return where a cell is: its notebook and its number."""
        notebook, numbers = self.cells.get(one.step, ("", {}))
        found = numbers.get(cell or "")
        where = [notebook] if notebook else []
        return clean_line(", ".join([*where, *([f"cell {found}"] if found else [])]))


def failed(outcome: Outcome) -> list[TaskRow]:
    """Return the tasks that ran and did not end well; one that was cancelled did as asked."""
    return [one for one in outcome.shown if one.error is not None and one.state != "cancelled"]


def said_of(one: TaskRow) -> str:
    """Return what is worth saying of a task in a few words."""
    if one.state == "reused" and one.source_run:
        return f"as in run {one.source_run}"
    if one.state in _NOT_RUN and one.error is None:
        return one.reason
    return checks_said(one.checks)


def told(ended: Ended) -> Iterator[str]:
    """Yield the lines of the summary."""
    outcome = ended.outcome
    rows = []
    for one in outcome.listed:
        why = said_of(one)
        time = seconds(one.seconds) if one.seconds else ""
        label = f" ({clean_line(one.label)})" if one.label else ""
        name = f"{icon(one.state)} {clean_line(one.task)}{label}"
        rows.append((name, one.state, time, clean_line(why)))
    states = [row[1] for row in rows]
    bad = failed(outcome)
    for line, state in zip(columns(rows), states, strict=True):
        yield line.replace(f" {state} ", f" {coloured(state)} ", 1)
    if metrics := outcome.metrics:
        yield ""
        pairs = [(clean_line(name), number(metrics[name])) for name in list(metrics)[:MOST]]
        yield from columns(pairs)
        yield from _more(len(metrics) - MOST, "metrics")
    for one in bad[:MOST]:
        yield ""
        yield from failure(ended, one)
    yield from _more(len(bad) - MOST, "that did not end well")
    yield ""
    yield verdict(ended)
    yield f"Executed notebooks: {ended.folder}"


def _more(count: int, what: str) -> Iterator[str]:
    if count > 0:
        yield f"and {count:,} more {what}"


def verdict(ended: Ended) -> str:
    """Return in one line how the run ended."""
    outcome = ended.outcome
    said = f"Run {ended.run}: {coloured(outcome.state)} in {seconds(outcome.seconds)}; "
    return said + ", ".join(counts(outcome)) + "."


def counts(outcome: Outcome) -> list[str]:
    """Return how many tasks ended in each state, as ``3 ok``."""
    return [f"{count} {state}" for state, count in outcome.counts.items()] or ["nothing to do"]


def failure(ended: Ended, one: TaskRow) -> Iterator[str]:
    """Yield what went wrong in a task, where, and where to look."""
    error = one.error
    assert error is not None
    where = ended.place(one, error.cell)
    place = f" ({where})" if where else ""
    yield f"{coloured(one.state, icon(one.state))} {clean_line(one.task)} {one.state}{place}"
    yield f"    {clean_line(error.name)}: {clean_line(error.message)}"
    lines = [line for line in clean(error.traceback).splitlines() if line.strip()]
    for line in lines[-TRACEBACK_LINES:]:
        yield click.style(f"    {line[:200]}", dim=True)
    yield f"    executed notebook: {ended.folder}/{file_name(one.task)}"


def markdown(ended: Ended) -> str:
    """Return the summary as Markdown, for `$GITHUB_STEP_SUMMARY`."""
    outcome = ended.outcome
    lines = [
        f"### {_cell(ended.name)}: {outcome.state}",
        "",
        f"Run `{ended.run}`, {seconds(outcome.seconds)}; {', '.join(counts(outcome))}.",
        "",
        "| step | state | time | |",
        "| --- | --- | ---: | --- |",
    ]
    for one in outcome.listed:
        why = said_of(one) or (one.label if one.item < 0 else "")
        if one.error is not None:
            where = ended.place(one, one.error.cell)
            why = ": ".join(filter(None, [where, one.error.name, one.error.message]))
        time = seconds(one.seconds) if one.seconds else ""
        lines.append(
            f"| {_cell(one.task)} | {icon(one.state)} {one.state} | {time} | {_cell(why)} |"
        )
    if outcome.metrics:
        lines += ["", "| metric | value |", "| --- | ---: |"]
        metrics = list(outcome.metrics.items())[:MOST]
        lines += [f"| {_cell(k)} | {_cell(number(v))} |" for k, v in metrics]
    return "\n".join(lines) + "\n\n"


def _cell(text: str) -> str:
    """Text as it stands in a table: nothing in it is Markdown or HTML."""
    line = clean_line(text)[:300]
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{c}" if c in "\\`*_[]|!#~" else c for c in line)
