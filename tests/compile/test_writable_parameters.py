"""Parameters that may be written into code, and those that may not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from nbpipe.compile.parameters import check_writable
from nbpipe.errors import BadParameter


def test_all_json_values_are_taken():
    check_writable({"a": None, "b": [1, -2.5, "x", True], "c": {"k": {"l": []}}, "é": 1})


@pytest.mark.parametrize("name", ["x=1\nPWN=1\ny", "class", "", "a b", "1a", "a.b"])
def test_a_name_that_is_no_identifier_is_refused(name):
    with pytest.raises(BadParameter):
        check_writable({name: 1})


@pytest.mark.parametrize(
    "value",
    [Path('a"\nPWN=1\n"'), date(2026, 1, 1), {1, 2}, b"x", {1: 2}, float("nan"), [float("inf")]],
)
def test_a_value_that_json_does_not_know_is_refused(value):
    with pytest.raises(BadParameter):
        check_writable({"a": value})
