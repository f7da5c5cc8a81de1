"""What a value is like, told the same way in every process: to compare values that never meet.

A pickle's bytes depend on how a value came about (interned strings, the order of a set, views).
Here two values that are equal, part for part, have one mark, whatever their history.
"""

from __future__ import annotations

import hashlib
import math
import re
import reprlib
import sys
import types
from typing import Any, Callable, Iterable, Iterator

MOST_NODES = 1_000_000
MOST_PARTS = 200
MOST_DEPTH = 150
TEXT = 120
DIGITS = 9
_EXACT = frozenset(
    (
        "__main__", "builtins", "collections", "copyreg", "datetime", "decimal", "enum",
        "fractions", "functools", "itertools", "nbpipe", "numpy", "operator", "pandas", "pathlib",
        "polars", "posixpath", "random", "re", "scipy", "sklearn", "types", "typing", "uuid",
        "zoneinfo",
    )
)  # fmt: skip
"""Packages whose objects hold nothing but what they are: others keep caches and work space."""

_OPAQUE = ("matplotlib.", "seaborn.", "IPython.", "ipykernel.", "ipywidgets.")
_GATHERED = "kernelside.fanout.Gathered"
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.LambdaType)
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")


class _TooMuch(Exception):
    """The value has more parts than are worth a look."""


class _Walk:
    """Marks one value: `rough` takes numbers that agree in nine digits for the same."""

    def __init__(self, rough: bool) -> None:
        self.rough = rough
        self.known: dict[int, tuple[str, Any]] = {}
        self.path: dict[int, int] = {}
        self.opaque: set[str] = set()
        self.foreign: set[str] = set()
        self.nodes = 0

    def mark(self, value: Any) -> str:
        """Return the mark of a value."""
        atom = _ATOMS.get(type(value))
        if atom is not None:
            return atom(self, value)
        known = self.known.get(id(value))
        if known is not None:
            return known[0]
        if id(value) in self.path:
            return f"^{len(self.path) - self.path[id(value)]}"
        if type_of(value).endswith(_GATHERED):
            return self.mark(list(value))  # outside a run it is a list
        self.nodes += 1
        if self.nodes > MOST_NODES or len(self.path) > MOST_DEPTH:
            raise _TooMuch
        self.path[id(value)] = len(self.path)
        try:
            found = digest(type_of(value), *self.parts(value))
        finally:
            del self.path[id(value)]
        self.known[id(value)] = (found, value)
        return found

    def parts(self, value: Any) -> Iterable[str]:
        """Return the marks of what a value is made of, in an order that tells it."""
        kind = type(value)
        if isinstance(value, (set, frozenset)):
            return sorted(self.mark(item) for item in value)
        if kind is list or kind is tuple:
            return [self.mark(item) for item in value]
        if kind is dict:
            return [self.mark(part) for item in value.items() for part in item]
        special = _special(value)
        return special(self, value) if special is not None else self._object(value)

    def _object(self, value: Any) -> Iterable[str]:
        """An object is what a pickle would make it from."""
        if isinstance(value, (types.ModuleType, type, *_FUNCTIONS)):
            return [_code_mark(value)]
        if type_of(value).startswith(_OPAQUE) or isinstance(value, Iterator):
            return self.hidden(value)
        if type(value).__module__.partition(".")[0] not in _EXACT:
            self.foreign.add(type_of(value))
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:
            return self.hidden(value)
        if isinstance(reduced, str):
            return [reduced]
        made, args, *rest = reduced
        if rest and _echoes(value, rest[0]):
            rest[0] = None
        found = [self.mark(made), self.mark(tuple(args))]
        marked = (self.mark(list(p) if isinstance(p, Iterator) else p) for p in rest)
        return [*found, *marked]

    def hidden(self, value: Any) -> list[str]:
        """What nobody can look into: only its type counts, and it is noted."""
        self.opaque.add(type_of(value))
        return ["opaque"]


def _echoes(value: Any, state: Any) -> bool:
    """Whether a mapping's attributes are its items once more, which a pickle makes two of."""
    if not isinstance(value, dict) or not isinstance(state, dict):
        return False
    return all(dict.get(value, name) is item for name, item in state.items())


def digest(*parts: str) -> str:
    """Return one short mark for several."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def type_of(value: Any) -> str:
    """Return the full name of a value's type."""
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _code_mark(value: Any) -> str:
    """A function is its name and what it speaks of; its bytes change while it runs."""
    name = getattr(value, "__qualname__", getattr(value, "__name__", ""))
    code = getattr(value, "__code__", None)
    if code is None:
        return f"{getattr(value, '__module__', '')}.{name}"
    spoken = [c for c in code.co_consts if isinstance(c, (int, float, str, bytes, bool))]
    return f"{name} {code.co_varnames} {code.co_names} {spoken!r}"


# numbers and text ---------------------------------------------------------------------------


def _float(walk: _Walk, value: float) -> str:
    if not walk.rough:
        return f"float {value!r}"
    return f"float {value + 0.0:.{DIGITS}g}" if value else "float 0"


def _complex(walk: _Walk, value: complex) -> str:
    return f"complex {_float(walk, value.real)} {_float(walk, value.imag)}"


def _plain(_: _Walk, value: Any) -> str:
    return f"{type(value).__name__} {value!r}"


def _long(_: _Walk, value: Any) -> str:
    if len(value) < 64:
        return f"{type(value).__name__} {value!r}"
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)
    return f"{type(value).__name__} {hashlib.sha256(data).hexdigest()}"


_ATOMS: dict[type, Callable[[_Walk, Any], str]] = {
    type(None): _plain, bool: _plain, int: _plain, float: _float, complex: _complex,
    str: _long, bytes: _long, bytearray: _long, type(Ellipsis): _plain, range: _plain,
}  # fmt: skip


# arrays and tables --------------------------------------------------------------------------


def _special(value: Any) -> Any:
    """Return how arrays and tables are marked; None for anything else."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return _numpy_scalar
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _array
    kind = type(value)
    package = kind.__module__.partition(".")[0]
    tables = _PANDAS if package == "pandas" else _POLARS if package == "polars" else {}
    return tables.get(kind.__name__)


def _numpy_scalar(walk: _Walk, value: Any) -> list[str]:
    return [str(value.dtype), *_numbers(walk, sys.modules["numpy"].asarray(value))]


def _array(walk: _Walk, value: Any) -> list[str]:
    head = [str(value.dtype), repr(value.shape)]
    numpy = sys.modules["numpy"]
    if isinstance(value, numpy.ma.MaskedArray):
        mask = numpy.ma.getmaskarray(value)
        plain = numpy.where(mask, numpy.zeros((), value.dtype), value.data)
        return [*head, walk.mark(mask), walk.mark(plain)]
    if value.dtype.hasobject:
        return [*head, *(walk.mark(item) for item in value.reshape(-1).tolist())]
    return [*head, *_numbers(walk, value)]


def _numbers(walk: _Walk, array: Any) -> list[str]:
    numpy = sys.modules["numpy"]
    if walk.rough and array.dtype.kind in "fc" and array.size:
        array = _rounded(numpy, array)
    flat = numpy.ascontiguousarray(array)
    return [hashlib.sha256(flat.tobytes()).hexdigest()]


def _rounded(numpy: Any, array: Any) -> Any:
    """Return the numbers with nine digits, counted from the largest of them."""
    if array.dtype.kind == "c":
        return numpy.stack([_rounded(numpy, array.real), _rounded(numpy, array.imag)])
    wide = array.astype("float64")
    finite = numpy.isfinite(wide)
    top = float(numpy.abs(wide[finite]).max()) if finite.any() else 0.0
    scale = 2.0 ** math.ceil(math.log2(top)) if 0 < top < 1e300 else 1.0
    with numpy.errstate(all="ignore"):
        return numpy.where(finite, numpy.rint(wide / scale * 10.0**DIGITS) + 0.0, wide)


def _frame(walk: _Walk, frame: Any) -> list[str]:
    columns = [_series_values(walk, frame.iloc[:, i]) for i in range(frame.shape[1])]
    return [walk.mark(frame.columns), walk.mark(frame.index), *columns]


def _series(walk: _Walk, series: Any) -> list[str]:
    return [walk.mark(series.name), walk.mark(series.index), _series_values(walk, series)]


def _series_values(walk: _Walk, series: Any) -> str:
    return digest(str(series.dtype), *_values(walk, series))


def _values(walk: _Walk, column: Any) -> list[str]:
    numpy = sys.modules["numpy"]
    dtype = column.dtype
    if isinstance(dtype, numpy.dtype):
        return _array(walk, column.to_numpy())
    if str(dtype) == "category":
        codes = getattr(column, "cat", column).codes
        return [walk.mark(numpy.asarray(codes)), walk.mark(dtype.categories), repr(dtype.ordered)]
    items = column.to_numpy(dtype=object).tolist()
    missing = column.isna()
    return ["NA" if gone else walk.mark(item) for item, gone in zip(items, missing)]


def _index(walk: _Walk, index: Any) -> list[str]:
    names = walk.mark(list(index.names))
    if type(index).__name__ == "MultiIndex":
        levels = [walk.mark(index.get_level_values(i)) for i in range(index.nlevels)]
        return [names, *levels]
    frequency = repr(getattr(index, "freq", None))
    return [names, str(index.dtype), frequency, *_values(walk, index)]


def _polars_frame(walk: _Walk, frame: Any) -> list[str]:
    return [walk.mark([series.name for series in frame]), *(walk.mark(s) for s in frame)]


def _polars_series(walk: _Walk, series: Any) -> list[str]:
    return [series.name, str(series.dtype), *(walk.mark(item) for item in series.to_list())]


_INDEXES = (
    "Index MultiIndex DatetimeIndex TimedeltaIndex PeriodIndex CategoricalIndex IntervalIndex"
)
_PANDAS: dict[str, Any] = {"DataFrame": _frame, "Series": _series}
_PANDAS.update(dict.fromkeys(_INDEXES.split(), _index))
_POLARS: dict[str, Any] = {"DataFrame": _polars_frame, "Series": _polars_series}


# what is told of one value --------------------------------------------------------------------


def likeness(value: Any) -> dict[str, Any]:
    """Return what a value is like, as plain JSON.

    ``exact`` and ``rough`` are its marks (None where it is too big to look at), ``parts`` those of
    its columns or items, ``opaque`` the types inside it that nobody can look into, ``foreign``
    those of libraries that may keep work space in their objects, and ``text`` a few words.
    """
    found: dict[str, Any] = {"type": type_of(value), "text": short_text(value)}
    try:
        exact, rough = _Walk(rough=False), _Walk(rough=True)
        found["exact"], found["rough"] = exact.mark(value), rough.mark(value)
        found["opaque"], found["foreign"] = sorted(exact.opaque), sorted(exact.foreign)[:5]
        found["parts"] = _named_parts(value)
    except (_TooMuch, RecursionError, MemoryError):
        found["exact"] = found["rough"] = None
    except Exception as error:  # the value's own code may raise anything
        found["exact"] = found["rough"] = None
        found["trouble"] = type(error).__name__
    return found


def _named_parts(value: Any) -> dict[str, str]:
    """Return the marks of a table's columns or a mapping's items, to say which differ."""
    walk = _Walk(rough=True)
    kind = type_of(value)
    if kind.startswith("pandas.") and kind.endswith(".DataFrame"):
        count = min(value.shape[1], MOST_PARTS)
        labels = [f"column {value.columns[i]!r}" for i in range(count)]
        marks = [_series_values(walk, value.iloc[:, i]) for i in range(count)]
        return {**dict(zip(labels, marks)), "its index": walk.mark(value.index)}
    if isinstance(value, dict) and len(value) <= MOST_PARTS:
        return {f"item {short_text(k, 30)}": walk.mark(v) for k, v in value.items()}
    if type(value) in (list, tuple) and len(value) <= MOST_PARTS:
        return {f"item {i}": walk.mark(item) for i, item in enumerate(value)}
    return {}


def short_text(value: Any, most: int = TEXT) -> str:
    """Return a few words that show a value, without addresses; its own code may run."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{type(value).__name__} {' × '.join(str(n) for n in shape)}"  # noqa: RUF001
    short = reprlib.Repr()
    short.maxstring = short.maxother = most
    try:
        text = short.repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    text = _ADDRESS.sub("0x…", " ".join(text.split()))
    return text if len(text) <= most else f"{text[: most - 1]}…"
