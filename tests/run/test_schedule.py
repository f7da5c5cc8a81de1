"""What may start: steps whose predecessors ended well, within what the machine has."""

from __future__ import annotations

from nbpipe.compile.pipeline import Edge, Resources
from nbpipe.run.schedule import Room, Schedule


def schedule(names: str, drawn: str) -> Schedule:
    return Schedule(list(names), [Edge(pair[0], pair[1], "data") for pair in drawn.split()])


def take_all(one: Schedule) -> str:
    return "".join(iter(one.take, None))


def test_independent_steps_may_start_together() -> None:
    assert take_all(schedule("abc", "ac bc")) == "ab"


def test_a_step_starts_once_all_before_it_ended_well() -> None:
    one = schedule("abc", "ac bc")
    take_all(one)
    one.end("a", well=True)
    assert take_all(one) == ""
    one.end("b", well=True)
    assert take_all(one) == "c"


def test_a_failed_step_blocks_what_depends_on_it_and_nothing_else() -> None:
    one = schedule("abcde", "ab bc de")
    assert take_all(one) == "ad"
    assert one.end("a", well=False) == ["b", "c"]
    one.end("d", well=True)
    assert take_all(one) == "e"
    assert not one.done
    one.end("e", well=True)
    assert one.done


def test_a_step_blocked_twice_is_named_once() -> None:
    one = schedule("abc", "ac bc")
    take_all(one)
    assert one.end("a", well=False) == ["c"]
    assert one.end("b", well=False) == []
    assert one.done


def test_stopping_names_what_was_not_opened() -> None:
    one = schedule("abc", "ab")
    assert one.take() == "a"
    assert one.stop() == ["b", "c"]
    assert take_all(one) == ""
    one.end("a", well=True)
    assert one.done


def test_tasks_share_the_cores() -> None:
    room = Room(2, 100, 0)
    room.take(Resources())
    assert room.fits(Resources())
    room.take(Resources())
    assert not room.fits(Resources())
    room.give_back(Resources())
    assert room.fits(Resources())


def test_tasks_share_the_memory() -> None:
    room = Room(8, 100, 0)
    room.take(Resources(memory=60))
    assert not room.fits(Resources(memory=60))
    assert room.fits(Resources(memory=40))


def test_a_task_that_asks_for_more_than_there_is_runs_alone() -> None:
    room = Room(2, 100, 0)
    assert room.fits(Resources(cpu=16, memory=10**12, gpu=2))
    room.take(Resources(cpu=16))
    assert not room.fits(Resources())
