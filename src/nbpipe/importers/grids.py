"""Ploomber's grids: the tasks that one task becomes, with their names and files."""

from __future__ import annotations

import itertools
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PLACE = re.compile(r"\[\[\s*(\w+)\s*\]\]")
"""A placeholder for a value of the grid."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the tasks that a grid makes (a task without a grid is one)."""

    name: str
    product: Any
    params: Mapping[str, Any]


def variants(raw: Mapping[str, Any], given: str, product: Any) -> Iterator[Variant]:
    """Yield what a task is run as: once, or for each combination of its grid."""
    said = raw.get("params")
    params: dict[str, Any] = said if isinstance(said, dict) else {}
    if "grid" not in raw:
        yield Variant(given, product, params)
        return
    grids = raw["grid"] if isinstance(raw["grid"], list) else [raw["grid"]]
    count = itertools.count()
    for grid in grids:
        values = [one if isinstance(one, list) else [one] for one in grid.values()]
        for chosen in itertools.product(*values):
            every = {**params, **dict(zip(grid, chosen, strict=True))}
            yield _variant(given, product, every, next(count))


def _variant(given: str, product: Any, params: Mapping[str, Any], index: int) -> Variant:
    """Name and files of one item of a grid: by its placeholders, else by its number."""

    def fill(text: str) -> str:
        return PLACE.sub(lambda match: str(params.get(match[1], "")), text)

    def numbered(path: Any) -> Any:
        if isinstance(path, dict):
            return {key: numbered(one) for key, one in path.items()}
        if not isinstance(path, str) or PLACE.search(path):
            return fill(path) if isinstance(path, str) else path
        root, extension = posixpath.splitext(path)
        return f"{root}-{index}{extension}"

    name = fill(given) if PLACE.search(given) else f"{given.rstrip('-*')}-{index}"
    return Variant(name, numbered(product), params)
