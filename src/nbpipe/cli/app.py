"""The command's root: sub-commands imported when they are asked for, and errors made messages."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from nbpipe.cli import exits
from nbpipe.errors import NbpipeError, ProblemsError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("init:init", "Write a commented nbpipe.toml."),
    "split": ("split:split", "Propose steps for a notebook."),
    "check": ("check:check", "Read the notebooks and list their problems."),
    "verify": ("verify:verify", "Prove that the pipeline gives what Run All gives."),
    "graph": ("graph:graph", "Draw the steps and what travels between them."),
    "plan": ("plan:plan", "Say what a run would do, and why."),
    "run": ("run:run", "Run the pipeline."),
    "resume": ("run:resume", "Go on with a run that did not come to its end."),
    "ls": ("runs:ls", "List runs."),
    "show": ("runs:show", "Show a run, or a step of it."),
    "logs": ("runs:logs", "Print what a run's cells wrote."),
    "open": ("runs:open_", "Open an executed notebook, or another artifact."),
    "cancel": ("runs:cancel", "Ask a run to stop."),
    "why": ("why:why", "Say why a step would run, or did."),
    "diff": ("diff:diff", "Say what differs between two runs."),
    "tag": ("notes:tag", "Put tags on a run."),
    "note": ("notes:note", "Write a note on a run."),
    "pin": ("notes:pin", "Keep a run whatever its age."),
    "delete": ("notes:delete", "Delete runs."),
    "extract": ("extract:extract", "Write steps as notebooks of their own, or as a package."),
    "join": ("extract:join", "Write separate notebooks as one tagged notebook."),
    "import": ("import_:import_", "Make a project of one for Kale, Elyra, Ploomber, …"),
    "gc": ("gc:gc", "Remove old runs and what nothing refers to."),
    "doctor": ("doctor:doctor", "Look for what keeps nbpipe from working."),
    "completion": ("completion:completion", "Print a shell's completion script."),
    "worker": ("worker:worker", "Carry out orders (for executors)."),
}
"""Command → where it is, and what ``--help`` says of it."""

HIDDEN = frozenset({"worker"})
ISSUES = "https://github.com/nbpipe/nbpipe/issues"


class Root(click.Group):
    """A group that imports a sub-command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a sub-command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"nbpipe.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of sub-commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, said) for n, (_, said) in COMMANDS.items() if n not in HIDDEN])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the sub-command; an unknown one is answered with the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], set(COMMANDS) - HIDDEN)
            ctx.fail(f"No command named {args[0]!r}. {hint}".rstrip())
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run; every exception becomes a message and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if os.environ.get("NBPIPE_DEBUG"):
                import traceback

                traceback.print_exc()
            else:
                tell_error(error)
            ctx.exit(exits.code_of(error))


def tell_error(error: BaseException) -> None:
    """Print on standard error what went wrong and what to do."""
    from nbpipe.cli.terminal import clean

    if isinstance(error, ProblemsError):
        from nbpipe.cli.problems import tell_problems

        tell_problems(error.problems, err=True)
    elif isinstance(error, NbpipeError):
        click.echo(f"{click.style('Error:', fg='red')} {clean(error)}", err=True)
    elif isinstance(error, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
    elif isinstance(error, OSError) and error.strerror:
        where = f": {clean(error.filename)}" if error.filename else ""
        click.echo(f"{click.style('Error:', fg='red')} {error.strerror}{where}", err=True)
    else:
        from nbpipe import __version__

        python = sys.version.split()[0]
        said = f"{type(error).__name__}: {clean(error)}"
        click.echo(
            f"{click.style('A fault in nbpipe:', fg='red')} {said}\n"
            f"Please report it at {ISSUES} with what you ran "
            f"(nbpipe {__version__}, Python {python}).\n"
            "NBPIPE_DEBUG=1 shows where it happened.",
            err=True,
        )


def _tell_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from nbpipe import __version__

        click.echo(f"nbpipe {__version__}")
        ctx.exit()


@click.group(
    cls=Root,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 well, 1 a step or a check failed, 2 unusable input, 3 store, "
    "4 run busy, 130 interrupted.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_tell_version,
    help="Print the version.",
)
def app() -> None:
    """Turn tagged notebooks into a pipeline, run it, and keep everything that ran."""
