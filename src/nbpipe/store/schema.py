"""The ledger's tables, as the steps that lead there from an empty database.

A step is never edited once it was released; what changes is appended as a further step. The
SQL is what SQLite and PostgreSQL share.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nbpipe.errors import StoreTooNew
from nbpipe.store import texts
from nbpipe.store.folder import UPGRADE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbpipe.store.database import Connection, Database, Row

_FIRST = (
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY, number BIGINT NOT NULL, project TEXT NOT NULL, path TEXT NOT NULL,
        name TEXT NOT NULL, engine TEXT NOT NULL, state TEXT NOT NULL,
        begun DOUBLE PRECISION NOT NULL, started DOUBLE PRECISION, finished DOUBLE PRECISION,
        seconds DOUBLE PRECISION, pinned INTEGER NOT NULL DEFAULT 0,
        last_seq BIGINT NOT NULL DEFAULT 0, body TEXT NOT NULL, pipeline TEXT NOT NULL)""",
    "CREATE INDEX runs_by_number ON runs (number)",
    "CREATE INDEX runs_by_state ON runs (state, number)",
    """CREATE TABLE events (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, seq BIGINT NOT NULL,
        at DOUBLE PRECISION NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (run, seq))""",
    """CREATE TABLE tasks (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, task TEXT NOT NULL,
        position BIGINT NOT NULL, item BIGINT NOT NULL, state TEXT NOT NULL,
        key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (run, task))""",
    "CREATE INDEX tasks_by_key ON tasks (key)",
    """CREATE TABLE artifacts (
        digest TEXT PRIMARY KEY, size BIGINT NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL,
        codec TEXT NOT NULL, preview TEXT NOT NULL, run TEXT NOT NULL, task TEXT NOT NULL)""",
    """CREATE TABLE uses (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, digest TEXT NOT NULL,
        PRIMARY KEY (run, digest))""",
    "CREATE INDEX uses_by_digest ON uses (digest)",
    """CREATE TABLE results (
        key TEXT PRIMARY KEY, number BIGINT NOT NULL, at DOUBLE PRECISION NOT NULL,
        project TEXT NOT NULL, step TEXT NOT NULL, run TEXT NOT NULL, task TEXT NOT NULL,
        body TEXT NOT NULL)""",
    "CREATE INDEX results_by_step ON results (project, step, number)",
    "CREATE INDEX results_by_run ON results (run)",
    """CREATE TABLE requests (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, what TEXT NOT NULL,
        said_by TEXT NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (run, what))""",
    """CREATE TABLE engines (
        run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE, host TEXT NOT NULL,
        pid BIGINT NOT NULL, process TEXT NOT NULL, claimed DOUBLE PRECISION NOT NULL,
        beat DOUBLE PRECISION)""",
)

# Bytes beside an artifact (pictures, sources) are known only by the runs that use them; they
# must not be lost from sight when a run is forgotten before its bytes are collected.
_SECOND = ("CREATE TABLE left_over (digest TEXT PRIMARY KEY)",)


def _fill_columns(connection: Connection) -> None:
    """Copy out of the bodies of tasks what lists are made of; run by run, for they are large."""
    for run in connection.run("SELECT id FROM runs"):
        rows = connection.run("SELECT run, task, body FROM tasks WHERE run = :run", run=run["id"])
        connection.run_each(
            "UPDATE tasks SET label = :label, started = :started, finished = :finished, "
            "seconds = :seconds, metrics = :metrics WHERE run = :run AND task = :task",
            [_columns(row) for row in rows],
        )


def _columns(row: Row) -> dict[str, Any]:
    said = texts.read(row["body"])
    plain = {name: said.get(name) for name in ("started", "finished", "seconds")}
    label, metrics = texts.label(said.get("label", "")), texts.write(said.get("metrics", {}))
    return {"run": row["run"], "task": row["task"], "label": label, "metrics": metrics, **plain}


# What people say of a run; and what long lists show, so that no body is read for them.
_THIRD = (
    "ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    """CREATE TABLE run_tags (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, tag TEXT NOT NULL,
        PRIMARY KEY (run, tag))""",
    "CREATE INDEX runs_by_project ON runs (project, number)",
    "ALTER TABLE tasks ADD COLUMN label TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE tasks ADD COLUMN started DOUBLE PRECISION",
    "ALTER TABLE tasks ADD COLUMN finished DOUBLE PRECISION",
    "ALTER TABLE tasks ADD COLUMN seconds DOUBLE PRECISION",
    "ALTER TABLE tasks ADD COLUMN metrics TEXT NOT NULL DEFAULT '{}'",
    _fill_columns,
    """CREATE INDEX tasks_in_lists ON tasks
        (run, position, item, task, state, label, started, finished, seconds)""",
)


def _fill_metrics(connection: Connection) -> None:
    """Copy numbers out of the bodies of tasks, run by run."""
    for run in connection.run("SELECT id FROM runs"):
        rows = connection.run(
            "SELECT run, task, position, body FROM tasks WHERE run = :run", run=run["id"]
        )
        connection.run_each(
            "INSERT INTO metrics (run, task, position, step, name, value) "
            "VALUES (:run, :task, :position, :step, :name, :value)",
            [number for row in rows for number in _numbers(row)],
        )


def _numbers(row: Row) -> Iterator[dict[str, Any]]:
    step = row["task"].partition("[")[0]
    plain = {name: row[name] for name in ("run", "task", "position")} | {"step": step}
    for name, value in texts.read(row["body"]).get("metrics", {}).items():
        yield {**plain, "name": texts.clean(name), "value": value}


# Results are numbered as they are kept; without it, the newest number is looked for in all rows.
_FOURTH = ("CREATE INDEX results_by_number ON results (number)",)

# Numbers one by one, so that the database takes those of many items together.
_FIFTH = (
    """CREATE TABLE metrics (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, task TEXT NOT NULL,
        position BIGINT NOT NULL, step TEXT NOT NULL, name TEXT NOT NULL,
        value DOUBLE PRECISION, PRIMARY KEY (run, task, name))""",
    "CREATE INDEX metrics_by_step ON metrics (run, position, step, name, value)",
    _fill_metrics,
    "DROP INDEX IF EXISTS tasks_with_metrics",
    "ALTER TABLE tasks DROP COLUMN metrics",
)

Statement = str | Callable[["Connection"], None]
"""SQL, or what reads and writes rows where SQL cannot."""

# The newest result of a task tells which files it was seen to read.
_SIXTH = ("CREATE INDEX results_by_task ON results (project, task, number)",)

# Bytes that were found to be gone, so that this is told once; and which run makes which key now.
_SEVENTH = (
    "CREATE TABLE lost (digest TEXT PRIMARY KEY, at DOUBLE PRECISION NOT NULL)",
    """CREATE TABLE leases (
        key TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE)""",
    "CREATE INDEX leases_by_run ON leases (run)",
)

# No question looks there, and each task that ends pays for what is kept in order.
_EIGHTH = ("DROP INDEX IF EXISTS uses_by_digest", "DROP INDEX IF EXISTS tasks_by_key")

STEPS: tuple[Sequence[Statement], ...] = (
    _FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH, _SEVENTH, _EIGHTH,
)  # fmt: skip
"""Step n, counted from 1, leads from version n - 1 to version n."""


def migrate(database: Database, steps: Sequence[Sequence[Statement]] = STEPS) -> None:
    """Bring a database to the newest version, one transaction a step, under the writers' lock.

    Raises
    ------
    StoreTooNew
        If a newer nbpipe wrote it; nothing is changed then.
    """
    with database.reading() as connection:
        version = _version(connection, database)
    while version < len(steps):
        with database.writing(durable=True) as connection:
            version = _version(connection, database)  # another process may have been faster
            if version < len(steps):
                _climb(connection, version, steps[version])
                version += 1
    if version > len(steps):
        raise StoreTooNew(
            f"The ledger {database.address} is of version {version}, written by a newer nbpipe; "
            f"this one knows version {len(steps)}. Nothing was changed. {UPGRADE}"
        )


def _version(connection: Connection, database: Database) -> int:
    if not connection.has_table("nbpipe_version"):
        return 0
    rows = connection.run("SELECT version FROM nbpipe_version")
    return int(rows[0]["version"]) if rows else 0


def _climb(connection: Connection, version: int, statements: Sequence[Statement]) -> None:
    if version == 0:
        connection.run("CREATE TABLE nbpipe_version (version INTEGER NOT NULL)")
        connection.run("INSERT INTO nbpipe_version (version) VALUES (0)")
    for statement in statements:
        if isinstance(statement, str):
            connection.run(statement)
        else:
            statement(connection)
    connection.run("UPDATE nbpipe_version SET version = :new", new=version + 1)
