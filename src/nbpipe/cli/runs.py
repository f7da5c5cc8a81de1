"""``nbpipe ls``, ``show``, ``logs``, ``open`` and ``cancel``: runs that are in the store."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from nbpipe.cli.options import (
    complete_runs,
    json_option,
    path_argument,
    project_option,
    store_option,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.run.project import Project
    from nbpipe.store.rows import RunRow, TaskRow
    from nbpipe.store.store import Store


def opened(path: str, address: str | None) -> tuple[Project, Store]:
    """Return the project at a path, and its store.

    Runs whose engine is gone are written down as interrupted first.
    """
    from contextlib import suppress

    from nbpipe.cli.stores import open_store
    from nbpipe.errors import StoreError
    from nbpipe.run.project import open_project

    project = open_project(path)
    store = open_store(project, address)
    for run in store.ledger.stale():
        with suppress(StoreError):  # a store that can only be read
            store.ledger.mark_interrupted(run)
    return project, store


@click.command()
@path_argument
@click.option("-n", "--number", default=20, show_default=True, help="At most this many.")
@click.option("--all", "every", is_flag=True, help="Also those of other projects in the store.")
@click.option("--tag", "tags", multiple=True, help="Only runs with this tag. May be given again.")
@click.option("--state", help="Only runs in this state, as failed.")
@click.option(
    "--search",
    default="",
    metavar="WORDS",
    help="Only runs that say all of this: in id, notebook, note or tags, or as a parameter, n=3.",
)
@json_option
@store_option
def ls(path: str, number: int, as_json: bool, store: str | None, **chosen: Any) -> None:
    """List runs, the newest first."""
    from nbpipe.cli.past import NO_RUNS
    from nbpipe.cli.terminal import clean_line, coloured, columns, seconds
    from nbpipe.store.rows import Which
    from nbpipe.wire import dump

    project, there = opened(path, store)
    which = Which(
        None if chosen["every"] else str(project.folder),
        () if project.scope is None else (project.scope,),
        chosen["state"],
        tags=chosen["tags"],
        words=chosen["search"],
    )
    found, _ = there.ledger.history.runs(which, number)
    if as_json:
        import json

        click.echo(json.dumps([dump(run) for run in found], indent=2))
        return
    if not found:
        asked = chosen["tags"] or chosen["state"] or chosen["search"]
        click.echo("No run is like that." if asked else NO_RUNS)
    rows = [
        (
            run.id,
            run.state,
            time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started or run.begun)),
            seconds(run.seconds) if run.seconds is not None else "",
            ", ".join(f"{count} {state}" for state, count in run.counts.items()),
            "pinned" if run.pinned else "",
            clean_line(run.path or run.name),
            clean_line(" ".join(f"#{tag}" for tag in run.tags)),
            clean_line(run.note)[:60],
        )
        for run in found
    ]
    for line, run in zip(columns(rows), found, strict=True):
        click.echo(line.replace(f" {run.state} ", f" {coloured(run.state)} ", 1))


@click.command()
@click.argument("name", default="last", metavar="RUN[/STEP]", shell_complete=complete_runs)
@project_option
@json_option
@store_option
def show(name: str, path: str, as_json: bool, store: str | None) -> None:
    """Show a run, or a step of it.

    RUN is a run's id, the beginning of one, or ``last``.
    """
    from nbpipe.cli.past import find_run, tasks_of
    from nbpipe.store.rows import split_name

    project, there = opened(path, store)
    run_name, step, _ = split_name(name)
    run = find_run(there, project, run_name)
    if step:
        tasks = tasks_of(there, run, step)
        _tell_json(tasks) if as_json else _show_tasks(there, run, tasks)
    elif as_json:
        _tell_json({"run": run, "tasks": there.ledger.tasks(run.id)})
    else:
        _show_run(there, run)


def _tell_json(value: Any) -> None:
    import json

    from nbpipe.wire import dump

    click.echo(json.dumps(dump(value), indent=2))


def _show_run(store: Store, run: RunRow) -> None:
    from nbpipe.cli.cells import cell_numbers
    from nbpipe.cli.summary import Ended, told
    from nbpipe.cli.terminal import clean_line, columns
    from nbpipe.run.outcome import Outcome

    outcome = Outcome.of(run, store.ledger.tasks(run.id))
    begun = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.started or run.begun))
    rows = [("begun", begun), ("project", run.project), ("engine", run.engine)]
    rows += [("on", on) for on in _elsewhere(store, run)]
    rows += [("notebook", run.path)] if run.path else []
    values = ", ".join(f"{name}={value!r}" for name, value in run.parameters.items())
    rows += [("parameters", values)] if values else []
    rows += [("tags", ", ".join(run.tags))] if run.tags else []
    rows += [("note", run.note)] if run.note else []
    for line in columns([(what, clean_line(said)) for what, said in rows]):
        click.echo(line)
    click.echo()
    folder = os.path.relpath(store.run_folder(run.id))
    cells = cell_numbers(store, run)
    for line in told(Ended(run.id, run.name, outcome, folder, cells)):
        click.echo(line)


def _elsewhere(store: Store, run: RunRow) -> list[str]:
    """Return the address of what carried its orders out, if that was not this machine."""
    from nbpipe.events import RunStarted

    first = [one.event for one in store.ledger.events(run.id, limit=1)]
    return [one.on for one in first if isinstance(one, RunStarted) and one.on != "local"]


def _show_tasks(store: Store, run: RunRow, tasks: list[TaskRow]) -> None:
    from nbpipe.run.tally import MANY

    if len(tasks) > MANY:
        _list_tasks(tasks)
        return
    for one in tasks:
        for line in _task_lines(store, run, one):
            click.echo(line)


def _list_tasks(tasks: list[TaskRow]) -> None:
    """A line for each of many items; each can be asked for by its own name."""
    from nbpipe.cli.terminal import clean_line, coloured, columns, icon, seconds

    rows = [
        (
            f"{icon(one.state)} {clean_line(one.task)}",
            one.state,
            seconds(one.seconds) if one.seconds is not None else "",
            clean_line(one.label),
        )
        for one in tasks
    ]
    for line, one in zip(columns(rows), tasks, strict=True):
        click.echo(line.replace(f" {one.state} ", f" {coloured(one.state)} ", 1))


def _task_lines(store: Store, run: RunRow, one: TaskRow) -> Iterator[str]:
    from contextlib import suppress

    from nbpipe.cli.summary import TRACEBACK_LINES
    from nbpipe.cli.terminal import clean, clean_line, coloured, columns, number, seconds, size
    from nbpipe.errors import StoreError
    from nbpipe.run.keep import notebook_file

    label = f" ({clean_line(one.label)})" if one.label else ""
    notebook = ""
    with suppress(StoreError):  # bytes that are gone, or a store that can only be read
        notebook = str(notebook_file(store, run.id, one) or "")
    yield f"{clean_line(one.task)}{label}: {coloured(one.state)}"
    rows = [
        ("because", clean_line(one.reason)),
        ("took", seconds(one.seconds) if one.seconds is not None else ""),
        ("attempt", str(one.attempt) if one.attempt > 1 else ""),
        ("memory", size(one.peak)),
        ("made in", f"{one.source_run}/{one.source_task}" if one.source_run else ""),
        ("key", one.key),
        ("notebook", notebook),
    ]
    yield from (f"  {line}" for line in columns([row for row in rows if row[1]]))
    if one.metrics:
        yield "  metrics"
        pairs = [(clean_line(k), number(v)) for k, v in one.metrics.items()]
        yield from (f"    {line}" for line in columns(pairs))
    if one.checks:
        yield "  checks"
        yield from (
            f"    {clean_line(cell)}: {clean_line(said)}" for cell, said in one.checks.items()
        )
    if one.error is not None:
        yield f"  {clean_line(one.error.name)}: {clean_line(one.error.message)}"
        lines = clean(one.error.traceback).splitlines()
        yield from (f"    {line[:200]}" for line in lines[-3 * TRACEBACK_LINES :])
    if one.artifacts:
        yield "  artifacts"
        shown = [
            (clean_line(a.name), a.kind, clean_line(a.type), size(a.size), _preview(a.preview))
            for a in one.artifacts
        ]
        yield from (f"    {line}" for line in columns(shown))


def _preview(preview: Any) -> str:
    from nbpipe.cli.terminal import clean_line

    return clean_line(preview.get("text", ""))[:80]


@click.command()
@click.argument("name", default="last", metavar="RUN[/STEP]", shell_complete=complete_runs)
@project_option
@store_option
def logs(name: str, path: str, store: str | None) -> None:
    """Print what a run's cells wrote.

    RUN is a run's id, the beginning of one, or ``last``.
    """
    from nbpipe.cli.past import find_run, tasks_of
    from nbpipe.cli.terminal import clean, clean_line
    from nbpipe.store.rows import split_name

    project, there = opened(path, store)
    run_name, step, _ = split_name(name)
    run = find_run(there, project, run_name)
    tasks = tasks_of(there, run, step) if step else there.ledger.tasks(run.id)
    silent = True
    for task, text in _logs(there, run, tasks):
        prefix = "" if len(tasks) == 1 else click.style(f"{clean_line(task)} | ", dim=True)
        for line in clean(text).splitlines():
            click.echo(f"{prefix}{line}")
        silent = silent and not text
    if silent:
        click.echo("Its cells wrote nothing.", err=True)


def _logs(store: Store, run: RunRow, tasks: list[TaskRow]) -> Iterator[tuple[str, str]]:
    """Yield what each task's cells wrote: the log it left, else what came until now."""
    logs = {one.task: a.digest for one in tasks for a in reversed(one.artifacts) if a.kind == "log"}
    without = {one.task for one in tasks if one.task not in logs}
    written = _written(store, run, without) if without else {}
    for one in tasks:
        if one.task in logs:
            text = store.blobs.read(logs[one.task]).decode("utf-8", "replace")
        else:
            text = "".join(written.get(one.task, ()))
        yield one.task, text


def _written(store: Store, run: RunRow, tasks: set[str]) -> dict[str, list[str]]:
    """Return what the cells of some tasks wrote until now, piece by piece."""
    import json

    found: dict[str, list[str]] = {}
    try:
        with open(store.run_folder(run.id) / "output.jsonl", encoding="utf-8") as file:
            for line in file:
                if not line.endswith("\n"):
                    break  # still being written
                said = json.loads(line)
                if said["task"] in tasks:
                    found.setdefault(said["task"], []).append(said["text"])
    except FileNotFoundError:
        pass
    return found


@click.command("open")
@click.argument("name", metavar="RUN/STEP[/NAME]", shell_complete=complete_runs)
@project_option
@store_option
@click.option("--print", "only_print", is_flag=True, help="Only print the path.")
def open_(name: str, path: str, store: str | None, only_print: bool) -> None:
    """Open an executed notebook, or another artifact.

    Prints its path; on a terminal it is opened with JupyterLab as well. RUN is a run's id, the
    beginning of one, or ``last``; NAME is an artifact that ``nbpipe show RUN/STEP`` lists.
    """
    from nbpipe.cli.past import find_run, tasks_of
    from nbpipe.errors import UsageError
    from nbpipe.store.rows import split_name

    project, there = opened(path, store)
    run_name, step, artifact = split_name(name)
    if not step:
        raise UsageError("Name a step as well: RUN/STEP.")
    run = find_run(there, project, run_name)
    file = _file_of(there, run, tasks_of(there, run, step)[0], artifact)
    click.echo(file)
    if not only_print and not artifact and sys.stdout.isatty():
        import subprocess

        # The store is a hidden folder, which Jupyter does not show unless it is told to.
        lab = [sys.executable, "-m", "jupyterlab", "--ContentsManager.allow_hidden=True", file]
        sys.exit(subprocess.run(lab, check=False).returncode)


def _file_of(store: Store, run: RunRow, one: TaskRow, name: str) -> str:
    from nbpipe.errors import UnknownName
    from nbpipe.run.keep import notebook_file

    if not name:
        file = notebook_file(store, run.id, one)
        if file is None:
            raise UnknownName(f"{one.task} left no executed notebook in run {run.id}.")
        return str(file)
    for artifact in one.artifacts:
        if name == artifact.name or name in artifact.name.split(", "):
            return str(store.blobs.path(artifact.digest))
    raise UnknownName.of("artifact", name, [artifact.name for artifact in one.artifacts])


@click.command()
@click.argument("name", default="last", metavar="RUN", shell_complete=complete_runs)
@project_option
@store_option
def cancel(name: str, path: str, store: str | None) -> None:
    """Ask a run to stop; steps that run are cancelled."""
    import getpass

    from nbpipe.cli.past import find_run
    from nbpipe.errors import UsageError

    project, there = opened(path, store)
    run = find_run(there, project, name)
    if run.state != "running":
        raise UsageError(f"Run {run.id} is not running: it is {run.state}.")
    there.ledger.request(run.id, "cancel", getpass.getuser())
    click.echo(f"Run {run.id} was asked to stop.")
