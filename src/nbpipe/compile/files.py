"""Edges that files make: a reader follows the writer, and a later writer follows the reader."""

from __future__ import annotations

import fnmatch
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbpipe.compile.links import waits_for
from nbpipe.compile.pipeline import Reason
from nbpipe.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbpipe.compile.links import Links, Part
    from nbpipe.compile.pipeline import Learned


@dataclass(frozen=True, slots=True)
class _Access:
    """A step reads or writes a path, or all that match a pattern; seen from the project."""

    part: Part
    path: str
    writes: bool
    reason: Reason
    learned: bool = False


def link_files(parts: Sequence[Part], learned: Mapping[str, Learned], links: Links) -> None:
    """Add to `links` the edges that files make between `parts`, which are in notebook order."""
    position = {part.name: index for index, part in enumerate(parts)}
    accesses = [one for part in parts for one in _accesses(part, learned.get(part.name))]
    paths: dict[str, list[_Access]] = {}
    for one in accesses:
        paths.setdefault(one.path, []).append(one)
    for pattern in [path for path in paths if _is_pattern(path)]:
        for path, there in paths.items():
            if path != pattern and fnmatch.fnmatch(path, pattern):
                there.extend(paths[pattern])
    for path, there in paths.items():
        _File(path, there, position, links).link()


def _accesses(part: Part, learned: Learned | None) -> Iterator[_Access]:
    for writes, uses in ((False, part.flow.reads), (True, part.flow.writes)):
        for use in uses:
            verb = "writes" if writes else "reads"
            text = f"{part.name} {verb} {use.path}"
            reason = Reason(text, part.path, use.site.cell, use.site.line)
            yield _Access(part, _inside(part, use.path), writes, reason)
    for writes, patterns in ((False, part.options.reads), (True, part.options.writes)):
        for pattern in patterns:
            text = f"{part.name} has the option {'writes' if writes else 'reads'}: {pattern}"
            yield _Access(part, _inside(part, pattern), writes, Reason(text, part.path))
    if learned is not None:
        for path in sorted(learned.reads - learned.writes):
            text = f"{part.name} was seen to read {path}"
            yield _Access(part, path, False, Reason(text, part.path), learned=True)
        for path in sorted(learned.writes):
            text = f"{part.name} was seen to write {path}"
            yield _Access(part, path, True, Reason(text, part.path), learned=True)


def _inside(part: Part, path: str) -> str:
    """The path as seen from the project."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(part.path), path))


def _is_pattern(path: str) -> bool:
    return any(character in path for character in "*?[")


@dataclass(frozen=True, slots=True)
class _File:
    """One file and all accesses to it, in notebook order."""

    path: str
    accesses: Sequence[_Access]
    position: Mapping[str, int]
    links: Links

    def link(self) -> None:
        """Add the edges between its readers and writers."""
        writers = {one.part.name: one.part for one in self.accesses if one.writes}
        for one in self.accesses:
            if one.writes or one.part.name not in writers:
                self._after_writer(one, list(writers.values()))
            if one.writes:
                self._after_readers(one)

    def _after_writer(self, one: _Access, writers: Sequence[Part]) -> None:
        """Let an access follow the last writer above it, or the only one elsewhere."""
        part = one.part
        same = [writer for writer in writers if writer.path == part.path]
        above = [w for w in same if self.position[w.name] < self.position[part.name]]
        others = [writer for writer in writers if writer.path != part.path]
        if above:
            self._edge(above[-1], one)
        elif one.writes or same or not others:
            return
        elif len(others) == 1:
            self._edge(others[0], one)
        elif not {writer.name for writer in others} & set(part.draft.after):
            self.links.problems.append(self._two_writers(one, others))

    def _edge(self, writer: Part, one: _Access) -> None:
        self.links.edge(writer.name, one.part.name, "file", self.path, one.reason)
        seen = [a.learned for a in self.accesses if a.part is writer and a.writes]
        if one.learned or all(seen):
            self.links.learned.add((writer.name, one.part.name, "file"))

    def _after_readers(self, one: _Access) -> None:
        """Within a notebook, what is read above must not be overwritten before it is read."""
        for reader in self.accesses:
            above = self.position[reader.part.name] < self.position[one.part.name]
            if not reader.writes and reader.part.path == one.part.path and above:
                text = f"{one.part.name} writes {self.path}, which {reader.part.name} reads before"
                reason = Reason(text, one.part.path, one.reason.cell, one.reason.line)
                self.links.edge(reader.part.name, one.part.name, "order", "", reason)

    def _two_writers(self, one: _Access, writers: Sequence[Part]) -> Problem:
        names = " and ".join(writer.name for writer in writers)
        step = one.part.name
        return Problem(
            "two-writers",
            f"Step {step!r} reads {self.path!r}, which more than one step writes: {names}.",
            notebook=one.reason.notebook,
            cell=one.reason.cell,
            line=one.reason.line,
            suggestion=f"Add after: to {step} to say which comes first, or write two files.",
            fix=waits_for(one.part, writers[-1].name),
        )
