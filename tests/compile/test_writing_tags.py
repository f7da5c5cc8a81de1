"""Tags written into a notebook's text: everything else stays, byte for byte."""

from __future__ import annotations

import difflib
import json
from typing import Any

import pytest

from nbpipe.compile.notebook import read_notebook
from nbpipe.compile.suggest.proposal import Change
from nbpipe.compile.suggest.writing import write_tags
from tests.conftest import document

LAYOUTS: dict[str, dict[str, Any]] = {
    "JupyterLab's": {"indent": 1, "ensure_ascii": False, "sort_keys": True},
    "two blanks": {"indent": 2},
    "tabs": {"indent": "\t"},
    "one line": {},
    "tight": {"separators": (",", ":")},
}


def made() -> dict[str, Any]:
    found = document(("keep, me", "x = '{\"tags\": []}'  # ü"), "y = 2", "#%md # Title", "z = 3")
    found["cells"][1]["metadata"] = {"collapsed": False, "zeta": {"a": [1, 2]}}
    found["cells"][3]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": '}]"'}]
    return found


CHANGES = (
    Change("c0", 0, ("step:a",), ("me",)),
    Change("c1", 1, ("setup",)),
    Change("c3", 3, ("step:größe",)),
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_only_the_tags_differ(layout: str) -> None:
    text = json.dumps(made(), **LAYOUTS[layout])
    told = json.loads(write_tags(text, "n.ipynb", CHANGES))
    assert [cell["metadata"].pop("tags", None) for cell in told["cells"]] == [
        ["keep,", "step:a"], ["setup"], None, ["step:größe"],
    ]  # fmt: skip
    plain = made()
    for cell in plain["cells"]:
        cell["metadata"].pop("tags", None)
    assert told == plain


def test_a_notebook_in_jupyterlabs_layout_stays_in_it() -> None:
    text = json.dumps(made(), **LAYOUTS["JupyterLab's"]) + "\n"
    written = write_tags(text, "n.ipynb", CHANGES)
    again = json.dumps(json.loads(written), **LAYOUTS["JupyterLab's"]) + "\n"
    assert written == again
    gone = [line for line in difflib.ndiff(text.splitlines(), written.splitlines())
            if line.startswith("- ")]  # fmt: skip
    assert len(gone) <= 4


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    text = "\ufeff" + json.dumps(made(), indent=1).replace("\n", "\r\n")
    written = write_tags(text, "n.ipynb", CHANGES)
    assert written.startswith("\ufeff")
    assert written.count("\n") == written.count("\r\n")
    assert read_notebook(written, "n.ipynb").cells[1].tags == ("setup",)


def test_writing_nothing_changes_nothing() -> None:
    text = json.dumps(made(), indent=1)
    assert write_tags(text, "n.ipynb", ()) == text


def test_format_3_is_written_too() -> None:
    cells = [{"cell_type": "code", "input": "x = 1", "language": "python", "outputs": []}] * 2
    sheets = [{"cells": cells, "metadata": {}}, {"cells": cells, "metadata": {}}]
    text = json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": sheets},
                      indent=1)  # fmt: skip
    written = write_tags(text, "n.ipynb", [Change("", 0, ("step:a",)), Change("", 3, ("step:b",))])
    assert [cell.tags for cell in read_notebook(written, "n.ipynb").cells] == [
        ("step:a",), (), (), ("step:b",),
    ]  # fmt: skip


SCRIPT = """\
# ---
# jupyter:
#   kernelspec:
#     name: python3
# ---
import os

# %% [markdown]
# # Title

# %% tags=["old", "keep"]
x = 1

# %%
y = 2
"""


def test_scripts_are_tagged_at_their_marks() -> None:
    changes = [
        Change("", 0, ("setup",)),
        Change("", 2, ("step:a",), ("old",)),
        Change("", 3, ("step:b",)),
    ]
    written = write_tags(SCRIPT, "n.py", changes)
    assert [cell.tags for cell in read_notebook(written, "n.py").cells] == [
        ("setup",), (), ("keep", "step:a"), ("step:b",),
    ]  # fmt: skip
    kept = [line for line in written.splitlines() if not line.startswith("# %%")]
    assert kept == [line for line in SCRIPT.splitlines() if not line.startswith("# %%")]
