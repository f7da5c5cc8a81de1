"""Metaflow: functions instead of notebooks, a process for each, values in its datastore."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import notebooks
from benchmarks.envs import Environment
from benchmarks.measure import Job, Work
from benchmarks.peers import CORES, Peer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.peers import Setting

ITEMS = 20
"""Items of the fan-out: each costs the same, and all would take long."""

Step = tuple[str, "Sequence[str]", str]
"""Name, statements, and what comes next."""


def _flow(steps: Sequence[Step], head: str = "", joins: str = "") -> str:
    lines = ["from metaflow import FlowSpec, step", head, "", "class Measured(FlowSpec):"]
    for name, statements, following in steps:
        argument = ", inputs" if name == joins else ""
        lines += ["    @step", f"    def {name}(self{argument}):"]
        lines += [f"        {line}" for line in [*statements, following or "pass"]]
    return "\n".join([*lines, "", "if __name__ == '__main__':", "    Measured()", ""])


def _job(setting: Setting, name: str, text: str) -> Job:
    folder = setting.folder / name
    folder.mkdir(exist_ok=True)
    (folder / "flow.py").write_text(text, "utf-8")
    told = {
        "METAFLOW_USER": "measured",
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(folder),
        "METAFLOW_HOME": str(folder / "home"),
    }
    options = ["--no-pylint", "--quiet", "run", "--max-workers", str(CORES)]
    options += ["--max-num-splits", "100000"]
    return Job((str(setting.python), "flow.py", *options), folder, told, (folder / ".metaflow",))


def _chain(setting: Setting) -> Work:
    names = ["start", *(f"s{i}" for i in range(1, setting.size.steps - 1)), "end"]
    steps = [
        (name, ["self.x = 0" if not i else "self.x += 1"], _next(names[i + 1 : i + 2]))
        for i, name in enumerate(names)
    ]
    return Work(_job(setting, "flow", _flow(steps)))


def _next(names: Sequence[str]) -> str:
    return "self.next(" + ", ".join(f"self.{name}" for name in names) + ")" if names else ""


def _side(setting: Setting) -> Work:
    names = [f"s{i}" for i in range(setting.size.steps)]
    steps: list[Step] = [("start", [], _next(names))]
    steps += [(name, [f"self.x = {i}"], _next(["join"])) for i, name in enumerate(names)]
    steps += [("join", [], _next(["end"])), ("end", [], "")]
    return Work(_job(setting, "flow", _flow(steps, joins="join")))


def _fan(setting: Setting) -> Work:
    more, less = (_job(setting, f"flow{n}", _scores(n)) for n in (ITEMS + 1, 1))
    return Work(more, less, ITEMS)


def _scores(items: int) -> str:
    total = "self.total = sum(one.score for one in inputs)"
    steps: list[Step] = [
        (
            "start",
            [f"self.table = {notebooks.TABLE}", f"self.items = list(range({items}))"],
            "self.next(self.score_item, foreach='items')",
        ),
        (
            "score_item",
            ["table, item = self.table, self.input", notebooks.SCORE, "self.score = score"],
            _next(["join"]),
        ),
        ("join", [total], _next(["end"])),
        ("end", [], ""),
    ]
    return _flow(steps, "import numpy as np\nimport pandas as pd", joins="join")


def _frame(setting: Setting) -> Work:
    large, small = (
        _job(setting, name, _flow(_hand_over(rows), "import numpy as np\nimport pandas as pd"))
        for name, rows in (("large", setting.size.rows), ("small", 1))
    )
    return Work(large, small)


def _hand_over(rows: int) -> list[Step]:
    make = [notebooks.frame_of(rows), "self.frame = frame"]
    return [("start", make, _next(["end"])), ("end", ["print(self.frame['c0'].sum())"], "")]


def _start(setting: Setting) -> Work:
    return Work(Job((setting.tool("metaflow"), "--help"), setting.folder))


PEER = Peer(
    "Metaflow",
    "metaflow",
    {"chain": _chain, "side": _side, "fan": _fan, "frame": _frame, "start": _start},
    Environment("metaflow", ("metaflow==2.*",), science=True),
    {
        "chain": "functions, no notebooks",
        "side": "functions, no notebooks",
        "fan": f"{ITEMS} items; functions, no notebooks",
        "frame": "functions, no notebooks",
    },
)
