"""A plan: for each task whether it runs, is reused or waits, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nbpipe.compile.keys import changes, worth_saying
from nbpipe.compile.order import all_after, all_before
from nbpipe.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbpipe.compile.pipeline import Pipeline, Step

Action = Literal["run", "reuse", "waiting", "left-out"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which steps a run is about.

    Attributes
    ----------
    only
        These and no others.
    start
        These and all that follow them (``--from``).
    until
        These and all that lead to them.
    force
        Run these even where a stored result could be reused.
    """

    only: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    force: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """A stored result, as far as planning needs to know it.

    Attributes
    ----------
    key
        The key it was made under.
    run, task
        Where it was made.
    holds
        The names that it holds.
    parts
        The ingredients of its key.
    intact
        False if some of its bytes are gone or were changed; `fault` says which.
    """

    key: str
    run: str
    task: str
    holds: frozenset[str]
    parts: Mapping[str, str] = field(default_factory=dict)
    intact: bool = True
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a task, and why, in a sentence."""

    action: Action
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A line of a plan; `key` is None where it is not known yet."""

    task: str
    step: str
    action: Action
    reason: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do, in the order in which it could."""

    tasks: tuple[PlannedTask, ...]

    def count(self, action: Action) -> int:
        """How many tasks have that action."""
        return sum(task.action == action for task in self.tasks)


def selected(pipeline: Pipeline, selection: Selection) -> frozenset[str]:
    """Return the names of the steps that the selection is about.

    Raises
    ------
    UnknownName
        If it names a step that the pipeline does not have.
    """
    names = [step.name for step in pipeline.steps]
    for name in (*selection.only, *selection.start, *selection.until, *selection.force):
        if name not in names:
            raise UnknownName.of("step", name, names)
    chosen = set(names)
    if selection.only:
        chosen &= set(selection.only)
    if selection.start:
        chosen &= set(selection.start) | all_after(selection.start, pipeline.edges)
    if selection.until:
        chosen &= set(selection.until) | all_before(selection.until, pipeline.edges)
    return frozenset(chosen)


def decide(
    step: Step, parts: Mapping[str, str], past: Past | None, last: Past | None, forced: bool
) -> Decision:
    """Decide about a step whose inputs are all known.

    Parameters
    ----------
    step
        The step.
    parts
        The ingredients of its key now.
    past
        The stored result under that key, if there is one.
    last
        The newest stored result of the step under any key, if there is one.
    forced
        Whether it was asked to run in any case.
    """
    if forced:
        return Decision("run", "it was asked to run again")
    if not step.options.cache:
        return Decision("run", "its option cache is off")
    if past is not None:
        missing = sorted(set(step.outputs) - past.holds)
        if not past.intact:
            return Decision("run", past.fault)
        if missing:
            return Decision("run", f"its stored result does not hold {', '.join(missing)}")
        return Decision("reuse", f"nothing that it depends on changed since run {past.run}")
    if last is None:
        return Decision("run", "it has not run before")
    said = changes(last.parts, parts)
    return Decision("run", worth_saying(said) or "its stored result is no longer known")
