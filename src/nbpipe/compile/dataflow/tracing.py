"""The walk through a notebook, statement by statement, that finds who needs what from whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbpipe.compile.cures import value_instead
from nbpipe.compile.dataflow import reports
from nbpipe.compile.dataflow.versions import StepState, Unit, Version
from nbpipe.compile.reading import mutations as known
from nbpipe.compile.reading.facts import PLAIN
from nbpipe.compile.reading.names import read_cell, read_literals
from nbpipe.errors import Fix

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbpipe.compile.flow import Block, SnippetKind
    from nbpipe.compile.reading.facts import Fault, Statement

from nbpipe.compile.dataflow.ownership import Ownership, remade, union, what_of

_REPLAYED = frozenset({"import", "definition", "constant", "parameter"})


class Trace(Ownership):
    """The walk over all blocks."""

    # the walk --------------------------------------------------------------------------

    def run(self, blocks: Sequence[Block]) -> None:
        """Read all blocks in notebook order."""
        read = [read_cell(block.cell.source) for block in blocks]
        for position, (block, facts) in enumerate(zip(blocks, read, strict=True)):
            self.block, self.cell, self.index = position, block.cell.id, block.cell.index
            self.state = self._state_of(block)
            if facts.fault is not None:
                self._fault(facts.fault)
                continue
            self.lines, self.sites = [], {}
            self.state.figure = False
            if block.role == "parameters":
                self._parameters(facts.statements, block)
            else:
                act = self._setup if block.role == "setup" else self._step
                for statement in facts.statements:
                    act(statement, block)
            self.state.shown = self.state.shown or facts.shows

    def _state_of(self, block: Block) -> StepState:
        if block.role != "step":
            return self.setup
        state = self.steps.get(block.step)
        if state is None:
            state = StepState(block.step, handed=self.bound.get(block.step, frozenset()))
            self.effects.outside.begin(state)
            self.steps[block.step] = state
        state.last = self.block
        state.cells.append(self.cell)
        return state

    def _fault(self, fault: Fault) -> None:
        self.problems.append(reports.fault(fault, self.here(fault.line)))

    # parameters --------------------------------------------------------------------------

    def _parameters(self, statements: Iterable[Statement], block: Block) -> None:
        values = read_literals(block.cell.source)
        for statement, value in zip(statements, values, strict=True):
            literal = statement.kind == "assign" and not statement.changes and not statement.maybe
            if literal and value is not None:
                for name in statement.binds:
                    self._default(name, value[0], statement)
            elif not statement.pure:
                at = self.here(statement.line)
                fix = value_instead(block.cell, statement.line)
                if fix is None and not any(values):  # it gives no parameter at all
                    fix = Fix(at.cell, ("setup",), ("parameters", "pipeline-parameters"))
                self.problems.append(reports.parameter(statement, at, fix))
                self._setup(statement, block)

    def _default(self, name: str, value: object, statement: Statement) -> None:
        self.defaults[name] = value
        text = value if isinstance(value, str) else None
        facts = statement.values.get(name, PLAIN)
        site = self.site(statement.binds[name])
        self.env[name] = Version(
            "", "parameter", site, text=text, what=what_of(facts.kind), value=facts
        )

    # setup -------------------------------------------------------------------------------

    def _setup(self, statement: Statement, block: Block) -> None:
        self.setup = self.state = state = StepState("")
        kind = self._setup_kind(statement)
        self._read(statement)
        self.effects.before(statement)
        changed = self._changed_names(statement)
        if statement.wipes:
            self._wipe(statement)
        if (kind is None or statement.wipes) and not changed:
            self.effects.uses(statement.uses, statement.line)
            self.seeded |= state.seeds
            return
        unit = self._unit(statement, kind or "constant", block, changed)
        unit.always = kind == "setting" or bool(self.effects.settings(statement)[0])
        unit.deps |= state.used
        unit.parameters |= state.parameters
        self._setup_needs(state, statement)
        self._bind(statement, unit)
        for change in statement.changes:
            self._setup_change(change.name, unit)
        for name in changed:
            self._setup_change(name, unit)
        self._inner(statement)
        self.effects.uses(statement.uses, statement.line)
        self.seeded |= state.seeds
        unit.deps |= state.used - {unit.number}
        unit.parameters |= state.parameters

    def _setup_kind(self, statement: Statement) -> SnippetKind | None:
        if statement.kind == "import" or statement.star:
            return "import"
        if statement.kind == "definition":
            return "definition"
        if statement.binds or statement.maybe:
            return "constant"
        if statement.gone or statement.maybe_gone:
            return "constant"
        if statement.pure or self._changes_data(statement):
            return "constant" if self._changes_data(statement) else None
        return "setting"

    def _changes_data(self, statement: Statement) -> bool:
        return any(
            change.name in self.env and self.env[change.name].kind != "import"
            for change in statement.changes
        )

    def _changed_names(self, statement: Statement) -> set[str]:
        """Names of data that a setup statement changes in place, also through calls."""
        names = {change.name for change in statement.changes}
        names |= set(self.effects.changed_by_calls(statement))
        return {
            name
            for name in names
            if name in self.env and self.env[name].kind != "import" and name not in statement.binds
        }

    def _setup_change(self, name: str, unit: Unit) -> None:
        for member in self._members(name):
            old = self.env.get(member)
            if old is None or old.kind not in ("constant", "definition", "parameter"):
                continue
            if unit.number not in old.units:
                kind = "constant" if old.kind == "parameter" else old.kind
                self.env[member] = remade(old, "", kind, old.site)
                self.env[member].units = (*old.units, unit.number)
                if old.kind == "parameter":
                    unit.parameters.add(member)
                unit.deps |= set(old.units)

    def _setup_needs(self, state: StepState, statement: Statement) -> None:
        for name, taken in state.needs.items():
            self.problems.append(
                reports.setup_needs(name, taken.version.giver, self.here(statement.line))
            )
        state.needs.clear()

    def _unit(
        self, statement: Statement, kind: SnippetKind, block: Block, changed: Iterable[str] = ()
    ) -> Unit:
        if not self.lines:
            self.lines = block.cell.source.split("\n")
        source = "\n".join(self.lines[statement.line - 1 : statement.end])
        binds = (*statement.binds, *statement.maybe)
        names = tuple(sorted({*binds, *changed}))
        unit = Unit(
            len(self.units), self.state.name, self.block, self.site(statement.line), statement.end,
            kind, names, source, statement.modules,
        )  # fmt: skip
        self.units.append(unit)
        if statement.star or (statement.opaque and block.role == "setup"):
            self.star = (*self.star, unit.number)  # it may give any name
        return unit

    # steps -------------------------------------------------------------------------------

    def _step(self, statement: Statement, block: Block) -> None:
        state = self.state
        if statement.opaque and not state.opaque:
            state.opaque = statement.opaque
            self.opaque_step = state.name
        if statement.modules:
            state.modules |= statement.modules
            for name in statement.modules:
                self.effects.outside.module(name, statement.line)
        unit = self._step_unit(statement, block)
        self._read(statement)
        if statement.calls or self.effects.watched:
            self.effects.before(statement)
        for change in statement.changes:
            if change.name in statement.reads:
                self.change(change)
        self._bind(statement, unit)
        for change in statement.changes:
            if change.name in statement.inner or change.name not in statement.reads:
                self.change(change)
        if statement.inner:
            self._inner(statement)
        if statement.uses:
            self.effects.uses(statement.uses, statement.line)

    def _step_unit(self, statement: Statement, block: Block) -> Unit | None:
        """Return the unit that replays an import, a definition or a setting in later steps."""
        kind = statement.kind
        if kind == "import" or statement.star:
            return self._unit(statement, "import", block)
        if kind == "definition" or (statement.origin and self.effects.holder(statement)):
            deps = self._stands_alone(statement)
            if deps is None:
                return None
            unit = self._unit(statement, "definition", block)
            unit.deps, unit.parameters = deps
            return unit
        if statement.effect or statement.sets:
            self._setting(statement, block)
        return None

    def _setting(self, statement: Statement, block: Block) -> None:
        """Replay a statement that sets something, or say that it cannot be."""
        found, alone = self.effects.settings(statement)
        if not found:
            return
        deps = self._stands_alone(statement) if alone else None
        if deps is None:
            at = self.here(statement.line)
            self._once(
                reports.hidden_setting(found, self.state.name, alone, at), str(statement.line)
            )
            return
        unit = self._unit(statement, "setting", block)
        unit.binds, unit.always = (), True
        unit.deps, unit.parameters = deps

    def _stands_alone(self, statement: Statement) -> tuple[set[int], set[str]] | None:
        """Return the units and parameters a statement needs, or None where it needs data."""
        trial = StepState("")
        state, self.state = self.state, trial
        names = [*statement.reads, *self.effects.called_free(statement)]
        for name in names:
            version = self.env.get(name)
            if version is None or name in state.handed:
                if name in state.handed or (version is None and not self._resolves(name)):
                    self.state = state
                    return None
                continue
            if version.kind not in _REPLAYED or (version.kind == "parameter" and name in state.own):
                self.state = state
                return None
            self.use(trial, name, version)
        self.state = state
        if self.effects.changed_by_calls(statement) or self.effects.rebound_by_calls(statement):
            return None
        return trial.used, trial.parameters

    def _resolves(self, name: str) -> bool:
        return name in known.BUILTINS or name in known.GIVEN or bool(self.star)

    # binding -----------------------------------------------------------------------------

    def _bind(self, statement: Statement, unit: Unit | None) -> None:
        for name, line in statement.binds.items():
            self._bind_name(name, line, statement, unit, True)
        for name, line in statement.maybe.items():
            self._bind_name(name, line, statement, unit, False)
        for name in statement.gone:
            self._leave(name)
            self.env[name] = Version(self.state.name, "gone", self.site(statement.line))
            self.state.own.pop(name, None)
        if statement.wipes:
            self._wipe(statement)
        if statement.maybe_gone:
            self._maybe_delete(statement)
        for name, held in statement.links:
            self._link(name, held)
        for name, function in statement.put:
            if name in self.env:
                version = self.env[name]
                version.carries = union(version.carries, (function,))

    def _wipe(self, statement: Statement) -> None:
        """``%reset`` deletes names, also those of setup code: nothing below has them."""
        try:
            wiped = re.compile(statement.wipes)
        except re.error:
            return
        for name in [name for name in self.env if wiped.search(name)]:
            self._leave(name)
            self.env[name] = Version(self.state.name, "gone", self.site(statement.line))
            self.state.own.pop(name, None)
        for unit in self.units:
            unit.dropped = unit.dropped or all(map(wiped.search, unit.binds))

    def _maybe_delete(self, statement: Statement) -> None:
        for name in statement.maybe_gone:
            if name in self.env and name not in statement.binds:
                old = self.env[name]
                gone = Version(self.state.name, "data", self.site(statement.line), False, old)
                if old.kind != "gone" and self.state.name:
                    self.env[name] = gone if old.kind == "data" else old

    def _bind_name(
        self, name: str, line: int, statement: Statement, unit: Unit | None, sure: bool
    ) -> None:
        state = self.state
        value = statement.values.get(name, PLAIN)
        old = self.env.get(name)
        site = self.site(line)
        version = self.effects.version(value, statement.summaries.get(name, ()), site)
        version.giver = state.name
        if statement.imports:
            version.dotted = statement.imports.get(name, "")
        if unit is not None:
            self._made_by(version, name in statement.imports, unit)
            self._join_units(version, old, unit, sure)
        if not sure and old is not None and old.kind != "gone":
            version.sure, version.older = False, old
            version.carries += old.carries
            version.instances += old.instances
            version.text = None
        elif not sure:
            version.sure = False
        if statement.origin:
            version.holder = self.effects.holder(statement)
        self.env[name] = version
        if state.name:
            state.own[name] = site
        self._regroup(name, value, version)
        self.effects.rebound(name, old, version)

    def _made_by(self, version: Version, imported: bool, unit: Unit) -> None:
        """The version can be made again by running its statement."""
        if unit.kind in ("import", "definition", "constant"):
            version.kind = unit.kind
            version.units = (unit.number,)
        if version.kind == "import" and not imported:
            version.kind = "definition"

    def _join_units(self, version: Version, old: Version | None, unit: Unit, sure: bool) -> None:
        """A submodule import adds to the module; setup code that may bind keeps what was."""
        if old is None:
            return
        both_imports = version.kind == "import" and old.kind == "import"
        if (both_imports and version.dotted == old.dotted) or (
            not sure and version.kind == "constant"
        ):
            version.units = (*old.units, *version.units)
            unit.deps |= set(old.units)
