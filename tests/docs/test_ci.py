"""The hook, the action and the template for CI: they parse, and say only what the command knows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from nbpipe.cli.app import COMMANDS, app

ROOT = Path(__file__).resolve().parents[2]
HOOK = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
TEMPLATE = yaml.safe_load((ROOT / "templates" / "nbpipe.gitlab-ci.yml").read_text("utf-8"))


def shell_parts() -> list[str]:
    action = [step["run"] for step in ACTION["runs"]["steps"]]
    jobs = [job for job in TEMPLATE.values() if isinstance(job, dict)]
    lines = [
        line for job in jobs for key in ("before_script", "script") for line in job.get(key, ())
    ]
    return [HOOK[0]["entry"], *action, *lines]


def uses() -> list[list[str]]:
    """Every use of the command in the shell parts, as words."""
    lines = [line.strip() for part in shell_parts() for line in part.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("nbpipe ")]


def test_the_shell_parts_use_the_command() -> None:
    assert {words[0] for words in uses()} == {"check", "run"}


@pytest.mark.parametrize("words", uses(), ids=" ".join)
def test_every_command_and_option_exists(words: list[str]) -> None:
    import click

    assert words[0] in COMMANDS
    command = app.get_command(click.Context(app), words[0])
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words[1:] if word.startswith("--") and word != "--"} <= known


def test_values_reach_the_shell_by_the_environment_alone() -> None:
    assert all("${{" not in step["run"] for step in ACTION["runs"]["steps"])


def test_every_input_of_the_action_is_used_and_described() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    for name, said in ACTION["inputs"].items():
        assert said["description"].endswith(".")
        assert f"inputs.{name}" in text


def test_every_input_of_the_action_is_documented() -> None:
    page = (ROOT / "docs" / "how-to" / "ci.md").read_text("utf-8")
    assert all(f"| `{name}` |" in page for name in ACTION["inputs"])


@pytest.mark.parametrize(
    ("path", "starts"),
    [("a.ipynb", True), ("x/b.py", True), ("nbpipe.toml", True), ("x/nbpipe.lock", True),
     ("README.md", False), ("pyproject.toml", False)],
)  # fmt: skip
def test_the_hook_starts_for_what_a_pipeline_is_made_of(path: str, starts: bool) -> None:
    assert bool(re.search(HOOK[0]["files"], path)) is starts


def shell(script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a shell part as a runner would, with an nbpipe command on the PATH."""
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    (bin_ / "nbpipe").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nbpipe "$@"\n')
    (bin_ / "nbpipe").chmod(0o755)
    paths = os.pathsep.join(p for p in (str(ROOT / "src"), os.environ.get("PYTHONPATH", "")) if p)
    env = {**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": paths}
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script], cwd=folder, env=env | more,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def environment(step: dict[str, Any], **given: str) -> dict[str, str]:
    """A step's environment, as the action's inputs fill it."""
    values = {name: said["default"] for name, said in ACTION["inputs"].items()} | given
    return {
        key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda match: values[match[1]], value)
        for key, value in step["env"].items()
    }


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@needs_bash
def test_the_actions_check_passes_for_a_good_project_and_fails_for_a_faulty_one(
    tmp_path: Path,
) -> None:
    install, check, _ = ACTION["runs"]["steps"]
    shutil.copytree(ROOT / "examples" / "diagnosis", tmp_path / "a b")
    said = environment(check, path="a b")
    assert shell(install["run"], tmp_path, **environment(install)).returncode == 0
    assert shell(check["run"], tmp_path, **said).returncode == 0
    (tmp_path / "a b" / "diagnosis.ipynb").write_text("{")
    faulty = shell(check["run"], tmp_path, **said)
    assert faulty.returncode == 1
    assert faulty.stdout.startswith("::error ")


@needs_bash
def test_the_actions_check_compares_with_a_revision(tmp_path: Path) -> None:
    check = ACTION["runs"]["steps"][1]
    shutil.copytree(ROOT / "examples" / "diagnosis", tmp_path / "p")
    wrong = shell(check["run"], tmp_path, **environment(check, path="p") | {"NBPIPE_SINCE": "nope"},
                  GIT_CEILING_DIRECTORIES=str(tmp_path.parent))  # fmt: skip
    assert wrong.returncode == 2
    assert "cannot be compared by Git" in wrong.stderr


@needs_bash
def test_the_actions_run_hands_its_arguments_on_one_a_line(tmp_path: Path) -> None:
    run = ACTION["runs"]["steps"][2]
    (tmp_path / "bin").mkdir()
    script = run["run"].replace("nbpipe run", "printf '%s\\n' run")
    said = environment(run, path="a b") | {"NBPIPE_ARGUMENTS": "--jobs\n2\n-p\nx=a b $(id)\n"}
    lines = shell(script, tmp_path, **said).stdout.splitlines()
    wanted = ["run", "--junit", "nbpipe-report.xml", "--jobs", "2", "-p", "x=a b $(id)"]
    assert lines == [*wanted, "--", "a b"]


@needs_bash
def test_gitlabs_check_runs(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "diagnosis", tmp_path / "p")
    for line in [*TEMPLATE[".nbpipe"]["before_script"], *TEMPLATE[".nbpipe-check"]["script"]]:
        done = shell(line, tmp_path, NBPIPE_PATH="p", NBPIPE_INSTALL="never-installed")
        assert done.returncode == 0, done.stderr
