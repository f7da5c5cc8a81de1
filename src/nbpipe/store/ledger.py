"""The ledger: what happened in every run, and the questions asked of it.

Events are the truth; each is numbered within its run. How runs and tasks stand is derived from
them in the same transaction (`nbpipe.store.projection`) and can be derived anew at any time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nbpipe.errors import RunBusy, UnknownName, UsageError
from nbpipe.events import CellOutput, Recorded, RunFinished, TaskFinished, TaskReused
from nbpipe.kernelside.failpoints import reach
from nbpipe.store import audit, engines, garbage, history, leases, tables, texts
from nbpipe.store.history import History
from nbpipe.store.projection import closing
from nbpipe.store.rows import (
    ArtifactRow,
    EngineRow,
    GarbagePlan,
    NewRun,
    RequestRow,
    RunRow,
    StoredResult,
    TaskRow,
    Which,
)
from nbpipe.wire import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from typing import Self

    from nbpipe.events import Event
    from nbpipe.store.blobs import Blobs
    from nbpipe.store.database import Connection, Database, Row

__all__ = [
    "ArtifactRow", "EngineRow", "GarbagePlan", "Ledger", "NewRun", "RequestRow", "RunRow",
    "StoredResult", "TaskRow", "Which",
]  # fmt: skip


class Ledger:
    """Runs, events, tasks and results in one database.

    May be used from several threads and processes at once.

    Parameters
    ----------
    database
        Where the rows are.
    clock
        Gives the time (UTC, seconds since 1970).
    alive
        Tells whether an engine lives at a time.

    Attributes
    ----------
    history
        Answers with lists of runs and of their tasks.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float] = time.time,
        alive: Callable[[EngineRow, float], bool] = engines.is_alive,
    ) -> None:
        self.database = database
        self.clock = clock
        self.alive = alive
        self.history = History(database)

    @classmethod
    def open(cls, address: str | Path, clock: Callable[[], float] = time.time) -> Ledger:
        """Open the ledger in a store's folder, or the one at an SQLAlchemy URL.

        In a folder, nothing is written before there is something to be written.

        Raises
        ------
        StoreTooNew, StoreUnusable
            If it cannot be used; for a folder, when it is first used.
        """
        if "://" in str(address):
            from nbpipe.store.server import ServerDatabase

            return cls(ServerDatabase(str(address)), clock)
        from pathlib import Path

        from nbpipe.store.database import SqliteDatabase

        return cls(SqliteDatabase(Path(address).expanduser().absolute() / "ledger.db"), clock)

    def close(self) -> None:
        """Let go of files and connections."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()

    # writing down what happens

    def begin_run(self, run: NewRun) -> None:
        """Write down a run before it starts.

        Raises
        ------
        UsageError
            If there is a run of that id.
        """
        kept = ("parameters", "selection", "sources", "user", "environment")
        with self.database.writing() as connection:
            if connection.run("SELECT 1 FROM runs WHERE id = :id", id=run.id):
                raise UsageError(f"There is a run {run.id!r} already. Choose another id.")
            connection.run(
                "INSERT INTO runs (id, number, project, path, name, engine, state, begun, body, "
                "pipeline) SELECT :id, COALESCE(MAX(number), 0) + 1, :project, :path, :name, "
                ":engine, 'running', :begun, :body, :pipeline FROM runs",
                id=run.id, project=texts.clean(run.project), path=texts.clean(run.path),
                name=texts.clean(run.name), engine=run.engine, begun=self.clock(),
                body=texts.write({name: dump(getattr(run, name)) for name in kept}),
                pipeline=texts.write(dump(run.pipeline)),
            )  # fmt: skip
            objects = (*run.sources.values(), run.environment)
            tables.use(connection, run.id, filter(tables.is_digest, objects))
            reach("run-inserted")

    def record(self, run: str, event: Event) -> Recorded:
        """Write down one event; see `record_all`."""
        return self.record_all(run, (event,))[0]

    def record_all(
        self, run: str, events: Sequence[Event], results: Sequence[StoredResult] = ()
    ) -> list[Recorded]:
        """Write down events in their order, all or none, and bring the tables forward.

        Parameters
        ----------
        run
            Which run.
        events
            What happened.
        results
            What the tasks left whose ends are among the events. They are kept under their
            keys in the same transaction, so that none is found before its event is there.

        Raises
        ------
        ValueError
            For a `CellOutput`: what cells write is kept in the log.
        UnknownName
            If there is no such run.
        """
        if any(isinstance(event, CellOutput) for event in events):
            raise ValueError("What cells write goes to the log, not to the ledger.")
        durable = any(isinstance(event, (TaskFinished, RunFinished)) for event in events)
        with self.database.writing(durable=durable) as connection:
            done: tables.Done = {}
            recorded = self._record(connection, run, events, done)
            reach("events-inserted")
            tables.keep_results(connection, results, self.clock(), done)
        return recorded

    def _record(
        self, connection: Connection, run: str, events: Sequence[Event], done: tables.Done
    ) -> list[Recorded]:
        connection.run(
            "UPDATE runs SET last_seq = last_seq + :count WHERE id = :run",
            count=len(events), run=run,
        )  # fmt: skip
        rows = connection.run("SELECT last_seq FROM runs WHERE id = :run", run=run)
        if not rows:
            raise self._unknown(connection, run)
        first = rows[0]["last_seq"] - len(events) + 1
        now = self.clock()
        recorded = [Recorded(run, first + n, now, event) for n, event in enumerate(events)]
        tables.insert_events(connection, recorded, done)
        tables.project(connection, run, recorded, done)
        left = [
            (event.task, artifact)
            for event in events
            if isinstance(event, (TaskFinished, TaskReused))
            for artifact in event.artifacts
        ]
        tables.keep_artifacts(connection, run, left)
        leases.give_back(connection, run, events)
        return recorded

    def mark_interrupted(self, run: str, reason: str = "the engine of the run ended") -> bool:
        """End a run whose engine is gone; returns False if it ended, or an engine took it up."""
        with self.database.writing(durable=True) as connection:
            view = tables.view_of(connection, run, None)
            if view is None:
                raise self._unknown(connection, run)
            holder = tables.find_engine(connection, run)
            if view.state != "running" or (holder and self.alive(holder, self.clock())):
                return False
            self._record(connection, run, closing(view, reason), {})
            connection.run("DELETE FROM engines WHERE run = :run", run=run)
        return True

    def rebuild(self, run: str) -> None:
        """Derive anew, from its events, how a run and its tasks stand."""
        with self.database.writing(durable=True) as connection:
            audit.rebuild(connection, run)

    # questions

    def events(
        self, run: str, after: int = 0, limit: int = 1000, kind: str | None = None
    ) -> list[Recorded]:
        """Return at most `limit` events above `after`, in order; of all kinds or one."""
        with self.database.reading() as connection:
            return list(tables.events_of(connection, run, after, limit, kind))

    def runs(
        self,
        path: str | None = None,
        limit: int = 50,
        state: str | None = None,
        project: str | None = None,
    ) -> list[RunRow]:
        """Return runs, the newest first.

        Parameters
        ----------
        path, project, state
            Only runs of that path, project folder and state.
        limit
            At most this many.
        """
        paths = () if path is None else (path,)
        return self.history.runs(Which(project, paths, state), limit)[0]

    def run(self, name: str) -> RunRow:
        """Return a run by its id, the beginning of its id, or the word ``last``.

        Raises
        ------
        UnknownName
            If there is none, or more than one.
        """
        with self.database.reading() as connection:
            return tables.run_rows(connection, [self._find(connection, name)])[0]

    def pipeline(self, run: str) -> dict[str, Any]:
        """Return the pipeline of a run as it was drawn when it began."""
        with self.database.reading() as connection:
            rows = connection.run("SELECT pipeline FROM runs WHERE id = :run", run=run)
            if not rows:
                raise self._unknown(connection, run)
        return dict(texts.read(rows[0]["pipeline"]))

    def tasks(self, run: str) -> list[TaskRow]:
        """Return the tasks of a run, in the pipeline's order."""
        with self.database.reading() as connection:
            return tables.task_rows(connection, run, None)

    def task(self, run: str, task: str) -> TaskRow:
        """Return one task of a run; raises `UnknownName`."""
        with self.database.reading() as connection:
            rows = tables.task_rows(connection, run, [task])
            if not rows:
                known = connection.run("SELECT task FROM tasks WHERE run = :run", run=run)
                raise UnknownName.of("task", task, [row["task"] for row in known])
        return rows[0]

    def artifact(self, digest: str) -> ArtifactRow:
        """Return what is known of stored bytes; raises `UnknownName`."""
        with self.database.reading() as connection:
            rows = connection.run("SELECT * FROM artifacts WHERE digest = :digest", digest=digest)
        if not rows:
            raise UnknownName(f"No artifact is known under {digest[:19]}….")
        return tables.artifact_row(rows[0])

    # results, to be used again

    def known(self, keys: Iterable[str]) -> dict[str, StoredResult]:
        """Return the results that are kept under some of the keys."""
        with self.database.reading() as connection:
            found = tables.find_results(connection, list(dict.fromkeys(keys)))
            return {result.key: result for result in found}

    def keep_result(self, result: StoredResult, *, replace: bool = False) -> bool:
        """Keep a result under its key; the first one stays unless `replace`.

        Returns whether it was kept.
        """
        with self.database.writing(durable=True) as connection:
            there = connection.run("SELECT 1 FROM results WHERE key = :key", key=result.key)
            if there and not replace:
                return False
            tables.keep_results(connection, (result,), self.clock(), {})
        return True

    def last_result_of(self, project: str, step: str) -> StoredResult | None:
        """Return the newest result of a step under any key; its `parts` tell what it hung on."""
        with self.database.reading() as connection:
            rows = connection.run(
                "SELECT key, at, body FROM results WHERE project = :project AND step = :step "
                "ORDER BY number DESC LIMIT 1",
                project=texts.clean(project), step=step,
            )  # fmt: skip
        return tables.result(rows[0]) if rows else None

    def last_results_of(self, project: str, tasks: Iterable[str]) -> dict[str, StoredResult]:
        """Return the newest result of each of some tasks, whatever its key."""
        with self.database.reading() as connection:
            found = tables.find_last_results(connection, texts.clean(project), list(tasks))
            return {result.task: result for result in found}

    # engines

    def claim(self, run: str, engine: EngineRow | None = None) -> None:
        """Take up a run for an engine, by default this process.

        Raises
        ------
        RunBusy
            If another engine, which is alive, carries it out.
        """
        mine = engine or engines.this_engine()
        now = self.clock()
        with self.database.writing(durable=True) as connection:
            self._exists(connection, run)
            holder = tables.find_engine(connection, run)
            if (
                holder is not None
                and not engines.are_same(holder, mine)
                and self.alive(holder, now)
            ):
                raise RunBusy(
                    f"Run {run} is carried out by process {holder.pid} on {holder.host}. "
                    f"Wait for it, or stop it with `nbpipe cancel {run}`."
                )
            connection.run("DELETE FROM engines WHERE run = :run", run=run)
            connection.run(
                "INSERT INTO engines (run, host, pid, process, claimed) "
                "VALUES (:run, :host, :pid, :process, :now)",
                run=run, host=mine.host, pid=mine.pid, process=mine.process, now=now,
            )  # fmt: skip

    def release(self, run: str) -> None:
        """Let go of a run."""
        with self.database.writing() as connection:
            connection.run("DELETE FROM engines WHERE run = :run", run=run)

    def engine(self, run: str) -> EngineRow | None:
        """Return the engine that holds a run, alive or not."""
        with self.database.reading() as connection:
            return tables.find_engine(connection, run)

    def beat(self, run: str, now: float | None = None) -> None:
        """Give a sign of life."""
        at = self.clock() if now is None else now
        with self.database.writing() as connection:
            connection.run("UPDATE engines SET beat = :at WHERE run = :run", at=at, run=run)

    def stale(self, now: float | None = None, older_than: float = engines.SILENCE) -> list[str]:
        """Return runs that count as running and whose engine is gone.

        An engine of this machine is gone when its process is. Of others, and of runs that no
        engine took up, the last sign of life tells: the beat, else the claim, else the begin.
        """
        at = self.clock() if now is None else now
        with self.database.reading() as connection:
            rows = connection.run(
                "SELECT r.id, r.begun, e.host, e.pid, e.process, e.claimed, e.beat FROM runs r "
                "LEFT JOIN engines e ON e.run = r.id WHERE r.state = 'running' ORDER BY r.number"
            )
        return [row["id"] for row in rows if self._is_stale(row, at, older_than)]

    def _is_stale(self, row: Row, now: float, older_than: float) -> bool:
        engine = None if row["host"] is None else tables.engine_row(row)
        if engine is not None and engines.is_here(engine):
            return not self.alive(engine, now)
        since = engines.last_sign(engine) if engine else row["begun"]
        return bool(now - since >= older_than)

    # requests

    def request(self, run: str, what: str, by: str = "") -> None:
        """Ask something of a run's engine, as ``cancel``.

        What is asked again is later than before, whatever the clock says.
        """
        with self.database.writing(durable=True) as connection:
            self._exists(connection, run)
            said = {"run": run, "what": what, "by": texts.clean(by), "at": self.clock()}
            connection.run(tables.ASK, **said)

    def requests(self, run: str) -> list[RequestRow]:
        """Return what was asked of a run's engine."""
        with self.database.reading() as connection:
            rows = connection.run(
                "SELECT run, what, said_by, at FROM requests WHERE run = :run ORDER BY at, what",
                run=run,
            )
        return [RequestRow(row["run"], row["what"], row["said_by"], row["at"]) for row in rows]

    # keeping and removing

    def pin(self, run: str, pinned: bool = True) -> None:
        """Keep a run whatever its age, or no longer."""
        self.annotate(run, pinned=pinned)

    def annotate(
        self,
        run: str,
        tags: Iterable[str] | None = None,
        note: str | None = None,
        pinned: bool | None = None,
    ) -> None:
        """Write down what people say of a run; None leaves a part as it is.

        Raises
        ------
        UsageError
            If a tag or the note is too long.
        UnknownName
            If there is no such run.
        """
        kept = None if tags is None else history.checked_tags(tags)
        with self.database.writing() as connection:
            self._exists(connection, run)
            if kept is not None:
                history.set_tags(connection, run, kept)
            if note is not None:
                history.set_note(connection, run, note)
            if pinned is not None:
                connection.run(
                    "UPDATE runs SET pinned = :value WHERE id = :run", value=int(pinned), run=run
                )

    def delete_run(self, run: str) -> None:
        """Forget a run and what was kept of it for reuse alone; raises `RunBusy` if it runs.

        The bytes stay until `collect`.
        """
        with self.database.writing(durable=True) as connection:
            self._exists(connection, run)
            garbage.forget(connection, [run])

    def garbage(
        self,
        keep_last: int | None = None,
        older_than: float | None = None,
        keep_tagged: bool = False,
    ) -> GarbagePlan:
        """Return what could be removed; nothing is changed.

        Parameters
        ----------
        keep_last, keep_tagged
            How many of the newest runs of each project stay, and whether all with a tag do.
        older_than
            Only runs that began this many seconds ago or earlier go.
        """
        with self.database.reading() as connection:
            return garbage.plan(connection, keep_last, older_than, self.clock(), keep_tagged)

    def collect(self, plan: GarbagePlan, blobs: Blobs) -> int:
        """Carry out a plan as far as it still holds; returns how many bytes were freed.

        Runs that were pinned or taken up since stay. While other runs go on, what was put
        into the store since the oldest of them began stays as well.
        """
        with self.database.writing(durable=True) as connection:
            return garbage.collect(connection, plan, blobs)

    # inner

    def _exists(self, connection: Connection, run: str) -> None:
        if not connection.run("SELECT 1 FROM runs WHERE id = :run", run=run):
            raise self._unknown(connection, run)

    def _unknown(self, connection: Connection, run: str) -> UnknownName:
        rows = connection.run("SELECT id FROM runs ORDER BY number DESC LIMIT 200")
        return UnknownName.of("run", run, [row["id"] for row in rows])

    def _find(self, connection: Connection, name: str) -> Row:
        newest = "ORDER BY number DESC LIMIT "
        rows = tables.find_runs(connection, newest + "1") if name == "last" else ()
        rows = rows or tables.find_runs(connection, "WHERE id = :id", id=name)
        if not rows and name:
            begins = "WHERE substr(id, 1, :length) = :start "
            rows = tables.find_runs(connection, begins + newest + "6", length=len(name), start=name)
        if len(rows) > 1:
            some = ", ".join(row["id"] for row in rows)
            raise UnknownName(f"More than one run begins with {name!r}: {some}. Write more of it.")
        if not rows:
            raise self._unknown(connection, name)
        return rows[0]
