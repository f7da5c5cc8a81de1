"""What the functions and classes that a statement uses read, change, draw and hide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbpipe.compile.dataflow.results import MAKING, Results
from nbpipe.compile.dataflow.settings import holder_of, settings_of
from nbpipe.compile.dataflow.versions import Version
from nbpipe.compile.reading import mutations as known
from nbpipe.compile.reading.facts import NOTHING, SUPER, Use

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbpipe.compile.flow import Site
    from nbpipe.compile.reading.facts import Call, Change, Names, Statement, Summary

_HOOKS = frozenset({"__init_subclass__", "__prepare__", "__set_name__"})
_PLOTTERS = frozenset(
    [
        "plot",
        "scatter",
        "bar",
        "barh",
        "hist",
        "boxplot",
        "violinplot",
        "contour",
        "contourf",
        "fill_between",
        "errorbar",
        "grid",
        "legend",
        "imshow",
        "annotate",
        "stackplot",
    ]
)
_FIGURES = re.compile(
    r"(?:ax|axs|axes|fig|figure|chart|plot|g|p|canvas)\d*$|.*(?:_ax|_fig|ax\d|_axes)$"
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_FROZEN = frozenset({"immutable", "range"})


class Effects(Results):
    """Follows calls from the statement at hand into the functions that it uses."""

    # calls of a statement --------------------------------------------------------------------

    def before(self, statement: Statement) -> None:
        """Charge what the statement's calls change, before it binds anything."""
        if not statement.calls and not self.watched:
            return
        trace = self.trace
        for call in statement.calls:
            self._renamed(call)
        for name in sorted(self.changed_by_calls(statement)):
            if name in statement.reads or name not in statement.binds:
                trace.change_name(name, trace.site(statement.line), True)
        self._watch(statement)

    def _renamed(self, call: Call) -> None:
        """A function imported under another name is not known by its text."""
        version = self.trace.env.get(call.root)
        if version is None or call.attr or version.kind != "import":
            return
        if version.dotted.rpartition(".")[2] != call.root:
            keywords = {keyword: ... for keyword, _ in call.keywords}
            self.outside.use(Use(call.root, (), call.line, keywords, (), len(call.args)), call.line)

    def inner_calls(self, statement: Statement) -> None:
        """Charge what calls change of names that the statement itself bound."""
        trace = self.trace
        for name in sorted(self.changed_by_calls(statement)):
            if name in statement.inner:
                trace.change_name(name, trace.site(statement.line), True)

    def changed_by_calls(self, statement: Statement) -> Names:
        """Names whose objects the functions called here change, as far as can be seen."""
        changed: set[str] = set()
        for call in statement.calls:
            version = self.trace.env.get(call.root)
            if version is None:
                continue
            if version.what == "method" and not call.attr:
                changed.add(call.root)
            elif version.carries or version.instances:
                changed |= self._changed_by(call, version)
        return frozenset(changed)

    def _changed_by(self, call: Call, version: Version) -> set[str]:
        changed: set[str] = set()
        for summary, bound_self, kind in self._callees(call, version):
            params = self._changed_params(summary, kind, ())
            changed |= _arguments(call, summary, params, bound_self)
            if bound_self == "root" and summary.params[:1] and summary.params[0] in params:
                changed.add(call.root)
            if summary.stateful:
                changed.add(call.root)
        return changed

    def _callees(
        self, call: Call, version: Version
    ) -> Iterator[tuple[Summary, str, Summary | None]]:
        """Yield what a call may run: the function, how ``self`` is bound, its class."""
        if not call.attr:
            for summary in version.carries:
                if summary.kind == "class":
                    for method in self._making(summary):
                        yield method, "new", summary
                else:
                    yield summary, "", None
        for summary in version.instances:
            member = self._member(summary, call.attr or "__call__")
            if member is not None:
                yield member, "root", summary
        for summary in version.carries if call.attr else ():
            if summary.kind == "class":
                member = self._member(summary, call.attr)
                if member is not None:
                    yield member, "" if member.params[:1] != ("cls",) else "new", summary

    def _changed_params(
        self, summary: Summary, owner: Summary | None, seen: tuple[Summary, ...]
    ) -> Names:
        """Parameters that a function changes, also through the functions it calls."""
        if any(summary is other for other in seen) or len(seen) > 20:
            return NOTHING
        changed = set(summary.changed)
        params = frozenset(summary.params)
        for call in summary.calls:
            involved = params & frozenset((call.root,)).union(
                *call.args, *[v for _, v in call.keywords]
            )
            if involved or call.root == SUPER:
                changed |= self._changed_inside(call, summary, owner, (*seen, summary)) & params
        return frozenset(changed)

    def _changed_inside(
        self, call: Call, summary: Summary, owner: Summary | None, seen: tuple[Summary, ...]
    ) -> set[str]:
        changed: set[str] = set()
        if owner is not None and call.attr and call.root == SUPER:
            method = self._inherited(owner, call.attr)
            inner = self._changed_params(method, owner, seen) if method is not None else NOTHING
            if method is not None and method.params[:1] and method.params[0] in inner:
                changed.update(summary.params[:1])
            return changed
        if owner is not None and call.attr and call.root == next(iter(summary.params), None):
            method = self._member(owner, call.attr)
            if method is not None:
                inner = self._changed_params(method, owner, seen)
                changed |= _arguments(call, method, inner, "root")
                if method.params and method.params[0] in inner:
                    changed.add(call.root)
            return changed
        version = self.trace.env.get(call.root)
        if version is None or call.root in summary.params:
            return changed
        for callee, bound_self, kind in self._callees(call, version):
            inner = self._changed_params(callee, kind, seen)
            changed |= _arguments(call, callee, inner, bound_self)
        return changed

    # what using a name runs -------------------------------------------------------------------

    def charge(self, statement: Statement, name: str, version: Version, line: int) -> None:
        """Charge the step with what the functions behind a name read and do."""
        summaries = list(self._run_by(statement, name, version))
        if summaries:
            self._charge_all(statement, name, summaries, line)

    def _run_by(self, statement: Statement, name: str, version: Version) -> Iterator[Summary]:
        called = {call.attr for call in statement.calls if call.root == name}
        passed = any(
            name in arg
            for call in statement.calls
            for arg in (*call.args, *[v for _, v in call.keywords])
        )
        attrs = {attr for root, attr in statement.attrs if root == name}
        quiet = statement.kind in ("definition", "assign") and not called and not passed
        quiet = quiet and not attrs and name not in statement.gets
        for summary in version.carries:
            if summary.kind == "class":
                yield from self._of_class(summary, called, attrs, passed, statement)
            elif not quiet:
                yield summary
        if quiet and not any(name in value.same for value in statement.values.values()):
            quiet = statement.kind == "assign" and self._only_held(statement, name)
        for summary in version.instances:
            if not quiet:
                held = not attrs and version.what != "instance"
                everything = passed or held or name in statement.gets
                yield from self._of_instance(summary, attrs, everything)

    def _only_held(self, statement: Statement, name: str) -> bool:
        return any(name in value.part for value in statement.values.values())

    def _of_class(
        self,
        summary: Summary,
        called: set[str],
        attrs: set[str],
        passed: bool,
        statement: Statement,
    ) -> Iterator[Summary]:
        if passed and "" not in called:
            yield summary
            return
        if statement.kind == "definition":
            yield from (m for n, m in summary.members.items() if n in _HOOKS)
        if "" in called:
            yield from self._making(summary)
            hidden = self._chained(statement, summary)
            if hidden:
                yield summary
        for attr in sorted(attrs):
            member = self._member(summary, attr)
            if member is not None:
                yield member
            elif attr in called:
                yield summary

    def _chained(self, statement: Statement, summary: Summary) -> bool:
        """``M().go()`` runs a method that no name leads to; so may any use but a binding."""
        if statement.kind != "assign":
            return True
        made = [m for value in statement.values.values() for m in value.made]
        return not any(m.root and not m.attrs for m in made)

    def _of_instance(
        self, summary: Summary, attrs: set[str], everything: bool
    ) -> Iterator[Summary]:
        members = {attr: self._member(summary, attr) for attr in sorted(attrs)}
        if everything or any(member is None for member in members.values()):
            yield summary
        for member in members.values():
            if member is not None:
                yield from self._with_helpers(member, summary)
        for name, member in summary.members.items():
            if name.startswith("__") and name not in MAKING:
                yield from self._with_helpers(member, summary)

    def _with_helpers(self, member: Summary, owner: Summary) -> Iterator[Summary]:
        """A method runs the methods that it calls on itself."""
        seen: dict[int, Summary] = {}
        queue = [member]
        while queue:
            method = queue.pop()
            if id(method) in seen:
                continue
            seen[id(method)] = method
            first = next(iter(method.params), None)
            for call in method.calls:
                if call.attr and call.root in (first, SUPER):
                    find = self._inherited if call.root == SUPER else self._member
                    helper = find(owner, call.attr)
                    if helper is not None:
                        queue.append(helper)
        yield from seen.values()

    def _closure(self, summaries: Iterable[Summary]) -> Iterator[tuple[Summary, bool]]:
        """Yield functions and all that they may run, each with whether it is run for certain."""
        seen: set[int] = set()
        queue = [(summary, True) for summary in summaries]
        while queue:
            summary, direct = queue.pop()
            if id(summary) in seen:
                continue
            seen.add(id(summary))
            yield summary, direct
            for name in summary.free:
                version = self.trace.env.get(name)
                if version is None:
                    continue
                queue.extend((inner, False) for inner in version.carries)
                queue.extend((inner, False) for inner in version.instances)
            for base in summary.bases:
                version = self.trace.env.get(base)
                if version is not None:
                    queue.extend((inner, False) for inner in version.carries)

    def _charge_all(
        self, statement: Statement, name: str, summaries: list[Summary], line: int
    ) -> None:
        trace, state = self.trace, self.trace.state
        site = trace.site(line)
        skip = statement.after.get(name, NOTHING)
        sure = name in statement.reads and name not in statement.doubts
        called = sure and any(call.root == name for call in statement.calls)
        every = list(self._closure(summaries))
        bound = NOTHING.union(*[summary.binds for summary, _ in every])
        for summary, direct in every:
            certain = called and direct and summary.kind != "class"
            for free in summary.free:
                if free in skip:
                    continue
                version = trace.env.get(free)
                sure = certain and free in summary.sure and free not in bound
                if version is not None:
                    trace.take(free, version, site, sure)
                elif free not in known.BUILTINS and free not in known.GIVEN:
                    trace.unknown(free, site, sure)
            if state.name and summary.opaque and not state.opaque:
                state.opaque = summary.opaque
                trace.opaque_step = state.name
            self.uses(summary.uses, line)
            for text in summary.words:
                self.words(text)
            self._done_to_globals(summary, site, statement.kind == "definition")
        self._stateful(name, summaries, statement, site)

    def _stateful(
        self, name: str, summaries: list[Summary], statement: Statement, site: Site
    ) -> None:
        if any(summary.stateful for summary in summaries) and name not in statement.binds:
            self.trace.change_name(name, site)

    def _done_to_globals(self, summary: Summary, site: Site, defining: bool) -> None:
        trace = self.trace
        if not trace.state.name:
            return
        for change in summary.changes:
            version = trace.env.get(change.name)
            if version is None or (defining and version.kind == "definition"):
                continue  # the class statement that runs a hook is replayed itself
            if self.counts(change, version):
                trace.change_name(change.name, site)
        for call in summary.calls:
            version = trace.env.get(call.root)
            if version is None or call.root in summary.params:
                continue
            self._renamed(call)
            for name in sorted(self._changed_by(call, version)):
                if name not in summary.params and name in trace.env and name in summary.free:
                    trace.change_name(name, site)
        for name in sorted(summary.binds):
            old = trace.env.get(name)
            if old is not None and old.giver == trace.state.name and old.kind == "data":
                old.site = site
                continue
            usable = old if old is not None and old.kind != "gone" else None
            trace.env[name] = Version(trace.state.name, "data", site, False, usable)
            trace.state.own[name] = site

    def called_free(self, statement: Statement) -> Names:
        """Global names that the functions called by a statement read, transitively."""
        called: list[Summary] = []
        for call in statement.calls:
            version = self.trace.env.get(call.root)
            if version is not None:
                called.extend(version.carries)
        return NOTHING.union(*[summary.free for summary, _ in self._closure(called)])

    def rebound_by_calls(self, statement: Statement) -> bool:
        """Tell whether a function called by a statement binds or changes a global name."""
        called: list[Summary] = []
        for call in statement.calls:
            version = self.trace.env.get(call.root)
            if version is not None:
                called.extend(version.carries)
        return any(
            summary.binds or any(self._is_data(change) for change in summary.changes)
            for summary, _ in self._closure(called)
        )

    def _is_data(self, change: Change) -> bool:
        version = self.trace.env.get(change.name)
        return version is not None and self.counts(change, version)

    def _watch(self, statement: Statement) -> None:
        """Reads that change their object: a missing key of a defaultdict, a property."""
        if not self.watched:
            return
        trace = self.trace
        for name in statement.gets:
            version = trace.env.get(name)
            if version is not None and version.what == "defaultdict" and name in statement.reads:
                trace.change_name(name, trace.site(statement.line))
        for name in statement.reads:
            version = trace.env.get(name)
            if version is None:
                continue
            if version.what == "iterator" and _consumes(statement, name):
                trace.change_name(name, trace.site(statement.line))
            if not version.instances:
                continue
            attrs = {attr for root, attr in statement.attrs if root == name}
            if any(_changes_itself(summary, attrs) for summary in version.instances):
                trace.change_name(name, trace.site(statement.line))

    # what counts as a change -----------------------------------------------------------------

    def counts(self, change: Change, version: Version) -> bool:
        """Tell whether a change found in the text changes what the name stands for."""
        if version.kind in ("import", "gone"):
            return False
        if version.what in _FROZEN and change.how != "store":
            return False
        if change.how in ("store", "next"):
            return True
        if change.how == "aug":
            return version.what not in _FROZEN and change.name in self.trace.groups
        if version.kind == "definition":
            return change.deep and change.how == "method"
        methods = [self._member(summary, change.attr) for summary in version.instances]
        if any(method is not None for method in methods):
            return False
        if change.how == "method":
            if version.what == "pandas" and change.attr in known.READERS_OF["pandas"]:
                return False
            if change.attr in _PLOTTERS:
                return version.what == "matplotlib" or bool(_FIGURES.match(change.name))
        return True

    # the world outside names ------------------------------------------------------------------

    def uses(self, uses: Iterable[Use], line: int) -> None:
        """Record draws, seeds and files of the statement at hand."""
        for use in uses:
            self.outside.use(use, line)

    def settings(self, statement: Statement) -> tuple[tuple[str, ...], bool]:
        """Return what a statement sets that later steps rely on, and if it does only that."""
        return settings_of(self.trace, self.outside, statement)

    def holder(self, statement: Statement) -> str:
        """Return what the one object of the process holds that a statement names."""
        return holder_of(self.trace, statement.origin)

    def words(self, text: str) -> None:
        """Imports named inside text given to a call count as used."""
        trace = self.trace
        for word in _WORD.findall(text):
            version = trace.env.get(word)
            if version is not None and version.kind == "import":
                trace.use(trace.state, word, version)

    def touched(self, name: str, version: Version, site: Site) -> None:
        """A step changes something through a handle that setup code makes anew each time."""
        self.outside.touched(name, version, site)


def _arguments(call: Call, summary: Summary, params: Names, bound_self: str) -> set[str]:
    """Return the caller's names whose objects arrive at the parameters given."""
    changed: set[str] = set()
    offset = 1 if bound_self else 0
    most, others, named = summary.rest
    for position, names in enumerate(call.args):
        index = position + offset
        arrives = others if index >= most else summary.params[index]
        if arrives in params:
            changed |= names
    for keyword, names in call.keywords:
        if keyword in params or (named in params and keyword not in summary.params):
            changed |= names
    return changed


def _consumes(statement: Statement, name: str) -> bool:
    """Tell whether a statement may take from an iterator; one that names it anew does not."""
    named = any(name in value.same and not value.made for value in statement.values.values())
    return not named and not statement.pure


def _changes_itself(summary: Summary, attrs: set[str]) -> bool:
    for name, method in summary.members.items():
        own = bool(method.params) and method.params[0] in method.changed
        if own and (name in attrs or (name.startswith("__") and name not in MAKING)):
            return True
    return False
