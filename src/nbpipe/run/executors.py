"""Where orders go: the seam between the engine's loop and the processes that do the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbpipe.events import Event
    from nbpipe.run.order import Order, Result


@dataclass(frozen=True, slots=True)
class Told:
    """A worker told of something on its way (a cell began, wrote, ended)."""

    event: Event


@dataclass(frozen=True, slots=True)
class Done:
    """A worker gave its verdict."""

    result: Result


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker ended without a verdict; the attempt may be made again."""

    task: str
    attempt: int
    why: str


Message = Told | Done | Lost


class Executor(Protocol):
    """Takes orders and tells how they go; at most `slots` at a time keep it busy."""

    slots: int

    def submit(self, order: Order) -> None:
        """Take an order; returns at once."""

    def poll(self, timeout: float) -> Sequence[Message]:
        """Return what has come in, waiting at most `timeout` seconds for the first."""

    def cancel(self, task: str) -> None:
        """End the task's attempt: interrupt, then terminate, then kill. It is told as Done."""

    def close(self) -> None:
        """End all workers and free what they held."""
