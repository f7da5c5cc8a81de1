"""A notebook's text with other tags: every other byte stays as it was."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from nbpipe.compile.percent import percent_with_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nbpipe.compile.suggest.proposal import Change

_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_PLAIN = re.compile(r"[^\s,\]}]+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)


class _Member(NamedTuple):
    """A member of an object: its name, where the name begins, and its value's span."""

    name: str
    at: int
    begin: int
    end: int


class _Edit(NamedTuple):
    begin: int
    end: int
    text: str


def write_tags(text: str, path: str, changes: Iterable[Change]) -> str:
    """Return a notebook's text with the tags of some cells changed.

    Only the lists of tags differ: sources, outputs, layout and the order of keys stay.

    Parameters
    ----------
    text
        The file's text: nbformat JSON of version 3 or 4, or a script in the percent format.
    path
        Its path; it tells which of the two it is.
    changes
        Tags to add and to remove, by the position of their cell.
    """
    asked = {change.index: change for change in changes}
    if path.endswith(".py"):
        return percent_with_tags(
            text, {index: (change.add, change.remove) for index, change in asked.items()}
        )
    edits = [
        edit
        for index, begin in enumerate(_cells(text))
        if index in asked
        for edit in [_tag_cell(text, begin, asked[index])]
    ]
    for edit in sorted(edits, reverse=True):
        text = text[: edit.begin] + edit.text + text[edit.end :]
    return text


# where things are -------------------------------------------------------------------------


def _cells(text: str) -> Iterator[int]:
    """Yield where each cell begins, those of all worksheets in one row."""
    top = _named(text, _skip(text, 0))
    if "cells" in top:
        yield from _items(text, top["cells"].begin)
    elif "worksheets" in top:
        for sheet in _items(text, top["worksheets"].begin):
            inside = _named(text, sheet)
            if "cells" in inside:
                yield from _items(text, inside["cells"].begin)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _end(text: str, begin: int) -> int:
    """Return where the value that begins here ends."""
    if text[begin] == '"':
        return _matched(_STRING, text, begin)
    if text[begin] not in "{[":
        return _matched(_PLAIN, text, begin)
    depth = 0
    for token in _TOKEN.finditer(text, begin):
        if token[0] in ("{", "["):
            depth += 1
        elif token[0] in ("}", "]"):
            depth -= 1
            if not depth:
                return token.end()
    return len(text)


def _matched(pattern: re.Pattern[str], text: str, begin: int) -> int:
    found = pattern.match(text, begin)
    return found.end() if found else begin


def _members(text: str, begin: int) -> Iterator[_Member]:
    """Yield the members of the object that begins here."""
    at = _skip(text, begin + 1)
    while text[at] != "}":
        named = _matched(_STRING, text, at)
        value = _skip(text, _skip(text, named) + 1)
        end = _end(text, value)
        yield _Member(json.loads(text[at:named]), at, value, end)
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _named(text: str, begin: int) -> Mapping[str, _Member]:
    return {member.name: member for member in _members(text, begin)}


def _items(text: str, begin: int) -> Iterator[int]:
    at = _skip(text, begin + 1)
    while text[at] != "]":
        yield at
        at = _skip(text, _end(text, at))
        if text[at] == ",":
            at = _skip(text, at + 1)


# what is put there ------------------------------------------------------------------------


def _tag_cell(text: str, begin: int, change: Change) -> _Edit:
    cell = list(_members(text, begin))
    metadata = next((member for member in cell if member.name == "metadata"), None)
    layout = _Layout.of(text, begin, cell)
    if metadata is None:
        inner = layout.object("tags", layout.tags(_changed((), change), 2), 1)
        return _put(text, begin, cell, "metadata", inner, layout, 1)
    inside = list(_members(text, metadata.begin))
    tags = next((member for member in inside if member.name == "tags"), None)
    if tags is None:
        listed = layout.tags(_changed((), change), 2)
        if not inside:
            return _Edit(metadata.begin, metadata.end, layout.object("tags", listed, 1))
        return _put(text, metadata.begin, inside, "tags", listed, layout, 2)
    old = json.loads(text[tags.begin : tags.end])
    return _Edit(tags.begin, tags.end, layout.tags(_changed(old, change), 2))


def _changed(old: Sequence[str], change: Change) -> list[str]:
    kept = [tag for tag in old if tag.strip() not in change.remove]
    return [*kept, *(tag for tag in change.add if tag not in kept)]


def _put(
    text: str, begin: int, members: Sequence[_Member], name: str, value: str,
    layout: _Layout, depth: int,
) -> _Edit:  # fmt: skip
    """Add a member where sorted names would have it, else at the end."""
    names = [member.name for member in members]
    later = [member for member in members if member.name > name]
    gap = layout.gap(depth)
    said = f'"{name}": {value}'
    if later and names == sorted(names):
        return _Edit(later[0].at, later[0].at, f"{said},{gap}")
    if not members:
        return _Edit(begin + 1, begin + 1, f"{gap.strip(' ')}{said}")
    return _Edit(members[-1].end, members[-1].end, f",{gap}{said}")


class _Layout(NamedTuple):
    """How the file is laid out: its line end and its indents; all empty for one long line."""

    line: str
    base: str
    unit: str
    ascii: bool

    @classmethod
    def of(cls, text: str, begin: int, members: Sequence[_Member]) -> _Layout:
        base, inner = _indent(text, begin), _indent(text, members[0].at) if members else None
        if base is None or inner is None or not inner.startswith(base):
            return cls("", "", "", text.isascii())
        line = "\r\n" if "\r\n" in text[:4096] else "\n"
        return cls(line, base, inner[len(base) :], text.isascii())

    def gap(self, depth: int) -> str:
        """What stands between two members."""
        return f"{self.line}{self.base}{self.unit * depth}" if self.line else " "

    def tags(self, tags: Sequence[str], depth: int) -> str:
        """Return the list as it is written at this depth."""
        said = [json.dumps(tag, ensure_ascii=self.ascii) for tag in tags]
        if not self.line or not said:
            return f"[{', '.join(said)}]"
        inner = self.gap(depth + 1)
        return "[" + inner + f",{inner}".join(said) + self.gap(depth) + "]"

    def object(self, name: str, value: str, depth: int) -> str:
        """Return an object of one member as it is written at this depth."""
        if not self.line:
            return f'{{"{name}": {value}}}'
        return "{" + self.gap(depth + 1) + f'"{name}": {value}' + self.gap(depth) + "}"


def _indent(text: str, at: int) -> str | None:
    """Return the white space before a position; None where something else stands there."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return before if not before.strip() and "\n" in text[:at] else None
