"""``nbpipe check``: reads the notebooks and lists their problems; runs none of their code."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from nbpipe.cli import exits
from nbpipe.cli.options import json_option, path_argument

if TYPE_CHECKING:
    from nbpipe.cli.changed import Changes
    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.run.project import Project


@click.command()
@path_argument
@json_option
@click.option("--github", is_flag=True, help="Print annotations for GitHub Actions.")
@click.option(
    "--changed-only",
    "revision",
    metavar="REV",
    help="Only problems of notebooks that changed since a Git revision.",
)
@click.pass_context
def check(ctx: click.Context, path: str, as_json: bool, github: bool, revision: str | None) -> None:
    """Read the notebooks and list their problems.

    Nothing is run and nothing is written. The exit code is 1 if a problem is an error.
    """
    from nbpipe.run.project import open_project

    project = open_project(path)
    pipeline = project.compile()
    changes = None
    if revision is not None:
        from nbpipe.cli.changed import changes_since

        changes = changes_since(project.folder, revision)
        kept = tuple(problem for problem in pipeline.problems if changes.concern(problem))
        pipeline = replace(pipeline, problems=kept)
    if as_json:
        _tell_json(project, pipeline, changes)
    elif github:
        _tell_github(project, pipeline)
    else:
        _tell(pipeline)
    if changes is not None and not as_json:
        _tell_changes(project, changes)
    ctx.exit(exits.FAILED if pipeline.errors else exits.OK)


def _looked_at(project: Project, changes: Changes | None) -> list[str]:
    """Notebooks whose problems are told."""
    every = sorted(notebook.path for notebook in project.notebooks)
    if changes is None or changes.everything:
        return every
    return [path for path in every if path in changes.present]


def _tell_changes(project: Project, changes: Changes) -> None:
    from nbpipe.cli.terminal import clean_line

    count = f"{len(_looked_at(project, changes))} of {len(project.notebooks)}"
    since = f"since {clean_line(changes.revision)}"
    why = changes.everything
    said = f"{clean_line(why)} {since}, so all count" if why else f"changed {since}"
    click.echo(f"{count} notebooks looked at: {said}.")


def _tell(pipeline: Pipeline) -> None:
    from nbpipe.cli.problems import tell_problems
    from nbpipe.cli.terminal import clean_line, plural

    tell_problems(pipeline.problems)
    if not pipeline.errors:
        notebooks = len({step.notebook.path for step in pipeline.steps})
        click.echo(
            f"{clean_line(pipeline.name)}: {plural(len(pipeline.steps), 'step')} "
            f"in {plural(notebooks, 'notebook')}."
        )


def _tell_json(project: Project, pipeline: Pipeline, changes: Changes | None) -> None:
    import json

    from nbpipe.compile.describe import describe_problem

    said: dict[str, object] = {"name": pipeline.name}
    if changes is not None:
        said |= {"since": changes.revision, "notebooks": _looked_at(project, changes)}
    said["problems"] = [describe_problem(problem) for problem in pipeline.problems]
    click.echo(json.dumps(said, indent=2))


def _tell_github(project: Project, pipeline: Pipeline) -> None:
    from nbpipe.cli.problems import annotation, count

    root = os.environ.get("GITHUB_WORKSPACE") or os.getcwd()
    there = os.path.relpath(project.folder, root).replace(os.sep, "/")
    prefix = "" if there == "." else f"{there}/"
    texts: dict[str, str] = {}
    for problem in pipeline.problems:
        path = problem.notebook
        if path and path not in texts and (project.folder / path).is_file():
            texts[path] = (project.folder / path).read_text("utf-8", "replace")
        click.echo(annotation(problem, prefix, texts.get(path or "", "")))
    click.echo(count(pipeline.problems))
