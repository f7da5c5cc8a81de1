"""Looks at a kernel from inside for `verify`: values, random generators, settings."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any, Iterable

from . import ambience, generators
from .likeness import likeness
from .objects import write_atomically
from .pickles import main_namespace
from .previews import short_repr

LABEL = 80


def look(path: str, names: Iterable[str], root: str) -> None:
    """Write what names are like, where the generators stand and what is set; never raises.

    Parameters
    ----------
    path
        The file to write, as JSON.
    names
        Names to look at; those that are not bound are left out.
    root
        The project's folder: paths inside it are told relative to it.
    """
    namespace = main_namespace()
    bound = [name for name in names if dict.__contains__(namespace, name)]
    seen = {name: likeness(dict.__getitem__(namespace, name)) for name in bound}
    states = {
        name: hashlib.sha256(state).hexdigest()[:16]
        for name, state in generators.capture_all().items()
    }
    told = {"values": seen, "random": states, "settings": ambience.settings(root)}
    write_atomically(path, json.dumps(told).encode())


def at_hand(path: str, names: list[str], items: str) -> None:
    """Write which of the items of a fan-out its names hold now; nothing is left changed.

    Parameters
    ----------
    path
        The file to write, as JSON.
    names
        The names that take an item.
    items
        The expression that gives the items.
    """
    before = generators.capture_all()
    told = _hand(main_namespace(), names, items)
    for name, state in before.items():
        generators.restore(name, state)
    write_atomically(path, json.dumps(told).encode())


def _hand(namespace: dict[str, Any], names: list[str], items: str) -> dict[str, Any]:
    missing = [name for name in names if not dict.__contains__(namespace, name)]
    if missing:
        return {"why": f"nothing binds {missing[0]}"}
    value = eval(items, namespace)  # noqa: S307 - the notebook's own expression
    if iter(value) is value:
        return {"why": f"{items} can be gone through only once"}
    held = [likeness(namespace[name])["exact"] for name in names]
    told: dict[str, Any] = {"count": 0, "index": None, "why": ""}
    for index, item in enumerate(value):
        told["count"] = index + 1
        parts = [item] if len(names) == 1 else list(item)
        if told["index"] is None and [likeness(part)["exact"] for part in parts] == held:
            told.update(index=index, label=short_repr(item, LABEL))
    if told["index"] is None:
        shown = ", ".join(short_repr(namespace[name], LABEL) for name in names)
        told["why"] = f"{', '.join(names)} is {shown} there, which is not among {items}"
    return told


def hold(word: str, names: Iterable[str]) -> None:
    """Begin the random numbers of these generators, and fresh ones of numpy, at a known place.

    Parameters
    ----------
    word
        Where; the same word is the same place in every process.
    names
        Of ``random``, ``numpy`` and ``torch``.
    """
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
    _hold_urandom(seed)
    if "random" in names:
        import random

        random.seed(seed)
    if "numpy" in names:
        _hold_numpy(seed)
    torch = sys.modules.get("torch")
    if "torch" in names and torch is not None:
        torch.manual_seed(seed)


def _hold_numpy(seed: int) -> None:
    try:
        import numpy
    except ImportError:
        return
    numpy.random.seed(seed)
    maker: Any = sys.modules.get("numpy.random.bit_generator")
    if maker is not None and hasattr(maker, "randbits"):
        drawn = [seed]

        def randbits(count: int) -> int:
            drawn[0] += 1
            text = str(drawn[0]).encode()
            return int.from_bytes(hashlib.sha512(text).digest(), "big") % (1 << count)

        maker.randbits = randbits


_MESSAGES = frozenset(("IPython", "asyncio", "ipykernel", "jupyter_client", "tornado", "zmq"))


def _hold_urandom(seed: int) -> None:
    """Hold what the cells ask of the system's own generator; messages still have fresh ids."""
    import os

    real = getattr(os.urandom, "real", os.urandom)
    drawn = [0]

    def urandom(size: int) -> bytes:
        if _asks_for_a_message():
            return bytes(real(size))
        drawn[0] += 1
        return hashlib.shake_256(f"{seed} {drawn[0]}".encode()).digest(size)

    urandom.real = real  # type: ignore[attr-defined]
    os.urandom = urandom


def _asks_for_a_message() -> bool:
    """Whether the machinery around the cells asks, not a cell or what it calls."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name == "__main__":
            return False
        if name.partition(".")[0] in _MESSAGES:
            return True
        frame = frame.f_back
    return False
