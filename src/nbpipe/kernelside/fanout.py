"""Fan-out and its return: the items that a step runs over, and all values gathered."""

from __future__ import annotations

import hashlib
import io
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Callable, Iterator

from . import codecs, pickles, plain
from .previews import short_repr
from .unstorable import Inexact

KEPT = 4
MOST_ITEMS = 100_000
LABEL = 80
SHOWN = 1000


class Gathered(Sequence):  # type: ignore[type-arg]
    """The values of a fanned-out name in item order, each loaded when it is read.

    Only the last few are kept, so a loop over many big values needs the room of a few.
    """

    def __init__(self, name: str, readers: list[Callable[[], Any]]) -> None:
        self._name = name
        self._readers = readers
        self._kept: OrderedDict[int, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._readers)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._one(i) for i in range(*index.indices(len(self)))]
        position = index.__index__()
        if not -len(self) <= position < len(self):
            raise IndexError(f"gather({self._name!r}) has {len(self)} values, not {position + 1}.")
        return self._one(position % len(self))

    def __iter__(self) -> Iterator[Any]:
        for position in range(len(self)):
            yield self._one(position)

    def _one(self, position: int) -> Any:
        if position in self._kept:
            self._kept.move_to_end(position)
            return self._kept[position]
        value = self._kept[position] = self._readers[position]()
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return value

    def __repr__(self) -> str:
        """Show the values as the list of them would; very many are only counted."""
        if len(self) > SHOWN:
            return f"<gathered {self._name!r}: {len(self)} values>"
        return repr(list(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (list, Gathered)):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other))

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Any) -> list[Any]:
        return [*self, *other]

    def __radd__(self, other: Any) -> list[Any]:
        return [*other, *self]


def enumerate_items(name: str, value: Any, stem: str, choice: codecs.Choice) -> dict[str, Any]:
    """Return the items of an iterable as ``saved.json`` tells them.

    Parameters
    ----------
    name, value
        The name that ``foreach:X in NAME`` gives, and its value.
    stem
        Path of the file that holds items JSON cannot say, without its suffix.
    choice
        How values are stored.

    Raises
    ------
    TypeError
        The value cannot be iterated.
    ValueError
        It has too many items.
    """
    try:
        items = list(_bounded(name, value))
    except TypeError:
        kind = type(value).__name__
        raise TypeError(f"foreach: {name!r} must be iterable, and is a {kind}.") from None
    rows = [_row(item, choice) for item in items]
    found: dict[str, Any] = {"count": len(items), "items": rows}
    if any("value" not in row for row in rows):
        saved = codecs.encode([name], [items], stem, choice)
        found.update(file=saved.path, digest=saved.digest, size=saved.size)
        found.update(codec=saved.codec, safe=saved.safe)
    return found


def _bounded(name: str, value: Any) -> Iterator[Any]:
    for count, item in enumerate(iter(value)):
        if count >= MOST_ITEMS:
            raise ValueError(f"foreach: {name!r} has more than {MOST_ITEMS} items.")
        yield item


def _row(item: Any, choice: codecs.Choice) -> dict[str, Any]:
    row: dict[str, Any] = {"label": item if _is_label(item) else short_repr(item, LABEL)}
    try:
        row["value"] = plain.to_json(item)
        data = plain.dumps(row["value"])
    except Inexact:
        data = _bytes(item, choice)
    row["digest"] = "sha256:" + hashlib.sha256(data).hexdigest()
    return row


def _is_label(item: Any) -> bool:
    return type(item) is str and len(item) <= LABEL and item.isprintable()


def _bytes(item: Any, choice: codecs.Choice) -> bytes:
    try:
        return plain.dumps(plain.to_tagged(item))
    except Inexact:
        out = io.BytesIO()
        pickles.dump(item, out, choice.replayed)
        return out.getvalue()
