"""A run's limits: the room its store may take, and what is left on the disk."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nbpipe.compile.options import read_bytes
from nbpipe.errors import StoreUnusable
from nbpipe.events import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbpipe.compile.settings import Settings
    from nbpipe.events import Tell
    from nbpipe.store.store import Space

LITTLE = 1_000_000_000
"""Bytes of free disk below which it is worth a warning."""

NEAR = 0.9
"""Share of the quota from which on it is worth one."""

PAUSE = 10.0
"""Seconds between two looks at the disk."""

CURE = "`nbpipe gc --keep-last 10` makes room."


def check_quota(space: Space, settings: Settings) -> None:
    """Refuse to begin in a store that holds more than its quota.

    Raises
    ------
    StoreUnusable
        If it does.
    """
    if settings.quota is not None and space.held > read_bytes(settings.quota):
        raise StoreUnusable(
            f"The store holds {told(space.held)}, and its quota is {settings.quota} "
            f"(nbpipe.toml). {CURE}"
        )


def warnings(space: Space, settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield a word and a sentence for each limit that is near."""
    if space.free < LITTLE:
        yield "disk", f"Only {told(space.free)} of disk are free for the store. {CURE}"
    if settings.quota is not None and space.held > NEAR * read_bytes(settings.quota):
        said = f"The store holds {told(space.held)} of its quota of {settings.quota}."
        yield "quota", f"{said} {CURE}"


def told(count: int) -> str:
    """Return a number of bytes in a few characters."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


class Watch:
    """Looks at the store's room now and then while a run goes on; each limit is told once.

    Parameters
    ----------
    look
        Tells how much room there is.
    settings
        The project's.
    tell
        Where warnings go.
    clock
        Seconds, never going back.
    """

    def __init__(
        self,
        look: Callable[[], Space],
        settings: Settings,
        tell: Tell,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look, self._settings, self._tell, self._clock = look, settings, tell, clock
        self._said: set[str] = set()
        self._next = clock()

    def look(self) -> None:
        """Look, if it is time to."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + PAUSE
        for word, sentence in warnings(self._look(), self._settings):
            if word not in self._said:
                self._said.add(word)
                self._tell(Note(sentence, level="warning"))
