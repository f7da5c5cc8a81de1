"""Numbers that a run keeps: named once at the end of a step, or logged while it runs."""

from __future__ import annotations

import json
import math
import os
from typing import Any, Iterable, Mapping

FILE = "metrics.jsonl"


def number(value: Any) -> int | float | None:
    """Return a value as an int or float if it is a number or holds exactly one; else None."""
    if isinstance(value, bool):
        return int(value)
    if type(value) in (int, float):
        return value  # type: ignore[no-any-return]
    if isinstance(value, (str, bytes)) or value is None:
        return None
    shape = getattr(value, "shape", ())
    item = getattr(value, "item", None)
    if item is not None and shape in ((), (1,)):
        try:
            return number(item())
        except Exception:
            return None
    return _converted(value)


def _converted(value: Any) -> int | float | None:
    if hasattr(value, "__len__"):  # an array has __index__ too, and no one value
        return None
    try:
        return int(value) if hasattr(type(value), "__index__") else float(value)
    except Exception:
        return None


def wire(value: float) -> int | float | str:
    """Return a number as JSON can say it: ``NaN`` and the infinities are strings."""
    if isinstance(value, int) or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def collect(namespace: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the numbers among some names; a dict of numbers gives ``name.key`` for each."""
    found: dict[str, Any] = {}
    for name in names:
        value = namespace.get(name)
        one = number(value)
        if one is not None:
            found[name] = wire(one)
        elif isinstance(value, dict):
            for key, item in value.items():
                part = number(item)
                if part is not None and isinstance(key, str):
                    found[f"{name}.{key}"] = wire(part)
    return found


def line(name: Any, value: Any, step: Any) -> dict[str, Any]:
    """Return one logged number, checked.

    Raises
    ------
    TypeError
        The name is not text, or the value or the step is not a number.
    """
    if not isinstance(name, str) or not name:
        raise TypeError(f"log_metric: the name must be text, not {name!r}.")
    found = number(value)
    if found is None:
        kind = type(value).__name__
        raise TypeError(f"log_metric: {name!r} must be a number, not {kind}. Give one number.")
    at = None if step is None else number(step)
    if step is not None and at is None:
        raise TypeError(f"log_metric: step must be a number, not {type(step).__name__}.")
    return {"name": name, "value": wire(found), "step": None if at is None else wire(at)}


def append(scratch: str, entry: dict[str, Any]) -> None:
    """Add one logged number to the scratch folder's file."""
    text = json.dumps(entry, allow_nan=False) + "\n"
    with open(os.path.join(scratch, FILE), "a", encoding="utf-8") as file:
        file.write(text)


def read(scratch: str) -> list[dict[str, Any]]:
    """Return all logged numbers, in order."""
    try:
        with open(os.path.join(scratch, FILE), encoding="utf-8") as file:
            return [json.loads(text) for text in file if text.endswith("\n")]
    except FileNotFoundError:
        return []
