"""Measures commands by the CPU and the wall time that they and all that they start use."""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.envs import clean_environ

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LAUNCHER = Path(__file__).with_name("launcher.py")
SHOWN = 400
"""Characters of what a failing command last said that are shown."""

FRAMES = re.compile("[\u2500-\u257f]+|\x1b\\[[0-9;]*m")


class Failed(Exception):
    """A measured command failed or took too long; the argument says how."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU and wall time in seconds; None where there is nothing to be told."""

    cpu: float | None
    wall: float | None


@dataclass(frozen=True, slots=True)
class Job:
    """A command that is measured.

    Attributes
    ----------
    command
        Program and arguments.
    folder
        Where it runs.
    environ
        Set beside what everyone gets.
    fresh
        Files and folders that are removed before.
    tells
        Whether its last line of output is the cost, measured by itself.
    """

    command: tuple[str, ...]
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    fresh: tuple[Path, ...] = ()
    tells: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What a peer does in a case.

    Attributes
    ----------
    job
        What is measured.
    less
        The same with fewer units, measured too and taken away: start-up does not count then.
    units
        How many units of the case remain.
    ready
        Run once before where `made` does not exist, and not measured.
    """

    job: Job
    less: Job | None = None
    units: int = 1
    ready: Job | None = None
    made: Path | None = None


def cost_of(job: Job, seconds: float) -> Cost:
    """Run a command once and return what it cost.

    Raises
    ------
    Failed
        It ended with another exit code than 0, or took longer than `seconds`.
    """
    for path in job.fresh:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="nbpipe-measure-") as name:
        result, said = Path(name, "result.json"), Path(name, "said")
        command = [sys.executable, str(LAUNCHER), str(result), str(seconds), *job.command]
        with said.open("wb") as file:
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=job.folder,
                env=clean_environ() | dict(job.environ),
                check=False,
            )
        words = said.read_text("utf-8", "replace")
        if not result.exists():
            raise Failed(f"it could not be started. {_tail(words)}")
        return _read(json.loads(result.read_text("utf-8")), words, job)


def _read(told: dict[str, float | None], words: str, job: Job) -> Cost:
    if told["code"] is None:
        raise Failed(f"it took longer than {told['wall']:.0f} s")
    if told["code"]:
        raise Failed(f"exit code {told['code']}. {_tail(words)}")
    if job.tells:
        own = json.loads(words.strip().splitlines()[-1])
        return Cost(own.get("cpu"), own.get("wall"))
    return Cost(told["cpu"], told["wall"])


def _tail(words: str) -> str:
    """Return the end of what a command said, without the frames that it drew."""
    return " ".join(FRAMES.sub(" ", words).split())[-SHOWN:]


def cost_per_unit(work: Work, seconds: float, cost: Callable[[Job, float], Cost] = cost_of) -> Cost:
    """Measure once; return the cost of one unit."""
    whole = cost(work.job, seconds)
    less = cost(work.less, seconds) if work.less else Cost(0.0, 0.0)
    return Cost(
        _per_unit(whole.cpu, less.cpu, work.units), _per_unit(whole.wall, less.wall, work.units)
    )


def _per_unit(whole: float | None, less: float | None, units: int) -> float | None:
    return None if whole is None or less is None else (whole - less) / units


def make_ready(work: Work, seconds: float) -> None:
    """Do once what the work needs done."""
    if work.ready is not None and not (work.made and work.made.exists()):
        cost_of(work.ready, seconds)


def median(costs: Sequence[Cost]) -> Cost:
    """Return the median CPU and the median wall time."""
    cpu = [cost.cpu for cost in costs if cost.cpu is not None]
    wall = [cost.wall for cost in costs if cost.wall is not None]
    return Cost(statistics.median(cpu) if cpu else None, statistics.median(wall) if wall else None)
