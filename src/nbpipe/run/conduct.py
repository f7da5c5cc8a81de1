"""How a run is carried out: whom it tells, what it asks, what it may hold."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbpipe.events import Tell
    from nbpipe.run.learning import Lesson
    from nbpipe.store.rows import StoredResult


def _machine_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 1 << 62


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a run is carried out.

    Attributes
    ----------
    run
        The run's id.
    tell
        Is told everything that happens.
    keep
        Takes the result of a task that ended well, after its end was told.
    learn
        Takes what an attempt taught, before its end is told.
    before
        Task → the last attempt at it before the run was resumed: attempts are counted on, so
        that nothing of an older one can be taken for a newer one's.
    lease
        Asks for the lease on a key; returns the other run that holds it, empty if there is
        none, and whether a result is kept under the key by now.
    asked
        Says why the run is to stop; empty as long as nobody asks for it.
    engine
        Papermill engine for steps that do not name their own.
    fail_fast
        Stop everything at the first task that does not end well.
    timeout
        Seconds that the run may take; None for no limit.
    deadline
        When they are over, on the clock that never goes back.
    linger
        Unix socket of who takes kernels of steps that fail for good; empty where nobody does.
    cpu, memory, gpu
        What tasks may hold together.
    """

    run: str
    tell: Tell
    keep: Callable[[StoredResult], None]
    learn: Callable[[Lesson], None]
    asked: Callable[[], str] = str
    engine: str = "warm"
    fail_fast: bool = False
    timeout: float | None = None
    deadline: float = math.inf
    linger: str = ""
    before: Mapping[str, int] = field(default_factory=dict)
    lease: Callable[[str], tuple[str, bool]] = lambda _: ("", False)
    cpu: float = field(default_factory=lambda: float(os.cpu_count() or 1))
    memory: int = field(default_factory=_machine_memory)
    gpu: int = 0
