"""Puts what was measured into the documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.chart import draw
from benchmarks.table import document

if TYPE_CHECKING:
    from benchmarks.results import Results

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "performance.md"
PICTURE = DOCS / "images" / "benchmark.svg"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(results: Results) -> None:
    """Write the table into the page, and the chart beside it."""
    PICTURE.write_text(draw(results), "utf-8")
    PAGE.write_text(filled(PAGE.read_text("utf-8"), document(results)), "utf-8")


def filled(page: str, text: str) -> str:
    """Return the page with `text` between its two marks.

    Raises
    ------
    ValueError
        The page does not have exactly one of each.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"the page needs {BEGIN} and {END}, once each")
    pattern = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{BEGIN}\n\n{text.strip()}\n\n{END}", page)
