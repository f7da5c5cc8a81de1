"""What can go wrong: faults in what the user wrote (values) and failures (exceptions).

A fault in a notebook is a `Problem`: compile gathers all of them and returns them.
A failure is an exception of this tree:

    NbpipeError
    ├── ProblemsError          the project has problems that stop it from running
    ├── UsageError             a command or a call was given something it cannot use
    │   ├── ProjectNotFound    there is no project at that path
    │   ├── UnknownName        no such step, run, parameter, engine or artifact
    │   └── BadParameter       a parameter's name or value cannot be used
    ├── StoreError             the store cannot do what was asked
    │   ├── MissingObject      no bytes under that digest
    │   ├── DamagedObject      the bytes under that digest are not those that were stored
    │   ├── StoreTooNew        written by a newer nbpipe; nothing was changed
    │   └── StoreUnusable      read-only, full, locked or not a store
    └── RunError               a run could not be carried out
        ├── TaskFailed         at least one task did not end well
        ├── WorkerDied         a worker process ended without a verdict
        ├── RunBusy            another engine is already carrying out this run
        └── ProofStopped       somebody asked that a proof is not made to its end
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of a notebook that cures a problem.

    Attributes
    ----------
    cell
        Id of the cell to change; None where only the notebook's metadata change.
    add, remove
        Tags to add and to remove.
    source
        The cell's text from now on; None where it stays.
    entry, becomes
        Where in ``metadata.nbpipe`` an entry stands, and what it is called from now on; None
        takes it away.
    says
        What the change does, as an order; empty where its tags say it.
    also
        Changes of other cells that belong to it.
    """

    cell: str | None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    source: str | None = None
    entry: tuple[str, ...] = ()
    becomes: str | None = None
    says: str = ""
    also: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in what the user wrote: what, where, and what to do.

    Attributes
    ----------
    code
        Short stable name, as ``unknown-step``; listed in ``docs/reference/problems.md``.
    message
        One sentence that says what is wrong.
    severity
        An ``error`` stops the run; a ``warning`` and an ``info`` do not.
    notebook
        Path of the notebook, relative to the project, with ``/``.
    cell
        Id of the cell, where there is one.
    index
        Position of the cell in its notebook, counted from 0.
    line
        Line in the cell, counted from 1.
    suggestion
        What to do, as a sentence; empty when there is nothing to say.
    fix
        The same as a change of the notebook, where one cures it.
    steps
        The steps that it is between: in one step together they would not have it.
    """

    code: str
    message: str
    severity: Severity = "error"
    notebook: str | None = None
    cell: str | None = None
    index: int | None = None
    line: int | None = None
    suggestion: str = ""
    fix: Fix | None = None
    steps: tuple[str, ...] = ()


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the closest known word, or an empty string."""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean 'x'?`` for the closest known word, or an empty string."""
    near = nearest(word, known)
    return f"Did you mean {near!r}?" if near else ""


class NbpipeError(Exception):
    """Base of every exception that nbpipe raises on purpose."""


class ProblemsError(NbpipeError):
    """The project has problems that stop it from running; nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = sum(p.severity == "error" for p in problems)
        first = next((p.message for p in problems if p.severity == "error"), "")
        super().__init__(f"{count} problem{'s' * (count != 1)}: {first}")


class UsageError(NbpipeError):
    """A command or a call was given something it cannot use."""


class ProjectNotFound(UsageError):
    """There is no project at that path."""


class UnknownName(UsageError):
    """No such step, run, parameter, engine or artifact."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str]) -> UnknownName:
        """Build from what was asked for and what there is."""
        known = sorted(known)
        hint = did_you_mean(name, known) or (
            f"There is: {', '.join(known[:12])}." if known else f"There is no {kind} yet."
        )
        return cls(f"No {kind} named {name!r}. {hint}")


class BadParameter(UsageError):
    """A parameter's name or value cannot be used."""


class StoreError(NbpipeError):
    """The store cannot do what was asked."""


class MissingObject(StoreError):
    """No bytes are stored under that digest."""

    @classmethod
    def of(cls, digest: str, where: str) -> MissingObject:
        """Build from the digest and the store's address."""
        return cls(f"{digest[:19]}… is not in the store {where}. Run the step again to make it.")


class DamagedObject(StoreError):
    """The bytes under a digest are not those that were stored."""

    @classmethod
    def of(cls, digest: str, where: str) -> DamagedObject:
        """Build from the digest and the store's address."""
        return cls(
            f"{digest[:19]}… in the store {where} was changed after it was stored. "
            "It is not used; run the step again to make it anew."
        )


class StoreTooNew(StoreError):
    """The store was written by a newer nbpipe; nothing was changed."""


class StoreUnusable(StoreError):
    """The store is read-only, full, locked, or not a store at all."""


class RunError(NbpipeError):
    """A run could not be carried out."""


class TaskFailed(RunError):
    """At least one task of a run did not end well."""


class WorkerDied(RunError):
    """A worker process ended without giving a verdict."""


class RunBusy(RunError):
    """Another engine is already carrying out this run."""


class ProofStopped(RunError):
    """Somebody asked that a proof is not made to its end."""
