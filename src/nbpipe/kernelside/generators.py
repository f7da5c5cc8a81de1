"""The state of the global random generators: taken, put back, compared."""

from __future__ import annotations

import sys
from typing import Any, Callable

from . import plain


def _take_random(module: Any) -> Any:
    return plain.to_tagged(module.getstate())


def _put_random(module: Any, data: Any) -> None:
    module.setstate(plain.from_tagged(data))


def _take_numpy(module: Any) -> Any:
    state = module.random.get_state(legacy=False)
    inner = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in state["state"].items()}
    rest = {k: v for k, v in state.items() if k != "state"}
    return plain.to_tagged({**rest, "state": inner})


def _put_numpy(module: Any, data: Any) -> None:
    state = plain.from_tagged(data)
    state["state"]["key"] = module.array(state["state"]["key"], dtype="uint32")
    module.random.set_state(state)


def _take_torch(module: Any) -> Any:
    states = [module.get_rng_state()]
    if module.cuda.is_available() and module.cuda.is_initialized():
        states += module.cuda.get_rng_state_all()
    return [bytes(state.tolist()).hex() for state in states]


def _put_torch(module: Any, data: Any) -> None:
    states = [module.tensor(list(bytes.fromhex(text)), dtype=module.uint8) for text in data]
    module.set_rng_state(states[0])
    if len(states) > 1 and module.cuda.is_available():
        module.cuda.set_rng_state_all(states[1:])


_TAKE: dict[str, Callable[[Any], Any]] = {
    "random": _take_random,
    "numpy": _take_numpy,
    "torch": _take_torch,
}
_PUT: dict[str, Callable[[Any, Any], None]] = {
    "random": _put_random,
    "numpy": _put_numpy,
    "torch": _put_torch,
}
NAMES = tuple(_TAKE)


def capture(name: str) -> bytes | None:
    """Return a generator's state as bytes; None if its library was never imported."""
    module = sys.modules.get(name)
    if module is None or (name == "numpy" and "numpy.random" not in sys.modules):
        return None
    return plain.dumps(_TAKE[name](module))


def restore(name: str, state: bytes) -> None:
    """Put a generator into a state that `capture` returned, importing its library if need be."""
    import json
    from importlib import import_module

    module = import_module(name)
    _PUT[name](module, json.loads(state))


def capture_all() -> dict[str, bytes]:
    """Return the states of all generators whose libraries are imported."""
    states = {name: capture(name) for name in NAMES}
    return {name: state for name, state in states.items() if state is not None}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """Return the generators that were drawn from or seeded between two captures.

    One whose library was imported in between is among them: nobody knows whether it drew.
    """
    return [name for name in NAMES if name in after and before.get(name) != after[name]]
