"""``nbpipe diff``: says what differs between two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nbpipe.cli.options import complete_runs, project_option, store_option
from nbpipe.cli.terminal import clean, clean_line, columns, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nbpipe.run.compare import TextChange, ValueChange
    from nbpipe.store.rows import RunRow
    from nbpipe.store.store import Store

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("before", metavar="RUN", shell_complete=complete_runs)
@click.argument("after", metavar="RUN", default="last", shell_complete=complete_runs)
@project_option
@store_option
def diff(before: str, after: str, path: str, store: str | None) -> None:
    """Say what differs between two runs.

    Code by step, parameters, inputs and environment, states, metrics and outputs.
    """
    from nbpipe.cli.past import find_run
    from nbpipe.cli.runs import opened

    project, there = opened(path, store)
    old, new = find_run(there, project, before), find_run(there, project, after)
    click.echo(f"{old.id} → {new.id}")
    same = True
    for title, lines in _sections(there, old, new):
        if lines:
            same = False
            click.echo(click.style(f"\n{title}", bold=True))
            for line in lines:
                click.echo(line)
    if same:
        click.echo("Nothing differs.")


def _sections(store: Store, old: RunRow, new: RunRow) -> Iterator[tuple[str, list[str]]]:
    from nbpipe.run import compare

    before = {one.task: one for one in store.ledger.tasks(old.id)}
    after = {one.task: one for one in store.ledger.tasks(new.id)}
    changes = compare.code_changes(compare.sources(store, old), compare.sources(store, new))
    yield "Code", list(_code(changes))
    yield "Parameters", _table(compare.as_text(old.parameters), compare.as_text(new.parameters))
    told = compare.ingredient_changes(store, before, after)
    said = [f"  {clean_line(task)}: {clean_line(sentence)}" for task, sentence in told]
    yield "Inputs and environment", said
    yield "States", _table(compare.states(before), compare.states(after))
    numbers = (compare.metrics(tasks) for tasks in (before, after))
    yield "Metrics", _table(*({k: number(v) for k, v in some.items()} for some in numbers))
    yield "Outputs", [_output(change) for change in compare.output_changes(before, after)]


def _code(changes: Iterable[TextChange]) -> Iterator[str]:
    for change in changes:
        yield clean_line(change.name) + ("" if change.how == "changed" else f" ({change.how})")
        for line in change.lines:
            yield click.style(f"  {clean(line)}", fg=_COLOURS.get(line[:1]))


def _table(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    rows = [
        (clean_line(name), clean_line(before.get(name, "-")), "→", clean_line(after.get(name, "-")))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]
    return [f"  {line}" for line in columns(rows)]


def _output(change: ValueChange) -> str:
    what = f"  {clean_line(change.task)}: {clean_line(change.name)}"
    if change.how != "changed":
        return f"{what} is {change.how}"
    seen = [_short(text) for text in (change.before, change.after)]
    return f"{what} differs" + (f": {seen[0]} → {seen[1]}" if seen[0] != seen[1] else "")


def _short(text: str) -> str:
    text = clean_line(text)
    return text if len(text) <= 60 else f"{text[:59]}…"
