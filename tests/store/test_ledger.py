from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbpipe.errors import UnknownName, UsageError
from nbpipe.events import (
    Artifact,
    CellFinished,
    CellOutput,
    CellStarted,
    Failure,
    Note,
    Recorded,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskReused,
    TasksAdded,
    TaskSkipped,
    TaskStarted,
)
from nbpipe.store.ledger import NewRun, StoredResult
from nbpipe.store.rows import TaskRow

if TYPE_CHECKING:
    from nbpipe.events import (
        Event,
    )
    from nbpipe.store.ledger import Ledger

    from .conftest import Clock


def digest(letter: str) -> str:
    return "sha256:" + letter * 64


MODEL = Artifact("model", digest("a"), 10, "value", "json", "builtins.dict", {"text": "{}"})
RESULT = StoredResult("key-1", "r", "train", "/p", "train", (MODEL,), {"loss": 0.5},
                      {"c1": "ok"}, ("unused",), {"cell 1": "x"}, 2.5)  # fmt: skip


def begin(ledger: Ledger, *runs: str, project: str = "/p") -> None:
    for run in runs:
        ledger.begin_run(NewRun(run, project, name="demo"))


def test_an_empty_ledger_answers(any_ledger: Ledger) -> None:
    assert any_ledger.runs() == []
    assert any_ledger.known(["a"]) == {}
    assert any_ledger.known([]) == {}
    assert any_ledger.last_result_of("/p", "train") is None
    assert any_ledger.stale(1e9) == []
    assert any_ledger.events("r") == []
    with pytest.raises(UnknownName, match="There is no run yet"):
        any_ledger.run("last")


def test_a_run_comes_back_as_it_was_begun(any_ledger: Ledger) -> None:
    new = NewRun("r1", "/p\udcff", "a.ipynb", "demo 🎉", {"n": [1, None], "s": "\0"}, "debug",
                 {"only": ["train"]}, {"steps": [{"name": "train"}]}, {"a.ipynb": digest("b")},
                 "me", "env")  # fmt: skip
    any_ledger.begin_run(new)
    row = any_ledger.run("r1")
    for name in ("id", "path", "name", "parameters", "engine", "selection", "sources", "user",
                 "environment"):  # fmt: skip
        assert getattr(row, name) == getattr(new, name)
    assert (row.state, row.begun, row.started, row.pinned) == ("running", 1000.0, None, False)
    assert any_ledger.pipeline("r1") == new.pipeline
    assert any_ledger.runs(project="/p\udcff")[0].id == "r1"


def test_an_id_is_used_once(any_ledger: Ledger) -> None:
    begin(any_ledger, "r")
    with pytest.raises(UsageError, match="already"):
        begin(any_ledger, "r")


def test_runs_are_found_by_the_beginning_of_their_ids(any_ledger: Ledger) -> None:
    begin(any_ledger, "20260101-a", "20260102-b", "20260102-bc")
    assert any_ledger.run("20260101").id == "20260101-a"
    assert any_ledger.run("20260102-b").id == "20260102-b"
    assert any_ledger.run("last").id == "20260102-bc"
    with pytest.raises(UnknownName, match="More than one run"):
        any_ledger.run("20260102")
    with pytest.raises(UnknownName, match="Did you mean '20260101-a'"):
        any_ledger.run("20260101-x")
    for name in ("", "%", "_", "2026010?"):
        with pytest.raises(UnknownName):
            any_ledger.run(name)


@pytest.mark.parametrize("ask", ["pipeline", "pin", "claim", "delete_run", "mark_interrupted"])
def test_an_unknown_run_is_said_to_be_unknown(any_ledger: Ledger, ask: str) -> None:
    begin(any_ledger, "known")
    for call in (getattr(any_ledger, ask), lambda run: any_ledger.record(run, Note("x"))):
        with pytest.raises(UnknownName, match="Did you mean 'known'"):
            call("knwon")
    assert any_ledger.events("knwon") == []


def test_runs_are_listed_newest_first_whatever_the_clock_says(
    any_ledger: Ledger, clock: Clock
) -> None:
    for run, now in (("a", 50.0), ("b", 10.0), ("c", 30.0)):
        clock.now = now
        begin(any_ledger, run, project="/q" if run == "b" else "/p")
    any_ledger.record("a", RunFinished("ok", 1.0))
    assert [row.id for row in any_ledger.runs()] == ["c", "b", "a"]
    assert [row.id for row in any_ledger.runs(limit=2)] == ["c", "b"]
    assert [row.id for row in any_ledger.runs(state="ok")] == ["a"]
    assert [row.id for row in any_ledger.runs(project="/p", state="running")] == ["c"]
    assert any_ledger.runs(path="nosuch") == []


def test_events_are_numbered_from_one_without_gaps(any_ledger: Ledger, clock: Clock) -> None:
    begin(any_ledger, "a", "b")
    first = any_ledger.record("a", Note("1"))
    clock.now = 5.0
    more = any_ledger.record_all("a", [Note("2"), Note("3")])
    assert any_ledger.record("b", Note("other")).seq == 1
    assert [first, *more] == [Recorded("a", 1, 1000.0, Note("1")), Recorded("a", 2, 5.0, Note("2")),
                              Recorded("a", 3, 5.0, Note("3"))]  # fmt: skip
    assert any_ledger.events("a") == [first, *more]
    assert any_ledger.events("a", after=1, limit=1) == [more[0]]
    assert any_ledger.record_all("a", []) == []
    assert any_ledger.run("a").last_seq == 3


def test_events_come_back_as_they_were_told(any_ledger: Ledger) -> None:
    begin(any_ledger, "r")
    told: list[Event] = [
        RunStarted("", "papermill", ("a", "b"), {"n": 1}),
        TasksAdded("b", ("b[0]",), ("<b>'\"; DROP TABLE runs; --\ud800",)),
        TaskStarted("a", 1, 2, "k", "why"),
        CellStarted("a", "c1", 0),
        CellFinished("a", "c1", "failed", 0.5),
        TaskFinished("a", "failed", 1.0, error=Failure("E", "m", "c1", "t"), artifacts=(MODEL,)),
        TaskReused("b[0]", "k", "same", "r0", "b[0]", (MODEL,), {"x": 1.0}),
        TaskSkipped("c", "a failed"),
        Note(":colon %percent ?", "a", "warning"),
        RunFinished("failed", 2.0),
    ]
    any_ledger.record_all("r", told)
    assert [one.event for one in any_ledger.events("r")] == told


def test_what_cells_write_is_refused_and_nothing_is_written(any_ledger: Ledger) -> None:
    begin(any_ledger, "r")
    with pytest.raises(ValueError, match="log"):
        any_ledger.record_all("r", [Note("x"), CellOutput("a", "c", "stdout", "hi")])
    assert any_ledger.events("r") == []


def test_tasks_stand_as_their_events_say(any_ledger: Ledger, clock: Clock) -> None:
    begin(any_ledger, "r")
    any_ledger.record("r", RunStarted("", "papermill", ("load", "fit", "plot")))
    any_ledger.record("r", TaskStarted("load", 1, 3, "k1", "new"))
    clock.now = 1002.0
    any_ledger.record_all("r", [CellStarted("load", "c1", 0), CellFinished("load", "c1", "ok", 0.1),
                                CellStarted("load", "c2", 1)])  # fmt: skip
    load, fit, plot = any_ledger.tasks("r")
    assert (load.task, load.state, load.cells, load.cells_done, load.cell) == (
        "load", "running", 3, 1, "c2")  # fmt: skip
    assert (load.started, load.key, load.reason, load.attempt) == (1000.0, "k1", "new", 1)
    assert (fit.state, plot.position) == ("waiting", 2)
    any_ledger.record("r", TaskFinished("load", "ok", 2.0, 1, "k1", (MODEL,), {"n": 1.0},
                                        {"c": "ok"}, peak=7))  # fmt: skip
    any_ledger.record("r", TaskReused("fit", "k2", "same", "r0", "fit", (MODEL,)))
    any_ledger.record("r", TaskSkipped("plot", "not asked for"))
    load, fit, plot = any_ledger.tasks("r")
    assert load == any_ledger.task("r", "load")
    assert (load.finished, load.seconds, load.artifacts, load.metrics, load.peak, load.cell) == (
        1002.0, 2.0, (MODEL,), {"n": 1.0}, 7, None)  # fmt: skip
    assert (fit.state, fit.source_run, fit.artifacts) == ("reused", "r0", (MODEL,))
    assert (plot.state, plot.reason) == ("skipped", "not asked for")
    assert any_ledger.run("r").counts == {"ok": 1, "reused": 1, "skipped": 1}
    with pytest.raises(UnknownName, match="Did you mean 'plot'"):
        any_ledger.task("r", "plott")


def test_a_failed_attempt_waits_for_the_next(ledger: Ledger) -> None:
    begin(ledger, "r")
    oops = Failure("E", "oops")
    ledger.record_all("r", [RunStarted("", "papermill", ("a",)), TaskStarted("a", 1, 1)])
    ledger.record("r", TaskFinished("a", "failed", 1.0, 1, error=oops, again=True))
    assert (ledger.task("r", "a").state, ledger.task("r", "a").error) == ("waiting", oops)
    ledger.record_all("r", [TaskStarted("a", 2, 1), TaskFinished("a", "ok", 1.0, 2)])
    ledger.record("r", TaskFinished("a", "failed", 9.0, 1, error=oops))  # told late
    assert (ledger.task("r", "a").state, ledger.task("r", "a").error) == ("ok", None)


def test_a_fan_out_takes_the_place_of_its_step(ledger: Ledger) -> None:
    begin(ledger, "r")
    ledger.record_all("r", [RunStarted("", "papermill", ("a", "score", "z")),
                            TaskFinished("score[]", "ok", 0.1)])  # fmt: skip
    names = tuple(f"score[{n}]" for n in range(11))
    ledger.record("r", TasksAdded("score", names, tuple(f"item {n}" for n in range(11))))
    rows = ledger.tasks("r")
    assert [row.task for row in rows] == ["a", "score[]", *names, "z"]
    assert (rows[2].label, rows[2].step, rows[2].item) == ("item 0", "score", 0)
    ledger.record("r", TasksAdded("score", names[:2], ("x", "y")))
    assert [row.task for row in ledger.tasks("r")] == ["a", "score[]", *names[:2], "z"]


@pytest.mark.parametrize("label", ["short", "long " * 200, "half of a pair \ud800"])
def test_items_that_wait_keep_their_labels(any_ledger: Ledger, label: str) -> None:
    any_ledger.begin_run(NewRun("r", "/p"))
    any_ledger.record("r", RunStarted("", "warm", ("a",)))
    any_ledger.record("r", TasksAdded("a", ("a[0]",), (label,)))
    assert any_ledger.tasks("r") == [TaskRow("a[0]", 0, label)]


def test_a_resumed_run_keeps_what_ended_well(ledger: Ledger, clock: Clock) -> None:
    begin(ledger, "r")
    tasks = ("a", "b", "c")
    ledger.record_all("r", [RunStarted("", "papermill", tasks), TaskFinished("a", "ok", 1.0),
                            TaskStarted("b", 1, 1)])  # fmt: skip
    assert ledger.mark_interrupted("r")
    assert not ledger.mark_interrupted("r")
    assert [row.state for row in ledger.tasks("r")] == ["ok", "interrupted", "skipped"]
    assert ledger.run("r").state == "interrupted"
    clock.now = 2000.0
    ledger.record("r", RunStarted("", "papermill", tasks, resumed=True))
    assert [row.state for row in ledger.tasks("r")] == ["ok", "waiting", "waiting"]
    row = ledger.run("r")
    assert (row.state, row.started, row.finished) == ("running", 1000.0, None)


def test_a_result_is_kept_under_its_key_and_the_first_one_stays(any_ledger: Ledger) -> None:
    assert any_ledger.keep_result(RESULT)
    other = StoredResult("key-1", "r2", "train", "/p", "train")
    assert not any_ledger.keep_result(other)
    assert any_ledger.known(["key-1", "key-2"])["key-1"].run == "r"
    kept = any_ledger.known(["key-1"])["key-1"]
    assert kept == StoredResult(**{name: getattr(RESULT, name) for name in RESULT.__slots__[:-1]},
                                at=1000.0)  # fmt: skip
    assert any_ledger.keep_result(other, replace=True)
    assert any_ledger.known(["key-1"])["key-1"].run == "r2"


def test_many_keys_are_looked_up_at_once(any_ledger: Ledger) -> None:
    any_ledger.keep_result(RESULT)
    assert set(any_ledger.known([f"key-{n}" for n in range(1200)])) == {"key-1"}


def test_the_newest_result_of_a_step_tells_its_ingredients(
    any_ledger: Ledger, clock: Clock
) -> None:
    for key, now in (("x", 9.0), ("y", 3.0)):
        clock.now = now
        any_ledger.keep_result(StoredResult(key, "r", "a", "/p", "a", parts={"cell 1": key}))
    any_ledger.keep_result(StoredResult("z", "r", "a", "/q", "a"))
    last = any_ledger.last_result_of("/p", "a")
    assert last is not None
    assert (last.key, last.parts) == ("y", {"cell 1": "y"})


def test_the_first_task_that_left_an_artifact_is_remembered(any_ledger: Ledger) -> None:
    begin(any_ledger, "r")
    any_ledger.record("r", TaskFinished("a", "ok", 1.0, artifacts=(MODEL,)))
    any_ledger.record("r", TaskFinished("b", "ok", 1.0, artifacts=(MODEL,)))
    row = any_ledger.artifact(MODEL.digest)
    assert (row.run, row.task, row.size, row.preview) == ("r", "a", 10, {"text": "{}"})
    with pytest.raises(UnknownName):
        any_ledger.artifact(digest("f"))


def test_requests_wait_for_the_engine(any_ledger: Ledger, clock: Clock) -> None:
    begin(any_ledger, "r")
    assert any_ledger.requests("r") == []
    any_ledger.request("r", "cancel", by="ann")
    clock.now = 1001.0
    any_ledger.request("r", "cancel", by="bob")
    (asked,) = any_ledger.requests("r")
    assert (asked.what, asked.by, asked.at) == ("cancel", "bob", 1001.0)
    clock.now = 5.0
    any_ledger.request("r", "cancel", by="cid")
    (later,) = any_ledger.requests("r")
    assert later.by == "cid"
    assert later.at > asked.at
