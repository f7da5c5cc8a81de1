"""Odd and malformed notebooks, each with what is said of it; those that die while they run are in
``tests/kernels/test_deaths.py``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbpipe.compile.assemble import assemble
from nbpipe.compile.describe import describe
from nbpipe.compile.notebook import read_notebook
from tests.conftest import document

STEP = ("step:a", "x = 1")


def spoilt(*cells: Any, **changes: Any) -> dict[str, Any]:
    """A notebook of a step and these cells, with keys of the document put in, or taken out."""
    made = document(STEP)
    made["cells"] += list(cells)
    return {key: value for key, value in {**made, **changes}.items() if value is not ...}


def cell(source: Any = "y = x", **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "cell_type": "code",
        "id": "z",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    return {key: value for key, value in {**made, **changes}.items() if value is not ...}


def tagged(tags: Any, source: Any = "y = x") -> dict[str, Any]:
    return cell(source, metadata={"tags": tags})


GOOD = json.dumps(document(STEP))

ODD: dict[str, tuple[Any, str, str]] = {
    # no notebook at all
    "empty_file": ("", "not-a-notebook", "is empty"),
    "blank_file": (" \n\t", "not-a-notebook", "is empty"),
    "truncated": (GOOD[:-40], "not-json", "is not valid JSON"),
    "json_list": ("[]", "not-a-notebook", "is JSON, but not a notebook"),
    "json_null": ("null", "not-a-notebook", "is JSON, but not a notebook"),
    "json_text": ('"text"', "not-a-notebook", "is JSON, but not a notebook"),
    "json_number": ("7", "not-a-notebook", "is JSON, but not a notebook"),
    "json_empty_object": ("{}", "not-a-notebook", "names no nbformat"),
    "two_documents": (GOOD + GOOD, "not-json", "Extra data"),
    "trailing_comma": ('{"nbformat": 4, "cells": [],}', "not-json", "is not valid JSON"),
    "single_quotes": ("{'nbformat': 4}", "not-json", "is not valid JSON"),
    "html_page": ("<!doctype html><html>", "not-json", "is not valid JSON"),
    "merge_conflict": (
        f"<<<<<<< HEAD\n{GOOD}\n=======\n{GOOD}\n>>>>>>> b",
        "merge-conflict",
        "unfinished merge",
    ),
    "git_lfs_pointer": (
        "version https://git-lfs.github.com/spec/v1\noid sha256:0",
        "git-lfs",
        "git lfs pull",
    ),
    "utf8_bom": (b"\xef\xbb\xbf" + GOOD.encode(), "", ""),
    "utf16": (GOOD.encode("utf-16"), "not-utf8", "is not UTF-8 text"),
    "latin1": ('{"a": "é"}'.encode("latin-1"), "not-utf8", "is not UTF-8 text"),
    "binary": (bytes(range(128, 256)), "not-utf8", "is not UTF-8 text (byte 0)"),
    "nul_bytes": (b"\0" * 100, "not-json", "is not valid JSON"),
    "deep_json": ("[" * 100_000, "not-a-notebook", "nested too deeply"),
    "huge_int": ('{"nbformat": ' + "9" * 5000 + "}", "not-json", "is not valid JSON"),
    # formats
    "no_nbformat": (spoilt(nbformat=...), "", ""),
    "nbformat_text": (spoilt(nbformat="4"), "not-a-notebook", "names no nbformat"),
    "nbformat_null": (spoilt(nbformat=None), "not-a-notebook", "names no nbformat"),
    "nbformat_5": (spoilt(nbformat=5), "too-new", "is of notebook format 5"),
    "nbformat_2": (spoilt(nbformat=2), "too-old", "is of notebook format 2"),
    "nbformat_0": (spoilt(nbformat=0), "too-old", "is of notebook format 0"),
    "nbformat_minor_text": (spoilt(nbformat_minor="x"), "", ""),
    "nbformat3_without_sheets": (spoilt(nbformat=3), "not-a-notebook", "cells are not a list"),
    "nbformat3_sheets_of_text": (
        spoilt(nbformat=3, worksheets=["x"]),
        "not-a-notebook",
        "cells are not a list",
    ),
    # cells
    "cells_is_dict": (spoilt(cells={}), "not-a-notebook", "cells are not a list"),
    "cells_is_text": (spoilt(cells="x"), "not-a-notebook", "cells are not a list"),
    "cells_missing": (spoilt(cells=...), "not-a-notebook", "cells are not a list"),
    "cells_empty": (spoilt(cells=[]), "", ""),
    "cell_is_text": (spoilt("x"), "bad-cell", "Cell 2 is not an object"),
    "cell_is_null": (spoilt(None), "bad-cell", "Cell 2 is not an object"),
    "cell_is_list": (spoilt([]), "bad-cell", "Cell 2 is not an object"),
    "no_cell_type": (spoilt(cell(cell_type=...)), "bad-cell", "Cell 2 has no known type"),
    "odd_cell_type": (spoilt(cell(cell_type="poem")), "bad-cell", "Cell 2 has no known type"),
    "cell_type_list": (spoilt(cell(cell_type=[])), "bad-cell", "Cell 2 has no known type"),
    "source_none": (spoilt(cell(None)), "bad-cell", "The source of cell 2 is no text"),
    "source_missing": (spoilt(cell(source=...)), "bad-cell", "The source of cell 2 is no text"),
    "source_number": (spoilt(cell(7)), "bad-cell", "The source of cell 2 is no text"),
    "source_of_numbers": (spoilt(cell([1, 2])), "bad-cell", "The source of cell 2 is no text"),
    "source_of_lines": (spoilt(cell(["y = x\n", "z = y"])), "", ""),
    "source_empty": (spoilt(cell("")), "", ""),
    "no_outputs": (spoilt(cell(outputs=...)), "", ""),
    "outputs_text": (spoilt(cell(outputs="x")), "", ""),
    "execution_count_text": (spoilt(cell(execution_count="x")), "", ""),
    "lone_surrogate": (spoilt(cell("'\ud800'")), "bad-text", "half of a surrogate pair"),
    "nul_char": (spoilt(cell("'\0'")), "bad-text", "Cell 2 holds a NUL character"),
    "syntax_error": (spoilt(cell("def f(:")), "syntax-error", ""),
    "tabs_and_spaces": (spoilt(cell("if x:\n\ty = 1\n        z")), "syntax-error", ""),
    "long_chain": (spoilt(cell("y = " + "+".join(["1"] * 900))), "", ""),
    "very_long_chain": (
        spoilt(cell("y = " + "+".join(["1"] * 20_000))),
        "syntax-error",
        "nested too deeply",
    ),
    "long_line": (spoilt(cell("y = " + repr("a" * 1_000_000))), "", ""),
    "huge_literal": (spoilt(cell("y = " + "9" * 5000)), "syntax-error", ""),
    # ids
    "no_ids": (spoilt(cell(id=...)), "", ""),
    "duplicate_ids": (spoilt(cell(), cell("w = x")), "doubled-id", "Cells share the id 'z'"),
    "bad_id": (spoilt(cell(id="has space/../é")), "", ""),
    "long_id": (spoilt(cell(id="x" * 5000)), "", ""),
    "number_as_id": (spoilt(cell(id=7)), "", ""),
    # tags
    "tags_not_list": (spoilt(tagged("step:b")), "bad-tags", "tags of cell 2 are not a list"),
    "tags_null": (spoilt(tagged(None)), "bad-tags", "tags of cell 2 are not a list"),
    "tags_of_numbers": (spoilt(tagged([1, None])), "bad-tags", "tags of cell 2 are not a list"),
    "tag_doubled": (spoilt(tagged(["step:b", "step:b"])), "", ""),
    "tag_html": (spoilt(tagged(["step:<b>"])), "bad-step-name", ""),
    "tag_path": (spoilt(tagged(["step:../../x"])), "bad-step-name", ""),
    "tag_long": (spoilt(tagged(["step:" + "x" * 5000])), "bad-step-name", ""),
    "tag_nul": (spoilt(tagged(["step:a\0b"])), "bad-step-name", ""),
    "tag_bidirectional": (spoilt(tagged(["step:a\u202eb"])), "bad-step-name", ""),
    "tag_empty": (spoilt(tagged([""])), "", ""),
    "tag_of_nobody": (spoilt(tagged(["step:b", "after:c"])), "unknown-step", ""),
    "tag_of_itself": (spoilt(tagged(["step:b", "after:b"])), "cycle", "waits for itself"),
    "tags_in_a_circle": (
        spoilt(tagged(["step:b", "after:c"], "1"), tagged(["step:c", "after:b"], "2")),
        "cycle",
        "",
    ),
    "two_steps_in_one_cell": (
        spoilt(tagged(["step:b", "step:c"])),
        "tags-disagree",
        "more than one step",
    ),
    "foreach_of_nonsense": (spoilt(tagged(["step:b", "foreach:x y"])), "bad-foreach", ""),
    # metadata
    "metadata_is_string": (spoilt(metadata="x"), "bad-metadata", "metadata is not an object"),
    "metadata_missing": (spoilt(metadata=...), "bad-metadata", "metadata is not an object"),
    "cell_metadata_is_string": (spoilt(cell(metadata="x")), "", ""),
    "no_kernelspec": (spoilt(metadata={}), "", ""),
    "kernelspec_is_string": (spoilt(metadata={"kernelspec": "python3"}), "", ""),
    "kernelspec_of_numbers": (spoilt(metadata={"kernelspec": {"name": 3}}), "", ""),
    "options_are_a_list": (spoilt(metadata={"nbpipe": []}), "bad-metadata", "is not of version 1"),
    "options_of_the_future": (
        spoilt(metadata={"nbpipe": {"version": 99}}),
        "bad-metadata",
        "is not of version 1",
    ),
}


def written(odd: Any) -> bytes:
    if isinstance(odd, bytes):
        return odd
    text = odd if isinstance(odd, str) else json.dumps(odd)
    return text.encode()


@pytest.mark.parametrize("name", ODD)
def test_an_odd_notebook_is_answered_with_a_sentence(name: str) -> None:
    odd, code, says = ODD[name]
    built = assemble([read_notebook(written(odd), "n.ipynb")], name="odd")
    json.dumps(describe(built), allow_nan=False)
    told = {problem.code: problem for problem in built.problems}
    if not code:
        assert not built.errors, built.problems
        assert built.steps
        return
    assert code in told, told
    problem = told[code]
    assert says in f"{problem.message} {problem.suggestion}"
    assert problem.severity != "error" or built.errors
    assert "\n" not in problem.message
