"""``nbpipe gc``: removes old runs and what nothing refers to."""

from __future__ import annotations

import time
from typing import Any

import click

from nbpipe.cli.options import path_argument, store_option


@click.command()
@path_argument
@click.option(
    "--keep-last",
    type=click.IntRange(min=0),
    metavar="N",
    help="Remove all but the newest N runs of each project.",
)
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="Remove only runs that began this many days ago or earlier.",
)
@click.option("--keep-tagged", is_flag=True, help="Remove no run that somebody tagged.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@store_option
def gc(path: str, dry_run: bool, store: str | None, **keep: Any) -> None:
    """Remove old runs and what nothing refers to.

    Without --keep-last and --older-than no run is removed. Pinned runs, runs that go on and
    results that kept runs rest on always stay.
    """
    from nbpipe.cli.runs import opened
    from nbpipe.cli.terminal import plural, size
    from nbpipe.store.unnamed import remove_unnamed, unnamed

    _, there = opened(path, store)
    days = keep.pop("older_than")
    found = there.ledger.garbage(older_than=None if days is None else days * 86400, **keep)
    if dry_run:
        space = there.space()
        click.echo(f"The store holds {size(space.held)}; {size(space.free)} of disk are free.")
        for run in found.runs:
            click.echo(f"would remove {run}")
        loose = unnamed(there, time.time())
        objects = plural(len(found.digests) + len(loose), "object")
        click.echo(f"Would free {size(found.size + sum(loose.values()))} ({objects}).")
        return
    freed = remove_unnamed(there, time.time()) + there.collect(found)
    swept = there.blobs.sweep()
    more = f", {plural(swept, 'forgotten folder')}" if swept else ""
    click.echo(f"Removed {plural(len(found.runs), 'run')}{more}; freed {size(freed)}.")
