"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def complete_steps(ctx: click.Context, _: click.Parameter, typed: str) -> list[str]:
    """Return the steps whose names begin with what was typed; nothing where that fails."""
    try:
        from nbpipe.run.project import open_project

        steps = open_project(ctx.params.get("path") or ".").compile().steps
        return [step.name for step in steps if step.name.startswith(typed)]
    except Exception:
        return []  # a completion must never disturb the shell


def complete_runs(ctx: click.Context, _: click.Parameter, typed: str) -> list[str]:
    """Return the newest runs whose ids begin with what was typed; nothing where that fails."""
    try:
        from nbpipe.cli.stores import open_store
        from nbpipe.run.project import open_project

        project = open_project(ctx.params.get("path") or ".")
        ledger = open_store(project, ctx.params.get("store")).ledger
        names = ["last", *(run.id for run in ledger.runs(project=str(project.folder)))]
        return [name for name in names if name.startswith(typed)]
    except Exception:
        return []


path_argument = click.argument("path", default=".", type=click.Path())
"""A project's folder or one notebook."""

project_option = click.option(
    "--project", "path", default=".", type=click.Path(), metavar="PATH",
    help="The project's folder, or its notebook.",
)  # fmt: skip

store_option = click.option(
    "--store", metavar="DIR", help="Where runs are kept, instead of the project's own store."
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

parameter_options = (
    click.option(
        "-p", "--parameter", "given", multiple=True, metavar="NAME=VALUE",
        help="Set a parameter; JSON, else text. May be given again.",
    ),
    click.option(
        "-f", "--parameters", "files", multiple=True, metavar="FILE", type=click.Path(),
        help="Set parameters from a YAML or JSON file.",
    ),
)  # fmt: skip

selection_options = (
    click.option(
        "--only",
        multiple=True,
        metavar="STEP",
        shell_complete=complete_steps,
        help="This step and no others.",
    ),
    click.option(
        "--from",
        "start",
        multiple=True,
        metavar="STEP",
        shell_complete=complete_steps,
        help="This step and what follows.",
    ),
    click.option(
        "--until",
        multiple=True,
        metavar="STEP",
        shell_complete=complete_steps,
        help="This step and what leads to it.",
    ),
    click.option(
        "--force",
        multiple=True,
        metavar="STEP|all",
        shell_complete=complete_steps,
        help="Run it even where a result could be reused.",
    ),
)


def together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Return one decorator that adds several options."""

    def add(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return add
