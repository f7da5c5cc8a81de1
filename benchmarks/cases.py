"""The cases: the same notebooks for nbpipe and for the peer it is measured against."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.measure import of_command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.measure import Cost

NBPIPE = [sys.executable, "-m", "nbpipe"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `peer` is None where there is nothing to compare with."""

    case: str
    ours: Cost
    peer: Cost | None = None
    peer_name: str = ""


def notebook(sources: list[tuple[list[str], str]]) -> dict[str, Any]:
    """Return a notebook of code cells with these tags and sources."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [
        {
            "cell_type": "code",
            "id": f"c{index}",
            "metadata": {"tags": tags},
            "source": source,
            "execution_count": None,
            "outputs": [],
        }
        for index, (tags, source) in enumerate(sources)
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": cells}


def _write(path: Path, sources: list[tuple[list[str], str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook(sources)), "utf-8")
    return path


def _chain(length: int) -> list[tuple[list[str], str]]:
    steps = [(["step:s0"], "x0 = 0")]
    return steps + [([f"step:s{i}"], f"x{i} = x{i - 1} + 1") for i in range(1, length)]


def command_start(folder: Path, times: int) -> Row:
    """``nbpipe --help`` against ``papermill --help``."""
    del folder
    peer = of_command([sys.executable, "-m", "papermill", "--help"], times)
    return Row("command starts (--help)", of_command([*NBPIPE, "--help"], times), peer, "papermill")


def nothing_to_do(folder: Path, times: int) -> Row:
    """A second run of ten unchanged steps; the peer runs the notebook again."""
    path = _write(folder / "noop" / "n.ipynb", _chain(10))
    of_command([*NBPIPE, "run", str(path)], 1)
    ours = of_command([*NBPIPE, "run", str(path)], times)
    return Row("10 unchanged steps", ours, _papermill(path, times), "papermill runs it again")


def one_step(folder: Path, times: int) -> Row:
    """One trivial step of three cells, run each time."""
    cells = [(["step:a"], "x = 1"), ([], "y = x + 1"), ([], "print(y)")]
    path = _write(folder / "one" / "n.ipynb", cells)
    ours = of_command([*NBPIPE, "run", "--force", "a", str(path)], times)
    return Row("one trivial step", ours, _papermill(path, times), "papermill")


def side_by_side(folder: Path, times: int) -> Row:
    """Four independent steps that each wait a second; the peer runs one after the other."""
    steps = [([f"step:s{i}"], "import time\ntime.sleep(1)") for i in range(4)]
    path = _write(folder / "side" / "n.ipynb", steps)
    ours = of_command([*NBPIPE, "run", "--force", "all", "--jobs", "4", str(path)], times)
    return Row("4 waiting steps, 4 jobs", ours, _papermill(path, times), "papermill")


def compile_large(folder: Path, times: int) -> Row:
    """Read 1,000 notebooks of ten cells and link them; there is no peer that does.

    Each time in a process of its own: what was read once is kept, and would cost nothing.
    """
    project = folder / "large"
    for number in range(1000):
        _write(project / f"n{number}.ipynb", [_large_cell(number, i) for i in range(10)])
    code = "import sys; from nbpipe.run.project import open_project as o; o(sys.argv[1]).compile()"
    return Row(
        "compile 10,000 cells", of_command([sys.executable, "-c", code, str(project)], times)
    )


def _large_cell(number: int, index: int) -> tuple[list[str], str]:
    tags = [f"step:s{number}_{index}"] if index % 3 == 0 else []
    before = f"v{number}_{index - 1}" if index else "10"
    lines = [
        f"df = pd.DataFrame({{'a': range({before}), 'b': np.arange({before})}})",
        f"df['c'] = df['a'] * {index} + df['b']",
        "total = sum(row.a for row in df.itertuples() if row.b > 3)",
        f"v{number}_{index} = len(df.groupby('a').agg({{'b': 'mean'}})) + total",
    ]
    setup = ["import numpy as np", "import pandas as pd"] if index == 0 else []
    return tags, "\n".join(setup + lines)


def _papermill(path: Path, times: int) -> Cost:
    code = (
        "import sys, papermill; papermill.execute_notebook(sys.argv[1], sys.argv[2], "
        "progress_bar=False)"
    )
    out = str(path.with_name("out.ipynb.json"))
    return of_command([sys.executable, "-c", code, str(path), out], times)


CASES: dict[str, Callable[[Path, int], Row]] = {
    "start": command_start,
    "noop": nothing_to_do,
    "step": one_step,
    "side": side_by_side,
    "compile": compile_large,
}
