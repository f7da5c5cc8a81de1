from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nbpipe.errors import StoreTooNew, StoreUnusable
from nbpipe.events import Note
from nbpipe.store.database import SqliteDatabase
from nbpipe.store.ledger import Ledger, NewRun
from nbpipe.store.schema import STEPS
from nbpipe.store.server import ServerDatabase

SOURCE = str(Path(__file__).parents[2] / "src")
MORE = (*STEPS, ("ALTER TABLE runs ADD COLUMN mood TEXT NOT NULL DEFAULT 'fine'",))
BROKEN = (*STEPS, ("CREATE TABLE half (a TEXT)", "CREATE TABEL oops"))


def filled(path: Path, steps: tuple[object, ...] = STEPS) -> Ledger:
    ledger = Ledger(SqliteDatabase(path, wait=0.01, steps=steps))  # type: ignore[arg-type]
    ledger.begin_run(NewRun(f"r{len(ledger.runs())}", "/p"))
    return ledger


def test_a_folder_stays_as_it_is_until_something_is_written(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "store") as ledger:
        assert ledger.runs() == []
        assert not (tmp_path / "store").exists()
        ledger.begin_run(NewRun("r", "/p"))
        assert [row.id for row in ledger.runs()] == ["r"]
    assert (tmp_path / "store" / "format").exists()
    assert oct((tmp_path / "store" / "ledger.db").stat().st_mode)[-3:] == "600"


def test_a_reader_sees_what_another_process_writes_first(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as reader, Ledger.open(tmp_path) as writer:
        assert reader.runs() == []
        writer.begin_run(NewRun("r", "/p"))
        assert [row.id for row in reader.runs()] == ["r"]


def test_an_address_with_a_scheme_is_a_server(tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path}/x.db") as ledger:
        assert isinstance(ledger.database, ServerDatabase)
        ledger.begin_run(NewRun("r", "/p"))


@pytest.mark.parametrize("url", ["nosuch://host/name", "://", "postgresql+nosuch://host/name"])
def test_an_address_that_leads_nowhere_is_explained(url: str) -> None:
    with pytest.raises(StoreUnusable, match="postgresql\\+psycopg"):
        Ledger.open(url)


def test_a_server_that_is_away_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="cannot be opened"):
        Ledger.open(f"sqlite:///{tmp_path}/no/such/folder/x.db")


# migrations


def test_the_first_versions_ledger_is_brought_forward(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    old = sqlite3.connect(path)
    old.executescript((Path(__file__).parent / "ledger-1.sql").read_text())
    old.close()
    with Ledger(SqliteDatabase(path)) as ledger:
        run = ledger.run("last")
        assert (run.id, run.state, run.counts) == ("first", "ok", {"ok": 1})
        assert ledger.task("first", "train").artifacts[0].name == "model"
        assert ledger.known(["key-1"])["key-1"].parts == {"cell 1": "x"}
        assert len(ledger.events("first")) == 3
        ((train,), count), (step,) = ledger.history.tasks("first"), ledger.history.steps("first")
        assert (train.task, train.seconds, count, step.seconds) == ("train", 1.0, 1, 1.0)
        ledger.delete_run("first")
        assert ledger.garbage().digests == {"sha256:" + "a" * 64}


def test_a_step_is_climbed_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    filled(path).close()
    with filled(path, MORE) as one, filled(path, MORE) as two:
        assert [row.id for row in one.runs()] == [row.id for row in two.runs()]
        with one.database.reading() as connection:
            assert connection.run("SELECT mood FROM runs")[0]["mood"] == "fine"


def test_a_step_that_fails_leaves_the_old_version(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    filled(path).close()
    with pytest.raises(StoreUnusable, match="syntax error"):
        filled(path, BROKEN)
    with filled(path) as ledger, ledger.database.reading() as connection:
        assert not connection.has_table("half")


def test_a_ledger_that_could_not_be_brought_forward_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    filled(path).close()
    database = SqliteDatabase(path, wait=0.01, steps=BROKEN)
    for _ in range(2):
        with pytest.raises(StoreUnusable, match="syntax error"), database.reading():
            pass
    database.steps = MORE
    with database.reading() as connection:
        assert connection.run("SELECT mood FROM runs")[0]["mood"] == "fine"


def test_a_newer_ledger_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    filled(path, MORE).close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="Nothing was changed"):
        filled(path).runs()
    assert path.read_bytes() == before


# damage


@pytest.mark.parametrize("data", [b"", b"garbage", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_ledger_is_not_touched(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(data)
    with pytest.raises(StoreUnusable, match=r"damaged: .*Move it aside \(`mv "):
        filled(path)
    assert path.read_bytes() == data


def test_a_page_of_nonsense_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = filled(path)
    for number in range(200):
        ledger.begin_run(NewRun(f"x{number}", "/p" * 100))
    ledger.close()
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * (path.stat().st_size - 8192))
    with pytest.raises(StoreUnusable, match="damaged"), filled(path) as ledger:
        ledger.runs()


def test_a_folder_in_the_way_is_explained(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(StoreUnusable, match="cannot be opened"):
        filled(tmp_path / "ledger.db")


def test_a_ledger_that_another_holds_is_waited_for_and_then_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with filled(path) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert [row.id for row in ledger.runs()] == ["r0"]  # readers do not wait
        with pytest.raises(StoreUnusable, match="Another process holds the ledger"):
            ledger.record("r0", Note("x"))
        other.execute("COMMIT")
        other.close()
        assert ledger.record("r0", Note("x")).seq == 1


def test_a_ledger_removed_while_in_use_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "store" / "ledger.db"
    with filled(path) as ledger:
        path.unlink()
        for ask in (ledger.runs, lambda: ledger.record("r0", Note("x"))):
            with pytest.raises(StoreUnusable, match="removed or replaced"):
                ask()
        assert not path.exists()


def test_an_exception_inside_a_transaction_takes_it_back(any_ledger: Ledger) -> None:
    any_ledger.begin_run(NewRun("r", "/p"))
    with pytest.raises(KeyError), any_ledger.database.writing() as connection:
        connection.run("UPDATE runs SET pinned = 1")
        raise KeyError
    assert not any_ledger.run("r").pinned


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    with filled(tmp_path / "ledger.db") as ledger:
        database = ledger.database
        assert isinstance(database, SqliteDatabase)
        with database.reading() as connection:
            pages = connection.run("PRAGMA page_count")[0]["page_count"]
        assert database._raw is not None
        database._raw.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnusable, match="disk is full"):
            ledger.record_all("r0", [Note("x" * 100_000), Note("y")])
        assert ledger.events("r0") == []
        database._raw.execute("PRAGMA max_page_count = 100000")
        assert ledger.record("r0", Note("y")).seq == 1


# several at once

WRITER = """
import sys
from nbpipe.events import Note
from nbpipe.store.ledger import Ledger
with Ledger.open(sys.argv[1]) as ledger:
    for number in range(40):
        ledger.record_all("r", [Note(f"{sys.argv[2]} {number}"), Note("and")])
"""


def test_two_processes_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.begin_run(NewRun("r", "/p"))
        environ = os.environ | {"PYTHONPATH": SOURCE}
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name], env=environ)
            for name in ("one", "two")
        ]
        assert [writer.wait() for writer in writers] == [0, 0]
        events = ledger.events("r")
    assert [one.seq for one in events] == list(range(1, 161))
    texts = [one.event.text for one in events if isinstance(one.event, Note)]
    for name in ("one", "two"):
        mine = [text for text in texts if text.startswith(name)]
        assert mine == [f"{name} {number}" for number in range(40)]
    assert texts[1::2] == ["and"] * 80


def test_many_may_make_the_ledger_at_once(tmp_path: Path) -> None:
    ready = threading.Barrier(6)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with Ledger.open(tmp_path / "store") as ledger:
                ready.wait()
                ledger.begin_run(NewRun(f"r{number}", "/p"))
        except BaseException as error:  # told below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with Ledger.open(tmp_path / "store") as ledger:
        assert {row.id for row in ledger.runs()} == {f"r{number}" for number in range(6)}
    assert [path for path in (tmp_path / "store").iterdir() if ".new-" in path.name] == []


def test_threads_share_one_ledger(ledger: Ledger) -> None:
    ledger.begin_run(NewRun("r", "/p"))

    def work() -> None:
        for _ in range(10):
            ledger.record("r", Note("x"))
            ledger.runs()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.seq for one in ledger.events("r")] == list(range(1, 41))
