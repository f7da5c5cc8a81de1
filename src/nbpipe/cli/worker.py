"""``nbpipe worker``: carries out orders; executors start it."""

from __future__ import annotations

import click


@click.command(
    hidden=True,
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def worker(ctx: click.Context, /, arguments: tuple[str, ...]) -> None:
    """Carry out orders (for executors)."""
    from nbpipe.run.worker import main

    ctx.exit(main(list(arguments)))
