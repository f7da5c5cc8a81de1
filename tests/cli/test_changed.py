"""``nbpipe check --changed-only``: problems of what changed since a Git revision."""

from __future__ import annotations

import json
import subprocess

import pytest
from click.testing import CliRunner

from nbpipe.cli import exits
from nbpipe.cli.app import app

GOOD = ["a = 1"]
FAULTY = ["a = ("]


def write(path, sources):
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {"tags": [f"step:{path.stem}"]},
         "source": source, "outputs": [], "execution_count": None}
        for i, source in enumerate(sources)
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )


def git(folder, *arguments):
    own = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", "-C", folder, *own, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path):
    """A repository with a project below its root, one notebook of which is faulty."""
    folder = tmp_path / "sub"
    write(folder / "good.ipynb", GOOD)
    write(folder / "faulty.ipynb", FAULTY)
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    return folder


def check(folder, *arguments):
    return CliRunner().invoke(app, ["check", str(folder), *arguments])


def test_problems_of_notebooks_that_did_not_change_are_left_out(project):
    assert check(project).exit_code == exits.FAILED
    result = check(project, "--changed-only", "main")
    assert result.exit_code == exits.OK
    assert "0 of 2 notebooks looked at: changed since main." in result.output


@pytest.mark.parametrize("name", ["good.ipynb", "new.ipynb", "nëw name.ipynb"])
def test_a_changed_or_a_new_notebook_is_looked_at(name, project):
    write(project / name, FAULTY)
    result = check(project, "--changed-only", "HEAD")
    assert result.exit_code == exits.FAILED
    assert name in result.output
    assert "faulty.ipynb" not in result.output


def test_a_renamed_notebook_is_looked_at_and_what_may_miss_it(project):
    git(project, "mv", "good.ipynb", "better.ipynb")
    result = check(project, "--changed-only", "HEAD", "--json")
    assert json.loads(result.output)["notebooks"] == ["better.ipynb", "faulty.ipynb"]


def test_when_a_notebook_is_gone_all_are_looked_at(project):
    (project / "good.ipynb").unlink()
    result = check(project, "--changed-only", "HEAD")
    assert result.exit_code == exits.FAILED
    assert "good.ipynb is gone since HEAD, so all count" in result.output


def test_when_the_settings_changed_all_are_looked_at(project):
    (project / "nbpipe.toml").write_text('name = "x"\n')
    assert check(project, "--changed-only", "HEAD").exit_code == exits.FAILED


def test_only_what_this_branch_changed_counts(project):
    git(project, "checkout", "-b", "work")
    git(project, "checkout", "main")
    write(project / "faulty.ipynb", ["b = ("])
    git(project, "commit", "-am", "two")
    git(project, "checkout", "work")
    result = check(project, "--changed-only", "main", "--json")
    assert json.loads(result.output)["notebooks"] == []


def test_annotations_are_of_changed_notebooks_alone(project):
    write(project / "good.ipynb", FAULTY)
    lines = check(project, "--changed-only", "HEAD", "--github").output.splitlines()
    found = [line for line in lines if line.startswith("::error")]
    assert found
    assert all("good.ipynb" in line for line in found)


@pytest.mark.parametrize("revision", ["nope", "--help", "", "HEAD~7", "main:sub"])
def test_an_unknown_revision_is_answered_with_a_sentence(revision, project):
    result = check(project, f"--changed-only={revision}")
    assert result.exit_code == exits.USAGE
    assert "revision" in result.output


def test_a_folder_that_is_no_repository_is_answered_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    write(tmp_path / "a.ipynb", GOOD)
    result = check(tmp_path, "--changed-only", "main")
    assert result.exit_code == exits.USAGE
    assert "cannot be compared by Git" in result.output


def test_without_git_it_says_what_is_missing(project, monkeypatch):
    monkeypatch.setenv("PATH", "")
    result = check(project, "--changed-only", "main")
    assert result.exit_code == exits.USAGE
    assert "no git command" in result.output
