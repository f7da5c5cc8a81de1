"""The projects below the server's root, and the stores that keep their runs."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbpipe.errors import StoreError, UnknownName
from nbpipe.run.project import (
    SETTINGS,
    SKIPPED,
    Project,
    open_project,
    project_lessons,
    project_settings,
    with_document,
)
from nbpipe_jupyter.answers import BadRequest, NotFound
from nbpipe_jupyter.paths import NOTEBOOKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbpipe.store.rows import RunRow, Which
    from nbpipe.store.store import Store
    from nbpipe_jupyter.bodies import Asked
    from nbpipe_jupyter.paths import Root

MOST = 200
"""How many projects are remembered, to find runs in that are asked for by their id alone."""


MOST_FOLDERS = 5000
"""How many folders are looked at for a run that no project seen so far has."""

_MARKS = frozenset({".nbpipe", SETTINGS})


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
        return ledger_files(self.store)

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
        folder, scope = self.folder_of(asked.path)
        if asked.notebook is not None and not scope:
            raise BadRequest("A notebook was sent, but 'path' names a folder.")
        if asked.notebook is None:
            return open_project(folder / scope if asked.scope == "notebook" else folder)
        if asked.scope == "project":
            return with_document(open_project(folder), scope, dict(asked.notebook))
        return with_document(_unread(folder, scope), scope, dict(asked.notebook))

    def folder_of(self, path: str) -> tuple[Path, str]:
        """Return a path's project folder, and the notebook's path in it; empty for a folder."""
        where = self.root.find(path)
        folder = where if where.is_dir() else _nearest(where.parent)
        self._remember(folder)
        scope = where.relative_to(folder).as_posix()
        return folder, "" if scope == "." else scope

    def store_of(self, folder: Path) -> Store:
        """Return the store of the project in a folder; nothing is written by opening it."""
        from nbpipe.store.store import Store

        address = Project(folder, None, "", project_settings(folder)[0], ()).store
        return self._opened(address, lambda: Store.open(address))

    def proofs_of(self, folder: Path) -> Store:
        """Return the store of the proofs that are made for the project in a folder."""
        from nbpipe.proof.keeping import proofs_of

        store = self.store_of(folder)
        return self._opened(f"proofs of {store.local}", lambda: proofs_of(store))

    def _opened(self, address: str, make: Callable[[], Store]) -> Store:
        with self._lock:
            before = self._stores.get(address)
            if before is not None and before[0] == _identity(before[1]):
                return before[1]
            if before is not None:
                before[1].close()
            store = make()
            _ = store.ledger  # opened here, by one thread
            self._stores[address] = (_identity(store), store)
            return store

    def runs_of(self, folder: Path, limit: int, which: Which) -> tuple[list[RunRow], int]:
        """Return the newest runs of a project that are meant, and how many there are."""
        store = self.store_of(folder)
        settle(store)
        project = None if _is_own(store, folder) else str(folder)
        return store.ledger.history.runs(replace(which, project=project), limit)

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
                self._remember(folder)
                return kept
        raise NotFound(f"There is no run {run[:40]!r} below the folder that this server serves.")

    def kept(self, folder: Path, run: str) -> Kept | None:
        """Return a run of the project in a folder, or a proof; None if it has none of that id."""
        stores = (self.store_of(folder), self.proofs_of(folder))
        found = (self._kept_in(store, folder, run) for store in stores)
        return next((kept for kept in found if kept is not None), None)

    def _kept_in(self, store: Store, folder: Path, run: str) -> Kept | None:
        try:
            row = store.ledger.run(run)
        except UnknownName:
            return None
        if row.id != run or not (_is_own(store, folder) or Path(row.project) == folder):
            return None
        return Kept(run, folder, self.root.relative(folder), store)

    def candidates(self, path: str) -> Iterator[Path]:
        """Yield the folders to search: the path's, else those seen, else all that have a store."""
        if path:
            yield self._folder_at(path)
            return
        seen = list(reversed(self.seen))
        yield from seen
        yield from (folder for folder in self._with_store() if folder not in seen)

    def _folder_at(self, path: str) -> Path:
        """Return a path's project folder, also where the notebook is gone: its runs are kept."""
        try:
            return self.folder_of(path)[0]
        except NotFound:
            place, _, name = path.rpartition("/")
            if not name.endswith(NOTEBOOKS):
                raise
            return _nearest(self.root.find(place))

    def _with_store(self) -> Iterator[Path]:
        """Yield the folders below the root that hold a store or settings, the nearest first."""
        folders, looked = [self.root.folder], 0
        while folders and looked < MOST_FOLDERS:
            folder, looked = folders.pop(0), looked + 1
            try:
                with os.scandir(folder) as found:
                    entries = {e.name: e for e in found if e.name in _MARKS or _is_plain(e)}
            except OSError:
                continue
            if not entries.keys().isdisjoint(_MARKS):
                yield folder
            folders += [Path(e.path) for name, e in sorted(entries.items()) if name not in _MARKS]

    def _remember(self, folder: Path) -> None:
        self.root.relative(folder)  # raises OutsideRoot
        with self._lock:
            self.seen.pop(folder, None)
            self.seen[folder] = None
            while len(self.seen) > MOST:
                self.seen.pop(next(iter(self.seen)))


def _nearest(folder: Path) -> Path:
    """Return the folder of the project that a notebook in `folder` belongs to."""
    above = (place for place in (folder, *folder.parents) if (place / SETTINGS).is_file())
    return next(above, folder)


def _unread(folder: Path, scope: str) -> Project:
    """Return the project of one notebook, which is not read: it may be large, and was sent."""
    settings, problems = project_settings(folder)
    learned, more = project_lessons(folder)
    name = settings.name or Path(scope).stem
    return Project(folder, scope, name, settings, (), learned=learned, problems=(*problems, *more))


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


def ledger_files(store: Store) -> tuple[Path, ...]:
    """Return the files that change when the ledger does."""
    return (store.local / "ledger.db", store.local / "ledger.db-wal")


def _is_plain(entry: os.DirEntry[str]) -> bool:
    """Return whether projects may lie in a folder: hidden ones and links are passed over."""
    hidden = entry.name.startswith(".") or entry.name in SKIPPED
    return not hidden and entry.is_dir(follow_symlinks=False)


def _identity(store: Store) -> object:
    """What changes when a store's ledger is removed or replaced by another."""
    try:
        found = ledger_files(store)[0].stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)
