"""What was measured as a picture: how many times nbpipe's time each peer needs."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from benchmarks.results import FIRST
from benchmarks.table import heading, times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import CaseResult, Results

WIDTH, LEFT, RIGHT = 860, 250, 70
LINE, BAR, BETWEEN, TOP, BOTTOM = 19, 13, 34, 58, 34
LEGEND = "Logarithmic; longer is slower than nbpipe."
NOTHING = "Nothing has been measured yet."
NAMES = {"cpu": "CPU", "wall": "wall time"}

STYLE = """\
.card{fill:#ffffff;stroke:#d5dde5}
text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#1f2933}
.title{font-size:15px;font-weight:600}.case{font-weight:600}.soft{fill:#52606d}
.bar{fill:#2f6fab}.less{fill:#b3541e}.grid{stroke:#d5dde5}.one{stroke:#52606d}
@media (prefers-color-scheme:dark){
.card{fill:#17202a;stroke:#3b4a59}
text{fill:#e6ebf0}.soft{fill:#a9b6c3}
.bar{fill:#62aef0}.less{fill:#f0a066}.grid{stroke:#3b4a59}.one{stroke:#a9b6c3}
}"""
"""It brings a ground of its own, so that it can be read on any page."""

Bar = tuple[str, float]
"""Who, and how many times nbpipe's time."""


def bars_of(case: CaseResult) -> list[Bar]:
    """Return a bar for each peer that can be compared."""
    found = [(row.peer, case.ratio(row, case.figure)) for row in case.rows if row.peer != FIRST]
    return [(peer, ratio) for peer, ratio in found if ratio is not None]


def scale(ratio: float, lowest: float, highest: float) -> float:
    """Return where a ratio stands on a logarithmic axis, from 0 to 1.

    >>> scale(1, 1, 100), scale(10, 1, 100), scale(100, 1, 100)
    (0.0, 0.5, 1.0)
    """
    return (math.log(ratio) - math.log(lowest)) / (math.log(highest) - math.log(lowest))


def draw(results: Results) -> str:
    """Return the picture as SVG."""
    groups = [(case, bars) for case in results.cases if (bars := bars_of(case))]
    ratios = [ratio for _, bars in groups for _, ratio in bars] or [1.0]
    lowest = min(1.0, 10.0 ** math.floor(math.log10(min(ratios))))
    highest = max(10.0, 10.0 ** math.ceil(math.log10(max(ratios))))
    height = TOP + BOTTOM + sum(BETWEEN + LINE * len(bars) for _, bars in groups)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>How many times nbpipe's time others need</title><style>{STYLE}</style>",
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>',
        '<text class="title" x="16" y="26">How many times nbpipe\'s time others need</text>',
        f'<text class="soft" x="16" y="44">{LEGEND if groups else NOTHING}</text>',
        *_grid(lowest, highest, height),
    ]
    top = float(TOP)
    for case, bars in groups:
        parts += _group(case, bars, top, (lowest, highest))
        top += BETWEEN + LINE * len(bars)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _place(ratio: float, ends: tuple[float, float]) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * scale(ratio, *ends)


def _grid(lowest: float, highest: float, height: int) -> list[str]:
    parts, tick = [], lowest
    while tick <= highest * 1.001:
        x, kind = _place(tick, (lowest, highest)), "one" if abs(tick - 1) < 1e-9 else "grid"
        parts += [
            f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>',
            f'<text class="soft" x="{x:.1f}" y="{height - 14}" text-anchor="middle">{tick:g} x'
            "</text>",
        ]
        tick *= 10
    return parts


def _group(
    case: CaseResult, bars: Sequence[Bar], top: float, ends: tuple[float, float]
) -> list[str]:
    title = f"{heading(case)} ({NAMES[case.figure]})"
    parts = [f'<text class="case" x="16" y="{top + 20:.1f}">{escape(title)}</text>']
    for number, (peer, ratio) in enumerate(bars):
        middle = top + BETWEEN + LINE * number
        one, end = _place(1.0, ends), _place(ratio, ends)
        kind, x, width = ("bar", one, end - one) if ratio >= 1 else ("less", end, one - end)
        parts += [
            f'<text x="{LEFT - 10}" y="{middle + 4:.1f}" text-anchor="end">{escape(peer)}</text>',
            f'<rect class="{kind}" x="{x:.1f}" y="{middle - BAR / 2:.1f}" '
            f'width="{max(width, 1):.1f}" height="{BAR}" rx="2"/>',
            f'<text x="{x + width + 6:.1f}" y="{middle + 4:.1f}">{times(ratio)}</text>',
        ]
    return parts
