"""Every call to the disk fails once, and the power is cut at every call: old state or new."""

from __future__ import annotations

import errno
import random
from typing import TYPE_CHECKING

import pytest

from nbpipe.errors import StoreUnusable
from nbpipe.events import RunStarted, TaskFinished
from nbpipe.store import folder
from nbpipe.store.blobs import LocalBlobs, kernelside_folder
from nbpipe.store.disk import place, place_copy
from nbpipe.store.ledger import NewRun
from nbpipe.store.trouble import told

from .disks import Failing, Losing, PowerCut

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbpipe.store.disk import Disk
    from nbpipe.store.ledger import Ledger

MOST = 400


def put(store: Path, disk: Disk) -> None:
    LocalBlobs(store, disk).put_bytes(b"0123456789")


def adopt(store: Path, disk: Disk) -> None:
    blobs = LocalBlobs(store, disk)
    file = blobs.scratch("task-1") / "value"
    file.write_bytes(b"0123456789")
    blobs.adopt(file)


def scratch(store: Path, disk: Disk) -> None:
    LocalBlobs(store, disk).scratch("task-1")


def library(store: Path, disk: Disk) -> None:
    LocalBlobs(store, disk).ensure_lib()


def run_folder(store: Path, disk: Disk) -> None:
    folder.prepare(store, disk)
    folder.run_folder(store, "r")


def file(store: Path, disk: Disk) -> None:
    with told(store):
        place(disk, store.parent / "nbpipe.lock", b"new")


def copy(store: Path, disk: Disk) -> None:
    with told(store):
        place_copy(disk, store.parent / "n.ipynb", b"new")


OPERATIONS = (put, adopt, scratch, library, run_folder, file, copy)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.__name__)
def test_whichever_call_fails_a_second_try_works_and_nothing_is_half(
    tmp_path: Path, operation: Callable[[Path, Disk], None], code: int
) -> None:
    for nth in range(1, MOST):
        store = tmp_path / str(nth) / ".nbpipe"
        store.parent.mkdir()
        (store.parent / "nbpipe.lock").write_text("old")
        disk = Failing(nth, code)
        try:
            operation(store, disk)
        except StoreUnusable:
            assert disk.left <= 0
        assert (store.parent / "nbpipe.lock").read_text() in ("old", "new")
        operation(store, Failing(0))
        check(store)
        if disk.left > 0:
            break
    else:
        pytest.fail("it never succeeded")
    assert nth > 1


def check(store: Path) -> None:
    """What is there is whole, and nothing is left aside."""
    blobs = LocalBlobs(store)
    for digest in blobs.digests():
        blobs.verify(digest)
    aside = [path.name for path in store.parent.rglob("*") if ".nbpipe-" in path.name]
    assert aside == []
    assert not list(store.glob("tmp/put-*"))


def keep_some(store: Path, disk: Disk, promised: list[str]) -> None:
    """What a worker does; whatever is promised may be named by an event."""
    blobs = LocalBlobs(store, disk)
    blobs.ensure_lib()
    for number in range(4):
        promised += [blobs.put_bytes(f"value {number}".encode() * 10)]
    file = blobs.scratch("task-1") / "value"
    file.write_bytes(b"adopted" * 10)
    promised.append(blobs.adopt(file))
    place(disk, store.parent / "nbpipe.lock", b'{"version": 1}')


@pytest.mark.parametrize("seed", [None, *range(4)])
def test_what_was_promised_is_there_when_the_power_is_back(
    tmp_path: Path, seed: int | None
) -> None:
    for nth in range(1, MOST):
        before, after = tmp_path / f"{nth}-before", tmp_path / f"{nth}-after"
        before.mkdir()
        disk, promised = Losing(nth, before), list[str]()
        try:
            keep_some(before / ".nbpipe", disk, promised)
        except PowerCut:
            disk.after(after, None if seed is None else random.Random(seed * MOST + nth))
        else:
            break
        blobs = LocalBlobs(after / ".nbpipe")
        for digest in {*promised, *blobs.digests()}:
            blobs.verify(digest)
        again: list[str] = []
        keep_some(after / ".nbpipe", Failing(0), again)
        for digest in again:
            assert blobs.state(digest) == "intact"
        lock = after / "nbpipe.lock"
        assert lock.read_text() == '{"version": 1}'
        library_is_whole(blobs.ensure_lib())
    else:
        pytest.fail("the power was never on long enough")
    assert nth > 30


def library_is_whole(place: Path) -> None:
    for source in kernelside_folder().glob("*.py"):
        assert (place / "nbpipe_kernelside" / source.name).read_bytes() == source.read_bytes()


def test_the_model_loses_what_was_not_synced(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    disk = Losing(99, before)
    place_copy(disk, before / "copy", b"lost")
    place(disk, before / "file", b"kept")
    (before / "file").write_bytes(b"newer")
    disk.after(after)
    assert (after / "file").read_bytes() == b"kept"
    assert (after / "copy").read_bytes() == b""  # its name came to the disk with the other's


def test_the_end_of_a_task_is_synced_before_it_is_told(ledger: Ledger) -> None:
    ledger.begin_run(NewRun("r", "/p"))
    ledger.record("r", RunStarted("", "warm", ("a",)))
    raw = ledger.database._raw  # type: ignore[attr-defined]
    assert raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert raw.execute("PRAGMA synchronous").fetchone()[0] == 1
    ledger.record("r", TaskFinished("a", "ok", 1.0))
    assert raw.execute("PRAGMA synchronous").fetchone()[0] == 2
