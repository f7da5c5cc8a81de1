"""What a kernel on a line says, in the order in which it said it."""

from __future__ import annotations

import codecs
import json
import os
import select
from typing import TYPE_CHECKING, Any

from nbpipe.kernelside.line import ERR, MESSAGE, OUT

if TYPE_CHECKING:
    from nbpipe.run.kernels.seats import Seat

Said = tuple[str, Any]
"""``("stdout", text)``, ``("stderr", text)`` or ``("message", message)``."""

_STREAMS = {OUT: "stdout", ERR: "stderr"}


class Hearing:
    """Listens to one kernel.

    Text that subprocesses and C code write past Python's streams comes through two pipes. The
    kernel says nothing while something waits there, so all that is in the line when a pipe is
    found full was said before.

    Parameters
    ----------
    seat
        The kernel.

    Attributes
    ----------
    over
        Whether its process has ended and all that it said is told.
    """

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.over = False
        decoder = codecs.getincrementaldecoder("utf-8")
        self._pipes = {
            number: (name, decoder(errors="replace"))
            for number, name in zip(seat.texts, ("stdout", "stderr"), strict=True)
        }
        self._open = True

    def say(self, message: dict[str, Any]) -> None:
        """Send the kernel a message."""
        self.seat.line.send(MESSAGE, json.dumps(message).encode())

    def listen(self, wait: float) -> list[Said]:
        """Return what was said, waiting at most `wait` seconds for the first of it."""
        watched = [self.seat.link.fileno(), *self._pipes]
        if self._open:
            watched.append(self.seat.line.fileno())
        assert self.seat.process is not None
        ended = self.seat.process.poll() is not None  # then nothing more comes in after this
        ready, _, _ = select.select(watched, [], [], 0.0 if ended else wait)
        found = self._drain()
        for number in [number for number in self._pipes if number in ready]:
            found += self._read(number)
        self.over = ended and not found
        return found

    def _drain(self) -> list[Said]:
        """Return all that is in the line; text that follows on text of the same stream is one."""
        found: list[Said] = []
        kept: list[bytes] = []
        stream = ""

        def put() -> None:
            if kept:
                found.append((stream, b"".join(kept).decode("utf-8", "replace")))
                kept.clear()

        while self._open:
            try:
                told = self.seat.line.receive(wait=False)
            except BlockingIOError:
                break
            if told is None:
                self._open = False
                break
            kind, data, _ = told
            if kind == MESSAGE:
                put()
                found.append(("message", json.loads(data)))
            elif kind:
                if _STREAMS[kind] != stream:
                    put()
                stream = _STREAMS[kind]
                kept.append(data)
                if len(kept) > 1_000:  # others want to be heard meanwhile
                    break
        put()
        return found

    def _read(self, number: int) -> list[Said]:
        name, decoder = self._pipes[number]
        try:
            data = os.read(number, 1 << 16)
        except BlockingIOError:
            return []
        if not data:
            del self._pipes[number]
        text = decoder.decode(data, final=not data)
        return [(name, text)] if text else []
