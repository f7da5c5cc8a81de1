"""Values to JSON and back: the one place that knows how our dataclasses look on the wire."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from nbpipe.events import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe.events import Event

T = TypeVar("T")
_NAMES = {cls: kind for kind, cls in KINDS.items()}


def dump(value: Any) -> Any:
    """Return `value` as plain JSON data; dataclasses become objects, sets sorted lists."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: dump(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (frozenset, set)):
        return sorted(dump(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [dump(item) for item in value]
    return {str(key): dump(item) for key, item in value.items()}


def dump_event(event: Event) -> dict[str, Any]:
    """Return an event as JSON data, its name under ``kind``."""
    return {"kind": _NAMES[type(event)], **dump(event)}


def load_event(data: dict[str, Any]) -> Event:
    """Return the event that `dump_event` wrote; fields unknown here are passed over."""
    return load(KINDS[data["kind"]], data)


def load(cls: type[T], data: Any) -> T:
    """Return a value of the dataclass `cls` from what `dump` made of it.

    Fields that the class does not have are passed over, so newer writers can be read.
    """
    readers = _readers(cls)  # type: ignore[arg-type]
    return cls(**{name: readers[name](item) for name, item in data.items() if name in readers})


@cache
def _readers(cls: type[Any]) -> dict[str, Callable[[Any], Any]]:
    hints = get_type_hints(cls, localns=_namespace())
    return {f.name: _reader(hints[f.name]) for f in fields(cls)}


@cache
def _namespace() -> dict[str, Any]:
    """The names that the annotations of our dataclasses use, imported only for this."""
    from collections.abc import Mapping

    from nbpipe import errors, events

    return {**vars(errors), **vars(events), "Mapping": Mapping, "Any": Any}


def _reader(hint: Any) -> Callable[[Any], Any]:
    origin, args = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda data: load(hint, data)
    if origin in (types.UnionType, Union) and type(None) in args:
        inner = _reader(next(a for a in args if a is not type(None)))
        return lambda data: None if data is None else inner(data)
    if origin in (tuple, frozenset) and args:
        item = _reader(args[0])
        return lambda data: origin(item(x) for x in data)
    if origin is None or origin is Literal:
        return lambda data: data
    if len(args) == 2:  # a mapping
        value = _reader(args[1])
        return lambda data: {key: value(x) for key, x in data.items()}
    return lambda data: data
