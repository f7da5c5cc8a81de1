"""Runs under `failing_calls.c`: SQLite's n-th own call fails or kills, until no call is left.

``python every_call.py FOLDER WORK ENDING FIRST STRIDE`` prints how many calls were tried.
Whatever breaks a promise is an exception here.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nbpipe.errors import StoreUnusable
from nbpipe.events import Artifact, Note, RunFinished, RunStarted, TaskFinished, TaskStarted
from nbpipe.store.ledger import NewRun, StoredResult
from nbpipe.store.repair import repair
from nbpipe.store.store import Store
from tests import aftermath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHIM = ctypes.CDLL(None)
MOST = 2000
OLD = Path(__file__).parent / "ledger-1.sql"
ENDINGS = {
    "full": errno.ENOSPC, "stays full": errno.ENOSPC, "error": errno.EIO, "killed": 0, "torn": -1,
}  # fmt: skip
KINDS = (RunStarted, TaskStarted, Note, TaskFinished, RunFinished)
PROMISED = (0, 0, 0, 2, 3, 4, 5)
"""How many events there are when so many steps of a run have been done."""


def a_run(store: Store, name: str = "r") -> Iterator[Callable[[], object]]:
    """What an engine writes down in a run from its beginning to its end."""
    ledger = store.ledger
    value = Artifact("x", store.blobs.put_bytes(b"1"), 1, "value")
    result = StoredResult("k", name, "a", "/p", "a", (value,))
    yield lambda: ledger.begin_run(NewRun(name, "/p"))
    yield lambda: ledger.claim(name)
    yield lambda: ledger.record_all(name, [RunStarted("", "warm", ("a",)), TaskStarted("a", 1, 1)])
    yield lambda: ledger.record(name, Note("x" * 20_000))
    yield lambda: ledger.record_all(
        name, [TaskFinished("a", "ok", 1.0, 1, "k", (value,))], [result]
    )
    yield lambda: ledger.record(name, RunFinished("ok", 1.0))
    yield lambda: ledger.release(name)
    yield lambda: ledger.annotate(name, tags=("paper",), note="n")
    yield ledger.close


def removal(store: Store) -> Iterator[Callable[[], object]]:
    """Old runs and their bytes are removed."""
    yield lambda: store.collect(store.ledger.garbage(keep_last=1))
    yield lambda: store.ledger.rebuild("new")
    yield store.ledger.close


def migration(store: Store) -> Iterator[Callable[[], object]]:
    """An old ledger is brought forward."""
    yield lambda: store.ledger.runs()
    yield lambda: store.ledger.begin_run(NewRun("r", "/p"))
    yield store.ledger.close


WORKS = {"run": a_run, "removal": removal, "migration": migration}


def prepare(folder: Path, work: str) -> None:
    """Make the store that the work begins with."""
    folder.mkdir(mode=0o700)
    if work == "removal":
        with Store.open(folder) as store:
            for name in ("old", "new"):
                for step in a_run(store, name):
                    step()
            store.ledger.annotate("old", tags=())
    if work == "migration":
        raw = sqlite3.connect(folder / "ledger.db")
        raw.executescript(OLD.read_text())
        raw.close()


def carry_out(folder: Path, work: str, done: Path) -> bool:
    """Do the work; a step that failed is tried again. Returns whether none failed."""
    whole = True
    with Store.open(folder) as store:
        for step in WORKS[work](store):
            try:
                step()
            except StoreUnusable:
                whole = False
                SHIM.calls_arm(0, 0, 0)  # the trouble is over: the same ledger goes on
                step()
            with done.open("a") as file:
                file.write("x")
    return whole


def killed(folder: Path, work: str, done: Path, nth: int, ending: int) -> bool:
    """Do the work in a process that is killed at its n-th call; returns whether it was."""
    pid = os.fork()
    if not pid:
        SHIM.calls_arm(nth, ending, 0)
        code = 1
        with suppress(StoreUnusable):
            carry_out(folder, work, done)
            code = 0
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, -signal.SIGKILL), code
    return code != 0


def failed(folder: Path, work: str, done: Path, nth: int, ending: int, later: bool) -> bool:
    """Do the work while the n-th call fails; returns whether there was one."""
    SHIM.calls_arm(nth, ending, later)
    whole = carry_out(folder, work, done)
    met: bool = SHIM.calls_seen() >= nth
    SHIM.calls_arm(0, 0, 0)
    return met or not whole


def check(folder: Path, work: str, done: int) -> None:
    """What was told as done is there; the store is sound, and a second start works and is clean."""
    with Store.open(folder) as store:
        if work == "migration":
            assert store.ledger.run("first").state == "ok"
            store.ledger.delete_run("first")  # it is a sample, and no whole run
        _, left = repair(store, thorough=True)
        assert left == (), left
        aftermath.check_sound(store)
        if work == "run" and done:
            kinds = [type(one.event) for one in store.ledger.events("r")]
            promised = KINDS[: PROMISED[min(done, 6)]]
            assert tuple(kinds[: len(promised)]) == promised
        if work == "removal":
            assert store.blobs.read(store.ledger.task("new", "a").artifacts[0].digest) == b"1"
        for step in a_run(store, "again"):
            step()
    with Store.open(folder) as store:
        assert store.ledger.run("again").state == "ok"
        aftermath.check_sound(store)


def main(root: Path, work: str, how: str, first: int, stride: int) -> int:
    """Go through the calls of the work; returns how many were tried."""
    ending = ENDINGS[how]
    for nth in range(first, MOST, stride):
        folder, done = root / f"{nth}", root / f"{nth}.done"
        prepare(folder, work)
        done.touch()
        if ending > 0:
            more = failed(folder, work, done, nth, ending, how == "stays full")
        else:
            more = killed(folder, work, done, nth, ending)
        check(folder, work, done.stat().st_size)
        shutil.rmtree(folder)
        if not more:
            return (nth - first) // stride
    raise SystemExit("it never succeeded")


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), *sys.argv[2:4], *map(int, sys.argv[4:])))
