"""Who has which version of a name: reading it, sharing it, changing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.compile.dataflow import reports
from nbpipe.compile.dataflow.effects import Effects
from nbpipe.compile.dataflow.ties import hold_copy, hold_together
from nbpipe.compile.dataflow.versions import Group, StepState, Taken, Version
from nbpipe.compile.flow import Site
from nbpipe.compile.reading import mutations as known
from nbpipe.compile.reading.facts import IMMUTABLE, NOTHING, PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbpipe.compile.dataflow.versions import Unit
    from nbpipe.compile.reading.facts import Change, Names, Statement, Summary, Value
    from nbpipe.errors import Problem

_OWN = frozenset({"data", "import", "definition"})
_CONTAINERS = frozenset({"list", "dict", "set", "tuple", "defaultdict"})


class Ownership:
    """The state of the walk.

    Attributes
    ----------
    env
        Name → what it stands for now.
    steps
        Step → what it has done so far.
    units
        Statements that can be replayed, in notebook order.
    """

    def __init__(self, bound: Mapping[str, frozenset[str]]) -> None:
        self.env: dict[str, Version] = {}
        self.groups: dict[str, Group] = {}
        self.steps: dict[str, StepState] = {}
        self.units: list[Unit] = []
        self.defaults: dict[str, object] = {}
        self.seeded: set[str] = set()
        self.star: tuple[int, ...] = ()
        self.opaque_step = ""
        self.problems: list[Problem] = []
        self.bound = bound
        self.setup = StepState("")
        self.state = self.setup
        self.block = 0
        self.cell = ""
        self.index = 0
        self.lines: list[str] = []
        self.sites: dict[int, Site] = {}
        self.reported: set[tuple[str, ...]] = set()
        self.effects = Effects(self)

    def end(self) -> None:
        """Let go: the walk and its effects hold each other, and nobody may look for cycles soon."""
        vars(self.effects).clear()

    def site(self, line: int) -> Site:
        """Return a line of the cell at hand."""
        site = self.sites.get(line)
        if site is None:
            self.sites[line] = site = Site(self.cell, line)
        return site

    def here(self, line: int | None) -> reports.Place:
        """Return where a fault in the cell at hand is."""
        return reports.Place(self.cell, self.index, line)

    def place(self, site: Site) -> reports.Place:
        """Return where a fault is that the cell at hand shows."""
        return reports.Place(site.cell, self.index, site.line)

    # reading -----------------------------------------------------------------------------

    def _read(self, statement: Statement) -> None:
        doubts, env = statement.doubts, self.env
        own = self.state.name or None
        for name, line in statement.reads.items():
            version = env.get(name)
            if version is None:
                if name not in known.BUILTINS and name not in known.GIVEN:
                    self.unknown(name, self.site(line), name not in doubts)
                continue
            if not (version.sure and version.giver == own and version.kind in _OWN):
                self.take(name, version, self.site(line), name not in doubts)
            if version.carries or version.instances:
                self.effects.charge(statement, name, version, line)
        if statement.peeks:
            self._peek(statement)
        for text in statement.words:
            self.effects.words(text)

    def _peek(self, statement: Statement) -> None:
        for name, line in statement.peeks.items():
            version = self.env.get(name)
            if version is not None and name not in statement.binds and self._is_certain(version):
                self.take(name, version, self.site(line), False)

    def _is_certain(self, version: Version) -> bool:
        return version.kind != "gone" and (version.sure or version.older is None)

    def _inner(self, statement: Statement) -> None:
        """Charge the calls of what a compound statement itself bound."""
        if not statement.inner:
            return
        for name, line in statement.inner.items():
            version = self.env.get(name)
            if version is not None and (version.carries or version.instances):
                self.effects.charge(statement, name, version, line)
        self.effects.inner_calls(statement)

    def unknown(self, name: str, site: Site, sure: bool) -> None:
        """Record a read of a name that nothing above has bound."""
        state = self.state
        if name in state.handed or name.startswith("__nbpipe"):
            return
        if known.SESSION.match(name):
            if not (name == "_" and state.shown) and sure:
                above = self._step_above(state.name) if name == "_" else ""
                self._once(reports.session(name, above, state.name, self.here(site.line)), name)
            return
        if self.star:
            self._mark(state, self.star)
            for number in self.star:
                unit = self.units[number]
                unit.binds = tuple(sorted({*unit.binds, name}))
            return
        if name not in state.missing or (sure and not state.missing[name][1]):
            state.missing[name] = (site, sure, self.opaque_step)

    def _once(self, problem: Problem, *key: str) -> None:
        mark = (problem.code, self.state.name, *key)
        if mark not in self.reported:
            self.reported.add(mark)
            self.problems.append(problem)

    def take(self, name: str, version: Version, site: Site, sure: bool) -> None:
        """Record that the step or setup code at hand uses a version of a name."""
        state = self.state
        if name in state.handed and name not in state.own:
            return
        if version.kind == "gone":
            if sure:
                self.unknown(name, site, sure)
            elif version.older is not None:
                self.take(name, version.older, site, sure)
            return
        if state.name and version.giver == state.name and version.kind in _OWN:
            if not version.sure and version.older is not None:
                self._take_older(name, version.older, site)
            return
        if version.kind == "data":
            self._need(name, version, site, sure)
        else:
            self._contradiction(name, version, site)
            self.use(state, name, version)
            if not version.sure and version.older is not None and version.older is not version:
                self.take(name, version.older, site, False)

    def use(self, state: StepState, name: str, version: Version) -> None:
        """Mark the code that makes a version as used."""
        if version.kind == "parameter":
            state.parameters.add(name)
        self._mark(state, version.units)

    def _mark(self, state: StepState, units: Iterable[int]) -> None:
        queue = [number for number in units if number not in state.used]
        while queue:
            number = queue.pop()
            if number in state.used:
                continue
            state.used.add(number)
            unit = self.units[number]
            state.parameters |= unit.parameters
            queue.extend(unit.deps - state.used)

    def _need(self, name: str, version: Version, site: Site, sure: bool) -> None:
        state = self.state
        old = state.needs.get(name)
        if old is not None and old.version is version:
            old.sure = old.sure or sure
            return
        if state.name:
            self._contradiction(name, version, site)
        state.needs[name] = Taken(version, site, sure)
        version.read = True
        group = self.groups.get(name)
        if group is not None:
            state.groups.append(group)
            giver = self.steps.get(version.giver)
            if giver is not None:
                giver.groups.append(group)
        self.ask(name, version)

    def _step_above(self, step: str) -> str:
        names = list(self.steps)
        position = names.index(step) if step in names else 0
        return names[position - 1] if position else ""

    def ask(self, name: str, version: Version) -> None:
        """A version will be given: where it may be the older one, its giver needs that."""
        if version.asked:
            return
        version.asked = True
        for carried in (*version.carries, *version.instances):
            current = self.env.get(carried.name)
            if current is not None and current.kind == "definition":
                self._mark(self.state, current.units)
        giver = self.steps.get(version.giver)
        if giver is None:
            return
        giver.given.add(name)
        if not version.sure and version.older is not None:
            state, self.state = self.state, giver
            self._take_older(name, version.older, version.site)
            self.state = state

    def _take_older(self, name: str, older: Version, site: Site) -> None:
        """Take what was there before the step at hand may have bound the name itself."""
        own = self.state.own.pop(name, None)
        self.take(name, older, site, False)
        if own is not None:
            self.state.own[name] = own

    def _contradiction(self, name: str, version: Version, site: Site) -> None:
        """A step whose cells stand around other steps cannot see a name in two states."""
        state = self.state
        if not state.name or len(state.cells) < 2:
            return
        old = state.needs.get(name)
        if (old is not None and old.version is not version) or name in state.own:
            if version.kind in ("import", "definition") and name not in state.own:
                return
            found = reports.two_states(name, state.name, version.giver, self.place(site))
            self._once(found, name, "cycle")

    # sharing ---------------------------------------------------------------------------

    def _regroup(self, name: str, value: Value, version: Version) -> None:
        """Tie a freshly bound name to those it may share objects with."""
        if name in self.groups:
            self._leave(name)
        if value is PLAIN or value is IMMUTABLE:
            return
        if version.what == "immutable" or version.kind in ("import", "definition"):
            return
        same = [n for n in value.same if n != name and self._shares(n)]
        part = [
            n for n in value.part if n != name and self._shares(n) and self._shares_parts(n, value)
        ]
        part += [n for n in version.shares if n not in (name, *part) and self._shares(n)]
        twins = self.effects.twins(name, value) if value.made else []
        if not same and not part and not twins:
            return
        group = Group({name}, self.state.name, loose=bool(part))
        for other in (*same, *part, *twins):
            self._merge(group, other)
        for base in value.view:
            if base != name and self._shares(base):
                group.views.setdefault(name, set()).add(base)
        group.ties.append((self.state.name, frozenset(group.names)))
        for member in group.names:
            self.groups[member] = group

    def _merge(self, group: Group, other: str) -> None:
        joined = self.groups.get(other)
        if joined is None:
            group.names.add(other)
            return
        group.names |= joined.names
        group.loose = group.loose or joined.loose
        group.stirred = group.stirred or joined.stirred
        group.ties += [tie for tie in joined.ties if tie not in group.ties]
        for name, bases in joined.views.items():
            group.views.setdefault(name, set()).update(bases)

    def _shares(self, name: str) -> bool:
        version = self.env.get(name)
        return (
            version is not None
            and version.kind in ("data", "constant", "parameter")
            and version.what not in ("immutable", "range")
        )

    def _shares_parts(self, name: str, value: Value) -> bool:
        what = self.env[name].what
        return not (name in value.view and what in ("list", "tuple", "immutable"))

    def _link(self, name: str, held: Iterable[str]) -> None:
        version = self.env.get(name)
        if version is None:
            return
        for other in held:
            inner = self.env.get(other)
            if inner is None:
                continue
            version.carries = union(version.carries, inner.carries)
            version.instances = union(version.instances, inner.instances)
            version.unstorable = version.unstorable or inner.unstorable
            holder = version.what in ("list", "dict", "set", "defaultdict") or version.instances
            mutable = bool(inner.instances) or other in self.groups
            mutable = mutable or inner.what in ("list", "dict", "set", "defaultdict")
            if holder and mutable and other != name and self._shares(other):
                group = Group({name}, self.state.name, loose=True)
                self._merge(group, name)
                self._merge(group, other)
                group.ties.append((self.state.name, frozenset(group.names)))
                for member in group.names:
                    self.groups[member] = group

    def _leave(self, name: str) -> None:
        group = self.groups.pop(name, None)
        if group is None:
            return
        rest = group.names - {name}
        if len(rest) < 2:
            for other in rest:
                self.groups.pop(other, None)
            return
        views = {n: bases for n, bases in group.views.items() if n != name}
        left = Group(rest, group.step, group.loose, group.stirred, views, group.ties)
        for other in rest:
            self.groups[other] = left

    def _members(self, name: str) -> list[str]:
        group = self.groups.get(name)
        return [name] if group is None else sorted(group.names, key=lambda n: (n != name, n))

    # changing ----------------------------------------------------------------------------

    def change(self, change: Change) -> None:
        """Record that a step changes an object in place."""
        version = self.env.get(change.name)
        if version is None or not self.effects.counts(change, version):
            return
        site = self.site(change.line)
        held = version.value.holds | version.value.view if change.deep else NOTHING
        sources = self._sources(version, held) if held else ()
        for source in sources:
            hold_copy(self, change.name, source)
        self.change_name(change.name, site)
        for source in sources:
            self.change_name(source, site, False)

    def _sources(self, copy: Version, held: Names) -> tuple[str, ...]:
        """Return the containers whose elements are those of a copy."""
        if any((made.attrs or (made.root,))[-1] == "deepcopy" for made in copy.value.made):
            return ()
        found = [(name, self.env.get(name)) for name in sorted(held)]
        return tuple(
            name
            for name, source in found
            if source is not None and source.what in _CONTAINERS and source.kind == "data"
        )

    def change_name(self, name: str, site: Site, sure: bool = True) -> None:
        """Record that a step changes the object of a name, and with it all that share it."""
        version = self.env.get(name)
        if version is None or version.kind in ("gone", "import") or version.holder:
            return
        if version.unstorable and version.kind == "constant":
            self.effects.touched(name, version, site)
            return
        state = self.state
        if not state.name:
            return
        together = [m for m in self._members(name) if not self._apart(name, m)]
        hold_together(self, name, together)
        for member in together:
            old = self.env.get(member)
            if old is None or old.kind in ("gone", "import"):
                continue
            mine = old.giver == state.name and old.kind == "data" and not old.read
            if mine:
                old.site = site
                old.text = None
            else:
                direct = member == name and sure
                if direct:
                    self.take(member, old, site, True)
                older = None if direct else old
                changed = remade(old, state.name, "data", site)
                changed.sure, changed.older = direct, older
                if old.giver == state.name and old.kind == "data":
                    changed.sure, changed.older = old.sure, old.older
                self.env[member] = changed
            state.own[member] = site
        if version.kind == "definition":
            self._change_subclasses(name, site)
        self._stir(name, site)

    def _change_subclasses(self, name: str, site: Site) -> None:
        """A class that travels as data takes along those that are made of it."""
        for other, version in list(self.env.items()):
            made = version.kind == "definition" and any(name in s.bases for s in version.carries)
            if made and other != name:
                self.change_name(other, site)

    def _apart(self, name: str, member: str) -> bool:
        """A view made in another step has lost its tie when it arrives here."""
        group = self.groups.get(name)
        if group is None or member == name or not group.views:
            return False
        view = name if member in group.views.get(name, ()) else member
        tied = member in group.views.get(name, ()) or name in group.views.get(member, ())
        return tied and self.env[view].giver != self.state.name

    def _stir(self, name: str, site: Site) -> None:
        group = self.groups.get(name)
        if group is None or all(step == self.state.name for step, _ in group.ties):
            return
        group.stirred = True
        self.state.groups.append(group)
        for view, bases in group.views.items():
            for base in bases:
                if name in (view, base):
                    self._once(
                        reports.shared_view(
                            view, base, group.step, self.state.name, self.place(site)
                        ),
                        view,
                        base,
                    )


def what_of(kind: str) -> str:
    """Return the type that a literal's kind tells."""
    return kind if kind in ("immutable", "list", "dict", "set", "tuple") else ""


def union(old: tuple[Summary, ...], new: tuple[Summary, ...]) -> tuple[Summary, ...]:
    """Return what is carried already with what is not yet."""
    return old + tuple(item for item in new if not any(item is other for other in old))


def remade(old: Version, giver: str, kind: str, site: Site) -> Version:
    """Return what a name stands for after it was changed or added to."""
    return Version(
        giver, kind, site, True, None, (), old.carries, old.instances, old.dotted, old.what,
        old.unstorable, None, old.value,
    )  # fmt: skip
