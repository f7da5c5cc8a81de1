"""Problems as people and machines read them: lines, JSON, and GitHub's annotations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from nbpipe.cli.terminal import clean_line, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbpipe.errors import Problem

_COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}
_ORDER = {"error": 0, "warning": 1, "info": 2}
_GITHUB = {"error": "error", "warning": "warning", "info": "notice"}


def place(problem: Problem) -> str:
    """Return where a problem is: notebook, cell number counted from 1, line."""
    parts = [clean_line(problem.notebook)] if problem.notebook else []
    if problem.index is not None:
        parts.append(f"cell {problem.index + 1}")
    if problem.line is not None:
        parts.append(f"line {problem.line}")
    return ", ".join(parts)


def lines_of(problem: Problem) -> list[str]:
    """Return a problem as lines: where and what, then what to do."""
    word = click.style(problem.severity, fg=_COLOURS[problem.severity], bold=True)
    where = place(problem)
    head = f"{where}: {word}" if where else word
    found = [f"{head}: {clean_line(problem.message)} [{problem.code}]"]
    if problem.suggestion:
        found.append(f"    {clean_line(problem.suggestion)}")
    return found


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems, errors first, else in the order they were found."""
    return sorted(problems, key=lambda p: _ORDER[p.severity])


def tell_problems(problems: Sequence[Problem], *, err: bool = False) -> None:
    """Print problems and how many there are."""
    for problem in in_order(problems):
        for line in lines_of(problem):
            click.echo(line, err=err)
    click.echo(count(problems), err=err)


def count(problems: Sequence[Problem]) -> str:
    """Return in a sentence how many problems there are."""
    found = [
        plural(sum(p.severity == severity for p in problems), word)
        for severity, word in (("error", "error"), ("warning", "warning"), ("info", "note"))
        if any(p.severity == severity for p in problems)
    ]
    return ", ".join(found) + "." if found else "No problems."


def annotation(problem: Problem, prefix: str = "", text: str = "") -> str:
    """Return a problem as a command of GitHub Actions.

    `prefix` leads to the project; `text` is the notebook's file, in which its line is looked for.
    """
    fields = {"title": f"nbpipe {problem.code}"}
    if problem.notebook:
        fields["file"] = prefix + problem.notebook
        fields["line"] = str(_line_in_file(text, problem))
    told = clean_line(f"{place(problem)}: {problem.message} {problem.suggestion}".strip(": "))
    said = ",".join(f"{name}={_property(value)}" for name, value in sorted(fields.items()))
    return f"::{_GITHUB[problem.severity]} {said}::{_data(told)}"


def _line_in_file(text: str, problem: Problem) -> int:
    """Return the line of a notebook's file that holds a problem's line of code; 1 if unknown."""
    lines = text.splitlines()
    mark = f'"id": {json.dumps(problem.cell)}'
    at = next((i for i, line in enumerate(lines) if line.strip().startswith(mark)), None)
    if at is None:
        return 1
    begins = (i for i in range(at, len(lines)) if lines[i].strip().startswith('"source": ['))
    first = next(begins, None)
    return at + 1 if first is None else first + 1 + (problem.line or 1)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(clean_line(text)).replace(":", "%3A").replace(",", "%2C")
