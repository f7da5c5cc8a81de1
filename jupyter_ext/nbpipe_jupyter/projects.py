"""The projects below the server's root, and the stores that keep their runs."""

from __future__ import annotations

import threading
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nbpipe.compile.settings import Settings, read_settings
from nbpipe.errors import StoreError, UnknownName
from nbpipe.run.project import SETTINGS, Project, open_project, with_document
from nbpipe_jupyter.answers import BadRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.store.rows import RunRow
    from nbpipe.store.store import Store
    from nbpipe_jupyter.bodies import Asked
    from nbpipe_jupyter.paths import Root

MOST = 200
"""How many projects are remembered, to find runs in that are asked for by their id alone."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A run, and where it is kept.

    Attributes
    ----------
    run
        Its id.
    folder
        The project's folder, below the root.
    place
        The same, as requests name it.
    store
        The store that holds it.
    """

    run: str
    folder: Path
    place: str
    store: Store

    @property
    def row(self) -> RunRow:
        """The run as it stands; one whose engine is gone is ended first."""
        row = self.store.ledger.run(self.run)
        if row.state == "running" and settle(self.store):
            row = self.store.ledger.run(self.run)
        return row

    @property
    def files(self) -> tuple[Path, ...]:
        """Files that change when the ledger does; nothing for a ledger on a server."""
        return _ledger_files(self.store)

    @property
    def output(self) -> Path:
        """The file of what the run's cells wrote."""
        return self.store.run_folder(self.run) / "output.jsonl"


@dataclass
class Projects:
    """Opens projects and stores; remembers which were seen.

    Attributes
    ----------
    root
        The folder that the server serves.
    seen
        Folders of projects, the last seen last.
    """

    root: Root
    seen: dict[Path, None] = field(default_factory=dict)
    _stores: dict[str, tuple[object, Store]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, asked: Asked) -> Project:
        """Return the project that a request names, with the notebook as the request has it.

        Raises
        ------
        NotFound, ProjectNotFound, OutsideRoot
            If there is no such project below the root.
        """
        where = self.root.find(asked.path)
        project = open_project(where)
        if asked.scope == "project" and project.scope is not None:
            project = open_project(project.folder)
        self._remember(project.folder)
        if asked.notebook is None:
            return project
        if where.is_dir():
            raise BadRequest("A notebook was sent, but 'path' names a folder.")
        name = where.relative_to(project.folder).as_posix()
        return with_document(project, name, dict(asked.notebook))

    def folder_of(self, path: str) -> tuple[Path, str]:
        """Return a path's project folder, and the notebook's path in it; empty for a folder."""
        where = self.root.find(path)
        if where.is_dir():
            folder = where
        else:
            above = (folder for folder in where.parents if (folder / SETTINGS).is_file())
            folder = next(above, where.parent)
        self._remember(folder)
        scope = where.relative_to(folder).as_posix()
        return folder, "" if scope == "." else scope

    def store_of(self, folder: Path) -> Store:
        """Return the store of the project in a folder; nothing is written by opening it."""
        from nbpipe.store.store import Store

        address = _address(folder)
        with self._lock:
            before = self._stores.get(address)
            if before is not None and before[0] == _identity(before[1]):
                return before[1]
            if before is not None:
                before[1].close()
            store = Store.open(address)
            _ = store.ledger  # opened here, by one thread
            self._stores[address] = (_identity(store), store)
            return store

    def runs_of(self, folder: Path, limit: int, scope: str = "") -> list[RunRow]:
        """Return the newest runs of a project, or those that a notebook of it took part in."""
        store = self.store_of(folder)
        settle(store)
        project = None if _is_own(store, folder) else str(folder)
        if not scope:
            return store.ledger.runs(project=project, limit=limit)
        rows = [
            row for path in (scope, "") for row in store.ledger.runs(path, limit, project=project)
        ]
        return sorted(rows, key=lambda row: row.begun, reverse=True)[:limit]

    def find_run(self, run: str, path: str = "") -> Kept:
        """Return where a run is kept.

        Parameters
        ----------
        run
            Its id.
        path
            Notebook or folder of its project; where it is empty, all projects that this server
            has seen are searched.

        Raises
        ------
        NotFound
            If no project below the root has it.
        """
        for folder in self.candidates(path):
            kept = self.kept(folder, run)
            if kept is not None:
                return kept
        raise NotFound(f"There is no run {run[:40]!r} in the projects that are open.")

    def kept(self, folder: Path, run: str) -> Kept | None:
        """Return a run of the project in a folder; None if it has none of that id."""
        store = self.store_of(folder)
        try:
            row = store.ledger.run(run)
        except UnknownName:
            return None
        if row.id != run or not (_is_own(store, folder) or Path(row.project) == folder):
            return None
        return Kept(run, folder, self.root.relative(folder), store)

    def candidates(self, path: str) -> Iterator[Path]:
        """Yield the folders to search, the likeliest first."""
        if path:
            yield self.folder_of(path)[0]
            return
        yield from reversed(list(self.seen))
        if self.root.folder not in self.seen:
            yield self.root.folder

    def last_event(self, folder: Path, run: str) -> int:
        """Return the number of a run's newest event; -1 while there is no such run."""
        kept = self.kept(folder, run)
        return -1 if kept is None else kept.row.last_seq

    def _remember(self, folder: Path) -> None:
        self.root.relative(folder)  # raises OutsideRoot
        with self._lock:
            self.seen.pop(folder, None)
            self.seen[folder] = None
            while len(self.seen) > MOST:
                self.seen.pop(next(iter(self.seen)))


def _address(folder: Path) -> str:
    """Return the address of a project's store, without reading its notebooks."""
    settings = Settings()
    file = folder / SETTINGS
    if file.is_file():
        with suppress(tomllib.TOMLDecodeError, UnicodeDecodeError):  # compiling tells of it
            settings, _ = read_settings(tomllib.loads(file.read_text("utf-8")))
    return Project(folder, None, "", settings, ()).store


def settle(store: Store) -> bool:
    """End the runs whose engines are gone; returns whether there were any."""
    ended = False
    with suppress(StoreError):  # in a store that cannot be written they stay as they are
        for run in store.ledger.stale():
            ended = store.ledger.mark_interrupted(run) or ended
    return ended


def _is_own(store: Store, folder: Path) -> bool:
    """Return whether all that a store keeps is the project's: it lies in the project's folder."""
    return store.local.parent == folder


def _ledger_files(store: Store) -> tuple[Path, ...]:
    return (store.local / "ledger.db", store.local / "ledger.db-wal")


def _identity(store: Store) -> object:
    """What changes when a store's ledger is removed or replaced by another."""
    try:
        found = _ledger_files(store)[0].stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)
