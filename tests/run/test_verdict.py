"""The table of verdicts, without a kernel."""

from __future__ import annotations

import pytest

from nbpipe.run.kernels.attempt import CellRun, Findings, Trouble
from nbpipe.run.order import Order
from nbpipe.run.verdict import Met, cell_states, judge

GB = 10**9
QUIET = Met(None, GB, 16 * GB)


def order(**changes):
    facts = {
        "run": "r", "task": "t", "attempt": 1, "key": "k", "notebook": {}, "language": "python",
        "kernel": "python3", "engine": "papermill", "project": "/p", "folder": "/p", "store": "/s",
    }  # fmt: skip
    return Order(**{**facts, **changes})


def error(name, message="why"):
    return Trouble("error", name, message, "b", "traceback")


def died(code):
    return Trouble("dead", "kernel died", "", "b", exit=code)


@pytest.mark.parametrize(
    ("trouble", "met", "changes", "state", "said"),
    [
        (None, QUIET, {}, "ok", ""),
        (error("ValueError"), QUIET, {}, "failed", "why"),
        (error("SystemExit", "0"), QUIET, {}, "failed", "asked to stop"),
        (error("StdinNotImplementedError"), QUIET, {}, "failed", "Make the answer a parameter"),
        (error("", "3"), QUIET, {"language": "bash"}, "failed", "exit code 3"),
        (error("KeyboardInterrupt"), QUIET, {}, "interrupted", "interrupted"),
        (error("MemoryError"), QUIET, {}, "failed", "why"),
        (error("MemoryError"), QUIET, {"memory": GB}, "out-of-memory", "1.0 GB"),
        (died(-9), QUIET, {}, "kernel-died", "SIGKILL"),
        (died(-9), Met(None, 14 * GB, 16 * GB), {}, "out-of-memory", "14.0 GB"),
        (died(-9), QUIET, {"memory": GB}, "out-of-memory", "1.0 GB"),
        (died(-11), QUIET, {}, "kernel-died", "SIGSEGV"),
        (died(0), QUIET, {}, "kernel-died", "exit code 0"),
        (died(-99), QUIET, {}, "kernel-died", "signal 99"),
        (died(None), QUIET, {}, "kernel-died", "nobody knows"),
        (Trouble("start", "kernel died", "No."), QUIET, {}, "kernel-died", "No."),
        (Trouble("refused", "NoSuchKernel", "None."), QUIET, {}, "failed", "None."),
        (error("KeyboardInterrupt"), Met("timed-out", 0, GB), {"timeout": 2.5}, "timed-out", "2.5"),
        (died(-9), Met("timed-out", 0, GB), {"timeout": 2.0}, "timed-out", "2 seconds"),
        (error("KeyboardInterrupt"), Met("cancelled", 0, GB), {}, "cancelled", "cancelled"),
        (died(-15), Met("interrupted", 0, GB), {}, "interrupted", "asked to stop"),
        (died(-9), Met("out-of-memory", 2 * GB, 9 * GB), {"memory": GB}, "out-of-memory", "2.0"),
    ],
)
def test_what_was_met_gives_the_state(trouble, met, changes, state, said):
    verdict = judge(order(**changes), Findings(trouble=trouble), met)
    assert verdict.state == state
    if verdict.error is not None:
        assert said in verdict.error.message
    else:
        assert trouble is None


def test_the_cell_that_ran_has_the_tasks_state_and_those_after_it_did_not_run():
    cells = {"a": CellRun("ok"), "b": CellRun("failed"), "c": CellRun()}
    findings = Findings(cells=cells, trouble=died(-9))
    states = cell_states(findings, judge(order(), findings, QUIET))
    assert states == {"a": "ok", "b": "kernel-died", "c": "not-run"}


def test_a_cell_that_still_ran_when_time_was_up_is_named():
    findings = Findings(cells={"a": CellRun("ok"), "b": CellRun("running")})
    verdict = judge(order(timeout=1.0), findings, Met("timed-out", 0, GB))
    assert verdict.error is not None
    assert verdict.error.cell == "b"
