"""Ploomber: a DAG of notebooks in pipeline.yaml, values in files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks import notebooks
from benchmarks.envs import KERNEL, Environment
from benchmarks.measure import Job, Work
from benchmarks.peers import CORES, Peer

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.notebooks import Cell
    from benchmarks.peers import Setting

QUIET = {"PLOOMBER_STATS_ENABLED": "false", "PLOOMBER_VERSION_CHECK_DISABLED": "true"}
PARALLEL = {"dotted_path": "ploomber.executors.Parallel", "processes": CORES}


def _build(
    cells: Callable[[int, str], list[Cell]], chained: bool, executor: object
) -> Callable[[Setting], Work]:
    def work(setting: Setting) -> Work:
        folder = setting.folder
        (folder / "out").mkdir(exist_ok=True)
        tasks = []
        for i in range(setting.size.steps):
            parameters = [(("parameters",), "upstream = None\nproduct = None")]
            notebooks.write(folder / f"s{i}.ipynb", parameters + cells(i, "out/"))
            product = {"nb": f"out/s{i}.ipynb", "data": f"out/s{i}.json"}
            task: dict[str, object] = {"source": f"s{i}.ipynb", "product": product}
            if chained and i:
                task["upstream"] = [f"s{i - 1}"]
            tasks.append(task)
        pipeline = {"meta": {"extract_upstream": False}, "executor": executor, "tasks": tasks}
        # JSON is YAML.
        notebooks.write_text(folder / "pipeline.yaml", json.dumps(pipeline))
        return Work(Job((setting.tool("ploomber"), "build", "--force"), folder, QUIET))

    return work


_chain = _build(notebooks.chain_link, True, "serial")


def _nothing(setting: Setting) -> Work:
    first = _chain(setting).job
    again = Job((setting.tool("ploomber"), "build"), setting.folder, QUIET)
    last = setting.folder / "out" / f"s{setting.size.steps - 1}.json"
    return Work(again, ready=first, made=last)


def _start(setting: Setting) -> Work:
    return Work(Job((setting.tool("ploomber"), "--help"), setting.folder, QUIET))


PEER = Peer(
    "Ploomber",
    "ploomber",
    {
        "chain": _chain,
        "side": _build(notebooks.lone_step, False, PARALLEL),
        "noop": _nothing,
        "start": _start,
    },
    Environment("ploomber", ("ploomber==0.23.*", *KERNEL)),
    {"chain": "values in files"},
)
