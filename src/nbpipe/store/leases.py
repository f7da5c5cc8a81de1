"""Leases: which run makes which key now, so that two runs at once do not do the same work.

A lease belongs to a run, and lives as long as the engine that carries the run out. On this
machine that is told by its process (boot and clock tick of its start), not by any clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.events import TaskFinished
from nbpipe.store import tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbpipe.events import Event
    from nbpipe.store.database import Connection
    from nbpipe.store.ledger import Ledger

_HOLDER = (
    "SELECT l.run AS run FROM leases l JOIN runs r ON r.id = l.run "
    "WHERE l.key = :key AND l.run <> :run AND r.state = 'running'"
)
_TAKE = (
    "INSERT INTO leases (key, run) VALUES (:key, :run) "
    "ON CONFLICT (key) DO UPDATE SET run = excluded.run"
)


def take(ledger: Ledger, run: str, key: str) -> tuple[str, bool]:
    """Take the lease on a key for a run.

    Returns the run that holds it, empty if it is ours now, and whether a result is kept under
    the key by now: another run may have made it since it was looked for.

    A lease of a run that ended, or whose engine is gone, is nobody's.
    """
    with ledger.database.writing() as connection:
        for row in connection.run(_HOLDER, key=key, run=run):
            engine = tables.find_engine(connection, row["run"])
            if engine is not None and ledger.alive(engine, ledger.clock()):
                return str(row["run"]), False
        connection.run(_TAKE, key=key, run=run)
        made = connection.run("SELECT 1 FROM results WHERE key = :key", key=key)
    return "", bool(made)


def give_back(connection: Connection, run: str, events: Iterable[Event]) -> None:
    """Let go of the keys whose tasks ended: in the transaction that keeps what they left."""
    ended = [e.key for e in events if isinstance(e, TaskFinished) and e.key]
    connection.run_each(
        "DELETE FROM leases WHERE key = :key AND run = :run",
        [{"key": key, "run": run} for key in ended],
    )
