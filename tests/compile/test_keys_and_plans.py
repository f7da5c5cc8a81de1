"""Keys say what a result depends on; plans say why a step runs or is reused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nbpipe.compile.flow import Site, Snippet, StepFlow
from nbpipe.compile.keys import Facts, changes, ingredients, key_of, twins
from nbpipe.compile.notebook import Cell, Notebook
from nbpipe.compile.pipeline import Edge, Options, Pipeline, Step
from nbpipe.compile.plan import Past, Selection, decide, selected
from nbpipe.errors import UnknownName


def step(source: str = "y = x + 1", *replay: Snippet, **more: object) -> Step:
    notebook = Notebook("n.ipynb", (Cell("c", "code", source),))
    return Step("fit", "cells", notebook, ("c",), StepFlow("fit", replay=replay), **more)  # type: ignore[arg-type]


def parts(one: Step, facts: Facts | None = None, **inputs: str) -> dict[str, str]:
    return ingredients(one, facts or Facts(kernel="python3 3.11"), inputs, {})


@pytest.mark.parametrize(
    "same",
    ["y = x + 1  # why", "# why\ny = x + 1\n", "y = (x + 1)", "y=x+1", "\ny = x + 1\n\n"],
)
def test_comments_and_layout_do_not_count(same: str) -> None:
    assert key_of(parts(step())) == key_of(parts(step(same)))


@pytest.mark.parametrize("other", ["y = x + 2", "y = x + 1.0", "z = x + 1", "y = x + 1\nz = 1"])
def test_code_counts(other: str) -> None:
    assert key_of(parts(step())) != key_of(parts(step(other)))


def test_a_magic_line_counts_and_can_be_read() -> None:
    assert key_of(parts(step("%run a.py"))) != key_of(parts(step("%run b.py")))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("!git log", "!git status"),
        ("files = !ls a", "files = !ls b"),
        ("%cd a", "%cd b"),
        ("%%bash\necho a", "%%bash\necho b"),
        ("%%writefile a\n1", "%%writefile a\n2"),
        ("x = 1\n%timeit f(1)", "x = 1\n%timeit f(2)"),
    ],
)
def test_what_a_shell_or_magic_line_says_counts(one: str, other: str) -> None:
    assert key_of(parts(step(one))) != key_of(parts(step(other)))


def test_a_comment_beside_a_magic_line_does_not_count() -> None:
    assert key_of(parts(step("%cd a\nx = 1"))) == key_of(parts(step("%cd a\nx = 1  # why")))


def test_steps_of_the_same_code_are_no_stand_ins_for_each_other() -> None:
    sources = ("a = f()", "b = 1", "a = f()  # again", "a = f()")
    notebook = Notebook("n.ipynb", tuple(Cell(f"c{i}", "code", s) for i, s in enumerate(sources)))
    steps = [
        Step(f"s{i}", "cells", notebook, (f"c{i}",), StepFlow(f"s{i}")) for i in range(len(sources))
    ]
    assert twins(steps) == {"s2": 1, "s3": 2}


def test_only_a_definition_that_is_used_counts() -> None:
    used = Snippet(Site("s", 1), "def f(): return 1", "definition", ("f",))
    idle = replace(used, source="def g(): return 1", binds=("g",), used=False)
    changed = replace(idle, source="def g(): return 2")
    assert key_of(parts(step("f()", used, idle))) == key_of(parts(step("f()", used, changed)))
    other = replace(used, source="def f(): return 2")
    assert key_of(parts(step("f()", used))) != key_of(parts(step("f()", other)))


def test_the_order_of_ingredients_does_not_count() -> None:
    assert key_of({"a 1": "x", "b 2": "y"}) == key_of({"b 2": "y", "a 1": "x"})


@pytest.mark.parametrize(
    ("before", "now", "sentence"),
    [
        ({"cell 2": "a"}, {"cell 2": "b"}, "the code of its cell 2 changed"),
        ({"parameter n": "3"}, {"parameter n": "5"}, "n is 5, was 3"),
        ({"input df": "a"}, {"input df": "b"}, "its input df changed"),
        ({"file d.csv": "a"}, {"file d.csv": "b"}, "the file d.csv changed"),
        ({"file d.csv": "a"}, {"file d.csv": ""}, "the file d.csv is missing"),
        ({"module a": "a 1.2"}, {"module a": "a 2.4"}, "a is a 2.4, was a 1.2"),
        ({"definition RATE": "a"}, {"definition RATE": "b"}, "the definition of RATE changed"),
        ({}, {"file d.csv": "a"}, "it reads the file d.csv, which it did not"),
        ({"cell 3": "a"}, {}, "its cell 3 is gone"),
    ],
)  # fmt: skip
def test_what_changed_is_said_in_a_sentence(
    before: dict[str, str], now: dict[str, str], sentence: str
) -> None:
    assert changes(before, now) == (sentence,)


def past(**more: object) -> Past:
    return Past("key:1", "run1", "fit", frozenset({"y"}), {"cell 1": "a"}, **more)  # type: ignore[arg-type]


def test_an_unchanged_step_is_reused() -> None:
    decision = decide(step(outputs=("y",)), {"cell 1": "a"}, past(), None, forced=False)
    assert (decision.action, decision.reason) == (
        "reuse",
        "nothing that it depends on changed since run run1",
    )


@pytest.mark.parametrize(
    ("one", "found", "last", "forced", "reason"),
    [
        (step(), None, None, False, "it has not run before"),
        (step(), None, past(), False, "the code of its cell 1 changed"),
        (step(), past(), None, True, "it was asked to run again"),
        (step(options=Options(cache=False)), past(), None, False, "its option cache is off"),
        (step(outputs=("y", "z")), past(), None, False, "its stored result does not hold z"),
        (step(), past(intact=False, fault="its y is gone"), None, False, "its y is gone"),
    ],
)  # fmt: skip
def test_a_step_runs_for_a_reason(
    one: Step, found: Past | None, last: Past | None, forced: bool, reason: str
) -> None:
    decision = decide(one, {"cell 1": "b"}, found, last, forced)
    assert (decision.action, decision.reason) == ("run", reason)


def pipeline() -> Pipeline:
    steps = tuple(replace(step(), name=name) for name in "abcd")
    edges = tuple(Edge(pair[0], pair[1], "data") for pair in ("ab", "bc", "ad"))
    return Pipeline("p", steps, edges, (), {})


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), "abcd"),
        (Selection(only=("b",)), "b"),
        (Selection(start=("b",)), "bc"),
        (Selection(until=("b",)), "ab"),
        (Selection(start=("a",), until=("c",)), "abc"),
    ],
)
def test_a_selection_names_the_steps_it_is_about(selection: Selection, expected: str) -> None:
    assert selected(pipeline(), selection) == set(expected)


def test_a_selection_of_an_unknown_step_says_which_there_are() -> None:
    with pytest.raises(UnknownName, match="No step named 'x'"):
        selected(pipeline(), Selection(only=("x",)))
