from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nbpipe.errors import RunBusy, UnknownName
from nbpipe.events import Artifact, RunFinished, TaskFinished, TaskReused
from nbpipe.store.engines import identity, is_alive, this_engine
from nbpipe.store.ledger import EngineRow, NewRun, StoredResult
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.store.blobs import LocalBlobs
    from nbpipe.store.ledger import Ledger

    from .conftest import Clock

FAR = EngineRow("far.example", 42, "boot/1")


def begin(ledger: Ledger, *runs: str) -> None:
    for run in runs:
        ledger.begin_run(NewRun(run, "/p"))


def end(ledger: Ledger, *runs: str) -> None:
    for run in runs:
        ledger.record(run, RunFinished("ok", 1.0))


# engines


def test_a_run_has_one_engine(any_ledger: Ledger, clock: Clock) -> None:
    begin(any_ledger, "r")
    any_ledger.claim("r", FAR)
    any_ledger.claim("r", FAR)  # its own
    with pytest.raises(RunBusy, match=r"process 42 on far\.example"):
        any_ledger.claim("r")
    clock.now += 25
    any_ledger.beat("r")
    clock.now += 25
    with pytest.raises(RunBusy):
        any_ledger.claim("r")
    clock.now += 25
    any_ledger.claim("r")
    engine = any_ledger.engine("r")
    assert engine is not None
    assert (engine.pid, engine.beat) == (os.getpid(), None)
    any_ledger.release("r")
    assert any_ledger.engine("r") is None
    any_ledger.claim("r", FAR)


def test_a_dead_engine_of_this_machine_holds_nothing(ledger: Ledger) -> None:
    begin(ledger, "r")
    ledger.claim("r", replace(this_engine(), process="another boot/1"))
    ledger.claim("r")
    ledger.claim("r", this_engine())
    with pytest.raises(RunBusy, match="nbpipe cancel r"):
        ledger.claim("r", FAR)


def test_a_process_is_known_by_more_than_its_number() -> None:
    me = this_engine()
    assert me.host == socket.gethostname()
    assert is_alive(me, 1e12)
    assert identity(me.pid) == me.process
    assert not is_alive(replace(me, process="earlier"), 0.0)
    assert identity(2**22 + 1) is None


@pytest.mark.parametrize(
    ("engine", "beat", "now", "stale"),
    [
        (None, None, 1020.0, False),
        (None, None, 1040.0, True),
        (FAR, None, 1020.0, False),
        (FAR, None, 1040.0, True),
        (FAR, 1030.0, 1040.0, False),
        (FAR, 1030.0, 1070.0, True),
        (this_engine(), None, 9999.0, False),
        (replace(this_engine(), process="earlier"), 1000.0, 1000.0, True),
    ],
)
def test_runs_without_a_living_engine_are_found(
    any_ledger: Ledger, engine: EngineRow | None, beat: float | None, now: float, stale: bool
) -> None:
    begin(any_ledger, "r", "ended")
    end(any_ledger, "ended")
    if engine is not None:
        any_ledger.claim("r", engine)
    if beat is not None:
        any_ledger.beat("r", beat)
    assert any_ledger.stale(now, 30.0) == (["r"] if stale else [])


# garbage


def left(blobs: LocalBlobs, data: bytes, **preview: object) -> Artifact:
    return Artifact(data.decode(), blobs.put_bytes(data), len(data), "value", preview=preview)


def test_the_newest_runs_of_each_project_stay(ledger: Ledger) -> None:
    for run in ("a", "b", "c", "d"):
        begin(ledger, run)
        end(ledger, run)
    ledger.begin_run(NewRun("other", "/q"))
    end(ledger, "other")
    begin(ledger, "live")
    ledger.pin("a")
    assert ledger.garbage(keep_last=2).runs == ("b", "c")
    assert ledger.garbage().runs == ()
    ledger.pin("a", False)
    assert ledger.garbage(keep_last=0).runs == ("a", "b", "c", "d", "other")


def test_only_old_runs_go(ledger: Ledger, clock: Clock) -> None:
    for run in ("a", "b"):
        begin(ledger, run)
        end(ledger, run)
        clock.now += 100
    assert ledger.garbage(older_than=150).runs == ("a",)
    assert ledger.garbage(older_than=150, keep_last=5).runs == ()


def test_bytes_go_with_the_last_run_that_refers_to_them(
    any_ledger: Ledger, blobs: LocalBlobs
) -> None:
    picture, source = blobs.put_bytes(b"png"), blobs.put_bytes(b"{}")
    only = left(blobs, b"only old", image=picture, parts={"a": {"files": {"svg": picture}}})
    shared = left(blobs, b"shared")
    any_ledger.begin_run(NewRun("old", "/p", sources={"a.ipynb": source}))
    any_ledger.record("old", TaskFinished("a", "ok", 1.0, 1, "k", (only, shared)))
    any_ledger.keep_result(StoredResult("k", "old", "a", "/p", "a", (only,)))
    begin(any_ledger, "new")
    any_ledger.record("new", TaskFinished("b", "ok", 1.0, 1, "k2", (shared,)))
    end(any_ledger, "old", "new")
    plan = any_ledger.garbage(keep_last=1)
    assert plan.runs == ("old",)
    assert plan.digests == {only.digest, picture, source}
    assert plan.size == only.size
    assert blobs.missing(plan.digests) == set()
    assert any_ledger.collect(plan, blobs) == len(b"only old") + len(b"png") + len(b"{}")
    assert list(blobs.digests()) == [shared.digest]
    assert any_ledger.known(["k"]) == {}
    assert [row.id for row in any_ledger.runs()] == ["new"]
    with pytest.raises(UnknownName):
        any_ledger.artifact(only.digest)
    assert any_ledger.collect(plan, blobs) == 0


def test_a_result_that_a_kept_run_reused_stays(ledger: Ledger, blobs: LocalBlobs) -> None:
    value = left(blobs, b"value")
    begin(ledger, "old")
    ledger.record("old", TaskFinished("a", "ok", 1.0, 1, "k", (value,)))
    ledger.keep_result(StoredResult("k", "old", "a", "/p", "a", (value,)))
    begin(ledger, "new")
    ledger.record("new", TaskReused("a", "k", "same", "old", "a", (value,)))
    end(ledger, "old", "new")
    ledger.collect(ledger.garbage(keep_last=1), blobs)
    assert [row.id for row in ledger.runs()] == ["new"]
    assert ledger.known(["k"])["k"].artifacts == (value,)
    assert blobs.read(value.digest) == b"value"


def test_what_changed_since_the_plan_is_heeded(ledger: Ledger, blobs: LocalBlobs) -> None:
    value = left(blobs, b"value")
    for run in ("a", "b"):
        begin(ledger, run)
        ledger.record(run, TaskFinished("x", "ok", 1.0, artifacts=(value,)))
        end(ledger, run)
    plan = ledger.garbage(keep_last=0)
    assert plan.digests == {value.digest}
    ledger.pin("b")
    assert ledger.collect(plan, blobs) == 0
    assert [row.id for row in ledger.runs()] == ["b"]
    assert blobs.has(value.digest)


def test_a_running_run_loses_nothing(ledger: Ledger, blobs: LocalBlobs, clock: Clock) -> None:
    value = left(blobs, b"value")
    begin(ledger, "old")
    ledger.record("old", TaskFinished("x", "ok", 1.0, artifacts=(value,)))
    end(ledger, "old")
    clock.now = blobs.touched(value.digest)
    begin(ledger, "live")
    blobs.put_bytes(b"value")  # put anew by the live run, not yet told
    assert ledger.collect(ledger.garbage(keep_last=0), blobs) == 0
    assert [row.id for row in ledger.runs()] == ["live"]
    assert blobs.has(value.digest)
    end(ledger, "live")
    assert ledger.collect(ledger.garbage(), blobs) == 5


def test_old_bytes_go_while_another_run_goes_on(
    ledger: Ledger, blobs: LocalBlobs, clock: Clock
) -> None:
    value = left(blobs, b"value")
    begin(ledger, "old")
    ledger.record("old", TaskFinished("x", "ok", 1.0, artifacts=(value,)))
    end(ledger, "old")
    clock.now = blobs.touched(value.digest) + 3600
    begin(ledger, "live")
    assert ledger.collect(ledger.garbage(keep_last=0), blobs) == 5


def test_a_run_is_forgotten_when_it_ended(any_ledger: Ledger) -> None:
    begin(any_ledger, "r")
    with pytest.raises(RunBusy):
        any_ledger.delete_run("r")
    end(any_ledger, "r")
    any_ledger.delete_run("r")
    assert any_ledger.runs() == []
    assert any_ledger.events("r") == []


def test_a_store_removes_the_files_of_runs_that_went(blobs: LocalBlobs) -> None:
    with Store.open(blobs.folder) as store:
        for run in ("a", "b"):
            begin(store.ledger, run)
            end(store.ledger, run)
            (store.run_folder(run) / "output.jsonl").write_text("{}")
        store.collect(store.ledger.garbage(keep_last=1))
        assert [path.name for path in (store.local / "runs").iterdir()] == ["b"]


@pytest.mark.parametrize("run", ["", "..", "a/b", ".hidden", "a\0", "x" * 200])
def test_run_folders_have_plain_names(blobs: LocalBlobs, run: str) -> None:
    with pytest.raises(ValueError, match="not fit"):
        Store.open(blobs.folder).run_folder(run)


def test_runs_with_a_tag_stay_where_that_is_asked_for(ledger: Ledger) -> None:
    begin(ledger, "a", "b", "c")
    end(ledger, "a", "b", "c")
    ledger.annotate("b", tags=("paper",))
    assert ledger.garbage(keep_last=0).runs == ("a", "b", "c")
    assert ledger.garbage(keep_last=0, keep_tagged=True).runs == ("a", "c")


def test_a_store_tells_how_much_it_holds(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        one, other = left(store.blobs, b"12345"), left(store.blobs, b"1234567")
        begin(store.ledger, "r", "s")
        for run, artifacts in (("r", (one,)), ("s", (one, other))):
            store.ledger.record(run, TaskFinished("a", "ok", 1.0, 1, "k", artifacts))
        space = store.space()
        assert space.held == 12
        assert space.free > 0
