"""What cells write: bounded in the notebook, rate-limited to those who watch, whole in the log."""

from __future__ import annotations

import re
import threading
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from nbpipe.events import CellOutput

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from nbpipe.events import Tell

    Stream = Literal["stdout", "stderr", "display"]

KEPT = 5_000_000
"""Characters of one stream that a cell keeps in the executed notebook."""

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def plain(text: str) -> str:
    """Return `text` without terminal escape sequences."""
    return _ESCAPE.sub("", text)


class Kept:
    """The head and the tail of a text, with a notice of what was left out between them.

    Parameters
    ----------
    limit
        Characters that it holds at most, the notice not counted.
    """

    def __init__(self, limit: int = KEPT) -> None:
        self._half = limit // 2
        self._head: list[str] = []
        self._tail: deque[str] = deque()
        self._head_size = self._tail_size = self._dropped = 0

    def add(self, text: str) -> None:
        """Add to the end."""
        room = self._half - self._head_size
        if room > 0:
            self._head.append(text[:room])
            self._head_size += min(room, len(text))
            text = text[room:]
        if text:
            self._tail.append(text)
            self._tail_size += len(text)
            self._trim()

    def _trim(self) -> None:
        while self._tail_size > self._half:
            first = self._tail.popleft()
            over = self._tail_size - self._half
            self._tail_size -= len(first)
            self._dropped += min(over, len(first))
            if len(first) > over:
                self._tail.appendleft(first[over:])
                self._tail_size += len(first) - over

    def text(self) -> str:
        """Return what is kept."""
        notice = (
            f"\n[nbpipe: {self._dropped:,} characters left out here; the log has them all]\n"
            if self._dropped
            else ""
        )
        return "".join([*self._head, notice, *self._tail])


def cut(text: str, limit: int) -> str:
    """Return the head and the tail of a text that is longer than `limit`."""
    if len(text) <= limit:
        return text
    kept = Kept(limit)
    kept.add(text)
    return kept.text()


class Log:
    """The whole text that an attempt wrote, in a file, headed by the cell that wrote it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._cell = ""
        self._new_line = True

    def write(self, cell: str, text: str) -> None:
        """Append what `cell` wrote."""
        if cell != self._cell:
            self._file.write(f"{'' if self._new_line else chr(10)}── {cell}\n")
            self._cell = cell
        self._file.write(text)
        self._new_line = text.endswith("\n")

    def close(self) -> None:
        """Bring everything to the file."""
        self._file.close()


class Teller:
    """Tells what cells write while they run, at most some events and some characters a second.

    Parameters
    ----------
    tell
        Where `CellOutput` goes.
    task
        The task's id.
    clock
        Seconds, never going back.
    pause
        Least seconds between two rounds of events.
    rate
        Characters a second; what comes faster is told as a notice and its end.
    """

    def __init__(
        self,
        tell: Tell,
        task: str,
        clock: Callable[[], float] = monotonic,
        pause: float = 0.04,
        rate: int = 64_000,
    ) -> None:
        self._tell, self._task, self._clock = tell, task, clock
        self._pause, self._rate = pause, rate
        self._waiting: dict[tuple[str, Stream], Kept] = {}
        self._budget = float(rate)
        self._last = clock() - pause
        self._lock = threading.Lock()

    def write(self, cell: str, stream: Stream, text: str) -> None:
        """Take a piece of text; it is told now or a little later."""
        with self._lock:
            self._waiting.setdefault((cell, stream), Kept(self._rate)).add(text)
        self.flush()

    def flush(self, force: bool = False) -> None:
        """Tell what waits, if it is time or `force` is true."""
        with self._lock:
            now = self._clock()
            if not self._waiting or (now - self._last < self._pause and not force):
                return
            self._budget = min(self._rate, self._budget + (now - self._last) * self._rate)
            self._last = now
            for (cell, stream), kept in self._waiting.items():
                text = self._afford(kept.text())
                self._tell(CellOutput(self._task, cell, stream, text))
            self._waiting.clear()

    def _afford(self, text: str) -> str:
        room = max(0, int(self._budget))
        self._budget -= min(len(text), room)
        if len(text) <= room:
            return text
        return f"[nbpipe: {len(text) - room:,} characters not shown here]\n" + text[-room:] * (
            room > 0
        )
