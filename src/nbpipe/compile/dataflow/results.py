"""What a value is: its type, the functions it carries, and if it can be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.compile.dataflow import reports
from nbpipe.compile.dataflow.outside import Outside
from nbpipe.compile.dataflow.versions import Version
from nbpipe.compile.reading import mutations as known
from nbpipe.compile.reading.facts import IMMUTABLE, PLAIN, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.compile.dataflow.ownership import Ownership
    from nbpipe.compile.flow import Site
    from nbpipe.compile.reading.facts import Made, Summary

MAKING = ("__init__", "__new__", "__post_init__")
_TWINS = frozenset({"subplots", "subplot_mosaic", "Pipe"})


class Results:
    """Makes versions from what was found about values."""

    def __init__(self, trace: Ownership) -> None:
        self.trace = trace
        self.outside = Outside(trace)
        self.watched = False
        self.tied: dict[tuple[Site, tuple[Made, ...]], dict[str, None]] = {}

    def _making(self, summary: Summary) -> list[Summary]:
        found = [self._member(summary, name) for name in MAKING]
        return [method for method in found if method is not None]

    def _member(self, summary: Summary, name: str, depth: int = 0) -> Summary | None:
        member = summary.members.get(name)
        return member if member is not None else self._inherited(summary, name, depth)

    def _inherited(self, summary: Summary, name: str, depth: int = 0) -> Summary | None:
        """Return the method that a class has from its bases."""
        if depth > 12:
            return None
        for base in summary.bases:
            version = self.trace.env.get(base)
            for parent in version.carries if version is not None else ():
                member = self._member(parent, name, depth + 1)
                if member is not None:
                    return member
        return None

    def version(self, value: Value, summaries: tuple[Summary, ...], site: Site) -> Version:
        """Return the version that binding a value makes."""
        version = Version("", "data", site, value=value)
        if value is PLAIN and not summaries:
            return version
        version.what = value.kind
        if value is IMMUTABLE:
            return version
        version.carries = summaries
        if value.inner:
            version.carries = (*summaries, *[s for s in value.inner if s.kind != "class"])
            version.instances = tuple([s for s in value.inner if s.kind == "class"])
        if value.kind == "generator":
            version.unstorable = "a generator"
        if summaries:
            version.what = "definition"
            version.carries += tuple(self._wrapping(value))
            for name in sorted(value.part):
                self._inherit(version, name, PLAIN)
            return version
        if value.same or value.part or value.holds:
            for other in sorted(value.same | value.part | value.holds):
                self._inherit(version, other, value)
        for made in value.made:
            self._made(version, made, value, 0)
        if value.text is not None:
            version.text = self.outside.text(value.text)
        return version

    def _wrapping(self, value: Value) -> Iterator[Summary]:
        """Yield the functions that decorators put around a definition."""
        for name in sorted(value.holds):
            decorator = self.trace.env.get(name)
            for summary in decorator.carries if decorator is not None else ():
                for inner in summary.returns.inner:
                    yield inner
                    yield from inner.returns.inner

    def _inherit(self, version: Version, name: str, value: Value) -> None:
        old = self.trace.env.get(name)
        if old is None or old.kind == "import":
            return
        version.carries += old.carries
        version.instances += old.instances
        if name in value.same | value.part and not value.view and not value.made:
            version.unstorable = version.unstorable or old.unstorable
        if (
            name in value.same
            or name in value.view
            or old.what in ("pandas", "numpy", "matplotlib")
        ):
            version.what = version.what or old.what

    def _made(self, version: Version, made: Made, value: Value, depth: int) -> None:
        old = self.trace.env.get(made.root)
        if old is None or (old.kind == "import" and not old.carries):
            self._made_by_library(version, made, old)
            return
        if not made.attrs:
            for summary in old.carries:
                self._result(version, summary, made, None, depth)
            for summary in old.instances:
                method = self._member(summary, "__call__")
                if method is not None:
                    self._result(version, method, made, summary, depth)
            return
        attr = made.attrs[-1]
        if old.unstorable and attr in known.HANDLES:
            version.unstorable = f"bound to {old.unstorable}"
        if old.what in ("pandas", "numpy", "matplotlib") and not version.what:
            version.what = old.what
        for summary in (*old.instances, *[s for s in old.carries if s.kind == "class"]):
            method = self._member(summary, attr)
            if method is not None:
                self._result(version, method, made, summary, depth)

    def _made_by_library(self, version: Version, made: Made, old: Version | None) -> None:
        if old is None and made.root not in known.BUILTINS:
            if not made.attrs and made.root in known.UNSTORABLE:
                version.unstorable = known.UNSTORABLE[made.root]
            return
        dotted = ".".join(((old.dotted if old is not None else made.root), *made.attrs))
        reason = self.outside.unstorable(dotted)
        if reason:
            version.unstorable = reason
        kind = self.outside.kind(dotted)
        if kind:
            version.what = kind

    def _result(
        self, version: Version, summary: Summary, made: Made, owner: Summary | None, depth: int
    ) -> None:
        """Add what calling a function gives back to a version."""
        if depth > 8:
            return
        if summary.kind == "class":
            version.instances += (summary,)
            version.what = version.what or "instance"
            version.unstorable = version.unstorable or self._refuses(summary)
            return
        if summary.kind == "generator":
            version.unstorable = "a generator"
            version.carries += (summary._replace(kind="function"),)
            return
        returned = summary.returns
        version.carries += tuple(s for s in returned.inner if s.kind != "class")
        version.instances += tuple(s for s in returned.inner if s.kind == "class")
        if returned.kind == "generator":
            version.unstorable = "a generator"
        if summary.stateful:
            version.shares |= {made.root}
        shares = returned.same | returned.part | returned.holds
        if owner is not None and summary.params[:1] and summary.params[0] in shares:
            version.instances += (owner,)
            version.shares |= {made.root}
        for name in sorted(shares):
            if name in summary.params:
                offset = 1 if owner is not None else 0
                position = summary.params.index(name) - offset
                for other in made.args[position] if 0 <= position < len(made.args) else ():
                    self._inherit(version, other, Value())
                    if name in returned.same:
                        version.shares |= {other}
            else:
                self._inherit(version, name, Value(same=frozenset((name,))))
                if name in returned.same:
                    version.shares |= {name}
        for inner in returned.made:
            if inner.root not in summary.params:
                self._made(version, inner, returned, depth + 1)
            elif owner is not None and inner.root == summary.params[0] and not inner.attrs:
                version.instances += (owner,)
                version.what = version.what or "instance"

    def _refuses(self, summary: Summary) -> str:
        if summary.unstorable:
            return summary.unstorable
        for made in summary.stored:
            holder = Version("", "data", self.trace.site(1))
            self._made(holder, made, Value(), 4)
            if holder.unstorable:
                return f"an object that holds {holder.unstorable}"
        return ""

    def twins(self, name: str, value: Value) -> list[str]:
        """Names bound by the same call that gives objects tied to each other."""
        made = value.made
        env = self.trace.env
        named = any(m.root in _TWINS or (m.attrs and m.attrs[-1] in _TWINS) for m in made)
        closures = any(summary.kind != "class" for summary in env[name].carries)
        if not named and not closures:
            return []
        site = env[name].site
        others = self.tied.setdefault((site, made), {})
        others[name] = None
        return [n for n in others if n != name and n in env and env[n].site == site]

    def rebound(self, name: str, old: Version | None, new: Version) -> None:
        """A class that is defined anew while objects of the old one are alive."""
        if new.instances and any(_changing_protocol(summary) for summary in new.instances):
            self.watched = True
        if new.what in ("defaultdict", "iterator"):
            self.watched = True
        if old is None or new.kind != "definition" or old.kind not in ("definition", "data"):
            return
        classes = [summary for summary in old.carries if summary.kind == "class"]
        if not classes or old.giver == new.giver:
            return
        for other, version in self.trace.env.items():
            if any(c is i for c in classes for i in version.instances) and other != name:
                self.trace.problems.append(
                    reports.redefined(
                        name, other, (old.giver, new.giver), self.trace.here(new.site.line)
                    )
                )
                return


def _changing_protocol(summary: Summary) -> bool:
    return any(
        method.params and method.params[0] in method.changed
        for name, method in summary.members.items()
        if name not in MAKING
    )
