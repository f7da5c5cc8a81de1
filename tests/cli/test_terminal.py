"""Text on its way to a terminal, and progress as lines and as a table."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from nbpipe.cli import terminal
from nbpipe.cli.live import LiveTable, bar, most_telling, spent
from nbpipe.cli.progress import Lines
from nbpipe.events import (
    CellFinished,
    CellStarted,
    Note,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskReused,
    TasksAdded,
    TaskSkipped,
    TaskStarted,
)
from nbpipe.run.outcome import Outcome
from nbpipe.store.rows import TaskRow


@pytest.mark.parametrize(
    ("text", "is_now"),
    [
        ("plain, ünïcode, 字 and 🙂", "plain, ünïcode, 字 and 🙂"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b", "alinkb"),
        ("a\x9b31mb\x9d0;t\x9cc", "abc"),
        ("a\x1b(Bb\x1bcc", "abc"),
        ("1\r2\x08\x00\x7f", "12"),
        ("line\r\nline\ttab", "line\nline\ttab"),
        ("right\u202eleft\u2066x", "rightleftx"),
        ("half \ud800", "half "),
        ("unfinished \x1b]0;tail", "unfinished "),
    ],
)
def test_what_could_drive_a_terminal_is_taken_out(text: str, is_now: str) -> None:
    assert terminal.clean(text) == is_now


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (3.24, "3.2 s"),
        (42, "42 s"),
        (250, "4 min 10 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_spans_of_time_are_short(value: float, shown: str) -> None:
    assert terminal.seconds(value) == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(None, ""), (999, "999 B"), (1234, "1.23 kB"), (5_600_000_000, "5.6 GB")]
)
def test_sizes_are_short(count: int | None, shown: str) -> None:
    assert terminal.size(count) == shown


def test_columns_stand_under_each_other_also_with_wide_letters() -> None:
    assert terminal.columns([("字", "1"), ("abc", "2")]) == ["字   1", "abc  2"]
    assert terminal.columns([]) == []


EVENTS = (
    RunStarted("", "papermill", ("load", "fit", "show")),
    TaskReused("load", "k", "nothing changed", "r0", "load"),
    TasksAdded("fit", ("fit[0]", "fit[1]"), ("a", "b")),
    TaskStarted("fit[0]", 1, 2, "k", "it has not run before"),
    CellStarted("fit[0]", "c", 0),
    CellFinished("fit[0]", "c", "ok", 1.0),
    TaskFinished("fit[0]", "failed", 1.0, again=True),
    Note("It is tried again in 1 s.", "fit[0]", "warning"),
    TaskStarted("fit[0]", 2, 2, "k", "it is tried again"),
    TaskFinished("fit[0]", "ok", 3.24, 2, metrics={"score": 0.5}, checks={"c": "ok"}),
    TaskSkipped("show", "it depends on fit"),
    RunFinished("ok", 3.0),
)


def test_progress_is_a_line_for_each_thing_that_happened() -> None:
    lines: list[str] = []
    progress = Lines(Outcome(), lines.append, clock=lambda: 0.0)
    for event in EVENTS:
        progress.tell(event)
    progress.close()
    said = [terminal.clean(line).partition("  ")[2] for line in lines]
    assert said == [
        "3 steps",
        "load  reused (nothing changed)",
        "fit     2 items",
        "fit[0]  running (it has not run before)",
        "fit[0]  failed 1.0 s",
        "fit[0]  note: It is tried again in 1 s.",
        "fit[0]  running (attempt 2: it is tried again)",
        "fit[0]  ok 3.2 s",
        "fit[0]  1 check passed",
        "fit[0]  score 0.5",
        "show    skipped (it depends on fit)",
    ]


def test_the_table_begins_with_the_first_task_that_runs_and_is_taken_away_at_the_end() -> None:
    stream = io.StringIO()
    table = LiveTable(Outcome(), stream)
    for event in EVENTS[:2]:
        table.tell(event)
    assert table.live is None
    assert "load" in stream.getvalue()
    for event in EVENTS[2:]:
        table.tell(event)
    assert table.live is not None
    table.close()
    assert table.live is None
    assert table.outcome.state == "ok"


def test_the_bar_counts_cells() -> None:
    row = TaskRow("fit", state="running", cells=4, cells_done=2, started=10.0)
    assert bar(row) == f"{'━' * 8}{'╌' * 8} cell 3/4"
    assert spent(row, 12.5) == "2.5 s"
    assert bar(TaskRow("fit", state="ok", cells=4, cells_done=4)) == ""


def test_a_long_run_shows_what_runs_and_what_went_wrong_first() -> None:
    states = ["ok"] * 5 + ["failed", "waiting", "running"]
    rows = [TaskRow(str(n), n, state=state) for n, state in enumerate(states)]  # type: ignore[arg-type]
    assert [row.task for row in most_telling(rows, 3)] == ["5", "6", "7"]
    assert len(most_telling(rows, 20)) == 8


def test_a_closed_pipe_silences_the_progress_and_nothing_else() -> None:
    code = (
        "import os, sys\n"
        "from nbpipe.cli.terminal import say\n"
        "for n in range(3):\n    say('x' * 100_000)\n"
        "say('still here', err=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == "still here\n"
        assert process.wait() == 0


def test_of_a_long_fan_out_it_is_said_how_far_it_is_and_what_failed() -> None:
    lines: list[str] = []
    progress = Lines(Outcome(), lines.append, clock=lambda: 0.0)
    tasks = tuple(f"s[{n}]" for n in range(100))
    progress.tell(RunStarted("", "papermill", ("s",)))
    progress.tell(TasksAdded("s", tasks, tasks))
    for task in tasks:
        progress.tell(TaskStarted(task, 1, 1))
        state = "failed" if task == "s[49]" else "ok"
        progress.tell(TaskFinished(task, state, 1.0))  # type: ignore[arg-type]
    said = [terminal.clean(line).partition("  ")[2] for line in lines]
    assert "s[49]  failed 1.0 s" in said
    assert said[2] == "s      100 items: 95 waiting, 5 ok"
    assert said[-1] == "s      100 items: 99 ok, 1 failed"
    assert len(said) == 2 + 20 + 1
