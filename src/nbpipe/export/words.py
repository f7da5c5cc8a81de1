"""What drawings say of steps and edges in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbpipe.compile.pipeline import Edge, Step

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def plain(text: str) -> str:
    """Return text on one line, without characters that XML or a terminal would take amiss."""
    return _UNSEEN.sub(" ", text)


def gives(step: Step) -> str:
    """Return the names that a step gives, in a row."""
    return ", ".join(plain(name) for name in step.outputs)


def takes(step: Step, edges: Iterable[Edge]) -> str:
    """Return what a step takes and waits for, and from whom."""
    parts = []
    for edge in edges:
        if edge.target != step.name:
            continue
        names = ", ".join(plain(name) for name in edge.names)
        source = plain(edge.source)
        match edge.kind:
            case "data":
                parts.append(f"{names} from {source}" if names else source)
            case "file":
                parts.append(f"{names or 'a file'} written by {source}")
            case "order":
                parts.append(f"after {source}")
    return ", ".join(parts)


def step_title(step: Step) -> str:
    """Return a step in a few lines, as tooltips show it."""
    lines = [plain(step.name), plain(step.notebook.path)]
    if step.foreach:
        lines.append(f"for each {', '.join(step.foreach.names)} in {plain(step.foreach.items)}")
    if step.outputs:
        lines.append(f"gives {gives(step)}")
    return "\n".join(lines)


def edge_title(edges: Iterable[Edge]) -> str:
    """Return why there is an edge, a line for each reason."""
    lines = []
    for edge in edges:
        names = ", ".join(plain(name) for name in edge.names)
        lines.append(
            f"{plain(edge.source)} → {plain(edge.target)}" + (f": {names}" if names else "")
        )
        lines += [plain(reason.text) for reason in edge.reasons]
    return "\n".join(dict.fromkeys(lines))
