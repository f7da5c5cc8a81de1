"""``nbpipe import``: makes an nbpipe project of what was written for another product."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbpipe.cli import exits
from nbpipe.cli.options import json_option

if TYPE_CHECKING:
    from nbpipe.importers.carried import Note
    from nbpipe.importers.result import Imported


@click.command("import")
@click.argument("source", type=click.Path())
@click.option("--to", "target", type=click.Path(), help="The folder to write; by default new.")
@click.option("--from", "product", metavar="FORMAT", help="Read the source as this format.")
@click.option("--write/--dry-run", "write", default=True, help="Write, or only say what would be.")
@click.option("--force", is_flag=True, help="Overwrite what an import wrote before.")
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    source: str,
    target: str | None,
    product: str | None,
    write: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Make a project of what was written for Kale, Elyra, Ploomber, DVC or Databricks.

    SOURCE is a notebook, a script, a pipeline file, or a folder. It is never written. What cannot
    be carried over is listed, also in the file IMPORTED.md. The exit code is 1 if the notebooks
    that were made have problems that are errors.
    """
    from nbpipe.importers.disk import write_import
    from nbpipe.importers.result import describe_import

    folder, imported = _read(Path(source), product)
    to = Path(target) if target else _new_folder(Path(source))
    left = write_import(imported, folder, to, force=force) if write else ()
    if as_json:
        import json

        said = describe_import(imported) | {"folder": str(to), "written": write}
        click.echo(json.dumps(said, indent=2))
    else:
        tell(imported, left, to, write=write)
    ctx.exit(exits.FAILED if imported.pipeline.errors else exits.OK)


def _read(source: Path, product: str | None) -> tuple[Path, Imported]:
    from nbpipe.errors import ProjectNotFound
    from nbpipe.importers.carried import NotImportable
    from nbpipe.importers.disk import FolderSources
    from nbpipe.importers.formats import carry, carry_all, specs
    from nbpipe.importers.result import finish

    if not source.exists():
        raise ProjectNotFound(f"There is nothing at {source}. Name a file or a folder.")
    folder = source if source.is_dir() else source.parent
    sources = FolderSources(folder)
    if not source.is_dir():
        return folder, finish(carry(source.name, sources, product), sources)
    found = specs(sources)
    pipelines = [path for path in found if not path.endswith((".ipynb", ".py"))]
    if len(pipelines) > 1:
        names = ", ".join(pipelines)
        raise NotImportable(f"{source} holds more than one pipeline: {names}. Name one of them.")
    return folder, finish(carry_all(found, sources, product), sources)


def _new_folder(source: Path) -> Path:
    full = source.resolve()
    return full.parent / f"{full.name if source.is_dir() else full.stem}-nbpipe"


def tell(imported: Imported, left: tuple[Note, ...], to: Path, *, write: bool) -> None:
    """Print what was written, and what is not as before."""
    from nbpipe.cli.problems import tell_problems
    from nbpipe.cli.terminal import clean_line, plural

    verb = "Wrote" if write else "Would write"
    steps = plural(len(imported.pipeline.steps), "step")
    click.echo(f"{verb} {to} from {imported.product}: {steps}.")
    for made in imported.files:
        click.echo(f"  {clean_line(made.path)}")
    for path in imported.copies.values():
        click.echo(f"  {clean_line(path)} (copied)")
    notes = (*imported.notes, *left)
    if notes:
        click.echo(f"\n{plural(len(notes), 'thing')} not as before:")
    for note in notes:
        click.echo(f"  {clean_line(note.where)}: {clean_line(note.what)}: {clean_line(note.why)}.")
        if note.do:
            click.echo(f"      {clean_line(note.do)}")
    click.echo("")
    tell_problems(imported.pipeline.problems)
