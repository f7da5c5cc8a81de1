"""``nbpipe.lock``: what runs found out about steps that reading their code does not show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nbpipe.compile.pipeline import Learned
from nbpipe.errors import Problem
from nbpipe.store.disk import Disk, place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION = 1
_FIELDS = ("needs", "gives", "draws", "reads", "writes")


def read_lock(path: Path) -> tuple[Mapping[str, Learned], tuple[Problem, ...]]:
    """Return step → what was learned; a file that cannot be read is a problem, not an error."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}, ()
    except RecursionError:
        return {}, (_unreadable("it is nested too deeply"),)
    except (OSError, ValueError) as error:
        return {}, (_unreadable(str(error)),)
    if not isinstance(data, dict) or data.get("version") != VERSION:
        return {}, (_unreadable(f"it is not of version {VERSION}"),)
    try:
        steps = {
            step: Learned(**{name: _names(said.get(name, [])) for name in _FIELDS})
            for step, said in data["steps"].items()
        }
    except (KeyError, AttributeError, TypeError) as error:
        return {}, (_unreadable(str(error)),)
    return steps, ()


def add_to_lock(path: Path, learned: Mapping[str, Learned]) -> None:
    """Write what was learned together with what another run wrote there meanwhile."""
    there, _ = read_lock(path)
    found = {step: joined(said, learned[step]) for step, said in there.items() if step in learned}
    write_lock(path, {**there, **learned, **found})


def _names(said: object) -> frozenset[str]:
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
        raise TypeError(f"{said!r} is no list of texts")
    return frozenset(said)


def write_lock(path: Path, learned: Mapping[str, Learned]) -> None:
    """Write the file whole, by rename; lists are sorted, so that version control sees little."""
    steps = {
        step: {name: sorted(getattr(said, name)) for name in _FIELDS if getattr(said, name)}
        for step, said in sorted(learned.items())
    }
    data = {"version": VERSION, "steps": {step: said for step, said in steps.items() if said}}
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    place(Disk(), path, text.encode("utf-8"), 0o666)


def joined(before: Learned, more: Learned) -> Learned:
    """Return both together."""
    return Learned(**{name: getattr(before, name) | getattr(more, name) for name in _FIELDS})


def _unreadable(why: str) -> Problem:
    return Problem(
        "bad-lock",
        f"nbpipe.lock cannot be read ({why}); it is passed over.",
        "warning",
        suggestion="Remove the file: the next run learns its lines again.",
    )
