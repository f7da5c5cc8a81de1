"""An executor without processes: a function answers each order, for tests and rehearsals."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from nbpipe.run.executors import Done, Lost
from nbpipe.run.order import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbpipe.run.executors import Message
    from nbpipe.run.order import Order


class ScriptedExecutor:
    """Answers every order with what `answer` returns for it, one order a poll, oldest first.

    Parameters
    ----------
    answer
        Called when the order's turn comes; returns its result, or `Lost`.
    slots
        How many orders at a time keep it busy.

    Attributes
    ----------
    orders
        All orders it was given, in order.
    at_once
        Most orders it held at one time.
    closed
        True after `close`.
    """

    def __init__(self, answer: Callable[[Order], Result | Lost], slots: int = 2) -> None:
        self.slots = slots
        self.orders: list[Order] = []
        self.at_once = 0
        self.closed = False
        self._answer = answer
        self._held: deque[Order] = deque()
        self._ready: deque[Message] = deque()

    def submit(self, order: Order) -> None:
        """Take an order."""
        self.orders.append(order)
        self._held.append(order)
        self.at_once = max(self.at_once, len(self._held))

    def poll(self, timeout: float) -> Sequence[Message]:
        """Return what was cancelled, and the answer to the oldest order; never waits."""
        if self._held:
            answer = self._answer(self._held.popleft())
            self._ready.append(answer if isinstance(answer, Lost) else Done(answer))
        messages = tuple(self._ready)
        self._ready.clear()
        return messages

    def cancel(self, task: str) -> None:
        """End the task's attempt; it is told as Done with state ``cancelled``."""
        for order in [held for held in self._held if held.task == task]:
            self._held.remove(order)
            self._ready.append(Done(Result(order.task, order.attempt, "cancelled", 0.0)))

    def close(self) -> None:
        """Forget what was held."""
        self._held.clear()
        self.closed = True
