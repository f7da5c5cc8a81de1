"""papermill: in one process that runs notebooks one after the other, and as a command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import notebooks
from benchmarks.envs import KERNEL, Environment
from benchmarks.measure import Job, Work
from benchmarks.peers import Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.notebooks import Cell
    from benchmarks.peers import Setting

SCRIPTS = Path(__file__).parent.parent / "scripts"
ENVIRONMENT = Environment("papermill", ("papermill==2.*", *KERNEL), science=True)
FEW, MANY = 1, 5
LATENCY_TIMES = 5
ITEMS = 10
"""Items of the fan-out: each costs the same, and all would take long."""


def _process(setting: Setting, planned: Sequence[tuple[Path, str]]) -> Job:
    arguments = [
        argument
        for number, (source, parameters) in enumerate(planned)
        for argument in (str(source), str(setting.folder / f"out{number}.ipynb"), parameters)
    ]
    script = str(SCRIPTS / "run_papermill.py")
    return Job((str(setting.python), script, *arguments), setting.folder)


def _notebooks(cells: Callable[[int], list[Cell]]) -> Callable[[Setting], Work]:
    def work(setting: Setting) -> Work:
        paths = [(path, "{}") for path in notebooks.numbered(setting.folder, MANY, cells)]
        return Work(_process(setting, paths), _process(setting, paths[:FEW]), MANY - FEW)

    return work


def _one_by_one(cells: Callable[[int, str], list[Cell]]) -> Callable[[Setting], Work]:
    """Return what runs a notebook for each step, with values in files."""

    def work(setting: Setting) -> Work:
        made = [
            (notebooks.write(setting.folder / f"s{i}.ipynb", cells(i, "")), "{}")
            for i in range(setting.size.steps)
        ]
        return Work(_process(setting, made))

    return work


def _fan(setting: Setting) -> Work:
    path = notebooks.write(setting.folder / "item.ipynb", notebooks.one_item())
    items = [(path, json.dumps({"item": i})) for i in range(ITEMS + 1)]
    table = f"import numpy as np, pandas as pd; {notebooks.TABLE}.to_pickle('table.pkl')"
    ready = Job((str(setting.python), "-c", table), setting.folder)
    made = setting.folder / "table.pkl"
    return Work(_process(setting, items), _process(setting, items[:1]), ITEMS, ready, made)


def _latency(setting: Setting) -> Work:
    path = notebooks.write(setting.folder / "n.ipynb", notebooks.waiting(1))
    script = str(SCRIPTS / "latency_papermill.py")
    out = str(setting.folder / "out.ipynb")
    command = (str(setting.python), script, str(path), out, str(LATENCY_TIMES))
    return Work(Job(command, setting.folder, tells=True))


def _cli(cells: Callable[[int], list[Cell]]) -> Callable[[Setting], Work]:
    def work(setting: Setting) -> Work:
        path = notebooks.write(setting.folder / "n.ipynb", cells(1))
        command = (setting.tool("papermill"), "--no-progress-bar", str(path), "out.ipynb")
        return Work(Job(command, setting.folder))

    return work


def _start(setting: Setting) -> Work:
    return Work(Job((setting.tool("papermill"), "--help"), setting.folder))


def _counting(setting: Setting) -> Work:
    paths = [
        (notebooks.write(setting.folder / f"n{i}.ipynb", notebooks.burning(seconds)), "{}")
        for i, seconds in enumerate((notebooks.BURNT, 0))
    ]
    return Work(_process(setting, paths[:1]), _process(setting, paths[1:]))


IN_PROCESS = Peer(
    "papermill, in process",
    "papermill",
    {
        "counting": _counting,
        "step": _notebooks(notebooks.trivial),
        "imports": _notebooks(notebooks.imports),
        "latency": _latency,
        "chain": _one_by_one(notebooks.chain_link),
        "fan": _fan,
    },
    ENVIRONMENT,
    {
        "chain": "values in files",
        "fan": f"{ITEMS} items, the table from a file",
        "latency": "a new kernel each time",
    },
)

COMMAND = Peer(
    "papermill, command",
    "papermill",
    {
        "step": _cli(notebooks.trivial),
        "imports": _cli(notebooks.imports),
        "command": _cli(notebooks.trivial),
        "start": _start,
    },
    ENVIRONMENT,
    {"step": "one command each", "imports": "one command each"},
)
