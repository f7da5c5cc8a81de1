"""Bytes that nothing names: left by a process that was killed before it told of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from nbpipe.events import Artifact, Note, RunFinished, TaskFinished, TaskStarted
from nbpipe.store.blobs import FORGOTTEN
from nbpipe.store.invariants import faults_of
from nbpipe.store.ledger import NewRun, StoredResult
from nbpipe.store.repair import repair
from nbpipe.store.store import Store
from nbpipe.store.unnamed import remove_unnamed, unnamed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LATER = 2 * FORGOTTEN


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store whose one run ended."""
    with Store.open(tmp_path / "store") as store:
        value = Artifact("x", store.blobs.put_bytes(b"value"), 5, "value")
        source = store.blobs.put_bytes(b"source")
        store.ledger.begin_run(NewRun("r", "/p", sources={"n.ipynb": source}))
        result = StoredResult("k", "r", "a", "/p", "a", (value,))
        ended = [TaskStarted("a", 1, 1), TaskFinished("a", "ok", 1.0, 1, "k", (value,))]
        store.ledger.record_all("r", ended, [result])
        store.ledger.record("r", RunFinished("ok", 1.0))
        yield store


def after(store: Store) -> float:
    return store.ledger.clock() + LATER


def test_what_a_crash_left_is_found_when_it_is_a_day_old_and_removed(store: Store) -> None:
    digest = store.blobs.put_bytes(b"nobody told of these")
    assert unnamed(store, store.ledger.clock()) == {}
    assert unnamed(store, after(store)) == {digest: 20}
    assert remove_unnamed(store, after(store)) == 20
    assert not store.blobs.has(digest)
    assert len(list(store.blobs.digests())) == 2


def test_doctor_finds_it_and_mends_it(store: Store) -> None:
    store.blobs.put_bytes(b"nobody told of these")
    (fault,) = faults_of(store, now=after(store))
    assert (fault.rule, fault.what) == ("I8", "unnamed")
    assert "1 of the objects (20 bytes)" in fault.text
    assert repair(store, now=after(store)) == (("Bytes that nothing names were removed.",), ())
    assert repair(store, now=after(store)) == ((), ())


def test_what_runs_sources_results_and_forgotten_runs_name_stays(store: Store) -> None:
    store.ledger.begin_run(NewRun("gone", "/p", sources={"n.ipynb": store.blobs.put_bytes(b"old")}))
    store.ledger.record("gone", RunFinished("ok", 1.0))
    store.ledger.delete_run("gone")
    assert unnamed(store, after(store)) == {}


def test_a_file_that_a_note_says_is_kept_stays(store: Store) -> None:
    digest = store.blobs.put_bytes(b"what stood there before")
    store.ledger.record("r", Note(f"out.csv is put back; what was there is kept as {digest[:19]}…"))
    assert unnamed(store, after(store)) == {}
    store.ledger.begin_run(NewRun("s", "/p"))
    store.ledger.record("s", RunFinished("ok", 1.0))


def test_while_a_run_goes_on_nothing_is_removed(store: Store) -> None:
    digest = store.blobs.put_bytes(b"nobody told of these")
    store.ledger.begin_run(NewRun("live", "/p"))
    assert remove_unnamed(store, after(store)) == 0
    assert store.blobs.has(digest)


def test_what_is_put_here_anew_is_young_again(store: Store) -> None:
    digest = store.blobs.put_bytes(b"nobody told of these")
    seen = store.blobs.touched(digest)
    while store.blobs.touched(digest) == seen:
        store.blobs.put_bytes(b"nobody told of these")
    assert unnamed(store, seen + FORGOTTEN + 1e-6) in ({}, {digest: 20})
    assert unnamed(store, store.blobs.touched(digest) + FORGOTTEN) == {}


def test_bytes_of_a_ledger_that_was_moved_aside_stay(store: Store) -> None:
    store.close()
    (store.local / "ledger.db").rename(store.local / "ledger.db.damaged")
    for left in store.local.glob("ledger.db-*"):
        left.unlink()
    with Store.open(store.local) as again:
        assert unnamed(again, after(again)) == {}
        at = again.ledger.clock() + 5.0
        again.ledger.clock = lambda: at
        again.ledger.begin_run(NewRun("new", "/p"))
        again.ledger.record("new", RunFinished("ok", 1.0))
        assert unnamed(again, after(again)) == {}


def test_where_another_ledger_may_name_them_nothing_is_looked_for(
    store: Store, tmp_path: Path
) -> None:
    store.blobs.put_bytes(b"nobody told of these")
    shutil.copytree(store.local, tmp_path / "ledgers")
    with Store.open(store.local, ledger=str(tmp_path / "ledgers")) as elsewhere:
        assert elsewhere.ledger.run("r").state == "ok"
        assert unnamed(elsewhere, after(elsewhere)) == {}
