"""Text as it is compared: without what is another in every process, numbers within rounding."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

CLOSE = 1e-6
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        # where things lie
        (r"\b0x[0-9a-fA-F]{6,16}\b", "0x…"),
        (r"(?:/[^\s:'\"<>]*)?/ipykernel_\d+/\d+\.py", "<cell>"),
        (r"<ipython-input-[\w-]+>", "<cell>"),
        (r"(?:Cell )?In ?\[ *\d+\]", "In […]"),
        (r"/tmp/(?:tmp|pytest-)?[\w-]{6,}", "/tmp/…"),  # noqa: S108
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
        # names that libraries draw for what they show
        (r"\bsk-(container-id|estimator-id|top-container|global)-\d+", r"sk-\1"),
        (r"\bT_[0-9a-f]{5,}", "T_…"),
        (r"(?<=[g-zG-Z_])[0-9a-f]{32}\b", "…"),
        (r"\bdf-[0-9a-f]{8}\b", "df-…"),
        (
            r"""(id|href|xlink:href|clip-path)="(?:url\()?#?[a-zA-Z]\w*[0-9a-f]{6,}\)?\"""",
            r'\1="…"',
        ),
        (r"url\(#[0-9a-zA-Z]+\)", "url(#…)"),
        (r"<dc:date>[^<]*</dc:date>", "<dc:date/>"),
        (r"\bpid[ =:]+\d+", "pid …"),
        # tables of labels that pandas has or has not made yet are counted in
        (r"\bmemory usage: \d+(?:\.\d+)?\+? (?:bytes|[KMGT]B)", "memory usage: …"),
        # how long things take
        (r"(?m)^(?:CPU times|Wall time|Compiler ?)[^\n]*$", "<timing>"),
        (r"(?m)^[^\n]*\bper loop \(mean[^\n]*$", "<timing>"),
        (r"(?m)^[^\n]*loops?, best of[^\n]*$", "<timing>"),
        (
            r"\b(in|took|elapsed|time|duration)([: =]+)\d+(?:\.\d+)? ?"
            r"(?:s|ms|us|µs|ns|secs?|seconds?|minutes?)\b",
            r"\1\2…",
        ),
        (r"(?m)^The slowest run took[^\n]*\n(?:[^\n]*cached\.[^\n]*\n?)?", ""),
        (r"(Date:(?:\s|<[^>]*>|[&}])*)\w{3}, \d\d \w{3} \d{4}", r"\1…"),
        (r"(Time:(?:\s|<[^>]*>|[&}])*)\d\d:\d\d:\d\d", r"\1…"),
    )
)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Plain:
    """Takes out of text what tells one run from another.

    Attributes
    ----------
    roots
        Folders that the runs had for themselves.
    days
        When the runs were: these days, with the time after them, are taken out.
    """

    roots: tuple[str, ...] = ()
    days: tuple[str, ...] = ()

    def __call__(self, text: str) -> str:
        """Return the text without it."""
        text = _ESCAPES.sub("", text.replace("\r\n", "\n"))
        for root in self.roots:
            text = text.replace(root, "<project>")
        for day in self.days:
            if day in text:
                text = re.sub(
                    re.escape(day) + r"(?:[T ,]+\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?", "<today>", text
                )
        for pattern, instead in _RULES:
            text = pattern.sub(instead, text)
        return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def days_around(now: float) -> tuple[str, ...]:
    """Return this day and its neighbours as they are often written."""
    forms = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%a, %d %b %Y", "%a %b %d", "%d %b %Y")
    here = datetime.fromtimestamp(now)
    return tuple(
        (here + timedelta(days=offset)).strftime(form) for offset in (0, -1, 1) for form in forms
    )


def are_close(one: str, other: str) -> bool:
    """Whether two texts differ only in numbers, and those only by rounding."""
    if _NUMBER.sub("#", one) != _NUMBER.sub("#", other):
        # a number may gain a sign or an exponent, which is padded with spaces
        blank = (" ".join(_NUMBER.sub("#", text).split()) for text in (one, other))
        if len(set(blank)) > 1:
            return False
    left, right = _NUMBER.findall(one), _NUMBER.findall(other)
    if len(left) != len(right):
        return False
    top = max((abs(float(n)) for n in (*left, *right) if abs(float(n)) < 1e300), default=0.0)
    return all(a == b or _is_rounded(a, b, top) for a, b in zip(left, right, strict=True))


def _is_rounded(one: str, other: str, top: float) -> bool:
    """Whether two numbers as they are written are one: whole numbers are never rounded."""
    if one.lstrip("+-").isdigit() and other.lstrip("+-").isdigit():
        return False
    return math.isclose(float(one), float(other), rel_tol=CLOSE, abs_tol=1e-12 * top)


def first_difference(one: str, other: str, most: int = 70) -> str:
    """Return both sides of the first line that differs."""
    lines, others = one.splitlines(), other.splitlines()
    for number in range(max(len(lines), len(others))):
        left = lines[number] if number < len(lines) else "(nothing)"
        right = others[number] if number < len(others) else "(nothing)"
        if left != right:
            return f"{_around(left, right, most)} → {_around(right, left, most)}"
    return ""


def _around(line: str, other: str, most: int) -> str:
    """Return the part of a line in which it begins to differ."""
    at = next((i for i, (a, b) in enumerate(zip(line, other, strict=False)) if a != b), 0)
    begin = max(0, min(at - most // 3, len(line) - most))
    part = line[begin : begin + most].strip()
    return f"{'…' if begin else ''}{part}{'…' if begin + most < len(line) else ''}"
