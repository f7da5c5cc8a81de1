"""Pickles whose functions see the live ``__main__``, and whose arrays stay views of each other."""

from __future__ import annotations

import functools
import hashlib
import importlib
import io
import pickle
import sys
import types
from typing import Any, Callable

from .unstorable import Refused, refuse_live

PACKAGE = __name__.rpartition(".")[0]
_OURS = ("nbpipe_kernelside", "nbpipe.kernelside")


def main_namespace() -> dict[str, Any]:
    """Return the namespace that the user's cells run in."""
    namespace: dict[str, Any] = sys.modules["__main__"].__dict__
    return namespace


def make_cell() -> Any:
    """Return an empty closure cell."""
    return types.CellType()


def set_cell(cell: Any, state: tuple[Any, ...]) -> None:
    """Fill a closure cell; an empty state leaves it empty."""
    if state:
        cell.cell_contents = state[0]


def make_function(code: Any, closure: tuple[Any, ...] | None) -> Any:
    """Return a function whose globals are the live ``__main__`` namespace."""
    return types.FunctionType(code, main_namespace(), code.co_name, None, closure)


def make_cached(function: Any, maxsize: int | None, typed: bool) -> Any:
    """Return a function with an empty cache before it."""
    return functools.lru_cache(maxsize, typed)(function)


_KEPT = (
    "__name__",
    "__qualname__",
    "__module__",
    "__doc__",
    "__defaults__",
    "__kwdefaults__",
    "__annotations__",
    "__type_params__",
)


def set_function(function: Any, state: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Give a new function its attributes."""
    own, kept = state
    function.__dict__.update(own)
    for name, value in kept.items():
        setattr(function, name, value)


def load_code(data: bytes, version: tuple[int, int]) -> Any:
    """Return the code object that was marshalled by the same version of Python."""
    import marshal

    if version != sys.version_info[:2]:
        raise RuntimeError(
            f"This function was stored by Python {version[0]}.{version[1]} and cannot be loaded by "
            f"Python {sys.version_info[0]}.{sys.version_info[1]}. Run the step again."
        )
    return marshal.loads(data)


def view_of(owner: Any, offset: int, shape: Any, strides: Any, dtype: Any) -> Any:
    """Return a view of an array's memory."""
    kind = type(owner)
    return kind(shape, dtype=dtype, buffer=owner, offset=offset, strides=strides)


def marker(name: str) -> Any:
    """Return the object that a definition of the notebook gave this name."""
    return main_namespace()[name]


def set_exception(error: BaseException, state: tuple[Any, Any, bool]) -> None:
    """Give an exception its attributes and its cause."""
    own, error.__cause__, error.__suppress_context__ = state
    if own:
        error.__dict__.update(own)


def _cell_reduce(cell: Any) -> Any:
    try:
        state: tuple[Any, ...] = (cell.cell_contents,)
    except ValueError:
        state = ()
    return make_cell, (), state, None, None, set_cell


def _function_reduce(function: Any) -> Any:
    kept = {name: getattr(function, name) for name in _KEPT if hasattr(function, name)}
    if not isinstance(kept["__annotations__"], dict):
        del kept["__annotations__"]
    args = (function.__code__, function.__closure__)
    state = (dict(function.__dict__), kept)
    return make_function, args, state, None, None, set_function


def _exception_reduce(error: BaseException) -> Any:
    """Store an exception with its cause, which pickles leave behind."""
    made = error.__reduce_ex__(5)
    if not isinstance(made, tuple) or len(made) not in (2, 3):
        return None
    own = made[2] if len(made) == 3 else {}
    if not isinstance(own, dict) and own is not None:
        return None
    state = (own, error.__cause__, error.__suppress_context__)
    return made[0], made[1], state, None, None, set_exception


def _code_reduce(code: Any) -> Any:
    import marshal

    return load_code, (marshal.dumps(code), tuple(sys.version_info[:2]))


def owner_of(array: Any) -> Any:
    """Return the array at the root of a chain of views."""
    base = array.base
    while type(base) is type(array):
        array, base = base, base.base
    return array


class _Reducers:
    """What our picklers do that others do not."""

    def __init__(self, replayed: frozenset[str], owners: dict[int, Any]) -> None:
        self.replayed = replayed
        self.owners = owners
        self.main = sys.modules["__main__"]
        self.namespace = main_namespace()

    def __call__(self, value: Any) -> Any:
        """Return how to store a value; NotImplemented leaves it to the pickler."""
        refuse_live(value)
        kind = type(value)
        if kind is types.FunctionType:
            return _function_reduce(value) if self._is_ours(value) else None
        if kind is types.CellType:
            return _cell_reduce(value)
        if isinstance(value, type):
            return self._class(value)
        if kind.__name__ == "_lru_cache_wrapper" and kind.__module__ == "functools":
            return self._cached(value)
        if value is self.namespace:
            return main_namespace, ()
        if kind is object:
            return self._marker(value)
        if isinstance(value, BaseException) and value.__cause__ is not None:
            return _exception_reduce(value)
        if self.owners and kind.__module__ == "numpy" and kind.__name__ == "ndarray":
            return self._view(value)
        return None

    def _class(self, kind: type) -> Any:
        if self._is_replayed(kind):
            return NotImplemented
        if kind.__module__ == "__main__":
            name_class(kind, self)
        return None

    def _marker(self, value: Any) -> Any:
        """A bare ``object()`` is worth its identity only: later steps have it by its name."""
        for name in sorted(self.replayed):
            if dict.get(self.namespace, name) is value:
                return marker, (name,)
        return None

    def _cached(self, function: Any) -> Any:
        """Store a cached function with its code; what it had cached is left behind."""
        if not self._is_ours(function.__wrapped__):
            return None
        how = function.cache_parameters()
        return make_cached, (function.__wrapped__, how["maxsize"], how["typed"])

    def _is_ours(self, function: Any) -> bool:
        return function.__globals__ is self.namespace or function.__module__ == "__main__"

    def _is_replayed(self, kind: type) -> bool:
        if kind.__module__ != "__main__":
            return False
        first, _, rest = kind.__qualname__.partition(".")
        if first not in self.replayed:
            return False
        found = self.namespace.get(first)
        for part in rest.split(".") if rest else ():
            found = getattr(found, part, None)
        return found is kind

    def _view(self, array: Any) -> Any:
        owner = owner_of(array)
        if owner is array or id(owner) not in self.owners:
            return None
        offset = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        return view_of, (owner, offset, array.shape, array.strides, array.dtype)


def name_class(kind: type, reducers: _Reducers) -> None:
    """Give a class of the notebook an identity that is taken from its content.

    cloudpickle's own is drawn by chance, so equal work would have other bytes each time. Classes
    of one content are counted, so that two of a process never become one.
    """
    tracker = getattr(sys.modules.get("cloudpickle.cloudpickle"), "__dict__", {})
    by_class = tracker.get("_DYNAMIC_CLASS_TRACKER_BY_CLASS")
    by_id = tracker.get("_DYNAMIC_CLASS_TRACKER_BY_ID")
    if by_class is None or by_id is None or kind in by_class:
        return
    by_class[kind] = "being named"
    out = io.BytesIO()
    try:
        _pickler_class()(out, reducers).dump(kind)
    except BaseException:
        del by_class[kind]
        raise
    look = identity = hashlib.sha256(out.getvalue()).hexdigest()
    count = 0
    while identity in by_id:
        count += 1
        identity = f"{look}-{count}"
    by_class[kind] = identity
    by_id[identity] = kind


def _pickler_class() -> type:
    """Return our pickler, on top of cloudpickle where the kernel has it."""
    try:
        import cloudpickle

        base: Any = cloudpickle.CloudPickler
    except ImportError:
        base = pickle.Pickler
    fallback: Callable[[Any, Any], Any] = getattr(base, "reducer_override", _plain_override)

    class Pickler(base):  # type: ignore[misc]
        def __init__(self, file: Any, reducers: _Reducers) -> None:
            super().__init__(file, protocol=5)
            self.reducers = reducers

        def reducer_override(self, value: Any) -> Any:
            reduced = self.reducers(value)
            return fallback(self, value) if reduced is None else reduced

    return Pickler


def _plain_override(pickler: Any, value: Any) -> Any:
    if type(value) is types.CodeType:
        return _code_reduce(value)
    if isinstance(value, type) and value.__module__ == "__main__":
        raise Refused(
            f"its class {value.__qualname__} is defined in the notebook and cloudpickle is "
            "missing; install cloudpickle in this kernel's environment"
        )
    return NotImplemented


def dump(value: Any, file: Any, replayed: Any = (), owners: dict[int, Any] | None = None) -> None:
    """Pickle a value into a file.

    Parameters
    ----------
    value
        What to store.
    file
        Open for writing in binary mode.
    replayed
        Names of ``__main__`` classes that are stored by reference.
    owners
        Arrays, by their id, whose views are stored as views.
    """
    reducers = _Reducers(frozenset(replayed), owners or {})
    _pickler_class()(file, reducers).dump(value)


class Unpickler(pickle.Unpickler):
    """Finds this package under the name that it has here."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names."""
        for ours in _OURS:
            if module == ours or module.startswith(ours + "."):
                found: Any = importlib.import_module(PACKAGE + module[len(ours) :])
                return getattr(found, name)
        return super().find_class(module, name)


class _Trial(Unpickler):
    """Loads as a later step would, and touches nothing that lives here.

    Classes that travel by value are made anew, and what ``__main__`` has only here is not found.
    """

    def __init__(self, file: Any, replayed: Any) -> None:
        super().__init__(file)
        self.replayed = frozenset(replayed)

    def find_class(self, module: str, name: str) -> Any:
        if module == "__main__" and name.partition(".")[0] not in self.replayed:
            raise Refused(f"it needs {name}, which later steps do not define")
        found = super().find_class(module, name)
        position = {"_make_skeleton_class": 4, "_make_skeleton_enum": 5}.get(name)
        if position is None or not module.startswith("cloudpickle"):
            return found

        def make(*args: Any) -> Any:
            return found(*args[:position], None, *args[position + 1 :])

        return make


def load(file: Any) -> Any:
    """Load a value that `dump` stored."""
    return Unpickler(file).load()


def try_load(file: Any, replayed: Any = ()) -> None:
    """Load a value as a later step would, and drop it: raises whatever its own code raises."""
    _Trial(file, replayed).load()
