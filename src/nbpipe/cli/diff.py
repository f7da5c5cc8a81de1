"""``nbpipe diff``: says what differs between two runs."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import click

from nbpipe.cli.options import complete_runs, project_option, store_option
from nbpipe.cli.terminal import clean, clean_line, columns, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nbpipe.store.rows import RunRow, TaskRow
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
    before = {one.task: one for one in store.ledger.tasks(old.id)}
    after = {one.task: one for one in store.ledger.tasks(new.id)}
    yield "Code", list(_code(sources(store, old), sources(store, new)))
    yield "Parameters", _table(_shown(old.parameters), _shown(new.parameters))
    yield "Inputs and environment", list(_ingredients(store, before, after))
    yield "States", _table(_states(before), _states(after))
    yield "Metrics", _table(_metrics(before), _metrics(after))
    yield "Outputs", list(_outputs(before, after))


def sources(store: Store, run: RunRow) -> dict[str, list[str]]:
    """Return the code of each step of a run as lines; what is no step's under its notebook."""
    from nbpipe.compile.notebook import read_notebook

    pipeline = store.ledger.pipeline(run.id)
    cells: dict[tuple[str, str], str] = {}
    for path, digest in run.sources.items():
        notebook = read_notebook(store.blobs.read(digest), path)
        cells |= {(path, cell.id): cell.source for cell in notebook.cells}
    found = {
        step["name"]: _joined(cells, step["notebook"], step["cells"]) for step in pipeline["steps"]
    }
    for path, roles in pipeline["roles"].items():
        for kind in ("parameters", "setup"):
            ids = [cell for cell, role in roles.items() if role["role"] == kind]
            if ids:
                found[f"{kind} of {path}"] = _joined(cells, path, ids)
    return found


def _joined(cells: Mapping[tuple[str, str], str], path: str, ids: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for cell in ids:
        lines += [*cells.get((path, cell), "").splitlines(), ""]
    return lines[:-1]


def _code(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> Iterator[str]:
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        said = "" if old and new else " (new)" if old is None else " (gone)"
        yield f"{clean_line(name)}{said}"
        for line in list(difflib.unified_diff(old or [], new or [], lineterm="", n=2))[2:]:
            yield click.style(f"  {clean(line)}", fg=_COLOURS.get(line[:1]))


def _table(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    rows = [
        (clean_line(name), clean_line(before.get(name, "-")), "→", clean_line(after.get(name, "-")))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    ]
    return [f"  {line}" for line in columns(rows)]


def _shown(values: Mapping[str, object]) -> dict[str, str]:
    import json

    return {name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}


def _states(tasks: Mapping[str, TaskRow]) -> dict[str, str]:
    return {task: one.state for task, one in tasks.items() if not task.endswith("[]")}


def _metrics(tasks: Mapping[str, TaskRow]) -> dict[str, str]:
    return {
        f"{task}.{name}": number(value)
        for task, one in tasks.items()
        for name, value in one.metrics.items()
    }


def _ingredients(
    store: Store, before: Mapping[str, TaskRow], after: Mapping[str, TaskRow]
) -> Iterator[str]:
    """Yield, for each task that both runs have, what its key hung on and differs."""
    from nbpipe.compile.keys import changes

    keys = [one.key for one in (*before.values(), *after.values()) if one.key]
    known = store.ledger.known(keys)
    for task in before:
        if task not in after or before[task].key == after[task].key:
            continue
        old, new = known.get(before[task].key), known.get(after[task].key)
        if old is None or new is None:
            continue
        outside = _without_code(old.parts), _without_code(new.parts)
        for sentence in changes(*outside):
            yield f"  {clean_line(task)}: {clean_line(sentence)}"


def _without_code(parts: Mapping[str, str]) -> dict[str, str]:
    """The ingredients that are not told under code and parameters."""
    told = ("cell", "definition", "parameter", "metric")
    return {name: value for name, value in parts.items() if name.split(" ")[0] not in told}


def _outputs(before: Mapping[str, TaskRow], after: Mapping[str, TaskRow]) -> Iterator[str]:
    for task in {**before, **after}:
        old, new = _values(before.get(task)), _values(after.get(task))
        for name in {**old, **new}:
            one, other = old.get(name), new.get(name)
            if one is None or other is None:
                how = "new" if one is None else "gone"
                yield f"  {clean_line(task)}: {clean_line(name)} is {how}"
            elif one.digest != other.digest:
                seen = [_seen(artifact) for artifact in (one, other)]
                how = f": {seen[0]} → {seen[1]}" if seen[0] != seen[1] else ""
                yield f"  {clean_line(task)}: {clean_line(name)} differs{how}"


def _values(one: TaskRow | None) -> dict[str, Any]:
    kinds = ("value", "file", "items")
    return {a.name: a for a in one.artifacts if a.kind in kinds} if one else {}


def _seen(artifact: Any) -> str:
    text = clean_line(artifact.preview.get("text", ""))
    return text if len(text) <= 60 else f"{text[:59]}…"
