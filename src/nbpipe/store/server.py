"""Where the ledger's rows are when it is given by URL: a database server, through SQLAlchemy Core.

This is the only module that imports SQLAlchemy.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from nbpipe.errors import StoreUnusable
from nbpipe.store.schema import STEPS, migrate
from nbpipe.store.trouble import unusable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import sqlalchemy

    from nbpipe.store.database import Connection, Row
    from nbpipe.store.schema import Statement

_LOCK = 0x6E627069


class _Server:
    """A transaction of `ServerDatabase`."""

    def __init__(self, raw: sqlalchemy.Connection) -> None:
        self.raw = raw

    def run(self, sql: str, **values: Any) -> Sequence[Row]:
        answer = self.raw.execute(text(sql), values)
        return answer.mappings().all() if answer.returns_rows else ()

    def run_each(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        if listed := [dict(row) for row in rows]:
            self.raw.execute(text(sql), listed)

    def has_table(self, name: str) -> bool:
        return inspect(self.raw).has_table(name)


class ServerDatabase:
    """Tables on a database server (PostgreSQL), or anything else SQLAlchemy reaches.

    Parameters
    ----------
    url
        SQLAlchemy URL. Its password is not shown in messages.
    steps
        See `nbpipe.store.schema`.

    Raises
    ------
    StoreTooNew, StoreUnusable
        If it cannot be reached, or holds tables of a newer version.
    """

    def __init__(self, url: str, steps: Sequence[Sequence[Statement]] = STEPS) -> None:
        try:
            parsed = make_url(url)
            self.engine = create_engine(parsed, pool_pre_ping=True)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise StoreUnusable(
                f"No ledger can be opened by this address ({type(error).__name__}: {error}). "
                "Give a folder, or a URL as postgresql+psycopg://user@host/name with its driver "
                "installed."
            ) from error
        self.address = parsed.render_as_string(hide_password=True)
        if self.engine.dialect.name == "sqlite":
            _take_turns(self.engine)
        migrate(self, steps)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the ledger."""
        steady = self.engine.dialect.name == "postgresql"
        options = {"isolation_level": "REPEATABLE READ"} if steady else {}
        with self._told(), self.engine.connect() as raw:
            yield _Server(raw.execution_options(**options))

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """Open a transaction; writers take turns, as they do in SQLite."""
        with self._told(), self.engine.begin() as raw:
            if self.engine.dialect.name == "postgresql":
                raw.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                if not durable:
                    raw.execute(text("SET LOCAL synchronous_commit = off"))
            yield _Server(raw)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise unusable(error, self.address) from error


def _take_turns(engine: sqlalchemy.Engine) -> None:
    """Let SQLite transactions begin where they are begun, and with the write lock."""

    @event.listens_for(engine, "connect")
    def connected(raw: sqlite3.Connection, record: object) -> None:
        raw.isolation_level = None
        raw.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begun(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
