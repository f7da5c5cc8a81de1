"""Proposes steps for a notebook: headings, dataflow and cost decide, the compiler judges."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nbpipe.compile.assemble import assemble
from nbpipe.compile.dataflow.stepflows import read_flow
from nbpipe.compile.flow import Block
from nbpipe.compile.order import all_before
from nbpipe.compile.reading.mutations import BUILTINS
from nbpipe.compile.roles import is_tagged, is_whole
from nbpipe.compile.suggest import cuts as cutting
from nbpipe.compile.suggest import files, naming, quiet
from nbpipe.compile.suggest.headings import read_headings
from nbpipe.compile.suggest.proposal import Change, Piece, Proposal
from nbpipe.compile.tags import read_tags
from nbpipe.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from nbpipe.compile.notebook import Cell, Notebook
    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.compile.suggest.headings import Heading

_OURS = ("step:", "block:", "after:", "prev:", "foreach:")
_LOOKS = "only looks at what is there: the pipeline gives the same without it"
_TOGETHER = frozenset({"hidden-state", "redefined-class"})
"""Warnings that are no more where the steps they speak of are one."""


def suggest(
    notebook: Notebook,
    *,
    seconds: Mapping[str, float] | None = None,
    only: Collection[str] | None = None,
    anew: bool = False,
) -> Proposal:
    """Return steps for a notebook; the same notebook gives the same proposal.

    Cells are never moved: a step is a run of cells, and steps stand in notebook order.

    Parameters
    ----------
    notebook
        The notebook.
    seconds
        Cell id → how long it took when it was run last, where that is known.
    only
        The steps to accept, by the names of a proposal made before: the others become part of
        the step above them. None accepts all.
    anew
        True to pass over the steps that the notebook is tagged with now.
    """
    refusal = _refusal(notebook, anew)
    if refusal is not None:
        return Proposal(notebook, problems=(refusal,))
    bare, removed = _without_steps(notebook) if anew else (notebook, {})
    plan = _Plan.of(bare, seconds or {})
    if not plan.body:
        return Proposal(notebook, problems=(_nothing(notebook),))
    return _Splitter(plan, removed).proposal(only)


def _refusal(notebook: Notebook, anew: bool) -> Problem | None:
    errors = [problem for problem in notebook.problems if problem.severity == "error"]
    if errors:
        return errors[0]
    if notebook.language != "python":
        text = (
            f"{notebook.path} is written in {notebook.language}: names are read from Python only."
        )
        hint = "It can be one whole step, or be tagged by hand."
        return Problem("not-python", text, notebook=notebook.path, suggestion=hint)
    if is_whole(notebook):
        text = f"{notebook.path} is one whole step."
        hint = "Switch that off first: it is `step` in the notebook's metadata, under `nbpipe`."
        return Problem("already-split", text, notebook=notebook.path, suggestion=hint)
    if is_tagged(notebook) and not anew:
        text = f"{notebook.path} has steps already."
        hint = "Give --anew to propose others in their place."
        return Problem("already-split", text, notebook=notebook.path, suggestion=hint)
    return None


def _nothing(notebook: Notebook) -> Problem:
    text = f"{notebook.path} has no code cell that could be a step."
    return Problem("nothing-to-split", text, notebook=notebook.path)


def _without_steps(notebook: Notebook) -> tuple[Notebook, dict[str, tuple[str, ...]]]:
    """The notebook without tags that make steps, and what was taken from which cell."""
    removed: dict[str, tuple[str, ...]] = {}
    cells = []
    for cell in notebook.cells:
        ours = tuple(tag for tag in cell.tags if tag.startswith(_OURS))
        removed |= {cell.id: ours} if ours else {}
        cells.append(replace(cell, tags=tuple(tag for tag in cell.tags if tag not in ours)))
    return replace(notebook, cells=tuple(cells)), removed


@dataclass(frozen=True, slots=True)
class _Plan:
    """A notebook laid out for splitting.

    Attributes
    ----------
    notebook
        The notebook.
    lead
        Cells at its top that only declare.
    hoisted
        Cells further below that only import or define.
    parameters
        Those of `lead` that set plain literals which others use.
    body
        The other code cells: what steps are made of.
    headings
        For each cell of `body`, the headings above it.
    seconds
        For each cell of `body`, how long it took; 0 where nobody knows.
    """

    notebook: Notebook
    lead: tuple[Cell, ...]
    hoisted: frozenset[str]
    parameters: frozenset[str]
    body: tuple[Cell, ...]
    headings: tuple[tuple[Heading, ...], ...]
    seconds: tuple[float, ...]
    known: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, notebook: Notebook, seconds: Mapping[str, float]) -> _Plan:
        """Lay a notebook out."""
        lead, hoisted, body = _sorted(notebook)
        lead, hoisted, body = _without_changed(lead, hoisted, body)
        if not body:  # nothing but declarations: then they are what it is about
            lead, hoisted, body = [], [], [*lead, *hoisted]
            body.sort(key=lambda cell: cell.index)
        chosen = [cell for cell in lead if quiet.literal_names(cell.source)][:1]
        others = [*lead, *hoisted, *body]
        chosen = [
            cell for cell in chosen
            if quiet.find_parameters(cell, [other for other in others if other is not cell])
        ]  # fmt: skip
        return cls(
            notebook,
            tuple(lead),
            frozenset(cell.id for cell in hoisted),
            frozenset(cell.id for cell in chosen),
            tuple(body),
            tuple(_headings_above(notebook, body)),
            tuple(seconds.get(cell.id, 0.0) for cell in body),
            frozenset(seconds),
        )


def _sorted(notebook: Notebook) -> tuple[list[Cell], list[Cell], list[Cell]]:
    """Code cells: declarations at the top, definitions further below, and the rest."""
    lead: list[Cell] = []
    hoisted: list[Cell] = []
    body: list[Cell] = []
    for cell in notebook.cells:
        if cell.kind != "code" or not cell.source.strip():
            continue
        said = read_tags(cell, notebook.path).kind
        if said in ("setup", "parameters", "skip"):
            continue
        if said is None and not body and quiet.declares_quietly(cell.source):
            lead.append(cell)
        elif said is None and body and quiet.defines_only(cell.source):
            hoisted.append(cell)
        else:
            body.append(cell)
    stay = [cell for cell in hoisted if not _is_new(cell, (*lead, *hoisted, *body))]
    body = sorted([*body, *stay], key=lambda cell: cell.index)
    return lead, [cell for cell in hoisted if cell not in stay], body


def _is_new(cell: Cell, cells: Sequence[Cell]) -> bool:
    """Whether a cell's names mean nothing before it: then it may as well be run earlier."""
    others = quiet.changed_in(other.source for other in cells if other is not cell)
    names = quiet.changed_in([cell.source])
    return not quiet.imports_all(cell.source) and not names & (others | BUILTINS)


def _without_changed(
    lead: list[Cell], hoisted: list[Cell], body: list[Cell]
) -> tuple[list[Cell], list[Cell], list[Cell]]:
    """Leave to the steps what they bind anew or change: only what stays as it is can be setup."""
    for position, cell in enumerate(lead):
        others = [other for other in (*lead, *hoisted, *body) if other is not cell]
        if quiet.values_of(cell.source) & quiet.changed_in(other.source for other in others):
            moved = lead[position:]
            hoisted = [*(c for c in moved[1:] if quiet.defines_only(c.source)), *hoisted]
            body = [cell, *(c for c in moved[1:] if c not in hoisted), *body]
            return lead[:position], hoisted, body
    return lead, hoisted, body


def _headings_above(notebook: Notebook, body: Sequence[Cell]) -> Iterable[tuple[Heading, ...]]:
    """Yield for each cell of the body the headings since the one before it."""
    inside = {cell.id for cell in body}
    read = {c.id: read_headings(c.source) for c in notebook.cells if c.kind == "markdown"}
    highest = [heading for found in read.values() for heading in found if heading.level == 1]
    title = highest[0] if len(highest) == 1 else None  # the one of its kind is the notebook's
    waiting: list[Heading] = []
    first = True
    for cell in notebook.cells:
        if cell.kind == "markdown":
            waiting += [heading for heading in read[cell.id] if heading is not title]
        elif cell.id in inside:
            yield tuple(waiting)
            waiting, first = [], False
        elif cell.kind == "code" and first and cell.source.strip():
            waiting = []  # it is the heading of the declarations


class _Splitter:
    """Cuts, compiles, and takes back the cuts that the compiler objects to."""

    def __init__(self, plan: _Plan, removed: Mapping[str, tuple[str, ...]]) -> None:
        self.plan = plan
        self.removed = removed
        self.hoisted = set(plan.hoisted)
        self.merged: dict[str, None] = {}
        self.tags: dict[str, tuple[str, ...]] = {}
        self.after: dict[str, str] = {}
        self.last: Pipeline | None = None

    def proposal(self, only: Collection[str] | None) -> Proposal:
        """Return the proposal; with `only`, what accepting these steps alone comes to."""
        cuts, pipeline = self._settled(self._first_cuts())
        if len(cuts) < cutting.FEWEST <= len(self.plan.body) and not pipeline.errors:
            cuts, pipeline = self._finer(cuts, pipeline)
        names = self._names(cuts)
        if only is not None:
            kept = [(c, n) for c, n in zip(cuts, names, strict=True) if n in only or c == 0]
            cuts, names = [cut for cut, _ in kept], [name for _, name in kept]
        self.after = self._files_in_order(names, self._compiled(cuts, names), cuts)
        pipeline = self._compiled(cuts, names)
        if pipeline.errors:
            return Proposal(self.plan.notebook, pipeline=pipeline, problems=pipeline.problems)
        return self._told(cuts, names, pipeline)

    # cutting ---------------------------------------------------------------------------------

    def _first_cuts(self) -> list[int]:
        plan = self.plan
        cuts = cutting.cut_at_headings(plan.headings)
        if len(cuts) < cutting.FEWEST <= len(plan.body):
            flow = _CellFlow.of(plan, self.hoisted)
            cuts = cutting.cut_by_flow(cuts, flow.crossing, self._weights(), flow.allowed)
        return cutting.cut_after_slow(cuts, plan.seconds)

    def _weights(self) -> list[float]:
        seconds = self.plan.seconds
        usual = sum(seconds) / len(seconds) or 1.0
        return [time + usual for time in seconds]

    def _settled(self, cuts: list[int]) -> tuple[list[int], Pipeline]:
        """Take back cuts until the compiler has nothing to say against them."""
        while True:
            names = self._names(cuts)
            pipeline = self._compiled(cuts, names)
            back = self._taken_back(pipeline, names)
            left = [cut for i, cut in enumerate(cuts) if i not in back]
            if not back and not self._unhoist(pipeline):
                return cuts, pipeline
            cuts = left

    def _unhoist(self, pipeline: Pipeline) -> bool:
        """Leave definitions in their step that cannot be made without its data."""
        found = {p.cell for p in pipeline.errors if p.cell in self.hoisted}
        self.hoisted -= found
        return bool(found)

    def _taken_back(self, pipeline: Pipeline, names: Sequence[str]) -> set[int]:
        """Return which cuts to take back, by their position among the cuts."""
        position = {name: index for index, name in enumerate(names)}
        back: set[int] = set()
        for problem in pipeline.problems:
            if problem.severity != "error" and problem.code not in _TOGETHER:
                continue
            found = sorted(position[step] for step in problem.steps if step in position)
            if len(found) == 1:  # it is about all that follow
                found.append(found[0] + 1)
            if len(found) > 1 and found[-1] < len(names) and found[0] != found[-1]:
                back |= set(range(found[0] + 1, found[-1] + 1))
                self.merged[_sentence(problem, [names[i] for i in found])] = None
        return back

    def _finer(self, cuts: list[int], pipeline: Pipeline) -> tuple[list[int], Pipeline]:
        """Too much became one step: cut again, only where no cell minds."""
        plan = self.plan
        flow = _CellFlow.of(plan, self.hoisted)
        tried = cutting.cut_at_headings(plan.headings, flow.allowed)
        if len(tried) < cutting.FEWEST:
            tried = cutting.cut_by_flow(tried, flow.crossing, self._weights(), flow.allowed)
        found, compiled = self._settled(tried)
        return (cuts, pipeline) if len(found) <= len(cuts) else (found, compiled)

    # compiling -------------------------------------------------------------------------------

    def _compiled(self, cuts: Sequence[int], names: Sequence[str]) -> Pipeline:
        tags = self._tags(cuts, names)
        if tags != self.tags or self.last is None:
            self.tags = tags
            self.last = assemble([self._tagged()], name=self.plan.notebook.path)
        return self.last

    def _tags(self, cuts: Sequence[int], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        plan = self.plan
        tags: dict[str, tuple[str, ...]] = {cell.id: ("setup",) for cell in plan.lead}
        tags |= dict.fromkeys(plan.parameters, ("parameters",))
        tags |= dict.fromkeys(self.hoisted, ("setup",))
        for cut, name in zip(cuts, names, strict=True):
            waits = (f"after:{self.after[name]}",) if name in self.after else ()
            tags[plan.body[cut].id] = (f"step:{name}", *waits)
        return tags

    def _files_in_order(
        self, names: Sequence[str], pipeline: Pipeline, cuts: Sequence[int]
    ) -> dict[str, str]:
        """Return which step waits for which because both touch files in ways that nobody can read.

        Only the nearest one above: it waits for those above itself.
        """
        waits: dict[str, str] = {}
        last = ""
        bounds = cutting.spans(cuts, len(self.plan.body))
        for name, (begin, end) in zip(names, bounds, strict=True):
            sources = [cell.source for cell in self.plan.body[begin:end]]
            flow = pipeline.step(name).flow
            writes = files.writes(sources, known=bool(flow.writes))
            reads = files.reads(sources, known=bool(flow.reads))
            if last and (writes or reads) and last not in all_before([name], pipeline.edges):
                waits[name] = last
            last = name if writes else last
        return waits

    def _tagged(self) -> Notebook:
        cells = tuple(
            replace(cell, tags=(*cell.tags, *self.tags[cell.id])) if cell.id in self.tags else cell
            for cell in self.plan.notebook.cells
        )
        return replace(self.plan.notebook, cells=cells)

    def _names(self, cuts: Sequence[int]) -> list[str]:
        wanted = []
        for begin, end in cutting.spans(cuts, len(self.plan.body)):
            title = _title(self.plan.headings[begin])
            named = naming.name_of_title(title.title) if title else ""
            code = (cell.source for cell in self.plan.body[begin:end])
            wanted.append(named or naming.name_of_code(code))
        return naming.unique_names(wanted)

    # telling ---------------------------------------------------------------------------------

    def _told(self, cuts: Sequence[int], names: Sequence[str], pipeline: Pipeline) -> Proposal:
        plan = self.plan
        pieces = tuple(
            self._piece(name, begin, end)
            for name, (begin, end) in zip(names, cutting.spans(cuts, len(plan.body)), strict=True)
        )
        return Proposal(
            self._tagged(),
            pieces,
            tuple(self._changes(pieces)),
            tuple(self._offers(pieces)),
            tuple(self.merged),
            _side_by_side(names, pipeline),
            pipeline,
            pipeline.problems,
        )

    def _piece(self, name: str, begin: int, end: int) -> Piece:
        plan, cells = self.plan, self.plan.body[begin:end]
        title = _title(plan.headings[begin])
        if title:
            why = f"heading “{title.title}”"
        elif begin and plan.seconds[begin - 1] >= cutting.SLOW:
            why = "the cell above is slow, so its result is kept"
        else:
            why = "little goes on from above" if begin else "the first cell that computes"
        looks = tuple(cell.id for cell in cells if quiet.only_looks(cell.source))
        timed = any(cell.id in plan.known for cell in cells)
        seconds = sum(plan.seconds[begin:end]) if timed else None
        return Piece(name, tuple(cell.id for cell in cells), why, looks, seconds)

    def _offers(self, pieces: Sequence[Piece]) -> Iterable[Change]:
        """Cells that only look may stay out, unless a step begins there or a tag says more."""
        looks = {look: piece for piece in pieces for look in piece.looks if look != piece.cells[0]}
        for cell in self.plan.body:
            if cell.id in looks and read_tags(cell, self.plan.notebook.path).kind is None:
                yield Change(cell.id, cell.index, ("skip",), (), _LOOKS, looks[cell.id].name)

    def _changes(self, pieces: Sequence[Piece]) -> Iterable[Change]:
        begins = {piece.cells[0]: piece for piece in pieces}
        for cell in self.plan.notebook.cells:
            add, remove = self.tags.get(cell.id, ()), self.removed.get(cell.id, ())
            both = set(add) & set(remove)
            add = tuple(tag for tag in add if tag not in both)
            remove = tuple(tag for tag in remove if tag not in both)
            if not add and not remove:
                continue
            piece = begins.get(cell.id)
            why = piece.why if piece else self._why(cell)
            yield Change(cell.id, cell.index, add, remove, why, piece.name if piece else "")

    def _why(self, cell: Cell) -> str:
        if cell.id in self.plan.parameters:
            return "plain values that cells below use: " + ", ".join(
                quiet.literal_names(cell.source)
            )
        if cell.id in self.hoisted:
            return "only imports and definitions"
        if cell.id in self.tags:
            return "only declares and sets: every step may run it again"
        return "belongs to the step above"


@dataclass(frozen=True, slots=True)
class _CellFlow:
    """What each cell of the body needs of those above, as if each were a step of its own."""

    crossing: tuple[int, ...]
    allowed: frozenset[int]

    @classmethod
    def of(cls, plan: _Plan, hoisted: Collection[str]) -> _CellFlow:
        """Read it."""
        position = {f"cell-{i}": i for i, _ in enumerate(plan.body)}
        names = {cell.id: f"cell-{i}" for i, cell in enumerate(plan.body)}
        setup = {cell.id for cell in plan.lead} | set(hoisted)
        blocks = [
            Block(cell, "step", names[cell.id]) if cell.id in names else Block(cell, "setup")
            for cell in plan.notebook.cells
            if cell.id in names or cell.id in setup
        ]
        flow = read_flow(blocks)
        count = len(plan.body)
        crossing, forbidden = [0] * (count + 1), set[int]()
        for step in flow.steps:
            for need in step.needs:
                begin = position.get(need.giver or "", position[step.step])
                for boundary in range(begin + 1, position[step.step] + 1):
                    crossing[boundary] += 1
        for problem in flow.problems:
            found = sorted(position[name] for name in problem.steps if name in position)
            if len(found) == 1:
                found.append(count - 1)
            if len(found) > 1:
                forbidden |= set(range(found[0] + 1, found[-1] + 1))
        return cls(tuple(crossing), frozenset(range(1, count)) - forbidden)


def _title(headings: Sequence[Heading]) -> Heading | None:
    """The heading that a step is named after: the last of the highest level above its cell."""
    if not headings:
        return None
    level = min(heading.level for heading in headings)
    return [heading for heading in headings if heading.level == level][-1]


def _sentence(problem: Problem, steps: Sequence[str]) -> str:
    first, last = steps[0], steps[-1]
    return f"{first} and {last} are kept in one step: {problem.message}"


def _side_by_side(names: Sequence[str], pipeline: Pipeline) -> tuple[tuple[str, ...], ...]:
    """Groups of steps of which none waits for another, however far."""
    before = {name: all_before([name], pipeline.edges) for name in names}
    groups: list[tuple[str, ...]] = []
    depth: dict[str, int] = {}
    for name in names:
        depth[name] = 1 + max((depth[other] for other in before[name] if other in depth), default=0)
    for level in sorted(set(depth.values())):
        group = tuple(name for name in names if depth[name] == level)
        if len(group) > 1:
            groups.append(group)
    return tuple(groups)
