"""``nbpipe extract`` and ``nbpipe join``: steps to notebooks or a package, notebooks into one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nbpipe.cli.options import path_argument

if TYPE_CHECKING:
    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.importers.carried import Carried
    from nbpipe.run.project import Project

to_option = click.option("--to", "target", type=click.Path(), required=True,
                         help="The folder to write.")  # fmt: skip
force_option = click.option("--force", is_flag=True, help="Overwrite what was written before.")


@click.command()
@path_argument
@to_option
@click.option("--package", metavar="NAME", help="Write a Python package of this name instead.")
@force_option
def extract(path: str, target: str, package: str | None, force: bool) -> None:
    """Write each step as a notebook of its own, or all as a Python package.

    The notebooks make the same pipeline. The package has a module with one function for each step,
    a main that runs them in order, and tests that compare with the values of the last run.
    """
    project, pipeline = _compiled(path)
    if package is not None:
        _extract_package(project, pipeline, package, Path(target), force=force)
        return
    from nbpipe.refactor.notebooks import extract as to_notebooks

    _write(project, pipeline, to_notebooks(pipeline, project.settings.parameters), Path(target),
           force=force)  # fmt: skip


@click.command()
@path_argument
@to_option
@force_option
def join(path: str, target: str, force: bool) -> None:
    """Write the steps of separate notebooks as one tagged notebook."""
    from nbpipe.refactor.notebooks import join as to_notebook

    project, pipeline = _compiled(path)
    carried = to_notebook(pipeline, project.settings.parameters)
    _write(project, pipeline, carried, Path(target), force=force)


def _compiled(path: str) -> tuple[Project, Pipeline]:
    from nbpipe.errors import ProblemsError
    from nbpipe.run.project import open_project

    project = open_project(path)
    pipeline = project.compile()
    if pipeline.errors:
        raise ProblemsError(pipeline.problems)
    return project, pipeline


def _write(project: Project, old: Pipeline, carried: Carried, target: Path, *, force: bool) -> None:
    """Write what was made, once the compiler has said that it is the same pipeline."""
    from nbpipe.cli.import_ import tell
    from nbpipe.errors import ProblemsError
    from nbpipe.importers.carried import NotImportable
    from nbpipe.importers.disk import FolderSources, write_import
    from nbpipe.importers.result import finish
    from nbpipe.refactor.notebooks import differences

    made = finish(carried, FolderSources(project.folder))
    if made.pipeline.errors:
        raise ProblemsError(made.pipeline.problems)
    unlike = list(differences(old, made.pipeline))
    if unlike:
        raise NotImportable(f"It would not be the same pipeline. {' '.join(unlike[:5])}")
    left = write_import(made, project.folder, target, force=force)
    tell(made, left, target, write=True)


def _extract_package(
    project: Project, pipeline: Pipeline, name: str, target: Path, *, force: bool
) -> None:
    from nbpipe.cli.stores import open_store
    from nbpipe.cli.terminal import clean_line, plural
    from nbpipe.importers.disk import FolderSources, write_files
    from nbpipe.importers.result import companions
    from nbpipe.refactor.package import to_package

    ledger = open_store(project, None).ledger if Path(project.store).exists() else None
    ran = ledger.runs(project=str(project.folder), limit=50) if ledger is not None else ()
    last = next((run.id for run in ran if run.state == "ok"), "")
    files = to_package(pipeline, name, str(project.folder), last, project.settings.parameters)
    paths = {step.notebook.path: step.notebook for step in pipeline.steps}
    copies = companions(tuple(paths.values()), FolderSources(project.folder))
    left = write_files(files, copies, project.folder, target, force=force)
    click.echo(f"Wrote {target}: {plural(len(pipeline.steps), 'function')} in {name}.")
    for made in files:
        click.echo(f"  {clean_line(made.path)}")
    for note in left:
        click.echo(f"  {clean_line(note.where)}: {clean_line(note.why)}. {clean_line(note.do)}")
    if not last:
        click.echo("No run ended well yet, so the tests have nothing to compare with.")
