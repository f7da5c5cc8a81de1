"""A quick fix cures its problem: applied, and the project compiled again, the problem is gone."""

from __future__ import annotations

import copy
import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe.compile.assemble import assemble
from nbpipe.compile.cures import free_name, read_instead, value_instead, without_del
from nbpipe.compile.describe import describe_problem
from nbpipe.compile.notebook import Cell, read_document

if TYPE_CHECKING:
    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.errors import Fix, Problem

Documents = dict[str, dict[str, Any]]


def document(*cells: tuple[str, str], **nbpipe: Any) -> dict[str, Any]:
    """A notebook of cells, each as its tags (with `|` between) and its source."""
    made = [
        {
            "cell_type": "code",
            "id": f"c{index}",
            "metadata": {"tags": [tag for tag in tags.split("|") if tag]},
            "source": source,
        }
        for index, (tags, source) in enumerate(cells)
    ]
    metadata = {"nbpipe": {"version": 1, **nbpipe}} if nbpipe else {}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}


def compiled(documents: Documents) -> Pipeline:
    return assemble([read_document(made, path) for path, made in documents.items()], name="p")


def fixed(documents: Documents, problem: Problem) -> Documents:
    """The documents as the panel leaves them."""
    after = copy.deepcopy(documents)
    assert problem.fix is not None
    assert problem.notebook is not None
    made = after[problem.notebook]
    for fix in (problem.fix, *problem.fix.also):
        _change(made, fix)
    return after


def _change(made: dict[str, Any], fix: Fix) -> None:
    for cell in made["cells"]:
        if cell["id"] == fix.cell:
            now = cell["metadata"]["tags"]
            now = [tag for tag in now if isinstance(tag, str)] if isinstance(now, list) else []
            tags = [tag for tag in now if tag not in fix.remove]
            cell["metadata"]["tags"] = tags + [tag for tag in fix.add if tag not in tags]
            cell["source"] = cell["source"] if fix.source is None else fix.source
    if fix.entry:
        *way, last = fix.entry
        entries = made["metadata"]["nbpipe"]
        for name in way:
            entries = entries[name]
        value = entries.pop(last)
        if fix.becomes is not None:
            entries[fix.becomes] = value


def spoilt(tags: Any) -> dict[str, Any]:
    """A notebook whose second cell has that in the place of its tags."""
    made = document(LOAD, ("", "print(rows)"))
    made["cells"][1]["metadata"]["tags"] = tags
    return made


LOAD = ("step:load", "rows = [1, 2]")
FANNED = ("step:fit|foreach:n in [1, 2]", "score = n * 2")

CASES: dict[str, tuple[str, Documents]] = {
    "a name that is nearly one that is given": (
        "nobody-gives",
        {"n.ipynb": document(LOAD, ("step:sum", "s = sum(rowz)\nn = len(rowz) # ä rowz"))},
    ),
    "a tag that waits for a step nearly named so": (
        "unknown-step",
        {"n.ipynb": document(LOAD, ("step:b|after:laod", "b = 1"))},
    ),
    "a tag that waits for no step there is": (
        "unknown-step",
        {"n.ipynb": document(LOAD, ("step:b|after:load, zebra", "b = 1"))},
    ),
    "options of a step nearly named so": (
        "unknown-step",
        {"n.ipynb": document(LOAD, steps={"laod": {"retries": 1}})},
    ),
    "a tag that is nearly one of ours": (
        "unknown-tag",
        {"n.ipynb": document(("paramters", "n = 1"), ("step:a", "print(n)"))},
    ),
    "a prefix that is nearly one of ours": (
        "unknown-tag",
        {"n.ipynb": document(LOAD, ("step:b|aftr:load", "b = 1"))},
    ),
    "a cell with two roles": (
        "tags-disagree",
        {"n.ipynb": document(("setup|parameters", "n = 1"), LOAD)},
    ),
    "a cell that begins two steps": (
        "tags-disagree",
        {"n.ipynb": document(("step:a|step:b", "n = 1"), LOAD)},
    ),
    "a setup cell that begins a step": (
        "tags-disagree",
        {"n.ipynb": document(("setup|step:a", "n = 1"), LOAD)},
    ),
    "a fan-out that only names its items": (
        "bad-foreach",
        {"n.ipynb": document(LOAD, ("step:b|foreach:rows", "b = item"))},
    ),
    "a step's name that cannot be one": (
        "bad-step-name",
        {"n.ipynb": document(LOAD, ("step:b/c", "b = 1"))},
    ),
    "code above the first step": (
        "above-first-step",
        {"n.ipynb": document(("", "x = open('f').read()"), LOAD)},
    ),
    "setup that needs a step": (
        "setup-needs-step",
        {"n.ipynb": document(LOAD, ("setup", "many = len(rows)"), ("step:b", "print(many)"))},
    ),
    "an option that is nearly one": (
        "unknown-option",
        {"n.ipynb": document(LOAD, steps={"load": {"retrys": 1}})},
    ),
    "an option that is none": (
        "unknown-option",
        {"n.ipynb": document(LOAD, steps={"load": {"zebra": 1}})},
    ),
    "an option of a whole notebook": (
        "bad-option",
        {"n.ipynb": document(("", "x = 1"), step="all", retries="many")},
    ),
    "an option with a value that it cannot have": (
        "bad-option",
        {"n.ipynb": document(LOAD, steps={"load": {"retries": "many"}})},
    ),
    "a plain read of a fan-out": (
        "plain-read-of-fan-out",
        {"n.ipynb": document(FANNED, ("step:best", "best = max(score)"))},
    ),
    "a gather of a name nearly given": (
        "gather-of-nothing",
        {
            "n.ipynb": document(
                FANNED, ("step:best", "import nbpipe\nbest = max(nbpipe.gather('scoer'))")
            )
        },
    ),
    "a name that two notebooks give": (
        "two-givers",
        {
            "1.ipynb": document(LOAD),
            "2.ipynb": document(("step:other", "rows = []")),
            "3.ipynb": document(("step:use", "print(rows)")),
        },
    ),
    "a file that two steps write": (
        "two-writers",
        {
            "1.ipynb": document(("step:a", "open('x.csv', 'w').write('1')")),
            "2.ipynb": document(("step:b", "open('x.csv', 'w').write('2')")),
            "3.ipynb": document(("step:c", "print(open('x.csv').read())")),
        },
    ),
    "two steps of one name": (
        "doubled-step",
        {
            "1.ipynb": document(("step:load", "a = 1")),
            "2.ipynb": document(("step:load", "b = 1"), ("", "c = 1"), ("step:load", "d = 1")),
        },
    ),
    "a parameter with two defaults": (
        "parameter-defaults",
        {
            "1.ipynb": document(("parameters", "n = 1"), ("step:a", "print(n)")),
            "2.ipynb": document(("parameters", "# how many\nn = 2  # two"), ("step:b", "print(n)")),
        },
    ),
    "steps that wait for each other": (
        "cycle",
        {"n.ipynb": document(("step:a|after:b", "x = 1"), ("step:b|after:a", "y = 1"))},
    ),
    "steps that need each other": (
        "cycle",
        {"n.ipynb": document(("step:a", "x = 1"), ("step:b", "x += 1"), ("step:a", "y = x"))},
    ),
    "a value that cannot be stored": (
        "unstorable",
        {
            "n.ipynb": document(
                ("step:open", "f = open('data.txt')"), ("step:read", "text = f.read()")
            )
        },
    ),
    "a figure that is not current elsewhere": (
        "hidden-state",
        {
            "n.ipynb": document(
                ("setup", "import matplotlib.pyplot as plt"),
                ("step:draw", "fig, ax = plt.subplots()"),
                ("step:name", "plt.title('x')"),
            )
        },
    ),
    "tags that are one word": ("bad-tags", {"n.ipynb": spoilt("step:show")}),
    "tags of which some are no words": ("bad-tags", {"n.ipynb": spoilt([1, "step:show", None])}),
    "tags that are no words": ("bad-tags", {"n.ipynb": spoilt({"step": "show"})}),
    "a parameter that is worked out of numbers": (
        "bad-parameter",
        {"n.ipynb": document(("parameters", "n = 10 * (2 + 1)  # ä\nm = 1"), LOAD)},
    ),
    "a cell of parameters that gives none": (
        "bad-parameter",
        {"n.ipynb": document(("parameters", "import os\nhome = os.getcwd()"), LOAD)},
    ),
    "a name that a step above deleted": (
        "used-after-deleted",
        {
            "n.ipynb": document(
                LOAD, ("", "more = rows + [3]\ndel rows, more"), ("step:b", "print(rows)")
            )
        },
    ),
    "a class that is defined again": (
        "redefined-class",
        {
            "n.ipynb": document(
                ("step:a", "class Shape:\n    side = 1\nshape = Shape()"),
                ("step:b", "class Shape:\n    side = 2"),
                ("step:c", "print(shape.side, Shape.side)"),
            )
        },
    ),
    "what IPython remembers": (
        "session-state",
        {"n.ipynb": document(("step:a", "1 + 1"), ("step:b", "print(_)"))},
    ),
}


def of(pipeline: Pipeline, code: str) -> list[Problem]:
    return [problem for problem in pipeline.problems if problem.code == code]


@pytest.mark.parametrize(("code", "documents"), CASES.values(), ids=CASES)
def test_a_quick_fix_cures_its_problem(code: str, documents: Documents) -> None:
    problems = of(compiled(documents), code)
    assert problems
    for _ in problems:
        left = of(compiled(documents), code)
        documents = fixed(documents, left[0]) if left else documents
    assert of(compiled(documents), code) == []


@pytest.mark.parametrize(("code", "documents"), CASES.values(), ids=CASES)
def test_a_quick_fix_says_what_it_does(code: str, documents: Documents) -> None:
    fix = describe_problem(of(compiled(documents), code)[0])["fix"]
    assert fix["says"] or fix["add"] or fix["remove"]


def test_no_step_is_merged_over_another_that_stands_between() -> None:
    pipeline = compiled(
        {
            "n.ipynb": document(
                ("step:open", "f = open('data.txt')"),
                ("step:between", "x = 1"),
                ("step:read", "text = f.read()"),
            )
        }
    )
    assert [problem.fix for problem in of(pipeline, "unstorable")] == [None]


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("n = 2 ** 10", "n = 1024"),
        ("n = -(3 / 2)", "n = -1.5"),
        ("n = 'a' + \"b\"", "n = 'ab'"),
        ("n: int = 1 << 4", "n: int = 16"),
    ],
)
def test_what_is_worked_out_is_what_python_works_out(source: str, after: str) -> None:
    fix = value_instead(Cell("c", "code", source), 1)
    assert fix is not None
    assert fix.source == after


@pytest.mark.parametrize(
    "source",
    ["n = 1 / 0", "n = 9 ** 99", "n = len('ab')", "n = 'a' * 3", "n = 1 + True", "n = a + 1"],
)
def test_what_is_not_worked_out_for_sure_is_left_to_its_author(source: str) -> None:
    assert value_instead(Cell("c", "code", source), 1) is None


@pytest.mark.parametrize(
    ("source", "after"),
    [
        ("del x", "pass"),
        ("a = 1; del x; b = 2", "a = 1; pass; b = 2"),
        ("del (x), y  # both", "del y  # both"),
        ("if a:\n    del x", None),
        ("del x\nx = 1\ndel x", None),
    ],
)
def test_a_name_is_taken_out_of_one_plain_del(source: str, after: str | None) -> None:
    fix = without_del(Cell("c", "code", source), "x")
    assert (fix and fix.source) == after


def codes() -> set[str]:
    """The codes of all problems, as the documentation lists them, and the one of the reader."""
    hooks = runpy.run_path(str(REASONS.parents[1] / "hooks.py"))
    return {found.code for found in hooks["find_problems"]()} | {"syntax-error"}


REASONS = Path(__file__).parents[2] / "docs" / "reference" / "problems.md"


def test_each_problem_has_a_quick_fix_or_its_page_says_why_not() -> None:
    cured = {code for code, _ in CASES.values()}
    told = set(re.findall(r"^- (.+?):", REASONS.read_text("utf-8"), re.MULTILINE))
    excused = {code for names in told for code in re.findall(r"`([a-z0-9-]+)`", names)}
    assert excused & cured == set()
    assert codes() - cured == excused


def test_no_step_is_told_to_wait_for_itself() -> None:
    pipeline = compiled({"n.ipynb": document(LOAD, ("step:total|after:totl", "t = sum(rows)"))})
    (problem,) = of(pipeline, "unknown-step")
    assert problem.suggestion == ""
    assert problem.fix is not None
    assert (problem.fix.add, problem.fix.remove) == ((), ("after:totl",))


@pytest.mark.parametrize("source", ["%time y = x", "y = f'{x}'", "y = 1"])
def test_code_that_cannot_be_rewritten_for_sure_is_left_alone(source: str) -> None:
    changed = read_instead(Cell("c", "code", source), "x", "z")
    assert changed is None or changed.source == "y = f'{z}'"


def test_only_reads_of_a_name_are_replaced() -> None:
    fix = read_instead(Cell("c", "code", "a.x = x  # x\nx2 = f(x=x)"), "x", "y", "import m")
    assert fix is not None
    assert fix.source == "import m\na.x = y  # x\nx2 = f(x=y)"


def test_a_free_name_is_the_first_that_nobody_has() -> None:
    assert free_name("a", ["a", "a-2"]) == "a-3"
