"""The profile: a series for each cell, and a chart that shows no one's markup."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from nbpipe.run.kernels.attempt import CellRun
from nbpipe.run.kernels.profile import make_profile
from nbpipe.run.kernels.supervisor import Sample


def test_samples_go_to_the_cell_that_ran():
    cells = {
        "<a>": CellRun("ok", started=10.0, seconds=1.0),
        "b": CellRun("ok", started=11.0, seconds=2.0),
        "c": CellRun(),
    }
    samples = [Sample(9.9, 50, 0.0), Sample(10.5, 100, 0.5), Sample(12.0, 300, 1.5)]
    series, chart = make_profile(cells, samples)
    rows = json.loads(series.data)["cells"]
    assert [(row["cell"], row["peak"], row["cpu"]) for row in rows] == [
        ("<a>", 100, 1.5),
        ("b", 300, 1.0),
    ]
    assert rows[1]["samples"] == [[2.0, 300, 1.5]]
    titles = ElementTree.fromstring(chart.data).iter("{http://www.w3.org/2000/svg}title")
    assert any("<a>: 1.0 s" in (title.text or "") for title in titles)


def test_a_step_without_samples_has_an_empty_chart():
    _, chart = make_profile({}, [])
    assert ElementTree.fromstring(chart.data).tag.endswith("svg")
