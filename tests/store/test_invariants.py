"""What a crash leaves in a store is found, told in sentences, mended, and then gone."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nbpipe.events import Artifact, RunFinished, RunStarted, TaskFinished, TaskStarted
from nbpipe.store.engines import this_engine
from nbpipe.store.faults import INVARIANTS
from nbpipe.store.invariants import faults_of
from nbpipe.store.ledger import NewRun, StoredResult
from nbpipe.store.repair import MENDABLE, repair
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEAD = replace(this_engine(), process="an earlier boot/1")


class Desk:
    """A store with a run of two tasks that ended well."""

    def __init__(self, store: Store, project: Path) -> None:
        self.store, self.project = store, project
        self.source = store.blobs.put_bytes(b"{}")
        self.value = self.put("x", b"1", "value")
        self.book = self.put("a.ipynb", b'{"cells": []}\n', "notebook")
        self.begin("r")
        self.tell("r", RunStarted("", "warm", ("a", "b")), *self.ends("a"), *self.ends("b"))
        self.tell("r", RunFinished("ok", 1.0))

    def put(self, name: str, data: bytes, kind: str) -> Artifact:
        return Artifact(name, self.store.blobs.put_bytes(data), len(data), kind)  # type: ignore[arg-type]

    def begin(self, run: str) -> None:
        self.store.ledger.begin_run(
            NewRun(run, str(self.project), sources={"n.ipynb": self.source})
        )

    def ends(self, task: str) -> tuple[TaskStarted, TaskFinished]:
        left = (self.value, self.book)
        return TaskStarted(task, 1, 1, f"k-{task}"), TaskFinished(
            task, "ok", 0.5, 1, f"k-{task}", left
        )

    def tell(self, run: str, *events: object) -> None:
        results = [
            StoredResult(f"k-{e.task}", run, e.task, str(self.project), e.task, e.artifacts)
            for e in events if isinstance(e, TaskFinished) and e.state == "ok"
        ]  # fmt: skip
        self.store.ledger.record_all(run, events, results)  # type: ignore[arg-type]

    def sql(self, text: str, **values: object) -> None:
        with self.store.ledger.database.writing() as connection:
            connection.run(text, **values)

    def place(self, digest: str) -> Path:
        return self.store.local / "objects" / digest[7:9] / digest[9:]

    def file(self, name: str, data: bytes = b"half") -> Path:
        path = self.store.local / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Store.open(tmp_path / ".nbpipe") as store:
        yield Desk(store, tmp_path)


def test_a_sound_store_has_no_faults(desk: Desk) -> None:
    assert faults_of(desk.store, thorough=True) == ()


def lost_engine(desk: Desk) -> None:
    desk.begin("s")
    desk.store.ledger.claim("s", DEAD)
    desk.tell("s", RunStarted("", "warm", ("a", "b")), TaskStarted("a", 1, 1))
    desk.store.blobs.scratch("task-" + "0" * 24)


def open_task(desk: Desk) -> None:
    desk.begin("s")
    desk.tell("s", RunStarted("", "warm", ("a", "b")), TaskStarted("a", 1, 1))
    desk.tell("s", RunFinished("failed", 1.0))


def left_claim(desk: Desk) -> None:
    desk.store.ledger.claim("r", DEAD)


def removed(desk: Desk) -> None:
    desk.place(desk.value.digest).unlink()


def cut(desk: Desk) -> None:
    path = desk.place(desk.value.digest)
    path.chmod(0o600)
    path.write_bytes(b"")


def flipped(desk: Desk) -> None:
    """Other bytes of the same length, and the file's time put back."""
    path = desk.place(desk.value.digest)
    seen = path.stat()
    path.chmod(0o600)
    path.write_bytes(b"2")
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def wrong_state(desk: Desk) -> None:
    desk.sql("UPDATE runs SET state = 'failed' WHERE id = 'r'")


def wrong_task(desk: Desk) -> None:
    desk.sql("UPDATE tasks SET body = replace(body, '0.5', '0.6') WHERE task = 'a'")


def no_task(desk: Desk) -> None:
    desk.sql("DELETE FROM tasks WHERE task = 'b'")


def no_uses(desk: Desk) -> None:
    desk.sql("DELETE FROM uses WHERE digest = :d", d=desk.value.digest)


def half_notebook(desk: Desk) -> None:
    desk.file("runs/r/a.ipynb", b'{"cells": [')


def zeros(desk: Desk) -> None:
    desk.file("runs/r/a.ipynb", b"\0" * 100)


def put_left(desk: Desk) -> None:
    desk.file(f"tmp/put-{2**22 + 1}-0123456789ab")


def ledger_left(desk: Desk) -> None:
    desk.file(f"ledger.db.new-{2**22 + 1}-01234567")


def left_in_the_project(desk: Desk) -> None:
    (desk.project / f".nbpipe.lock.nbpipe-{2**22 + 1}-01234567").write_text("half")


def copy_left(desk: Desk) -> None:
    desk.file(f"runs/r/.a.ipynb.nbpipe-{2**22 + 1}-01234567")


CASES: list[tuple[Callable[[Desk], None], set[str]]] = [
    (lost_engine, {"no-engine"}),
    (open_task, {"not-ended"}),
    (left_claim, {"claim"}),
    (removed, {"missing", "result"}),
    (cut, {"damaged", "result"}),
    (flipped, {"damaged", "result"}),
    (wrong_state, {"projection"}),
    (wrong_task, {"projection"}),
    (no_task, {"projection"}),
    (no_uses, {"projection"}),
    (half_notebook, {"half-written"}),
    (zeros, {"half-written"}),
    (put_left, {"leftover"}),
    (ledger_left, {"leftover"}),
    (copy_left, {"leftover"}),
    (left_in_the_project, {"leftover"}),
]


@pytest.mark.parametrize(("spoil", "whats"), CASES, ids=[case[0].__name__ for case in CASES])
def test_what_a_crash_leaves_is_found_and_mended_and_then_gone(
    desk: Desk, spoil: Callable[[Desk], None], whats: set[str]
) -> None:
    spoil(desk)
    found = faults_of(desk.store, thorough=True)
    assert {fault.what for fault in found} == whats
    assert all(fault.text.endswith(".") and fault.rule in INVARIANTS for fault in found)
    done, left = repair(desk.store, thorough=True)
    assert done
    assert left == ()
    assert repair(desk.store, thorough=True) == ((), ())


def test_every_kind_of_fault_that_is_mended_is_made_here() -> None:
    made_elsewhere = {"unnamed"}  # when a day went by: tests/store/test_unnamed.py
    assert {what for _, whats in CASES for what in whats} == MENDABLE - made_elsewhere


def test_a_result_on_lost_bytes_is_not_used_again_and_others_are(desk: Desk) -> None:
    desk.tell("r", TaskStarted("c", 1, 1), TaskFinished("c", "ok", 1.0, 1, "k-c", (desk.book,)))
    removed(desk)
    repair(desk.store)
    assert set(desk.store.ledger.known(["k-a", "k-b", "k-c"])) == {"k-c"}


def test_bytes_are_put_back_from_the_copy_in_the_run_s_folder(desk: Desk) -> None:
    desk.file("runs/r/a.ipynb", b'{"cells": []}\n')
    desk.place(desk.book.digest).unlink()
    done, left = repair(desk.store)
    assert left == ()
    assert "put back from" in done[0]
    assert desk.store.blobs.read(desk.book.digest) == b'{"cells": []}\n'
    assert desk.store.ledger.known(["k-a"])


def test_sources_are_put_back_from_the_project(desk: Desk) -> None:
    (desk.project / "n.ipynb").write_bytes(b"{}")
    desk.place(desk.source).unlink()
    repair(desk.store)
    assert desk.store.blobs.read(desk.source) == b"{}"


def test_lost_bytes_that_are_made_again_are_lost_no_more(desk: Desk) -> None:
    removed(desk)
    repair(desk.store)
    desk.store.blobs.put_bytes(b"1")
    repair(desk.store)
    removed(desk)
    assert {fault.what for fault in faults_of(desk.store)} == {"missing"}


def test_events_out_of_order_are_told_and_left_alone(desk: Desk) -> None:
    desk.sql("UPDATE events SET seq = 99 WHERE seq = 2")
    _, left = repair(desk.store)
    assert {fault.what for fault in left} >= {"order"}
    assert "event 2 is missing" in left[0].text


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ((TaskFinished("c", "ok", 1.0, 1),), "c ended without having begun"),
        ((TaskStarted("c", 2, 1), TaskFinished("c", "ok", 1.0, 1)), "end of attempt 1 for 2's"),
        ((TaskStarted("c", 1, 1), TaskStarted("c", 1, 1)), "began attempt 1 while it was running"),
    ],
)
def test_ends_of_the_wrong_attempt_are_told(
    desk: Desk, events: tuple[object, ...], said: str
) -> None:
    desk.begin("s")
    desk.tell("s", RunStarted("", "warm", ("c",)), *events)
    assert any(said in fault.text for fault in faults_of(desk.store))


def test_a_run_with_a_bad_task_does_not_count_as_ok(desk: Desk) -> None:
    desk.begin("s")
    desk.tell("s", RunStarted("", "warm", ("c",)), TaskStarted("c", 1, 1))
    desk.tell("s", TaskFinished("c", "failed", 1.0, 1), RunFinished("ok", 1.0))
    assert [fault.rule for fault in faults_of(desk.store)] == ["I6"]


def test_what_a_living_run_works_at_is_left_alone(desk: Desk) -> None:
    desk.begin("s")
    desk.store.ledger.claim("s")
    scratch = desk.store.blobs.scratch("task-" + "0" * 24)
    mine = desk.file(f"tmp/put-{os.getpid()}-0123456789ab")
    assert repair(desk.store) == ((), ())
    assert scratch.exists()
    assert mine.exists()


def test_a_store_that_others_may_look_into_is_told(desk: Desk) -> None:
    desk.store.local.chmod(0o755)
    assert [fault.rule for fault in faults_of(desk.store)] == ["I9"]


def test_looking_changes_nothing(desk: Desk) -> None:
    for spoil in (lost_engine, removed, half_notebook, put_left):
        spoil(desk)
    before = sorted(str(path) for path in desk.store.local.rglob("*"))
    found = faults_of(desk.store, thorough=True)
    assert faults_of(desk.store, thorough=True) == found
    assert sorted(str(path) for path in desk.store.local.rglob("*")) == before
