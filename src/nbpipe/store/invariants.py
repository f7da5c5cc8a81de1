"""The checker: what in a store breaks one of the nine invariants, as far as a store can tell.

`faults_of` is the one door, for tests as for ``nbpipe doctor``. It only looks;
`nbpipe.store.repair` mends.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nbpipe.errors import DamagedObject, MissingObject
from nbpipe.store import audit, engines, leftovers, tables
from nbpipe.store.faults import Fault
from nbpipe.store.unnamed import unnamed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.store.blobs import ObjectState
    from nbpipe.store.store import Store


def faults_of(store: Store, thorough: bool = False, now: float | None = None) -> tuple[Fault, ...]:
    """Return what breaks an invariant, as far as a store can tell; nothing is changed.

    Parameters
    ----------
    store
        The store.
    thorough
        Hash all bytes, also of objects that nobody touched.
    now
        The time (UTC, seconds since 1970); by default the clock's.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    at = time.time() if now is None else now
    found = [*_of_runs(store, at), *faults_of_objects(store, thorough)]
    idle = not store.ledger.runs(limit=1, state="running")
    for project in {run.project for run in store.ledger.runs(limit=1 << 31)}:
        found += leftovers.left_in_project(Path(project))
    found += leftovers.left_behind(store.local, idle, at)
    found += leftovers.half_written(store.local)
    found += _unnamed(store, at)
    found += leftovers.open_to_others(store.local)
    return tuple(found)


def _of_runs(store: Store, now: float) -> Iterator[Fault]:
    ledger = store.ledger
    stale = ledger.stale(now)
    for run in stale:
        yield Fault("I1", "no-engine", f"Run {run} lost its engine.", run)
    for row in ledger.runs(limit=1 << 31):
        with ledger.database.reading() as connection:
            yield from audit.faults_of_run(connection, row.id)
    with ledger.database.reading() as connection:
        for run in audit.claims_of_ended(connection):
            engine = tables.find_engine(connection, run)
            if engine is not None and not engines.is_alive(engine, now):
                yield Fault("I1", "claim", f"Run {run} ended, and an engine still holds it.", run)


def faults_of_objects(store: Store, thorough: bool = False) -> Iterator[Fault]:
    """Yield bytes that are named and not there as they were, and results that rest on such."""
    with store.ledger.database.reading() as connection:
        named = audit.digests_named(connection)
        known = audit.lost(connection)
        results = list(audit.results_named(connection))
    bad: set[str] = set()
    for digest, (run, size) in named.items():
        how = _state(store, digest, size, thorough)
        if how != "intact":
            bad.add(digest)
            if digest not in known:
                yield _of_object(digest, run, how)
    for key, task, digests in results:
        if any(d in bad or (d not in named and not store.blobs.has(d)) for d in digests):
            text = f"The result that is kept of {task} rests on bytes that are gone."
            yield Fault("I2", "result", text, name=key)


def _unnamed(store: Store, now: float) -> Iterator[Fault]:
    found = unnamed(store, now)
    if found:
        text = f"Nothing names {len(found)} of the objects ({sum(found.values()):,} bytes)."
        yield Fault("I8", "unnamed", text)


def _of_object(digest: str, run: str, how: Literal["missing", "damaged"]) -> Fault:
    said = "gone from the store" if how == "missing" else "not as they were stored"
    return Fault("I2", how, f"Run {run}: the bytes {digest[:19]}… are {said}.", run, digest)


def _state(store: Store, digest: str, size: int | None, thorough: bool) -> ObjectState:
    how = store.blobs.state(digest, size)
    if how == "intact" and thorough:
        try:
            store.blobs.verify(digest)
        except MissingObject:
            return "missing"
        except DamagedObject:
            return "damaged"
    return how
