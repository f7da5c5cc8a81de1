"""``nbpipe check``: reads the notebooks and lists their problems; runs none of their code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from nbpipe.cli import exits
from nbpipe.cli.options import json_option, path_argument

if TYPE_CHECKING:
    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.run.project import Project


@click.command()
@path_argument
@json_option
@click.option("--github", is_flag=True, help="Print annotations for GitHub Actions.")
@click.pass_context
def check(ctx: click.Context, path: str, as_json: bool, github: bool) -> None:
    """Read the notebooks and list their problems.

    Nothing is run and nothing is written. The exit code is 1 if a problem is an error.
    """
    from nbpipe.run.project import open_project

    project = open_project(path)
    pipeline = project.compile()
    if as_json:
        _tell_json(pipeline)
    elif github:
        _tell_github(project, pipeline)
    else:
        _tell(pipeline)
    ctx.exit(exits.FAILED if pipeline.errors else exits.OK)


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


def _tell_json(pipeline: Pipeline) -> None:
    import json

    from nbpipe.compile.describe import describe_problem

    problems = [describe_problem(problem) for problem in pipeline.problems]
    click.echo(json.dumps({"name": pipeline.name, "problems": problems}, indent=2))


def _tell_github(project: Project, pipeline: Pipeline) -> None:
    from nbpipe.cli.problems import annotation, count

    root = os.environ.get("GITHUB_WORKSPACE") or os.getcwd()
    there = os.path.relpath(project.folder, root).replace(os.sep, "/")
    prefix = "" if there == "." else f"{there}/"
    for problem in pipeline.problems:
        click.echo(annotation(problem, prefix))
    click.echo(count(pipeline.problems))
