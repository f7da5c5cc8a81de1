"""What a notebook shows otherwise each time, and whether all the rest of it is the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from nbpipe.proof.outputs import picture_differs, text_of
from nbpipe.proof.texts import are_close

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?"
_DATES = (
    rf"(?:\d{{4}}[-/.]\d\d?[-/.]\d\d?|\d\d?[-/.]\d\d?[-/.]\d{{4}})(?:[ T]{_CLOCK})?",
    _CLOCK,
    r"(?:19|20)\d\d(?:, \d\d?){2,5}(?:, \d{1,6})?",
)
_TOKEN = re.compile(
    "|".join((*_DATES, r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", r"\w+", r"[^\w\s]"))
)
"""A date or a time is one: in another minute other numbers of it vary than in the same."""
_UNSET = re.compile(r"(?:print\()?\w+\.empty(?:_like)?\([^#]*\)")


class _Part(NamedTuple):
    """One thing that a cell shows: what it is, and its text or the picture's data."""

    kind: str
    data: str


def shows_unset_memory(source: str) -> bool:
    """Whether the last line of a cell shows an array that nothing has been written to."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return bool(lines) and _UNSET.fullmatch(lines[-1]) is not None


def same_but_for(
    one: Sequence[Mapping[str, Any]],
    again: Sequence[Mapping[str, Any]],
    other: Sequence[Mapping[str, Any]],
    plain: Callable[[str], str],
) -> bool:
    """Whether what is the same in `one` and `again` is in `other`, too.

    Where `one` and `again` have nothing in common that could be looked for, it is.
    """
    left, right, third = (list(_parts(side)) for side in (one, again, other))
    if _kinds(left) != _kinds(right):
        return True
    return _kinds(left) == _kinds(third) and all(
        _part_is_same(a, b, c, plain) for a, b, c in zip(left, right, third, strict=True)
    )


def _parts(outputs: Sequence[Mapping[str, Any]]) -> Iterator[_Part]:
    printed = "".join(text_of(o.get("text", "")) for o in outputs if o.get("name") == "stdout")
    yield _Part("stdout", printed)
    for output in outputs:
        for kind, data in sorted(output.get("data", {}).items()):
            yield _Part(kind, text_of(data))
        if output.get("output_type") == "error":
            yield _Part("error", f"{output.get('ename')}: {output.get('evalue')}")


def _kinds(parts: Sequence[_Part]) -> list[str]:
    return [part.kind for part in parts]


def _part_is_same(one: _Part, again: _Part, other: _Part, plain: Callable[[str], str]) -> bool:
    if one.kind.startswith("image/") and one.kind != "image/svg+xml":
        return picture_differs(one.data, again.data) or not picture_differs(one.data, other.data)
    left, right, third = (_TOKEN.findall(plain(part.data)) for part in (one, again, other))
    if len(left) != len(right):
        return True
    return len(left) == len(third) and all(
        a != b or a == c or are_close(a, c) for a, b, c in zip(left, right, third, strict=True)
    )
