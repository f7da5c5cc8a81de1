"""The executor without processes."""

from __future__ import annotations

from nbpipe.run.executors import Done, Lost
from nbpipe.run.memory import ScriptedExecutor
from nbpipe.run.order import Order, Result


def order(task):
    return Order("r", task, 1, "k", {}, "python", "python3", "papermill", "/p", "/p", "/s")


def answer(asked):
    return Result(asked.task, asked.attempt, "ok", 1.0)


def test_orders_are_answered_one_a_poll_oldest_first():
    executor = ScriptedExecutor(answer)
    for task in "ab":
        executor.submit(order(task))
    assert executor.at_once == 2
    assert executor.poll(0) == (Done(Result("a", 1, "ok", 1.0)),)
    assert executor.poll(0) == (Done(Result("b", 1, "ok", 1.0)),)
    assert executor.poll(0) == ()


def test_a_lost_worker_is_told_as_such():
    executor = ScriptedExecutor(lambda asked: Lost(asked.task, asked.attempt, "gone"))
    executor.submit(order("a"))
    assert executor.poll(0) == (Lost("a", 1, "gone"),)


def test_what_is_cancelled_is_not_answered():
    executor = ScriptedExecutor(answer)
    executor.submit(order("a"))
    executor.cancel("a")
    assert [m.result.state for m in executor.poll(0)] == ["cancelled"]
    executor.close()
    assert executor.closed
