"""Text that any database can hold: JSON in ASCII, names without halves of characters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_LABEL = 300

_ENCODER = json.JSONEncoder(check_circular=False, ensure_ascii=True, separators=(",", ":"))
"""One for all: to make one takes longer than to write most events."""


def write(value: Any) -> str:
    """Return plain data as JSON in ASCII."""
    return _ENCODER.encode(value)


def read(text: str) -> Any:
    """Return what `write` was given."""
    return json.loads(text)


def clean(text: str) -> str:
    """Return text that can be stored as it is, with what cannot be written out as escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def label(text: str) -> str:
    """Return an item's label as lists keep it: short enough for an index."""
    return clean(text)[:LONGEST_LABEL]


def listed(values: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return the names for an SQL list, and the values under these names."""
    named = {f"v{number}": value for number, value in enumerate(values)}
    return ", ".join(f":{name}" for name in named) or "NULL", named
