"""Who is measured: one module each, which says what it needs and how it does the cases."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.notebooks import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benchmarks.envs import Environment
    from benchmarks.measure import Work

CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Size:
    """How large the cases are."""

    steps: int = 50
    items: int = 200
    megabytes: int = 1000
    cells: int = 10_000
    tasks: int = 20_000

    @property
    def rows(self) -> int:
        """Rows of the large DataFrame."""
        return self.megabytes * 1_000_000 // (8 * COLUMNS)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a peer works: a folder of its own, its interpreter, and the size of the cases."""

    folder: Path
    python: Path
    size: Size

    def tool(self, name: str) -> str:
        """Return the path of a program of the peer's environment."""
        return str(self.python.with_name(name))


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody who is measured.

    Attributes
    ----------
    name
        As it is written.
    package
        The one whose version is shown.
    does
        Case → what it does in it. A case that is not named cannot be done by it, or not in a way
        that could be compared.
    environment
        What it needs; None for nbpipe, which is measured where the benchmark runs.
    notes
        Case → what has to be known to read the figure.
    """

    name: str
    package: str
    does: Mapping[str, Callable[[Setting], Work]]
    environment: Environment | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
