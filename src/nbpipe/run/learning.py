"""What a run found out that reading the code does not show, and whether it changes the pipeline."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Literal

from nbpipe.compile.pipeline import Learned
from nbpipe.run.lock import joined
from nbpipe.run.orders import bound_above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.compile.pipeline import Pipeline, Step
    from nbpipe.run.order import Result
    from nbpipe.run.planner import Considered, Planner


_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one attempt taught about a step.

    Attributes
    ----------
    step
        The step's name.
    learned
        What is new.
    structural
        True if it changes who gives what to whom, so that the run must plan anew.
    notes
        The same in sentences.
    """

    step: str
    learned: Learned
    structural: bool
    notes: tuple[str, ...]

    def joined(self, other: Lesson) -> Lesson:
        """Return this and another lesson about the same step as one."""
        notes = tuple(dict.fromkeys((*self.notes, *other.notes)))
        learned = joined(self.learned, other.learned)
        return Lesson(self.step, learned, self.structural or other.structural, notes)


def learn(planner: Planner, one: Considered, result: Result) -> Lesson | None:
    """Return what an attempt taught; None if it did what reading said."""
    if not _is_telling(result):
        return None
    step = one.step
    name = step.name.removesuffix("[]")
    known = planner.project.learned.get(name, Learned())
    found = _found(planner, step, result)
    if one.item is not None:  # what one item reads is kept with its result (see `Planner`)
        found = replace(found, reads=found.reads & _written_by_others(planner, step))
    new = Learned(
        **{f.name: getattr(found, f.name) - getattr(known, f.name) for f in fields(Learned)}
    )
    if new == Learned():
        return None
    structural = bool(new.needs or new.gives or new.draws) or _touches_others(planner, step, new)
    return Lesson(name, new, structural, tuple(_notes(name, new)))


def _is_telling(result: Result) -> bool:
    """Whether there is anything in a result that a lesson could be made of."""
    seen = (result.fetched, result.missing, result.changed, result.drew, result.files_read)
    return any((*seen, result.error)) or any(one.kind == "file" for one in result.artifacts)


def _found(planner: Planner, step: Step, result: Result) -> Learned:
    reads = set(planner.finder.files_read(step))
    base = (planner.project.folder / step.notebook.path).parent
    writes = {planner.finder.shown(base / use.path) for use in step.flow.writes}
    written = {artifact.name for artifact in result.artifacts if artifact.kind == "file"}
    declared = [planner.finder.shown(base / pattern) for pattern in step.options.writes]
    writes |= {name for name in written if any(fnmatch(name, one) for one in declared)}
    seeded = _seeded(planner.pipeline, step)
    return Learned(
        needs=frozenset(_asked_for(planner, step, result) - step.inputs.keys()),
        gives=frozenset(set(result.changed) - set(step.outputs)),
        draws=frozenset(set(result.drew) & seeded - step.flow.draws - step.flow.seeds),
        reads=frozenset({file.path for file in result.files_read} - reads - writes - written),
        writes=frozenset(written - writes),
    )


def _asked_for(planner: Planner, step: Step, result: Result) -> set[str]:
    """Names that the step's own code asked for.

    Of a step that failed, only what its error names counts: a post-mortem dump, as the engine
    ``debug`` makes one, looks at every name there is. A name that is not defined, and that a
    step above binds, is asked for too: ``eval`` inside a function does not ask the namespace.
    The code that is evaluated is text, so all names above that the step's text holds come along.
    """
    names = {*result.fetched, *result.missing}
    if result.error is None:
        return names
    said = result.error.message
    asked = {name for name in names if re.search(rf"\b{re.escape(name)}\b", said)}
    undefined = _UNDEFINED.search(said)
    replayed = {name for snippet in step.flow.replay for name in snippet.binds}
    above = bound_above(planner, step) - replayed
    if undefined and undefined[1] in above:
        own = [cell.source for cell in step.notebook.cells if cell.id in step.cells]
        asked |= {undefined[1]} | (above & set(_WORD.findall("\n".join(own))))
    return asked


def _seeded(pipeline: Pipeline, step: Step) -> frozenset[str]:
    """Generators that the step's notebook seeds somewhere: only then must their state travel."""
    same = [other for other in pipeline.steps if other.notebook.path == step.notebook.path]
    found = frozenset[str]().union(*(other.flow.seeds for other in same))
    return found | pipeline.seeded.get(step.notebook.path, frozenset())


def _touches_others(planner: Planner, step: Step, new: Learned) -> bool:
    """Whether a file that was read or written is one that another step writes or reads."""
    if not (new.reads or new.writes):
        return False
    written = _written_by_others(planner, step)
    return bool(
        new.reads & written
        or new.writes & written
        or (new.writes and new.writes & _read_by_others(planner, step))
    )


def _written_by_others(planner: Planner, step: Step) -> set[str]:
    return {path for other in _others(planner, step) for path in _files(planner, other, "writes")}


def _read_by_others(planner: Planner, step: Step) -> set[str]:
    return {path for other in _others(planner, step) for path in _files(planner, other, "reads")}


def _others(planner: Planner, step: Step) -> Iterator[Step]:
    return (other for other in planner.pipeline.steps if other.name != step.name)


def _files(planner: Planner, step: Step, which: Literal["reads", "writes"]) -> set[str]:
    """Files that a step's code names, and those that it was seen to use."""
    base = (planner.project.folder / step.notebook.path).parent
    known: frozenset[str] = getattr(planner.project.learned.get(step.name, Learned()), which)
    uses = getattr(step.flow, which)
    return {planner.finder.shown(base / use.path) for use in uses} | known


def _notes(step: str, new: Learned) -> Iterator[str]:
    for name in sorted(new.needs):
        yield f"{step} asked for {name}, which reading its code did not show"
    for name in sorted(new.gives):
        yield f"{step} changed {name}, which reading its code did not show"
    for name in sorted(new.draws):
        yield f"{step} drew random numbers from {name}, which reading its code did not show"
    for name in sorted(new.reads):
        yield f"{step} read the file {name}"
    for name in sorted(new.writes):
        yield f"{step} wrote the file {name}"
