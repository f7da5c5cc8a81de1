"""What was measured as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cases import CHECK
from benchmarks.results import FIRST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.cases import Bar
    from benchmarks.results import CaseResult, Measured, Results

HEAD = ("", "CPU", "wall", "CPU, x nbpipe's", "wall, x nbpipe's", "times", "")
SHOWN = 160
"""Characters of a failure that are shown; the JSON has all."""


def seconds(time: float | None) -> str:
    """Return a time as it is read most easily.

    >>> seconds(0.0042), seconds(0.42), seconds(4.2), seconds(42.0)
    ('4.2 ms', '420 ms', '4.2 s', '42 s')
    """
    if time is None:
        return "-"
    if abs(time) < 0.9995:
        return f"{digits(time * 1000)} ms"
    return f"{digits(time)} s"


def digits(number: float) -> str:
    """Return a number with two digits, or with all that stand before the point."""
    if abs(number) < 0.995:
        return f"{number:.2g}"
    return f"{number:.1f}" if abs(number) < 9.95 else f"{number:,.0f}"


def times(ratio: float | None) -> str:
    """Return how many times as much.

    >>> times(12.34), times(2.0), times(0.051), times(None)
    ('12 x', '2.0 x', '0.051 x', '-')
    """
    if ratio is None:
        return "-"
    return f"{digits(ratio)} x" if ratio >= 0.95 else f"{ratio:.2g} x"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def of_case(case: CaseResult) -> str:
    """Return the table of one case."""
    return table(HEAD, [_line(case, row) for row in case.rows])


def of_lone(cases: Iterable[CaseResult]) -> str:
    """Return one table of the cases that nbpipe did alone."""
    rows = [(case, row) for case in cases for row in case.rows]
    return table(
        ("", "CPU", "wall", "times", ""),
        [
            [f"{case.title} ({case.unit})", *_times(row), str(row.times), row.failure[-SHOWN:]]
            for case, row in rows
        ],
    )


def _times(row: Measured) -> list[str]:
    return [seconds(row.time("cpu")), seconds(row.time("wall"))]


def of_check(case: CaseResult) -> str:
    """Return what was counted of a known use of CPU."""
    rows = [[row.peer, seconds(row.time("cpu")), row.failure[-SHOWN:]] for row in case.rows]
    return table(("", "counted", ""), rows)


def _line(case: CaseResult, row: Measured) -> list[str]:
    name = f"**{row.peer}**" if row.peer == FIRST else row.peer
    if row.cost is None:
        failed = row.failure or "not measured"
        return [name, "-", "-", "-", "-", "-", failed[-SHOWN:]]
    ratios = [times(case.ratio(row, figure)) for figure in ("cpu", "wall")]
    if row.peer == FIRST:
        ratios = ["", ""]
    return [name, *_times(row), *ratios, str(row.times), row.note]


def of_bars(results: Results, bars: Iterable[Bar]) -> str:
    """Return the table of what is to be reached, as far as it was measured."""
    rows = []
    for bar in bars:
        reached, compared = results.reached(bar), bool(bar.peer)
        if results.case(bar.case) is not None:
            show = part if compared else seconds
            what = f"{bar.case}, {bar.figure}" + (f", against {bar.peer}" if compared else "")
            rows.append([what, show(reached), show(bar.must), show(bar.aim), verdict(bar, reached)])
    return table(("", "reached", "must be", "aim", ""), rows)


def part(ratio: float | None) -> str:
    """Return a part of one.

    >>> part(0.25), part(2 / 3), part(None)
    ('1/4.0', '1/1.5', '-')
    """
    return "-" if ratio is None else f"1/{digits(1 / ratio)}"


def verdict(bar: Bar, reached: float | None) -> str:
    """Say in a word how far it has come."""
    if reached is None:
        return "not measured"
    if reached <= bar.aim:
        return "aim reached"
    return "reached" if reached <= bar.must else "missed"


def document(results: Results) -> str:
    """Return all tables, and where they were measured."""
    compared = [c for c in results.cases if len(c.rows) > 1 and c.name != CHECK]
    lone = [c for c in results.cases if len(c.rows) == 1 and c.name != CHECK]
    check = results.case(CHECK)
    parts = [where(results), *(section(case) for case in compared)]
    if lone:
        parts.append(f"### nbpipe alone\n\n{of_lone(lone)}")
    if check:
        parts.append(f"### {heading(check)}\n\n{of_check(check)}")
    return "\n\n".join(parts) + "\n"


def section(case: CaseResult) -> str:
    """Return one case with its heading."""
    return f"### {heading(case)}\n\nTimes are for {case.unit}.\n\n{of_case(case)}"


def heading(case: CaseResult) -> str:
    """Return a case's title as a heading."""
    return case.title[:1].upper() + case.title[1:]


def where(results: Results) -> str:
    """Say on what, when and with which versions it was measured."""
    told = results.machine
    names = ", ".join(_versions(results))
    loads = [case.load for case in results.cases]
    text = (
        f"Measured in one go on {told['day']}: {told['cores']} cores, {told['system']}, "
        f"Python {told['python']}; load average at the beginning of a case "
        f"{min(loads):.1f} to {max(loads):.1f}. {names}."
    )
    for peer, why in results.absent.items():
        text += f" {peer} could not be installed: {_cell(why[-SHOWN:])}"
    return text


def _versions(results: Results) -> list[str]:
    """Return each package once: some peers are one package used in two ways."""
    found = {peer.partition(",")[0]: version for peer, version in results.versions.items()}
    return [f"{name} {version}" for name, version in found.items()]
