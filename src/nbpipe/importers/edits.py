"""Changes of Python text by syntax tree: the parts that change are replaced, all else stays."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_MAGIC = re.compile(r"^(?P<indent>\s*)[%!?].*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Edit:
    """A part of the text, in bytes of UTF-8, and what takes its place."""

    start: int
    end: int
    text: str


class Text:
    """A cell's text with its syntax tree; lines of magics count as ``pass``."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.data = source.encode("utf-8", "surrogatepass")
        self.starts = [0]
        for line in self.data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        plain = _MAGIC.sub(lambda match: f"{match['indent']}pass", source)
        try:
            self.body: list[ast.stmt] = ast.parse(plain).body
        except (SyntaxError, ValueError, RecursionError):
            self.body = []
        self.edits: list[Edit] = []

    def replace(self, node: ast.expr | ast.stmt, text: str) -> None:
        """Put `text` in the place of a part of the tree."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.starts[node.lineno - 1] + node.col_offset
        self.edits.append(Edit(start, self.starts[node.end_lineno - 1] + node.end_col_offset, text))

    def between(self, first: ast.stmt | None, last: ast.stmt | None) -> str:
        """Return the text after a statement and before another one, edits included."""
        start = 0 if first is None else self._end(first)
        return self.result(start, len(self.data) if last is None else self._start(last))

    def segment(self, node: ast.expr) -> str:
        """Return the text of a part of the tree, edits included."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.starts[node.lineno - 1] + node.col_offset
        return self.result(start, self.starts[node.end_lineno - 1] + node.end_col_offset)

    def result(self, start: int = 0, end: int | None = None) -> str:
        """Return the text with its edits; an edit inside another one is left out."""
        out, at = b"", start
        last = len(self.data) if end is None else end
        for edit in sorted(self.edits, key=lambda one: (one.start, -one.end)):
            if edit.start >= at and edit.end <= last:
                out += self.data[at : edit.start] + edit.text.encode("utf-8", "surrogatepass")
                at = edit.end
        return (out + self.data[at:last]).decode("utf-8", "surrogatepass")

    def _start(self, node: ast.stmt) -> int:
        return self.starts[node.lineno - 1]

    def _end(self, node: ast.stmt) -> int:
        assert node.end_lineno is not None
        return self.starts[min(node.end_lineno, len(self.starts) - 1)]


def dotted(node: ast.expr) -> str:
    """Return a name with its attributes, as ``dbutils.widgets.get``; empty for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            inner = dotted(value)
            return f"{inner}.{attr}" if inner else ""
    return ""


def constant(node: ast.expr | None) -> object:
    """Return the value of a literal; None where it is no literal."""
    try:
        return None if node is None else ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return None


def argument(call: ast.Call, index: int, *names: str) -> ast.expr | None:
    """Return an argument of a call by its place or one of its names."""
    if index < len(call.args):
        return call.args[index]
    return next((one.value for one in call.keywords if one.arg in names), None)
