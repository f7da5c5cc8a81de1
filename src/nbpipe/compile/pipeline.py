"""A pipeline: steps with their inputs and order, and the reasons for every edge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbpipe.compile.flow import StepFlow
    from nbpipe.compile.notebook import Notebook
    from nbpipe.compile.tags import Foreach, Role
    from nbpipe.errors import Problem

EdgeKind = Literal["data", "order", "file"]
StepKind = Literal["cells", "notebook"]


@dataclass(frozen=True, slots=True)
class Resources:
    """What a step asks for.

    Attributes
    ----------
    cpu
        Cores it keeps busy.
    memory
        Most bytes it may hold; None for no limit.
    gpu
        GPUs it needs.
    """

    cpu: float = 1.0
    memory: int | None = None
    gpu: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    """What the notebook's metadata says of a step.

    Attributes
    ----------
    retries
        How often a failed attempt is tried again.
    retry_delay
        Seconds before it is tried again, doubled with each further attempt: to a minute at most,
        or as long as this says.
    timeout
        Seconds a whole attempt may take; None for no limit.
    resources
        What the step asks for.
    engine
        Papermill engine to run it with; None for the run's.
    cache
        False for a step whose result is never reused.
    gives
        Names it gives even where reading the code does not find them.
    reads, writes
        Files (glob patterns, relative to its notebook) that it reads and writes.
    """

    retries: int = 0
    retry_delay: float = 1.0
    timeout: float | None = None
    resources: Resources = field(default_factory=Resources)
    engine: str | None = None
    cache: bool = True
    gives: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause of an edge: a sentence, and the line of the reading cell it speaks of."""

    text: str
    notebook: str
    cell: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` starts after `source`; for a ``data`` edge `names` travel along it.

    `learned` is True where a run found the edge and reading the code did not.
    """

    source: str
    target: str
    kind: EdgeKind
    names: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    learned: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A named group of cells, or a whole notebook.

    Attributes
    ----------
    name
        Its name, of one step only in a project.
    kind
        ``cells`` or ``notebook``.
    notebook
        The notebook it was taken from.
    cells
        Ids of its own code cells, in order; checks and metrics are among them.
    flow
        What it needs, gives and replays.
    inputs
        Name → the step that gives it.
    outputs
        Names that other steps take from it.
    together
        Groups of outputs that are stored as one.
    after
        Steps it waits for without taking data.
    options, foreach
        See there.
    checks, metrics
        Ids of the cells with those tags.
    metric_names
        Names whose numbers are the run's metrics.
    enumerate
        The small step that lists the items of its fan-out.
    gathers
        Name → the fanned-out step whose values it gathers.
    random
        Generators whose state it takes over, each from the step named.
    random_outputs
        Generators whose state it hands on.
    """

    name: str
    kind: StepKind
    notebook: Notebook
    cells: tuple[str, ...]
    flow: StepFlow
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    together: tuple[frozenset[str], ...] = ()
    after: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    foreach: Foreach | None = None
    checks: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    metric_names: tuple[str, ...] = ()
    enumerate: Step | None = None
    gathers: Mapping[str, str] = field(default_factory=dict)
    random: Mapping[str, str] = field(default_factory=dict)
    random_outputs: tuple[str, ...] = ()

    @property
    def language(self) -> str:
        """The language its cells are written in."""
        return self.notebook.language


@dataclass(frozen=True, slots=True)
class Parameter:
    """A pipeline parameter: its name, its default (a JSON value) and where it is defined."""

    name: str
    default: object
    notebook: str
    cell: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a project compiles to.

    Attributes
    ----------
    name
        The project's name.
    steps
        In an order in which they could run one after the other.
    edges
        Why each step waits for each other.
    parameters
        In the order of their definition.
    roles
        Notebook path → cell id → what the cell is.
    seeded
        Notebook path → global random generators that its setup code seeds.
    problems
        Everything found wrong; a pipeline with errors among them is not run.
    """

    name: str
    steps: tuple[Step, ...]
    edges: tuple[Edge, ...]
    parameters: tuple[Parameter, ...]
    roles: Mapping[str, Mapping[str, Role]]
    seeded: Mapping[str, frozenset[str]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop it from running."""
        return tuple(p for p in self.problems if p.severity == "error")

    def step(self, name: str) -> Step:
        """Return the step of that name.

        Raises
        ------
        KeyError
            If there is none.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def before(self, name: str) -> frozenset[str]:
        """Return the steps that `name` waits for directly."""
        return frozenset(edge.source for edge in self.edges if edge.target == name)


@dataclass(frozen=True, slots=True)
class Learned:
    """What runs found out about one step that reading its code does not show.

    Attributes
    ----------
    needs
        Names it took from steps above.
    gives
        Names that it changed unseen, or that others took from it.
    draws
        Global random generators that it drew from.
    reads, writes
        Files that it read and wrote, relative to the project.
    """

    needs: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()
    draws: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
