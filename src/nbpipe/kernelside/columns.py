"""One pandas column ⇄ one Arrow array, its numbers never copied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import labels
from .unstorable import Inexact

NUMBERS = {
    "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
    "u1": "uint8", "u2": "uint16", "u4": "uint32", "u8": "uint64",
    "f2": "float16", "f4": "float32", "f8": "float64",
}  # fmt: skip
UNITS = ("s", "ms", "us", "ns")


@dataclass(frozen=True)
class Source:
    """What columns are read from: the libraries, the mapped file, and where it begins."""

    pa: Any
    pandas: Any
    memory: Any
    start: int


def to_arrow(pa: Any, column: Any) -> tuple[Any, dict[str, Any]]:
    """Return a Series' values as an Arrow array, and what else is needed to bring them back."""
    dtype = column.dtype
    module = type(dtype).__module__
    if module.startswith("numpy"):
        return _from_numpy(pa, column.to_numpy(copy=False))
    name = type(dtype).__name__
    if name == "CategoricalDtype":
        return _from_categories(pa, column.array)
    if name == "DatetimeTZDtype":
        return _from_zoned(pa, column.array)
    if name == "StringDtype":
        return _from_strings(pa, column.array)
    if name == "ArrowDtype":
        return _from_arrow_kind(pa, column.array)
    if module.startswith("pandas") and hasattr(column.array, "_mask"):
        return _one(pa, column.array.__arrow_array__()), {"as": "masked", "dtype": str(dtype)}
    raise Inexact(str(dtype))


def _from_arrow_kind(pa: Any, array: Any) -> tuple[Any, dict[str, Any]]:
    found = _one(pa, array.__arrow_array__())
    if type(array.dtype)(found.type) != array.dtype:
        raise Inexact(str(array.dtype))
    return found, {"as": "arrow"}


def _one(pa: Any, array: Any) -> Any:
    """Return a chunked array as one array."""
    if not isinstance(array, pa.ChunkedArray):
        return array
    if array.num_chunks == 1:
        return array.chunk(0)
    if array.num_chunks == 0:
        return pa.array([], type=array.type)
    return pa.concat_arrays(array.chunks)


def _from_numpy(pa: Any, values: Any) -> tuple[Any, dict[str, Any]]:
    dtype = values.dtype
    code = f"{dtype.kind}{dtype.itemsize}"
    if not dtype.isnative:
        raise Inexact("byte order")
    if code in NUMBERS:
        return _raw(pa, values, getattr(pa, NUMBERS[code])()), {"as": "raw", "dtype": dtype.str}
    if dtype.kind == "b":
        return pa.array(values), {"as": "bool"}
    if dtype.kind in "mM":
        return _from_moments(pa, values)
    if dtype.kind == "O":
        return _from_objects(pa, values)
    raise Inexact(str(dtype))


def _raw(pa: Any, values: Any, kind: Any) -> Any:
    """Return an Arrow array over an array's own memory (copied only where it has gaps)."""
    import numpy

    values = numpy.ascontiguousarray(values)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values.view("u1"))])


def _from_moments(pa: Any, values: Any) -> tuple[Any, dict[str, Any]]:
    import numpy

    unit, count = numpy.datetime_data(values.dtype)
    if unit not in UNITS or count != 1:
        raise Inexact(str(values.dtype))
    kind = pa.timestamp(unit) if values.dtype.kind == "M" else pa.duration(unit)
    return _gapped(pa, values, kind), {"as": "raw", "dtype": values.dtype.str}


def _gapped(pa: Any, values: Any, kind: Any) -> Any:
    """Return moments as an Arrow array that marks NaT as null, its memory still the array's."""
    import numpy

    values = numpy.ascontiguousarray(values)
    missing = numpy.isnat(values)
    bits = None
    if missing.any():
        bits = pa.py_buffer(numpy.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(values.view("u1"))])


def _from_objects(pa: Any, values: Any) -> tuple[Any, dict[str, Any]]:
    kinds = set(map(type, values.tolist()))
    if not kinds <= {str, type(None)}:
        raise Inexact("mixed objects")
    try:
        return pa.array(values, type=pa.large_string(), from_pandas=False), {"as": "objects"}
    except (UnicodeError, pa.ArrowException):
        raise Inexact("text that is not Unicode") from None


def _from_categories(pa: Any, array: Any) -> tuple[Any, dict[str, Any]]:
    codes = array.codes
    meta = {
        "as": "category",
        "dtype": codes.dtype.str,
        "ordered": bool(array.ordered),
        "categories": labels.to_meta(array.categories),
    }
    return _raw(pa, codes, getattr(pa, NUMBERS[codes.dtype.str[1:]])()), meta


def _from_zoned(pa: Any, array: Any) -> tuple[Any, dict[str, Any]]:
    import pandas

    dtype = array.dtype
    name = str(dtype)
    back: Any = pandas.api.types.pandas_dtype(name)
    if back != dtype or type(back.tz) is not type(dtype.tz) or str(back.tz) != str(dtype.tz):
        raise Inexact("time zone")
    values = array.asi8.view(f"M8[{dtype.unit}]")
    kind = pa.timestamp(dtype.unit, tz=str(dtype.tz))
    return _gapped(pa, values, kind), {"as": "zoned", "dtype": name, "unit": dtype.unit}


def _from_strings(pa: Any, array: Any) -> tuple[Any, dict[str, Any]]:
    import pandas

    dtype = array.dtype
    missing = getattr(dtype, "na_value", pandas.NA)
    meta = {"as": "string", "storage": dtype.storage, "nan": missing is not pandas.NA}
    if _string_dtype(pandas, meta) != dtype:
        raise Inexact("string type")
    return _one(pa, array.__arrow_array__()), meta


def _string_dtype(pandas: Any, meta: dict[str, Any]) -> Any:
    if meta["nan"]:
        return pandas.StringDtype(storage=meta["storage"], na_value=float("nan"))
    return pandas.StringDtype(storage=meta["storage"])


def from_arrow(source: Source, column: Any, meta: dict[str, Any]) -> Any:
    """Return a column's values as pandas keeps them."""
    array = _one(source.pa, column)
    return _READ[meta["as"]](source, array, meta)


def _raw_values(source: Source, array: Any, dtype: Any) -> Any:
    """Return an array over the mapped file's private pages."""
    import numpy

    if not len(array):
        return numpy.empty(0, dtype=dtype)
    offset = array.buffers()[1].address - source.start
    return numpy.frombuffer(source.memory, dtype=dtype, count=len(array), offset=offset)


def _read_raw(source: Source, array: Any, meta: dict[str, Any]) -> Any:
    return _raw_values(source, array, meta["dtype"])


def _read_bool(source: Source, array: Any, meta: dict[str, Any]) -> Any:
    return array.to_numpy(zero_copy_only=False).copy()


def _read_objects(source: Source, array: Any, meta: dict[str, Any]) -> Any:
    return array.to_numpy(zero_copy_only=False, writable=True)


def _read_category(source: Source, array: Any, meta: dict[str, Any]) -> Any:
    codes = _raw_values(source, array, meta["dtype"])
    categories = labels.from_meta(source.pandas, meta["categories"])
    dtype = source.pandas.CategoricalDtype(categories, ordered=meta["ordered"])
    return source.pandas.Categorical.from_codes(codes, dtype=dtype)


def _read_zoned(source: Source, array: Any, meta: dict[str, Any]) -> Any:
    raw = _raw_values(source, array, f"M8[{meta['unit']}]")
    dtype = source.pandas.api.types.pandas_dtype(meta["dtype"])
    naive = source.pandas.DatetimeIndex(raw).tz_localize("UTC").tz_convert(dtype.tz)
    return naive.array.copy()


def _read_string(source: Source, array: Any, meta: dict[str, Any]) -> Any:
    return _string_dtype(source.pandas, meta).__from_arrow__(array)


def _read_masked(source: Source, array: Any, meta: dict[str, Any]) -> Any:
    dtype = source.pandas.api.types.pandas_dtype(meta["dtype"])
    return dtype.__from_arrow__(array).copy()


def _read_arrow(source: Source, array: Any, meta: dict[str, Any]) -> Any:
    return source.pandas.ArrowDtype(array.type).__from_arrow__(array)


_READ = {
    "raw": _read_raw,
    "bool": _read_bool,
    "objects": _read_objects,
    "category": _read_category,
    "zoned": _read_zoned,
    "string": _read_string,
    "masked": _read_masked,
    "arrow": _read_arrow,
}
