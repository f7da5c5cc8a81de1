"""Turns a finished walk through a notebook into the flow of its steps."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from nbpipe.compile.cures import without_del
from nbpipe.compile.dataflow import reports
from nbpipe.compile.dataflow.tracing import Trace
from nbpipe.compile.flow import Block, Flow, Need, Snippet, StepFlow
from nbpipe.compile.notebook import Cell
from nbpipe.compile.reading import mutations as known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbpipe.compile.dataflow.versions import StepState, Unit
    from nbpipe.compile.flow import Role, Site

KEPT_FLOWS = 2048
LARGE = 64
"""Cells of a notebook whose flow is not kept: it is large, and changes with every edit."""

_ALWAYS = ("import", "definition", "setting")


def read_flow(
    blocks: Sequence[Block],
    *,
    bound: Mapping[str, frozenset[str]] | None = None,
    keep: Mapping[str, frozenset[str]] | None = None,
) -> Flow:
    """Read the dataflow between the steps of one notebook.

    Parameters
    ----------
    blocks
        Its code cells in notebook order, skipped ones left out.
    bound
        Step → names that the step is handed (its ``foreach`` variables): not needs.
    keep
        Step → names that other notebooks take from it: given even if no step here needs them.
    """
    asked = tuple([_Code(b.cell.id, b.cell.index, b.cell.source, b.role, b.step) for b in blocks])
    names = tuple((bound or {}).items()), tuple((keep or {}).items())
    return _trace_anew(asked, *names) if len(asked) > LARGE else _trace(asked, *names)


class _Code(NamedTuple):
    """All that the flow depends on in a block, to be compared."""

    cell: str
    position: int
    source: str
    role: Role
    step: str


def _trace_anew(
    asked: tuple[_Code, ...],
    bound: tuple[tuple[str, frozenset[str]], ...],
    keep: tuple[tuple[str, frozenset[str]], ...],
) -> Flow:
    blocks = [
        Block(Cell(code.cell, "code", code.source, index=code.position), code.role, code.step)
        for code in asked
    ]
    trace = Trace(dict(bound))
    trace.run(blocks)
    flow = _Finish(trace, blocks, dict(keep)).flow()
    trace.end()
    return flow


_trace = lru_cache(maxsize=KEPT_FLOWS)(_trace_anew)


class _Finish:
    def __init__(
        self, trace: Trace, blocks: Sequence[Block], keep: Mapping[str, frozenset[str]]
    ) -> None:
        self.trace = trace
        self.blocks = blocks
        self.keep = keep
        self.cells = {block.cell.id: block.cell for block in blocks}
        self.indices = {block.cell.id: block.cell.index for block in blocks}
        self.snippets: dict[tuple[int, bool], Snippet] = {}
        self.problems = list(trace.problems)

    def flow(self) -> Flow:
        """Return everything found."""
        trace = self.trace
        self._ask_all()
        self._missing()
        self._cycles()
        self._unstorable()
        needs = [self._needs(state) for state in trace.steps.values()]
        steps = tuple(map(self._step, trace.steps.values(), needs))
        return Flow(steps, trace.defaults, frozenset(trace.seeded), tuple(self.problems))

    def _place(self, site: Site) -> reports.Place:
        return reports.Place(site.cell, self.indices.get(site.cell), site.line)

    def _ask_all(self) -> None:
        """An opaque step may read anything above it; other notebooks may take what is kept."""
        trace = self.trace
        for name, names in self.keep.items():
            state = trace.steps.get(name)
            if state is not None:
                state.given |= names & state.own.keys()
        opaque = [state for state in trace.steps.values() if state.opaque]
        if not opaque:
            return
        last = max(state.last for state in opaque)
        for name, version in trace.env.items():
            giver = trace.steps.get(version.giver)
            if giver is None or giver.last >= last or version.kind != "data" or version.unstorable:
                continue
            if any(state is not giver and state.last > giver.last for state in opaque):
                trace.ask(name, version)

    def _missing(self) -> None:
        """Names that nothing above gives: given below, deleted, given unseen, or by nobody here."""
        order = list(self.trace.steps)
        for position, step in enumerate(order):
            state = self.trace.steps[step]
            for name, (site, sure, opaque) in state.missing.items():
                if name in state.needs or not sure or name in known.BUILTINS:
                    continue
                later = next((s for s in order[position:] if name in self.trace.steps[s].own), "")
                version = self.trace.env.get(name)
                if version is not None and version.kind == "gone":
                    giver = version.giver
                    fix = without_del(self.cells[version.site.cell], name)
                    at = self._place(site)
                    self.problems.append(reports.deleted(name, step, giver, at, fix))
                elif later and not opaque:
                    self.problems.append(reports.used_before(name, step, later, self._place(site)))

    # cycles -----------------------------------------------------------------------------------

    def _cycles(self) -> None:
        trace = self.trace
        if not any(len(state.cells) > 1 for state in trace.steps.values()):
            return
        givers = {
            name: {taken.version.giver for taken in state.needs.values()} & trace.steps.keys()
            for name, state in trace.steps.items()
        }
        reported: set[str] = {p.code for p in self.problems if p.code == "cycle"}
        for name in trace.steps:
            loop = _loop(name, givers)
            if loop and not reported:
                state = trace.steps[name]
                taken = {n: t for n, t in state.needs.items() if t.version.giver in loop}
                site = next(iter(taken.values())).read
                names = ", ".join(sorted(taken))
                self.problems.append(reports.cycle(loop, names, self._place(site)))
                return

    # unstorable -------------------------------------------------------------------------------

    def _unstorable(self) -> None:
        found: dict[tuple[str, str], tuple[str, Site, list[str]]] = {}
        for step, state in self.trace.steps.items():
            for name, taken in state.needs.items():
                version = taken.version
                if version.unstorable and version.giver in self.trace.steps:
                    entry = found.setdefault(
                        (name, version.giver), (version.unstorable, version.site, [])
                    )
                    entry[2].append(step)
        for (name, giver), (what, site, readers) in found.items():
            at = self._place(site)
            steps = tuple(dict.fromkeys(readers))
            self.problems.append(reports.unstorable(name, what, giver, steps, at))

    # one step ---------------------------------------------------------------------------------

    def _step(self, state: StepState, needs: tuple[Need, ...]) -> StepFlow:
        replay = self._replay(state)
        gives = tuple(sorted(state.given))
        modules = set(state.modules)
        for snippet, unit in replay:
            if snippet.used:
                modules |= unit.modules
        return StepFlow(
            state.name,
            needs,
            gives,
            {name: site for name, site in sorted(state.own.items()) if self._can_give(state, name)},
            tuple(snippet for snippet, _ in replay),
            frozenset(state.parameters),
            self._together(state, gives),
            _distinct(state.reads),
            _distinct(state.writes),
            frozenset(state.draws),
            frozenset(state.seeds),
            frozenset(state.seeds_first),
            frozenset(modules),
            state.opaque,
            state.after_drawing,
        )

    def _can_give(self, state: StepState, name: str) -> bool:
        version = self.trace.env.get(name)
        if version is None or version.giver != state.name:
            return not (version is not None and version.kind == "import")
        return version.kind not in ("import", "gone") and not version.unstorable

    def _needs(self, state: StepState) -> tuple[Need, ...]:
        needs: dict[str, Need] = {}
        for name, (site, sure, opaque) in state.missing.items():
            giver = opaque if opaque and opaque != state.name else None
            if giver:
                self.trace.steps[giver].given.add(name)
            version = self.trace.env.get(name)
            if version is not None and version.kind == "gone" and name in known.BUILTINS:
                continue
            needs[name] = Need(name, giver, site, None, sure and not opaque)
        for name, taken in state.needs.items():
            version = taken.version
            certain = taken.sure and version.sure
            needs[name] = Need(name, version.giver, taken.read, version.site, certain)
        return tuple(needs[name] for name in sorted(needs))

    def _together(self, state: StepState, gives: tuple[str, ...]) -> tuple[frozenset[str], ...]:
        names = set(gives) | set(state.needs)
        found: list[frozenset[str]] = []
        for group in {id(group): group for group in state.groups}.values():
            if group.loose and not group.stirred and not self._stirred_later(group.names):
                continue
            shared = frozenset(group.names & names)
            if len(shared) > 1 and shared not in found:
                found.append(shared)
        return tuple(f for f in found if not any(f < other for other in found))

    def _stirred_later(self, names: set[str]) -> bool:
        return any(
            group.stirred and len(group.names & names) > 1
            for state in self.trace.steps.values()
            for group in state.groups
        )

    # replay -----------------------------------------------------------------------------------

    def _replay(self, state: StepState) -> list[tuple[Snippet, Unit]]:
        chosen: list[tuple[Snippet, Unit]] = []
        used = set(state.used)
        for unit in self.trace.units:
            if unit.block > state.last:
                break
            if unit.owner == state.name:
                continue
            if unit.always and unit.number not in used:
                self._use(used, state, unit)
        for unit in self.trace.units:
            if unit.block > state.last:
                break
            if unit.owner == state.name:
                continue
            always = unit.kind in _ALWAYS and not (unit.dropped and unit.kind != "setting")
            if always or unit.number in used:
                chosen.append((self._snippet(unit, unit.number in used), unit))
        return self._with_needed(state, chosen)

    def _use(self, used: set[int], state: StepState, unit: Unit) -> None:
        queue = [unit.number]
        while queue:
            number = queue.pop()
            if number not in used:
                used.add(number)
                state.parameters |= self.trace.units[number].parameters
                queue.extend(self.trace.units[number].deps)

    def _with_needed(
        self, state: StepState, chosen: list[tuple[Snippet, Unit]]
    ) -> list[tuple[Snippet, Unit]]:
        """Add what is needed by what is replayed.

        These are constants of definitions replayed only to be safe, and imports of the step's own
        first cells where setup code stands between its cells.
        """
        numbers = {unit.number for _, unit in chosen}
        queue = [number for _, unit in chosen for number in unit.deps]
        extra: set[int] = set()
        while queue:
            number = queue.pop()
            if number not in numbers:
                numbers.add(number)
                extra.add(number)
                queue.extend(self.trace.units[number].deps)
        if not extra:
            return chosen
        units = [self.trace.units[number] for number in extra]
        added = [(self._snippet(u, False), u) for u in units if self._is_needed_first(state, u)]
        return sorted(chosen + added, key=lambda pair: pair[1].number)

    def _is_needed_first(self, state: StepState, unit: Unit) -> bool:
        return unit.owner != state.name or unit.kind in ("import", "definition")

    def _snippet(self, unit: Unit, used: bool) -> Snippet:
        key = (unit.number, used)
        snippet = self.snippets.get(key)
        if snippet is None:
            snippet = Snippet(unit.site, unit.source, unit.kind, unit.binds, used)
            self.snippets[key] = snippet
        return snippet


def _loop(start: str, givers: Mapping[str, set[str]]) -> list[str]:
    """Return the steps on a way from a step back to itself; empty where there is none."""
    came: dict[str, str] = {}
    queue = [start]
    while queue:
        step = queue.pop()
        for giver in sorted(givers[step]):
            if giver == start:
                loop = [step]
                while loop[-1] != start:
                    loop.append(came[loop[-1]])
                return loop[::-1]
            if giver not in came:
                came[giver] = step
                queue.append(giver)
    return []


def _distinct(uses: list) -> tuple:  # type: ignore[type-arg]
    return tuple({use.path: use for use in reversed(uses)}.values())[::-1]
