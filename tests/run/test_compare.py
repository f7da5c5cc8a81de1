"""What differs between two executed notebooks, cell by cell."""

from __future__ import annotations

from typing import Any

from nbpipe.run.compare import cell_changes, code_changes


def cell(name: str, source: Any, *outputs: dict[str, Any], tags: tuple[str, ...] = ()) -> Any:
    kind = {"cell_type": "code", "id": name, "source": source, "outputs": list(outputs)}
    return {**kind, "metadata": {"tags": list(tags)}}


def stream(text: Any) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def png(data: str) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {"image/png": data, "text/plain": "<Figure>"}}


def notebook(*cells: Any) -> dict[str, Any]:
    return {"cells": list(cells)}


def test_a_notebook_does_not_differ_from_itself() -> None:
    one = notebook(cell("a", "x = 1", stream("1\n")), cell("b", "plot()", png("AA")))
    changes = cell_changes(one, one)
    assert [change.cell for change in changes] == ["a", "b"]
    assert all(change.how == "" for change in changes)
    assert changes[0].source == (" x = 1",)


def test_a_changed_cell_shows_what_was_and_what_is() -> None:
    (change,) = cell_changes(
        notebook(cell("a", ["x = 1\n", "x"], stream("1\n"))),
        notebook(cell("a", "x = 2\nx", stream(["2\n"]))),
    )
    assert change.how == "changed"
    assert change.source == ("-x = 1", "+x = 2", " x")
    assert change.output == ("-1", "+2")


def test_cells_that_came_and_went_stand_where_they_were() -> None:
    changes = cell_changes(
        notebook(cell("a", "1"), cell("old", "2"), cell("c", "3")),
        notebook(cell("a", "1"), cell("new", "2"), cell("c", "3"), cell("d", "4")),
    )
    assert [(change.cell, change.how) for change in changes] == [
        ("a", ""), ("old", "gone"), ("new", "new"), ("c", ""), ("d", "new"),
    ]  # fmt: skip


def test_another_picture_is_a_change() -> None:
    (change,) = cell_changes(
        notebook(cell("a", "plot()", png("AA"))), notebook(cell("a", "plot()", png("AB")))
    )
    assert (change.how, change.pictures) == ("changed", True)
    assert change.output == (" <Figure>",)


def test_what_nbpipe_added_is_left_out() -> None:
    assert cell_changes(notebook(cell("nbpipe-load", "x", tags=("nbpipe-load",))), notebook()) == []


def test_an_error_is_part_of_what_a_cell_said() -> None:
    error = {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []}
    (change,) = cell_changes(notebook(cell("a", "f()")), notebook(cell("a", "f()", error)))
    assert change.output == ("+KeyError: 'x'",)


def test_steps_that_came_and_went_are_named() -> None:
    changes = code_changes({"a": ["1"], "b": ["2"]}, {"b": ["3"], "c": ["4"]})
    assert [(one.name, one.how, one.lines[-1]) for one in changes] == [
        ("a", "gone", "-1"), ("b", "changed", "+3"), ("c", "new", "+4"),
    ]  # fmt: skip
