"""What two runs of a cell showed, compared: text, tables, pictures, errors."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbpipe.proof.pictures import MOST, share_that_differs
from nbpipe.proof.texts import are_close, first_difference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True, slots=True)
class Shown:
    """How two runs of a cell compare.

    Attributes
    ----------
    how
        What differs, both sides of it; empty where they are the same.
    rounding
        True where they are the same but for rounding.
    stderr
        True where only what went to the error stream differs.
    """

    how: str = ""
    rounding: bool = False
    stderr: bool = False


def compare(
    one: Sequence[Mapping[str, Any]],
    other: Sequence[Mapping[str, Any]],
    plain: Callable[[str], str],
) -> Shown:
    """Compare what a cell showed in two runs; execution counts and metadata do not count."""
    how, rounding = _texts(_stream(one, "stdout"), _stream(other, "stdout"), plain)
    if how:
        return Shown(f"it prints {how}")
    for compared in (_displays, _errors):
        found, close = compared(one, other, plain)
        rounding = rounding or close
        if found:
            return Shown(found)
    noise, _ = _texts(_stream(one, "stderr"), _stream(other, "stderr"), plain)
    return Shown("", rounding, bool(noise))


def shows_something(outputs: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a cell shows more than warnings."""
    return any(output.get("name") != "stderr" for output in outputs)


def _texts(one: str, other: str, plain: Callable[[str], str]) -> tuple[str, bool]:
    """Return how two texts differ, and whether it is only by rounding."""
    if one == other:
        return "", False
    left, right = plain(one), plain(other)
    if left == right:
        return "", False
    if are_close(left, right):
        return "", True
    return first_difference(left, right), False


def _stream(outputs: Iterable[Mapping[str, Any]], name: str) -> str:
    return "".join(
        text_of(output.get("text", ""))
        for output in outputs
        if output.get("output_type") == "stream" and output.get("name") == name
    )


def text_of(value: Any) -> str:
    """Return a text that a notebook may have as a list of lines."""
    if isinstance(value, list):
        return "".join(str(line) for line in value)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _errors(
    one: Sequence[Mapping[str, Any]],
    other: Sequence[Mapping[str, Any]],
    plain: Callable[[str], str],
) -> tuple[str, bool]:
    sides = [
        [f"{o.get('ename')}: {o.get('evalue')}" for o in outputs if o.get("output_type") == "error"]
        for outputs in (one, other)
    ]
    how, close = _texts("\n".join(sides[0]), "\n".join(sides[1]), plain)
    return (f"it raises {how}" if how else ""), close


def _displays(
    one: Sequence[Mapping[str, Any]],
    other: Sequence[Mapping[str, Any]],
    plain: Callable[[str], str],
) -> tuple[str, bool]:
    left, right = ([o.get("data", {}) for o in side if "data" in o] for side in (one, other))
    if len(left) != len(right):
        return f"it shows {len(left)} results → {len(right)} results", False
    rounding = False
    for before, after in zip(left, right, strict=True):
        if before.keys() != after.keys():
            return f"it shows {', '.join(sorted(before))} → {', '.join(sorted(after))}", False
        for kind in before:
            how, close = _data(kind, before[kind], after[kind], plain)
            rounding = rounding or close
            if how:
                return how, False
    return "", rounding


def _data(kind: str, one: Any, other: Any, plain: Callable[[str], str]) -> tuple[str, bool]:
    if kind == _WIDGET or one == other:
        return "", False
    if kind.startswith("image/") and kind != "image/svg+xml":
        share = share_that_differs(_bytes(one), _bytes(other))
        if share <= MOST:
            return "", True
        how = "in size or format" if share == 1.0 else f"in {100 * share:.2g}% of its points"
        return f"its picture differs {how}", False
    how, close = _texts(text_of(one), text_of(other), plain)
    return (f"it shows {how}" if how else ""), close


def picture_differs(one: Any, other: Any) -> bool:
    """Whether two pictures, as a notebook holds them, are more than a few points apart."""
    return share_that_differs(_bytes(one), _bytes(other)) > MOST


def _bytes(data: Any) -> bytes:
    try:
        return base64.b64decode(text_of(data))
    except (binascii.Error, ValueError):
        return b""
