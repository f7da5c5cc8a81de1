"""``nbpipe completion``: prints a shell's completion script."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a completion script for SHELL.

    For bash: ``eval "$(nbpipe completion bash)"``.
    """
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    from nbpipe.cli.app import app

    class Bash(BashComplete):
        """The script alone: click's own way also starts bash, to look at its version."""

        @staticmethod
        def _check_version() -> None:
            return

    kinds = {"bash": Bash, "zsh": ZshComplete, "fish": FishComplete}
    click.echo(kinds[shell](app, {}, "nbpipe", "_NBPIPE_COMPLETE").source())
