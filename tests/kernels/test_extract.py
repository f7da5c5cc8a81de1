"""Extracted steps give what the notebook gave: as notebooks, joined again, and as functions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

import nbpipe
from nbpipe.cli import exits
from nbpipe.cli.app import app

SOURCE = Path(__file__).parents[2] / "src"
CELLS = [
    ("parameters", "n = 4"),
    ("setup", "class Box:\n    def __init__(self, x):\n        self.x = x"),
    ("step:load", "rows = [float(i) for i in range(n)]\nbox = Box(rows)"),
    ("step:clean", "rows = [row for row in rows if row]"),
    ("step:report", "score = sum(rows) + len(box.x)\nkept = Box(score)"),
    ("step:last", "final = kept.x + len(rows)"),
    ("metrics", "final"),
]


def call(*args: object) -> None:
    result = CliRunner().invoke(app, list(map(str, args)))
    assert result.exit_code == exits.OK, result.output


def test_notebooks_and_functions_give_what_the_one_notebook_gave(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "id": f"c{i}", "source": source, "outputs": [],
         "execution_count": None, "metadata": {"tags": [tag]}}
        for i, (tag, source) in enumerate(CELLS)
    ]  # fmt: skip
    source = tmp_path / "one" / "all.ipynb"
    source.parent.mkdir()
    source.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    )
    call("extract", source, "--to", tmp_path / "many")
    call("join", tmp_path / "many", "--to", tmp_path / "joined")
    runs = [nbpipe.compile(tmp_path / name).run() for name in ("one", "many", "joined")]
    assert all(run.ok for run in runs)
    assert {run.metrics["final"] for run in runs} == {13.0}
    assert all([1.0, 2.0, 3.0] in run["clean"].outputs.values() for run in runs)
    call("extract", source.parent, "--package", "mine", "--to", tmp_path / "package")
    paths = os.pathsep.join(p for p in (str(SOURCE), os.environ.get("PYTHONPATH", "")) if p)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs"],
        cwd=tmp_path / "package", env={**os.environ, "PYTHONPATH": paths},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
