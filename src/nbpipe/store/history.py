"""Lists of what ran: which runs are meant, how their tasks stand, and what people say of them.

Nothing here reads the bodies of tasks, which may be large: lists stay fast where a run has
tens of thousands.
"""

from __future__ import annotations

import json
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

from nbpipe.errors import UsageError
from nbpipe.store import tables, texts
from nbpipe.store.rows import Listed, StepMetric, StepSum, WhichTasks, step_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nbpipe.store.database import Connection, Database, Row
    from nbpipe.store.rows import RunRow, TaskRow, Which

LONGEST_TAG = 60
LONGEST_NOTE = 10_000
MOST_TAGS = 50
_LAST_FEW = 5
_RESULTS_LOOKED_AT = 2000

_QUIET = "(task LIKE '%[]' AND state IN ('ok', 'reused', 'waiting'))"
"""A listing of items that nobody has to know of."""

_TAGGED = "SELECT run FROM run_tags WHERE "
_SUMS = f"""SELECT position, state, MIN(task) AS task, COUNT(*) AS count,
    MIN(started) AS started, MAX(finished) AS finished, SUM(seconds) AS seconds FROM tasks
    WHERE run = :run AND NOT {_QUIET} GROUP BY position, state ORDER BY position"""  # noqa: S608
_LISTED = ("task", "item", "label", "state", "started", "finished", "seconds")

_ALL = WhichTasks()


class History:
    """Runs and tasks as long lists show them.

    Parameters
    ----------
    database
        Where the rows are.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def runs(self, which: Which, limit: int = 50) -> tuple[list[RunRow], int]:
        """Return at most `limit` of the runs that are meant, the newest first, and their number.

        The number leaves `Which.before` out of account.
        """
        where, values = choosing(which)
        all_where, all_values = choosing(replace(which, before=""))
        count = f"SELECT COUNT(*) AS count FROM runs WHERE {all_where}"  # noqa: S608 - ours
        with self.database.reading() as connection:
            rows = tables.find_runs(
                connection, f"WHERE {where} ORDER BY number DESC LIMIT :limit", limit=limit,
                **values,
            )  # fmt: skip
            counted = connection.run(count, **all_values)
            return tables.run_rows(connection, rows), counted[0]["count"]

    def tags(self, project: str) -> dict[str, int]:
        """Return the tags of a project's runs, each with how many runs have it."""
        with self.database.reading() as connection:
            rows = connection.run(
                "SELECT t.tag AS tag, COUNT(*) AS count FROM run_tags t "
                "JOIN runs r ON r.id = t.run WHERE r.project = :project "
                "GROUP BY t.tag ORDER BY t.tag",
                project=texts.clean(project),
            )
        return {row["tag"]: row["count"] for row in rows}

    def steps(self, run: str) -> list[StepSum]:
        """Return the tasks of a run taken together by step, in the pipeline's order."""
        with self.database.reading() as connection:
            rows = connection.run(_SUMS, run=run)
        groups: dict[tuple[int, str], list[Row]] = {}
        for row in rows:
            groups.setdefault((row["position"], step_of(row["task"])), []).append(row)
        return [_sum(step, some) for (_, step), some in groups.items()]

    def tasks(
        self, run: str, which: WhichTasks = _ALL, first: int = 0, limit: int = 200
    ) -> tuple[list[Listed], int]:
        """Return tasks of a run from the `first` on, and how many there are.

        Parameters
        ----------
        run
            Its id.
        which
            Which of them.
        first, limit
            How many to pass over, and how many to return at most.
        """
        where, values = choosing_tasks(run, which)
        count = f"SELECT COUNT(*) AS count FROM tasks WHERE {where}"  # noqa: S608 - ours
        rows = f"SELECT {', '.join(_LISTED)} FROM tasks WHERE {where} "  # noqa: S608 - ours
        rows += "ORDER BY position, item, task LIMIT :limit OFFSET :first"
        with self.database.reading() as connection:
            counted = connection.run(count, **values)
            found = connection.run(rows, limit=limit, first=first, **values)
        return [Listed(*(row[name] for name in _LISTED)) for row in found], counted[0]["count"]

    def rows(self, run: str, tasks: Sequence[str]) -> list[TaskRow]:
        """Return some tasks of a run in full, those that it has, in no order."""
        with self.database.reading() as connection:
            return tables.task_rows(connection, run, tasks)

    def part(self, run: str, begin: int, limit: int) -> list[TaskRow]:
        """Return at most `limit` tasks in full, from number `begin` in the pipeline's order on."""
        with self.database.reading() as connection:
            return tables.some_tasks(connection, run, begin, limit)

    def durations(self, project: str) -> dict[str, float]:
        """Return how long the tasks of each step took: step → seconds, the middle of the last few.

        Only the newest results of the project are looked at.
        """
        with self.database.reading() as connection:
            rows = connection.run(
                "SELECT step, body FROM results WHERE project = :project "
                "ORDER BY number DESC LIMIT :limit",
                project=texts.clean(project), limit=_RESULTS_LOOKED_AT,
            )  # fmt: skip
        took: dict[str, list[float]] = {}
        for row in rows:
            some = took.setdefault(row["step"], [])
            if len(some) < _LAST_FEW:
                some.append(texts.read(row["body"]).get("seconds", 0.0))
        return {step: median(some) for step, some in took.items()}

    def metrics(self, runs: Sequence[str]) -> dict[str, list[StepMetric]]:
        """Return run → its numbers by step, in the pipeline's order; none for runs without."""
        names, values = texts.listed(runs)
        sql = f"""SELECT run, position, step, name, AVG(value) AS value, COUNT(*) AS count
            FROM metrics WHERE run IN ({names}) GROUP BY run, position, step, name
            ORDER BY run, position, step, name"""  # noqa: S608 - names of ours
        with self.database.reading() as connection:
            rows = connection.run(sql, **values)
        found: dict[str, list[StepMetric]] = {}
        for row in rows:
            one = StepMetric(row["step"], row["name"], row["value"], row["count"])
            found.setdefault(row["run"], []).append(one)
        return found


def choosing(which: Which) -> tuple[str, dict[str, Any]]:
    """Return a condition on the table of runs, and its values."""
    conditions = ["1 = 1"]
    values: dict[str, Any] = {}
    for condition, given in _conditions(which):
        conditions.append(condition)
        values |= given
    return " AND ".join(conditions), values


def _conditions(which: Which) -> Iterator[tuple[str, dict[str, Any]]]:
    if which.project is not None:
        yield "project = :project", {"project": texts.clean(which.project)}
    if which.paths:
        named = {f"path{n}": texts.clean(path) for n, path in enumerate(which.paths)}
        yield f"path IN ({', '.join(f':{name}' for name in named)})", named
    if which.state is not None:
        yield "state = :state", {"state": which.state}
    if which.pinned is not None:
        yield "pinned = :pinned", {"pinned": int(which.pinned)}
    for n, tag in enumerate(which.tags):
        yield f"id IN ({_TAGGED}tag = :tag{n})", {f"tag{n}": texts.clean(tag)}
    for n, word in enumerate(which.words.split()):
        yield _says(word, f"word{n}")
    if which.before:
        yield "number < (SELECT number FROM runs WHERE id = :before)", {"before": which.before}


def _says(word: str, name: str) -> tuple[str, dict[str, Any]]:
    """Return the condition that a run says a word, or has a parameter ``name=value``."""
    parameter, is_given, value = word.partition("=")
    if is_given and parameter:
        item = f"{json.dumps(parameter)}:{_as_json(value)}"
        ends = {f"{name}a": f"%{_plain(item)},%", f"{name}b": f"%{_plain(item)}}}%"}
        return "(" + " OR ".join(f"body LIKE :{end} ESCAPE '!'" for end in ends) + ")", ends
    some = [f"LOWER({column}) LIKE :{name} ESCAPE '!'" for column in ("id", "path", "note")]
    some.append(f"id IN ({_TAGGED}LOWER(tag) LIKE :{name} ESCAPE '!')")
    return f"({' OR '.join(some)})", {name: f"%{_plain(texts.clean(word.lower()))}%"}


def _as_json(value: str) -> str:
    """Return a parameter's value as the ledger writes it; what is no JSON is text."""
    try:
        return texts.write(json.loads(value))
    except ValueError:
        return texts.write(value)


def _plain(text: str) -> str:
    """Return text in which nothing has a meaning of its own to LIKE."""
    return "".join(f"!{letter}" if letter in "!%_" else letter for letter in text)


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Return tags as they are kept: no space around, none twice.

    Raises
    ------
    UsageError
        If one is empty or too long, or there are too many.
    """
    kept = list(dict.fromkeys(texts.clean(tag.strip()) for tag in tags))
    if len(kept) > MOST_TAGS:
        raise UsageError(f"A run can have {MOST_TAGS} tags at most.")
    for tag in kept:
        if not tag or len(tag) > LONGEST_TAG or not tag.isprintable():
            raise UsageError(f"A tag has 1 to {LONGEST_TAG} characters in one line.")
    return kept


def set_tags(connection: Connection, run: str, tags: Sequence[str]) -> None:
    """Replace a run's tags."""
    connection.run("DELETE FROM run_tags WHERE run = :run", run=run)
    connection.run_each(
        "INSERT INTO run_tags (run, tag) VALUES (:run, :tag)",
        [{"run": run, "tag": tag} for tag in tags],
    )


def set_note(connection: Connection, run: str, note: str) -> None:
    """Replace a run's note.

    Raises
    ------
    UsageError
        If it is too long.
    """
    if len(note) > LONGEST_NOTE:
        raise UsageError(f"A note has at most {LONGEST_NOTE} characters.")
    connection.run("UPDATE runs SET note = :note WHERE id = :run", note=texts.clean(note), run=run)


# tasks


def _sum(step: str, rows: Sequence[Row]) -> StepSum:
    counts = {row["state"]: row["count"] for row in rows}
    begun = [row["started"] for row in rows if row["started"] is not None]
    ended = [row["finished"] for row in rows if row["finished"] is not None]
    seconds = sum(row["seconds"] or 0.0 for row in rows)
    return StepSum(step, counts, min(begun, default=None), max(ended, default=None), seconds)


def choosing_tasks(run: str, which: WhichTasks) -> tuple[str, dict[str, Any]]:
    """Return a condition on the tasks of a run, and its values."""
    conditions = [f"run = :run AND NOT {_QUIET}"]
    values: dict[str, Any] = {"run": run}
    if which.step:
        conditions.append("(task = :step OR substr(task, 1, :length) = :begin)")
        begin = f"{which.step}["
        values |= {"step": which.step, "begin": begin, "length": len(begin)}
    if which.state:
        conditions.append("state = :state")
        values["state"] = which.state
    for n, word in enumerate(which.words.split()):
        said = (f"LOWER({column}) LIKE :w{n} ESCAPE '!'" for column in ("task", "label"))
        conditions.append(f"({' OR '.join(said)})")
        values[f"w{n}"] = f"%{_plain(texts.clean(word.lower()))}%"
    return " AND ".join(conditions), values
