"""Rows of the ledger's tables ⇄ values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbpipe.events import Recorded
from nbpipe.store import texts
from nbpipe.store.projection import View, advance, concerned
from nbpipe.store.rows import ArtifactRow, EngineRow, RunRow, StoredResult, TaskRow
from nbpipe.wire import brief, dump, load, load_event, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nbpipe.events import Artifact
    from nbpipe.store.database import Connection, Row

_RUN = (
    "SELECT id, project, path, name, engine, state, begun, started, finished, seconds, pinned, "
    "last_seq, body, note FROM runs "
)
_COUNT = "SELECT run, state, COUNT(*) AS count FROM tasks "
Done = dict[int, Any]
"""What `brief` made for this transaction: an event, a task and a result hold the same artifacts."""

_AT_ONCE = 400
"""How many values one statement is given at most."""


def find_runs(connection: Connection, rest: str, **values: Any) -> Sequence[Row]:
    """Return rows of runs, without their pipelines; `rest` follows ``FROM runs``."""
    return connection.run(_RUN + rest, **values)


def run_rows(connection: Connection, rows: Sequence[Row]) -> list[RunRow]:
    """Return runs, with the states of their tasks counted and what people say of them."""
    ids = [row["id"] for row in rows]
    counts, tags = counts_of(connection, ids), tags_of(connection, ids)
    return [_run_row(row, counts.get(row["id"], {}), tags.get(row["id"], ())) for row in rows]


def tags_of(connection: Connection, runs: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return run → its tags, sorted."""
    found: dict[str, tuple[str, ...]] = {}
    for some in _portions(runs):
        names, values = texts.listed(some)
        sql = f"SELECT run, tag FROM run_tags WHERE run IN ({names}) ORDER BY tag"  # noqa: S608 - names of ours
        for row in connection.run(sql, **values):
            found[row["run"]] = (*found.get(row["run"], ()), row["tag"])
    return found


def _run_row(row: Row, counts: Mapping[str, int], tags: tuple[str, ...]) -> RunRow:
    said = texts.read(row["body"])
    return RunRow(
        row["id"], row["project"], row["path"], row["name"], said["parameters"], row["engine"],
        said["selection"], said["sources"], said["user"], said["environment"], row["state"],
        row["begun"], row["started"], row["finished"], row["seconds"], bool(row["pinned"]),
        row["last_seq"], counts, row["note"], tags,
    )  # fmt: skip


def counts_of(connection: Connection, runs: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return run → state → how many of its tasks are in it."""
    counts: dict[str, dict[str, int]] = {}
    for some in _portions(runs):
        names, values = texts.listed(some)
        which = f"WHERE run IN ({names}) GROUP BY run, state ORDER BY run, state"
        for row in connection.run(_COUNT + which, **values):
            counts.setdefault(row["run"], {})[row["state"]] = row["count"]
    return counts


def task_rows(connection: Connection, run: str, tasks: Iterable[str] | None) -> list[TaskRow]:
    """Return tasks of a run in the pipeline's order; all of them for None."""
    sql = "SELECT task, position, label, body FROM tasks WHERE run = :run"
    if tasks is None:
        found = connection.run(f"{sql} ORDER BY position, item, task", run=run)
        return [_task_row(row) for row in found]
    rows: list[TaskRow] = []
    for some in _portions(sorted(tasks)):
        names, values = texts.listed(some)
        found = connection.run(f"{sql} AND task IN ({names})", run=run, **values)
        rows.extend(_task_row(row) for row in found)
    return rows


def some_tasks(connection: Connection, run: str, begin: int, limit: int) -> list[TaskRow]:
    """Return at most `limit` tasks of a run from number `begin` on, in the pipeline's order."""
    found = connection.run(
        "SELECT task, position, label, body FROM tasks WHERE run = :run "
        "ORDER BY position, item, task LIMIT :limit OFFSET :begin",
        run=run, begin=begin, limit=limit,
    )  # fmt: skip
    return [_task_row(row) for row in found]


def _task_row(row: Row) -> TaskRow:
    if not row["body"]:
        return TaskRow(row["task"], row["position"], row["label"])
    return load(TaskRow, texts.read(row["body"]))


def result(row: Row) -> StoredResult:
    """Return a kept result."""
    return load(StoredResult, texts.read(row["body"]) | {"at": row["at"]})


def find_results(connection: Connection, keys: Sequence[str]) -> Iterator[StoredResult]:
    """Yield the results kept under some of the keys."""
    for some in _portions(keys):
        names, values = texts.listed(some)
        sql = f"SELECT at, body FROM results WHERE key IN ({names})"  # noqa: S608 - names of ours
        yield from (result(row) for row in connection.run(sql, **values))


def find_last_results(
    connection: Connection, project: str, tasks: Sequence[str]
) -> Iterator[StoredResult]:
    """Yield the newest result of each of some tasks."""
    for some in _portions(tasks):
        names, values = texts.listed(some)
        sql = (  # names of ours
            "SELECT r.at, r.body FROM results r JOIN ("  # noqa: S608
            "SELECT MAX(number) AS number FROM results "
            f"WHERE project = :project AND task IN ({names}) GROUP BY task"
            ") n ON r.number = n.number"
        )
        yield from (result(row) for row in connection.run(sql, project=project, **values))


def keep_results(
    connection: Connection, results: Sequence[StoredResult], now: float, done: Done
) -> None:
    """Keep results under their keys, in the place of those that are there."""
    if not results:
        return
    newest = connection.run("SELECT COALESCE(MAX(number), 0) AS number FROM results")
    first = newest[0]["number"] + 1
    connection.run_each(
        "INSERT INTO results (key, number, at, project, step, run, task, body) "
        "VALUES (:key, :number, :at, :project, :step, :run, :task, :body) "
        "ON CONFLICT (key) DO UPDATE SET number = excluded.number, at = excluded.at, "
        "project = excluded.project, step = excluded.step, run = excluded.run, "
        "task = excluded.task, body = excluded.body",
        [
            {
                "key": one.key, "number": number, "at": now, "step": one.step, "run": one.run,
                "project": texts.clean(one.project), "task": one.task,
                "body": texts.write(brief(one, done)),
            }
            for number, one in enumerate(results, first)
        ],
    )  # fmt: skip


def artifact_row(row: Row) -> ArtifactRow:
    """Return what is known of stored bytes."""
    return ArtifactRow(
        row["digest"], row["size"], row["kind"], row["type"], row["codec"],
        texts.read(row["preview"]), row["run"], row["task"],
    )  # fmt: skip


def engine_row(row: Row) -> EngineRow:
    """Return an engine."""
    return EngineRow(row["host"], row["pid"], row["process"], row["claimed"], row["beat"])


def find_engine(connection: Connection, run: str) -> EngineRow | None:
    """Return the engine that holds a run."""
    rows = connection.run("SELECT * FROM engines WHERE run = :run", run=run)
    return engine_row(rows[0]) if rows else None


# events, and what follows from them


def insert_events(connection: Connection, recorded: Sequence[Recorded], done: Done) -> None:
    """Write events down."""
    connection.run_each(
        "INSERT INTO events (run, seq, at, kind, body) VALUES (:run, :seq, :at, :kind, :body)",
        [_event_values(one, done) for one in recorded],
    )


def _event_values(one: Recorded, done: Done) -> dict[str, Any]:
    body = brief(one.event, done)
    return {
        "run": one.run, "seq": one.seq, "at": one.at, "kind": name_of(one.event),
        "body": texts.write(body),
    }  # fmt: skip


def events_of(
    connection: Connection,
    run: str,
    after: int = 0,
    limit: int | None = None,
    kind: str | None = None,
) -> Iterator[Recorded]:
    """Yield a run's events numbered above `after`; all kinds or one."""
    sql = "SELECT seq, at, kind, body FROM events WHERE run = :run AND seq > :after"
    given: dict[str, Any] = {"run": run, "after": after}
    if kind is not None:
        sql, given = f"{sql} AND kind = :kind", {**given, "kind": kind}
    sql += " ORDER BY seq"
    if limit is not None:
        sql, given = f"{sql} LIMIT :limit", {**given, "limit": limit}
    rows = connection.run(sql, **given)
    for row in rows:
        event = load_event({**texts.read(row["body"]), "kind": row["kind"]})
        yield Recorded(run, row["seq"], row["at"], event)


def project(connection: Connection, run: str, recorded: Sequence[Recorded], done: Done) -> None:
    """Bring the tables forward by events; only the tasks they concern are read and written."""
    found = [concerned(one.event) for one in recorded]
    all_tasks = any(tasks is None for tasks in found)
    wanted = None if all_tasks else {name for tasks in found if tasks for name in tasks}
    view = view_of(connection, run, wanted)
    if view is not None:
        before = dict(view.tasks)
        for one in recorded:
            advance(view, one)
        keep_view(connection, run, view, before, done)


def view_of(connection: Connection, run: str, tasks: Iterable[str] | None) -> View | None:
    """Return how a run and some of its tasks stand; None if there is no such run."""
    rows = connection.run(
        "SELECT state, started, finished, seconds FROM runs WHERE id = :run", run=run
    )
    if not rows:
        return None
    row = rows[0]
    found = {task.task: task for task in task_rows(connection, run, tasks)}
    return View(row["state"], row["started"], row["finished"], row["seconds"], found)


def keep_view(
    connection: Connection, run: str, view: View, before: Mapping[str, TaskRow], done: Done
) -> None:
    """Write down what changed since `before`."""
    connection.run(
        "UPDATE runs SET state = :state, started = :started, finished = :finished, "
        "seconds = :seconds WHERE id = :run",
        run=run, state=view.state, started=view.started, finished=view.finished,
        seconds=view.seconds,
    )  # fmt: skip
    gone = [{"run": run, "task": task} for task in before if task not in view.tasks]
    connection.run_each("DELETE FROM tasks WHERE run = :run AND task = :task", gone)
    changed = [row for task, row in view.tasks.items() if before.get(task) is not row]
    connection.run_each(
        "INSERT INTO tasks (run, task, position, item, state, key, body, label, started, "
        "finished, seconds) "
        "VALUES (:run, :task, :position, :item, :state, :key, :body, :label, :started, "
        ":finished, :seconds) "
        "ON CONFLICT (run, task) DO UPDATE SET position = excluded.position, "
        "item = excluded.item, state = excluded.state, key = excluded.key, body = excluded.body, "
        "label = excluded.label, started = excluded.started, finished = excluded.finished, "
        "seconds = excluded.seconds",
        [_task_values(run, row, done) for row in changed],
    )
    _keep_metrics(connection, run, [row for row in before.values() if row.metrics], changed)


def _keep_metrics(
    connection: Connection, run: str, before: Iterable[TaskRow], changed: Iterable[TaskRow]
) -> None:
    """Replace the numbers of tasks that changed."""
    gone = {row.task for row in changed} & {row.task for row in before}
    connection.run_each(
        "DELETE FROM metrics WHERE run = :run AND task = :task",
        [{"run": run, "task": task} for task in gone],
    )
    connection.run_each(
        "INSERT INTO metrics (run, task, position, step, name, value) "
        "VALUES (:run, :task, :position, :step, :name, :value)",
        [
            {"run": run, "task": row.task, "position": row.position, "step": row.step,
             "name": texts.clean(name), "value": value}
            for row in changed for name, value in row.metrics.items()
        ],
    )  # fmt: skip


def task_body(row: TaskRow, done: Done) -> str:
    """Return a task as its body holds it; empty while its columns say all there is to say."""
    if row.state == "waiting" and row == TaskRow(row.task, row.position, texts.label(row.label)):
        return ""
    return texts.write(brief(row, done))


def _task_values(run: str, row: TaskRow, done: Done) -> dict[str, Any]:
    return {
        "run": run, "task": row.task, "position": row.position, "item": row.item,
        "state": row.state, "key": row.key, "body": task_body(row, done),
        "label": texts.label(row.label), "started": row.started, "finished": row.finished,
        "seconds": row.seconds,
    }  # fmt: skip


def _written(said: Mapping[str, object]) -> str:
    return texts.write(dump(said)) if said else "{}"


# artifacts


def keep_artifacts(connection: Connection, run: str, left: Sequence[tuple[str, Artifact]]) -> None:
    """Write down what tasks left, each artifact with its task, and all bytes that belong to it."""
    used = sorted({digest for _, one in left for digest in digests_in(one)})
    known = _known_artifacts(connection, used)
    connection.run_each(
        "INSERT INTO artifacts (digest, size, kind, type, codec, preview, run, task) "
        "VALUES (:digest, :size, :kind, :type, :codec, :preview, :run, :task) "
        "ON CONFLICT (digest) DO NOTHING",
        [
            {
                "digest": one.digest, "size": one.size, "kind": one.kind, "type": one.type,
                "codec": one.codec, "preview": _written(one.preview), "run": run,
                "task": task,
            }
            for task, one in left if one.digest not in known
        ],
    )  # fmt: skip
    use(connection, run, used)


def _known_artifacts(connection: Connection, digests: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for some in _portions(digests):
        names, values = texts.listed(some)
        sql = f"SELECT digest FROM artifacts WHERE digest IN ({names})"  # noqa: S608 - names of ours
        found.update(row["digest"] for row in connection.run(sql, **values))
    return found


def use(connection: Connection, run: str, digests: Iterable[str]) -> None:
    """Write down that a run refers to stored bytes."""
    connection.run_each(
        "INSERT INTO uses (run, digest) VALUES (:run, :digest) ON CONFLICT DO NOTHING",
        [{"run": run, "digest": digest} for digest in digests],
    )


def digests_in(artifact: Artifact) -> Iterator[str]:
    """Yield the digest of an artifact and those that its preview names."""
    yield artifact.digest
    yield from _named(artifact.preview)


ASK = (
    "INSERT INTO requests (run, what, said_by, at) VALUES (:run, :what, :by, :at) "
    "ON CONFLICT (run, what) DO UPDATE SET said_by = :by, "
    "at = CASE WHEN requests.at < :at THEN :at ELSE requests.at + 0.001 END"
)
"""Writes down what is asked; once more, it is later also where the clock was put back."""


def is_digest(text: str) -> bool:
    """Return whether a text names stored bytes."""
    return text.startswith("sha256:") and len(text) == 71


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if is_digest(value):
            yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _named(item)
    elif value is not None and hasattr(value, "values"):
        for item in value.values():
            yield from _named(item)


def _portions(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
