"""What a step gives, stored with previews; every fault is found before any is raised."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Sequence

from . import codecs, pickles, previews
from .objects import file_digest, write_atomically
from .sharing import shared_pairs
from .unstorable import Blame, Unstorable, type_name

if TYPE_CHECKING:
    from .task import Task


def save_outputs(
    scratch: str, task: Task, choice: codecs.Choice, groups: Sequence[Any]
) -> dict[str, Any]:
    """Store every group of names that is bound.

    Returns
    -------
    dict
        ``outputs``, ``unbound`` and ``shared`` of ``saved.json``; `shared` are pairs of artifacts
        whose arrays use one memory, which each of them now has for itself.

    Raises
    ------
    Unstorable
        Some cannot be stored; ``unstorable.json`` tells the worker the same.
    """
    namespace = pickles.main_namespace()
    prefetch = getattr(namespace, "prefetch", None)
    if prefetch is not None:
        prefetch(name for group in groups for name in group)
    bound = [tuple(name for name in group if name in namespace) for group in groups]
    unbound = [n for group, have in zip(groups, bound) for n in group if n not in have]
    kept = [group for group in bound if group]
    blames: list[Blame] = []
    rows: list[dict[str, Any]] = []
    shared = _shared(namespace, kept, task, blames)
    for position, names in enumerate(kept):
        values = [namespace[name] for name in names]
        stem = os.path.join(scratch, f"out-{position}")
        try:
            rows.append(_row(names, values, stem, choice))
        except Unstorable as error:
            blames.extend(error.blames)
    if blames:
        _tell(scratch, blames)
        raise Unstorable(blames)
    return {"outputs": rows, "unbound": unbound, "shared": shared}


def _shared(
    namespace: Any, groups: Sequence[Any], task: Task, blames: list[Blame]
) -> list[list[str]]:
    """Return pairs of artifacts that share memory; those changed later are faults."""
    parts = [(", ".join(names), [namespace[name] for name in names]) for names in groups]
    pairs = shared_pairs(parts)
    later = set(task.changed_later)
    for one, other in pairs:
        hit = later & {*one.split(", "), *other.split(", ")}
        if hit:
            why = f"it shares memory with {other}, and a later step changes {min(hit)} in place"
            kind = type_name(namespace[one.split(", ")[0]])
            blames.append(Blame(one, kind, why))
    return [list(pair) for pair in pairs]


def _row(
    names: Sequence[str], values: Sequence[Any], stem: str, choice: codecs.Choice
) -> dict[str, Any]:
    saved = codecs.encode(names, values, stem, choice)
    made = [
        previews.make(value, f"{stem}-view{i}" if len(values) > 1 else f"{stem}-view")
        for i, value in enumerate(values)
    ]
    files = [path for _, paths in made for path in paths]
    return {
        "names": list(names),
        "file": os.path.basename(saved.path),
        "digest": saved.digest,
        "codec": saved.codec,
        "size": saved.size,
        "type": saved.type,
        "safe": saved.safe,
        "preview": made[0][0] if len(made) == 1 else _joined(names, made),
        "files": [_side(path) for path in files],
    }


def _joined(names: Sequence[str], made: Sequence[Any]) -> dict[str, Any]:
    """Return the preview of a group: those of its parts, the room shared."""
    parts = {}
    room = previews.MOST
    for name, (preview, _) in zip(names, made):
        size = len(json.dumps(preview))
        parts[name] = preview if size <= room else {"type": preview["type"]}
        room -= min(size, room)
    images = [p["image"] for p in parts.values() if "image" in p]
    return {"parts": parts, **({"image": images[0]} if images else {})}


def _side(path: str) -> dict[str, Any]:
    kind = path.rpartition(".")[2]
    name = os.path.basename(path)
    return {"file": name, "kind": kind, "digest": file_digest(path), "size": os.path.getsize(path)}


def _tell(scratch: str, blames: Sequence[Blame]) -> None:
    rows = [{"name": b.name, "type": b.type, "why": b.why} for b in blames]
    write_atomically(
        os.path.join(scratch, "unstorable.json"), json.dumps({"problems": rows}).encode()
    )
