"""Cheap fingerprints of values, to find inputs that a step changed in place unseen."""

from __future__ import annotations

import hashlib
import sys
import types
from typing import Any, Iterable, Mapping

from . import pickles
from .sharing import arrays_in

MOST = 1 << 28  # bytes hashed of one value
MOST_PICKLED = 1 << 25
_SKIPPED = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)


class _TooBig(Exception):
    """The value is bigger than is worth a fingerprint."""


class _Hash:
    """A file object that only keeps a digest."""

    def __init__(self, most: int) -> None:
        self.sha = hashlib.sha256()
        self.left = most

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self.left -= view.nbytes
        if self.left < 0:
            raise _TooBig
        self.sha.update(view)
        return view.nbytes


def fingerprint(value: Any) -> str | None:
    """Return a fingerprint of a value's content; None where there is none.

    Figures are skipped (drawing one changes it), so are modules, functions and values that
    are too big or cannot be pickled.
    """
    if isinstance(value, _SKIPPED) or type(value).__module__.startswith("matplotlib."):
        return None
    numpy = sys.modules.get("numpy")
    if numpy is not None and type(value) is numpy.ndarray and not value.dtype.hasobject:
        return _of_array(value)
    value, most = _sample(value)
    out = _Hash(most)
    try:
        pickles.dump(value, out)
    except Exception:
        return None
    return out.sha.hexdigest()


def _sample(value: Any) -> tuple[Any, int]:
    """Return a value, or some rows of a frame that is too big, and how much of it to hash."""
    package = type(value).__module__.partition(".")[0]
    if package == "pandas" and hasattr(value, "iloc") and hasattr(value, "memory_usage"):
        size = int(sys.modules["numpy"].sum(value.memory_usage(index=False)))
        return (value.iloc[:: size // MOST + 1] if size > MOST else value), 2 * MOST
    if package in ("polars", "pyarrow") or any(True for _ in arrays_in(value)):
        return value, MOST
    return value, MOST_PICKLED


def _of_array(array: Any) -> str | None:
    if array.nbytes > MOST:
        array = array.reshape(-1)[:: array.nbytes // MOST + 1]
    sha = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    contiguous = sys.modules["numpy"].ascontiguousarray(array)
    if contiguous.nbytes:
        sha.update(contiguous.reshape(-1).view("u1"))
    return sha.hexdigest()


def take(namespace: Mapping[str, Any], names: Iterable[str]) -> dict[str, str | None]:
    """Return the fingerprints of those names that are bound."""
    return {name: fingerprint(namespace[name]) for name in names if name in namespace}


def changed(namespace: Mapping[str, Any], before: Mapping[str, str | None]) -> list[str]:
    """Return the names whose values are not what they were."""
    found = []
    for name, mark in before.items():
        if mark is not None and (name not in namespace or fingerprint(namespace[name]) != mark):
            found.append(name)
    return sorted(found)
