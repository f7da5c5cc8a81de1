"""The command itself: help, names, completion."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

import nbpipe
from nbpipe.cli import exits
from nbpipe.cli.app import COMMANDS, HIDDEN, app

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Desk


def test_help_lists_every_command_once() -> None:
    said = CliRunner().invoke(app, ["--help"])
    assert said.exit_code == 0
    for name in COMMANDS:
        assert (f"\n  {name} " in said.output) == (name not in HIDDEN)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - HIDDEN))
def test_every_command_has_the_name_of_the_table_and_says_what_it_does(name: str) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")
    command = getattr(import_module(f"nbpipe.cli.{module}"), attribute)
    assert isinstance(command, click.Command)
    assert command.name == name
    said = CliRunner().invoke(app, [name, "--help"])
    assert said.exit_code == 0
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, option.name


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    said = CliRunner().invoke(app, ["chek"])
    assert said.exit_code == 2
    assert "Did you mean 'check'?" in said.output


def test_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"nbpipe {nbpipe.__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    said = CliRunner().invoke(app, ["completion", shell])
    assert said.exit_code == 0
    assert "_NBPIPE_COMPLETE" in said.output


def test_every_exit_code_is_in_the_table() -> None:
    codes = {value for name, value in vars(exits).items() if name.isupper() and name[0] != "_"}
    lines = (exits.__doc__ or "").splitlines()
    assert {int(line.split()[0]) for line in lines if line[:1].isdigit()} == codes


def test_init_writes_settings_once_and_has_git_ignore_the_store(empty: Desk) -> None:
    (empty.folder / ".git").mkdir()
    (empty.folder / ".gitignore").write_text("*.csv")
    assert empty("init").exit_code == 0
    settings = (empty.folder / "nbpipe.toml").read_text()
    (empty.folder / "nbpipe.toml").write_text("name = 'mine'\n")
    assert "is left as it is" in empty("init").output
    assert (empty.folder / "nbpipe.toml").read_text() == "name = 'mine'\n"
    assert (empty.folder / ".gitignore").read_text() == "*.csv\n.nbpipe/\n"
    assert all(line.startswith("#") or not line for line in settings.splitlines())


def test_the_commented_settings_are_right_once_they_are_uncommented() -> None:
    import tomllib

    from nbpipe.cli.init import TEMPLATE
    from nbpipe.compile.settings import _KINDS, read_settings

    lines = [line.removeprefix("# ") for line in TEMPLATE.splitlines()]
    code = [line for line in lines if " = " in line or line.startswith("[")]
    settings, problems = read_settings(tomllib.loads("\n".join(code)))
    assert not problems
    assert {line.split(" = ")[0] for line in code if " = " in line} - {"year"} | {
        "parameters"
    } == set(_KINDS)
    assert settings.name == "sales"


def test_init_needs_a_folder(empty: Desk) -> None:
    assert empty("init", "gone").exit_code == 2


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("run --until ", ["load", "fit", "show"]),
        ("why f", ["fit"]),
        ("show l", ["last"]),
        ("gra", ["graph"]),
    ],
)
def test_the_shell_completes_commands_steps_and_runs(
    nbpipe: Desk, line: str, offered: list[str]
) -> None:
    from click.shell_completion import ShellComplete

    *words, last = line.split(" ")
    found = ShellComplete(app, {}, "nbpipe", "_NBPIPE_COMPLETE").get_completions(words, last)
    assert [item.value for item in found] == offered


def test_a_completion_that_fails_offers_nothing(empty: Desk) -> None:
    from click.shell_completion import ShellComplete

    (empty.folder / "nbpipe.toml").mkdir()
    complete = ShellComplete(app, {}, "nbpipe", "_NBPIPE_COMPLETE")
    assert complete.get_completions(["run", "gone", "--only"], "") == []


def test_a_module_of_the_project_does_not_shadow_ours(tmp_path: Path) -> None:
    for name in ("json", "click", "sqlite3", "dataclasses"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')\n")
    command = [sys.executable, "-m", "nbpipe", "check"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "[empty-project]" in done.stdout, done.stderr
