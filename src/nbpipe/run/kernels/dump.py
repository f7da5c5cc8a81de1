"""Mends debuglater's post-mortem dumps: cells keep their source, frames of ours stay out."""

from __future__ import annotations

import linecache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from debuglater import pydump


def mend() -> None:
    """Mend the module `debuglater.pydump` of this process.

    It pickles the locals of every frame up to the process's first one, which are the worker's,
    and looks for the source of cells on the disk, where it is not.
    """
    build = pydump.FakeFrame.__init__

    def build_frame(self: Any, frame: Any) -> None:
        build(self, _cut(frame))

    pydump.FakeFrame.__init__ = build_frame
    pydump._get_traceback_files = _files


def _cut(frame: Any) -> Any:
    above = frame.f_back
    inside = above is not None and not _is_machinery(above)
    return SimpleNamespace(
        f_code=frame.f_code, f_locals=frame.f_locals, f_globals=frame.f_globals,
        f_lineno=frame.f_lineno, f_back=above if inside else None,
    )  # fmt: skip


def _is_machinery(frame: Any) -> bool:
    name = frame.f_globals.get("__name__", "")
    return isinstance(name, str) and name.partition(".")[0] in ("IPython", "nbpipe")


def _files(traceback: Any) -> dict[str, str]:
    """Return the source of every file and cell that the traceback goes through."""
    found = {}
    while traceback:
        frame = traceback.tb_frame
        while frame:
            name = frame.f_code.co_filename
            lines = linecache.getlines(name) or linecache.getlines(Path(name).name)
            found[name] = "".join(lines) or f"The source of {name} was not found."
            frame = frame.f_back
        traceback = traceback.tb_next
    return found
