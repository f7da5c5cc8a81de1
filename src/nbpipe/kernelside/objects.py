"""Bytes on disk: written once while their digest is taken, found again by it."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from .failpoints import reach

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = 1 << 20
CHUNK = 1 << 24
SYNC_EVERY = 1 << 26


_FULL = (errno.ENOSPC, errno.EDQUOT)
_CURE = (
    "the disk is full, so the value could not be stored. Free some space (`nbpipe gc` removes old "
    "runs) and run again; nothing that was stored is lost"
)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Say what a full disk means for the value that is written."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise OSError(error.errno, _CURE, path) from error


def object_path(store: str, digest: str) -> str:
    """Return where the store keeps the bytes of a digest (``sha256:…``)."""
    kind, _, hexa = digest.partition(":")
    if kind != "sha256" or len(hexa) != 64 or not all(c in "0123456789abcdef" for c in hexa):
        raise ValueError(f"{digest!r} is not a digest (sha256: and 64 hexadecimal digits).")
    return os.path.join(store, "objects", hexa[:2], hexa[2:])


def file_digest(path: str) -> str:
    """Return the digest of a file's bytes."""
    sha = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while True:
            block = file.read(CHUNK)
            if not block:
                return "sha256:" + sha.hexdigest()
            sha.update(block)


def write_atomically(path: str, data: bytes) -> None:
    """Write a small file so that a reader sees the old bytes or the new ones, never a mix."""
    temporary = path + ".part"
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    reach("report-half")
    os.replace(temporary, path)


class _Aside:
    """A second thread that works one call at a time (hashing frees the interpreter lock)."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Any] = SimpleQueue()
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        for call, argument in iter(self._calls.get, None):
            try:
                call(argument)
                self._done.put(None)
            except BaseException as error:
                self._done.put(error)
            del call, argument

    def begin(self, call: Any, argument: Any) -> None:
        self._calls.put((call, argument))

    def end(self) -> None:
        error = self._done.get()
        if error is not None:
            raise error

    def stop(self) -> None:
        self._calls.put(None)
        self._thread.join()


class Sink:
    """A file open for writing that takes the digest of what is written.

    Big buffers are hashed in a second thread while they are written, and the disk is told to
    begin early, so that one pass runs near the disk's own speed.

    Attributes
    ----------
    size
        Bytes written so far.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.size = 0
        self.closed = False
        self.digest = ""
        self._file = open(path, "wb", buffering=0)  # noqa: SIM115
        self._sha = hashlib.sha256()
        self._waiting = bytearray()
        self._hasher: _Aside | None = None
        self._syncer: _Aside | None = None
        self._unsynced = 0

    def write(self, data: Any) -> int:
        """Write bytes or anything that gives its bytes as one buffer."""
        view = memoryview(data).cast("B") if not isinstance(data, bytes) else memoryview(data)
        self.size += view.nbytes
        if view.nbytes < SMALL:
            self._waiting += view
            if len(self._waiting) >= SMALL:
                self._drain()
            return view.nbytes
        self._drain()
        self._put(view)
        return view.nbytes

    def _drain(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, bytearray()
            self._put(memoryview(waiting))

    def _put(self, view: memoryview) -> None:
        if view.nbytes < SMALL:
            self._sha.update(view)
            self._write_all(view)
            return
        if self._hasher is None:
            self._hasher = _Aside()
        self._hasher.begin(self._sha.update, view)
        try:
            self._write_all(view)
        finally:
            self._hasher.end()

    def _write_all(self, view: memoryview) -> None:
        done = 0
        while done < view.nbytes:
            with _told(self.path):
                count = self._file.write(view[done : done + CHUNK])
            done += count
            self._unsynced += count
            if self._unsynced >= SYNC_EVERY:
                self._start_sync()

    def _start_sync(self) -> None:
        if self._syncer is None:
            self._syncer = _Aside()
        else:
            self._syncer.end()
        self._unsynced = 0
        self._syncer.begin(os.fsync, self._file.fileno())

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self.size

    def flush(self) -> None:
        """Do nothing: `close` brings all bytes to the disk."""

    def writable(self) -> bool:
        """Return True, as file objects do."""
        return True

    def readable(self) -> bool:
        """Return False, as file objects do."""
        return False

    def seekable(self) -> bool:
        """Return False: the digest is taken on the way."""
        return False

    def close(self) -> None:
        """Bring all bytes to the disk and set `digest`."""
        if self.closed:
            return
        try:
            self._drain()
            if self._syncer is not None:
                self._syncer.end()
            with _told(self.path):
                os.fsync(self._file.fileno())
            self.digest = "sha256:" + self._sha.hexdigest()
        finally:
            self._release()

    def _release(self) -> None:
        self.closed = True
        self._file.close()
        for aside in (self._hasher, self._syncer):
            if aside is not None:
                aside.stop()

    def abandon(self) -> None:
        """Close and remove the file."""
        if not self.closed:
            self._release()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            self.abandon()
            return
        try:
            self.close()
        except BaseException:
            self.abandon()
            raise
