"""``nbpipe run`` and ``nbpipe resume``: carry out a pipeline and say what came of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nbpipe.cli import exits
from nbpipe.cli.documents import with_documents
from nbpipe.cli.options import (
    complete_runs,
    json_option,
    parameter_options,
    path_argument,
    project_option,
    selection_options,
    store_option,
    together,
)
from nbpipe.cli.stores import open_store
from nbpipe.errors import UnknownName

if TYPE_CHECKING:
    from nbpipe.cli.summary import Ended
    from nbpipe.run.outcome import Outcome
    from nbpipe.run.project import Project
    from nbpipe.run.runs import Job
    from nbpipe.run.targets import Make
    from nbpipe.store.store import Store

reporting_options = (
    click.option(
        "--on",
        metavar="ADDRESS",
        help="Where steps are carried out: local, or an address as dask://HOST:PORT.",
    ),
    click.option("--jobs", type=click.IntRange(min=1), help="How many steps run side by side."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="End the run, as failed, when it takes longer.",
    ),
    click.option("--fail-fast", is_flag=True, help="Stop everything at the first failure."),
    click.option("--junit", metavar="FILE", type=click.Path(), help="Write a JUnit report."),
    click.option("--html", metavar="DIR", type=click.Path(), help="Write a report as HTML."),
    json_option,
    store_option,
    click.option("--linger", default="", metavar="SOCKET", hidden=True),
)


@dataclass(frozen=True, slots=True)
class Reports:
    """What is written about a run besides the progress."""

    junit: str | None = None
    html: str | None = None
    as_json: bool = False


@click.command()
@path_argument
@together(*parameter_options, *selection_options)
@click.option("--engine", metavar="NAME", help="Papermill engine for steps that name none.")
@together(*reporting_options)
@click.option("--run-id", default="", hidden=True)
@click.option("--document", "documents", multiple=True, metavar="PATH=FILE", hidden=True)
@click.pass_context
def run(ctx: click.Context, /, path: str, **options: Any) -> None:
    """Run the pipeline of a project or of one notebook.

    Steps that nothing changed for are reused. Source notebooks are never written; executed
    ones are kept in the store. The exit code is 0 only if every step is ok or reused.
    """
    from nbpipe.cli.parameters import read_parameters
    from nbpipe.run.project import open_project
    from nbpipe.run.runs import Job, new_run_id

    project = with_documents(open_project(path), options["documents"])
    job = Job(
        project=project,
        parameters=read_parameters(options["files"], options["given"]),
        selection=selection(project, options),
        engine=_engine(options["engine"]),
        jobs=options["jobs"],
        fail_fast=options["fail_fast"],
        timeout=options["timeout"],
        run=options["run_id"] or new_run_id(),
        on=options["on"] or project.settings.executor,
        linger=options["linger"],
    )
    reports = Reports(options["junit"], options["html"], options["as_json"])
    ctx.exit(carry_out(job, options["store"], reports, ctx.obj))


@click.command()
@click.argument("run", default="", shell_complete=complete_runs)
@project_option
@together(*reporting_options)
@click.pass_context
def resume(ctx: click.Context, /, run: str, path: str, **options: Any) -> None:
    """Go on with a run that did not come to its end.

    RUN is a run's id, the beginning of one, or ``last``; without it, the project's last run
    that was interrupted, cancelled or failed. What ended well is reused; the rest runs with
    the notebooks and the parameters that the run was started with.
    """
    from nbpipe.cli.past import find_run, find_unfinished, job_of
    from nbpipe.cli.runs import opened

    project, store = opened(path, options["store"])
    row = find_run(store, project, run) if run else find_unfinished(store, project)
    job = job_of(project, store, row)
    on = options["on"] or project.settings.executor
    chosen = {name: options[name] for name in ("jobs", "fail_fast", "timeout", "linger")}
    job = replace(job, **chosen, on=on)
    reports = Reports(options["junit"], options["html"], options["as_json"])
    ctx.exit(carry_out(job, options["store"], reports, ctx.obj))


def selection(project: Project, options: dict[str, Any]) -> Any:
    """Return which steps are asked for."""
    from nbpipe.compile.plan import Selection

    force = options["force"]
    if "all" in force:
        force = tuple(step.name for step in project.compile().steps)
    return Selection(options["only"], options["start"], options["until"], force)


def carry_out(job: Job, address: str | None, reports: Reports, make: Make | None = None) -> int:
    """Carry out a run with progress and reports; returns the exit code."""
    from nbpipe.cli.progress import choose
    from nbpipe.run import runs
    from nbpipe.run.targets import executor_at

    make = make or executor_at(job.on)
    store = open_store(job.project, address)
    progress = choose(_so_far(job, store), to_stderr=reports.as_json)
    try:
        run_id, state = runs.carry_out(job, store, progress.tell, make)
    finally:
        progress.close()
    report(job, store, run_id, progress.outcome, reports)
    return exits.code_of_run(state)


def _so_far(job: Job, store: Store) -> Outcome:
    """Return what came of the run before it is taken up: something only where it is resumed."""
    from nbpipe.run.outcome import Outcome

    try:
        row = store.ledger.run(job.run)
    except UnknownName:
        return Outcome()
    if row.id != job.run:  # an id that begins with the new one
        return Outcome()
    return Outcome.of(row, store.ledger.tasks(row.id))


def report(job: Job, store: Store, run_id: str, outcome: Outcome, reports: Reports) -> None:
    """Say what came of a run, everywhere somebody wants to know it."""
    from nbpipe.cli.cells import cell_numbers
    from nbpipe.cli.summary import Ended, failed, markdown, told
    from nbpipe.cli.terminal import say

    step_summary = os.environ.get("GITHUB_STEP_SUMMARY")
    numbered = reports.junit or reports.html or step_summary or failed(outcome)
    folder = os.path.relpath(store.run_folder(run_id))
    cells = cell_numbers(store, store.ledger.run(run_id)) if numbered else {}
    ended = Ended(run_id, job.project.name, outcome, folder, cells)
    for line in told(ended):
        say(line, err=reports.as_json)
    if step_summary:
        with open(step_summary, "a", encoding="utf-8") as file:
            file.write(markdown(ended))
    if reports.junit:
        from nbpipe.cli.junit import junit

        _write(Path(reports.junit), junit(ended))
    if reports.html:
        from nbpipe.cli.report import write_report

        write_report(Path(reports.html), ended, job.project.compile(), store)
        say(f"Report: {reports.html}/index.html", err=reports.as_json)
    if reports.as_json:
        say(_json(ended))


def _json(ended: Ended) -> str:
    import json

    from nbpipe.wire import dump

    outcome = ended.outcome
    data = {
        "run": ended.run,
        "name": ended.name,
        "state": outcome.state,
        "seconds": outcome.seconds,
        "engine": outcome.engine,
        "on": outcome.on,
        "parameters": dump(outcome.parameters),
        "metrics": outcome.metrics,
        "folder": os.path.abspath(ended.folder),
        "tasks": [dump(one) for one in outcome.shown],
        "notes": [dump(note) for note in outcome.notes],
    }
    return json.dumps(data, indent=2)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _engine(name: str | None) -> str | None:
    if name is None:
        return None
    from nbpipe.compile.options import ENGINES

    if name not in ENGINES:
        raise UnknownName.of("engine", name, ENGINES)
    return name
