"""Text on its way to a terminal: cleaned of what could drive it, measured, and coloured."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\|$)|[ -/]*[0-~])"
    r"|\x9b[0-?]*[ -/]*[@-~]|[\x90\x98\x9d-\x9f].*?(?:\x07|\x9c|\x1b\\|$)",
    re.DOTALL,
)
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)

STATES: dict[str, tuple[str, str]] = {
    "waiting": ("·", "bright_black"),
    "running": ("▶", "cyan"),
    "ok": ("✓", "green"),
    "reused": ("↺", "green"),
    "failed": ("✗", "red"),
    "kernel-died": ("✗", "red"),
    "out-of-memory": ("✗", "red"),
    "timed-out": ("✗", "red"),
    "interrupted": ("■", "yellow"),
    "cancelled": ("■", "yellow"),
    "skipped": ("-", "bright_black"),
    "run": ("▶", "cyan"),
    "reuse": ("↺", "green"),
    "left-out": ("-", "bright_black"),
}
"""State or planned action → its icon and colour."""


def say(line: str, *, err: bool = False) -> None:
    """Print a line; where nobody listens any more, or the disk is full, nothing is printed.

    A run goes on when the pipe that its progress went to is closed.
    """
    try:
        click.echo(line, err=err)
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, (sys.stderr if err else sys.stdout).fileno())
        os.close(null)


def clean(text: object) -> str:
    """Return text without escape sequences and control characters; line ends and tabs stay."""
    plain = _ESCAPES.sub("", str(text).replace("\r\n", "\n"))
    return _CONTROLS.sub("", plain)


def clean_line(text: object) -> str:
    """Return text cleaned and on one line."""
    return " ".join(clean(text).split())


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def pad(text: str, columns: int) -> str:
    """Return text with spaces after it, up to `columns`."""
    return text + " " * (columns - width(text))


def columns(rows: Iterable[Sequence[str]], gap: str = "  ") -> list[str]:
    """Return rows as lines whose fields stand under each other; the last field is not padded."""
    every = [[str(field) for field in row] for row in rows]
    if not every:
        return []
    widths = [max(width(row[i]) for row in every) for i in range(len(every[0]))]
    return [
        gap.join([*(pad(f, w) for f, w in zip(row[:-1], widths, strict=False)), row[-1]]).rstrip()
        for row in every
    ]


def coloured(state: str, text: str | None = None) -> str:
    """Return a state's word, or `text`, in the state's colour."""
    _, colour = STATES.get(state, ("", "white"))
    return click.style(state if text is None else text, fg=colour)


def icon(state: str) -> str:
    """Return a state's icon."""
    return STATES.get(state, ("?", ""))[0]


def seconds(value: float) -> str:
    """Return a span of time in a few characters: ``3.2 s``, ``4 min 10 s``, ``2 h 5 min``."""
    if value < 0.01:
        return "0 s"
    if value < 9.95:
        return f"{value:.2g} s" if value < 1 else f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(count: int | None) -> str:
    """Return a number of bytes in a few characters."""
    if count is None:
        return ""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 999.5 or unit == "TB":
            break
        amount /= 1000
    return f"{count} B" if unit == "B" else f"{amount:.3g} {unit}"


def number(value: object) -> str:
    """Return a metric as it is shown."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return clean_line(value)


def plural(count: int, word: str) -> str:
    """Return ``1 step`` or ``3 steps``."""
    return f"{count} {word}{'' if count == 1 else 's'}"
