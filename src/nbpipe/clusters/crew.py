"""Local executors of one slot, kept between orders in a process that belongs to a cluster."""

from __future__ import annotations

import threading
from collections import defaultdict
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from nbpipe.run.executors import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbpipe.events import Event
    from nbpipe.run.executors import Done, Executor, Lost
    from nbpipe.run.order import Order

KEEP = 60.0
"""Seconds that an idle executor is kept where nobody says that its run has ended."""

LOOK = 0.2
"""Seconds between two looks at whether the order is still wanted."""

GATHER = 0.1
"""Seconds in which events are gathered, to be sent together."""


class Crew:
    """Executors that wait for their next order; what they hold stays warm.

    Every thread of the host borrows one and uses it alone. Those of an owner are ended together;
    those whose owner is gone without a word are ended after a while.

    Parameters
    ----------
    make
        Makes an executor of one slot.
    keep
        Seconds that an idle one is kept.
    """

    def __init__(self, make: Callable[[], Executor], keep: float = KEEP) -> None:
        self.make = make
        self.keep = keep
        self._lock = threading.Lock()
        self._idle: defaultdict[str, list[tuple[float, Executor]]] = defaultdict(list)
        self._gone: set[str] = set()
        self._timer: threading.Timer | None = None

    @contextmanager
    def lent(self, owner: str) -> Iterator[Executor]:
        """Lend one that the owner has used before, or a new one; keep it for the next order."""
        with self._lock:
            idle = self._idle[owner]
            executor = idle.pop()[1] if idle else self.make()
        try:
            yield executor
        except BaseException:  # nobody knows what it is at
            executor.close()
            raise
        self._keep(owner, executor)

    def _keep(self, owner: str, executor: Executor) -> None:
        with self._lock:
            wanted = owner not in self._gone
            if wanted:
                self._idle[owner].append((monotonic(), executor))
                self._watch()
        if not wanted:
            executor.close()

    def end(self, owner: str) -> int:
        """End the owner's idle executors now and all others when they come back."""
        with self._lock:
            self._gone.add(owner)
        return self.clear(owner)

    def clear(self, owner: str) -> int:
        """End the owner's idle executors; returns how many there were."""
        with self._lock:
            idle = self._idle.pop(owner, [])
        for _, executor in idle:
            executor.close()
        return len(idle)

    def end_idle(self, now: float) -> None:
        """End those that have been idle for longer than they are kept."""
        late: list[Executor] = []
        with self._lock:
            for owner, idle in list(self._idle.items()):
                late += [executor for since, executor in idle if now - since >= self.keep]
                self._idle[owner] = [one for one in idle if now - one[0] < self.keep]
                if not self._idle[owner]:
                    del self._idle[owner]
        for executor in late:
            executor.close()

    def _watch(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self.keep, self._look)
            self._timer.daemon = True
            self._timer.start()

    def _look(self) -> None:
        self.end_idle(monotonic())
        with self._lock:
            self._timer = None
            if self._idle:
                self._watch()


def attend(
    executor: Executor,
    order: Order,
    tell: Callable[[Sequence[Event]], None],
    wanted: Callable[[], bool],
    clock: Callable[[], float] = monotonic,
) -> Done | Lost:
    """Give an order to an executor and return how it ended.

    Parameters
    ----------
    executor
        Of one slot, idle.
    order
        What is to be done.
    tell
        Takes what happens meanwhile, a few events at a time.
    wanted
        Whether somebody still waits for the result; the attempt is cancelled if nobody does.
    clock
        Tells the time in seconds.
    """
    executor.submit(order)
    events: list[Event] = []
    sent, cancelled = clock(), False
    while True:
        messages = executor.poll(GATHER if events else LOOK)
        events += [message.event for message in messages if isinstance(message, Told)]
        ends = [message for message in messages if not isinstance(message, Told)]
        if events and (ends or clock() - sent >= GATHER):
            tell(events)
            events, sent = [], clock()
        if ends:
            return ends[0]
        if not cancelled and not wanted():
            cancelled = True
            executor.cancel(order.task)
