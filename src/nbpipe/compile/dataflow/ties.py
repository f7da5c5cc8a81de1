"""Objects that a step ties to those of steps above it: it gives all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.compile.dataflow.versions import Group, Taken, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbpipe.compile.dataflow.ownership import Ownership

_GIVEN = frozenset({"data", "constant", "parameter"})


def hold_together(trace: Ownership, name: str, members: Iterable[str]) -> None:
    """See to it that what shares objects with a name arrives here as it was tied above.

    ``xs`` of a first step and ``ys = xs`` of a second are one list. Taken from both they would be
    two, so where a third changes it the second gives both, stored as one.
    """
    group = trace.groups.get(name)
    if group is None:
        return
    together = group.names.intersection(members)
    for step, names in group.ties:
        if step in trace.steps and step != trace.state.name:
            _give_all(trace, group, step, sorted(names & together))


def hold_copy(trace: Ownership, name: str, source: str) -> None:
    """See to it that a container and one made of its elements in a step above arrive together."""
    step = trace.env[name].giver
    if step not in trace.steps or step == trace.state.name:
        return
    names = frozenset((name, source))
    group = Group(set(names), step, True, True, ties=[(step, names)])
    _give_all(trace, group, step, sorted(names))
    trace.state.groups.append(group)


def _give_all(trace: Ownership, group: Group, step: str, names: list[str]) -> None:
    order = list(trace.steps)
    at = order.index(step)
    tying = trace.steps[step]
    versions = {name: trace.env[name] for name in names if name in trace.env}
    for version in versions.values():
        above = not version.giver or order.index(version.giver) <= at
        if version.kind not in _GIVEN or not above or version.holder:
            return  # one was bound or changed since: its own step gives it
    if any(name in trace.state.needs for name, old in versions.items() if old.giver != step):
        return  # taken here already as it was above: a step cannot take it twice
    for name, old in versions.items():
        if old.giver == step:
            continue
        state, trace.state = trace.state, tying
        if old.kind == "data":
            tying.needs.setdefault(name, Taken(old, old.site, False))
            old.read = True
            trace.ask(name, old)
        else:
            trace.use(tying, name, old)
        trace.state = state
        trace.env[name] = _given_by(old, step)
        tying.own.setdefault(name, old.site)
    if not any(group is other for other in tying.groups):
        tying.groups.append(group)


def _given_by(old: Version, step: str) -> Version:
    return Version(
        step, "data", old.site, old.sure, None, (), old.carries, old.instances, old.dotted,
        old.what, old.unstorable, old.text, old.value,
    )  # fmt: skip
