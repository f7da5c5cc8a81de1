"""A preview shows a value without running anything, and never fails a save."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from nbpipe.kernelside import pictures, previews

EVIL = '<script>alert("x")</script>'


def make(value: Any, tmp_path: Path) -> dict[str, Any]:
    preview, _ = previews.make(value, str(tmp_path / "view"))
    assert len(json.dumps(preview)) < 64_000
    return preview


@pytest.mark.parametrize(
    "value",
    [
        pd.DataFrame({EVIL: [EVIL, EVIL]}, index=[EVIL, 1]),
        pd.Series([EVIL], name=EVIL),
        pd.DataFrame({"a": pd.Categorical([EVIL])}),
        pl.DataFrame({EVIL: [EVIL]}),
        pl.Series(EVIL, [EVIL]),
        pa.table({EVIL: [EVIL]}),
        np.array([EVIL]),
    ],
    ids=lambda v: type(v).__module__,
)
def test_no_markup_of_a_value_reaches_the_page(tmp_path: Path, value: Any) -> None:
    html = make(value, tmp_path)["html"]
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_own_html_of_a_value_is_never_asked_for(tmp_path: Path) -> None:
    class Loud:
        def _repr_html_(self) -> str:
            raise AssertionError

    assert "html" not in make(Loud(), tmp_path)


def test_a_frame_shows_twenty_rows_and_columns_with_types_and_shape(tmp_path: Path) -> None:
    preview = make(pd.DataFrame(np.zeros((30, 25))), tmp_path)
    assert preview["shape"] == [30, 25]
    assert preview["html"].count("<tr>") == 21
    assert preview["html"].count("<th>") == 21
    assert "30 by 25" in preview["html"]
    assert preview["dtypes"]["24"] == "float64"
    assert preview["type"] == "pandas.DataFrame" or preview["type"].endswith("DataFrame")


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Long:
    def __repr__(self) -> str:
        return "y" * 10_000_000


class NotText:
    def __repr__(self) -> Any:
        return 3


@pytest.mark.parametrize("value", [Broken(), Long(), NotText(), [Broken()], {1: Long()}])
def test_hostile_reprs_are_cut_or_passed_over(tmp_path: Path, value: Any) -> None:
    assert len(make(value, tmp_path).get("text", "")) <= previews.TEXT


def test_a_huge_list_is_cut_before_it_is_written_out(tmp_path: Path) -> None:
    preview = make([list(range(10_000))] * 10_000, tmp_path)
    assert len(preview["text"]) <= previews.TEXT
    assert preview["shape"] == [10_000]


def test_addresses_do_not_make_previews_differ(tmp_path: Path) -> None:
    assert " at 0x" not in make(object(), tmp_path)["text"]


def test_an_image_has_a_thumbnail(tmp_path: Path) -> None:
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 255, (600, 300, 3), dtype="u1")
    preview = make(pixels, tmp_path)
    with Image.open(tmp_path / preview["image"]) as image:
        assert image.size == (100, 200)
        assert image.getpixel((1, 1)) == tuple(pixels[3, 3])
    assert make(Image.new("P", (999, 10)), tmp_path)["image"] == "view.png"


def test_a_figure_has_a_png_and_an_svg(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.add_subplot().plot([1, 2])
    preview, files = previews.make(figure, str(tmp_path / "view"))
    assert [Path(f).suffix for f in files] == [".png", ".svg"]
    assert preview["image"] == "view.png"


def test_a_broken_figure_does_not_fail_the_save(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.add_subplot().set_title("$\\nonsense{$")
    preview, files = previews.make(figure, str(tmp_path / "view"))
    assert files == []
    assert preview["type"] == "matplotlib.figure.Figure"


@pytest.mark.parametrize(
    ("version", "late"),
    [("3.7.5", True), ("3.8.4", True), ("3.9.0", False), ("3.10.0rc1", False), ("dev", False)],
)
def test_versions_of_matplotlib_that_show_the_first_figure_late_are_known(
    version: str, late: bool
) -> None:
    assert pictures.come_late(version) is late


@pytest.mark.parametrize(
    ("version", "backend", "switched"),
    [
        ("3.8.4", "module://matplotlib_inline.backend_inline", True),
        ("3.8.4", "agg", False),
        ("3.9.2", "inline", False),
    ],
)
def test_an_old_matplotlib_is_made_ready_to_show_figures_where_cells_have_drawn_before(
    version: str, backend: str, switched: bool
) -> None:
    asked: list[str] = []
    library = SimpleNamespace(__version__=version, get_backend=lambda: backend)
    pictures.begin_inline(library, SimpleNamespace(switch_backend=asked.append))
    pictures.begin_inline(library, None)
    assert asked == [backend] * switched
