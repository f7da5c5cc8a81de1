"""Keys: the digest of all that a step's result depends on, and its ingredients in words."""

from __future__ import annotations

import ast
import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from nbpipe.compile.reading.magics import to_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbpipe.compile.pipeline import Step

VERSION = 1
"""Raised when the same ingredients no longer mean the same result."""

_ENCODER = json.JSONEncoder(ensure_ascii=False)
"""One for all: to make one takes as long as to write the ingredients."""

Ingredients = dict[str, str]
"""What goes into a key: ``kind name`` → a value or a digest. The kinds: ``cell``,
``definition``, ``parameter``, ``input``, ``file``, ``module``, ``kernel``, ``item``,
``random``, ``metric``, ``twin``."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the world outside the notebook contributes to a step's key.

    Attributes
    ----------
    files
        Path → digest of each file that the step reads; empty text for one that is missing.
    modules
        Top-level module → its version, or the digest of its source for one of the project's own.
    kernel
        The kernel that runs the step, and the version of its language.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    kernel: str = ""


def ingredients(
    step: Step,
    facts: Facts,
    inputs: Mapping[str, str],
    parameters: Mapping[str, object],
    item: str = "",
) -> Ingredients:
    """Return all that the result of `step` depends on.

    Parameters
    ----------
    step
        The step.
    facts
        What lies outside the notebook.
    inputs
        Name → digest of what the step takes from others; random state as ``random NAME``.
    parameters
        Name → value of the parameters that the step uses.
    item
        Digest of the item, for one task of a fan-out.
    """
    python = step.language == "python"
    parts: Ingredients = {"kernel": facts.kernel}
    for position, cell in enumerate(step.cells, 1):
        parts[f"cell {position}"] = code_digest(step.notebook.source_of(cell), python)
    for snippet in step.flow.replay:
        if snippet.used:
            name = ", ".join(snippet.binds) or snippet.source.split("\n", 1)[0][:60]
            parts[f"definition {name}"] = _joined(
                parts.get(f"definition {name}", ""), code_digest(snippet.source, python)
            )
    parts.update({f"parameter {name}": _canonical(value) for name, value in parameters.items()})
    parts.update({f"input {name}": digest for name, digest in inputs.items()})
    parts.update({f"file {path}": digest for path, digest in facts.files.items()})
    parts.update({f"module {name}": version for name, version in facts.modules.items()})
    if item:
        parts["item"] = item
    if step.metric_names:
        parts["metric"] = ", ".join(step.metric_names)
    return parts


def key_of(parts: Ingredients) -> str:
    """Return the key: a digest over the ingredients, in whatever order they came."""
    text = _ENCODER.encode([VERSION, sorted(parts.items())])
    return "key:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=65536)
def code_digest(source: str, python: bool) -> str:
    """Return a digest of code in which comments and layout do not count."""
    return hashlib.sha256(_normal(source, python).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _normal(source: str, python: bool) -> str:
    if python:
        try:
            return _normal_python(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return source
    lines = (line.rstrip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))


def _normal_python(source: str) -> str:
    """Python by its syntax; lines that are IPython's (shell lines, magics) by their text."""
    python = to_python(source)
    code = ast.dump(ast.parse(python))
    if python == source:
        return code
    pairs = zip_longest(source.split("\n"), python.split("\n"))
    return "\n".join([code, *(line for line, other in pairs if line and line != other)])


def twins(steps: Iterable[Step]) -> dict[str, int]:
    """Return, for each step whose code another one above has too, how many above have it.

    Such steps are alike by all that reading finds, and may still give different things: both
    draw random numbers, or ask the shell.
    """
    seen: dict[tuple[str, ...], int] = {}
    found = {}
    for step in steps:
        source, python = step.notebook.source_of, step.language == "python"
        code = tuple(code_digest(source(cell), python) for cell in step.cells)
        if code in seen:
            found[step.name] = seen[code]
        seen[code] = seen.get(code, 0) + 1
    return found


def _joined(before: str, digest: str) -> str:
    return f"{before}+{digest}" if before else digest


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Return in sentences what differs between the ingredients of two keys."""
    names = [*now, *(name for name in before if name not in now)]
    differ = [name for name in names if before.get(name) != now.get(name)]
    return tuple(dict.fromkeys(_sentence(name, before.get(name), now.get(name)) for name in differ))


def _sentence(name: str, before: str | None, now: str | None) -> str:
    kind, _, what = name.partition(" ")
    if before is None:
        return _NEW.get(kind, "{what} is new").format(what=what, now=now)
    if now is None:
        return _GONE.get(kind, "{what} is gone").format(what=what)
    if kind in ("parameter", "kernel") or (kind == "module" and len(before + now) < 60):
        return f"{what or 'the kernel'} is {now}, was {before}"
    if kind == "file" and not now:
        return f"the file {what} is missing"
    return _CHANGED.get(kind, "{what} changed").format(what=what)


_NEW = {
    "cell": "it has a cell {what} that it had not",
    "definition": "it uses {what}, which it did not",
    "parameter": "it uses the parameter {what}, which it did not",
    "input": "it takes {what}, which it did not",
    "random": "it continues random numbers of {what}, which it did not",
    "file": "it reads the file {what}, which it did not",
    "module": "it imports {what}, which it did not",
    "metric": "it has metrics, which it had not",
    "twin": "a step above has the same code",
}
_GONE = {
    "cell": "its cell {what} is gone",
    "definition": "it no longer uses {what}",
    "parameter": "it no longer uses the parameter {what}",
    "input": "it no longer takes {what}",
    "file": "it no longer reads the file {what}",
    "module": "it no longer imports {what}",
    "metric": "it no longer has metrics",
    "twin": "no step above has the same code any more",
}
_CHANGED = {
    "cell": "the code of its cell {what} changed",
    "definition": "the definition of {what} changed",
    "input": "its input {what} changed",
    "file": "the file {what} changed",
    "module": "the module {what} changed",
    "item": "its item changed",
    "metric": "the names of its metrics changed",
    "twin": "its place among steps of the same code changed",
}


def worth_saying(sentences: Iterable[str], most: int = 3) -> str:
    """Join the first few sentences into one."""
    every = list(sentences)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return "; ".join(every[:most]) + more
