"""``nbpipe why``: says in sentences why a step would run or be reused, and what it hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nbpipe.cli.options import (
    complete_steps,
    parameter_options,
    path_argument,
    store_option,
    together,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.compile.plan import Plan, PlannedTask
    from nbpipe.run.planner import Planner


@click.command()
@click.argument("step", shell_complete=complete_steps)
@path_argument
@together(*parameter_options, store_option)
def why(step: str, path: str, **options: Any) -> None:
    """Say why STEP would run or be reused, what it takes, and when it last ran."""
    from nbpipe.cli.parameters import read_parameters
    from nbpipe.cli.stores import open_store
    from nbpipe.cli.terminal import clean
    from nbpipe.errors import UnknownName
    from nbpipe.run.project import open_project
    from nbpipe.run.runs import prepare

    project = open_project(path)
    parameters = read_parameters(options["files"], options["given"])
    planner = prepare(project, open_store(project, options["store"]), parameters)
    names = [one.name for one in planner.pipeline.steps]
    if step not in names:
        raise UnknownName.of("step", step, names)
    for line in (
        *_now(planner.plan(), step),
        *_edges(planner.pipeline, step),
        *_last(planner, step),
    ):
        click.echo(clean(line))


def _now(plan: Plan, step: str) -> Iterator[str]:
    """Yield what would become of the step, and of those it waits for."""
    for task in plan.tasks:
        if task.step == step:
            yield _sentence(task)
    waiting = [task for task in plan.tasks if task.step == step and task.action == "waiting"]
    if waiting:
        for task in plan.tasks:
            if task.action == "run":
                yield f"  {_sentence(task)}"


def _sentence(task: PlannedTask) -> str:
    match task.action:
        case "run":
            return f"{task.task} would run: {task.reason}."
        case "reuse":
            return f"{task.task} would be reused: {task.reason}."
        case "waiting":
            return f"Whether {task.task} would run is not known yet: {task.reason}."
        case "left-out":
            return f"{task.task} is left out: {task.reason}."


def _edges(pipeline: Pipeline, step: str) -> Iterator[str]:
    for edge in pipeline.edges:
        if edge.target != step:
            continue
        names = ", ".join(edge.names)
        match edge.kind:
            case "data":
                yield f"It takes {names} from {edge.source}" + (
                    " (learned)." if edge.learned else "."
                )
            case "file":
                yield f"It reads {names or 'a file'}, which {edge.source} writes."
            case "order":
                yield f"It waits for {edge.source}."
        yield from (f"  {reason.text}" for reason in edge.reasons)


def _last(planner: Planner, step: str) -> Iterator[str]:
    """Yield how the step went in the project's newest run that has it."""
    ledger = planner.store.ledger
    for run in ledger.runs(project=str(planner.project.folder), limit=10):
        for one in ledger.tasks(run.id):
            if one.step == step and one.state != "waiting" and not one.task.endswith("[]"):
                because = f" ({one.reason})" if one.reason else ""
                yield f"In run {run.id} {one.task} was {one.state}{because}."
                failed = f"  {one.error.name}: {one.error.message}" if one.error else ""
                yield from [failed] if failed else []
        if any(one.step == step for one in ledger.tasks(run.id)):
            return
    yield "It has not run yet."
