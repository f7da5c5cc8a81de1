"""Plain data as JSON: only values that come back equal, of the same types, sharing nothing."""

from __future__ import annotations

import json
import math
import sys
from typing import Any, Callable

from .unstorable import Inexact

LIMIT = 200_000
LONGEST_INT = 12_000  # bits; Python refuses to turn longer ones into decimal digits
TAG = "$"


class _Writer:
    """Turns a value into JSON; `tagged` allows what JSON has no word for."""

    def __init__(self, tagged: bool) -> None:
        self.tagged = tagged
        self.seen: dict[int, Any] = {}
        self.count = 0

    def __call__(self, value: Any) -> Any:
        self.count += 1
        if self.count > LIMIT:
            raise Inexact("too big for JSON")
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        write = _EXACT.get(kind)
        if write is not None:
            return write(self, value)
        if not self.tagged:
            raise Inexact(kind.__name__)
        return self._tag(kind, value)

    def _tag(self, kind: type, value: Any) -> Any:
        write = _TAGGED.get(f"{kind.__module__}.{kind.__qualname__}")
        if write is not None:
            return {TAG: kind.__qualname__, "v": write(self, value)}
        if kind.__module__ == "numpy" and _is_numpy_scalar(value):
            return {TAG: "numpy", "v": [value.dtype.str, value.tobytes().hex()]}
        raise Inexact(kind.__name__)

    def once(self, value: Any) -> None:
        """Refuse a container that is met twice: JSON would make two of it."""
        if id(value) in self.seen:
            raise Inexact("shares objects")
        self.seen[id(value)] = value


def _is_numpy_scalar(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return (
        numpy is not None
        and isinstance(value, numpy.generic)
        and value.dtype.kind in "biufcmM"
        and type(value) is value.dtype.type
    )


def _int(w: _Writer, value: int) -> Any:
    if value.bit_length() > LONGEST_INT:
        raise Inexact("long int")
    return value


def _float(w: _Writer, value: float) -> Any:
    if math.isfinite(value):
        return value
    if not w.tagged:
        raise Inexact("not finite")
    return {TAG: "float", "v": repr(value)}


def _list(w: _Writer, value: list[Any]) -> Any:
    w.once(value)
    return [w(item) for item in value]


def _dict(w: _Writer, value: dict[Any, Any]) -> Any:
    w.once(value)
    if all(type(key) is str for key in value) and not (w.tagged and TAG in value):
        return {key: w(item) for key, item in value.items()}
    if not w.tagged:
        raise Inexact("keys")
    return {TAG: "dict", "v": [[w(key), w(item)] for key, item in value.items()]}


def _items(w: _Writer, value: Any) -> Any:
    return [w(item) for item in value]


def _set(w: _Writer, value: Any) -> Any:
    if type(value) is set:
        w.once(value)
    return sorted((w(item) for item in value), key=json.dumps)


def _mutable_bytes(w: _Writer, value: bytearray) -> Any:
    w.once(value)
    return value.hex()


def _naive(w: _Writer, value: Any) -> Any:
    if value.tzinfo is not None and repr(value.tzinfo) != "datetime.timezone.utc":
        raise Inexact("time zone")
    return [value.isoformat(), value.fold]


def _timedelta(w: _Writer, value: Any) -> Any:
    return [value.days, value.seconds, value.microseconds]


def _range(w: _Writer, value: range) -> Any:
    return [_int(w, part) for part in (value.start, value.stop, value.step)]


def _slice(w: _Writer, value: slice) -> Any:
    return [w(part) for part in (value.start, value.stop, value.step)]


def _complex(w: _Writer, value: complex) -> Any:
    return [repr(value.real), repr(value.imag)]


def _text(w: _Writer, value: Any) -> Any:
    return str(value)


_EXACT: dict[type, Callable[[_Writer, Any], Any]] = {
    int: _int,
    float: _float,
    list: _list,
    dict: _dict,
}
_TAGGED: dict[str, Callable[[_Writer, Any], Any]] = {
    "builtins.tuple": _items,
    "builtins.set": _set,
    "builtins.frozenset": _set,
    "builtins.bytes": lambda w, value: value.hex(),
    "builtins.bytearray": _mutable_bytes,
    "builtins.complex": _complex,
    "builtins.range": _range,
    "builtins.slice": _slice,
    "builtins.ellipsis": lambda w, value: None,
    "datetime.date": lambda w, value: value.isoformat(),
    "datetime.datetime": _naive,
    "datetime.time": _naive,
    "datetime.timedelta": _timedelta,
    "decimal.Decimal": _text,
    "uuid.UUID": _text,
    "pathlib.PosixPath": _text,
    "pathlib.PurePosixPath": _text,
    "pathlib._local.PosixPath": _text,
    "pathlib._local.PurePosixPath": _text,
}


def _moment(name: str) -> Callable[[Any], Any]:
    def read(v: Any) -> Any:
        import datetime

        text = v[0]
        utc = text.endswith("+00:00")
        value = getattr(datetime, name).fromisoformat(text[:-6] if utc else text)
        return value.replace(tzinfo=datetime.timezone.utc if utc else None, fold=v[1])

    return read


def _made(module: str, name: str) -> Callable[[Any], Any]:
    def read(v: Any) -> Any:
        made = getattr(__import__(module), name)
        return made(*v) if isinstance(v, list) else made(v)

    return read


def _read_date(v: Any) -> Any:
    import datetime

    return datetime.date.fromisoformat(v)


def _read_numpy(v: Any) -> Any:
    import numpy

    return numpy.frombuffer(bytes.fromhex(v[1]), dtype=numpy.dtype(v[0]))[0]


_READ: dict[str, Callable[[Any], Any]] = {
    "float": float,
    "dict": dict,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "complex": lambda v: complex(float(v[0]), float(v[1])),
    "range": lambda v: range(*v),
    "slice": lambda v: slice(*v),
    "ellipsis": lambda v: Ellipsis,
    "date": _read_date,
    "datetime": _moment("datetime"),
    "time": _moment("time"),
    "timedelta": _made("datetime", "timedelta"),
    "Decimal": _made("decimal", "Decimal"),
    "UUID": _made("uuid", "UUID"),
    "PosixPath": _made("pathlib", "PosixPath"),
    "PurePosixPath": _made("pathlib", "PurePosixPath"),
    "numpy": _read_numpy,
}


def _untag(data: dict[str, Any]) -> Any:
    return _READ[data[TAG]](data["v"]) if TAG in data else data


def to_json(value: Any) -> Any:
    """Return the value as JSON data; raise `Inexact` if JSON has no exact word for it."""
    return _walk(_Writer(tagged=False), value)


def to_tagged(value: Any) -> Any:
    """Return the value as JSON data with tags; raise `Inexact` if it would not come back."""
    return _walk(_Writer(tagged=True), value)


def _walk(write: _Writer, value: Any) -> Any:
    try:
        return write(value)
    except RecursionError:
        raise Inexact("nested too deep") from None


def from_tagged(data: Any) -> Any:
    """Return the value that `to_tagged` was given."""
    return json.loads(json.dumps(data), object_hook=_untag)


def dumps(data: Any) -> bytes:
    """Return canonical bytes of JSON data, order of keys kept."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).encode("ascii")


def loads(data: bytes, tagged: bool) -> Any:
    """Return the value that `dumps` was given as JSON or tagged JSON."""
    return json.loads(data, object_hook=_untag if tagged else None)
