"""Prints the median time from giving an order until the step's first cell runs.

``python latency_nbpipe.py NOTEBOOK``: one step after the other, each of which prints the time and
lasts long enough for a spare kernel to get ready. The first orders find none, and do not count.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import TYPE_CHECKING

from nbpipe.cli.stores import open_store
from nbpipe.events import CellOutput
from nbpipe.run import runs
from nbpipe.run.local import LocalExecutor
from nbpipe.run.project import open_project

if TYPE_CHECKING:
    from nbpipe.events import Event
    from nbpipe.run.order import Order

NOT_COUNTED = 3

asked: dict[str, float] = {}
began: dict[str, float] = {}


class Watched(LocalExecutor):
    """Notes when each order is given."""

    def submit(self, order: Order) -> None:
        asked[order.task] = time.time()
        super().submit(order)


def listen(event: Event) -> None:
    """Note when a step first says something: its first cell prints the time."""
    if isinstance(event, CellOutput) and event.task not in began:
        began[event.task] = float(event.text)


project = open_project(sys.argv[1])
_, state = runs.carry_out(runs.Job(project, jobs=1), open_store(project), listen, Watched)
if state != "ok":
    sys.exit(f"the run ended {state}")
waits = [began[task] - at for task, at in asked.items()]
print(json.dumps({"wall": statistics.median(waits[NOT_COUNTED:])}))
