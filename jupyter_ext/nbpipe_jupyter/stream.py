"""A run's events for a browser: replayed from the ledger, then followed."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbpipe_jupyter.desk import Desk
    from nbpipe_jupyter.projects import Kept, Projects

GLANCE = 0.1
"""Seconds between two looks at whether the ledger's files changed."""

LOOK = 2.0
"""Seconds after which the ledger is asked even if its files did not change."""

CHUNK = 256 * 1024
"""Most bytes of output in one answer."""


@dataclass(frozen=True, slots=True)
class News:
    """What is asked of a run's news.

    Attributes
    ----------
    after
        Number of the last event that the asker has.
    wait
        Seconds to wait at most where there is nothing new.
    kind
        Only events of that kind; empty for all.
    output
        Byte from which on the cells' output is wanted too; None for no output.
    """

    after: int = 0
    wait: float = 0.0
    kind: str = ""
    output: int | None = None


async def follow(
    desk: Desk, kept: Kept, asked: News, is_gone: Callable[[], bool]
) -> dict[str, Any]:
    """Return a run's news; where there are none, wait for some.

    Parameters
    ----------
    desk
        Where blocking work is done.
    kept
        The run.
    asked
        Which news.
    is_gone
        Says that nobody waits for the answer any more.
    """
    until = time.monotonic() + asked.wait
    files = kept.files if asked.output is None else (*kept.files, kept.output)
    while True:
        seen = stamp(files)
        answer: dict[str, Any] = await desk.do(_news, kept, asked)
        news = answer["events"] or answer["done"] or answer.get("output", {}).get("lines")
        if news or time.monotonic() >= until:
            return answer
        await changed(files, seen, min(until, time.monotonic() + LOOK))
        if is_gone() or desk.closed.is_set():
            return answer


def _news(kept: Kept, asked: News) -> dict[str, Any]:
    from nbpipe_jupyter.views import events

    answer = events(kept, asked.after, asked.kind)
    if asked.output is not None:
        lines, end = _whole_lines(kept.output, asked.output)
        answer["output"] = {"lines": _read(lines), "next": end}
    return answer


async def changed(files: tuple[Path, ...], seen: object, until: float) -> None:
    """Return when the ledger's files no longer look as they did, or it is time."""
    while time.monotonic() < until and stamp(files) == seen:
        await asyncio.sleep(GLANCE)


def stamp(files: tuple[Path, ...]) -> tuple[tuple[int, int], ...]:
    """Return what tells, without opening them, that the files were written to."""
    return tuple(_stamp(file) for file in files)


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = os.stat(file)
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def read_output(
    projects: Projects, run: str, path: str, asked: tuple[int, str, int | None]
) -> dict[str, Any]:
    """Return lines that a run's cells wrote, and the byte at which to go on.

    Parameters
    ----------
    projects, run, path
        Which run.
    asked
        The byte to begin at, the task whose lines are wanted (empty for all), and how many
        bytes at the end are wanted instead (None for those from the beginning on).
    """
    begin, task, tail = asked
    file = projects.find_run(run, path).output
    lines, end = _whole_lines(file, begin) if tail is None else _last_lines(file, tail)
    return {
        "lines": [one for one in _read(lines) if not task or one.get("task") == task],
        "next": end,
    }


def _read(lines: list[bytes]) -> list[dict[str, Any]]:
    return [line for data in lines if (line := _line(data)) is not None]


def _last_lines(file: Path, tail: int) -> tuple[list[bytes], int]:
    """Return the whole lines among the last bytes; the first of them may be cut, and goes."""
    try:
        begin = max(0, os.stat(file).st_size - tail)
    except FileNotFoundError:
        return [], 0
    lines, end = _whole_lines(file, begin)
    return (lines[1:] if begin else lines), end


def _line(data: bytes) -> dict[str, Any] | None:
    """Return a line's JSON; None for one that a killed engine left half written."""
    try:
        line = json.loads(data)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None


def _whole_lines(file: Path, begin: int) -> tuple[list[bytes], int]:
    """Return the lines from a byte on that were written to their end, and where they end."""
    try:
        with open(file, "rb") as stream:
            stream.seek(begin)
            data = stream.read(CHUNK)
            if len(data) == CHUNK and b"\n" not in data:  # one long line
                data += stream.readline()
    except FileNotFoundError:
        return [], 0
    data = data[: data.rfind(b"\n") + 1]
    return data.splitlines(), begin + len(data)
