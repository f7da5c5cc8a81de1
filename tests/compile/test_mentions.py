"""The steps that a notebook names; the browser reads the same table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nbpipe.compile.mentions import mentions
from nbpipe.compile.notebook import Cell, Notebook

TABLE = json.loads((Path(__file__).parents[1] / "golden/mentions.json").read_text("utf-8"))


@pytest.mark.parametrize("case", TABLE, ids=[case["says"] for case in TABLE])
def test_a_notebook_names_steps_in(case: dict[str, Any]) -> None:
    cells = tuple(Cell(f"c{i}", "code", "", tuple(tags), i) for i, tags in enumerate(case["tags"]))
    own = case["metadata"]
    metadata = {} if own is None else {"nbpipe": own}

    assert sorted(mentions(Notebook("n.ipynb", cells, metadata=metadata))) == case["names"]


def test_text_is_not_a_cell_of_the_pipeline() -> None:
    assert mentions(Notebook("n.ipynb", (Cell("c", "markdown", "", ("step:a",)),))) == set()
