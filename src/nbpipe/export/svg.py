"""A pipeline as an SVG picture that reads well on light and on dark ground."""

from __future__ import annotations

import unicodedata
from html import escape
from typing import TYPE_CHECKING

from nbpipe.export.layout import HEIGHT, lay_out
from nbpipe.export.words import edge_title, plain, step_title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbpipe.compile.pipeline import Edge, Pipeline
    from nbpipe.export.layout import Box, Line

MARGIN = 12.0
LETTER = 7.6
MOST = 44
"""Characters of a name that are shown; all of it is in the tooltip."""

STYLE = """
.nbp text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#1f2933}
.nbp rect{fill:#f4f7fb;stroke:#5b7083;stroke-width:1.3}
.nbp path{fill:none;stroke:#7b8a99;stroke-width:1.4}
.nbp .order path{stroke-dasharray:5 4}
.nbp .file path{stroke-dasharray:1.5 3.5}
.nbp .tip{fill:#7b8a99;stroke:none}
.nbp .ok rect,.nbp .reused rect{fill:#e3f4e6;stroke:#2f8a46}
.nbp .reused rect{stroke-dasharray:5 3}
.nbp .bad rect{fill:#fde7e5;stroke:#c0362c}
.nbp .running rect{fill:#e2f0fd;stroke:#1f6fb8}
.nbp .quiet rect{fill:none;stroke-dasharray:3 3}
@media (prefers-color-scheme:dark){
.nbp text{fill:#e6ebf0}
.nbp rect{fill:#22303d;stroke:#8fa3b5}
.nbp path{stroke:#8494a3}
.nbp .tip{fill:#8494a3}
.nbp .ok rect,.nbp .reused rect{fill:#1d3a26;stroke:#5cbf75}
.nbp .bad rect{fill:#46211f;stroke:#f07b70}
.nbp .running rect{fill:#1b3550;stroke:#62aef0}
.nbp .quiet rect{fill:none}
}
""".strip().replace("\n", "")

_CLASSES = {
    "ok": "ok",
    "reused": "reused",
    "running": "running",
    "waiting": "quiet",
    "skipped": "quiet",
    "cancelled": "quiet",
}


def draw_svg(pipeline: Pipeline, states: Mapping[str, str] | None = None) -> str:
    """Return the pipeline as SVG text.

    Parameters
    ----------
    pipeline
        What is drawn.
    states
        Step → the state it is coloured by; without it all look the same.
    """
    names = [step.name for step in pipeline.steps]
    labels = {name: _label(name) for name in names}
    widths = {name: _width(label) + 28 for name, label in labels.items()}
    layout = lay_out(names, [(e.source, e.target) for e in pipeline.edges], widths)
    titles = {step.name: step_title(step) for step in pipeline.steps}
    lines = [_line(line, pipeline) for line in layout.lines]
    boxes = [
        _box(box, labels[box.name], titles[box.name], (states or {}).get(box.name))
        for box in layout.boxes
    ]
    wide, high = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nbp" role="img" '
        f'width="{wide:.0f}" height="{high:.0f}" viewBox="0 0 {wide:.0f} {high:.0f}">'
        f"<title>{_text(pipeline.name)}</title><style>{STYLE}</style>"
        f'<g transform="translate({MARGIN:.0f} {MARGIN:.0f})">{"".join(lines + boxes)}</g></svg>\n'
    )


def _text(value: str) -> str:
    return escape(plain(value), quote=True)


def _label(name: str) -> str:
    name = plain(name)
    return name if len(name) <= MOST else name[: MOST - 1] + "…"


def _width(label: str) -> float:
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in label)
    return LETTER * (len(label) + 0.8 * wide)


def _box(box: Box, label: str, title: str, state: str | None) -> str:
    kind = "" if state is None else _CLASSES.get(state, "bad")
    shown = f"{title}\n{state}" if state else title
    return (
        f'<g class="step {kind}" data-step="{_text(box.name)}"><title>{escape(shown)}</title>'
        f'<rect x="{box.x - box.width / 2:.1f}" y="{box.y - HEIGHT / 2:.1f}" '
        f'width="{box.width:.1f}" height="{HEIGHT:.0f}" rx="7"/>'
        f'<text x="{box.x:.1f}" y="{box.y + 4.5:.1f}" text-anchor="middle">'
        f"{_text(label)}</text></g>"
    )


def _line(line: Line, pipeline: Pipeline) -> str:
    edges = [e for e in pipeline.edges if (e.source, e.target) == (line.source, line.target)]
    x, y = line.points[-1]
    tip = f"M{x - 4:.1f} {y - 7:.1f}L{x + 4:.1f} {y - 7:.1f}L{x:.1f} {y:.1f}Z"
    return (
        f'<g class="edge {_kind(edges)}"><title>{escape(edge_title(edges))}</title>'
        f'<path d="{_path(line.points)}"/>'
        f'<path class="tip" d="{tip}"/></g>'
    )


def _kind(edges: list[Edge]) -> str:
    kinds = {edge.kind for edge in edges}
    return next((kind for kind in ("data", "file", "order") if kind in kinds), "data")


def _path(points: tuple[tuple[float, float], ...]) -> str:
    """A curve that leaves and arrives upright."""
    (x, y), *rest = points
    drawn = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in rest:
        middle = (y + to_y) / 2
        straight = abs(to_x - x) < 0.05
        drawn.append(
            f"L{to_x:.1f} {to_y:.1f}"
            if straight
            else f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}"
        )
        x, y = to_x, to_y
    return "".join(drawn)
