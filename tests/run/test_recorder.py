"""The recorder: short batches, and nothing is told as finished that is not in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbpipe.errors import UnknownName
from nbpipe.events import (
    CellOutput,
    Note,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskReused,
    TaskStarted,
)
from nbpipe.run.recorder import BEAT, MOST, PATIENCE, PAUSE, Recorder
from nbpipe.store.rows import NewRun, StoredResult
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbpipe.events import Event

ENDED = TaskFinished("a", "ok", 0.1)
RESULT = StoredResult("key-a", "r", "a", "/p", "a")


class Desk:
    """A recorder, its clock, and what was passed on."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = 100.0
        self.told: list[Event] = []
        self.recorder = Recorder(store, "r", self.told.append, lambda: self.now)

    @property
    def written(self) -> list[Event]:
        return [one.event for one in self.store.ledger.events("r")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Store.open(tmp_path / "store") as store:
        store.ledger.begin_run(NewRun("r", "/p"))
        yield Desk(store)


def test_a_task_is_told_as_finished_once_that_is_written(desk: Desk) -> None:
    desk.recorder.tell(ENDED)
    desk.recorder.keep(RESULT)
    assert (desk.told, desk.written, desk.store.ledger.known(["key-a"])) == ([], [], {})
    desk.now += 2 * PAUSE
    desk.recorder.asked()
    assert desk.told == desk.written == [ENDED]
    assert set(desk.store.ledger.known(["key-a"])) == {"key-a"}


def test_what_happens_is_passed_on_at_once_and_in_order(desk: Desk) -> None:
    started, note = TaskStarted("b", 1, 1), Note("later")
    desk.recorder.tell(started)
    assert (desk.told, desk.written) == ([started], [])
    desk.recorder.tell(ENDED)
    desk.recorder.tell(note)
    assert desk.told == [started]
    desk.recorder.flush()
    assert desk.told == desk.written == [started, ENDED, note]


def test_the_end_of_the_run_is_written_and_passed_on_at_once(desk: Desk) -> None:
    events = [RunStarted("", "papermill", ("a",)), ENDED, RunFinished("ok", 1.0)]
    for event in events:
        desk.recorder.tell(event)
    assert desk.told == desk.written == events


def test_many_events_do_not_wait_for_the_time(desk: Desk) -> None:
    for number in range(MOST):
        desk.recorder.asked()
        assert desk.written == []
        desk.recorder.tell(Note(str(number)))
    desk.recorder.asked()
    assert len(desk.written) == MOST


def test_tasks_that_are_reused_wait_longer_until_something_else_happens(desk: Desk) -> None:
    reused = TaskReused("b", "key-b", "nothing changed", "earlier", "b")
    desk.recorder.tell(reused)
    desk.now += 2 * PAUSE
    desk.recorder.asked()
    assert (desk.told, desk.written) == ([reused], [])
    desk.recorder.tell(Note("something"))
    desk.recorder.asked()
    assert desk.written == desk.told
    desk.recorder.tell(reused)
    desk.now += PATIENCE * PAUSE
    desk.recorder.asked()
    assert desk.written == desk.told


def test_a_result_that_waits_can_be_looked_up(desk: Desk) -> None:
    desk.recorder.keep(RESULT)
    assert desk.recorder.results == {"key-a": RESULT}
    desk.recorder.flush()
    assert not desk.recorder.results


def test_what_cells_write_is_in_the_file_after_each_batch(desk: Desk) -> None:
    desk.recorder.tell(CellOutput("a", "c", "stdout", "hello"))
    desk.recorder.flush()
    assert '"hello"' in (desk.store.run_folder("r") / "output.jsonl").read_text()
    desk.recorder.close()


@pytest.mark.parametrize("jump", [-3600.0, 0.001, 3600.0])
def test_a_run_is_cancelled_whatever_happens_to_the_clock(desk: Desk, jump: float) -> None:
    ledger, now = desk.store.ledger, desk.store.ledger.clock()
    ledger.clock = lambda: now
    ledger.request("r", "cancel", "before")
    recorder = Recorder(desk.store, "r", desk.told.append, lambda: desk.now, ledger.requests("r"))
    desk.now += BEAT
    assert recorder.asked() == ""  # that stopped the run before it was resumed
    ledger.clock = lambda: now + jump
    ledger.request("r", "cancel", "somebody")
    desk.now += BEAT
    assert recorder.asked() == "somebody cancelled the run"


def test_a_run_is_cancelled_by_who_cancelled_it_before_and_while_the_clock_stands(
    desk: Desk,
) -> None:
    ledger, now = desk.store.ledger, desk.store.ledger.clock()
    ledger.clock = lambda: now
    ledger.request("r", "cancel", "somebody")
    recorder = Recorder(desk.store, "r", desk.told.append, lambda: desk.now, ledger.requests("r"))
    ledger.request("r", "cancel", "somebody")
    desk.now += BEAT
    assert recorder.asked() == "somebody cancelled the run"


def test_a_batch_that_cannot_be_written_is_not_told(desk: Desk) -> None:
    desk.recorder.run = "gone"
    desk.recorder.tell(ENDED)
    desk.recorder.keep(RESULT)
    with pytest.raises(UnknownName):
        desk.recorder.flush()
    assert (desk.told, desk.store.ledger.known(["key-a"])) == ([], {})
