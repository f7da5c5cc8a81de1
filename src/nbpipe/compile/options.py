"""Step options: what ``metadata.nbpipe`` may say of a step, checked once and made values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbpipe.compile.cures import renamed_entry
from nbpipe.compile.pipeline import Options, Resources
from nbpipe.compile.tags import OPTION_NAMES
from nbpipe.errors import Problem, did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ENGINES = ("warm", "papermill", "embedded", "profiling", "debug")
"""Papermill engines that a step can name."""

_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*$", re.IGNORECASE)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def read_options(
    raw: Mapping[str, Any], step: str, notebook: str, at: tuple[str, ...] = ()
) -> tuple[Options, tuple[Problem, ...]]:
    """Return a step's options and the problems with how they were written.

    Parameters
    ----------
    raw
        The options as they are written.
    step, notebook
        Whose they are.
    at
        Where in ``metadata.nbpipe`` they stand.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in raw.items():
        reader = _READERS.get(name)
        if reader is None:
            text = f"Step {step!r} has an option {name!r}, which nbpipe does not know."
            hint = did_you_mean(name, OPTION_NAMES)
            fix = renamed_entry((*at, name), nearest(name, OPTION_NAMES))
            problems.append(
                Problem("unknown-option", text, "warning", notebook, suggestion=hint, fix=fix)
            )
            continue
        try:
            values[name] = reader(value)
        except (ValueError, TypeError, AttributeError) as error:
            text = f"Step {step!r}: the option {name} is {value!r}, but {error}."
            fix = renamed_entry((*at, name), "")
            problems.append(Problem("bad-option", text, notebook=notebook, fix=fix))
    return Options(**values), tuple(problems)


MOST_BYTES = 1 << 62


def read_bytes(value: Any) -> int:
    """Return bytes from a number or a text as ``"2 GB"`` (1 kB is 1024 bytes).

    Raises
    ------
    ValueError
        If it is neither.
    """
    found = _SIZE.match(str(value))
    if not found or isinstance(value, bool):
        raise ValueError('must be a size, as "2 GB"')
    size = float(found[1]) * _UNITS[found[2].lower()]
    if size > MOST_BYTES:
        raise ValueError("is more than any machine has")
    return int(size)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1000:
        raise ValueError("must be a whole number from 0 to 1000")
    return value


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    if not is_span(value):
        raise ValueError("must be a number of seconds above 0")
    return float(value)


def _delay(value: Any) -> float:
    if value != 0 and not is_span(value):
        raise ValueError("must be a number of seconds, 0 or more")
    return float(value)


def is_span(value: Any) -> bool:
    """Whether a value is a number of seconds above 0, and of at most thirty years."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1e9


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _engine(value: Any) -> str | None:
    if value is not None and value not in ENGINES:
        raise ValueError(f"must be one of {', '.join(ENGINES)}")
    return None if value is None else str(value)


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of words")
    if any("\0" in item for item in value):
        raise ValueError("must hold no NUL character")
    return tuple(value)


def _resources(value: Any) -> Resources:
    if not isinstance(value, dict) or not set(value) <= {"cpu", "memory", "gpu"}:
        raise ValueError("must be an object with cpu, memory or gpu")
    cpu, gpu = value.get("cpu", 1.0), value.get("gpu", 0)
    if isinstance(cpu, bool) or not isinstance(cpu, (int, float)) or not 0 <= cpu <= 1e6:
        raise ValueError("cpu must be a number of cores")
    memory = value.get("memory")
    return Resources(float(cpu), None if memory is None else read_bytes(memory), _count(gpu))


_READERS: dict[str, Callable[[Any], Any]] = {
    "retries": _count,
    "retry_delay": _delay,
    "timeout": _seconds,
    "resources": _resources,
    "engine": _engine,
    "cache": _flag,
    "gives": _words,
    "reads": _words,
    "writes": _words,
}
