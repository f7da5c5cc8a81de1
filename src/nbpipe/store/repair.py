"""What mends a store after a crash, without asking: nothing that was whole is lost."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nbpipe.store import audit
from nbpipe.store.blobs import file_digest
from nbpipe.store.invariants import faults_of, faults_of_objects
from nbpipe.store.projection import View, closing
from nbpipe.store.unnamed import remove_unnamed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from nbpipe.store.faults import Fault, What
    from nbpipe.store.store import Store


_ROUNDS = 3
"""How often to look again: what an engine left is nobody's once its run is ended."""


def repair(
    store: Store, thorough: bool = False, now: float | None = None
) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """Put right what can be put right; returns what was done, a sentence each, and what is left.

    Bytes that are gone are looked for in the run's folder and in the project. Where they are
    not found it is written down that they are lost, and results that rest on them are
    forgotten: their steps run again.

    Parameters
    ----------
    store, thorough, now
        As for `nbpipe.store.invariants.faults_of`.

    Raises
    ------
    StoreError
        If the store cannot be read or written.
    """
    done: list[str] = []
    at = time.time() if now is None else now
    _forget_found(store)
    left = faults_of(store, thorough, now)
    for _ in range(_ROUNDS):
        mendable = [fault for fault in left if fault.what in MENDABLE]
        if not mendable:
            break
        done += _mend(store, mendable)
        if any(fault.what == "unnamed" for fault in mendable) and remove_unnamed(store, at):
            done.append("Bytes that nothing names were removed.")
        left = faults_of(store, thorough, now)
    return tuple(dict.fromkeys(done)), left


def _mend(store: Store, faults: list[Fault]) -> list[str]:
    done = []
    for what, cure in _CURES.items():
        done += [cure(store, fault) for fault in _each(faults, what)]
    for fault in faults_of_objects(store):  # with what was found again
        if fault.what == "result":
            done.append(_forget_result(store, fault))
    return done


def _each(faults: Iterable[Fault], what: What) -> Iterator[Fault]:
    """Yield the faults of a kind; where a run is mended as a whole, once a run."""
    seen = set()
    for fault in faults:
        mark = (fault.run, "" if what == "not-ended" else fault.name)
        if fault.what == what and mark not in seen:
            seen.add(mark)
            yield fault


def _rebuild(store: Store, fault: Fault) -> str:
    store.ledger.rebuild(fault.run)
    return f"How run {fault.run} stands was derived from its events anew."


def _interrupt(store: Store, fault: Fault) -> str:
    store.ledger.mark_interrupted(fault.run)
    return f"Run {fault.run} counts as interrupted; `nbpipe resume {fault.run}` goes on with it."


def _release(store: Store, fault: Fault) -> str:
    store.ledger.release(fault.run)
    return f"Run {fault.run} is held by no engine any more."


def _end_tasks(store: Store, fault: Fault) -> str:
    tasks = {task.task: task for task in store.ledger.tasks(fault.run)}
    store.ledger.record_all(fault.run, closing(View(tasks=tasks), "the run ended before it")[:-1])
    return f"The tasks that run {fault.run} left open are ended."


def _find_again(store: Store, fault: Fault) -> str:
    """Put bytes back from a plain copy; else write down that they are lost."""
    digest = fault.name
    for path in _copies(store, fault.run):
        with suppress(OSError):
            if file_digest(str(path)) == digest:
                store.blobs.put_bytes(path.read_bytes())
                return f"The bytes {digest[:19]}… were put back from {path}."
    if fault.what == "damaged":
        store.blobs.delete(digest)
    with store.ledger.database.writing(durable=True) as connection:
        connection.run(
            "INSERT INTO lost (digest, at) VALUES (:digest, :at) ON CONFLICT DO NOTHING",
            digest=digest, at=store.ledger.clock(),
        )  # fmt: skip
    return f"The bytes {digest[:19]}… of run {fault.run} are lost; what needs them runs again."


def _copies(store: Store, run: str) -> Iterator[Path]:
    """Yield plain files that may hold bytes of a run: its notebooks, its sources, what it wrote."""
    yield from sorted((store.local / "runs" / run).glob("*.ipynb"))
    row = store.ledger.run(run)
    project = Path(row.project)
    yield from (project / path for path in row.sources)
    for task in store.ledger.tasks(run):
        yield from (project / one.name for one in task.artifacts if one.kind == "file")


def _forget_result(store: Store, fault: Fault) -> str:
    with store.ledger.database.writing(durable=True) as connection:
        connection.run("DELETE FROM results WHERE key = :key", key=fault.name)
    return "Results that rested on lost bytes are not used again."


def _remove(store: Store, fault: Fault) -> str:
    path = store.local / fault.name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return f"{fault.name} was removed."


def _remove_half(store: Store, fault: Fault) -> str:
    (store.local / fault.name).unlink(missing_ok=True)
    return f"{fault.name} was removed; it is made again when somebody asks for it."


def _forget_found(store: Store) -> None:
    """What is there again is not lost any more."""
    with store.ledger.database.reading() as connection:
        gone = audit.lost(connection)
    back = [{"digest": digest} for digest in gone if store.blobs.state(digest) == "intact"]
    if back:
        with store.ledger.database.writing() as connection:
            connection.run_each("DELETE FROM lost WHERE digest = :digest", back)


_CURES: Mapping[What, Callable[[Store, Fault], str]] = {
    "projection": _rebuild,
    "no-engine": _interrupt,
    "claim": _release,
    "not-ended": _end_tasks,
    "missing": _find_again,
    "damaged": _find_again,
    "half-written": _remove_half,
    "leftover": _remove,
}
"""How each kind of fault is mended, in this order; results come last."""

MENDABLE: frozenset[What] = frozenset({*_CURES, "result", "unnamed"})
"""What can be mended without asking anybody."""
