"""Items of a fan-out are enumerated, loaded one by one, and their results gathered."""

from __future__ import annotations

from typing import Any

import pytest

from nbpipe import kernelside


def items_of(bench: Any, code: str) -> Any:
    bench.begin()
    bench.run(code)
    return bench.save(items=("xs",))["items"]["xs"]


def test_json_items_are_told_inline(bench: Any) -> None:
    found = items_of(bench, "xs = ['de', 2, None, {'a': [1]}]")
    assert found["count"] == 4
    assert [row["value"] for row in found["items"]] == ["de", 2, None, {"a": [1]}]
    assert [row["label"] for row in found["items"]] == ["de", "2", "None", "{'a': [1]}"]
    assert "file" not in found


def test_other_items_are_stored_and_loaded_by_index(bench: Any) -> None:
    found = items_of(bench, "xs = ['a', (1, 2), {3}]")
    bench.publish(found["file"], found["digest"])
    args = ("xs", found["digest"], found["codec"])
    assert [kernelside.load_item(*args, index) for index in range(3)] == ["a", (1, 2), {3}]
    assert "value" not in found["items"][1]


def test_an_items_digest_depends_on_the_item_alone(bench: Any) -> None:
    one = items_of(bench, "xs = [1, (2,)]")["items"]
    other = items_of(bench, "xs = [(2,), 5, 1]")["items"]
    assert one[0]["digest"] == other[2]["digest"]
    assert one[1]["digest"] == other[0]["digest"]
    assert len({row["digest"] for row in other}) == 3


@pytest.mark.parametrize("code", ["xs = {'a': 1}", "xs = 'a'", "xs = (c for c in 'a')"])
def test_items_are_what_a_loop_would_give(bench: Any, code: str) -> None:
    assert [row["value"] for row in items_of(bench, code)["items"]] == ["a"]


def test_what_is_no_iterable_or_has_no_end_is_refused(bench: Any) -> None:
    with pytest.raises(TypeError, match="'xs' must be iterable, and is a int"):
        items_of(bench, "xs = 3")
    with pytest.raises(ValueError, match="more than 100000 items"):
        items_of(bench, "import itertools\nxs = itertools.count()")


@pytest.fixture
def gathered(bench: Any) -> Any:
    rows = [
        bench.step(f"score = {i} * 1.5\nn = {i}", ("score", "n"))["outputs"][0] for i in range(6)
    ]
    bench.begin(gather={"score": [bench.held(row) for row in rows]})
    return kernelside.gather("score")


def test_gather_is_a_sequence_in_item_order(gathered: Any) -> None:
    assert list(gathered) == [0.0, 1.5, 3.0, 4.5, 6.0, 7.5]
    assert len(gathered) == 6
    assert (gathered[1], gathered[-1], gathered[1:5:2]) == (1.5, 7.5, [1.5, 4.5])
    assert (sum(gathered), max(gathered), 3.0 in gathered) == (22.5, 7.5, True)
    assert max(gathered) == 7.5


def test_gather_shows_compares_and_adds_up_as_the_list_outside_a_pipeline_does(
    gathered: Any,
) -> None:
    assert repr(gathered) == "[0.0, 1.5, 3.0, 4.5, 6.0, 7.5]"
    assert gathered == [0.0, 1.5, 3.0, 4.5, 6.0, 7.5]
    assert gathered != [0.0]
    more = [9]
    assert (gathered + more)[-2:] == [7.5, 9]
    assert (more + gathered)[:2] == [9, 0.0]


def test_gather_beyond_its_end_says_how_many_there_are(gathered: Any) -> None:
    with pytest.raises(IndexError, match="has 6 values"):
        gathered[6]


def test_gathered_values_are_loaded_when_they_are_read_and_few_are_kept(gathered: Any) -> None:
    assert len(gathered._kept) == 0
    list(gathered)
    assert len(gathered._kept) == 4


def test_outside_a_run_gather_gives_the_value_at_hand(bench: Any) -> None:
    bench.run("from nbpipe.kernelside import gather\nscore = 3\nr = gather('score')")
    assert bench.names["r"] == [3]
    assert kernelside.gather("score") == [3]
    with pytest.raises(NameError, match="gather\\('nope'\\)"):
        kernelside.gather("nope")
