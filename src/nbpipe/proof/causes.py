"""Why a place differs: what came from above, random numbers, settings, changes in place, time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbpipe.kernelside.pictures import come_late
from nbpipe.proof.looks import Look, compare_values, settings_that_differ

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbpipe.compile.pipeline import Pipeline, Step
    from nbpipe.proof.findings import Cause, Difference
    from nbpipe.proof.runs import Ran

_TIME = re.compile(
    r"\btime\.|datetime|perf_counter|\bnow\(|today\(|strftime|\btimeit|%time|getmtime|stat\(|ls -l"
)
_AMOUNT = re.compile(r"it shows (?:\d+ results|image/png, text/plain →|text/plain →)")
_EMPTY = Look()


@dataclass(frozen=True, slots=True)
class Case:
    """The two runs, and what differs between them so far."""

    pipeline: Pipeline
    whole: Ran
    split: Ran
    values: frozenset[tuple[str, str]]

    def look(self, run: Ran, step: str) -> Look:
        """Return a kernel at the end of a step, as far as it was seen."""
        return run.looks.get(step, _EMPTY)


def explain(
    differences: Sequence[Difference], pipeline: Pipeline, whole: Ran, split: Ran
) -> list[Difference]:
    """Return the differences, each with its cause."""
    values = frozenset((d.spot.step, d.spot.name) for d in differences if d.spot.what == "value")
    case = Case(pipeline, whole, split, values)
    found = []
    for difference in differences:
        cause, why = _cause(case, difference)
        found.append(replace(difference, cause=cause, why=why))
    return found


def _cause(case: Case, difference: Difference) -> tuple[Cause, str]:
    step = case.pipeline.step(difference.spot.step)
    for find in (_failure, _late, _follows, _changed, _random, _settings, _clock):
        found = find(case, step, difference)
        if found is not None:
            return found
    return "unknown", "The code reads something that goes from step to step unseen."


def _failure(case: Case, step: Step, difference: Difference) -> tuple[Cause, str] | None:
    if difference.spot.what != "failure":
        return None
    text = difference.how
    if "FileNotFoundError" in text or "No such file" in text:
        return "order", "A file that it reads is written by another step; tag it after:NAME."
    if "cannot be stored" in text or "Unstorable" in text:
        return "hidden-state", "The value lives in one process; keep its cells in one step."
    return "hidden-state", "It runs where all cells share one kernel, and not by itself."


def _late(case: Case, step: Step, difference: Difference) -> tuple[Cause, str] | None:
    """A figure that stands at another cell, because the first of a kernel comes a cell late."""
    version = case.look(case.whole, step.name).settings.get("matplotlib version", "").strip("'")
    if not version or not come_late(version) or not _AMOUNT.match(difference.how):
        return None
    return "hidden-state", (
        f"matplotlib {version} shows the first figure of a kernel one cell late, or bare; "
        "with %matplotlib inline at the top it is in time everywhere."
    )


def _follows(case: Case, step: Step, _: Difference) -> tuple[Cause, str] | None:
    for name, giver in sorted(step.inputs.items()):
        if (giver, name) in case.values:
            return "follows", f"It follows from {name}, which step {giver} gives."
    return None


def _changed(case: Case, step: Step, _: Difference) -> tuple[Cause, str] | None:
    """An input that another step changed in place without giving it."""
    mine, theirs = case.look(case.whole, step.name), case.look(case.split, step.name)
    for name, giver in sorted(step.inputs.items()):
        one, other = mine.values.get(name), theirs.values.get(name)
        compared = compare_values(one, other) if one and other else None
        if compared is not None and compared.how and name not in step.flow.binds:
            who = _changer(case, name, giver, step)
            by = f" by step {who}" if who else ""
            return "in-place", f"{name} of step {giver} is changed in place{by} unseen."
    return None


def _changer(case: Case, name: str, giver: str, step: Step) -> str:
    order = {cell.id: cell.index for cell in step.notebook.cells}
    given = case.look(case.whole, giver).values.get(name)
    between = [
        other for other in case.pipeline.steps
        if other.notebook.path == step.notebook.path and other.cells and step.cells
        and order.get(other.cells[0], 0) < order.get(step.cells[0], 0)
        and name in case.look(case.whole, other.name).values and other.name != giver
    ]  # fmt: skip
    for other in sorted(between, key=lambda one: order[one.cells[0]]):
        seen = case.look(case.whole, other.name).values[name]
        if given is not None and seen.get("rough") != given.get("rough"):
            return other.name
    return ""


def _random(case: Case, step: Step, _: Difference) -> tuple[Cause, str] | None:
    mine, theirs = case.look(case.whole, step.name).random, case.look(case.split, step.name).random
    apart = [name for name in sorted(mine.keys() & theirs.keys()) if mine[name] != theirs[name]]
    seeded = _seeded(case.pipeline, step)
    for name in apart:
        if name in seeded:
            return "random", f"Its random numbers of {name} are others than in Run All."
    drawn = [name for name in apart if name in step.flow.draws]
    if drawn:
        return "random", f"It draws from {drawn[0]}, which nothing seeds."
    return None


def _seeded(pipeline: Pipeline, step: Step) -> frozenset[str]:
    path = step.notebook.path
    mine = (other.flow.seeds for other in pipeline.steps if other.notebook.path == path)
    return pipeline.seeded.get(path, frozenset()).union(*mine)


def _settings(case: Case, step: Step, _: Difference) -> tuple[Cause, str] | None:
    found = settings_that_differ(case.look(case.whole, step.name), case.look(case.split, step.name))
    if not found:
        return None
    more = f", and {len(found) - 2} more" if len(found) > 2 else ""
    return "hidden-state", f"Settings are others than in Run All: {'; '.join(found[:2])}{more}."


def _clock(_: Case, step: Step, difference: Difference) -> tuple[Cause, str] | None:
    cells: Mapping[str, str] = {cell.id: cell.source for cell in step.notebook.cells}
    mine = [difference.spot.name] if difference.spot.what == "output" else list(step.cells)
    if any(_TIME.search(cells.get(cell, "")) for cell in mine):
        return "time", "It reads the clock, or how old a file is."
    return None
