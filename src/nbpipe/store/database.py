"""Where the ledger's rows are: SQLite in the store's folder, through the standard library alone.

Importing SQLAlchemy costs 0.18 s of CPU, about half of what a run that changes nothing may
take. The SQL is therefore plain text that SQLite and PostgreSQL both take. A folder's ledger
is reached through `sqlite3`, a server's through SQLAlchemy Core (`nbpipe.store.server`). What
only SQLite understands stands in this module.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from nbpipe.errors import StoreUnusable
from nbpipe.kernelside.failpoints import reach
from nbpipe.store.folder import prepare, read_format
from nbpipe.store.schema import STEPS, migrate
from nbpipe.store.trouble import unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from nbpipe.store.schema import Statement

WAIT = 30.0
"""Seconds to wait for another process's transaction."""


class Row(Protocol):
    """One row of an answer."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the value of a column."""


class Connection(Protocol):
    """An open transaction. Statements name their values as ``:name``."""

    def run(self, sql: str, **values: Any) -> Sequence[Row]:
        """Carry out a statement and return its rows."""

    def run_each(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Carry out a statement for each row of values."""

    def has_table(self, name: str) -> bool:
        """Tell whether there is a table of that name."""


class Database(Protocol):
    """Transactions on the ledger's tables; what goes wrong is raised as `StoreError`."""

    @property
    def address(self) -> str:
        """Where it is, fit to be shown."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a transaction that sees one state of the ledger."""

    def writing(self, *, durable: bool = False) -> AbstractContextManager[Connection]:
        """Open a transaction; it is committed at the end and taken back on an exception.

        A durable one is on the disk when this returns, whatever happens to the power. Others
        may be lost with the last seconds before a power cut, never in part, and not when the
        process is killed.
        """

    def close(self) -> None:
        """Let go of files and connections."""


class _Sqlite:
    """A transaction of `SqliteDatabase`."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    def run(self, sql: str, **values: Any) -> Sequence[Row]:
        return self.raw.execute(sql, values).fetchall()

    def run_each(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        self.raw.executemany(sql, rows)

    def has_table(self, name: str) -> bool:
        found = self.run(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name", name=name
        )
        return bool(found)


class SqliteDatabase:
    """A SQLite file in write-ahead mode: readers never wait, writers take turns.

    The file is made at the first write. Before that, reading finds empty tables.

    Parameters
    ----------
    path
        The file; its folder is the store's.
    wait
        Seconds to wait for another process's transaction.
    steps
        See `nbpipe.store.schema`.

    Raises
    ------
    StoreTooNew, StoreUnusable
        When first used, if the file is of a newer version, damaged, or cannot be opened.
    """

    def __init__(
        self, path: Path, wait: float = WAIT, steps: Sequence[Sequence[Statement]] = STEPS
    ) -> None:
        self.path = path
        self.wait = wait
        self.steps = steps
        self._lock = threading.RLock()
        self._raw: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._durable: bool | None = None

    @property
    def address(self) -> str:
        """The file."""
        return str(self.path)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the ledger."""
        with self._lock, self._told():
            raw = self._open(write=False)
            with _transaction(raw, "BEGIN"):
                yield _Sqlite(raw)

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """Open a transaction that holds the file's one write lock."""
        with self._lock, self._told():
            raw = self._open(write=True)
            if durable is not self._durable:
                raw.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            with _transaction(raw, "BEGIN IMMEDIATE"):
                yield _Sqlite(raw)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._raw is not None:
                self._raw.close()
            self._raw = self._file = self._durable = None

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise unusable(error, self.path) from error

    def _open(self, *, write: bool) -> sqlite3.Connection:
        there = self._identity()
        if self._raw is not None and self._file == there and (there or not write):
            return self._raw
        if self._file is not None:
            raise StoreUnusable(
                f"The ledger {self.path} was removed or replaced while it was in use. "
                "Nothing was written elsewhere; start again."
            )
        self.close()
        if there is None and not write:
            self._raw = self._empty()
        else:
            if there is None:
                self._create()
            self._raw = self._connect(str(self.path))
            self._file = self._identity()
            try:
                migrate(self, self.steps)
            except BaseException:
                self.close()  # or the next use would take the old tables for the new ones
                raise
        return self._raw

    def _identity(self) -> tuple[int, int] | None:
        try:
            seen = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if seen.st_size == 0:
            raise sqlite3.DatabaseError("file is not a database (it is empty)")
        return seen.st_dev, seen.st_ino

    def _connect(self, place: str) -> sqlite3.Connection:
        raw = sqlite3.connect(
            place, timeout=self.wait, isolation_level=None, check_same_thread=False
        )
        raw.row_factory = sqlite3.Row
        raw.execute("PRAGMA foreign_keys = ON")
        return raw

    def _empty(self) -> sqlite3.Connection:
        """Return an empty ledger in memory, for reading where nothing was written yet."""
        read_format(self.path.parent)
        raw = self._connect(":memory:")
        migrate(_Alone(raw), self.steps)
        return raw

    def _create(self) -> None:
        """Make the file aside and link it into place, so that it is never seen half made."""
        prepare(self.path.parent)
        aside = self.path.with_name(f"{self.path.name}.new-{os.getpid()}-{os.urandom(4).hex()}")
        try:
            os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            raw = self._connect(str(aside))
            raw.execute("PRAGMA journal_mode = WAL")
            migrate(_Alone(raw), self.steps)
            # Closing does this too, and is silent where it fails: a ledger without tables.
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raw.close()
            reach("ledger-half")
            _link(aside, self.path)
        finally:
            aside.unlink(missing_ok=True)


class _Alone:
    """A database in one connection that nobody else knows of."""

    address = ":memory:"

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        yield _Sqlite(self.raw)

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        with _transaction(self.raw, "BEGIN IMMEDIATE"):
            yield _Sqlite(self.raw)

    def close(self) -> None:
        self.raw.close()


@contextmanager
def _transaction(raw: sqlite3.Connection, begin: str) -> Iterator[None]:
    raw.execute(begin)
    try:
        yield
        raw.execute("COMMIT")
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise


def _link(source: Path, target: Path) -> None:
    """Give a file its name unless another process was faster."""
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not target.exists():
            source.rename(target)
