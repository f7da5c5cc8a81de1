"""Notebooks are read from JSON and scripts; what is wrong with them is said, never raised."""

from __future__ import annotations

import json

import pytest

from nbpipe.compile.notebook import read_document, read_notebook


def notebook(cells: list[object], **metadata: object) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})


def code(source: object, **more: object) -> dict[str, object]:
    return {"cell_type": "code", "id": "a", "metadata": {}, "source": source, **more}


def codes(text: str | bytes, path: str = "n.ipynb") -> list[str]:
    return [problem.code for problem in read_notebook(text, path).problems]


def test_a_cell_keeps_its_id_source_and_tags() -> None:
    read = read_notebook(
        notebook([code(["x = 1\n", "y"], metadata={"tags": ["step:a"]})]), "n.ipynb"
    )
    (cell,) = read.cells
    assert (cell.id, cell.source, cell.tags) == ("a", "x = 1\ny", ("step:a",))
    assert read.problems == ()


def test_the_kernel_and_the_language_come_from_the_metadata() -> None:
    spec = {"name": "ir", "language": "R", "display_name": "R"}
    read = read_notebook(notebook([], kernelspec=spec), "n.ipynb")
    assert (read.kernel, read.language) == ("ir", "r")


def test_a_notebook_without_a_kernelspec_is_taken_as_python() -> None:
    read = read_notebook(notebook([]), "n.ipynb")
    assert (read.kernel, read.language) == (None, "python")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "not-a-notebook"),
        ("[]", "not-a-notebook"),
        ("null", "not-a-notebook"),
        ("{}", "not-a-notebook"),
        ('{"nbformat": 4, "cells": {}}', "not-a-notebook"),
        ('{"nbformat": 4, "cells": [', "not-json"),
        ('{"nbformat": 5, "cells": []}', "too-new"),
        ('{"nbformat": 2, "worksheets": []}', "too-old"),
        ("<<<<<<< HEAD\n{}\n>>>>>>> other", "merge-conflict"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0", "git-lfs"),
        (b"\xff\xfe{}", "not-utf8"),
        ("[" * 100_000, "not-a-notebook"),
        ('{"nbformat": ' + "9" * 5000 + "}", "not-json"),
    ],
)
def test_a_file_that_is_no_notebook_is_one_problem(text: str | bytes, expected: str) -> None:
    assert codes(text) == [expected]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (code("x", metadata={"tags": "step:a"}), "bad-tags"),
        (code("x", metadata={"tags": [1, None]}), "bad-tags"),
        (code(None), "bad-cell"),
        (code([1]), "bad-cell"),
        (code("x\0"), "bad-text"),
        (code("\ud800"), "bad-text"),
        ("text", "bad-cell"),
        ({"cell_type": "poem", "source": ""}, "bad-cell"),
    ],
)
def test_a_malformed_cell_is_a_problem_at_its_place(cell: object, expected: str) -> None:
    document = {"nbformat": 4, "metadata": {}, "cells": [code("ok"), cell]}
    problems = [p for p in read_document(document, "n.ipynb").problems if p.code != "doubled-id"]
    assert [(p.code, p.index) for p in problems] == [(expected, 1)]


def test_metadata_that_is_no_object_is_a_problem() -> None:
    assert [
        p.code for p in read_document({"nbformat": 4, "cells": [], "metadata": 3}, "n").problems
    ] == ["bad-metadata"]


def test_doubled_and_missing_ids_are_told_apart_by_position() -> None:
    cells = [code("a"), code("b"), {"cell_type": "code", "source": "c", "metadata": {}}]
    read = read_notebook(notebook(cells), "n.ipynb")
    assert [cell.id for cell in read.cells] == ["a", "a-1", "cell-2"]
    assert [(p.code, p.severity) for p in read.problems] == [("doubled-id", "info")]


def test_a_byte_order_mark_is_no_fault() -> None:
    assert codes(b"\xef\xbb\xbf" + notebook([code("x")]).encode()) == []


def test_a_notebook_of_format_3_is_read_as_one_of_format_4() -> None:
    sheet = {
        "cells": [
            {"cell_type": "heading", "level": 2, "source": ["Load"]},
            {"cell_type": "code", "input": ["x = 1"], "outputs": [], "metadata": {}},
        ]
    }
    text = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [sheet]})
    assert [(c.kind, c.source) for c in read_notebook(text, "n.ipynb").cells] == [
        ("markdown", "## Load"),
        ("code", "x = 1"),
    ]


SCRIPT = """# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Load
# the data

# %% tags=["step:load"]
x = 1
# %matplotlib inline

# %% named tags=["step:fit", "after:load"] other=3
y = x
"""


def test_a_percent_script_is_read_as_a_notebook() -> None:
    read = read_notebook(SCRIPT, "n.py")
    assert [(c.kind, c.source, c.tags) for c in read.cells] == [
        ("markdown", "# Load\nthe data", ()),
        ("code", "x = 1\n%matplotlib inline", ("step:load",)),
        ("code", "y = x", ("step:fit", "after:load")),
    ]
    assert read.kernel == "python3"


def test_a_script_that_begins_with_code_has_it_in_a_cell_of_its_own() -> None:
    read = read_notebook("import os\n# %%\nx = 1\n", "n.py")
    assert [cell.source for cell in read.cells] == ["import os", "x = 1"]
