"""The command ``nbpipe``: composition root one."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the entry point ``nbpipe``."""
    from nbpipe.cli.app import app

    app(prog_name="nbpipe")
