"""Which files a step reads and writes: an audit hook, and the project's folder before and after."""

from __future__ import annotations

import fnmatch
import os
import sys
from typing import Any, Callable, Iterator, Sequence

ENTRIES = 50_000
SKIPPED_FOLDERS = frozenset(
    (
        ".git", ".nbpipe", "node_modules", ".venv", "venv", "__pycache__", ".ipynb_checkpoints",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".hg", ".svn",
    )
)  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR
_SYSTEM = ("/proc/", "/dev/", "/sys/", "/etc/", "/usr/share/", "/usr/lib/", "/lib/", "/var/lib/")
_PARTS = (
    "/site-packages/", "/dist-packages/", "/.nbpipe/", "/__pycache__/", "/.ipython/",
    "/.jupyter/", "/.cache/", "/.config/matplotlib", "/jupyter/runtime/", "/ipykernel_",
)  # fmt: skip
_READERS = ("importlib", "linecache", "tokenize", "inspect", "IPython", "zipimport", "runpy")


class Watch:
    """The files of one step, noticed while `active`.

    Attributes
    ----------
    reads
        Path → size and time of change when it was first read.
    writes
        Paths opened for writing, or made by a rename.
    """

    def __init__(self, project: str, store: str, ignore: Sequence[str] = ()) -> None:
        self.active = False
        self.project = project
        self.ignore = tuple(ignore)
        self.reads: dict[str, Any] = {}
        self.writes: dict[str, None] = {}
        self.before: dict[str, Any] | None = None
        roots = (sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__), store)
        self._ignored = _SYSTEM + tuple(root.rstrip("/\\") + os.sep for root in roots)

    def start(self) -> None:
        """Begin to notice."""
        self.before = dict(self._snapshot())
        _install(self)
        self.active = True

    def stop(self) -> None:
        """Cease to notice."""
        self.active = False

    def on_open(self, path: Any, mode: Any, flags: Any) -> None:
        """Note one ``open``."""
        full = self._path(path)
        if full is None or (full.endswith(".py") and _read_by_python()):
            return
        writes = bool(flags & _WRITES) if isinstance(flags, int) else False
        if not writes or flags & os.O_RDWR or flags & os.O_APPEND:
            self._on_read(full)
        if writes:
            self.writes[full] = None

    def _on_read(self, full: str) -> None:
        if full in self.reads or full in self.writes:
            return
        try:
            stat = os.stat(full)
        except (OSError, ValueError):
            return
        if stat.st_mode & 0o170000 == 0o100000:
            self.reads[full] = (stat.st_size, stat.st_mtime_ns)

    def on_rename(self, source: Any, target: Any, *folders: Any) -> None:
        """Note one rename or replace."""
        old, new = self._path(source), self._path(target)
        if old is not None:
            self.writes.pop(old, None)
        if new is not None:
            self.writes[new] = None

    def on_database(self, path: Any) -> None:
        """Note a SQLite file that is opened."""
        full = None if path == ":memory:" else self._path(path)
        if full is not None:
            self._on_read(full)

    def _path(self, path: Any) -> str | None:
        """Return a path in full; None if it is not to be noted."""
        try:
            full = os.path.abspath(os.fsdecode(path))
        except (TypeError, ValueError):
            return None  # a file that is open already
        if full.endswith((".pyc", ".pyo", ".so")) or full.startswith(self._ignored):
            return None
        if any(part in full for part in _PARTS):
            return None
        return None if self._is_ignored(full) else full

    def _is_ignored(self, full: str) -> bool:
        if not full.startswith(self.project + os.sep):
            return False
        inside = os.path.relpath(full, self.project).replace(os.sep, "/")
        return any(fnmatch.fnmatch(inside, pattern) for pattern in self.ignore)

    def _snapshot(self) -> Iterator[tuple[str, Any]]:
        """Yield the project's files with their sizes and times; bounded."""
        left = ENTRIES
        folders = [self.project] if self.project and os.path.isdir(self.project) else []
        while folders and left > 0:
            for entry in _entries(folders.pop()):
                left -= 1
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in SKIPPED_FOLDERS:
                        folders.append(entry.path)
                elif left >= 0 and not self._is_ignored(entry.path):
                    stamp = _stamp(entry.path)
                    if stamp is not None:
                        yield os.path.abspath(entry.path), stamp

    def report(self) -> dict[str, Any]:
        """Return what was noticed: read, written, changed by means unseen, and removed."""
        before = self.before if self.before is not None else {}
        after = dict(self._snapshot()) if self.before is not None else {}
        written = [path for path in self.writes if os.path.isfile(path)]
        unseen = {path for path, stamp in after.items() if before.get(path) != stamp}
        return {
            "files_read": [_row(path, stamp) for path, stamp in sorted(self.reads.items())],
            "files_written": [_row(path, _stamp(path)) for path in sorted(written)],
            "files_changed": [_row(path, after[path]) for path in sorted(unseen - set(written))],
            "files_removed": sorted(path for path in before if not os.path.lexists(path)),
        }


def _row(path: str, stamp: Any) -> dict[str, Any]:
    size, time = stamp or (None, None)
    return {"path": path, "size": size, "mtime_ns": time}


def _entries(folder: str) -> list[Any]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _stamp(path: str) -> Any:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _read_by_python() -> bool:
    """Return True if a module is imported or its lines are shown, so no data is read."""
    frame: Any = sys._getframe(3)
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    name = frame.f_globals.get("__name__", "") if frame is not None else ""
    return name.startswith(_READERS) or name == "_frozen_importlib_external"


_watches: list[Watch] = []
_EVENTS: dict[str, Callable[..., None]] = {
    "open": Watch.on_open,
    "os.rename": Watch.on_rename,
    "sqlite3.connect": Watch.on_database,
}


def _hook(event: str, args: Any) -> None:
    note = _EVENTS.get(event)
    if note is None:
        return
    for watch in _watches:
        if watch.active:
            try:
                note(watch, *args)
            except Exception:  # what is not understood is not noted; the user's call goes on
                return


def _install(watch: Watch) -> None:
    """Add the hook once a process: Python cannot remove one."""
    if not _watches:
        sys.addaudithook(_hook)
    _watches[:] = [watch]
