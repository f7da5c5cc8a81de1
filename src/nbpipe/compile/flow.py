"""What each step of one notebook needs, gives and replays, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbpipe.compile.notebook import Cell
    from nbpipe.errors import Problem

Role = Literal["parameters", "setup", "step"]
SnippetKind = Literal["import", "definition", "setting", "constant"]


@dataclass(frozen=True, slots=True)
class Block:
    """One code cell and the place it has in the pipeline.

    Attributes
    ----------
    cell
        The code cell.
    role
        ``parameters``, ``setup`` or ``step``.
    step
        Name of the step; empty unless the role is ``step``.
    """

    cell: Cell
    role: Role
    step: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A line of a cell: the cell's id and the line, counted from 1."""

    cell: str
    line: int


@dataclass(frozen=True, slots=True)
class Need:
    """A name that a step needs as data.

    Attributes
    ----------
    name
        The name.
    giver
        The step of the same notebook that gives it; None where no step above does.
    read
        Where it is read first.
    given
        Where the giver binds or changes it last.
    certain
        False for a read that may never happen (``except NameError``, a ternary)
        and for a giver that may not have bound it.
    """

    name: str
    giver: str | None
    read: Site
    given: Site | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Snippet:
    """A statement that is replayed as code before a step.

    Attributes
    ----------
    site
        Cell and first line it was taken from.
    source
        Its text (decorators included, comments inside it kept).
    kind
        What it is.
    binds
        The names that it binds.
    used
        True if the step's result depends on it (it binds a name that the step uses, also
        through other snippets, or is a setting); an import replayed only to be safe is not.
    """

    site: Site
    source: str
    kind: SnippetKind
    binds: tuple[str, ...] = ()
    used: bool = True


@dataclass(frozen=True, slots=True)
class FileUse:
    """A literal path that a step reads or writes, as written in the code."""

    path: str
    site: Site


@dataclass(frozen=True, slots=True)
class StepFlow:
    """What static reading knows of one step.

    Attributes
    ----------
    step
        The step's name.
    needs
        Names it needs as data, sorted by name.
    gives
        Names that later steps of this notebook need in the version this step leaves.
    binds
        Every name bound or changed here that could be given to another notebook.
    replay
        Code to run before the step's own cells, in notebook order.
    parameters
        Pipeline parameters that the step uses, also through replayed code.
    together
        Groups of given or needed names that may share objects and must be stored as one.
    reads, writes
        Files named by literal paths.
    draws
        Global random generators drawn from: ``random``, ``numpy``, ``torch``.
    seeds
        Global generators that the step's own cells seed.
    seeds_first
        Those of `seeds` that are seeded before anything in the step may draw from them.
    modules
        Top-level names of the modules that the step imports, also through replayed code.
    opaque
        Why static reading cannot know all names; empty where it can.
    after_drawing
        Whether something above it draws with pyplot.
    """

    step: str
    needs: tuple[Need, ...] = ()
    gives: tuple[str, ...] = ()
    binds: Mapping[str, Site] = field(default_factory=dict)
    replay: tuple[Snippet, ...] = ()
    parameters: frozenset[str] = frozenset()
    together: tuple[frozenset[str], ...] = ()
    reads: tuple[FileUse, ...] = ()
    writes: tuple[FileUse, ...] = ()
    draws: frozenset[str] = frozenset()
    seeds: frozenset[str] = frozenset()
    seeds_first: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    opaque: str = ""
    after_drawing: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """The dataflow of one notebook.

    Attributes
    ----------
    steps
        One `StepFlow` a step, in notebook order of their first cells.
    defaults
        The pipeline's parameters: name → default as a JSON value.
    seeded
        Global generators that setup code seeds.
    problems
        Faults found on the way; `Problem.notebook` is left for the caller to fill in.
    """

    steps: tuple[StepFlow, ...]
    defaults: Mapping[str, object] = field(default_factory=dict)
    seeded: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
