"""What the ledger's own rows tell of faults, and how its tables are made from events anew."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbpipe.events import ENDED, GOOD, RunStarted, TaskFinished, TaskReused, TaskStarted
from nbpipe.store import tables, texts
from nbpipe.store.faults import Fault
from nbpipe.store.projection import View, advance
from nbpipe.store.rows import TaskRow
from nbpipe.wire import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbpipe.events import Artifact, Event
    from nbpipe.store.database import Connection


@dataclass(slots=True)
class _Replay:
    """What a run's events say when they are gone through once more."""

    run: str
    view: View = field(default_factory=View)
    left: list[tuple[str, Artifact]] = field(default_factory=list)
    last: int = 0
    attempts: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Look at the next event."""
        match event:
            case RunStarted():
                self.attempts.clear()
            case TaskStarted():
                if event.attempt <= self.attempts.get(event.task, 0):
                    self._odd(event.task, f"began attempt {event.attempt} while it was running")
                self.attempts[event.task] = event.attempt
            case TaskFinished():
                began = self.attempts.pop(event.task, 0)
                if not began:
                    self._odd(event.task, "ended without having begun, or twice")
                elif event.attempt < began:
                    self._odd(event.task, f"took the end of attempt {event.attempt} for {began}'s")
            case _:
                pass
        if isinstance(event, (TaskFinished, TaskReused)):
            self.left += [(event.task, artifact) for artifact in event.artifacts]

    def _odd(self, task: str, text: str) -> None:
        self.faults.append(Fault("I3", "order", f"Run {self.run}: {task} {text}.", self.run, task))


def _replay(connection: Connection, run: str) -> _Replay:
    replay = _Replay(run)
    for one in tables.events_of(connection, run):
        if one.seq != replay.last + 1:
            text = f"Run {run}: event {replay.last + 1} is missing."
            replay.faults.append(Fault("I3", "order", text, run))
        replay.last = one.seq
        replay.take(one.event)
        advance(replay.view, one)
    return replay


def faults_of_run(connection: Connection, run: str) -> Iterator[Fault]:
    """Yield what is wrong with the rows of a run: order, ends, and what follows from events."""
    replay = _replay(connection, run)
    yield from replay.faults
    rows = connection.run("SELECT state, last_seq FROM runs WHERE id = :run", run=run)
    if rows and rows[0]["last_seq"] != replay.last:
        text = f"Run {run}: {rows[0]['last_seq']} events were told, the last one is {replay.last}."
        yield Fault("I3", "order", text, run)
    yield from _not_ended(replay)
    if _differs(connection, replay):
        text = f"Run {run} does not stand as its events say."
        yield Fault("I6", "projection", text, run)


def _not_ended(replay: _Replay) -> Iterator[Fault]:
    run, view = replay.run, replay.view
    if view.state == "running":
        return
    for task in view.tasks.values():
        if task.state not in ENDED:
            text = f"Run {run} ended, and its task {task.task} counts as {task.state}."
            yield Fault("I1", "not-ended", text, run, task.task)
        elif view.state == "ok" and task.state not in GOOD:
            text = f"Run {run} counts as ok, and its task {task.task} as {task.state}."
            yield Fault("I6", "order", text, run, task.task)


def _differs(connection: Connection, replay: _Replay) -> bool:
    """Tell whether the tables say anything else than the events."""
    run, view = replay.run, replay.view
    kept = tables.view_of(connection, run, ())
    facts = ("state", "started", "finished", "seconds")
    if kept is not None and any(getattr(kept, f) != getattr(view, f) for f in facts):
        return True
    rows = connection.run("SELECT task, body FROM tasks WHERE run = :run", run=run)
    if {row["task"] for row in rows} != view.tasks.keys():
        return True
    if any(not _same(row["body"], view.tasks[row["task"]]) for row in rows):
        return True
    if _metrics(connection, run) != {
        (task.task, texts.clean(name)) for task in view.tasks.values() for name in task.metrics
    }:
        return True
    used = {r["digest"] for r in connection.run("SELECT digest FROM uses WHERE run = :r", r=run)}
    return not used.issuperset(d for _, one in replay.left for d in tables.digests_in(one))


def _same(body: str, task: TaskRow) -> bool:
    """Compare as text: what is no number equals itself there."""
    told = tables.task_body(task, {})
    again = tables.task_body(load(TaskRow, texts.read(body)), {}) if body else ""
    return told in (body, again)


def _metrics(connection: Connection, run: str) -> set[tuple[str, str]]:
    rows = connection.run("SELECT task, name FROM metrics WHERE run = :run", run=run)
    return {(row["task"], row["name"]) for row in rows}


def rebuild(connection: Connection, run: str) -> None:
    """Derive anew, from its events, how a run and its tasks stand and what they left."""
    replay = _replay(connection, run)
    connection.run("DELETE FROM tasks WHERE run = :run", run=run)
    connection.run("DELETE FROM metrics WHERE run = :run", run=run)
    tables.keep_view(connection, run, replay.view, {}, {})
    tables.keep_artifacts(connection, run, replay.left)


def results_named(connection: Connection) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield of each kept result its key, ``run/task``, and the bytes that it needs."""
    for row in connection.run("SELECT key, run, task, at, body FROM results"):
        artifacts = tables.result(row).artifacts
        digests = frozenset(d for artifact in artifacts for d in tables.digests_in(artifact))
        yield row["key"], f"{row['run']}/{row['task']}", digests


def digests_named(connection: Connection) -> dict[str, tuple[str, int | None]]:
    """Return all bytes that the ledger names → a run that refers to them, and their size."""
    sizes = {
        row["digest"]: row["size"] for row in connection.run("SELECT digest, size FROM artifacts")
    }
    rows = connection.run("SELECT MIN(run) AS run, digest FROM uses GROUP BY digest")
    return {row["digest"]: (row["run"], sizes.get(row["digest"])) for row in rows}


def all_named(connection: Connection) -> Callable[[str], bool]:
    """Return what tells whether anything in the ledger names some bytes.

    A note may name some by the beginning of their digest: a file that a reused step's own took
    the place of.
    """
    named = {row["digest"] for row in connection.run(_NAMED)}
    named.update(d for _, _, digests in results_named(connection) for d in digests)
    noted = "SELECT body FROM events WHERE kind = 'note' AND body LIKE '%sha256:%'"
    begun = {said for row in connection.run(noted) for said in _SAID.findall(row["body"])}
    return lambda digest: digest in named or digest[:_SHORT] in begun


_NAMED = (
    "SELECT digest FROM uses UNION SELECT digest FROM left_over UNION SELECT digest FROM artifacts"
)
_SHORT = len("sha256:") + 12
_SAID = re.compile(r"sha256:[0-9a-f]{12}")


def lost(connection: Connection) -> set[str]:
    """Return the bytes that are known to be gone."""
    return {row["digest"] for row in connection.run("SELECT digest FROM lost")}


def claims_of_ended(connection: Connection) -> list[str]:
    """Return runs that ended and that an engine still holds."""
    rows = connection.run(
        "SELECT e.run AS run FROM engines e JOIN runs r ON r.id = e.run WHERE r.state <> 'running'"
    )
    return [row["run"] for row in rows]
