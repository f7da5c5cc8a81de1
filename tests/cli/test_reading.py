"""`check`, `graph`, `plan` and `why`: what is said before anything runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import WriteNotebook

    from .conftest import Desk


def test_check_says_that_all_is_well(nbpipe: Desk) -> None:
    said = nbpipe("check")
    assert said.exit_code == 0
    assert "No problems." in said.output
    assert "3 steps in 1 notebook." in said.output


@pytest.fixture
def faulty(empty: Desk, write_notebook: WriteNotebook) -> Desk:
    write_notebook("n.ipynb", "x = 1", ("step:a", "y = 1"), ("step:b after:gone", "print(y)"))
    return empty


def test_check_names_notebook_cell_and_cure_and_ends_with_1(faulty: Desk) -> None:
    said = faulty("check")
    assert said.exit_code == 1
    assert "n.ipynb, cell 3" in said.output
    assert "gone" in said.output
    assert {path.name for path in faulty.folder.iterdir()} == {"n.ipynb"}


def test_check_json_holds_every_problem(faulty: Desk) -> None:
    said = faulty("check", "--json")
    assert said.exit_code == 1
    problem = json.loads(said.stdout)["problems"][0]
    assert (problem["notebook"], problem["index"]) == ("n.ipynb", 2)


def test_check_github_is_annotations_with_paths_from_the_workspace(
    faulty: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(faulty.folder.parent))
    line = faulty("check", "--github").output.splitlines()[0]
    assert line.startswith(f"::error file={faulty.folder.name}/n.ipynb,line=")
    assert ",title=nbpipe " in line


def test_an_annotation_stands_at_the_line_of_code_in_the_file(
    faulty: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(faulty.folder))
    path = faulty.folder / "n.ipynb"
    document = json.loads(path.read_text())
    cell = {"cell_type": "code", "id": "last", "metadata": {"tags": ["step:last"]}, "outputs": [],
            "execution_count": None, "source": ["x = 1\n", "print(nowhere)"]}  # fmt: skip
    path.write_text(json.dumps({**document, "cells": [*document["cells"], cell]}, indent=1))
    said = next(s for s in faulty("check", "--github").output.splitlines() if "nowhere" in s)
    number = int(said.partition("line=")[2].partition(",")[0])
    assert "print(nowhere)" in path.read_text().splitlines()[number - 1]
    assert "%0A" not in said


def test_check_of_what_is_no_notebook_is_a_problem_not_a_crash(empty: Desk) -> None:
    (empty.folder / "n.ipynb").write_text("{")
    said = empty("check")
    assert said.exit_code == 1
    assert "not valid JSON" in said.output


def test_names_from_notebooks_cannot_drive_the_terminal(
    empty: Desk, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a after:\x1b]0;x\x07b\x1b[2J", "y = 1"))
    assert "\x1b" not in empty("check", color=True).output.replace("\x1b[31m", "").replace(
        "\x1b[0m", ""
    ).replace("\x1b[1m", "")


def test_graph_draws_layers_in_the_terminal(nbpipe: Desk) -> None:
    lines = nbpipe("graph").output.splitlines()
    assert lines[1:] == [
        "  ● load  gives x",
        "  │",
        "  ● fit   takes x from load; gives y",
        "  │",
        "  ● show  takes y from fit",
    ]


def test_graph_writes_what_the_files_ending_says(nbpipe: Desk) -> None:
    nbpipe("graph", "-o", "g.svg")
    nbpipe("graph", "-o", "g.md")
    nbpipe("graph", "-o", "g.json")
    assert (nbpipe.folder / "g.svg").read_text("utf-8").startswith("<svg ")
    assert (nbpipe.folder / "g.md").read_text("utf-8").startswith("```mermaid\nflowchart TD\n")
    assert len(json.loads((nbpipe.folder / "g.json").read_text("utf-8"))["steps"]) == 3


def test_graph_of_a_project_with_problems_is_drawn_with_a_word_about_them(faulty: Desk) -> None:
    said = faulty("graph")
    assert said.exit_code == 0
    assert "● a" in said.stdout or "┌ a" in said.stdout
    assert "See `nbpipe check`" in said.stderr


def test_plan_says_what_would_run_and_writes_no_ledger(nbpipe: Desk) -> None:
    said = nbpipe("plan")
    assert "▶ load  runs   it has not run before" in said.output
    assert "1 would run, 2 cannot be known yet." in said.output
    assert not (nbpipe.folder / ".nbpipe" / "ledger.db").exists()


def test_plan_after_a_run_reuses_all_and_names_what_a_change_reruns(
    nbpipe: Desk, write_notebook: WriteNotebook
) -> None:
    nbpipe("run")
    assert "3 would be reused." in nbpipe("plan").output
    assert "n is 2, was 1" in nbpipe("plan", "-p", "n=2").output
    tasks = json.loads(nbpipe("plan", "--json", "--force", "fit").stdout)["tasks"]
    assert [task["action"] for task in tasks] == ["reuse", "run", "waiting"]


def test_why_says_it_in_sentences(nbpipe: Desk) -> None:
    assert "load would run: it has not run before." in nbpipe("why", "load").output
    assert "It has not run yet." in nbpipe("why", "load").output
    nbpipe("run")
    said = nbpipe("why", "fit", "-p", "n=2").output
    assert "Whether fit would run is not known yet" in said
    assert "load would run: n is 2, was 1." in said
    assert "It takes x from load." in said
    assert "fit was ok (it has not run before)." in said


def test_why_of_an_unknown_step_names_the_nearest(nbpipe: Desk) -> None:
    said = nbpipe("why", "shw")
    assert said.exit_code == 2
    assert "Did you mean 'show'?" in said.output
