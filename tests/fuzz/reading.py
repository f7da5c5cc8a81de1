"""Everything that is done to a notebook before it runs, and a limit on how long it may take."""

from __future__ import annotations

import json
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbpipe.cli.problems import annotation, lines_of
from nbpipe.compile.assemble import assemble
from nbpipe.compile.describe import describe
from nbpipe.compile.keys import Facts, ingredients, key_of, twins
from nbpipe.compile.mentions import mentions
from nbpipe.compile.notebook import read_notebook
from nbpipe.compile.render import Contents, Item, Place, render, render_item
from nbpipe.compile.suggest.suggest import suggest
from nbpipe.export.mermaid import draw_mermaid
from nbpipe.export.svg import draw_svg
from nbpipe.export.text import draw_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.compile.notebook import Notebook
    from nbpipe.compile.pipeline import Pipeline

LONGEST = 5.0
"""Seconds of CPU time that reading one notebook may take."""

PLACE = Place("/store", "/store/lib", "task", "/project")


class TookTooLong(BaseException):
    """No exception handler of what is tested takes it."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `TookTooLong` in a block that takes more CPU time, however busy the machine is."""

    def over(*_: object) -> None:
        raise TookTooLong(f"more than {seconds:g} s of CPU time")

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def read_through(data: bytes, path: str = "n.ipynb") -> Pipeline:
    """Read, compile, key, render, draw and split a notebook; whatever is in it, nothing raises."""
    notebook = read_notebook(data, path)
    pipeline = assemble([notebook], name="fuzzed")
    json.dumps(describe(pipeline), allow_nan=False)
    for problem in pipeline.problems:
        lines_of(problem)
        annotation(problem)
    for drawn in (draw_svg(pipeline), draw_mermaid(pipeline), "\n".join(draw_text(pipeline))):
        drawn.encode("utf-8")
    mentions(notebook)
    _propose(notebook)
    if not pipeline.errors:
        _carry_on(pipeline)
    return pipeline


def _propose(notebook: Notebook) -> None:
    proposal = suggest(notebook, anew=True)
    for problem in proposal.problems:
        lines_of(problem)


def _carry_on(pipeline: Pipeline) -> None:
    """Keys and rendered notebooks of all steps of a pipeline that could run."""
    import nbformat

    parameters = {one.name: one.default for one in pipeline.parameters}
    twins(pipeline.steps)
    for step in pipeline.steps:
        parts = ingredients(step, Facts(), dict.fromkeys(step.inputs, "sha256:0"), parameters)
        key_of(parts)
        item = Item(0, "label", "sha256:0", 1) if step.foreach else None
        contents = Contents(item=item, save=[(name,) for name in step.outputs])
        document = render(step, PLACE, contents)
        if item is not None:
            document = render_item(document, step, PLACE, contents)
        nbformat.validate(nbformat.from_dict(document))
        json.dumps(document).encode("utf-8")
