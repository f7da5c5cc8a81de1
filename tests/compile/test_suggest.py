"""`split` in memory: notebooks in, proposals out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbpipe.compile.notebook import read_document
from nbpipe.compile.suggest.costs import recorded_seconds
from nbpipe.compile.suggest.headings import read_headings
from nbpipe.compile.suggest.naming import name_of_code, name_of_title, unique_names
from nbpipe.compile.suggest.suggest import suggest
from nbpipe.compile.tags import is_name
from tests.conftest import document

if TYPE_CHECKING:
    from nbpipe.compile.notebook import Notebook
    from nbpipe.compile.suggest.proposal import Proposal

Cell = str | tuple[str, str]


def notebook(*cells: Cell) -> Notebook:
    return read_document(document(*cells), "n.ipynb")


def split(*cells: Cell) -> Proposal:
    return suggest(notebook(*cells))


def steps(proposal: Proposal) -> dict[str, tuple[str, ...]]:
    return {piece.name: piece.cells for piece in proposal.pieces}


def tags(proposal: Proposal) -> dict[str, tuple[str, ...]]:
    return {change.cell: change.add for change in proposal.changes}


GROWN = (
    "#%md # How the shop did\n\nA title, and some words.",
    "import pandas as pd\nimport matplotlib.pyplot as plt",
    "#%md ## Load the data",
    "sales = pd.read_csv('sales.csv')",
    "sales.head()",
    "#%md ## Clean it",
    "sales = sales.dropna()",
    "#%md ## By month",
    "months = sales.groupby('month').sum()",
    "#%md ## By shop",
    "shops = sales.groupby('shop').sum()",
)


def test_headings_make_steps_and_name_them() -> None:
    proposal = split(*GROWN)
    assert steps(proposal) == {
        "load-data": ("c3", "c4"), "clean": ("c6",), "month": ("c8",), "shop": ("c10",),
    }  # fmt: skip
    assert tags(proposal)["c1"] == ("setup",)
    assert proposal.pipeline is not None
    assert not proposal.pipeline.errors


def test_steps_that_could_run_at_the_same_time_are_found() -> None:
    assert split(*GROWN).side_by_side == (("month", "shop"),)


def test_cells_that_only_look_stay_with_their_step_and_are_told() -> None:
    assert split(*GROWN).pieces[0].looks == ("c4",)


def test_cells_that_only_look_may_stay_out_unless_a_step_begins_there() -> None:
    proposal = split(*GROWN, "#%md ## Look", "shops", "months.tail()")
    offered = {offer.cell: (offer.add, offer.step) for offer in proposal.offers}
    assert offered == {"c4": (("skip",), "load-data"), "c13": (("skip",), "look")}
    assert "skip" not in {tag for change in proposal.changes for tag in change.add}


def test_the_same_notebook_gives_the_same_proposal() -> None:
    assert split(*GROWN) == split(*GROWN)


def test_a_proposal_that_is_written_compiles_to_what_was_shown() -> None:
    proposal = split(*GROWN)
    told = {change.cell: change.add for change in proposal.changes}
    cells = {cell.id: cell.tags for cell in proposal.notebook.cells}
    assert all(cells[cell] == added for cell, added in told.items())


def test_a_step_that_is_not_accepted_becomes_part_of_the_one_above() -> None:
    proposal = suggest(notebook(*GROWN), only=["month"])
    assert steps(proposal) == {
        "load-data": ("c3", "c4", "c6"), "month": ("c8", "c10"),
    }  # fmt: skip


def test_a_notebook_without_headings_is_cut_where_least_crosses() -> None:
    proposal = split(
        "a = open('a').read()", "a1 = a + 'x'", "b = open('b').read()", "b1 = b + a1",
        "c = open('c').read()", "c1 = c + b1",
    )  # fmt: skip
    assert list(steps(proposal).values()) == [
        ("c0", "c1"), ("c2", "c3"), ("c4", "c5"),
    ]  # fmt: skip


def test_cells_that_draw_into_one_figure_are_one_step() -> None:
    proposal = split(
        "import matplotlib.pyplot as plt", "#%md # Begin", "x = print('x')", "#%md # Draw",
        "plt.figure()\nplt.plot([1])", "#%md # Name it", "plt.title('one')", "#%md # End",
        "y = print('y')",
    )  # fmt: skip
    assert ("c4", "c6") in steps(proposal).values()
    assert any("current figure" in sentence for sentence in proposal.merged)


def test_what_cannot_be_stored_stays_with_those_who_use_it() -> None:
    proposal = split(
        "#%md # Open", "f = open('a')", "#%md # Read", "t = f.read()", "#%md # Count",
        "n = len(t)", "#%md # Tell", "print(n)",
    )  # fmt: skip
    assert ("c1", "c3") in steps(proposal).values()


def test_plain_values_at_the_top_that_others_use_are_parameters() -> None:
    proposal = split("rate = 0.1\nname = 'x'", "#%md # A", "print(rate)", "print(name)")
    assert tags(proposal)["c0"] == ("parameters",)
    assert proposal.pipeline is not None
    assert [p.name for p in proposal.pipeline.parameters] == ["rate", "name"]


@pytest.mark.parametrize(
    "later", ["rate = 2", "rate += 1", "for rate in (1, 2): print(rate)", "del rate"]
)
def test_a_value_that_changes_is_no_parameter(later: str) -> None:
    proposal = split("rate = 0.1", "#%md # A", f"print(rate)\n{later}", "print(1)")
    assert tags(proposal)["c0"][0].startswith("step:")


def test_a_value_that_later_cells_change_belongs_to_a_step() -> None:
    proposal = split(
        "import math", "xs = [1]\nys = xs", "import json", "#%md # A", "xs.append(2)\nprint(ys)",
        "#%md # B", "print(math.pi)", "#%md # C", "print(json.dumps(ys))",
    )  # fmt: skip
    assert tags(proposal)["c0"] == tags(proposal)["c2"] == ("setup",)
    assert "c1" in proposal.pieces[0].cells


def test_imports_and_functions_further_below_are_setup() -> None:
    proposal = split(*GROWN, "#%md ## Model", "import json", "def f(): return 1", "print(f())")
    assert tags(proposal)["c12"] == tags(proposal)["c13"] == ("setup",)


@pytest.mark.parametrize(
    "cell", ["from math import *", "def f(): return 2", "def sum(x): return 0"]
)
def test_what_gives_a_name_another_meaning_is_no_setup(cell: str) -> None:
    proposal = split(
        "#%md # A", "def f(): return 1\nx = f()", "print(sum([x]))", cell, "print(f(), sum([x]))",
        "#%md # B", "print(x)", "#%md # C", "print(x + 1)",
    )  # fmt: skip
    assert "c3" not in tags(proposal)
    assert "c3" in proposal.pieces[0].cells


def test_steps_that_meet_only_in_files_keep_their_order() -> None:
    proposal = split(
        "import os", "#%md # Make", "!mkdir data\nos.chdir('.')", "#%md # Fill",
        "for n in range(3): open(f'data/{n}', 'w').close()", "#%md # Think", "x = len('a')",
        "#%md # List", "print(os.listdir('data'))",
    )  # fmt: skip
    assert tags(proposal)["c4"] == ("step:fill", "after:make")
    assert tags(proposal)["c6"] == ("step:think",)
    assert tags(proposal)["c8"] == ("step:list", "after:fill")


def test_a_function_that_is_made_with_data_stays_in_its_step() -> None:
    proposal = split(
        "#%md # A", "x = len('abc')", "#%md # B", "def f(n=x): return n", "y = f()",
        "#%md # C", "print(f(), y)",
    )  # fmt: skip
    assert "c3" not in tags(proposal) or tags(proposal)["c3"] != ("setup",)
    assert proposal.pipeline is not None
    assert not proposal.pipeline.errors


def test_a_seed_in_the_middle_is_no_setup() -> None:
    proposal = split(
        "import random", "#%md # A", "a = random.random()", "#%md # B", "random.seed(1)",
        "b = random.random()", "#%md # C", "print(random.random())",
    )  # fmt: skip
    assert "setup" not in tags(proposal).get("c4", ())


def test_a_cell_that_shows_something_is_no_setup() -> None:
    proposal = split("import sys\nprint(sys.version)", "x = len('a')", "y = x", "print(y)")
    assert "setup" not in tags(proposal)["c0"]


def test_a_slow_cell_ends_a_step_so_that_its_result_is_kept() -> None:
    cells = [*GROWN[:4], "x = 1", "#%md ## B", "y = len('a')", "z = y", "#%md ## C", "print(z)"]
    proposal = suggest(notebook(*cells), seconds={"c6": 60.0})
    assert ("c6",) in steps(proposal).values()


def test_times_are_read_from_what_tools_leave() -> None:
    made = document("a", "b", "c", "d")
    made["cells"][0]["metadata"] = {"papermill": {"duration": 2.5}}
    made["cells"][1]["metadata"] = {"nbpipe": {"seconds": 3}}
    made["cells"][2]["metadata"] = {"execution": {
        "iopub.execute_input": "2026-02-28T23:59:58.500000Z",
        "shell.execute_reply": "2026-03-01T00:00:01.000000Z",
    }}  # fmt: skip
    assert recorded_seconds(read_document(made, "n.ipynb")) == {"c0": 2.5, "c1": 3.0, "c2": 2.5}


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ((("step:a", "x = 1"), "y = x"), "already-split"),
        (("#%md only words",), "nothing-to-split"),
    ],
)
def test_what_cannot_be_split_is_refused_with_the_reason(
    cells: tuple[Cell, ...], code: str
) -> None:
    proposal = split(*cells)
    assert proposal.refused
    assert [problem.code for problem in proposal.problems] == [code]


def test_another_language_is_refused() -> None:
    made = document("x <- 1", kernelspec={"name": "ir", "language": "R", "display_name": "R"})
    assert [p.code for p in suggest(read_document(made, "n.ipynb")).problems] == ["not-python"]


def test_a_cell_that_is_not_python_refuses_with_its_place() -> None:
    proposal = split("#%md # A", "print 1", "#%md # B", "x = 2", "#%md # C", "print(x)")
    assert proposal.refused
    assert proposal.problems[0].index == 1


def test_steps_that_are_there_can_be_proposed_anew() -> None:
    proposal = suggest(notebook(("step:old", "x = len('a')"), "y = x", "print(y)"), anew=True)
    assert proposal.changes[0].remove == ("step:old",)
    assert len(proposal.pieces) == 3


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Load the data", "load-data"),
        ("3.2 Train and evaluate the models", "train-evaluate-models"),
        ("Step 4: Plot `it`", "plot"),
        ("What is this?", "what-is-this"),
        ("Größe der Äpfel", "größe-der-äpfel"),
        ("Exploratory Data Analysis of the Titanic passengers", "exploratory-data-analysis"),
        ("Data Representation in Scikit-Learn", "data-representation"),
        ("Supervised Learning Example: Iris Classification", "iris-classification"),
        ("Random forests: why", "random-forests"),
        ("Compare the models by their costs on the half held out", "compare-models-costs"),
        ("The Unreasonable Effectiveness of Long Titles: why", "unreasonable-effectiveness"),
        ("🎉", ""),
        ("../../etc", "etc"),
    ],
)
def test_titles_become_short_valid_names(title: str, name: str) -> None:
    assert name_of_title(title) == name
    assert not name or is_name(name)


def test_code_without_a_heading_is_named_by_what_it_does() -> None:
    assert name_of_code(["df = pd.read_csv('a')"]) == "load"
    assert name_of_code(["model.fit(x)", "plt.plot(x)", "other.fit(y)"]) == "train"
    assert name_of_code(["x = 1"]) == "compute"


def test_names_that_come_again_are_numbered() -> None:
    assert unique_names(["a", "a", "A", "a-2"]) == ["a", "a-2", "A-3", "a-2-2"]


def test_headings_are_read_as_markdown_writes_them() -> None:
    text = (
        "# One *two*\n```\n# no\n```\nThree\n-----\n<h4 id='x'>Four</h4>\n##Five\n- a\n---\n#tag!"
    )
    assert [(h.level, h.title) for h in read_headings(text)] == [
        (1, "One two"), (2, "Three"), (4, "Four"), (2, "Five"), (1, "tag!"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "$$\n\\begin{pmatrix}z\\\\1\\end{pmatrix}\n=\n\\begin{pmatrix}1\\\\2\\end{pmatrix}\n$$",
        "\\begin{align}\nx\n=\ny\n--\n\\end{align}",
        "so that\n$$\na\n====\nb\n$$\nholds",
        "where $f(x)\n=\nx$, always",
        "\\\\[\n# x\n\\\\]",
        "~~~~\n~~~\n# no\n===\n~~~~",
        "```\n$$ # no\nx\n===",
        "<!-- x\n===\n# no -->",
    ],
)
def test_lines_of_code_and_formulas_are_no_headings(text: str) -> None:
    title = "# Before\n\n{}\n\nAfter\n=====\n"
    wanted = [(1, "Before")] + [(1, "After")] * (not text.startswith("```"))
    assert [(h.level, h.title) for h in read_headings(title.format(text))] == wanted


def test_marks_of_formulas_and_code_that_are_none_hide_no_heading() -> None:
    text = "# It costs $5\n\nOr $6\n=====\n`$$` is money\n## And `$$` too\n\n$$ alone\n### $x$ Last"
    assert [h.title for h in read_headings(text)] == [
        "It costs $5", "Or $6", "And too", "Last",
    ]  # fmt: skip
