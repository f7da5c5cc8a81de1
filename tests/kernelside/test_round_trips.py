"""Every value comes back as it was: same type, same content, same rights."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import fractions
import math
import pathlib
import sys
import types
import uuid
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from nbpipe.kernelside import codecs


class Point(NamedTuple):
    x: int
    y: int


class Colour(enum.Enum):
    RED = 1


PLAIN: list[tuple[str, Any, str]] = [
    ("none", None, "json"),
    ("true", True, "json"),
    ("int", 7, "json"),
    ("big int", 10**400, "json"),
    ("bigger than decimal digits go", 10**5000, "cloudpickle"),
    ("float", 0.1, "json"),
    ("minus zero", -0.0, "json"),
    ("nan", math.nan, "tagged"),
    ("infinity inside", [1.0, -math.inf], "tagged"),
    ("text", "a\u2028é\x00", "json"),
    ("half a surrogate", "\ud800", "json"),
    ("empty list", [], "json"),
    ("nested", {"a": [1, {"b": None}], "": "x"}, "json"),
    ("a dict with our own mark", {"$": 1, "v": 2}, "json"),
    ("the mark beside a tuple", {"$": (1,), "v": 2}, "tagged"),
    ("tuple", (1, (2, [3])), "tagged"),
    ("int keys", {1: "a", "1": "b"}, "tagged"),
    ("bool and None keys", {True: 1, None: 2}, "tagged"),
    ("tuple keys", {(1, 2): 3}, "tagged"),
    ("set", {1, "a", (2, 3)}, "tagged"),
    ("frozenset", frozenset("ab"), "tagged"),
    ("bytes", b"\x00\xff", "tagged"),
    ("bytearray", bytearray(b"ab"), "tagged"),
    ("complex", complex(-0.0, math.inf), "tagged"),
    ("range", range(3, 30, 4), "tagged"),
    ("slice", slice(None, 3), "tagged"),
    ("ellipsis", ..., "tagged"),
    ("date", dt.date(2020, 2, 29), "tagged"),
    ("datetime", dt.datetime(2020, 1, 1, 2, 3, 4, 5, fold=1), "tagged"),
    ("utc", dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "tagged"),
    ("time", dt.time(1, 2, 3, 4), "tagged"),
    ("timedelta", dt.timedelta(days=-1, microseconds=3), "tagged"),
    ("decimal", decimal.Decimal("1.10"), "tagged"),
    ("uuid", uuid.UUID(int=5), "tagged"),
    ("path", pathlib.PurePosixPath("/a/b"), "tagged"),
    ("fraction", fractions.Fraction(1, 3), "cloudpickle"),
    ("named tuple", Point(1, 2), "cloudpickle"),
    ("enum", Colour.RED, "cloudpickle"),
    ("ordered dict", collections.OrderedDict(a=1), "cloudpickle"),
    ("default dict", collections.defaultdict(list, a=[1]), "cloudpickle"),
    ("numpy scalar", np.float64(1.5), "tagged"),
    ("numpy nan", np.float32("nan"), "tagged"),
    ("numpy moment", np.datetime64("2020-01-01", "us"), "tagged"),
    ("numpy scalars inside", {"a": [np.int8(3)]}, "tagged"),
    ("pandas moment", pd.Timestamp("2020-01-01", tz="Europe/Berlin"), "cloudpickle"),
]


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        pairs = zip(one.items(), other.items(), strict=True)
        return all(same(a, b) for pair in pairs for a, b in zip(*pair, strict=True))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other) or one == other


@pytest.mark.parametrize(("value", "codec"), [c[1:] for c in PLAIN], ids=[c[0] for c in PLAIN])
def test_plain_data_comes_back_equal_and_of_the_same_type(
    there_and_back: Any, value: Any, codec: str
) -> None:
    back, saved = there_and_back(value)
    if type(value) is int and value > 10**4000:
        assert back == value
    else:
        assert same(value, back)
    assert saved.codec == codec


def test_lists_that_are_one_list_stay_one_list(there_and_back: Any) -> None:
    row = [0]
    back, _ = there_and_back([row, row])
    back[0].append(1)
    assert back == [[0, 1], [0, 1]]


def test_a_list_inside_itself_comes_back(there_and_back: Any) -> None:
    value: list[Any] = [1]
    value.append(value)
    back, _ = there_and_back(value)
    assert back[1] is back


def test_equal_sets_have_equal_bytes(there_and_back: Any) -> None:
    _, one = there_and_back({"a", "b", "c"})
    _, other = there_and_back({"c", "b", "a"})
    assert one.digest == other.digest


ARRAYS: list[tuple[str, Any, str]] = [
    ("numbers", np.arange(6, dtype="i2"), "npy"),
    ("fortran order", np.asfortranarray(np.arange(6.0).reshape(2, 3)), "npy"),
    ("with gaps", np.arange(10)[::3], "npy"),
    ("no elements", np.zeros((0, 3), "f4"), "npy"),
    ("no dimensions", np.array(5), "npy"),
    ("bool", np.array([True, False]), "npy"),
    ("complex", np.array([1 + 2j]), "npy"),
    ("other byte order", np.arange(3, dtype=">i4"), "npy"),
    ("text", np.array(["a", "bcd"]), "npy"),
    ("moments", np.array(["2020-01-01", "NaT"], "M8[s]"), "npy"),
    ("records", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), "npy"),
    ("objects", np.array([1, "a", None], dtype=object), "cloudpickle"),
    ("masked", np.ma.array([1, 2], mask=[0, 1]), "cloudpickle"),
    ("matrix", np.asmatrix([[1, 2]]), "cloudpickle"),
]


@pytest.mark.parametrize(("value", "codec"), [c[1:] for c in ARRAYS], ids=[c[0] for c in ARRAYS])
def test_arrays_come_back(there_and_back: Any, value: Any, codec: str) -> None:
    back, saved = there_and_back(value)
    assert saved.codec == codec
    assert type(back) is type(value)
    assert back.dtype == value.dtype
    assert back.shape == value.shape
    assert repr(back) == repr(value)
    assert back.flags.writeable


def test_order_of_memory_is_kept(there_and_back: Any) -> None:
    back, _ = there_and_back(np.asfortranarray(np.ones((3, 4))))
    assert back.flags.f_contiguous
    assert not back.flags.c_contiguous


def test_a_read_only_array_stays_read_only(there_and_back: Any) -> None:
    value = np.arange(3)
    value.flags.writeable = False
    back, _ = there_and_back(value)
    assert not back.flags.writeable


def test_a_big_array_is_mapped_and_its_file_is_never_written(there_and_back: Any) -> None:
    value = np.arange(3 << 20, dtype="f8")
    back, saved = there_and_back(value)
    assert not back.flags.owndata
    assert type(back) is np.ndarray
    back[:] = -1
    assert codecs.file_digest(saved.path) == saved.digest


def _frames() -> list[tuple[str, Any, str]]:
    tz = pd.date_range("2020", periods=3, freq="D", tz="Europe/Berlin")
    marked = pd.DataFrame({"a": [1]})
    marked.attrs = {"unit": ("m", 1)}
    strict = pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False)
    cat = pd.Categorical(["b", None, "b"], categories=["c", "b"], ordered=True)
    multi = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None])
    return [
        ("numbers", pd.DataFrame({"a": [1, 2], "b": [1.5, np.nan]}), "arrow"),
        ("small numbers", pd.DataFrame({"a": np.zeros(2, "f2"), "b": np.ones(2, "u1")}), "arrow"),
        ("text", pd.DataFrame({"a": ["x", None, "é"]}), "arrow"),
        ("objects: text and None", pd.DataFrame({"a": ["x", None]}, dtype=object), "arrow"),
        ("None and NaN", pd.DataFrame({"a": ["x", None, np.nan]}, dtype=object), "cloudpickle"),
        ("mixed", pd.DataFrame({"a": [1, "x", 2.5, b"y"]}), "cloudpickle"),
        ("lists", pd.DataFrame({"a": [[1], []]}), "cloudpickle"),
        ("surrogate", pd.DataFrame({"a": ["\ud800"]}, dtype=object), "cloudpickle"),
        ("bool", pd.DataFrame({"a": [True, False]}), "arrow"),
        ("moments", pd.DataFrame({"a": pd.to_datetime(["2020-01-01", None])}), "arrow"),
        ("seconds", pd.DataFrame({"a": np.array(["2020"], "M8[s]")}), "arrow"),
        ("zoned", pd.DataFrame({"a": tz}), "arrow"),
        ("utc", pd.DataFrame({"a": pd.to_datetime(["2020", None], utc=True)}), "arrow"),
        ("fixed offset", pd.DataFrame({"a": pd.to_datetime(["2020-01-01T00:00+02:00"])}), ""),
        ("spans", pd.DataFrame({"a": pd.to_timedelta(["1s", None])}), "arrow"),
        ("categories", pd.DataFrame({"a": cat}), "arrow"),
        ("number categories", pd.DataFrame({"a": pd.Categorical([2.5, 1.5])}), "arrow"),
        ("masked ints", pd.DataFrame({"a": pd.array([1, None], "Int64")}), "arrow"),
        ("masked floats", pd.DataFrame({"a": pd.array([1.5, None], "Float32")}), "arrow"),
        ("masked bools", pd.DataFrame({"a": pd.array([True, None], "boolean")}), "arrow"),
        ("string", pd.DataFrame({"a": pd.array(["x", None], "string")}), "arrow"),
        ("python string", pd.DataFrame({"a": pd.array(["x"], "string[python]")}), "arrow"),
        ("arrow ints", pd.DataFrame({"a": pd.array([1, None], "int64[pyarrow]")}), "arrow"),
        ("periods", pd.DataFrame({"a": pd.period_range("2020", periods=2, freq="M")}), ""),
        ("intervals", pd.DataFrame({"a": pd.interval_range(0, 2)}), ""),
        ("sparse", pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}), ""),
        ("complex", pd.DataFrame({"a": [1j]}), ""),
        ("decimals", pd.DataFrame({"a": [decimal.Decimal(1)]}), ""),
        ("empty", pd.DataFrame(), "arrow"),
        ("no rows", pd.DataFrame({"a": pd.Series([], dtype="i4"), "b": []}), "arrow"),
        ("no columns", pd.DataFrame(index=[3, 1]), "arrow"),
        ("int columns", pd.DataFrame(np.arange(4.0).reshape(2, 2)), "arrow"),
        ("same names", pd.DataFrame([[1, "x"]], columns=["a", "a"]), "arrow"),
        ("mixed names", pd.DataFrame([[1, 2, 3]], columns=["a", 1, ("x", None)]), "arrow"),
        ("columns with a name", pd.DataFrame([[1]], columns=pd.Index(["a"], name="n")), "arrow"),
        ("multi columns", pd.DataFrame([[1, 2]], columns=multi), "arrow"),
        ("multi index", pd.DataFrame({"a": [1, 2]}, index=multi), "arrow"),
        ("range index", pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(5, 9, 2)), "arrow"),
        ("time index", pd.DataFrame({"a": [1, 2, 3]}, index=tz), "arrow"),
        ("long time index", pd.DataFrame({"a": 0}, index=_hours(500)), "arrow"),
        ("long text index", pd.DataFrame({"a": 0}, index=[f"r{i}" for i in range(500)]), "arrow"),
        ("long int index", pd.DataFrame({"a": 0}, index=np.arange(300)[::-1]), "arrow"),
        ("long float index", pd.DataFrame({"a": 0}, index=[np.nan] + [0.5] * 300), "arrow"),
        ("long zoned index", pd.DataFrame({"a": 0}, index=_hours(300).tz_localize("UTC")), "arrow"),
        ("long mixed index", pd.DataFrame({"a": 0}, index=[None, *range(300)]), ""),
        ("long span index", pd.DataFrame({"a": 0}, index=_hours(300) - _hours(1)[0]), "arrow"),
        ("same labels", pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=["r", "r"]), "arrow"),
        ("no labels", pd.DataFrame({"a": [1, 2], "b": [3, 4]}, index=[np.nan, np.nan]), "arrow"),
        ("many same labels", pd.DataFrame({"a": range(300), "b": 1}, index=[7] * 300), "arrow"),
        ("float index", pd.DataFrame({"a": [1, 2]}, index=[0.5, np.nan]), "arrow"),
        ("category index", pd.DataFrame({"a": [1]}, index=pd.CategoricalIndex(["x"])), ""),
        ("attributes", marked, "arrow"),
        ("flags", strict, "cloudpickle"),
        ("wide", pd.DataFrame(np.zeros((2, 150))), "arrow"),
        ("series", pd.Series([1.0, 2.0], name="s", index=["a", "b"]), "arrow"),
        ("series without a name", pd.Series(["x"]), "arrow"),
        ("series of categories", pd.Series(cat, name=("a", 1)), "arrow"),
        ("names that are numpy's", pd.DataFrame({np.str_("a"): [1]}), ""),
        ("html", pd.DataFrame({"<b>": ["<script>"]}), "arrow"),
    ]


def _hours(count: int) -> pd.DatetimeIndex:
    return pd.date_range("2020", periods=count, freq="2h", name="t")


@pytest.mark.parametrize(
    ("value", "codec"), [c[1:] for c in _frames()], ids=[c[0] for c in _frames()]
)
def test_frames_come_back_exactly(there_and_back: Any, value: Any, codec: str) -> None:
    back, saved = there_and_back(value)
    assert not codec or saved.codec == codec
    assert type(back) is type(value)
    assert back.index.identical(value.index)
    assert back.attrs == value.attrs
    assert back.flags == value.flags
    assert repr(back) == repr(value)
    if isinstance(value, pd.Series):
        pd.testing.assert_series_equal(back, value, check_freq=True, check_index_type="exact")
        assert same(back.name, value.name)
        return
    pd.testing.assert_frame_equal(
        back, value, check_freq=True, check_index_type="exact", check_column_type="exact"
    )
    assert back.columns.identical(value.columns)
    assert [type(c) for c in back.columns] == [type(c) for c in value.columns]
    for i in range(value.shape[1]):
        kinds = [[type(x) for x in frame.iloc[:, i]] for frame in (back, value)]
        assert kinds[0] == kinds[1]


def test_a_loaded_frame_can_be_changed_in_place_and_its_file_stays(there_and_back: Any) -> None:
    value = pd.DataFrame(
        {"a": np.arange(1000.0), "t": pd.to_datetime([0] * 1000), "s": ["x"] * 1000}
    )
    back, saved = there_and_back(value)
    back.iloc[0, 0] = -1
    back.loc[5, "t"] = pd.NaT
    back["s"] = back["s"] + "y"
    back["new"] = back["a"] * 2
    del back["a"]
    assert back.sort_values("new")["new"].iloc[0] == -2
    assert codecs.file_digest(saved.path) == saved.digest


def test_a_wide_frame_takes_a_new_column_without_a_warning(there_and_back: Any) -> None:
    back, _ = there_and_back(pd.DataFrame(np.zeros((2, 150))))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        back["new"] = 1


def test_numbers_of_a_loaded_frame_are_the_files_own_pages(there_and_back: Any) -> None:
    back, _ = there_and_back(pd.DataFrame({"a": np.arange(10.0)}))
    assert not back["a"].to_numpy().flags.owndata


def test_a_frame_whose_own_array_is_sorted_in_place_changes(there_and_back: Any) -> None:
    back, _ = there_and_back(pd.Series([3, 1, 2]))
    back.array[0] = 9
    assert back.iloc[0] == 9


TABLES = [
    pl.DataFrame({"a": [1, None], "b": ["x", "é"], "c": [[1], []], "d": [{"k": 1}, None]}),
    pl.DataFrame({"a": pl.Series([1.5], dtype=pl.Float32), "t": [dt.datetime(2020, 1, 1)]}),
    pl.DataFrame({"a": pl.Series(["x", "y"], dtype=pl.Categorical)}),
    pl.DataFrame({"a": pl.Series(["x"], dtype=pl.Enum(["x", "y"]))}),
    pl.DataFrame(),
    pl.DataFrame(schema={"a": pl.Int8}),
    pl.Series("name", [1, None]),
]


@pytest.mark.parametrize("value", TABLES, ids=lambda v: str(v.shape))
def test_polars_comes_back(there_and_back: Any, value: Any) -> None:
    back, _ = there_and_back(value)
    assert type(back) is type(value)
    assert back.equals(value, null_equal=True)
    assert getattr(back, "schema", None) == getattr(value, "schema", None)


def test_arrow_tables_come_back_with_their_metadata(there_and_back: Any) -> None:
    table = pa.table({"a": [1, None], "b": ["x", "y"]}).replace_schema_metadata({"k": "v"})
    back, saved = there_and_back(table)
    assert saved.codec == "arrow-table"
    assert back.equals(table, check_metadata=True)


class Estimator:
    """Looks like scikit-learn's, which takes a second to import."""

    __module__ = "sklearn.nowhere"

    def __init__(self, func: Any = None) -> None:
        self.func = func
        self.coef_ = np.arange(3)

    def get_params(self) -> Any:
        return {"func": self.func}


def test_estimators_go_by_joblib_and_those_with_own_functions_do_not(
    there_and_back: Any, bench: Any
) -> None:
    for name in ("sklearn", "sklearn.nowhere"):
        module = types.ModuleType(name)
        module.Estimator = Estimator  # type: ignore[attr-defined]
        bench.patch.setitem(sys.modules, name, module)
    back, saved = there_and_back(Estimator())
    assert (saved.codec, saved.safe, back.coef_.tolist()) == ("joblib", False, [0, 1, 2])
    bench.run("def double(x): return x * 2")
    back, saved = there_and_back(Estimator(bench.names["double"]))
    assert saved.codec == "cloudpickle"
    assert back.func(4) == 8


class Roman:
    """A user's codec."""

    name = "roman"
    safe = True
    suffix = ".txt"

    @staticmethod
    def matches(value: Any) -> bool:
        return isinstance(value, fractions.Fraction)

    @staticmethod
    def write(value: Any, path: str) -> None:
        pathlib.Path(path).write_text(str(value))

    @staticmethod
    def read(path: str) -> Any:
        return fractions.Fraction(pathlib.Path(path).read_text())


def test_a_users_codec_comes_first(there_and_back: Any) -> None:
    choice = codecs.Choice(user=[codecs._adapt(Roman)], scanned=[True])
    back, saved = there_and_back(fractions.Fraction(1, 3), choice)
    assert (back, saved.codec, saved.safe) == (fractions.Fraction(1, 3), "roman", True)


def test_user_codecs_are_not_looked_for_while_data_is_plain(there_and_back: Any) -> None:
    choice = codecs.Choice()
    there_and_back([1, 2, {"a": None}], choice)
    assert not choice.scanned


def test_an_unknown_codec_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(LookupError, match="'klingon', which is not installed"):
        codecs.decode(str(tmp_path), "klingon")
