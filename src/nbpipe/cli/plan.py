"""``nbpipe plan``: says what a run would do, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nbpipe.cli.options import (
    json_option,
    parameter_options,
    path_argument,
    selection_options,
    store_option,
    together,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbpipe.compile.plan import Action, Plan, PlannedTask


@click.command()
@path_argument
@together(*parameter_options, *selection_options, json_option, store_option)
def plan(path: str, **options: Any) -> None:
    """Say what a run would do, and why.

    Nothing is run.
    """
    from nbpipe.cli.parameters import read_parameters
    from nbpipe.cli.run import selection
    from nbpipe.cli.stores import open_store
    from nbpipe.run.project import open_project
    from nbpipe.run.runs import prepare

    project = open_project(path)
    parameters = read_parameters(options["files"], options["given"])
    store = open_store(project, options["store"])
    found = prepare(project, store, parameters, selection(project, options)).plan()
    if options["as_json"]:
        _tell_json(found)
    else:
        _tell(found)


def _tell(found: Plan) -> None:
    from nbpipe.cli.terminal import clean_line, coloured, columns, icon

    shown = list(_folded(found.tasks))
    rows = [
        (f"{icon(one.action)} {clean_line(one.task)}", _WORDS[one.action], clean_line(one.reason))
        for one in shown
    ]
    for line, one in zip(columns(rows), shown, strict=True):
        word = _WORDS[one.action]
        click.echo(line.replace(f" {word} ", f" {coloured(one.action, word)} ", 1))
    counts = [(found.count(action), said) for action, said in _COUNTS.items()]
    click.echo(", ".join(f"{count} {said}" for count, said in counts if count) + ".")


def _folded(tasks: Iterable[PlannedTask]) -> Iterator[PlannedTask]:
    """Yield the tasks; of a long fan-out one line for all items that have the same ahead."""
    from itertools import groupby

    from nbpipe.compile.plan import PlannedTask
    from nbpipe.run.tally import MANY

    for step, group in groupby(tasks, key=lambda one: one.step):
        items = list(group)
        if len(items) <= MANY:
            yield from items
            continue
        same: dict[Action, list[PlannedTask]] = {}
        for one in items:
            same.setdefault(one.action, []).append(one)
        for action, some in same.items():
            reason = f"{len(some):,} of {len(items):,} items: {some[0].reason}"
            yield PlannedTask(step, step, action, reason)


_WORDS = {"run": "runs", "reuse": "reused", "waiting": "waits", "left-out": "left out"}
_COUNTS: dict[Action, str] = {
    "run": "would run",
    "reuse": "would be reused",
    "waiting": "cannot be known yet",
    "left-out": "left out",
}


def _tell_json(found: Plan) -> None:
    import json

    from nbpipe.wire import dump

    click.echo(json.dumps({"tasks": dump(found.tasks)}, indent=2))
