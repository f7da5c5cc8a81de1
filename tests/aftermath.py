"""What a run came to, and what no crash may change: for tests that break things on purpose."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbpipe.events import GOOD, TaskStarted
from nbpipe.store.invariants import faults_of
from nbpipe.store.repair import repair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbpipe.store.store import Store

SOURCE = Path(__file__).parents[1] / "src" / "nbpipe"
_LATER = 3600.0
_PAPERS = frozenset({"notebook", "log"})
_REACHED = re.compile(r"\breach\(\"([a-z-]+)\"\)")
_LEFT = frozenset({"leftover", "half-written", "claim"})


@dataclass(frozen=True)
class Came:
    """How a run ended and what its tasks left; executed notebooks and logs tell the time too."""

    state: str
    left: Mapping[str, frozenset[tuple[str, str, str]]]
    files: Mapping[str, str]


def came_to(store: Store, run: str, project: Path) -> Came:
    """Return what a run came to, and what its project's folder holds."""
    left = {
        task.task: frozenset(
            (one.kind, one.name, one.digest) for one in task.artifacts if one.kind not in _PAPERS
        )
        for task in store.ledger.tasks(run)
        if task.state in GOOD
    }
    return Came(store.ledger.run(run).state, left, files_in(project))


def files_in(project: Path) -> dict[str, str]:
    """Return the files of a project, the store's not, with their digests."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(project.iterdir())
        if path.is_file()
    }


def finished(store: Store, run: str) -> dict[str, str]:
    """Return the tasks of a run that count as done by now, and their keys."""
    return {t.task: t.key for t in store.ledger.tasks(run) if t.state in GOOD}


def began(store: Store, run: str, after: int = 0) -> list[str]:
    """Return the tasks that were begun by events above a number, in order."""
    events = store.ledger.events(run, after, 100_000)
    return [one.event.task for one in events if isinstance(one.event, TaskStarted)]


def check_sound(store: Store) -> None:
    """Hold a store against the invariants: nothing but litter is allowed, and that is mended."""
    faults = faults_of(store, thorough=True)
    assert {fault.what for fault in faults} <= _LEFT, faults
    _, left = repair(store, thorough=True)
    assert left == ()
    assert repair(store, thorough=True) == ((), ())


def failpoints(*folders: str) -> set[str]:
    """Return the points at which a crash can be asked for, in some folders of the package."""
    files = [path for folder in folders for path in (SOURCE / folder).rglob("*.py")]
    return {point for file in files for point in _REACHED.findall(file.read_text("utf-8"))}
