"""What may be forgotten: old runs, results only they led to, bytes that nothing refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.errors import MissingObject, RunBusy
from nbpipe.store import tables
from nbpipe.store.rows import GarbagePlan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbpipe.store.blobs import Blobs
    from nbpipe.store.database import Connection

_STALE_RESULTS = (
    "SELECT key, at, body FROM results WHERE run = :run AND key NOT IN "
    "(SELECT key FROM tasks WHERE run <> :run)"
)


def held(connection: Connection) -> int:
    """Return how many bytes the objects have that the ledger knows of."""
    rows = connection.run("SELECT COALESCE(SUM(size), 0) AS size FROM artifacts")
    return int(rows[0]["size"])


def plan(
    connection: Connection,
    keep_last: int | None,
    older_than: float | None,
    now: float,
    keep_tagged: bool = False,
) -> GarbagePlan:
    """Return what could be removed; see `Ledger.garbage`."""
    runs = _old_runs(connection, keep_last, None if older_than is None else now - older_than)
    if keep_tagged:
        tagged = {row["run"] for row in connection.run("SELECT run FROM run_tags")}
        runs = [run for run in runs if run not in tagged]
    gone = set(runs)
    kept_keys = {
        row["key"]
        for row in connection.run("SELECT run, key FROM tasks WHERE key <> ''")
        if row["run"] not in gone
    }
    used = {
        row["digest"]
        for row in connection.run("SELECT run, digest FROM uses")
        if row["run"] not in gone
    }
    for row in connection.run("SELECT key, at, body, run FROM results"):
        if row["run"] not in gone or row["key"] in kept_keys:
            used.update(d for a in tables.result(row).artifacts for d in tables.digests_in(a))
    sizes = _known(connection)
    digests = frozenset(sizes.keys() - used)
    return GarbagePlan(tuple(runs), digests, sum(sizes[digest] for digest in digests))


def _old_runs(connection: Connection, keep_last: int | None, before: float | None) -> list[str]:
    if keep_last is None and before is None:
        return []
    rows = connection.run("SELECT id, project, state, pinned, begun FROM runs ORDER BY number DESC")
    seen: dict[str, int] = {}
    old: list[str] = []
    for row in rows:
        rank = seen[row["project"]] = seen.get(row["project"], 0) + 1
        if row["state"] == "running" or row["pinned"]:
            continue
        if keep_last is not None and rank <= keep_last:
            continue
        if before is None or row["begun"] <= before:
            old.append(row["id"])
    return old[::-1]


def _known(connection: Connection) -> dict[str, int]:
    """Return the digest of all that the ledger ever heard of → its size, 0 if not told."""
    heard = "SELECT digest FROM uses UNION SELECT digest FROM left_over"
    known = {row["digest"]: 0 for row in connection.run(heard)}
    for row in connection.run("SELECT digest, size FROM artifacts"):
        known[row["digest"]] = row["size"]
    return known


def forget(connection: Connection, runs: Iterable[str]) -> None:
    """Remove runs, and results that only they led to; raises `RunBusy` for one that runs."""
    for run in runs:
        rows = connection.run("SELECT state FROM runs WHERE id = :run", run=run)
        if rows and rows[0]["state"] == "running":
            raise RunBusy(f"Run {run} is running. Stop it with `nbpipe cancel {run}` first.")
        stale = connection.run(_STALE_RESULTS, run=run)
        connection.run_each(
            "DELETE FROM results WHERE key = :key", [{"key": row["key"]} for row in stale]
        )
        connection.run(
            "INSERT INTO left_over (digest) SELECT digest FROM uses WHERE run = :run "
            "ON CONFLICT DO NOTHING",
            run=run,
        )
        connection.run("DELETE FROM runs WHERE id = :run", run=run)


def collect(connection: Connection, wanted: GarbagePlan, blobs: Blobs) -> int:
    """Carry out a plan as far as it still holds; see `Ledger.collect`.

    The writers' lock is held to the end, so no run begins meanwhile.
    """
    live = connection.run("SELECT MIN(begun) AS begun FROM runs WHERE state = 'running'")
    since = live[0]["begun"]
    forget(connection, _still_old(connection, wanted.runs))
    unused = plan(connection, None, None, 0.0).digests
    freed = 0
    for digest in sorted(wanted.digests & unused):
        try:
            size, touched = blobs.size(digest), blobs.touched(digest)
        except MissingObject:
            size, touched = 0, 0.0
        if since is not None and touched >= since - _SLACK:
            continue
        blobs.delete(digest)
        connection.run("DELETE FROM artifacts WHERE digest = :digest", digest=digest)
        connection.run("DELETE FROM left_over WHERE digest = :digest", digest=digest)
        connection.run("DELETE FROM lost WHERE digest = :digest", digest=digest)
        freed += size
    return freed


_SLACK = 60.0
"""Seconds by which clocks of machines and file systems may differ."""


def _still_old(connection: Connection, runs: Iterable[str]) -> list[str]:
    sql = "SELECT 1 FROM runs WHERE id = :run AND pinned = 0 AND state <> 'running'"
    return [run for run in runs if connection.run(sql, run=run)]
