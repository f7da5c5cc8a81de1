"""Drawings of a pipeline: layout, SVG and Mermaid; names never become markup."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from nbpipe.compile.flow import StepFlow
from nbpipe.compile.notebook import Notebook
from nbpipe.compile.pipeline import Edge, Pipeline, Reason, Step
from nbpipe.export.layout import lay_out, layers_of
from nbpipe.export.mermaid import draw_mermaid
from nbpipe.export.svg import draw_svg
from nbpipe.export.text import draw_text

SVG = "{http://www.w3.org/2000/svg}"


def pipeline(names: list[str], *edges: tuple[str, str]) -> Pipeline:
    notebook = Notebook("n.ipynb", ())
    steps = tuple(Step(name, "cells", notebook, (), StepFlow(name)) for name in names)
    why = (Reason("<why>", "n.ipynb"),)
    lines = tuple(Edge(source, target, "data", ("df",), why) for source, target in edges)
    return Pipeline("<name>", steps, lines, (), {})


DIAMOND = pipeline(["a", "b", "c", "d"], ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d"))


def test_each_step_is_below_all_that_lead_to_it() -> None:
    edges = [("a", "c"), ("c", "d"), ("b", "d")]
    assert layers_of(["a", "b", "c", "d"], edges) == [["a", "b"], ["c"], ["d"]]


def test_edges_that_go_back_or_nowhere_are_passed_over() -> None:
    assert layers_of(["a", "b"], [("b", "a"), ("a", "gone"), ("a", "a")]) == [["a", "b"]]
    assert layers_of([], []) == []


def test_boxes_do_not_overlap_and_long_lines_go_around_them() -> None:
    names = [step.name for step in DIAMOND.steps]
    edges = [(edge.source, edge.target) for edge in DIAMOND.edges]
    layout = lay_out(names, edges, dict.fromkeys(names, 60.0))
    for one in layout.boxes:
        assert one.width / 2 <= one.x <= layout.width - one.width / 2 + 0.001
        for other in layout.boxes:
            if one.name < other.name and one.y == other.y:
                assert abs(one.x - other.x) >= (one.width + other.width) / 2
    around = next(line for line in layout.lines if (line.source, line.target) == ("a", "d"))
    passed = [x for x, _ in around.points[1:-1]]
    for box in layout.boxes:
        if box.name in ("b", "c"):
            assert all(abs(x - box.x) > box.width / 2 for x in passed)


def test_crossings_are_taken_out() -> None:
    names = ["a", "b", "x", "y"]
    layout = lay_out(names, [("a", "y"), ("b", "x")], dict.fromkeys(names, 60.0))
    at = {box.name: box.x for box in layout.boxes}
    assert (at["a"] < at["b"]) == (at["y"] < at["x"])


def test_the_svg_has_a_box_for_each_step_and_a_line_for_each_edge() -> None:
    root = ET.fromstring(draw_svg(DIAMOND, {"a": "ok", "b": "timed-out", "c": "skipped"}))
    kinds = [group.get("class") for group in root.iter(f"{SVG}g") if group.get("class")]
    assert kinds.count("edge data") == 5
    assert [kind for kind in kinds if kind and kind.startswith("step")] == [
        "step ok",
        "step bad",
        "step quiet",
        "step ",
    ]


@pytest.mark.parametrize("name", ['"><script>alert(1)</script>', "a\x00b\ud800\uffff", "]]>&amp;"])
def test_names_never_become_markup(name: str) -> None:
    drawn = draw_svg(pipeline([name, "b"], (name, "b")))
    root = ET.fromstring(drawn)
    assert "<script" not in drawn
    tags = {part.tag.removeprefix(SVG) for part in root.iter()}
    assert tags == {"svg", "title", "style", "g", "path", "rect", "text"}
    chart = draw_mermaid(pipeline([name, "b"], (name, "b")))
    assert chart.count('"') == 2 * 3
    assert "<script" not in chart


def test_long_names_are_cut_in_the_box_and_whole_in_the_tooltip() -> None:
    name = "n" * 90
    drawn = draw_svg(pipeline([name]))
    assert f">{'n' * 43}…</text>" in drawn
    assert f"<title>{name}" in drawn


def test_an_empty_pipeline_can_be_drawn() -> None:
    assert draw_text(pipeline([])) == []
    ET.fromstring(draw_svg(pipeline([])))
    assert draw_mermaid(pipeline([])) == "flowchart TD\n"


def test_the_text_brackets_steps_that_may_run_side_by_side() -> None:
    lines = draw_text(DIAMOND)
    assert [line[:5] for line in lines] == ["  ● a", "  │", "  ┌ b", "  └ c", "  │", "  ● d"]


def test_mermaid_labels_edges_with_names() -> None:
    assert '    s0 -->|"df"| s1\n' in draw_mermaid(DIAMOND)
