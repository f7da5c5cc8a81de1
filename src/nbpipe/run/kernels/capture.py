"""Takes what a process writes, by Python or beneath it, while a cell runs in it."""

from __future__ import annotations

import io
import os
import select
import sys
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NAMES = {1: "stdout", 2: "stderr"}


class Stream(io.TextIOBase):
    """Stands for ``sys.stdout`` or ``sys.stderr``: text is collected and told a little later."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(
        self, number: int, take: Callable[[str, str], None], flush: Callable[[], None]
    ) -> None:
        self._number, self._take, self._flush = number, take, flush
        self.name = f"<{_NAMES[number]}>"

    def write(self, text: str, /) -> int:
        """Take text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._take(_NAMES[self._number], text)
        return len(text)

    def flush(self) -> None:
        """Tell what was written."""
        self._flush()

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the number that subprocesses write to."""
        return self._number


class Capture:
    """Captures standard output and error of this process, from its creation to `close`.

    Parameters
    ----------
    tell
        Takes ``{"stream": NAME, "text": TEXT}``.
    """

    def __init__(self, tell: Callable[[Mapping[str, Any]], None]) -> None:
        self._tell = tell
        self._lock = threading.RLock()
        self._waiting: list[tuple[str, str]] = []
        self._size, self._told = 0, monotonic()
        self._pipes = {self._divert(number): name for number, name in _NAMES.items()}
        sys.stdout, sys.stderr = (Stream(number, self._take, self.flush) for number in _NAMES)
        self._open = True
        self._thread = threading.Thread(target=self._listen, name="capture", daemon=True)
        self._thread.start()

    @staticmethod
    def _divert(number: int) -> int:
        reader, writer = os.pipe()
        os.dup2(writer, number)
        os.close(writer)
        os.set_blocking(reader, False)
        return reader

    def _take(self, name: str, text: str) -> None:
        with self._lock:
            self._waiting.append((name, text))
            self._size += len(text)
            if self._size > 16_384 or monotonic() - self._told > 0.05:
                self._tell_waiting()

    def _tell_waiting(self) -> None:
        pieces, self._waiting, self._size = self._waiting, [], 0
        self._told = monotonic()
        while pieces:
            name = pieces[0][0]
            count = next((i for i, piece in enumerate(pieces) if piece[0] != name), len(pieces))
            self._tell({"stream": name, "text": "".join(text for _, text in pieces[:count])})
            pieces = pieces[count:]

    def flush(self) -> None:
        """Tell all that was written until now."""
        with self._lock:
            self._drain()
            self._tell_waiting()

    def discard(self) -> None:
        """Forget what was written and not yet told."""
        with self._lock:
            self._drain()
            self._waiting, self._size = [], 0

    def _drain(self) -> None:
        for pipe, name in self._pipes.items():
            try:
                while data := os.read(pipe, 65_536):
                    self._take(name, data.decode("utf-8", "replace"))
            except BlockingIOError:
                continue

    def _listen(self) -> None:
        pipes = list(self._pipes)
        while self._open:
            ready, _, _ = select.select(pipes, [], [], 0.1)
            if ready or self._waiting:
                self.flush()
            if ready:
                threading.Event().wait(0.01)  # a closed pipe is always ready

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def close(self) -> None:
        """Tell the rest."""
        self._open = False
        self.flush()
