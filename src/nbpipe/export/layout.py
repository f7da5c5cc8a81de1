"""Where the boxes and lines of a graph go: layers from top to bottom, few crossings."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HEIGHT = 36.0
GAP = 28.0
BETWEEN = 44.0
BEND = 10.0
"""Width that a line needs where it passes a layer."""

SWEEPS = 6


@dataclass(frozen=True, slots=True)
class Box:
    """A node: its centre and its size."""

    name: str
    x: float
    y: float
    width: float
    height: float = HEIGHT


@dataclass(frozen=True, slots=True)
class Line:
    """An edge: the points it goes through, from the source's bottom to the target's top."""

    source: str
    target: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A graph with places; everything lies between (0, 0) and (width, height)."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


def layers_of(names: Sequence[str], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the names in layers: each below everything that leads to it.

    Parameters
    ----------
    names
        In an order in which no edge goes back; edges that do are passed over.
    edges
        Pairs of source and target.
    """
    position = {name: index for index, name in enumerate(names)}
    before: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        if position.get(source, len(names)) < position.get(target, -1):
            before[target].append(source)
    rank: dict[str, int] = {}
    for name in names:
        rank[name] = max((rank[source] + 1 for source in before[name]), default=0)
    layers: list[list[str]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for name in names:
        layers[rank[name]].append(name)
    return layers


Node = tuple[str, int]
"""A box (its name, 0), or the place where a line passes a layer (its edge, the layer)."""


def lay_out(
    names: Sequence[str], edges: Sequence[tuple[str, str]], widths: Mapping[str, float]
) -> Layout:
    """Return places for all names and edges.

    Parameters
    ----------
    names
        In an order in which no edge goes back.
    edges
        Pairs of source and target; each once.
    widths
        Name → width of its box.
    """
    ranked = layers_of(names, edges)
    rank = {name: index for index, layer in enumerate(ranked) for name in layer}
    chains = {
        (s, t): [(s, 0), *((f"{s}\0{t}", r) for r in range(rank[s] + 1, rank[t])), (t, 0)]
        for s, t in dict.fromkeys(edges)
        if s in rank and t in rank and rank[s] < rank[t]
    }
    layers: list[list[Node]] = [[(name, 0) for name in layer] for layer in ranked]
    for chain in chains.values():
        for node in chain[1:-1]:
            layers[node[1]].append(node)
    _uncross(layers, chains.values())
    wide = {node: widths.get(node[0], BEND) for layer in layers for node in layer}
    places, total = _place(layers, wide)
    return _drawn(layers, chains, (places, wide), total)


def _uncross(layers: list[list[Node]], chains: Iterable[Sequence[Node]]) -> None:
    """Order each layer by the middle of its neighbours, down and up in turn."""
    above: dict[Node, list[Node]] = {}
    below: dict[Node, list[Node]] = {}
    for chain in chains:
        for upper, lower in itertools.pairwise(chain):
            below.setdefault(upper, []).append(lower)
            above.setdefault(lower, []).append(upper)
    for sweep in range(SWEEPS):
        near = above if sweep % 2 == 0 else below
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            at = {node: i / max(len(row) - 1, 1) for row in layers for i, node in enumerate(row)}
            layer.sort(key=lambda node: _middle(node, near, at))


def _middle(node: Node, near: Mapping[Node, list[Node]], at: Mapping[Node, float]) -> float:
    others = near.get(node, ())
    return sum(at[other] for other in others) / len(others) if others else at[node]


def _place(
    layers: Sequence[Sequence[Node]], wide: Mapping[Node, float]
) -> tuple[dict[Node, float], float]:
    """Return the centre of each node, layers centred under each other, and the whole width."""
    rows = [sum(wide[node] for node in layer) + GAP * (len(layer) - 1) for layer in layers]
    total = max(rows, default=0.0)
    places: dict[Node, float] = {}
    for layer, row in zip(layers, rows, strict=True):
        x = (total - row) / 2
        for node in layer:
            places[node] = x + wide[node] / 2
            x += wide[node] + GAP
    return places, total


def _drawn(
    layers: Sequence[Sequence[Node]],
    chains: Mapping[tuple[str, str], Sequence[Node]],
    sized: tuple[Mapping[Node, float], Mapping[Node, float]],
    total: float,
) -> Layout:
    places, wide = sized
    level = {
        node: i * (HEIGHT + BETWEEN) + HEIGHT / 2 for i, row in enumerate(layers) for node in row
    }
    boxes = tuple(
        Box(node[0], places[node], level[node], wide[node])
        for layer in layers
        for node in layer
        if "\0" not in node[0]
    )
    lines = []
    for (source, target), chain in chains.items():
        points = [(places[chain[0]], level[chain[0]] + HEIGHT / 2)]
        for node in chain[1:-1]:
            points += [
                (places[node], level[node] - HEIGHT / 2),
                (places[node], level[node] + HEIGHT / 2),
            ]
        points.append((places[chain[-1]], level[chain[-1]] - HEIGHT / 2))
        lines.append(Line(source, target, tuple(points)))
    height = max(len(layers) * (HEIGHT + BETWEEN) - BETWEEN, 0.0)
    return Layout(boxes, tuple(lines), total, height)
