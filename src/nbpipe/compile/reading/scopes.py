"""The places that names live in while a cell is read: cell, function, class, comprehension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.compile.reading.facts import NOTHING, PLAIN, Summary, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe.compile.reading.facts import Call, Change, Made, Names, Use


class Scope:
    """What has been read and bound so far in one place."""

    __slots__ = (
        "after",
        "alias",
        "attrs",
        "bound",
        "calls",
        "changes",
        "depth",
        "doubts",
        "fresh",
        "gets",
        "globals",
        "gone",
        "imports",
        "inner",
        "kind",
        "links",
        "maybe_gone",
        "members",
        "modules",
        "nonlocals",
        "opaque",
        "parent",
        "peeks",
        "put",
        "reads",
        "returns",
        "sets",
        "star",
        "stored",
        "stores",
        "summaries",
        "uses",
        "values",
        "wipes",
        "words",
        "yields",
    )

    def __init__(self, kind: str, parent: Scope | None = None) -> None:
        self.kind = kind
        self.parent = parent
        self.reads: dict[str, int] = {}
        self.doubts: set[str] = set()
        self.bound: set[str] = set()
        self.stores: dict[str, int] = {}
        self.changes: list[Change] = []
        self.alias: dict[str, Names] = {}
        self.depth = -1
        self.fresh: dict[str, int] = {}
        if kind == "comprehension" and parent is not None:
            self._share(parent)
            return
        self.peeks: dict[str, int] = {}
        self.inner: dict[str, int] = {}
        self.after: dict[str, Names] = {}
        self.calls: list[Call] = []
        self.uses: list[Use] = []
        self.links: list[tuple[str, Names]] = []
        self.put: list[tuple[str, Summary]] = []
        self.sets: list[tuple[str, ...]] = []
        self.stored: list[Made] = []
        self.words: list[str] = []
        self.attrs: list[tuple[str, str]] = []
        self.gets: list[str] = []
        self.values: dict[str, Value] = {}
        self.summaries: dict[str, tuple[Summary, ...]] = {}
        self.imports: dict[str, str] = {}
        self.modules: set[str] = set()
        self.gone: set[str] = set()
        self.maybe_gone: set[str] = set()
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()
        self.members: dict[str, Summary] = {}
        self.returns: list[Value] = []
        self.yields = False
        self.opaque = ""
        self.star = ""
        self.wipes = ""

    def renew(self) -> None:
        """Be as new; what is not empty was handed over and is replaced."""
        if self.reads:
            self.reads = {}
        if self.stores:
            self.stores, self.bound, self.values = {}, set(), {}
        for found in (self.calls, self.attrs, self.gets, self.uses, self.changes, self.stored):
            if found:
                found.clear()
        if self._has_rare():
            for slot, make in _RARE:
                if getattr(self, slot):
                    setattr(self, slot, make())
            self.yields, self.opaque, self.star, self.wipes = False, "", "", ""

    def _has_rare(self) -> bool:
        return bool(
            self.links or self.put or self.sets or self.doubts or self.imports or self.modules
            or self.summaries or self.inner or self.after or self.words or self.peeks or self.gone
            or self.maybe_gone or self.bound or self.values or self.alias or self.members
            or self.globals or self.nonlocals or self.returns
            or self.yields or self.opaque or self.star or self.wipes
        )  # fmt: skip

    def _share(self, parent: Scope) -> None:
        """A comprehension writes what is not a name of its own straight into its parent."""
        for slot in (
            "peeks", "inner", "after", "calls", "uses", "words", "attrs", "gets", "values",
            "summaries", "imports", "modules", "gone", "maybe_gone", "globals", "nonlocals",
            "members", "returns", "links", "put", "sets", "stored",
        ):  # fmt: skip
            setattr(self, slot, getattr(parent, slot))
        self.yields = False
        self.opaque = ""
        self.star = ""
        self.wipes = ""


_RARE: tuple[tuple[str, Callable[[], object]], ...] = (
    ("doubts", set),
    ("bound", set),
    ("values", dict),
    ("alias", dict),
    ("peeks", dict),
    ("inner", dict),
    ("after", dict),
    ("summaries", dict),
    ("imports", dict),
    ("members", dict),
    ("modules", set),
    ("gone", set),
    ("maybe_gone", set),
    ("globals", set),
    ("nonlocals", set),
    ("links", list),
    ("put", list),
    ("sets", list),
    ("words", list),
    ("returns", list),
)


def merge(old: Value | None, new: Value) -> Value:
    """Return what a name may hold that was bound in two ways."""
    if old is None:
        return new
    return Value(
        old.same | new.same,
        old.part | new.part,
        old.view | new.view,
        old.holds | new.holds,
        old.made + new.made,
        old.inner + new.inner,
        old.kind if old.kind == new.kind else "",
        old.text if old.text == new.text else None,
    )


def merge_all(values: list[Value]) -> Value:
    """Return what one of many values may be."""
    merged: Value | None = None
    for value in values:
        merged = merge(merged, value)
    return merged or PLAIN


def close_aliases(alias: dict[str, Names], names: Names) -> Names:
    """Return names with everything that the local names among them stand for."""
    seen = set(names)
    queue = [name for name in names if name in alias]
    while queue:
        for other in alias[queue.pop()]:
            if other not in seen:
                seen.add(other)
                if other in alias:
                    queue.append(other)
    return frozenset(seen)


def summarise(scope: Scope, name: str, kind: str, params: tuple[str, ...]) -> Summary:
    """Return what a function does, seen from outside, when its body has been read."""
    own = {*scope.stores, *params}
    if scope.globals or scope.nonlocals:
        own -= scope.globals | scope.nonlocals
    alias = _aliases(scope)
    changes: list[Change] = []
    changed: set[str] = set()
    for change in scope.changes:
        if change.name in params and change.line > scope.fresh.get(change.name, change.line):
            continue
        for root in close_aliases(alias, frozenset((change.name,))):
            if root in params:
                changed.add(root)
            elif root not in own:
                changes.append(change._replace(name=root))
    calls = tuple(
        [
            _outer_call(call, alias) if alias and (call.args or call.keywords) else call
            for call in scope.calls
            if call.root not in own or call.args or call.keywords or call.root in params
        ]
    )
    free = {n: line for n, line in scope.reads.items() if n not in own}
    rebound = scope.stores.keys() & params
    returned = _outward(merge_all(scope.returns), scope, own) if scope.returns else PLAIN
    if rebound:
        returned = returned._replace(same=returned.same - rebound, part=returned.part - rebound)
    if returned.inner:
        closed = tuple(_closed(inner, own) for inner in returned.inner)
        returned = returned._replace(inner=closed)
    return Summary(
        name,
        "generator" if scope.yields else kind,
        free,
        frozenset([n for n in free if n not in scope.doubts]),
        frozenset(scope.globals & scope.stores.keys()) if scope.globals else NOTHING,
        tuple(changes),
        params,
        frozenset(changed),
        calls,
        tuple([use for use in scope.uses if use.root not in own or use.attrs]),
        scope.opaque,
        tuple(scope.words),
        returned,
        stored=tuple(scope.stored),
        sets=tuple(scope.sets),
        stateful=bool(scope.nonlocals & scope.stores.keys()),
    )


def _outer_call(call: Call, alias: dict[str, Names]) -> Call:
    return call._replace(
        args=tuple(close_aliases(alias, arg) for arg in call.args),
        keywords=tuple((key, close_aliases(alias, arg)) for key, arg in call.keywords),
    )


def _aliases(scope: Scope) -> dict[str, Names]:
    """Return the local names that stand for others, and for which."""
    if not scope.values:
        return scope.alias
    alias = {
        local: value.same | value.part | value.view | scope.alias.get(local, NOTHING)
        for local, value in scope.values.items()
    }
    for local, roots in scope.alias.items():
        alias.setdefault(local, roots)
    return alias


def _closed(inner: Summary, own: set[str]) -> Summary:
    """Return a nested function as the outside sees it: names of the function around are its own."""
    if own.isdisjoint(inner.free):
        return inner
    free = {name: line for name, line in inner.free.items() if name not in own}
    changes = tuple(change for change in inner.changes if change.name not in own)
    stateful = inner.stateful or len(changes) < len(inner.changes)
    return inner._replace(free=free, changes=changes, stateful=stateful, sure=inner.sure - own)


def _outward(value: Value, scope: Scope, own: set[str]) -> Value:
    """Return a returned value with the function's local names resolved."""
    seen: set[str] = set()
    for _ in range(8):
        local = [
            name
            for name in value.same | value.part | value.view | value.holds
            if name in own and name not in seen
        ]
        if not local:
            break
        for name in local:
            seen.add(name)
            inner = scope.summaries.get(name, ())
            value = merge(value, scope.values.get(name, PLAIN)._replace(kind="", text=None))
            value = value._replace(inner=value.inner + inner)
    if scope.summaries:
        for made in value.made:
            if not made.attrs and made.root in scope.summaries:
                value = value._replace(inner=value.inner + scope.summaries[made.root])
    return value._replace(kind="", text=None) if value.kind or value.text is not None else value
