"""Which values share memory: views that are kept in one pickle, and views that would be cut."""

from __future__ import annotations

import sys
from typing import Any, Iterator

from .pickles import owner_of

DEPTH = 3
WIDTH = 1000


def arrays_in(value: Any, depth: int = DEPTH) -> Iterator[Any]:
    """Yield the numpy arrays that a value is or plainly holds."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return
    if isinstance(value, numpy.ndarray):
        yield value
    elif depth and isinstance(value, (list, tuple, set, frozenset)):
        for item in list(value)[:WIDTH]:
            yield from arrays_in(item, depth - 1)
    elif depth and isinstance(value, dict):
        for item in list(value.values())[:WIDTH]:
            yield from arrays_in(item, depth - 1)
    else:
        yield from _frame_arrays(value)


def _frame_arrays(value: Any) -> Iterator[Any]:
    """Yield the arrays inside a pandas object whose copies are not made on write."""
    if not type(value).__module__.startswith("pandas.core."):
        return
    pandas = sys.modules["pandas"]
    if copies_on_write(pandas):
        return
    blocks = getattr(getattr(value, "_mgr", None), "blocks", ())
    for block in blocks:
        array = getattr(block, "values", None)
        if isinstance(array, sys.modules["numpy"].ndarray):
            yield array


def copies_on_write(pandas: Any) -> bool:
    """Return True if this pandas never lets two of its objects share a change."""
    if int(pandas.__version__.split(".")[0]) >= 3:
        return True
    return getattr(pandas.options.mode, "copy_on_write", False) is True


def shared_owners(values: Any) -> dict[int, Any]:
    """Return the arrays, by id, whose memory at least two of the arrays in `values` use."""
    users: dict[int, set[int]] = {}
    owners: dict[int, Any] = {}
    for array in arrays_in(values):
        owner = owner_of(array)
        owners[id(owner)] = owner
        users.setdefault(id(owner), set()).add(id(array))
    return {key: owner for key, owner in owners.items() if len(users[key]) > 1}


def shared_pairs(parts: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Return pairs of labels whose values share writable memory, counted once a pair."""
    spans = [(label, array) for label, value in parts for array in arrays_in(value) if array.size]
    found = set()
    for i, (one, left) in enumerate(spans):
        for other, right in spans[i + 1 :]:
            if one == other or not (left.flags.writeable or right.flags.writeable):
                continue
            if (one, other) not in found and _meet(left, right):
                found.add((one, other))
    return sorted(found)


def _meet(left: Any, right: Any) -> bool:
    numpy = sys.modules["numpy"]
    if not numpy.may_share_memory(left, right):
        return False
    try:
        return bool(numpy.shares_memory(left, right, max_work=10_000))
    except Exception:
        return True
