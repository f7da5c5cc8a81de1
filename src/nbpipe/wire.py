"""Values to JSON and back: the one place that knows how our dataclasses look on the wire."""

from __future__ import annotations

import types
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from nbpipe.events import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe.events import Event

T = TypeVar("T")
_NAMES = {cls: kind for kind, cls in KINDS.items()}


_PLAIN = frozenset({str, int, float, bool, types.NoneType})
"""Types whose values are JSON as they are; most of what we write is."""


def dump(value: Any) -> Any:
    """Return `value` as plain JSON data; dataclasses become objects, sets sorted lists."""
    kind = type(value)
    if kind in _PLAIN or isinstance(value, (str, int, float)):
        return value
    if kind is tuple or kind is list:
        return [item if type(item) in _PLAIN else dump(item) for item in value]
    known = _fields(kind)  # type: ignore[arg-type]
    if known:
        return _object(known, value)
    if isinstance(value, (frozenset, set)):
        return sorted(dump(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [dump(item) for item in value]
    return {str(key): dump(item) for key, item in value.items()}


_Fields = tuple[tuple[str, ...], "Callable[[Any], tuple[Any, ...]]"]


@cache
def _fields(kind: Any) -> _Fields | None:
    """Return the names of a dataclass's fields, and what reads them all at once."""
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return None
    names = tuple(f.name for f in fields(kind))
    if len(names) > 1:
        return names, attrgetter(*names)
    return names, lambda value: tuple(getattr(value, name) for name in names)


def _object(known: _Fields, value: Any) -> dict[str, Any]:
    names, read = known
    made = dict(zip(names, read(value), strict=True))
    for name, item in made.items():
        if type(item) not in _PLAIN:
            made[name] = dump(item)
    return made


def brief(value: Any, done: dict[int, Any] | None = None) -> Any:
    """Return what `dump` would, without the fields that hold their default: `load` gives them.

    It is for what only we read again, where much of it is kept. In `done` is remembered what was
    made of tuples, by their identity: a caller who keeps the values alive and gives the same
    dictionary again has parts that several values share made once.
    """
    known = _fields(type(value))  # type: ignore[arg-type]
    if known is None:
        return _brief_items(value, done) if type(value) is tuple else dump(value)
    names, read = known
    defaults = _defaults(type(value))  # type: ignore[arg-type]
    made = {}
    for name, item, default in zip(names, read(value), defaults, strict=True):
        if item != default:
            made[name] = item if type(item) in _PLAIN else brief(item, done)
    return made


def _brief_items(items: tuple[Any, ...], done: dict[int, Any] | None) -> list[Any]:
    if done is None:
        return [brief(item) for item in items]
    found: list[Any] | None = done.get(id(items))
    if found is None:
        found = done[id(items)] = [brief(item, done) for item in items]
    return found


@cache
def _defaults(kind: type[Any]) -> tuple[Any, ...]:
    """Return the defaults of a dataclass's fields; what equals nothing where there is none."""
    return tuple(
        f.default if f.default_factory is MISSING else f.default_factory() for f in fields(kind)
    )


def dump_event(event: Event) -> dict[str, Any]:
    """Return an event as JSON data, its name under ``kind``."""
    return {"kind": name_of(event), **dump(event)}


def name_of(event: Event) -> str:
    """Return the name of an event's kind."""
    return _NAMES[type(event)]


def load_event(data: dict[str, Any]) -> Event:
    """Return the event that `dump_event` wrote; fields unknown here are passed over."""
    return load(KINDS[data["kind"]], data)


def load(cls: type[T], data: Any) -> T:
    """Return a value of the dataclass `cls` from what `dump` made of it.

    Fields that the class does not have are passed over, so newer writers can be read.
    """
    known, readers = _readers(cls)  # type: ignore[arg-type]
    if not data.keys() <= known:
        data = {name: item for name, item in data.items() if name in known}
    made = {name: read(data[name]) for name, read in readers if name in data}
    return cls(**{**data, **made}) if made else cls(**data)


@cache
def _readers(
    cls: type[Any],
) -> tuple[frozenset[str], tuple[tuple[str, Callable[[Any], Any]], ...]]:
    """Return the names of the fields, and the readers of those that are not JSON as they are."""
    hints = get_type_hints(cls, localns=_namespace())
    readers = {f.name: _reader(hints[f.name]) for f in fields(cls)}
    return frozenset(readers), tuple((n, read) for n, read in readers.items() if read is not _same)


@cache
def _namespace() -> dict[str, Any]:
    """The names that the annotations of our dataclasses use, imported only for this."""
    from collections.abc import Mapping

    from nbpipe import errors, events

    return {**vars(errors), **vars(events), "Mapping": Mapping, "Any": Any}


def _same(data: Any) -> Any:
    return data


def _reader(hint: Any) -> Callable[[Any], Any]:
    origin, args = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda data: load(hint, data)
    if origin in (types.UnionType, Union) and type(None) in args:
        inner = _reader(next(a for a in args if a is not type(None)))
        return _same if inner is _same else lambda data: None if data is None else inner(data)
    if origin in (tuple, frozenset) and args:
        item = _reader(args[0])
        return origin if item is _same else lambda data: origin([item(x) for x in data])
    if origin is None or origin is Literal:
        return _same
    value = _reader(args[1]) if len(args) == 2 else _same  # a mapping
    return _same if value is _same else lambda data: {key: value(x) for key, x in data.items()}
