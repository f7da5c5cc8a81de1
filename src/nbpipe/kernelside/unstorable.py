"""What cannot be stored, and how that is said."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

CURES = (
    "What helps: build it in a cell tagged `setup`, build it again in each step that needs it, "
    "or give the steps that share it the same `step:` tag."
)


class Inexact(Exception):
    """A codec would not bring this value back as it is; the next codec is tried."""


class Refused(Exception):
    """A value holds something that lives only in its process."""


@dataclass(frozen=True)
class Blame:
    """One name that cannot be stored, the type of its value, and why."""

    name: str
    type: str
    why: str


class Unstorable(Exception):
    """Values that later steps need cannot be stored.

    Attributes
    ----------
    blames
        One `Blame` a name.
    """

    def __init__(self, blames: list[Blame]) -> None:
        self.blames = tuple(blames)
        lines = [f"  {b.name} ({b.type}): {b.why}" for b in blames]
        head = "These values cannot be stored" if len(blames) > 1 else "This value cannot be stored"
        super().__init__("\n".join([head + ", and later steps need it:", *lines, CURES]))


def type_name(value: Any) -> str:
    """Return the qualified name of a value's type; builtins without their module."""
    kind = type(value)
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


_LIVE = {
    "generator": "a generator runs only in the process that made it",
    "coroutine": "a coroutine runs only in the process that made it",
    "async_generator": "a generator runs only in the process that made it",
    "_thread.lock": "a lock belongs to its process",
    "_thread.RLock": "a lock belongs to its process",
    "_thread._local": "thread-local data belongs to its process",
    "_contextvars.ContextVar": "a context variable belongs to its process",
    "threading.Thread": "a thread belongs to its process",
    "socket.socket": "a network connection belongs to its process",
    "_socket.socket": "a network connection belongs to its process",
    "ssl.SSLSocket": "a network connection belongs to its process",
    "subprocess.Popen": "a running program belongs to its process",
    "mmap.mmap": "a memory map belongs to its process",
    "sqlite3.Connection": "a database connection belongs to its process",
    "sqlite3.Cursor": "a database cursor belongs to its process",
    "psycopg2.extensions.connection": "a database connection belongs to its process",
    "psycopg.Connection": "a database connection belongs to its process",
    "sqlalchemy.engine.base.Engine": "a database engine belongs to its process",
    "sqlalchemy.engine.base.Connection": "a database connection belongs to its process",
    "duckdb.DuckDBPyConnection": "a database connection belongs to its process",
    "_duckdb.DuckDBPyConnection": "a database connection belongs to its process",
    "pymongo.synchronous.mongo_client.MongoClient": "a database client belongs to its process",
    "pyspark.sql.session.SparkSession": "a Spark session belongs to its process",
}


def refuse_live(value: Any) -> None:
    """Raise `Refused` for a value that lives only in its process.

    Open files are refused although cloudpickle takes them: it stores a copy of their text.
    """
    kind = type(value)
    if kind.__module__ == "builtins" and kind.__name__ not in _LIVE:
        return
    for base in kind.__mro__:
        name = base.__name__ if base.__module__ == "builtins" else _full(base)
        if name in _LIVE:
            raise Refused(_LIVE[name])
    io = sys.modules.get("io")
    is_file = io is not None and isinstance(value, io.IOBase)
    if io is not None and is_file and not isinstance(value, (io.BytesIO, io.StringIO)):
        raise Refused("an open file belongs to its process")


def _full(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
