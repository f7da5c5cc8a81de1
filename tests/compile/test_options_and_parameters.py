"""Options, settings and parameters are checked once, where they come in."""

from __future__ import annotations

import pytest

from nbpipe.compile.options import read_bytes, read_options
from nbpipe.compile.parameters import check_parameters, parse_value, read_other_parameters
from nbpipe.compile.pipeline import Parameter
from nbpipe.compile.settings import read_settings
from nbpipe.errors import BadParameter, UnknownName

KNOWN = (Parameter("alpha", 0.5, "n.ipynb", "c"),)


def test_step_options_become_values() -> None:
    raw = {
        "retries": 2, "retry_delay": 0, "timeout": 60, "cache": False,
        "resources": {"cpu": 2, "memory": "1.5 GB"},
    }  # fmt: skip
    options, problems = read_options(raw, "fit", "n.ipynb")
    assert problems == ()
    assert (options.retries, options.timeout, options.cache) == (2, 60.0, False)
    assert options.retry_delay == 0.0
    assert (options.resources.cpu, options.resources.memory) == (2.0, 3 * 2**29)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retry_delay", -1), ("retry_delay", "1s"), ("retry_delay", float("nan")),
        ("retry_delay", None), ("retry_delay", 10**400), ("retry_delay", True),
        ("retries", -1), ("retries", True), ("timeout", 0), ("timeout", "soon"), ("engine", "fast"),
        ("cache", 1), ("gives", "x"), ("resources", 3), ("resources", {"memory": "lots"}),
        ("resources", {"disk": 1}), ("resources", {"cpu": float("nan")}), ("timeout", 10**400),
        ("resources", {"cpu": 10**400}), ("resources", {"memory": "9" * 400 + " TB"}),
        ("timeout", float("inf")), ("resources", {"memory": 2**62 + 2**60}), ("reads", ["a\0b"]),
    ],
)  # fmt: skip
def test_an_option_of_the_wrong_kind_is_a_problem(name: str, value: object) -> None:
    _, problems = read_options({name: value}, "fit", "n.ipynb")
    assert [problem.code for problem in problems] == ["bad-option"]


def test_an_unknown_option_is_pointed_out() -> None:
    _, problems = read_options({"retrys": 2}, "fit", "n.ipynb")
    assert [(p.code, p.severity, p.suggestion) for p in problems] == [
        ("unknown-option", "warning", "Did you mean 'retries'?")
    ]


@pytest.mark.parametrize(
    ("text", "count"), [("512", 512), ("1 kB", 1024), ("2GB", 2**31), ("0.5 GiB", 2**29)]
)
def test_sizes_are_read_with_their_units(text: str, count: int) -> None:
    assert read_bytes(text) == count


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("-0.5", -0.5), ("true", True), ("null", None), ("[1, 2]", [1, 2]),
     ("abc", "abc"), ('"3"', "3"), ('it\'s "x"', 'it\'s "x"'), ("", "")],
)  # fmt: skip
def test_a_value_on_the_command_line_is_json_or_text(text: str, value: object) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize("word", ["NaN", "Infinity", "[1, NaN]"])
def test_a_number_that_json_does_not_have_is_refused(word: str) -> None:
    with pytest.raises(BadParameter):
        parse_value(word)


@pytest.mark.parametrize(
    "value",
    [float("nan"), (1, 2), {1}, b"x", {"a": {1: 2}}, [float("inf")], "a\0", "\ud800", object()],
)
def test_a_value_that_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(BadParameter):
        check_parameters({"alpha": value}, KNOWN)


@pytest.mark.parametrize("name", ["x=1\nPWN=1\ny", "class", "a b", "", "1a"])
def test_a_parameter_name_that_is_no_identifier_is_refused(name: str) -> None:
    with pytest.raises(BadParameter):
        check_parameters({name: 1}, KNOWN)


def test_an_unknown_parameter_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'alpha'"):
        check_parameters({"alhpa": 1}, KNOWN)


def test_parameters_of_other_languages_are_read_line_by_line() -> None:
    source = 'n <- 10L\nname = "x y"\nflag <- TRUE\nrate=0.5 # half\nprint(n)\n'
    assert read_other_parameters(source) == {"n": 10, "name": "x y", "flag": True, "rate": 0.5}


def test_settings_become_values_and_faults_problems() -> None:
    settings, problems = read_settings({"name": "p", "jobs": 2, "notebooks": ["a.ipynb"]})
    assert (settings.name, settings.jobs, settings.notebooks, problems) == (
        "p",
        2,
        ("a.ipynb",),
        (),
    )
    assert [p.code for p in read_settings({"jobs": "2", "stor": 1})[1]] == [
        "bad-setting",
        "unknown-setting",
    ]
