"""Marks of values: alike for what is equal, another for what is not, in any process."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nbpipe.kernelside.likeness import likeness


@dataclass
class Point:
    x: float
    tags: set[str]


class Echo(dict):  # type: ignore[type-arg]
    def __init__(self, **items: Any) -> None:
        super().__init__(items)
        self.__dict__ = self


def frame(**more: Any) -> pd.DataFrame:
    data = {"n": [1.5, None], "s": ["a", None], "c": pd.Categorical(["u", "v"]), **more}
    return pd.DataFrame(data, index=pd.date_range("2026-01-01", periods=2, freq="D"))


VALUES = [
    1, 1.5, float("nan"), "text" * 50, b"bytes", None, [1, [2, (3,)]], {"a": {1, 2}},
    OrderedDict(a=1), defaultdict(list, a=[1]), Fraction(1, 3), Point(1.0, {"a", "b", "c"}),
    np.arange(6).reshape(2, 3), np.array([1, "a", None], object), np.float32(2.5),
    np.ma.masked_array([1, 2], [0, 1]), np.random.default_rng(3), frame(), frame().n,
    pd.MultiIndex.from_tuples([(1, "a")], names=["x", "y"]), Echo(a=1),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_that_travelled_is_like_the_one_it_was(value: Any) -> None:
    before, after = likeness(value), likeness(pickle.loads(pickle.dumps(value)))
    assert before["exact"] is not None
    # What is shown is Python's own text, and a set that travelled may be written in another order.
    assert {**before, "text": ""} == {**after, "text": ""}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2), (1, 1.0), (1, True), ("a", "b"), ([1, 2], [2, 1]), ((1,), [1]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({1, 2}, {1, 3}), (Point(1, set()), Point(2, set())),
        (np.arange(3), np.arange(3.0)), (np.zeros((2, 3)), np.zeros((3, 2))),
        (frame(), frame(z=[1, 2])), (frame().n, frame().n.rename("m")),
        (np.random.default_rng(3), np.random.default_rng(4)),
        (frame(), frame().set_axis([1, 2])), (0.1, 0.1001),
    ],
)  # fmt: skip
def test_values_that_are_not_equal_are_not_alike(one: Any, other: Any) -> None:
    assert likeness(one)["rough"] != likeness(other)["rough"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.1 + 0.2, 0.3),
        (np.array([0.1 + 0.2, 1e9]), np.array([0.3, 1e9])),
        (np.array([1.0, 1e-17]), np.array([1.0, 0.0])),
        (pd.DataFrame({"a": [0.1 + 0.2]}), pd.DataFrame({"a": [0.3]})),
    ],
)
def test_numbers_that_differ_by_rounding_are_roughly_alike(one: Any, other: Any) -> None:
    before, after = likeness(one), likeness(other)
    assert before["exact"] != after["exact"]
    assert before["rough"] == after["rough"]


def test_the_column_that_differs_is_told() -> None:
    one, other = likeness(frame(z=[1, 2]))["parts"], likeness(frame(z=[1, 3]))["parts"]
    assert [name for name in one if one[name] != other[name]] == ["column 'z'"]


def test_what_holds_itself_comes_to_an_end() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert likeness(loop)["exact"] is not None
    assert likeness(deep)["exact"] is None


def test_what_nobody_can_look_into_is_named_and_left_as_it_was() -> None:
    items = (n for n in range(3))
    assert likeness({"a": items})["opaque"] == ["builtins.generator"]
    assert list(items) == [0, 1, 2]


def test_a_value_whose_own_code_fails_is_told_as_such() -> None:
    class Broken:
        def __reduce_ex__(self, protocol: Any) -> Any:
            raise RuntimeError

        def __repr__(self) -> str:
            raise RuntimeError

    assert likeness(Broken())["opaque"]


def test_marks_do_not_depend_on_the_process() -> None:
    code = (
        "import sys; sys.path.insert(0, 'src')\n"
        "from nbpipe.kernelside.likeness import likeness\n"
        "print(likeness({'words': set('abcdefgh'), 'f': [len, 1.5]})['exact'])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
