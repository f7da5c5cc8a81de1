"""What a kernel held when a step ended, as it was looked at from inside, and how two compare."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Look:
    """A kernel at the end of a step.

    Attributes
    ----------
    values
        Name → what its value is like (`nbpipe.kernelside.likeness`).
    random
        Generator → digest of its state.
    settings
        Setting → its value as text.
    """

    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    random: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Look | None:
        """Read what a probe wrote; None where it wrote nothing."""
        try:
            told = json.loads(path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return cls(told["values"], told["random"], told["settings"])


@dataclass(frozen=True, slots=True)
class Likened:
    """How two values compare: `how` they differ, or that it is only `rounding`.

    `inside` is True where only the inside of a library's object differs: caches, work space.
    """

    how: str = ""
    rounding: bool = False
    inside: bool = False


def compare_values(one: Mapping[str, Any], other: Mapping[str, Any]) -> Likened | None:
    """Compare two values; None where nobody can look into them."""
    if one.get("exact") is None or other.get("exact") is None:
        return None
    if one["exact"] == other["exact"]:
        blind = one.get("opaque") and one.get("opaque") == [one.get("type")]
        return None if blind else Likened()
    if one["rough"] == other["rough"]:
        return Likened(rounding=True)
    if one["type"] == other["type"] and one.get("foreign"):
        return Likened(inside=True)
    return Likened(_how(one, other))


def _how(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    if one["type"] != other["type"]:
        return f"a {_short(one['type'])} → a {_short(other['type'])}"
    mine, theirs = one.get("parts") or {}, other.get("parts") or {}
    parts = [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]
    said = f"{one['text']} → {other['text']}" if one["text"] != other["text"] else one["text"]
    if not parts:
        return said
    more = f" and {len(parts) - 3} more" if len(parts) > 3 else ""
    return f"{said}, in {', '.join(parts[:3])}{more}"


def _short(name: str) -> str:
    return name.removeprefix("builtins.")


def settings_that_differ(one: Look, other: Look) -> list[str]:
    """Return settings that are not the same in two kernels, each with both values.

    One whose library only one of them has imported does not count.
    """
    libraries = [{name.partition(" ")[0] for name in look.settings} for look in (one, other)]
    both = libraries[0] & libraries[1]
    names = sorted(one.settings.keys() | other.settings.keys())
    return [
        f"{name}: {one.settings.get(name, 'not set')} → {other.settings.get(name, 'not set')}"
        for name in names
        if name.partition(" ")[0] in both and one.settings.get(name) != other.settings.get(name)
    ]
