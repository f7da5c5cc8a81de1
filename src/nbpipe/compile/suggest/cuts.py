"""Where a notebook is cut into steps: at its headings, else where least crosses the cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from nbpipe.compile.suggest.headings import Heading

FEWEST = 3
"""Fewer steps than this are hardly a pipeline."""

MOST = 12
"""More steps than this are hard to take in."""

LARGE = 8
"""A step of so many cells that is also more than half of the notebook is cut again."""

SLOW = 5.0
"""Seconds after which a cell's result is worth keeping by itself."""


def cut_at_headings(
    headings: Sequence[Sequence[Heading]], allowed: Collection[int] | None = None
) -> list[int]:
    """Return the positions at which steps begin, 0 among them.

    Parameters
    ----------
    headings
        For each cell the headings right above it.
    allowed
        Positions where a cut does no harm; None where all are taken to be so.
    """
    levels = sorted({heading.level for above in headings for heading in above})
    cuts = [0]
    for level in levels:
        cuts = _cuts_of(headings, level, 0, len(headings), allowed)
        if len(cuts) >= FEWEST:
            break
    return thinned(_finer(cuts, headings, allowed), len(headings))


def _cuts_of(
    headings: Sequence[Sequence[Heading]],
    level: int,
    begin: int,
    end: int,
    allowed: Collection[int] | None,
) -> list[int]:
    """Positions from `begin` to `end` that stand under a heading of at most this level."""
    found = {begin}
    for position in range(begin, end):
        if any(heading.level <= level for heading in headings[position]):
            found.add(position)
    return sorted(p for p in found if p == begin or allowed is None or p in allowed)


def _finer(
    cuts: list[int],
    headings: Sequence[Sequence[Heading]],
    allowed: Collection[int] | None,
) -> list[int]:
    """Cut a step that is most of the notebook at the headings inside it."""
    count = len(headings)
    found = list(cuts)
    for begin, end in spans(cuts, count):
        if end - begin <= LARGE or 2 * (end - begin) <= count:
            continue
        levels = sorted({h.level for above in headings[begin + 1 : end] for h in above})
        for level in levels:
            inner = _cuts_of(headings, level, begin, end, allowed)
            if len(inner) > 1:
                found += inner
                break
    return sorted(set(found))


def thinned(cuts: Sequence[int], count: int) -> list[int]:
    """Return at most `MOST` cuts: the smallest neighbours become one step."""
    left = list(cuts)
    while len(left) > MOST:
        ends = [*left[1:], count]
        sizes = [(ends[i] - left[i - 1], i) for i in range(1, len(left))]
        del left[min(sizes)[1]]
    return left


def spans(cuts: Sequence[int], count: int) -> list[tuple[int, int]]:
    """Return where each step begins and where it ends."""
    return list(zip(cuts, [*cuts[1:], count], strict=True))


def cut_by_flow(
    cuts: Sequence[int],
    crossing: Sequence[int],
    weights: Sequence[float],
    allowed: Collection[int],
) -> list[int]:
    """Cut the heaviest step where the fewest names cross, until there are enough.

    Parameters
    ----------
    cuts
        What is cut already.
    crossing
        For each position how many names are needed on both sides of it.
    weights
        What each cell costs.
    allowed
        Positions where a cut does no harm.
    """
    count = len(weights)
    wanted = min(max(FEWEST, round(count / 6)), MOST // 2)
    found = sorted(set(cuts))
    while len(found) < wanted:
        best = _next_cut(found, crossing, weights, allowed)
        if best is None:
            break
        found = sorted({*found, best})
    return found


def _next_cut(
    cuts: Sequence[int],
    crossing: Sequence[int],
    weights: Sequence[float],
    allowed: Collection[int],
) -> int | None:
    heavy = sorted(spans(cuts, len(weights)), key=lambda s: (-sum(weights[s[0] : s[1]]), s))
    for begin, end in heavy:
        inside = [p for p in range(begin + 1, end) if p in allowed]
        if not inside:
            continue
        roomy = [p for p in inside if p - begin > 1 and end - p > 1]
        half = sum(weights[begin:end]) / 2
        return min(
            roomy or inside, key=lambda p: (crossing[p], abs(sum(weights[begin:p]) - half), p)
        )
    return None


def cut_after_slow(
    cuts: Sequence[int], seconds: Sequence[float], allowed: Collection[int] | None = None
) -> list[int]:
    """Cut after each slow cell that others of its step follow: its result is kept by itself."""
    count = len(seconds)
    slow = {
        position + 1
        for position, time in enumerate(seconds)
        if time >= SLOW and position + 1 < count and (allowed is None or position + 1 in allowed)
    }
    return thinned(sorted({*cuts, *slow}), count)
