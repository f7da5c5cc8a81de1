"""Notebooks that are edited while their run goes on: it keeps what it began with, and says so."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from nbpipe.compile.notebook import read_notebook
from nbpipe.events import Note

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe.compile.notebook import Notebook
    from nbpipe.events import Tell
    from nbpipe.run.project import Project

PAUSE = 5.0
"""Seconds between two looks at the files."""


class Edits:
    """Looks at a run's notebooks now and then; of each that says something else it tells once.

    What was saved again with the same code is not edited: outputs do not count.

    Parameters
    ----------
    project
        As it was read for the run.
    tell
        Is told.
    resumed
        Whether the run goes on: then what was edited before counts too.
    clock
        Seconds, never going back.
    """

    def __init__(
        self,
        project: Project,
        tell: Tell,
        resumed: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._project, self._tell, self._clock = project, tell, clock
        self._left = {one.path: one for one in project.notebooks if one.path in project.sources}
        self._seen = {} if resumed else {path: self._stamp(path) for path in self._left}
        self._next = clock() + (0.0 if resumed else PAUSE)

    def look(self, last: bool = False) -> None:
        """Look, if it is time to, or for the last time."""
        if not last and self._clock() < self._next:
            return
        self._next = self._clock() + PAUSE
        for path, begun in list(self._left.items()):
            stamp = self._stamp(path)
            if path in self._seen and self._seen[path] == stamp:
                continue
            what = "was removed" if stamp is None else self._what_of(begun)
            if what is not None:
                self._seen[path] = stamp
            if what:
                del self._left[path]
                self._tell(Note(f"{path} {what} since the run began. {_KEPT}", level="warning"))

    def _stamp(self, path: str) -> tuple[int, int, int] | None:
        try:
            seen = os.stat(self._project.folder / path)
        except OSError:
            return None
        return seen.st_mtime_ns, seen.st_size, seen.st_ino

    def _what_of(self, begun: Notebook) -> str | None:
        """Return what happened to a notebook, empty if nothing; None while it is being saved."""
        try:
            now = read_notebook((self._project.folder / begun.path).read_bytes(), begun.path)
        except OSError:
            return None
        if not now.cells and now.problems:
            return None
        return "was edited" if _said(now) != _said(begun) else ""


_KEPT = "The run keeps what it began with; run again to run it as it is now."


def _said(notebook: Notebook) -> list[Any]:
    code = [(one.source, one.tags) for one in notebook.cells if one.kind == "code"]
    return [notebook.kernel, notebook.metadata.get("nbpipe"), code]
