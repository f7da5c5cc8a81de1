from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from nbpipe.store.blobs import LocalBlobs
from nbpipe.store.database import SqliteDatabase
from nbpipe.store.ledger import Ledger
from nbpipe.store.server import ServerDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.store.database import Database


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path / "store")


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with Ledger(SqliteDatabase(tmp_path / "store" / "ledger.db"), clock) as ledger:
        yield ledger


POSTGRES = os.environ.get("NBPIPE_TEST_POSTGRES", "")
"""URL of a PostgreSQL database that the tests may empty."""


@pytest.fixture(params=["folder", "server", *(["postgresql"] if POSTGRES else [])])
def any_ledger(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    """The same ledger through sqlite3, through SQLAlchemy, and on a PostgreSQL server."""
    database: Database
    match request.param:
        case "folder":
            database = SqliteDatabase(tmp_path / "store" / "ledger.db")
        case "server":
            database = ServerDatabase(f"sqlite:///{tmp_path}/server.db")
        case _:
            empty(POSTGRES)
            database = ServerDatabase(POSTGRES)
    with Ledger(database, clock) as ledger:
        yield ledger


def empty(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory where there is one: these tests bring every file to the disk."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder).resolve()
