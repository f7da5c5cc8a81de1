"""The notebooks that are measured, as (tags, source) of each cell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Cell = tuple[tuple[str, ...], str]
"""Tags and source."""

BURNT = 5.0
"""Seconds of CPU that a notebook uses up to show that they are counted."""

COLUMNS = 10
"""Of the large DataFrame; each value takes eight bytes."""


def plain(*sources: str) -> list[Cell]:
    """Return cells without tags."""
    return [((), source) for source in sources]


def write(path: Path, cells: Sequence[Cell]) -> Path:
    """Write a notebook and return its path."""
    return write_text(path, json.dumps(notebook(cells)))


def write_text(path: Path, text: str) -> Path:
    """Write a file, unless it says so already: for some peers a new date is a change."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
    return path


def notebook(cells: Sequence[tuple[Sequence[str], str]]) -> dict[str, Any]:
    """Return a notebook of code cells."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{index}",
            "metadata": {"tags": list(tags)},
            "source": source,
            "execution_count": None,
            "outputs": [],
        }
        for index, (tags, source) in enumerate(cells)
    ]
    metadata = {"kernelspec": spec, "language_info": {"name": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}


def trivial(number: int) -> list[Cell]:
    """Return three cells that do next to nothing."""
    return plain(f"x = {number}", "y = x + 1", "print(y)")


def imports(number: int) -> list[Cell]:
    """Return a notebook that imports what most do, and fits a line."""
    return plain(
        "import matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd\n"
        "from sklearn.linear_model import LinearRegression",
        f"frame = pd.DataFrame({{'x': np.arange(100.0)}})\nframe['y'] = frame['x'] * {number}",
        "model = LinearRegression().fit(frame[['x']], frame['y'])\nprint(round(model.coef_[0], 3))",
    )


def burning(seconds: float) -> list[Cell]:
    """Return a notebook that takes a known time of CPU, for trying whether it is counted."""
    return plain(
        f"import time\nuntil = time.process_time() + {seconds}\n"
        "while time.process_time() < until:\n    pass"
    )


def waiting(steps: int) -> list[Cell]:
    """Return steps that tell when they began, and give the runner time to get the next ready.

    Each has a number of its own in it: of equal steps only one would run.
    """
    first: list[Cell] = [(("step:s0",), _wait(0))]
    return first + [((f"step:s{i}", f"after:s{i - 1}"), _wait(i)) for i in range(1, steps)]


def _wait(number: int) -> str:
    return f"import time\nprint(repr(time.time()), flush=True)\nstep = {number}\ntime.sleep(0.5)"


def numbered(folder: Path, count: int, cells: Any) -> list[Path]:
    """Write notebooks n0, n1, ... and return their paths."""
    return [write(folder / f"n{i}.ipynb", cells(i)) for i in range(count)]


def steps_in_a_chain(length: int) -> list[Cell]:
    """Return one notebook whose every step adds one to the value of the step before."""
    first: list[Cell] = [(("step:s0",), "x0 = 0")]
    return first + [((f"step:s{i}",), f"x{i} = x{i - 1} + 1") for i in range(1, length)]


def steps_side_by_side(count: int) -> list[Cell]:
    """Return one notebook of steps that know nothing of each other."""
    return [((f"step:s{i}",), f"x{i} = {i}\nprint(x{i})") for i in range(count)]


def chain_link(number: int, data: str) -> list[Cell]:
    """Return one step of the chain as a notebook, for those who hand values over as files.

    Parameters
    ----------
    number
        Which step it is.
    data
        Folder of the values, ends with a slash or is empty.
    """
    if number == 0:
        return plain("import json", "x = 0", f"json.dump(x, open('{data}s0.json', 'w'))")
    return plain(
        "import json",
        f"x = json.load(open('{data}s{number - 1}.json')) + 1",
        f"json.dump(x, open('{data}s{number}.json', 'w'))",
    )


def lone_step(number: int, data: str) -> list[Cell]:
    """Return one step of those side by side as a notebook that leaves a file."""
    return plain(
        f"import json\nx = {number}\nprint(x)", f"json.dump(x, open('{data}s{number}.json', 'w'))"
    )


TABLE = "pd.DataFrame({'item': np.arange(100_000) % 100, 'value': np.arange(100_000.0)})"
SCORE = "score = float(table.loc[table['item'] == item % 100, 'value'].mean()) + item"


def fan_out(items: int) -> list[Cell]:
    """Return a notebook that loads a table once, scores each item, and adds the scores up."""
    return [
        (("setup",), "import numpy as np\nimport pandas as pd\nimport nbpipe"),
        (("step:load",), f"table = {TABLE}\nitems = list(range({items}))"),
        (("skip",), "item = items[0]"),
        (("step:score", "foreach:item in items"), SCORE),
        (("step:total",), "total = sum(nbpipe.gather('score'))\nprint(total)"),
    ]


def one_item() -> list[Cell]:
    """Return the notebook that papermill runs once for each item."""
    return [
        ((), "import numpy as np\nimport pandas as pd"),
        (("parameters",), "item = 0"),
        ((), "table = pd.read_pickle('table.pkl')"),
        ((), SCORE),
        ((), "import json\njson.dump(score, open(f'score{item}.json', 'w'))"),
    ]


def frame_of(rows: int) -> str:
    """Return the code that makes the large DataFrame: random numbers, which no one can press."""
    return (
        f"frame = pd.DataFrame(np.random.default_rng(0).random(({rows}, {COLUMNS})), "
        f"columns=[f'c{{i}}' for i in range({COLUMNS})])"
    )


def hand_over(rows: int) -> list[Cell]:
    """Return a notebook of two steps: the first gives a DataFrame, the second uses it."""
    return [
        (("setup",), "import numpy as np\nimport pandas as pd"),
        (("step:make",), frame_of(rows)),
        (("step:use",), "print(frame['c0'].sum())"),
    ]


def for_reading(number: int, cells: int) -> list[Cell]:
    """Return a notebook of ordinary code, whose steps take from each other."""
    return [_cell_for_reading(number, index) for index in range(cells)]


def _cell_for_reading(number: int, index: int) -> Cell:
    tags = (f"step:s{number}_{index}",) if index % 3 == 0 else ()
    before = f"v{number}_{index - 1}" if index else "10"
    lines = [
        f"df = pd.DataFrame({{'a': range({before}), 'b': np.arange({before})}})",
        f"df['c'] = df['a'] * {index} + df['b']",
        "total = sum(row.a for row in df.itertuples() if row.b > 3)",
        f"v{number}_{index} = len(df.groupby('a').agg({{'b': 'mean'}})) + total",
    ]
    setup = ["import numpy as np", "import pandas as pd"] if index == 0 else []
    return tags, "\n".join(setup + lines)
