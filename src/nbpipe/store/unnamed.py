"""Bytes that nothing names: a process put them here and was killed before it could tell of them.

They are looked for only where one ledger alone can name them: in a folder that holds its own.
Objects at a URL, or beside a ledger that is elsewhere, may be another ledger's.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from nbpipe.errors import MissingObject
from nbpipe.store import audit
from nbpipe.store.blobs import FORGOTTEN, LocalBlobs

if TYPE_CHECKING:
    from nbpipe.store.database import Connection
    from nbpipe.store.store import Store


def unnamed(store: Store, now: float) -> dict[str, int]:
    """Return the digests of bytes that nothing names → their size.

    Parameters
    ----------
    store
        The store.
    now
        The time (UTC, seconds). What was put here less than a day before is passed over: a run
        that is about to begin puts its sources here first. So is what is older than all runs
        that the ledger knows: it may belong to a ledger that somebody moved aside.
    """
    if not _is_its_own(store):
        return {}
    with store.ledger.database.reading() as connection:
        return _found(store, connection, now)


def remove_unnamed(store: Store, now: float) -> int:
    """Remove them; returns how many bytes. While a run goes on, nothing is removed."""
    if not unnamed(store, now):
        return 0
    with store.ledger.database.writing(durable=True) as connection:  # no run begins meanwhile
        if connection.run("SELECT 1 FROM runs WHERE state = 'running' LIMIT 1"):
            return 0
        found = _found(store, connection, now)
        for digest in found:
            store.blobs.delete(digest)
    return sum(found.values())


def _is_its_own(store: Store) -> bool:
    if not isinstance(store.blobs, LocalBlobs):
        return False
    return store.ledger.database.address == str(store.blobs.folder / "ledger.db")


_SLACK = 1.0
"""Seconds by which a file's times may lag behind the clock."""


def _found(store: Store, connection: Connection, now: float) -> dict[str, int]:
    first = connection.run("SELECT MIN(begun) AS begun FROM runs")[0]["begun"]
    if first is None:
        return {}
    begun = first - _SLACK
    is_named = audit.all_named(connection)
    found: dict[str, int] = {}
    for digest in store.blobs.digests():
        with suppress(MissingObject):
            if not is_named(digest) and begun <= store.blobs.touched(digest) < now - FORGOTTEN:
                found[digest] = store.blobs.size(digest)
    return found
