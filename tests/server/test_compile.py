"""Compiling through the server: notebooks on disk and in the browser, good and bad."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ask

STEPS = (("step:load", "rows = [1, 2, 3]"), ("step:sum", "total = sum(rows)"))


def test_hello_tells_version_and_api(ask: Ask) -> None:
    answer = ask("hello")

    assert answer.status == 200
    assert answer.data["api"] == 1
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_notebook_on_disk_is_compiled(ask: Ask, write: Callable[..., Path]) -> None:
    write("work/flow.ipynb", *STEPS)

    data = ask("compile", {"path": "work/flow.ipynb", "notebook": None, "scope": "notebook"}).data

    assert data["project"] == "work"
    assert [step["name"] for step in data["steps"]] == ["load", "sum"]
    assert [edge["names"] for edge in data["edges"]] == [["rows"]]


def test_the_notebook_in_the_browser_counts_and_not_the_one_on_disk(
    ask: Ask, write: Callable[..., Path]
) -> None:
    path = write("flow.ipynb", *STEPS)
    document = json.loads(path.read_text())
    document["cells"][1]["metadata"]["tags"] = ["step:add"]

    data = ask("compile", {"path": "flow.ipynb", "notebook": document}).data

    assert data["project"] == ""
    assert [step["name"] for step in data["steps"]] == ["load", "add"]


def test_a_whole_project_is_compiled_with_the_open_notebook(
    ask: Ask, write: Callable[..., Path]
) -> None:
    path = write("flow.ipynb", STEPS[0])
    write("more.ipynb", STEPS[1])
    document = json.loads(path.read_text())
    document["cells"][0]["metadata"]["tags"] = ["step:fetch"]

    asked = {"path": "flow.ipynb", "notebook": document, "scope": "project"}
    data = ask("compile", asked).data

    assert {step["name"] for step in data["steps"]} == {"fetch", "sum"}


def test_a_notebook_belongs_to_the_nearest_project_above_it(
    ask: Ask, write: Callable[..., Path]
) -> None:
    path = write("work/parts/flow.ipynb", *STEPS)
    (path.parent.parent / "nbpipe.toml").write_text("name = 'mine'")
    document = json.loads(path.read_text())

    for notebook in (None, document):
        data = ask("compile", {"path": "work/parts/flow.ipynb", "notebook": notebook}).data
        assert (data["project"], data["name"]) == ("work", "mine")
        assert list(data["roles"]) == ["parts/flow.ipynb"]


def test_a_project_file_that_is_broken_is_a_problem(ask: Ask, write: Callable[..., Path]) -> None:
    path = write("flow.ipynb", *STEPS)
    (path.parent / "nbpipe.toml").write_text("name = ")

    for notebook in (None, json.loads(path.read_text())):
        data = ask("compile", {"path": "flow.ipynb", "notebook": notebook}).data
        assert [problem["code"] for problem in data["problems"]] == ["bad-setting"]


def test_problems_come_with_the_pipeline(ask: Ask, write: Callable[..., Path]) -> None:
    write("flow.ipynb", ("step:load after:lod", "rows = 1"))

    answer = ask("compile", {"path": "flow.ipynb"})

    assert answer.status == 200
    problem = answer.data["problems"][0]
    assert problem["severity"] == "error"
    assert problem["cell"] == "c0"


def test_compiling_runs_nothing(ask: Ask, write: Callable[..., Path], jp_root_dir: Path) -> None:
    write("flow.ipynb", ("step:load", "open('made', 'w').close()\nimport mine"))
    (jp_root_dir / "mine.py").write_text("open('made', 'w').close()")

    ask("compile", {"path": "flow.ipynb"})

    assert sorted(path.name for path in jp_root_dir.iterdir()) == ["flow.ipynb", "mine.py"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b'{"path": "flow.ipynb", "notebook": {"x": NaN}}', 400),
        (b"[" * 100_000, 400),
        ({"path": 3}, 400),
        ({"path": "flow.ipynb", "notebook": []}, 400),
        ({"path": "flow.ipynb", "scope": "all"}, 400),
        ({"path": "", "notebook": {}}, 400),
        (b'{"path": "' + b"x" * (51 * 2**20) + b'"}', 413),
    ],
)
def test_what_is_no_request_is_refused(
    ask: Ask, write: Callable[..., Path], body: Any, status: int
) -> None:
    write("flow.ipynb", *STEPS)

    answer = ask("compile", body)

    assert answer.status == status
    assert answer.data["error"]["message"]


@pytest.mark.parametrize(
    "document", [{}, {"nbformat": 4}, {"cells": 3, "nbformat": 4}, {"nbformat": 9}]
)
def test_what_is_no_notebook_is_a_problem(
    ask: Ask, write: Callable[..., Path], document: dict[str, Any]
) -> None:
    write("flow.ipynb", *STEPS)

    answer = ask("compile", {"path": "flow.ipynb", "notebook": document})

    assert answer.status == 200
    assert answer.data["problems"]


def test_a_notebook_of_a_project_above_the_root_is_refused(
    ask: Ask, write: Callable[..., Path], tmp_path: Path
) -> None:
    write("flow.ipynb", *STEPS)
    (tmp_path / "nbpipe.toml").write_text("")

    answer = ask("compile", {"path": "flow.ipynb"})

    assert answer.status == 422
    assert "above the folder" in answer.data["error"]["message"]


def test_the_notebooks_that_name_a_step_are_listed(ask: Ask, write: Callable[..., Path]) -> None:
    write("work/load.ipynb", ("step:load", "rows = [1]"))
    write("work/sum.ipynb", ("step:sum", "n = 1"), nbpipe={"version": 1, "steps": {"load": {}}})
    write("work/other.ipynb", ("step:other", "n = 1"))

    answer = ask("mentions?path=work/other.ipynb&step=load")

    assert answer.data == {"notebooks": ["work/load.ipynb", "work/sum.ipynb"]}


GROWN = (
    "import math",
    "#%md ## Read",
    'rows = open("rows.txt").read().split()',
    "rows",
    "#%md ## Add up",
    "total = math.fsum(map(float, rows))",
    "#%md ## Tell",
    "print(total)",
)


def test_steps_are_suggested_for_the_notebook_in_the_browser(
    ask: Ask, write: Callable[..., Path]
) -> None:
    path = write("grown.ipynb", *GROWN)
    document = json.loads(path.read_text())
    path.unlink()
    write("grown.ipynb", "print('what is on disk')")

    data = ask("suggest", {"path": "grown.ipynb", "notebook": document}).data

    added = [(change["index"], change["add"]) for change in data["changes"]]
    assert added == [(0, ["setup"]), (2, ["step:read"]), (5, ["step:add-up"]), (7, ["step:tell"])]
    assert [(offer["index"], offer["add"]) for offer in data["offers"]] == [(3, ["skip"])]
    assert "print" in path.read_text()


def test_a_step_that_is_not_wanted_becomes_part_of_the_one_above(
    ask: Ask, write: Callable[..., Path]
) -> None:
    write("grown.ipynb", *GROWN)
    first, second, third = ask("suggest", {"path": "grown.ipynb"}).data["steps"]

    asked = {"path": "grown.ipynb", "without": [second["cells"][0]]}
    again = ask("suggest", asked).data["steps"]

    assert [step["name"] for step in again] == [first["name"], third["name"]]
    assert again[0]["cells"] == [*first["cells"], *second["cells"]]


def test_steps_are_suggested_anew_for_a_notebook_that_has_some(
    ask: Ask, write: Callable[..., Path]
) -> None:
    write("flow.ipynb", ("step:all", "rows = [1, 2, 3]"), "total = sum(rows)", "print(total)")

    data = ask("suggest", {"path": "flow.ipynb"}).data

    assert data["changes"][0]["remove"] == ["step:all"]
    assert data["problems"] == []


def test_no_steps_are_suggested_for_a_folder(ask: Ask, write: Callable[..., Path]) -> None:
    write("work/flow.ipynb", *STEPS)

    assert ask("suggest", {"path": "work"}).status == 400


def test_a_notebook_that_holds_no_code_is_told_as_a_problem(
    ask: Ask, write: Callable[..., Path]
) -> None:
    write("words.ipynb", "#%md ## Nothing but words")

    data = ask("suggest", {"path": "words.ipynb"}).data

    assert data["steps"] == []
    assert [problem["code"] for problem in data["problems"]] == ["nothing-to-split"]
