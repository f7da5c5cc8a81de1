"""``nbpipe tag``, ``note``, ``pin`` and ``delete``: what people say of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nbpipe.cli.options import complete_runs, project_option, store_option

if TYPE_CHECKING:
    from nbpipe.store.rows import RunRow
    from nbpipe.store.store import Store

run_argument = click.argument("name", metavar="RUN", shell_complete=complete_runs)


def _found(name: str, path: str, address: str | None) -> tuple[Store, RunRow]:
    from nbpipe.cli.past import find_run
    from nbpipe.cli.runs import opened

    project, store = opened(path, address)
    return store, find_run(store, project, name)


@click.command()
@run_argument
@click.argument("tags", nargs=-1, metavar="[TAG]...")
@click.option("--remove", multiple=True, metavar="TAG", help="Take a tag off. May be given again.")
@project_option
@store_option
def tag(
    name: str, tags: tuple[str, ...], remove: tuple[str, ...], path: str, store: str | None
) -> None:
    """Put tags on a run, and say which it has.

    RUN is a run's id, the beginning of one, or ``last``.
    """
    from nbpipe.cli.terminal import clean_line
    from nbpipe.errors import UnknownName

    there, run = _found(name, path, store)
    for gone in remove:
        if gone not in run.tags:
            raise UnknownName.of("tag", gone, run.tags)
    if tags or remove:
        kept = [one for one in (*run.tags, *tags) if one not in remove]
        there.ledger.annotate(run.id, tags=kept)
    found = there.ledger.run(run.id).tags
    click.echo(clean_line(", ".join(found)) if found else f"Run {run.id} has no tags.")


@click.command()
@run_argument
@click.argument("text", required=False)
@project_option
@store_option
def note(name: str, text: str | None, path: str, store: str | None) -> None:
    """Write a note on a run; without TEXT, print the one it has.

    RUN is a run's id, the beginning of one, or ``last``. An empty TEXT takes the note away.
    """
    from nbpipe.cli.terminal import clean

    there, run = _found(name, path, store)
    if text is not None:
        there.ledger.annotate(run.id, note=text)
    else:
        click.echo(clean(run.note) if run.note else f"Run {run.id} has no note.")


@click.command()
@run_argument
@click.option("--off", is_flag=True, help="No longer keep it.")
@project_option
@store_option
def pin(name: str, off: bool, path: str, store: str | None) -> None:
    """Keep a run whatever its age: `nbpipe gc` passes it over.

    RUN is a run's id, the beginning of one, or ``last``.
    """
    there, run = _found(name, path, store)
    there.ledger.annotate(run.id, pinned=not off)
    click.echo(f"Run {run.id} is {'no longer ' if off else ''}pinned.")


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="RUN...", shell_complete=complete_runs)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@project_option
@store_option
def delete(names: tuple[str, ...], yes: bool, path: str, store: str | None) -> None:
    """Delete runs, pinned ones too; `nbpipe gc` then frees what nothing refers to.

    RUN is a run's id, or the beginning of one.
    """
    from nbpipe.cli.terminal import plural

    found = [_found(name, path, store) for name in dict.fromkeys(names)]
    if not yes:
        ids = ", ".join(run.id for _, run in found)
        click.confirm(f"Delete {plural(len(found), 'run')} ({ids})?", abort=True)
    for there, run in found:
        there.delete_run(run.id)
        click.echo(f"Run {run.id} was deleted.")
