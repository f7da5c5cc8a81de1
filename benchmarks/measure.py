"""Measures commands and functions by the CPU and the wall time that they and their children use."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Cost:
    """Median of several repetitions: CPU and wall time in seconds."""

    cpu: float
    wall: float


def of_command(
    command: Sequence[str], times: int, before: Callable[[], None] = lambda: None
) -> Cost:
    """Return what a command costs, its children included; `before` runs unmeasured each time."""
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def once() -> None:
        subprocess.run(command, check=True, capture_output=True, env=environ)

    return of_call(once, times, before)


def of_call(
    call: Callable[[], object], times: int, before: Callable[[], None] = lambda: None
) -> Cost:
    """Return what a call costs, the processes that it starts and waits for included."""
    costs = []
    for _ in range(times):
        before()
        cpu, wall = _cpu(), time.perf_counter()
        call()
        costs.append(Cost(_cpu() - cpu, time.perf_counter() - wall))
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
    )


def _cpu() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)
