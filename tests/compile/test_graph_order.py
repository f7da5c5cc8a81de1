"""Orders over the graph of steps."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest

from nbpipe.compile.order import all_after, all_before, find_cycle, in_order
from nbpipe.compile.pipeline import Edge


@dataclass(frozen=True)
class Named:
    name: str


def edges(text: str) -> list[Edge]:
    return [Edge(pair[0], pair[1], "data") for pair in text.split()]


@pytest.mark.parametrize(
    ("names", "drawn", "expected"),
    [
        ("abc", "", "abc"),
        ("abc", "ca", "bca"),
        ("abcd", "ab bd ac cd", "abcd"),
        ("dcba", "ab bc cd", "abcd"),
    ],
)
def test_steps_keep_to_the_notebook_unless_an_edge_says_otherwise(
    names: str, drawn: str, expected: str
) -> None:
    ordered = in_order([Named(name) for name in names], edges(drawn))
    assert "".join(step.name for step in ordered) == expected


def test_a_graph_without_a_circle_has_none() -> None:
    assert find_cycle("abcd", edges("ab bd ac cd")) == []


def test_a_circle_is_named_along_its_way() -> None:
    ring = find_cycle("abcd", edges("ab bc cb cd"))
    assert sorted(ring) == ["b", "c"]


def test_what_lies_before_and_after_is_found_however_far() -> None:
    drawn = edges("ab bc cd xc")
    assert all_before("c", drawn) == {"a", "b", "x"}
    assert all_after("b", drawn) == {"c", "d"}


def test_thousands_of_steps_in_a_row_need_no_recursion() -> None:
    names = [f"s{number}" for number in range(3_000)]
    chain = [Edge(a, b, "data") for a, b in itertools.pairwise(names)]
    assert [step.name for step in in_order([Named(n) for n in names[::-1]], chain)] == names
    assert find_cycle(names, chain) == []
