"""Orders over a graph: a run order that keeps to the notebook, cycles, and what lies before."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbpipe.compile.pipeline import Edge


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """The name."""


N = TypeVar("N", bound=Named)


def in_order(steps: Sequence[N], edges: Iterable[Edge]) -> list[N]:
    """Return the steps so that each follows all it waits for, else in the order given."""
    position = {step.name: index for index, step in enumerate(steps)}
    before, after = neighbours(position, edges)
    waiting = {name: len(before[name]) for name in position}
    ready = [position[name] for name, count in waiting.items() if count == 0]
    heapify(ready)
    ordered: list[N] = []
    while ready:
        step = steps[heappop(ready)]
        ordered.append(step)
        for name in after[step.name]:
            waiting[name] -= 1
            if waiting[name] == 0:
                heappush(ready, position[name])
    return ordered


def find_cycle(names: Sequence[str], edges: Iterable[Edge]) -> list[str]:
    """Return the names along one cycle, or an empty list."""
    _, after = neighbours(names, edges)
    done: set[str] = set()
    for start in names:
        path: dict[str, None] = {}
        stack = [(start, False)]
        while stack:
            name, leaving = stack.pop()
            if leaving:
                del path[name]
                done.add(name)
            elif name in path:
                ring = list(path)
                return ring[ring.index(name) :]
            elif name not in done:
                path[name] = None
                stack.append((name, True))
                stack.extend((other, False) for other in sorted(after[name]))
    return []


def neighbours(
    names: Iterable[str], edges: Iterable[Edge]
) -> tuple[Mapping[str, set[str]], Mapping[str, set[str]]]:
    """Return for each name what lies right before it, and what right after it."""
    before: dict[str, set[str]] = {name: set() for name in names}
    after: dict[str, set[str]] = {name: set() for name in before}
    for edge in edges:
        if edge.source in before and edge.target in before:
            before[edge.target].add(edge.source)
            after[edge.source].add(edge.target)
    return before, after


def all_before(names: Iterable[str], edges: Sequence[Edge]) -> frozenset[str]:
    """Return everything that must run before any of `names`, without them."""
    return _reach(names, edges, 0)


def all_after(names: Iterable[str], edges: Sequence[Edge]) -> frozenset[str]:
    """Return everything that waits for any of `names`, however far, without them."""
    return _reach(names, edges, 1)


def _reach(names: Iterable[str], edges: Sequence[Edge], side: int) -> frozenset[str]:
    every = {edge.source for edge in edges} | {edge.target for edge in edges} | set(names)
    step = neighbours(every, edges)[side]
    start = set(names)
    found: set[str] = set()
    todo = list(start)
    while todo:
        for name in step[todo.pop()] - found:
            found.add(name)
            todo.append(name)
    return frozenset(found - start)
