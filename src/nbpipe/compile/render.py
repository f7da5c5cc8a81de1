"""A step as a notebook that stands alone: parameters, setup, load, its own cells, save."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbpipe.compile.flow import Snippet
    from nbpipe.compile.notebook import Cell
    from nbpipe.compile.pipeline import Step

BEGIN_TAG = "nbpipe-begin"
LOAD_TAG = "nbpipe-load"
SAVE_TAG = "nbpipe-save"
SETUP_TAG = "nbpipe-setup"

BEGIN_CELL = "nbpipe-begin"
ITEM_CELL = "nbpipe-item"
"""Ids of the cells that differ from item to item of a fan-out; what is between is shared."""


@dataclass(frozen=True, slots=True)
class Given:
    """A stored value that a step loads: the names stored as one, their digest, their codec."""

    names: tuple[str, ...]
    digest: str
    codec: str


@dataclass(frozen=True, slots=True)
class Item:
    """The item that one task of a fan-out is about.

    Attributes
    ----------
    index
        Its position among the items.
    label
        A short text that tells it from the others.
    digest
        Digest of its value.
    value
        The value itself where it is JSON.
    stored
        Where it is not: the list of all items.
    """

    index: int
    label: str
    digest: str
    value: Any = None
    stored: Given | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rendered notebook finds what it needs.

    Attributes
    ----------
    store
        Absolute folder of the store.
    lib
        Absolute folder that holds the package for the kernel side.
    task
        Name of the attempt's scratch folder.
    folder
        Absolute folder of the source notebook.
    """

    store: str
    lib: str
    task: str
    folder: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What is put into a rendered step besides its own cells.

    Attributes
    ----------
    inputs
        Stored values to load.
    needed
        The names among them that the step takes.
    item
        The item, for one task of a fan-out.
    save
        Names to save, those stored as one in a group.
    items_of
        Names whose items are listed when they are saved.
    secrets
        Parameter → reference of the secret that is its value.
    """

    inputs: Sequence[Given] = ()
    needed: frozenset[str] = frozenset()
    item: Item | None = None
    save: Sequence[tuple[str, ...]] = ()
    items_of: tuple[str, ...] = ()
    metrics: tuple[str, ...] = field(default=())
    secrets: Mapping[str, str] = field(default_factory=dict)


def render(step: Step, place: Place, contents: Contents) -> dict[str, Any]:
    """Return `step` as an nbformat 4.5 document.

    Cells of the step keep their ids and tags; cells that are put in have ids that begin with
    ``nbpipe-``. A step in another language than Python is given as it is.
    """
    cells = list(_parameter_cells(step))
    if step.language == "python":
        cells.insert(0, _begin_cell(step, place))
        cells += secret_cells(contents.secrets)
        cells += _setup_cells(step.flow.replay)
        cells += _load_cells(step, contents)
        cells += _own_cells(step)
        cells.append(_cell("nbpipe-save", SAVE_TAG, _save_source(step, contents)))
    else:
        cells += _own_cells(step)
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": _metadata(step),
        "cells": cells,
    }


def render_item(
    document: Mapping[str, Any], step: Step, place: Place, contents: Contents
) -> dict[str, Any]:
    """Return what `render` would, made from the document of another item of the same step.

    Only the two cells that differ are made anew; the others are the same objects.
    """
    made = {BEGIN_CELL: _begin_cell(step, place), ITEM_CELL: _item_cell(step, contents)}
    return {**document, "cells": [made.get(cell["id"], cell) for cell in document["cells"]]}


def _begin_cell(step: Step, place: Place) -> dict[str, Any]:
    begin = _cell(BEGIN_CELL, BEGIN_TAG, _begin_source(step, place))
    begin["metadata"]["jupyter"] = {"source_hidden": True}  # a click away, not in the way
    return begin


def _metadata(step: Step) -> dict[str, Any]:
    """The kernel and the language as the source has them, as far as nbformat allows it."""
    kept = {}
    for key in ("kernelspec", "language_info"):
        said = step.notebook.metadata.get(key)
        if isinstance(said, dict) and isinstance(said.get("name"), str):
            kept[key] = {k: v for k, v in said.items() if isinstance(v, str) or k in _OBJECTS}
    if "kernelspec" in kept:
        kept["kernelspec"].setdefault("display_name", kept["kernelspec"]["name"])
    return kept


_OBJECTS = ("codemirror_mode", "env", "metadata")
"""Entries of a kernel's and a language's description that need not be text."""


def _parameter_cells(step: Step) -> Iterable[dict[str, Any]]:
    """The cells tagged as parameters; papermill puts the values of the run after the first."""
    tagged, places = step.notebook.tagged, step.notebook.places
    found = {
        places[cell.id]: cell
        for tag in ("parameters", "pipeline-parameters")
        for cell in tagged.get(tag, ())
    }
    for _, cell in sorted(found.items()):
        yield _raw(cell, tags=["parameters"])


def secret_cells(secrets: Mapping[str, str]) -> list[dict[str, Any]]:
    """Secrets are read where the step runs: their values stand in no notebook."""
    if not secrets:
        return []
    lines = ["# Added by nbpipe: secrets, read from where they are kept."]
    lines += [f"{name} = nbpipe_step.secret({place!r})" for name, place in secrets.items()]
    return [_cell("nbpipe-secrets", LOAD_TAG, "\n".join(lines))]


def _setup_cells(snippets: Sequence[Snippet]) -> list[dict[str, Any]]:
    """Replayed statements, those of one source cell in one cell."""
    groups: list[tuple[str, list[str]]] = []
    for snippet in snippets:
        if not groups or groups[-1][0] != snippet.site.cell:
            groups.append((snippet.site.cell, []))
        groups[-1][1].append(snippet.source)
    return [
        _cell(f"nbpipe-setup-{number}", SETUP_TAG, "\n".join(sources), source=cell)
        for number, (cell, sources) in enumerate(groups, 1)
    ]


def _begin_source(step: Step, place: Place) -> str:
    lines = [
        f"# Added by nbpipe: step {step.name!r} as it was run. By hand it runs as it is, too.",
        "import sys",
        f"sys.path.append({place.lib!r})",
        "import nbpipe_kernelside as nbpipe_step",
        f"nbpipe_step.begin({place.store!r}, task={place.task!r}, folder={place.folder!r})",
    ]
    return "\n".join(lines)


def _load_cells(step: Step, contents: Contents) -> list[dict[str, Any]]:
    """What the step takes; an item's own comes after what all items share."""
    lines = ["# Added by nbpipe: what the step takes from the steps before it."]
    lines += [_load_line(given, contents.needed) for given in contents.inputs]
    if contents.item is None or step.foreach is None:
        return [_cell("nbpipe-load", LOAD_TAG, "\n".join([*lines, "nbpipe_step.settle()"]))]
    shared = [_cell("nbpipe-load", LOAD_TAG, "\n".join(lines))] if contents.inputs else []
    return [*shared, _item_cell(step, contents)]


def _item_cell(step: Step, contents: Contents) -> dict[str, Any]:
    assert contents.item is not None and step.foreach is not None
    lines = [
        "# Added by nbpipe: the item that this task is about.",
        _item_line(step.foreach.names, contents.item),
        "nbpipe_step.settle()",
    ]
    return _cell(ITEM_CELL, LOAD_TAG, "\n".join(lines))


def _load_call(given: Given) -> str:
    return f"nbpipe_step.load({', '.join(given.names)!r}, {given.digest!r}, {given.codec!r})"


def _load_line(given: Given, needed: frozenset[str]) -> str:
    call = _load_call(given)
    taken = [index for index, name in enumerate(given.names) if name in needed]
    targets = ", ".join(given.names[index] for index in taken)
    if len(taken) == len(given.names):
        return f"{targets} = {call}"
    if len(taken) == 1:
        return f"{targets} = {call}[{taken[0]}]"
    return f"{targets} = map({call}.__getitem__, {taken!r})"


def _item_line(names: tuple[str, ...], item: Item) -> str:
    targets = ", ".join(names)
    if item.stored is None:
        return f"{targets} = {item.value!r}"
    return f"{targets} = {_load_call(item.stored)}[{item.index}]"


_RESETS = re.compile(r"%reset|magic\(.reset").search


def _save_source(step: Step, contents: Contents) -> str:
    names = [repr(group[0]) if len(group) == 1 else repr(group) for group in contents.save]
    if contents.metrics:
        names.append(f"metrics={contents.metrics!r}")
    if contents.items_of:
        names.append(f"items={contents.items_of!r}")
    lines = ["# Added by nbpipe: what later steps take from this one."]
    own = set(step.cells)
    if any(_RESETS(cell.source) for cell in step.notebook.cells if cell.id in own):
        lines.append("import nbpipe_kernelside as nbpipe_step  # %reset may have deleted it")
    return "\n".join([*lines, f"nbpipe_step.save({', '.join(names)})"])


def _own_cells(step: Step) -> list[dict[str, Any]]:
    """The step's cells, each with the Markdown cells right above it.

    Those below the notebook's last code cell go with that.
    """
    cells, places = step.notebook.cells, step.notebook.places
    own = sorted(places[cell] for cell in step.cells if cell in places)
    taken: list[Cell] = []
    for place in own:
        taken += [*reversed(_prose(cells, place - 1, -1)), cells[place]]
    if own:
        below = _prose(cells, own[-1] + 1, 1)
        taken += below if own[-1] + 1 + len(below) == len(cells) else ()
    return [_raw(cell) for cell in taken]


def _prose(cells: Sequence[Cell], place: int, stride: int) -> list[Cell]:
    """Return the cells from a place on that are not code, up to the next that is."""
    found: list[Cell] = []
    while 0 <= place < len(cells) and cells[place].kind != "code":
        found.append(cells[place])
        place += stride
    return found


def _raw(cell: Cell, tags: list[str] | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        key: value
        for key, value in cell.metadata.items()
        if key in ("editable", "slideshow", "jupyter")
    }
    # nbformat allows no comma in a tag; the source may have some all the same.
    metadata["tags"] = [t for t in cell.tags if "," not in t] if tags is None else tags
    document = _document(cell.kind, cell.id, cell.source, metadata)
    return document | {"attachments": dict(cell.attachments)} if cell.attachments else document


def _cell(name: str, tag: str, text: str, source: str = "") -> dict[str, Any]:
    metadata: dict[str, Any] = {"tags": [tag]}
    if source:
        metadata["nbpipe"] = {"from": source}
    return _document("code", name, text, metadata)


def _document(kind: str, name: str, source: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": rendered_id(name),
        "metadata": dict(metadata),
        "source": source,
    }
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def rendered_id(name: str) -> str:
    """Return the id that a source cell has in a rendered notebook.

    nbformat allows 64 letters, digits, ``-`` and ``_``; an odd id is mapped, not refused.
    """
    if 0 < len(name) <= 64 and all(c.isascii() and (c.isalnum() or c in "-_") for c in name):
        return name
    from hashlib import sha256

    return "cell-" + sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
