"""How the command ends: one table from what happened to the exit code.

==== ======================================================================
code what it says
==== ======================================================================
0    all is well: every step is ok or reused, no problem is an error
1    a step did not end well, or ``check`` found errors
2    what was given cannot be used (problems, an unknown step, a bad
     parameter, a wrong option); nothing was run
3    the store cannot be used, or what was asked for is not in it any more
4    another process is at this run
70   a fault in nbpipe itself
130  interrupted or cancelled
==== ======================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe import errors

if TYPE_CHECKING:
    from nbpipe.events import RunState

OK = 0
FAILED = 1
USAGE = 2
STORE = 3
BUSY = 4
BUG = 70
INTERRUPTED = 130

_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (KeyboardInterrupt, INTERRUPTED),
    (errors.ProblemsError, USAGE),
    (errors.UsageError, USAGE),
    (errors.StoreError, STORE),
    (errors.RunBusy, BUSY),
    (errors.RunError, FAILED),
    (errors.NbpipeError, FAILED),
)
"""The first class that fits counts."""

_RUNS: dict[RunState, int] = {
    "ok": OK,
    "failed": FAILED,
    "running": BUSY,
    "cancelled": INTERRUPTED,
    "interrupted": INTERRUPTED,
}


def code_of(error: BaseException) -> int:
    """Return the exit code for an exception."""
    return next((code for cls, code in _CODES if isinstance(error, cls)), BUG)


def code_of_run(state: RunState) -> int:
    """Return the exit code for a run that ended."""
    return _RUNS[state]
