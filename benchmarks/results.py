"""What was measured, as values and as JSON; ratios are the figures, times are context."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.cases import CHECK
from benchmarks.measure import Cost

if TYPE_CHECKING:
    from benchmarks.cases import Bar, Figure

FORMAT = 1
FIRST = "nbpipe"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one peer needed in one case.

    Attributes
    ----------
    peer
        Who.
    cost
        Medians; None where it failed.
    times
        How often it was measured.
    note
        What has to be known to read the figure.
    failure
        Why there is none.
    """

    peer: str
    cost: Cost | None = None
    times: int = 0
    note: str = ""
    failure: str = ""

    def time(self, figure: Figure) -> float | None:
        """Return its CPU or its wall time."""
        return getattr(self.cost, figure) if self.cost else None


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case with all who did it, nbpipe first."""

    name: str
    title: str
    unit: str
    figure: Figure
    load: float
    rows: tuple[Measured, ...]

    def of(self, peer: str) -> Measured | None:
        """Return what a peer needed; None where it did not take part."""
        return next((row for row in self.rows if row.peer == peer), None)

    def ratio(self, row: Measured, figure: Figure) -> float | None:
        """Return how many times nbpipe's time a peer needed; None where there is no telling."""
        if self.name == CHECK:
            return None
        first = self.of(FIRST)
        ours, theirs = first and first.time(figure), row.time(figure)
        if not ours or theirs is None or ours <= 0 or theirs <= 0 or row.peer == FIRST:
            return None
        return theirs / ours


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that was measured in one go, and where."""

    machine: dict[str, str]
    versions: dict[str, str]
    cases: tuple[CaseResult, ...]
    absent: dict[str, str] = field(default_factory=dict)

    def case(self, name: str) -> CaseResult | None:
        """Return a case; None where it was not measured."""
        return next((case for case in self.cases if case.name == name), None)

    def reached(self, bar: Bar) -> float | None:
        """Return what was reached where a bar is set: a ratio, or seconds."""
        case = self.case(bar.case)
        if case is None:
            return None
        if not bar.peer:
            first = case.of(FIRST)
            return first.time(bar.figure) if first else None
        row = case.of(bar.peer)
        ratio = case.ratio(row, bar.figure) if row else None
        return 1 / ratio if ratio else None


def to_json(results: Results) -> str:
    """Return the results as JSON, with the ratios beside the times."""
    told = asdict(results)
    for case, made in zip(results.cases, told["cases"], strict=True):
        for row, line in zip(case.rows, made["rows"], strict=True):
            line["times_nbpipe"] = {f: case.ratio(row, f) for f in ("cpu", "wall")}
    return json.dumps({"format": FORMAT, **told}, indent=1) + "\n"


def from_json(text: str) -> Results:
    """Return the results that `to_json` wrote."""
    told = json.loads(text)
    if told["format"] != FORMAT:
        raise ValueError(f"results of format {told['format']} cannot be read")
    cases = tuple(_case(case) for case in told["cases"])
    return Results(told["machine"], told["versions"], cases, told["absent"])


def _case(told: dict[str, Any]) -> CaseResult:
    rows = []
    for line in told["rows"]:
        cost = Cost(**line["cost"]) if line["cost"] else None
        rows.append(Measured(line["peer"], cost, line["times"], line["note"], line["failure"]))
    return CaseResult(**{**told, "rows": tuple(rows)})
