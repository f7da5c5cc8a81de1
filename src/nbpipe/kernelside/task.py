"""What the worker tells the kernel: one task, read from the scratch folder's ``task.json``."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields
from typing import Any, Mapping, Sequence


@dataclass(frozen=True)
class Held:
    """An artifact as the kernel needs it: its digest, its codec, and the names it holds."""

    digest: str
    codec: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Held:
        """Build from ``{"digest", "codec", "names"}``."""
        return cls(data["digest"], data["codec"], tuple(data.get("names", ())))


@dataclass(frozen=True)
class Task:
    """One task as ``task.json`` tells it; every key but `version` may be left out.

    Attributes
    ----------
    version
        1.
    project
        The project's folder; files are watched in it.
    cwd
        The folder the step runs in.
    fetch
        Upstream names that are not loaded but may be fetched when first used.
    known
        Names bound by steps above that no artifact holds.
    verify
        Input names whose silent change matters.
    random
        ``{"restore": {generator: digest}, "save": [generator]}``;
        generators are ``random``, ``numpy`` and ``torch``.
    gather
        Name → its artifacts, one for each item of the fan-out, in item order.
    codecs
        More codecs as ``module:attribute``, before those found by entry point.
    replayed
        Classes of ``__main__`` that later steps define themselves: stored by reference.
    changed_later
        Names that later steps change in place; such a name may not share memory with another
        artifact.
    after_drawing
        Whether cells above the step have drawn with pyplot.
    watch
        ``{"ignore": [glob]}``, relative to the project.
    """

    version: int = 1
    project: str = ""
    cwd: str = ""
    fetch: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    known: Sequence[str] = ()
    verify: Sequence[str] = ()
    random: Mapping[str, Any] = field(default_factory=dict)
    gather: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    codecs: Sequence[str] = ()
    replayed: Sequence[str] = ()
    changed_later: Sequence[str] = ()
    after_drawing: bool = False
    watch: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, scratch: str) -> Task | None:
        """Read a scratch folder's task; None where there is none (a notebook run by hand)."""
        try:
            with open(os.path.join(scratch, "task.json"), encoding="utf-8") as file:
                data = json.load(file)
        except (FileNotFoundError, NotADirectoryError):
            return None
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})
