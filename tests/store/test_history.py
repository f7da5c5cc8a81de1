"""Lists of runs and tasks, and what people say of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nbpipe.errors import UnknownName, UsageError
from nbpipe.events import RunFinished, RunStarted, TaskFinished, TasksAdded, TaskStarted
from nbpipe.store.rows import NewRun, StepMetric, Which, WhichTasks

if TYPE_CHECKING:
    from nbpipe.store.ledger import Ledger

    from .conftest import Clock


def begin(
    ledger: Ledger, *runs: str, project: str = "/p", path: str = "", **parameters: Any
) -> None:
    for run in runs:
        ledger.begin_run(NewRun(run, project, path, "demo", parameters))


def found(ledger: Ledger, **chosen: Any) -> list[str]:
    return [row.id for row in ledger.history.runs(Which(**chosen))[0]]


def test_tags_and_notes_are_kept_and_replaced(any_ledger: Ledger) -> None:
    begin(any_ledger, "a", "b")
    any_ledger.annotate("a", tags=[" best ", "paper", "best"], note="the one to show")
    row = any_ledger.run("a")
    assert (row.tags, row.note, row.pinned) == (("best", "paper"), "the one to show", False)
    any_ledger.annotate("a", tags=["paper"], pinned=True)
    row = any_ledger.run("a")
    assert (row.tags, row.note, row.pinned) == (("paper",), "the one to show", True)
    assert any_ledger.run("b").tags == ()


@pytest.mark.parametrize("tag", ["", "  ", "x" * 61, "two\nlines"])
def test_a_tag_that_is_no_tag_is_refused_and_nothing_is_written(ledger: Ledger, tag: str) -> None:
    begin(ledger, "a")
    with pytest.raises(UsageError, match="characters"):
        ledger.annotate("a", tags=["fine", tag], note="new")
    assert (ledger.run("a").tags, ledger.run("a").note) == ((), "")


def test_too_much_is_refused(ledger: Ledger) -> None:
    begin(ledger, "a")
    with pytest.raises(UsageError, match="50 tags"):
        ledger.annotate("a", tags=[f"t{n}" for n in range(51)])
    with pytest.raises(UsageError, match="10000"):
        ledger.annotate("a", note="x" * 10_001)
    with pytest.raises(UnknownName):
        ledger.annotate("none", note="x")


def test_the_tags_of_a_project_are_counted(any_ledger: Ledger) -> None:
    begin(any_ledger, "a", "b")
    begin(any_ledger, "c", project="/other")
    for run in ("a", "b", "c"):
        any_ledger.annotate(run, tags=["best", run])
    assert any_ledger.history.tags("/p") == {"a": 1, "b": 1, "best": 2}


def test_what_is_said_of_a_run_goes_with_it(any_ledger: Ledger) -> None:
    begin(any_ledger, "a")
    any_ledger.annotate("a", tags=["best"])
    any_ledger.record("a", RunFinished("ok", 1.0))
    any_ledger.delete_run("a")
    assert any_ledger.history.tags("/p") == {}


def test_runs_are_chosen_by_what_is_known_of_them(any_ledger: Ledger) -> None:
    begin(any_ledger, "a1", path="x.ipynb", n=1, label="big one")
    begin(any_ledger, "a2", path="", n=12)
    begin(any_ledger, "b3", path="y.ipynb", n=1)
    any_ledger.annotate("a1", tags=["Best", "paper"], note="100% of_it")
    any_ledger.annotate("b3", tags=["paper"], pinned=True)
    any_ledger.record("a2", RunFinished("failed", 1.0))
    assert found(any_ledger, project="/p") == ["b3", "a2", "a1"]
    assert found(any_ledger, project="/q") == []
    assert found(any_ledger, paths=("x.ipynb", "")) == ["a2", "a1"]
    assert found(any_ledger, state="failed") == ["a2"]
    assert found(any_ledger, pinned=True) == ["b3"]
    assert found(any_ledger, tags=("paper",)) == ["b3", "a1"]
    assert found(any_ledger, tags=("paper", "Best")) == ["a1"]
    assert found(any_ledger, words="bEst ") == ["a1"]
    assert found(any_ledger, words="A") == ["b3", "a2", "a1"]  # "paper"
    assert found(any_ledger, words="x.ip") == ["a1"]
    assert found(any_ledger, words="n=1") == ["b3", "a1"]
    assert found(any_ledger, words="n=12") == ["a2"]
    assert found(any_ledger, words="label=big") == []
    assert found(any_ledger, words="n=1 y.ipynb") == ["b3"]
    assert found(any_ledger, before="b3") == ["a2", "a1"]


@pytest.mark.parametrize("word", ["%", "_", "100%", "of_it", "'"])
def test_a_word_means_itself(any_ledger: Ledger, word: str) -> None:
    begin(any_ledger, "a", "b")
    any_ledger.annotate("a", note="100% of_it's")
    assert found(any_ledger, words=word) == ["a"]


def test_a_list_goes_on_where_it_ended_and_knows_how_many_there_are(any_ledger: Ledger) -> None:
    begin(any_ledger, *(f"r{n}" for n in range(5)))
    first, count = any_ledger.history.runs(Which(project="/p"), 2)
    more, still = any_ledger.history.runs(Which(project="/p", before=first[-1].id), 2)
    assert [row.id for row in (*first, *more)] == ["r4", "r3", "r2", "r1"]
    assert (count, still) == (5, 5)


def fan_out(ledger: Ledger, clock: Clock) -> None:
    begin(ledger, "r")
    items = tuple(f"score[{n}]" for n in range(3))
    ledger.record_all("r", [
        RunStarted("", "warm", ("load", "score")),
        TaskStarted("load", 1, 1), TaskFinished("load", "ok", 2.0, metrics={"rows": 3.0}),
        TaskFinished("score[]", "ok", 0.1), TasksAdded("score", items, ("Aa", "bb%", "cc")),
        TaskStarted("score[0]", 1, 1),
    ])  # fmt: skip
    clock.now += 5
    ledger.record_all("r", [
        TaskFinished("score[0]", "ok", 5.0, metrics={"auc": 0.5}),
        TaskStarted("score[1]", 1, 1), TaskFinished("score[1]", "failed", 1.0),
    ])  # fmt: skip


def test_the_tasks_of_a_run_are_summed_by_step(any_ledger: Ledger, clock: Clock) -> None:
    fan_out(any_ledger, clock)
    load, score = any_ledger.history.steps("r")
    assert (load.step, load.counts, load.seconds) == ("load", {"ok": 1}, 2.0)
    assert score.counts == {"ok": 1, "failed": 1, "waiting": 1}
    assert (score.step, score.started, score.finished, score.seconds) == (
        "score", 1000.0, 1005.0, 6.0,
    )  # fmt: skip


def test_tasks_are_listed_page_by_page_and_found(any_ledger: Ledger, clock: Clock) -> None:
    fan_out(any_ledger, clock)

    def names(**chosen: Any) -> list[str]:
        part = {name: chosen.pop(name) for name in ("first", "limit") if name in chosen}
        return [row.task for row in any_ledger.history.tasks("r", WhichTasks(**chosen), **part)[0]]

    assert names() == ["load", "score[0]", "score[1]", "score[2]"]
    assert names(step="score", first=1, limit=1) == ["score[1]"]
    assert any_ledger.history.tasks("r", WhichTasks("score"), limit=1)[1] == 3
    assert names(state="waiting") == ["score[2]"]
    assert names(words="aA") == ["score[0]"]
    assert names(words="%") == ["score[1]"]
    assert names(step="scor") == []


def test_metrics_are_read_without_the_tasks(any_ledger: Ledger, clock: Clock) -> None:
    fan_out(any_ledger, clock)
    begin(any_ledger, "empty")
    assert any_ledger.history.metrics(["r", "empty"]) == {
        "r": [StepMetric("load", "rows", 3.0), StepMetric("score", "auc", 0.5)]
    }
    assert any_ledger.history.metrics([]) == {}


def test_metrics_of_items_are_taken_together(any_ledger: Ledger, clock: Clock) -> None:
    fan_out(any_ledger, clock)
    any_ledger.record("r", TaskFinished("score[2]", "ok", 1.0, metrics={"auc": 1.0}))
    assert any_ledger.history.metrics(["r"])["r"][1] == StepMetric("score", "auc", 0.75, 2)


def test_metrics_of_another_attempt_take_the_place_of_the_first(any_ledger: Ledger) -> None:
    begin(any_ledger, "r")
    any_ledger.record("r", RunStarted("", "warm", ("a",)))
    for value in (1.0, 2.0):
        any_ledger.record("r", TaskStarted("a", int(value), 1))
        any_ledger.record("r", TaskFinished("a", "ok", 1.0, int(value), metrics={"m": value}))
    any_ledger.rebuild("r")
    assert any_ledger.history.metrics(["r"]) == {"r": [StepMetric("a", "m", 2.0)]}
