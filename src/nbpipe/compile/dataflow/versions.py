"""What a name stands for at a point of the notebook, who gave it, and what one step has used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbpipe.compile.reading.facts import NOTHING, PLAIN

if TYPE_CHECKING:
    from nbpipe.compile.flow import FileUse, Site, SnippetKind
    from nbpipe.compile.reading.facts import Names, Summary, Value


@dataclass(slots=True, eq=False)
class Version:
    """One state of a name.

    `kind` is ``data``, ``import``, ``definition``, ``constant``, ``parameter`` or ``gone``;
    `older` is what the name still is where this version is not `sure`; `units` are the
    statements that make it again; `carries` are functions and classes that it is or holds,
    `instances` the classes whose objects it is or holds; `what` is its type where known;
    `holder` tells what the one object of the process holds that it is, as a logger;
    `read` is True once another step needs it.
    """

    giver: str
    kind: str
    site: Site
    sure: bool = True
    older: Version | None = None
    units: tuple[int, ...] = ()
    carries: tuple[Summary, ...] = ()
    instances: tuple[Summary, ...] = ()
    dotted: str = ""
    what: str = ""
    unstorable: str = ""
    text: str | None = None
    value: Value = PLAIN
    read: bool = False
    asked: bool = False
    shares: Names = NOTHING
    holder: str = ""


@dataclass(slots=True, eq=False)
class Group:
    """Names that may share objects.

    `loose` where one is only a part or a view of another; `stirred` where a step other than
    the one that tied them changed one; `views` are slices: name → of what; `ties` are the steps
    that tied names, in their order, and which.
    """

    names: set[str]
    step: str
    loose: bool = False
    stirred: bool = False
    views: dict[str, set[str]] = field(default_factory=dict)
    ties: list[tuple[str, frozenset[str]]] = field(default_factory=list)


@dataclass(slots=True)
class Unit:
    """A statement that can be run again before a step.

    `always` where it sets something, `dropped` where its names were deleted later on.
    """

    number: int
    owner: str
    block: int
    site: Site
    end: int
    kind: SnippetKind
    binds: tuple[str, ...]
    source: str
    modules: frozenset[str]
    deps: set[int] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
    always: bool = False
    dropped: bool = False


@dataclass(slots=True)
class Taken:
    """A version that a step took from another."""

    version: Version
    read: Site
    sure: bool


@dataclass(slots=True)
class StepState:
    """What one step has done so far; also used for setup code, whose `name` is empty."""

    name: str
    last: int = 0
    needs: dict[str, Taken] = field(default_factory=dict)
    missing: dict[str, tuple[Site, bool, str]] = field(default_factory=dict)
    handed: frozenset[str] = frozenset()
    own: dict[str, Site] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
    reads: list[FileUse] = field(default_factory=list)
    writes: list[FileUse] = field(default_factory=list)
    draws: set[str] = field(default_factory=set)
    seeds: set[str] = field(default_factory=set)
    seeds_first: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    opaque: str = ""
    groups: list[Group] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    shown: bool = False
    figure: bool = False
    after_drawing: bool = False
    data: list[str] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
