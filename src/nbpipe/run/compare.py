"""What differs between runs: code, parameters, what steps hang on, numbers, values, notebooks."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nbpipe.events import Artifact
    from nbpipe.store.rows import RunRow, TaskRow
    from nbpipe.store.store import Store

    Tasks = Mapping[str, TaskRow]

How = Literal["new", "gone", "changed"]

LONGEST_OUTPUT = 20_000
"""Characters of a cell's output that are compared."""


@dataclass(frozen=True, slots=True)
class TextChange:
    """A text that differs: its name, how, and the lines of a unified difference."""

    name: str
    how: How
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A value of a task that differs, as its preview shows it; empty where there is none."""

    task: str
    name: str
    how: How
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell of two executed notebooks, side by side.

    Attributes
    ----------
    cell
        Its id.
    kind
        ``code``, ``markdown`` or ``raw``.
    how
        Whether it is in one of them only, or in both and differs; empty where it is the same.
    source
        Lines of its source: all of them, those that differ marked as in a unified difference.
    output
        The same of what it put out, as text.
    pictures
        Whether what it drew differs.
    """

    cell: str
    kind: str
    how: How | Literal[""]
    source: tuple[str, ...]
    output: tuple[str, ...] = ()
    pictures: bool = False


# code


def sources(store: Store, run: RunRow) -> dict[str, list[str]]:
    """Return the code of each step of a run as lines; what is no step's under its notebook."""
    from nbpipe.compile.notebook import read_notebook

    pipeline = store.ledger.pipeline(run.id)
    cells: dict[tuple[str, str], str] = {}
    for path, digest in run.sources.items():
        notebook = read_notebook(store.blobs.read(digest), path)
        cells |= {(path, cell.id): cell.source for cell in notebook.cells}
    found = {
        step["name"]: _joined(cells, step["notebook"], step["cells"])
        for step in pipeline.get("steps", ())
    }
    for path, roles in pipeline.get("roles", {}).items():
        for kind in ("parameters", "setup"):
            ids = [cell for cell, role in roles.items() if role["role"] == kind]
            if ids:
                found[f"{kind} of {path}"] = _joined(cells, path, ids)
    return found


def _joined(cells: Mapping[tuple[str, str], str], path: str, ids: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for cell in ids:
        lines += [*cells.get((path, cell), "").splitlines(), ""]
    return lines[:-1]


def code_changes(
    before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]
) -> Iterator[TextChange]:
    """Yield the steps whose code differs; see `sources`."""
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old != new:
            lines = difflib.unified_diff(old or [], new or [], lineterm="", n=2)
            yield TextChange(name, _how(old, new), tuple(lines)[2:])


def _how(old: object, new: object) -> How:
    return "new" if old is None else "gone" if new is None else "changed"


# what a run was given, and what came of it


def as_text(values: Mapping[str, object]) -> dict[str, str]:
    """Return values as JSON."""
    return {name: json.dumps(value, ensure_ascii=False) for name, value in values.items()}


def states(tasks: Tasks) -> dict[str, str]:
    """Return task → state, listings of items left out."""
    return {task: one.state for task, one in tasks.items() if not task.endswith("[]")}


def metrics(tasks: Tasks) -> dict[str, float]:
    """Return ``task.name`` → number."""
    return {
        f"{task}.{name}": value
        for task, one in tasks.items()
        for name, value in one.metrics.items()
    }


def ingredient_changes(store: Store, before: Tasks, after: Tasks) -> Iterator[tuple[str, str]]:
    """Yield a task that both runs have, and a sentence on what its key hung on and differs.

    Code and parameters are told elsewhere.
    """
    from nbpipe.compile.keys import changes

    keys = [one.key for one in (*before.values(), *after.values()) if one.key]
    known = store.ledger.known(keys)
    for task in before:
        if task not in after or before[task].key == after[task].key:
            continue
        old, new = known.get(before[task].key), known.get(after[task].key)
        if old is not None and new is not None:
            for sentence in changes(_outside(old.parts), _outside(new.parts)):
                yield task, sentence


def _outside(parts: Mapping[str, str]) -> dict[str, str]:
    told = ("cell", "definition", "parameter", "metric")
    return {name: value for name, value in parts.items() if name.split(" ")[0] not in told}


def output_changes(before: Tasks, after: Tasks) -> Iterator[ValueChange]:
    """Yield the values and files that differ."""
    for task in {**before, **after}:
        old, new = _values(before.get(task)), _values(after.get(task))
        for name in {**old, **new}:
            one, other = old.get(name), new.get(name)
            if one is None or other is None or one.digest != other.digest:
                yield ValueChange(task, name, _how(one, other), _seen(one), _seen(other))


def _values(one: TaskRow | None) -> dict[str, Artifact]:
    kinds = ("value", "file", "items")
    return {a.name: a for a in one.artifacts if a.kind in kinds} if one else {}


def _seen(artifact: Artifact | None) -> str:
    return "" if artifact is None else str(artifact.preview.get("text", ""))


# executed notebooks


def cell_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[CellChange]:
    """Return the cells of two executed notebooks side by side, those alike too.

    Cells are the same if their ids are; what nbpipe added is left out.
    """
    old, new = _cells(before), _cells(after)
    names = list(old), list(new)
    pairs = difflib.SequenceMatcher(None, *names, autojunk=False).get_opcodes()
    order = [
        name for _, a, b, c, d in pairs for name in dict.fromkeys((*names[0][a:b], *names[1][c:d]))
    ]
    return [_cell_change(name, old.get(name), new.get(name)) for name in dict.fromkeys(order)]


def _cells(notebook: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found = {}
    for number, cell in enumerate(notebook.get("cells", ())):
        tags = cell.get("metadata", {}).get("tags", ())
        if not any(str(tag).startswith(("nbpipe-", "papermill-error")) for tag in tags):
            found[str(cell.get("id", number))] = cell
    return found


def _cell_change(
    name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> CellChange:
    source, is_new_source = _marked(_text(old, "source"), _text(new, "source"))
    output, is_new_output = _marked(_said(old), _said(new))
    pictures = _drawn(old) != _drawn(new)
    how: How | Literal[""] = ""
    if old is None or new is None or is_new_source or is_new_output or pictures:
        how = _how(old, new)
    kind = str((new or old or {}).get("cell_type", "code"))
    return CellChange(name, kind, how, source, output, pictures)


def _marked(old: str, new: str) -> tuple[tuple[str, ...], bool]:
    """Return all lines of two texts, marked with ``+``, ``-`` or a space, and if any differs."""
    lines = [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[0] != "?"]
    return tuple(line[0] + line[2:] for line in lines), old != new


def _text(cell: Mapping[str, Any] | None, name: str) -> str:
    return _whole((cell or {}).get(name, ""))


def _whole(value: object) -> str:
    """Return a text that a notebook file may keep as a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _said(cell: Mapping[str, Any] | None) -> str:
    texts = (_output_text(one) for one in (cell or {}).get("outputs", ()))
    return "".join(texts)[:LONGEST_OUTPUT]


def _output_text(output: Mapping[str, Any]) -> str:
    if output.get("output_type") == "stream":
        return _whole(output.get("text", ""))
    if output.get("output_type") == "error":
        return f"{output.get('ename')}: {output.get('evalue')}\n"
    text = _whole(output.get("data", {}).get("text/plain", ""))
    return text + "\n" if text else ""


def _drawn(cell: Mapping[str, Any] | None) -> list[str]:
    return [
        _whole(data)
        for output in (cell or {}).get("outputs", ())
        for kind, data in output.get("data", {}).items()
        if kind.startswith("image/")
    ]
