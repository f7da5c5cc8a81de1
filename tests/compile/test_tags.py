"""The tag language, with the words of others that mean the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nbpipe.compile.notebook import Cell, Notebook
from nbpipe.compile.tags import (
    is_name,
    read_foreach,
    read_notebook_options,
    read_tags,
    suggested_name,
)


def said(*tags: str) -> object:
    return read_tags(Cell("c", "code", "", tags, 3), "n.ipynb")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("parameters", "pipeline-parameters"),
        ("setup", "imports"),
        ("setup", "functions"),
        ("metrics", "pipeline-metrics"),
        ("step:a", "block:a"),
        ("after:a", "prev:a"),
    ],
)
def test_a_word_of_kale_or_papermill_means_the_same(ours: str, theirs: str) -> None:
    assert said(ours) == said(theirs)


def test_tags_of_others_are_left_alone() -> None:
    read = read_tags(
        Cell("c", "code", "", ("hide-input", "raises-exception", "image:x", "remove_cell")), "n"
    )
    assert (read.kind, read.problems) == (None, ())


def test_a_step_tag_says_step_order_and_fan_out() -> None:
    read = read_tags(
        Cell("c", "code", "", ("step:fit", "after:a, b", "foreach:x, y in zip(a, b)")), "n"
    )
    assert (read.kind, read.step, read.after) == ("step", "fit", ("a", "b"))
    assert read.foreach is not None
    assert (read.foreach.names, read.foreach.items) == (("x", "y"), "zip(a, b)")


@pytest.mark.parametrize("text", ["x", "x of y", "in y", "x in", "3 in y", "x in y +", "x.y in z"])
def test_a_fan_out_of_another_form_is_refused(text: str) -> None:
    assert read_foreach(text) is None


@pytest.mark.parametrize("name", ["load", "load data", "Größe-2", "a.b", "_x"])
def test_a_plain_name_can_be_a_steps(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    ["../x", "a/b", "a'b", 'a"b', "<b>", "😀", "a\0", "a..b", "x" * 101, "\u202ea", "-a"],
)
def test_a_name_that_could_do_harm_is_a_problem_with_a_cure(name: str) -> None:
    assert not is_name(name)
    assert is_name(suggested_name(name))
    read = read_tags(Cell("c", "code", "", (f"step:{name}",), 3), "n")
    (problem,) = read.problems
    assert problem.code == "bad-step-name"
    assert problem.fix is not None


def test_two_roles_on_one_cell_disagree() -> None:
    read = read_tags(Cell("c", "code", "", ("setup", "skip")), "n")
    assert [p.code for p in read.problems] == ["tags-disagree"]


def test_a_misspelt_tag_is_pointed_out() -> None:
    read = read_tags(Cell("c", "code", "", ("paramters",)), "n")
    assert [(p.code, p.severity, p.suggestion) for p in read.problems] == [
        ("unknown-tag", "info", "Did you mean 'parameters'?")
    ]


@pytest.mark.parametrize(
    "metadata", [{"nbpipe": 3}, {"nbpipe": {"version": 2}}, {"nbpipe": {"after": "a"}},
                 {"nbpipe": {"steps": []}}, {"nbpipe": {"step": "a/b"}}]
)  # fmt: skip
def test_malformed_notebook_options_are_problems(metadata: dict[str, object]) -> None:
    assert read_notebook_options(Notebook("n.ipynb", (), metadata=metadata)).problems


def test_an_empty_step_tag_continues_the_step_above() -> None:
    read = read_tags(Cell("c", "code", "", ("step:",)), "n")
    assert (read.kind, read.step, read.problems) == (None, "", ())


@pytest.mark.parametrize(
    "case", json.loads((Path(__file__).parents[1] / "golden/names.json").read_text("utf-8"))
)
def test_names_are_judged_as_in_the_browser(case: dict[str, object]) -> None:
    assert is_name(str(case["text"])) == case["is"]
    assert suggested_name(str(case["text"])) == case["better"]
