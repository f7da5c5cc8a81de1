"""A pipeline as lines of text: layer under layer, what each step takes and gives beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.export.layout import layers_of
from nbpipe.export.words import gives, plain, takes

if TYPE_CHECKING:
    from nbpipe.compile.pipeline import Pipeline, Step


def draw_text(pipeline: Pipeline) -> list[str]:
    """Return the pipeline as lines; steps in one bracket may run side by side."""
    names = [step.name for step in pipeline.steps]
    layers = layers_of(names, [(edge.source, edge.target) for edge in pipeline.edges])
    longest = max(map(len, names), default=0)
    lines: list[str] = []
    for layer in layers:
        if lines:
            lines.append("  │")
        for index, name in enumerate(layer):
            said = _said(pipeline.step(name), pipeline)
            lines.append(
                f"  {_bracket(index, len(layer))} {plain(name):<{longest}}  {said}".rstrip()
            )
    return lines


def _bracket(index: int, count: int) -> str:
    if count == 1:
        return "●"
    return "┌" if index == 0 else "└" if index == count - 1 else "├"


def _said(step: Step, pipeline: Pipeline) -> str:
    parts = []
    if step.foreach:
        parts.append(f"for each {', '.join(step.foreach.names)} in {plain(step.foreach.items)}")
    taken = takes(step, pipeline.edges)
    if taken:
        parts.append(f"takes {taken}" if not taken.startswith("after ") else taken)
    given = gives(step)
    if given:
        parts.append(f"gives {given}")
    return "; ".join(parts)
