"""The sentences that the reading of names says about faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbpipe.errors import Fix, Problem

if TYPE_CHECKING:
    from nbpipe.compile.reading.facts import Fault, Statement


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault is: the cell's id and position, and the line."""

    cell: str
    index: int | None
    line: int | None


def fault(found: Fault, at: Place) -> Problem:
    """A cell that is not Python."""
    return Problem(
        found.code,
        found.message,
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion=found.suggestion,
    )


def parameter(statement: Statement, at: Place, fix: Fix | None) -> Problem:
    """A statement of a parameters cell that gives no parameter."""
    names = ", ".join(statement.binds) or "This statement"
    return Problem(
        "bad-parameter",
        f"{names} in the parameters cell is no literal JSON value.",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion="Write a number, string, list, dict, True, False or None, or move the statement "
        "to a cell tagged `setup`.",
        fix=fix,
    )


def setup_needs(name: str, giver: str, at: Place) -> Problem:
    """A setup statement that needs a step's data."""
    return Problem(
        "setup-needs-step",
        f"Setup code runs before every step, but this statement needs {name}, "
        f"which step {giver} gives.",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion="Move it into a step.",
        fix=Fix(at.cell, add=(f"step:{giver}",), remove=("setup",)),
    )


def hidden_setting(effect: tuple[str, ...], step: str, alone: bool, at: Place) -> Problem:
    """A setting that cannot be replayed: it needs a step's data, or its statement does more."""
    what = ".".join(part for part in effect if part not in ("=", "[]", "()"))
    how = "from values of its own" if alone else "among other things"
    return Problem(
        "hidden-state",
        f"Step {step} sets {what} {how}; steps after it will not see that setting.",
        "warning",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion="Set it in a cell tagged `setup`, or in each step that relies on it.",
        steps=(step,),
    )


def current_figure(step: str, above: str, call: str, at: Place) -> Problem:
    """Use of pyplot's current figure in another step than the one that made it."""
    return Problem(
        "hidden-state",
        f"plt.{call}() in step {step} acts on the current figure; the figure of step {above} is "
        "not current in another step.",
        "warning",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion="Use the methods of the axes, or put both cells into one step.",
        steps=(above, step),
    )


def handle(name: str, what: str, first: str, second: str, at: Place) -> Problem:
    """Two steps that act through a handle which each of them makes anew."""
    return Problem(
        "hidden-state",
        f"{name} is {what} that every step makes anew; what step {first} does through it reaches "
        f"step {second} only if it is kept outside the process.",
        "warning",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion="Merge the steps if it is kept in memory.",
        steps=(first, second),
    )


def session(name: str, above: str, step: str, at: Place) -> Problem:
    """A read of IPython's session history."""
    return Problem(
        "session-state",
        f"Step {step} reads {name}, which is what IPython remembers of earlier cells; a step "
        "starts without it.",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion="Give the value a name of its own where it is computed.",
        steps=(above, step) if above else (),
    )


def two_states(name: str, step: str, giver: str, at: Place) -> Problem:
    """A step that stands around another and would need a name in two states."""
    other = f"step {giver}" if giver else "setup code"
    return Problem(
        "cycle",
        f"Step {step} needs {name} both before and after {other} changes it, and a step runs "
        "as one.",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion=f"Give the later cells of {step} to a step of their own.",
        steps=(giver, step) if giver else (),
    )


def cycle(steps: list[str], names: str, at: Place) -> Problem:
    """Steps that need each other."""
    return Problem(
        "cycle",
        f"Steps {' and '.join(steps)} need each other ({names}): none can run first.",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion=f"Give the later cells of {steps[0]} to a step of their own.",
        steps=tuple(steps),
    )


def used_before(name: str, step: str, giver: str, at: Place) -> Problem:
    """A name that only a later step gives."""
    return Problem(
        "used-before-given",
        f"Step {step} uses {name}, which only step {giver} below it gives.",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion=f"Move the cell that makes {name} above this one.",
        steps=(step, giver),
    )


def deleted(name: str, step: str, giver: str, at: Place, fix: Fix | None) -> Problem:
    """A name that was deleted above."""
    return Problem(
        "used-after-deleted",
        f"Step {step} uses {name}, which step {giver} deleted.",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion=f"Remove `del {name}`, or make {name} anew.",
        fix=fix,
    )


def unstorable(name: str, what: str, giver: str, readers: tuple[str, ...], at: Place) -> Problem:
    """A value that cannot be stored is given to other steps."""
    listed = " and ".join(f"step {reader}" for reader in readers)
    return Problem(
        "unstorable",
        f"{name} of step {giver} is {what} and cannot be stored, but is needed by {listed}.",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion=f"Make {name} in a cell tagged `setup`, build it in each step that needs it, "
        "or merge the steps.",
        steps=(giver, *readers),
    )


def shared_view(view: str, base: str, above: str, step: str, at: Place) -> Problem:
    """A view changed in another step than the one that made it."""
    return Problem(
        "hidden-state",
        f"{view} is a view of {base}: what step {step} changes in one is not seen in the other "
        "when both are stored.",
        "warning",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion=f"Make {view} in step {step}, or put both cells into one step.",
        steps=(above, step),
    )


def redefined(name: str, instance: str, steps: tuple[str, ...], at: Place) -> Problem:
    """A class defined again while an object of the old one lives on."""
    return Problem(
        "redefined-class",
        f"{name} is defined again here, but {instance} is an object of the "
        f"class of that name above; in "
        "later steps it becomes one of the new class.",
        "warning",
        cell=at.cell,
        index=at.index,
        line=at.line,
        suggestion="Give the new class a name of its own.",
        steps=steps,
    )
