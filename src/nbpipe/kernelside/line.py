"""One end of a socket over which a kernel and its client exchange whole messages."""

from __future__ import annotations

import array
import os
import socket
import threading
from contextlib import suppress

CHUNK = 1 << 16
"""Most bytes sent at once: a packet must fit the socket's buffer."""

OUT, ERR, MESSAGE = b"o", b"e", b"m"
"""Kinds of what is sent: text for the two standard streams, and JSON."""

_FIRST, _LAST = 1, 2
_ROOM = socket.CMSG_SPACE(array.array("i").itemsize)


class Line:
    """Sends and receives messages of any length over a ``SOCK_SEQPACKET`` socket.

    A packet is one whole piece, so several threads, and processes that were forked from the
    kernel, may send at the same time: the receiver puts the pieces of each together.

    Parameters
    ----------
    end
        The socket; it is closed with the line.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._parts: dict[bytes, bytearray] = {}

    def fileno(self) -> int:
        """Return the socket's number, for those who wait for several."""
        return self._end.fileno()

    def free(self) -> None:
        """After a fork: forget who held the lock."""
        self._lock = threading.Lock()

    def send(self, kind: bytes, data: bytes, files: tuple[int, ...] = ()) -> None:
        """Send a message; where nobody is left to read it, it is dropped."""
        sender = os.getpid().to_bytes(4, "little")
        with self._lock, suppress(OSError):
            for at in range(0, len(data) or 1, CHUNK):
                flags = (_FIRST if not at else 0) | (_LAST if at + CHUNK >= len(data) else 0)
                packet = [kind, bytes((flags,)), sender, data[at : at + CHUNK]]
                if files and flags & _LAST:
                    socket.send_fds(self._end, packet, list(files))
                else:
                    self._end.sendmsg(packet)

    def receive(self, wait: bool = True) -> tuple[bytes, bytes, list[int]] | None:
        """Return the next packet's message as its kind, its bytes and the files sent along.

        The kind is empty where the message goes on in the next packet. None when the other end
        is closed.

        Raises
        ------
        BlockingIOError
            Nothing is there, and it was not to wait.
        """
        flags = 0 if wait else socket.MSG_DONTWAIT
        try:
            data, more, _, _ = self._end.recvmsg(CHUNK + 16, _ROOM, flags)
        except ConnectionResetError:
            return None
        files = list(array.array("i", more[0][2])) if more else []
        if not data:
            return None
        kind, flag, sender, body = data[:1], data[1], data[2:6], data[6:]
        if flag == _FIRST | _LAST:
            return kind, body, files
        if flag & _FIRST:
            self._parts[kind + sender] = bytearray(body)
        else:
            self._parts.setdefault(kind + sender, bytearray()).extend(body)
        if not flag & _LAST:
            return b"", b"", files
        return kind, bytes(self._parts.pop(kind + sender)), files

    def close(self) -> None:
        """Close the socket."""
        self._end.close()
