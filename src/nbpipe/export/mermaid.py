"""A pipeline as a Mermaid flowchart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.export.words import plain

if TYPE_CHECKING:
    from nbpipe.compile.pipeline import Edge, Pipeline

_ENTITIES = str.maketrans(
    {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\\": "#92;",
     "|": "#124;", "[": "#91;", "]": "#93;", "{": "#123;", "}": "#125;"}
)  # fmt: skip
_ARROWS = {"data": "-->", "file": "-.->", "order": "-.->"}


def draw_mermaid(pipeline: Pipeline) -> str:
    """Return the pipeline as Mermaid text; names appear only as escaped labels."""
    ids = {step.name: f"s{index}" for index, step in enumerate(pipeline.steps)}
    lines = ["flowchart TD"]
    for step in pipeline.steps:
        label = _text(step.name)
        if step.foreach:
            label += f"<br/>for each {_text(', '.join(step.foreach.names))}"
        lines.append(f'    {ids[step.name]}["{label}"]')
    lines += [
        f"    {ids[edge.source]} {_ARROWS[edge.kind]}{_label(edge)} {ids[edge.target]}"
        for edge in pipeline.edges
        if edge.source in ids and edge.target in ids
    ]
    return "\n".join(lines) + "\n"


def _label(edge: Edge) -> str:
    return f'|"{_text(", ".join(edge.names))}"|' if edge.names else ""


def _text(text: str) -> str:
    return plain(text).translate(_ENTITIES)
