"""``nbpipe graph``: draws the steps and what travels between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nbpipe.cli.options import path_argument

if TYPE_CHECKING:
    from nbpipe.compile.pipeline import Pipeline

_ENDINGS = {"svg": "svg", "mmd": "mermaid", "mermaid": "mermaid", "md": "mermaid", "json": "json"}


@click.command()
@path_argument
@click.option(
    "--format",
    "kind",
    type=click.Choice(["terminal", "mermaid", "svg", "json"]),
    default=None,
    help="How to draw it; by default as the file's ending says, else for the terminal.",
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write it to a file.")
def graph(path: str, kind: str | None, output: str | None) -> None:
    """Draw the steps and what travels between them.

    Nothing is run. A project with problems is drawn as far as it can be read.
    """  # fmt: skip
    from nbpipe.errors import ProblemsError
    from nbpipe.run.project import open_project

    pipeline = open_project(path).compile()
    if pipeline.errors and not pipeline.steps:
        raise ProblemsError(pipeline.problems)
    chosen = kind or _ENDINGS.get((output or "").rpartition(".")[2].lower(), "terminal")
    text = _draw(pipeline, chosen)
    if chosen == "mermaid" and output and output.lower().endswith(".md"):
        text = f"```mermaid\n{text}```\n"
    if output:
        from pathlib import Path

        Path(output).write_text(text, "utf-8")
    else:
        click.echo(text, nl=False)
    if pipeline.errors:
        from nbpipe.cli.problems import count

        click.echo(f"{count(pipeline.problems)} See `nbpipe check`.", err=True)


def _draw(pipeline: Pipeline, kind: str) -> str:
    match kind:
        case "svg":
            from nbpipe.export.svg import draw_svg

            return draw_svg(pipeline)
        case "mermaid":
            from nbpipe.export.mermaid import draw_mermaid

            return draw_mermaid(pipeline)
        case "json":
            import json

            from nbpipe.compile.describe import describe

            return json.dumps(describe(pipeline), indent=2) + "\n"
        case _:
            from nbpipe.export.text import draw_text

            return "\n".join([f"{pipeline.name}:", *draw_text(pipeline)]) + "\n"
