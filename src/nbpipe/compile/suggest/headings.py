"""The headings of Markdown text, as `split` reads them: level and plain title."""

from __future__ import annotations

import re
from typing import NamedTuple

_NO_TEXT = re.compile(
    r"""
      ^[ ]{0,3}(?P<fence>`{3,}|~{3,})[^\n]*$ .*? (?: ^[ ]{0,3}(?P=fence)[`~]*[ \t]*$ | \Z )
    | (?P<ticks>`+)(?!`) (?:[^`\n]|`(?!(?P=ticks)))*? (?<!`)(?P=ticks)(?!`)
    | <!-- .*? (?: --> | \Z )
    | \\begin\{(?P<name>[^}\n]{1,20})\} .{0,3000}? \\end\{(?P=name)\}
    | \$\$ .*? \$\$
    | \\\\\[ .{0,3000}? \\\\\]
    | (?<![\\$])\$(?=[^\s$]) (?:[^$`\n]|\n(?![ \t]*\n))*? (?<=\S)\$(?![\d$])
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
"""Code, comments and formulas: no line inside of them is a heading, or underlines one."""
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
    """Return the headings in a Markdown text, those in code and formulas left out."""
    found: list[Heading] = []
    above = ""
    for line in _NO_TEXT.sub(_left_out, source).splitlines():
        found.extend(_headings_of(line, above))
        above = line
    return found


def _left_out(match: re.Match[str]) -> str:
    """Return what stands for code or a formula: itself where it is part of one line."""
    text = match[0]
    return "\n\n" if "\n" in text or match["fence"] else text


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
