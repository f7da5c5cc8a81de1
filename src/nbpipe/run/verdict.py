"""The verdict on an attempt: one table from what was met to the state that is told."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbpipe.events import Failure
from nbpipe.run.kernels.text import cut

if TYPE_CHECKING:
    from nbpipe.events import CellState, TaskState
    from nbpipe.run.kernels.attempt import CellRun, Findings, Trouble
    from nbpipe.run.kernels.supervisor import Cause
    from nbpipe.run.order import Order

NEAR = 0.8
"""Share of the memory at hand above which a SIGKILL from outside is taken for a lack of memory."""

MOST_SAID, MOST_TRACED = 10_000, 200_000
"""Characters of an error's sentence, and of its traceback, that are told; the log has it whole."""

_NAMES: dict[Cause, str] = {
    "timed-out": "timed out",
    "cancelled": "cancelled",
    "interrupted": "interrupted",
    "out-of-memory": "out of memory",
}


@dataclass(frozen=True, slots=True)
class Met:
    """What the worker met beside the findings.

    Attributes
    ----------
    cause
        Why the worker itself ended the attempt.
    peak
        Most bytes that were held.
    limit
        Most bytes that processes may hold here.
    """

    cause: Cause | None
    peak: int
    limit: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of the task and, where it is not ``ok``, why."""

    state: TaskState
    error: Failure | None = None


def judge(order: Order, findings: Findings, met: Met) -> Verdict:
    """Return the verdict. What we did to the kernel comes before what it then complained of."""
    if met.cause is not None:
        return _ended(order, findings, met, met.cause)
    trouble = findings.trouble
    if trouble is None:
        return Verdict("ok")
    if trouble.kind in ("dead", "start"):
        return _dead(order, trouble, met)
    if trouble.name == "MemoryError" and order.memory is not None:
        message = f"The memory it may have ({_size(order.memory)}) did not suffice."
        return Verdict("out-of-memory", _failure(trouble, message))
    if trouble.name == "KeyboardInterrupt":
        return Verdict("interrupted", _failure(trouble, "The cell was interrupted."))
    return Verdict("failed", _failure(trouble, _sentence(trouble)))


def cell_states(findings: Findings, verdict: Verdict) -> dict[str, CellState]:
    """Return the true state of every code cell, by id."""
    return {cell: _cell_state(run, verdict) for cell, run in findings.cells.items()}


def _cell_state(run: CellRun, verdict: Verdict) -> CellState:
    if run.state == "ok":
        return "ok"
    if run.state == "not-run":
        return "not-run"
    if verdict.state in ("skipped", "reused", "waiting", "running", "ok"):
        return "failed"
    return verdict.state  # type: ignore[return-value]


def _ended(order: Order, findings: Findings, met: Met, cause: Cause) -> Verdict:
    sentences: dict[Cause, str] = {
        "timed-out": f"It took longer than the {order.timeout:g} seconds it may take."
        if order.timeout is not None
        else "It took too long.",
        "cancelled": "It was cancelled.",
        "interrupted": "The worker was asked to stop.",
        "out-of-memory": f"It held {_size(met.peak)} of memory; "
        f"it may hold {_size(order.memory or met.limit)}.",
    }
    met_in = ("running", "failed")
    running = next((c for c, run in findings.cells.items() if run.state in met_in), None)
    trouble = findings.trouble
    traceback = trouble.traceback if trouble is not None else ""
    return Verdict(cause, Failure(_NAMES[cause], sentences[cause], running, traceback))


def _dead(order: Order, trouble: Trouble, met: Met) -> Verdict:
    limit = min(met.limit, order.memory or met.limit)
    held = f"it held at most {_size(met.peak)} of memory"
    if trouble.exit == -signal.SIGKILL and met.peak >= NEAR * limit:
        message = f"The kernel was killed (SIGKILL) and {held}, of {_size(limit)} that there are."
        return Verdict("out-of-memory", _failure(trouble, message, "out of memory"))
    if trouble.kind == "start":
        return Verdict("kernel-died", _failure(trouble, trouble.message))
    message = f"The kernel died while the cell ran: {_exit(trouble.exit)}; {held}."
    return Verdict("kernel-died", _failure(trouble, message))


def _exit(code: int | None) -> str:
    if code is None:
        return "nobody knows why"
    if code >= 0:
        return f"its process ended with exit code {code}"
    try:
        return f"its process was ended by signal {-code} ({signal.Signals(-code).name})"
    except ValueError:
        return f"its process was ended by signal {-code}"


def _sentence(trouble: Trouble) -> str:
    if trouble.name == "SystemExit":
        return (
            "The cell asked to stop (exit), so the cells after it did not run "
            "and the step gives nothing. Leave the exit out, or raise an error that says why."
        )
    if trouble.name == "StdinNotImplementedError":
        return (
            "The cell asks for input, and nobody is there to answer. Make the answer a parameter."
        )
    if trouble.kind == "error" and not trouble.name and trouble.message.isdigit():
        return f"A command of the cell ended with exit code {trouble.message}."
    return trouble.message


def _failure(trouble: Trouble, message: str, name: str = "") -> Failure:
    return Failure(
        cut(name or trouble.name or "Error", MOST_SAID), cut(message, MOST_SAID), trouble.cell,
        cut(trouble.traceback, MOST_TRACED),
    )  # fmt: skip


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
