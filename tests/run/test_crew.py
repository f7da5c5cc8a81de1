"""Executors kept beside a cluster's workers: lent, kept warm, ended; and one order attended to."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import pytest

from nbpipe.clusters.crew import Crew, attend
from nbpipe.events import CellOutput, Note
from nbpipe.run.executors import Done, Lost, Told
from nbpipe.run.memory import ScriptedExecutor
from nbpipe.run.order import Order, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbpipe.events import Event
    from nbpipe.run.executors import Message

ORDER = Order("r", "t", 1, "k", {}, "python", "python3", "warm", "/p", "/p", "/s")


def made() -> ScriptedExecutor:
    return ScriptedExecutor(lambda order: Result(order.task, order.attempt, "ok", 1.0), 1)


def test_an_executor_is_lent_again_to_the_same_owner_alone() -> None:
    crew = Crew(made)
    with crew.lent("ann") as first:
        pass
    with crew.lent("bob") as other:
        assert other is not first
        with crew.lent("ann") as again:
            assert again is first
    crew.end("ann")
    crew.end("bob")


def test_two_threads_of_an_owner_get_an_executor_each() -> None:
    crew = Crew(made)
    with crew.lent("ann") as first, crew.lent("ann") as second:
        assert first is not second
    assert crew.end("ann") == 2


def test_what_an_owner_kept_is_closed_with_it_and_the_rest_when_it_comes_back() -> None:
    crew = Crew(made)
    kept, late = made(), made()
    crew.make = iter((late, kept)).__next__
    with crew.lent("ann") as first, crew.lent("ann"):
        pass
    with crew.lent("ann") as lent:
        assert crew.end("ann") == 1
        assert not lent.closed  # type: ignore[attr-defined]
    assert kept.closed
    assert late.closed
    assert first in (kept, late)


def test_what_is_idle_can_be_closed_while_the_owner_stays() -> None:
    crew = Crew(made)
    with crew.lent("ann") as first:
        pass
    assert crew.clear("ann") == 1
    assert first.closed  # type: ignore[attr-defined]
    with crew.lent("ann") as second:
        pass
    assert not second.closed  # type: ignore[attr-defined]
    assert crew.end("ann") == 1


def test_one_that_failed_is_closed_and_not_lent_again() -> None:
    crew = Crew(made)
    with pytest.raises(ValueError, match="oh"), crew.lent("ann") as broken:
        raise ValueError("oh")
    assert broken.closed  # type: ignore[attr-defined]
    assert crew.end("ann") == 0


def test_what_nobody_uses_for_long_is_closed() -> None:
    crew = Crew(made, keep=60)
    with crew.lent("ann") as kept:
        pass
    crew.end_idle(monotonic() + 59)
    assert not kept.closed  # type: ignore[attr-defined]
    crew.end_idle(monotonic() + 61)
    assert kept.closed  # type: ignore[attr-defined]
    assert crew.end("ann") == 0


def test_idle_ones_are_looked_for_without_being_asked() -> None:
    crew = Crew(made, keep=0.01)
    with crew.lent("ann"):
        pass
    timer = crew._timer
    assert timer is not None
    assert timer.daemon
    timer.join()
    assert crew.end("ann") == 0


class Told3(ScriptedExecutor):
    """Gives the batches of messages that it was made with, one a poll."""

    def __init__(self, *batches: Sequence[Message]) -> None:
        super().__init__(lambda order: Lost(order.task, order.attempt, "never asked"))
        self.batches = list(batches)
        self.cancelled: list[str] = []

    def poll(self, timeout: float) -> Sequence[Message]:
        return self.batches.pop(0)

    def cancel(self, task: str) -> None:
        self.cancelled.append(task)


END = Done(Result("t", 1, "ok", 1.0))


def said(text: str) -> Told:
    return Told(CellOutput("t", "c", "stdout", text))


def test_events_close_to_each_other_are_sent_together_and_before_the_end() -> None:
    sent: list[Sequence[Event]] = []
    times = iter([0.0, 0.05, 0.08, 0.2, 0.2, 0.25, 0.26])
    executor = Told3([said("a")], [said("b")], [said("c")], [said("d")], [said("e"), END])
    assert attend(executor, ORDER, sent.append, lambda: True, times.__next__) is END
    texts = [[event.text for event in batch] for batch in sent]  # type: ignore[union-attr]
    assert texts == [["a", "b", "c"], ["d", "e"]]


def test_silence_sends_nothing() -> None:
    sent: list[Sequence[Event]] = []
    assert attend(Told3([], [], [END]), ORDER, sent.append, lambda: True) is END
    assert sent == []


def test_an_order_that_nobody_wants_any_more_is_cancelled_once() -> None:
    wanted = iter([True, False, False, False])
    executor = Told3([], [], [Told(Note("ending"))], [], [END])
    assert attend(executor, ORDER, lambda _: None, wanted.__next__) is END
    assert executor.cancelled == ["t"]


def test_a_worker_that_is_lost_is_passed_on() -> None:
    lost = Lost("t", 1, "signal 9")
    assert attend(Told3([lost]), ORDER, lambda _: None, lambda: True) is lost
