"""pandas indexes and column labels as JSON, only when they come back identical."""

from __future__ import annotations

import sys
from typing import Any

from . import plain
from .unstorable import Inexact

SHORT = 200
LONGEST = 50_000


def to_meta(index: Any) -> dict[str, Any]:
    """Return an index as JSON data; raise `Inexact` unless it would come back identical."""
    pandas = sys.modules["pandas"]
    meta = _to_meta(pandas, index)
    back = from_meta(pandas, meta)
    same = type(back) is type(index) and back.dtype == index.dtype and back.identical(index)
    if not same or getattr(back, "freq", None) != getattr(index, "freq", None):
        raise Inexact("index")
    if len(index) and [type(x) for x in back[:SHORT]] != [type(x) for x in index[:SHORT]]:
        raise Inexact("index labels")
    return meta


def _to_meta(pandas: Any, index: Any) -> dict[str, Any]:
    kind = type(index)
    if kind is pandas.RangeIndex:
        parts = [index.start, index.stop, index.step]
        return {"kind": "range", "parts": parts, "name": plain.to_tagged(index.name)}
    if len(index) > LONGEST:
        raise Inexact("long index")
    if kind is pandas.MultiIndex:
        return _multi(pandas, index)
    if kind is pandas.DatetimeIndex or kind is pandas.TimedeltaIndex:
        return _times(index)
    if kind is pandas.Index:
        return _flat(index)
    raise Inexact(kind.__name__)


def _multi(pandas: Any, index: Any) -> dict[str, Any]:
    return {
        "kind": "multi",
        "levels": [_to_meta(pandas, level) for level in index.levels],
        "codes": [[int(code) for code in codes] for codes in index.codes],
        "names": [plain.to_tagged(name) for name in index.names],
    }


def _times(index: Any) -> dict[str, Any]:
    tz = getattr(index, "tz", None)
    return {
        "kind": "moments",
        "dtype": str(index.dtype),
        "raw": index.asi8.tolist(),
        "delta": tz is None and "timedelta" in str(index.dtype),
        "freq": index.freqstr,
        "name": plain.to_tagged(index.name),
    }


def _flat(index: Any) -> dict[str, Any]:
    if index.dtype == object:
        values = plain.to_tagged(list(index))
    elif getattr(index.dtype, "kind", "") in "iufb":
        values = plain.to_tagged(index.to_numpy().tolist())
    elif str(index.dtype) in ("str", "string"):
        if not all(type(x) is str for x in index):
            raise Inexact("missing labels")
        values = list(index)
    else:
        raise Inexact(str(index.dtype))
    dtype = str(index.dtype)
    return {"kind": "flat", "dtype": dtype, "values": values, "name": plain.to_tagged(index.name)}


def from_meta(pandas: Any, meta: dict[str, Any]) -> Any:
    """Return the index that `to_meta` was given."""
    kind = meta["kind"]
    if kind == "range":
        start, stop, step = meta["parts"]
        return pandas.RangeIndex(start, stop, step, name=plain.from_tagged(meta["name"]))
    if kind == "multi":
        levels = [from_meta(pandas, level) for level in meta["levels"]]
        names = [plain.from_tagged(name) for name in meta["names"]]
        return pandas.MultiIndex(levels, meta["codes"], names=names, verify_integrity=False)
    if kind == "moments":
        return _moments(pandas, meta)
    values = plain.from_tagged(meta["values"])
    name = plain.from_tagged(meta["name"])
    return pandas.Index(values, dtype=meta["dtype"], name=name, tupleize_cols=False)


def _moments(pandas: Any, meta: dict[str, Any]) -> Any:
    import numpy

    unit = meta["dtype"].partition("[")[2].partition(",")[0].partition("]")[0]
    base = "m8" if meta["delta"] else "M8"
    raw = numpy.array(meta["raw"], dtype="i8").view(f"{base}[{unit}]")
    name = plain.from_tagged(meta["name"])
    if meta["delta"]:
        index = pandas.TimedeltaIndex(raw, name=name)
    else:
        index = pandas.DatetimeIndex(raw, name=name)
        if "," in meta["dtype"]:
            tz = meta["dtype"].partition(", ")[2].rstrip("]")
            index = index.tz_localize("UTC").tz_convert(tz)
    if meta["freq"] is not None:
        index.freq = meta["freq"]
    return index


def check_freq(pandas: Any, index: Any) -> None:
    """Raise `Inexact` if an index' frequency cannot be written as a word."""
    if index.freq is None:
        return
    if pandas.tseries.frequencies.to_offset(index.freqstr) != index.freq:
        raise Inexact("frequency")
