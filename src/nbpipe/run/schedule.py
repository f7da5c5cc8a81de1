"""What may start: steps whose predecessors all ended well, within what the machine has."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from nbpipe.compile.order import neighbours

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbpipe.compile.pipeline import Edge, Resources


class Schedule:
    """The steps of a run, and how far they are; knows nothing of how a step is run.

    A step is opened when all before it ended well, and ended once, well or not. What waits for
    a step that did not end well is blocked, and all that waits for that in turn.
    """

    def __init__(self, steps: Sequence[str], edges: Iterable[Edge]) -> None:
        before, after = neighbours(steps, edges)
        position = {name: index for index, name in enumerate(steps)}
        self._after = {name: sorted(after[name], key=position.__getitem__) for name in steps}
        self._missing = {name: len(before[name]) for name in steps}
        self._ready = deque(name for name in steps if not before[name])
        self._open: set[str] = set()
        self._left = set(steps)

    @property
    def done(self) -> bool:
        """Whether every step ended or is blocked."""
        return not self._left

    def take(self) -> str | None:
        """Open the next step that may start; None if there is none now."""
        if not self._ready:
            return None
        name = self._ready.popleft()
        self._open.add(name)
        return name

    def end(self, name: str, *, well: bool) -> list[str]:
        """End an open step; returns the steps that can no longer run because of it."""
        self._open.discard(name)
        self._left.discard(name)
        if not well:
            return self._block(name)
        for other in self._after[name]:
            self._missing[other] -= 1
            if self._missing[other] == 0 and other in self._left:
                self._ready.append(other)
        return []

    def stop(self) -> list[str]:
        """Open nothing more; returns the steps that will not run."""
        unopened = [name for name in self._missing if name in self._left - self._open]
        self._left -= set(unopened)
        self._ready.clear()
        return unopened

    def _block(self, name: str) -> list[str]:
        blocked: list[str] = []
        todo = deque(self._after[name])
        while todo:
            other = todo.popleft()
            if other in self._left:
                self._left.discard(other)
                blocked.append(other)
                todo.extend(self._after[other])
        return blocked


class Room:
    """What the machine has left for tasks: cores, bytes of memory, GPUs."""

    def __init__(self, cpu: float, memory: int, gpu: int) -> None:
        self.total = (cpu, memory, gpu)
        self.used = [0.0, 0, 0]

    def fits(self, asked: Resources) -> bool:
        """Whether a task may start now; one that asks for more than there is runs alone."""
        if not any(self.used):
            return True
        wants = self._wants(asked)
        return all(u + w <= t for u, w, t in zip(self.used, wants, self.total, strict=True))

    def take(self, asked: Resources) -> None:
        """Note that a task holds what it asked for."""
        self.used = [u + w for u, w in zip(self.used, self._wants(asked), strict=True)]

    def give_back(self, asked: Resources) -> None:
        """Note that it no longer does."""
        self.used = [u - w for u, w in zip(self.used, self._wants(asked), strict=True)]

    def _wants(self, asked: Resources) -> tuple[float, int, int]:
        return (asked.cpu, asked.memory or 0, asked.gpu)
