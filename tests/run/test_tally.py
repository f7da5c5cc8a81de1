"""Long fan-outs are one row: counted as events come, with what runs or went wrong besides."""

from __future__ import annotations

from nbpipe.events import (
    Failure,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskReused,
    TasksAdded,
    TaskStarted,
)
from nbpipe.run.outcome import Outcome
from nbpipe.run.tally import MANY, MOST_SHOWN
from nbpipe.store.rows import RunRow


def outcome_of(count: int) -> Outcome:
    outcome = Outcome()
    tasks = tuple(f"score[{n}]" for n in range(count))
    outcome.take(RunStarted("", "papermill", ("load", "score", "all")))
    outcome.take(TaskFinished("score[]", "ok", 0.1))
    outcome.take(TasksAdded("score", tasks, tasks))
    return outcome


def test_a_short_fan_out_is_listed_item_by_item() -> None:
    outcome = outcome_of(MANY)
    items = [f"score[{n}]" for n in range(MANY)]
    assert [row.task for row in outcome.listed] == ["load", *items, "all"]
    assert outcome.listed == outcome.shown


def test_a_long_fan_out_is_one_row_with_what_runs_and_what_went_wrong() -> None:
    outcome = outcome_of(1000)
    outcome.take(TaskStarted("score[7]", 1, 1))
    outcome.take(TaskStarted("score[8]", 1, 1))
    outcome.take(TaskFinished("score[8]", "failed", 1.0, error=Failure("E", "no")))
    outcome.take(TaskStarted("score[9]", 1, 1))
    outcome.take(TaskFinished("score[9]", "ok", 1.0))
    rows = outcome.listed
    assert [row.task for row in rows] == ["load", "score", "score[7]", "score[8]", "all"]
    assert (rows[1].state, rows[1].label) == (
        "running",
        "1,000 items: 997 waiting, 1 running, 1 failed, 1 ok",
    )
    assert outcome.counts == {"waiting": 999, "running": 1, "failed": 1, "ok": 1}


def test_a_long_fan_out_stands_as_its_worst_item() -> None:
    outcome = outcome_of(MANY + 1)
    for number in range(MANY + 1):
        outcome.take(TaskReused(f"score[{number}]", "k", "", "r", ""))
    assert outcome.listed[1].state == "reused"
    outcome.take(TaskFinished("score[3]", "ok", 1.0))
    assert outcome.listed[1].state == "ok"
    outcome.take(TaskFinished("score[4]", "timed-out", 1.0, error=Failure("E", "no")))
    assert outcome.listed[1].state == "timed-out"


def test_of_very_many_failures_some_are_listed() -> None:
    outcome = outcome_of(1000)
    for number in range(1000):
        outcome.take(TaskFinished(f"score[{number}]", "failed", 1.0, error=Failure("E", "no")))
    assert len(outcome.listed) == 3 + MOST_SHOWN


def test_what_the_ledger_says_counts_as_what_events_told() -> None:
    outcome = outcome_of(30)
    outcome.take(TaskStarted("score[7]", 1, 1))
    outcome.take(RunFinished("interrupted", 1.0))
    row = RunRow("r", "/p", "", "", {}, "papermill", {}, {}, "", "", "interrupted", 0.0)
    again = Outcome.of(row, outcome.tasks)
    assert again.listed == outcome.listed
    assert again.counts == outcome.counts
