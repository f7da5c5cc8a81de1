"""The headings of Markdown text, as `split` reads them: level and plain title."""

from __future__ import annotations

import re
from typing import NamedTuple

_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_HASHES = re.compile(r"^ {0,3}(?P<marks>#{1,6})(?:\s+|(?=[^\s#]))(?P<title>.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^ {0,3}(?P<mark>=+|-{2,})\s*$")
_HTML = re.compile(r"<h(?P<level>[1-6])\b[^>]*>(?P<title>.*?)</h[1-6]>", re.IGNORECASE)
_PLAIN = (
    (re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])"), " "),
    (re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])"), r"\1"),
    (re.compile(r"\$[^$]*\$"), " "),
    (re.compile(r"<[^>]*>"), " "),
    (re.compile(r"&\w+;"), " "),
    (re.compile(r"[*`~]|(?<!\w)_|_(?!\w)"), ""),
)


class Heading(NamedTuple):
    """A heading: its level, 1 to 6, and its text without marks."""

    level: int
    title: str


def read_headings(source: str) -> list[Heading]:
    """Return the headings in a Markdown text, those in code blocks left out."""
    found: list[Heading] = []
    fenced = False
    above = ""
    for line in source.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            found.extend(_headings_of(line, above))
        above = "" if fenced else line
    return found


def _headings_of(line: str, above: str) -> list[Heading]:
    marked = _HASHES.match(line)
    if marked:
        return _heading(len(marked["marks"]), marked["title"])
    under = _UNDERLINE.match(line)
    if under and above.strip() and not above.lstrip().startswith(("-", "*", "|", ">", "#")):
        return _heading(1 if under["mark"][0] == "=" else 2, above)
    html = _HTML.search(line)
    return _heading(int(html["level"]), html["title"]) if html else []


def _heading(level: int, title: str) -> list[Heading]:
    for pattern, instead in _PLAIN:
        title = pattern.sub(instead, title)
    title = " ".join(title.split())
    return [Heading(level, title)] if title else []
