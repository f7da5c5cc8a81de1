"""A rendered step stands alone: parameters, setup, load, its own cells, save."""

from __future__ import annotations

import ast

import pytest

from nbpipe.compile.flow import Site, Snippet, StepFlow
from nbpipe.compile.notebook import Cell, Notebook
from nbpipe.compile.pipeline import Step
from nbpipe.compile.render import Contents, Given, Item, Place, render, rendered_id
from nbpipe.compile.tags import Foreach

PLACE = Place("/store", "/store/lib/1", "task-1", "/project")
NOTEBOOK = Notebook(
    "n.ipynb",
    (
        Cell("p", "code", "n = 3", ("pipeline-parameters",), 0),
        Cell("s", "code", "import math", ("setup",), 1),
        Cell("m", "markdown", "## Fit", (), 2),
        Cell("a", "code", "y = math.sqrt(x)", ("step:fit",), 3),
        Cell("b", "code", "print(y)", (), 4),
        Cell("z", "code", "other()", ("step:other",), 5),
        Cell("e", "markdown", "The end.", (), 6),
    ),
    metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}, "widgets": {"big": 1}},
)


def fit(**more: object) -> Step:
    flow = StepFlow("fit", replay=(Snippet(Site("s", 1), "import math", "import", ("math",)),))
    return Step("fit", "cells", NOTEBOOK, ("a", "b"), flow, **more)  # type: ignore[arg-type]


def cells(contents: Contents, step: Step | None = None) -> list[dict[str, object]]:
    return render(step or fit(), PLACE, contents)["cells"]  # type: ignore[no-any-return]


def source(cell_id: str, contents: Contents, step: Step | None = None) -> str:
    return str(next(cell["source"] for cell in cells(contents, step) if cell["id"] == cell_id))


def test_the_cells_come_in_the_order_in_which_they_must_run() -> None:
    assert [cell["id"] for cell in cells(Contents())] == [
        "nbpipe-begin", "p", "nbpipe-setup-1", "nbpipe-load", "m", "a", "b", "nbpipe-save",
    ]  # fmt: skip


def test_papermill_finds_its_tag_on_the_parameters_cell() -> None:
    first = cells(Contents())[1]
    assert first["metadata"] == {"tags": ["parameters"]}


def test_the_kernel_is_kept_and_what_others_left_in_the_metadata_is_not() -> None:
    assert render(fit(), PLACE, Contents())["metadata"] == {
        "kernelspec": {"name": "python3", "display_name": "Python 3"}
    }


@pytest.mark.parametrize(
    ("given", "needed", "line"),
    [
        (("x",), {"x"}, "x = nbpipe_step.load('x', 'sha256:1', 'json')"),
        (("f", "g"), {"f", "g"}, "f, g = nbpipe_step.load('f, g', 'sha256:1', 'json')"),
        (("f", "g"), {"g"}, "g = nbpipe_step.load('f, g', 'sha256:1', 'json')[1]"),
    ],
)
def test_an_input_is_loaded_by_a_line_one_can_read(
    given: tuple[str, ...], needed: set[str], line: str
) -> None:
    contents = Contents(inputs=(Given(given, "sha256:1", "json"),), needed=frozenset(needed))
    assert line in source("nbpipe-load", contents).splitlines()


def test_two_of_three_names_stored_together_are_taken_out() -> None:
    given = Given(("a", "b", "c"), "sha256:1", "json")
    text = source("nbpipe-load", Contents(inputs=(given,), needed=frozenset({"a", "c"})))
    line = next(line for line in text.splitlines() if line.startswith("a, c = "))
    call = line.removeprefix("a, c = ").replace(
        "nbpipe_step.load('a, b, c', 'sha256:1', 'json')", "T"
    )
    assert list(eval(call, {"T": (1, 2, 3)})) == [1, 3]


@pytest.mark.parametrize("value", ["it's", 'a"b\n', None, True, -1.5, [1, {"a": None}], "{x}"])
def test_an_item_of_a_fan_out_is_written_as_a_literal(value: object) -> None:
    step = fit(foreach=Foreach(("x",), "xs"))
    text = source("nbpipe-item", Contents(item=Item(0, "x", "sha256:2", value)), step)
    line = next(node for node in ast.parse(text).body if ast.unparse(node).startswith("x = "))
    assert isinstance(line, ast.Assign)
    assert ast.literal_eval(line.value) == value


def test_an_item_that_is_no_json_is_taken_from_the_stored_list() -> None:
    stored = Given(("nbpipe_items",), "sha256:3", "pickle")
    step = fit(foreach=Foreach(("x", "y"), "pairs"))
    text = source("nbpipe-item", Contents(item=Item(4, "x", "sha256:2", stored=stored)), step)
    assert "x, y = nbpipe_step.load('nbpipe_items', 'sha256:3', 'pickle')[4]" in text


def test_outputs_are_saved_those_that_share_objects_as_one() -> None:
    text = source("nbpipe-save", Contents(save=(("fig", "ax"), ("y",)), metrics=("score",)))
    assert text.endswith("nbpipe_step.save(('fig', 'ax'), 'y', metrics=('score',))")


def test_a_step_in_another_language_gets_no_cells_of_ours() -> None:
    notebook = Notebook("n.ipynb", (Cell("a", "code", "echo hi"),), language="bash", kernel="bash")
    step = Step("sh", "notebook", notebook, ("a",), StepFlow("sh"))
    assert [cell["id"] for cell in cells(Contents(), step)] == ["a"]


@pytest.mark.parametrize("name", ["has space/../é", "x" * 65, "", "a.b"])
def test_an_odd_cell_id_is_mapped_to_one_that_the_format_allows(name: str) -> None:
    mapped = rendered_id(name)
    assert mapped != name
    assert mapped == rendered_id(name)
    assert all(c.isalnum() or c in "-_" for c in mapped)


def test_a_step_name_cannot_break_out_of_the_comment_it_stands_in() -> None:
    odd = Step("a\nPWN=1", "cells", NOTEBOOK, ("a",), StepFlow("fit"))
    assert "\nPWN" not in source("nbpipe-begin", Contents(), odd)


def test_pictures_pasted_into_markdown_come_along() -> None:
    picture = {"a.png": {"image/png": "aGk="}}
    text = Cell("m", "markdown", "![](attachment:a.png)", (), 0, attachments=picture)
    notebook = Notebook("n.ipynb", (text, Cell("a", "code", "x = 1", ("step:fit",), 1)))
    step = Step("fit", "cells", notebook, ("a",), StepFlow("fit"))
    shown = next(cell for cell in cells(Contents(), step) if cell["id"] == "m")
    assert shown["attachments"] == picture
