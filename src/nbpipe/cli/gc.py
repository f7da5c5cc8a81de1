"""``nbpipe gc``: removes old runs and what nothing refers to."""

from __future__ import annotations

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
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@store_option
def gc(
    path: str, keep_last: int | None, older_than: float | None, dry_run: bool, store: str | None
) -> None:
    """Remove old runs and what nothing refers to.

    Without --keep-last and --older-than no run is removed. Pinned runs, runs that go on and
    results that kept runs rest on always stay.
    """
    from nbpipe.cli.runs import opened
    from nbpipe.cli.terminal import plural, size

    _, there = opened(path, store)
    age = None if older_than is None else older_than * 86400
    found = there.ledger.garbage(keep_last, age)
    if dry_run:
        for run in found.runs:
            click.echo(f"would remove {run}")
        objects = plural(len(found.digests), "object")
        click.echo(f"Would free {size(found.size)} ({objects}).")
        return
    freed = there.collect(found)
    swept = there.blobs.sweep()
    more = f", {plural(swept, 'forgotten folder')}" if swept else ""
    click.echo(f"Removed {plural(len(found.runs), 'run')}{more}; freed {size(freed)}.")
