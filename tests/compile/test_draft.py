"""A copy of an executed notebook to go on with: which cells bring the state back."""

from __future__ import annotations

from typing import Any

from nbpipe.compile.draft import make_draft


def cell(name: str, *tags: str, kind: str = "code") -> dict[str, Any]:
    metadata = {"tags": list(tags), "papermill": {}, "editable": False}
    return {"cell_type": kind, "id": name, "source": name, "metadata": metadata}


EXECUTED = {
    "metadata": {"kernelspec": {"name": "py"}, "papermill": {}, "nbpipe": {}},
    "cells": [
        cell("error", "papermill-error-cell-tag", kind="markdown"),
        cell("begin", "nbpipe-begin"),
        cell("given", "injected-parameters"),
        cell("load", "nbpipe-load"),
        cell("text", kind="markdown"),
        cell("one", "step:a", "hide-input"),
        cell("two", "after:b"),
    ],
}
OF = {"run": "r", "task": "a"}


def test_the_inputs_come_back_by_what_nbpipe_added() -> None:
    draft = make_draft(EXECUTED, "inputs", "two", OF)
    assert (draft.cells, draft.cell, draft.kernel) == (("begin", "given", "load"), "one", "py")


def test_all_before_the_cell_that_failed_comes_back() -> None:
    draft = make_draft(EXECUTED, "failure", "two", OF)
    assert (draft.cells, draft.cell) == (("begin", "given", "load", "one"), "two")


def test_where_no_cell_failed_the_inputs_come_back() -> None:
    assert make_draft(EXECUTED, "failure", "", OF).cells == ("begin", "given", "load")


def test_a_draft_has_no_role_in_a_pipeline_and_can_be_edited() -> None:
    document = make_draft(EXECUTED, "inputs", "", OF).document
    assert document["metadata"] == {"kernelspec": {"name": "py"}, "nbpipe_draft": OF}
    own = {one["id"]: one["metadata"] for one in document["cells"]}
    assert own["one"] == {"tags": ["hide-input"]}
    assert own["two"] == {}
    assert "error" not in own


def test_the_executed_notebook_stays_as_it_was() -> None:
    make_draft(EXECUTED, "inputs", "", OF).document["cells"][0]["metadata"]["x"] = 1
    assert "x" not in EXECUTED["cells"][1]["metadata"]  # type: ignore[index]


def test_a_notebook_in_which_nothing_was_added_begins_at_its_first_cell() -> None:
    draft = make_draft({"cells": [cell("a"), cell("b")]}, "inputs", "", OF)
    assert (draft.cells, draft.cell, draft.kernel) == ((), "a", "")
