"""What a step is made of, taken out of its notebook: its cells, definitions and options."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from nbpipe.compile.pipeline import Options
from nbpipe.importers.pieces import code, pieces_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.compile.pipeline import Pipeline, Step
    from nbpipe.importers.pieces import Piece

HANDOVER = "nbpipe-handover"
"""The tag of cells that give a value a name of its own on its way between notebooks."""

_PLACING = ("step:", "block:", "after:", "prev:", "foreach:")


def own_pieces(step: Step) -> list[Piece]:
    """Return a step's cells with the text above them, without the tags that place them."""
    found: list[Piece] = []
    text: list[Piece] = []
    for piece in pieces_of(step.notebook):
        if piece.kind != "code":
            text.append(piece)
            continue
        if piece.id in step.cells:
            tags = tuple(tag for tag in piece.tags if not tag.startswith(_PLACING))
            found += [*text, replace(piece, tags=tags)]
        text = []
    return found


def parameter_pieces(step: Step) -> list[Piece]:
    """Return the cell of parameters of a step's notebook, if it has one."""
    tags = {"parameters", "pipeline-parameters"}
    found = (p for p in pieces_of(step.notebook) if p.kind == "code" and tags & set(p.tags))
    return [replace(piece, tags=("parameters",)) for piece in found if piece.id not in step.cells]


def definition_pieces(step: Step) -> Iterator[Piece]:
    """Yield the definitions and settings that are replayed before a step, one piece a cell."""
    cell = ""
    lines: list[str] = []
    for snippet in step.flow.replay:
        if snippet.site.cell != cell and lines:
            yield code("\n".join(lines), "setup")
            lines = []
        cell = snippet.site.cell
        lines.append(snippet.source)
    if lines:
        yield code("\n".join(lines), "setup")


def written_options(options: Options) -> dict[str, Any]:
    """Return options as metadata says them, defaults left out."""
    usual = asdict(Options())
    said = {key: one for key, one in asdict(options).items() if one != usual[key]}
    if "resources" in said:
        said["resources"] = {k: v for k, v in said["resources"].items() if v is not None}
    return {key: list(one) if isinstance(one, tuple) else one for key, one in said.items()}


def reached(pipeline: Pipeline) -> set[tuple[str, str]]:
    """Return each pair of steps of which the first stands before the second."""
    before: dict[str, set[str]] = {}
    for step in pipeline.steps:
        direct = pipeline.before(step.name)
        before[step.name] = set(direct).union(*(before.get(one, set()) for one in direct))
    return {(one, name) for name, every in before.items() for one in every}
