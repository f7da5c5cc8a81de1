"""Ratios, tables, the chart and the page, from results that nobody measured."""

from __future__ import annotations

import doctest
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from benchmarks import chart, pages, table
from benchmarks.cases import BARS, CASES, Bar
from benchmarks.measure import Cost
from benchmarks.peers import Size
from benchmarks.peers.everyone import EVERYONE
from benchmarks.results import FIRST, Measured, Results, from_json, to_json

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("module", [table, chart])
def test_examples_in_docstrings_hold(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


def test_a_ratio_says_how_many_times_ours_a_peer_needs(case):
    ratios = [case.ratio(row, "cpu") for row in case.rows]
    assert ratios == [None, 20.0, 0.5, None]


def test_there_is_no_ratio_where_a_time_is_missing(case):
    assert case.ratio(case.of("quick"), "wall") is None


def test_a_difference_that_came_out_below_zero_gives_no_ratio(case):
    assert case.ratio(Measured("odd", Cost(-0.1, -0.1), 1), "cpu") is None


def test_there_is_no_ratio_where_ours_failed(case):
    failed = replace(case, rows=(Measured(FIRST, failure="it fell"), *case.rows[1:]))
    assert [failed.ratio(row, "cpu") for row in failed.rows] == [None] * 4


def test_the_table_shows_failures_instead_of_figures(case):
    lines = table.of_case(case).splitlines()
    assert lines[2:] == [
        "| **nbpipe** | 50 ms | 100 ms |  |  | 3 |  |",
        "| slow &lt;one> | 1.0 s | 400 ms | 20 x | 4.0 x | 3 | in \\| one process |",
        "| quick | 25 ms | - | 0.5 x | - | 1 |  |",
        "| broken | - | - | - | - | - | exit code 1. &lt;no kernel> |",
    ]


def test_the_document_says_where_it_was_measured_and_who_is_absent(results):
    text = table.document(results)
    assert "2 cores" in text
    assert "load average at the beginning of a case 0.5 to 0.7" in text
    assert "nbpipe 1.0, slow 2.0." in text
    assert "absent could not be installed: no wheel" in text
    assert text.count("###") == 3


def test_what_cannot_be_compared_has_a_table_of_its_own(results):
    assert "| cells (all) | 2.0 s | 3.0 s | 3 |" in table.document(results)


@pytest.mark.parametrize(
    ("must", "aim", "said"),
    [(1 / 30, 1 / 40, "missed"), (1 / 10, 1 / 40, "reached"), (1 / 4, 1 / 20, "aim reached")],
)
def test_a_bar_is_held_against_the_ratio(results, must, aim, said):
    bar = Bar("step", "cpu", "slow <one>", must, aim)
    assert table.of_bars(results, [bar]).endswith(f"| {said} |")


def test_a_bar_without_a_peer_means_seconds(results):
    assert results.reached(Bar("step", "wall", "", 1.0, 0.5)) == 0.1


def test_a_bar_whose_peer_failed_is_not_measured(results):
    bar = Bar("step", "cpu", "broken", 1.0, 0.5)
    assert "| not measured |" in table.of_bars(results, [bar])


def test_a_bar_whose_case_was_not_asked_for_is_left_out(results):
    assert "noop" not in table.of_bars(results, BARS)


def test_results_come_back_from_json(results):
    assert from_json(to_json(results)) == results


def test_results_of_another_format_are_refused(results):
    with pytest.raises(ValueError, match="format 99"):
        from_json(to_json(results).replace('"format": 1', '"format": 99'))


def _bars(svg: str) -> list[tuple[str, float]]:
    found = ElementTree.fromstring(svg).iter(f"{SVG}rect")
    return [
        (bar.attrib["class"], float(bar.attrib["width"]))
        for bar in found
        if bar.attrib["class"] in ("bar", "less")
    ]


def test_the_chart_has_a_bar_for_each_ratio_and_none_for_what_cannot_be_compared(results):
    kinds = [kind for kind, _ in _bars(chart.draw(results))]
    assert kinds == ["bar", "less"]


def test_a_bar_is_as_long_as_its_ratio_on_a_logarithmic_axis(case):
    rows = [Measured(FIRST, Cost(1, 1), 1)]
    rows += [Measured(f"peer {n}", Cost(n, n), 1) for n in (10, 100, 0.1)]
    drawn = chart.draw(Results({}, {}, (replace(case, rows=tuple(rows)),)))
    (_, ten), (_, hundred), (kind, tenth) = _bars(drawn)
    assert hundred == pytest.approx(2 * ten, abs=0.2)
    assert tenth == pytest.approx(ten, abs=0.2)
    assert kind == "less"


def test_the_chart_reads_on_light_and_on_dark_ground(results):
    drawn = chart.draw(results)
    assert "prefers-color-scheme:dark" in drawn
    assert 'class="card"' in drawn


def test_a_chart_of_nothing_is_whole(results):
    ElementTree.fromstring(chart.draw(replace(results, cases=())))


def test_the_page_is_filled_between_its_marks():
    page = f"before\n{pages.BEGIN}\nold\n{pages.END}\nafter\n"
    new = pages.filled(page, "a \\1 b")
    assert new == f"before\n{pages.BEGIN}\n\na \\1 b\n\n{pages.END}\nafter\n"
    assert pages.filled(new, "a \\1 b") == new


def test_a_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="once each"):
        pages.filled("nothing here", "text")


def test_the_page_of_the_documentation_has_its_marks():
    pages.filled(pages.PAGE.read_text("utf-8"), "")


@pytest.mark.parametrize("peer", EVERYONE, ids=lambda peer: peer.name)
def test_everyone_does_cases_that_exist_and_notes_what_they_do(peer):
    assert set(peer.does) <= set(CASES)
    assert set(peer.notes) <= set(peer.does)


def test_nbpipe_comes_first_and_does_every_case():
    assert EVERYONE[0].name == FIRST
    assert set(EVERYONE[0].does) == set(CASES)


def test_names_of_peers_are_unique_and_bars_know_them():
    names = [peer.name for peer in EVERYONE]
    assert len(set(names)) == len(names)
    assert {bar.peer for bar in BARS} <= {*names, ""}
    assert {bar.case for bar in BARS} <= set(CASES)


def test_titles_have_their_sizes():
    size = Size(items=20_000, megabytes=1500)
    assert CASES["fan"].told(size) == "one step for each of 20,000 items"
    assert "1.5 GB" in CASES["frame"].told(size)
    assert not any("{" in case.told(size) for case in CASES.values())
