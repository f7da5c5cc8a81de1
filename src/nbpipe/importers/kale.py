"""Notebooks tagged for Kale, compositions of several included.

Kale's tags: https://github.com/kubeflow/kale (``kale/processors/constants.py``).
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbpipe.compile.tags import is_name, suggested_name
from nbpipe.importers.carried import Carried, Names, Note, ancestors, inside, stem
from nbpipe.importers.pieces import metadata_of, opened, pieces_of, retagged, written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbpipe.compile.notebook import Cell, Notebook
    from nbpipe.importers.carried import Made, Sources
    from nbpipe.importers.pieces import Piece

METADATA = ("kubeflow_notebook", "kubeflow_noteobok", "kubeflow-notebook")
"""Where versions of Kale keep a notebook's settings; the second is as they wrote it."""

_SHARED = {"imports": "setup", "functions": "setup", "pipeline-parameters": "parameters"}
_SHARED |= {"parameters": "parameters", "pipeline-metrics": "metrics", "skip": "skip"}
_STEP, _PREV = ("step", "block"), ("prev",)
_CLUSTER = ("annotation", "label", "limit", "secret", "image", "cache", "report")
_WORDS = (*_STEP, *_PREV, *_CLUSTER, "notebook")

_SETTINGS = {
    "volumes": "volumes are mounted by Kubernetes; steps read files of the project's folder",
    "base_image": "steps run in this environment, not in an image",
    "docker_image": "steps run in this environment, not in an image",
    "katib_metadata": "a search over parameters is Katib's",
    "snapshot_volumes": "volumes are Kubernetes's",
    "autosnapshot": "volumes are Kubernetes's",
    "marshal_volume": "values go through nbpipe's store",
    "storage_class_name": "volumes are Kubernetes's",
    "security_context": "it is Kubernetes's",
}
"""Settings of a notebook that have no counterpart, and why."""


@dataclass(slots=True)
class _Steps:
    """What is known of the steps of one notebook while its cells are walked."""

    path: str
    prefix: str = ""
    direct: dict[str, frozenset[str]] = field(default_factory=dict)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def name(self, said: str) -> str:
        """Return what a step is called here: notebooks of a composition may share names."""
        plain = said.strip() if is_name(said.strip()) else suggested_name(said)
        return self.prefix + plain


def recognise(path: str, sources: Sources) -> bool:
    """Whether a notebook is tagged for Kale: its metadata or its words."""
    data = sources.read(path)
    if data is None or not path.endswith(".ipynb"):
        return False
    notebook = opened(data, path)
    if any(key in notebook.metadata for key in METADATA):
        return True
    tags = {tag for cell in notebook.cells for tag in cell.tags}
    words = {tag.partition(":")[0] for tag in tags if ":" in tag}
    return bool(words & {"block", "prev", "notebook"}) or bool(
        tags & {"pipeline-parameters", "pipeline-metrics", "imports", "functions"}
    )


def carry(path: str, sources: Sources) -> Carried:
    """Return a Kale notebook, and those that it is composed of, in our tags."""
    root = opened(sources.read(path) or b"", path)
    settings = _settings(root)
    name = str(settings.get("pipeline_name") or stem(path))
    references = _references(root)
    if not references:
        steps = _Steps(path)
        made = _converted(root, steps, posixpath.basename(path), settings)
        return _carried(name, [made], [steps], [path])
    return _composed(root, references, sources, name)


def _carried(
    name: str, files: Sequence[Made], read: Sequence[_Steps], used: Sequence[str]
) -> Carried:
    direct = {step: before for steps in read for step, before in steps.direct.items()}
    notes = tuple(note for steps in read for note in steps.notes)
    return Carried(
        "Kale", name, tuple(files), before=ancestors(direct), used=frozenset(used), notes=notes
    )


def _settings(notebook: Notebook) -> Mapping[str, Any]:
    found: Any = next((notebook.metadata[k] for k in METADATA if k in notebook.metadata), {})
    return found if isinstance(found, dict) else {}


def _references(notebook: Notebook) -> list[tuple[Cell, str, str]]:
    """Cells that stand for a notebook, with its name and its path."""
    found = []
    for cell in notebook.cells:
        said = next((tag[9:] for tag in cell.tags if tag.startswith("notebook:")), None)
        if said is not None and cell.kind == "code":
            there = cell.metadata.get("notebook_path")
            default = f"{said}.ipynb"
            found.append((cell, said, there if isinstance(there, str) and there else default))
    return found


def _composed(
    root: Notebook, references: Sequence[tuple[Cell, str, str]], sources: Sources, name: str
) -> Carried:
    """Each notebook of a composition stays one; the root keeps its own steps and parameters."""
    names, used = Names(), [root.path]
    files: list[Made] = []
    read: list[_Steps] = []
    twice = _shared_names(references, root, sources)
    units: dict[str, tuple[str, ...]] = {}
    top = _Steps(root.path)
    settings = _settings(root)
    for cell, said, there in references:
        where = posixpath.normpath(posixpath.join(posixpath.dirname(root.path), there))
        data = sources.read(where)
        if data is None:
            top.notes.append(
                Note(f"{root.path}, cell {cell.index + 1}", f"the notebook {there}",
                     "there is no such file", "Put it there and import once more.")
            )  # fmt: skip
            continue
        notebook = opened(data, where)
        steps = _Steps(where, f"{said}." if _step_names(notebook) & twice else "")
        shared = {**_settings(notebook), "steps_defaults": settings.get("steps_defaults", [])}
        made = _converted(notebook, steps, names.take(inside(there)), shared, is_part=True)
        files, used = [*files, made], [*used, where]
        read.append(steps)
        units[cell.id] = tuple(steps.direct)
    made = _converted(root, top, names.take(posixpath.basename(root.path)), settings, units=units)
    return _carried(name, [made, *files], [top, *read], used)


def _step_names(notebook: Notebook) -> set[str]:
    return {
        tag.partition(":")[2]
        for cell in notebook.cells
        for tag in cell.tags
        if tag.partition(":")[0] in _STEP and tag.partition(":")[2]
    }


def _shared_names(
    references: Sequence[tuple[Cell, str, str]], root: Notebook, sources: Sources
) -> set[str]:
    """Step names that more than one notebook of a composition has."""
    seen, twice = _step_names(root), set()
    for _, _, there in references:
        where = posixpath.normpath(posixpath.join(posixpath.dirname(root.path), there))
        data = sources.read(where)
        found = _step_names(opened(data, where)) if data is not None else set()
        twice |= seen & found
        seen |= found
    return twice


def _converted(
    notebook: Notebook,
    steps: _Steps,
    target: str,
    settings: Mapping[str, Any],
    *,
    units: Mapping[str, tuple[str, ...]] | None = None,
    is_part: bool = False,
) -> Made:
    """Return one notebook in our tags; what its steps are is put into `steps`."""
    defaults = _defaults(settings, steps)
    pieces = _walk(notebook, steps, defaults, units)
    if not is_part:
        _tell_settings(settings, steps)
    metadata = metadata_of(notebook, steps.notes)
    kept = {name: options for name, options in steps.options.items() if options}
    own: dict[str, Any] = {"version": 1}
    if settings.get("pipeline_name") and not is_part:
        own["name"] = str(settings["pipeline_name"])
    metadata["nbpipe"] = own | ({"steps": kept} if kept else {})
    return written(target, pieces, metadata)


def _walk(
    notebook: Notebook,
    steps: _Steps,
    defaults: Mapping[str, Any],
    units: Mapping[str, tuple[str, ...]] | None,
) -> list[Piece]:
    """Kale's way through the cells: an untagged one belongs to the one above, whatever it is."""
    made: list[Piece] = []
    current = ""
    above: list[str] = []
    waiting: list[int] = []
    for piece, cell in zip(pieces_of(notebook), notebook.cells, strict=True):
        if piece.kind != "code":
            made.append(retagged(piece, *_others(piece)))
            continue
        said, before = _tags(cell, steps)
        if units is not None and cell.id in units:
            above += units[cell.id]
            current = "notebook"
            made.append(retagged(piece, "skip", *_others(piece)))
            continue
        if said == "" and current == "notebook":
            waiting.append(len(made))  # Kale gives it to the next step
            made.append(retagged(piece, *_others(piece)))
            continue
        tags, current = _role(said, current, piece, cell, steps)
        if said.startswith("step:"):
            for index in waiting:
                made[index] = retagged(made[index], said, *_others(made[index]))
            waiting = []
            begun = said.removeprefix("step:") in steps.direct
            tags += _begin(said.removeprefix("step:"), begun, before, above, cell, steps, defaults)
            above = [*above, said.removeprefix("step:")] if units else above
        made.append(retagged(piece, *tags, *_others(piece)))
    return made


def _role(
    said: str, current: str, piece: Piece, cell: Cell, steps: _Steps
) -> tuple[tuple[str, ...], str]:
    """Our tags for a cell, and what the untagged cells after it belong to."""
    if said == "skip":
        return ("skip",), current
    if said:
        return (said,), said
    if current in ("setup", "parameters", "metrics"):
        return (current,), current
    if not current and piece.source.strip():
        steps.notes.append(
            Note(f"{steps.path}, cell {cell.index + 1}", "an untagged cell above all tags",
                 "Kale leaves it out, so it is tagged skip", "Tag it setup if steps need it.")
        )  # fmt: skip
        return ("skip",), current
    return (), current


def _begin(
    name: str,
    begun: bool,
    before: Sequence[str],
    above: Sequence[str],
    cell: Cell,
    steps: _Steps,
    defaults: Mapping[str, Any],
) -> tuple[str, ...]:
    """Note a step's order and options; order said again where a step goes on has no effect."""
    if begun:
        return ()
    waits = dict.fromkeys([*before, *above])
    steps.direct[name] = frozenset(waits)
    own = {**defaults, **_options(cell, steps)}
    if own:
        steps.options[name] = own
    return tuple(f"after:{one}" for one in waits)


def _tags(cell: Cell, steps: _Steps) -> tuple[str, tuple[str, ...]]:
    """What a cell is by Kale's tags (empty for nothing), and the steps that it waits for."""
    for tag in cell.tags:
        if tag in _SHARED:
            return _SHARED[tag], ()
    named = [tag.partition(":")[2] for tag in cell.tags if tag.partition(":")[0] in _STEP]
    named = [steps.name(name) for name in named if name.strip()]
    if len(named) > 1:
        steps.notes.append(
            Note(f"{steps.path}, cell {cell.index + 1}", f"steps {', '.join(named)} in one cell",
                 f"a cell belongs to one step, so it is in {named[0]}",
                 "Tag the cell setup if every step needs it.")
        )  # fmt: skip
    before = [steps.name(tag[5:]) for tag in cell.tags if tag.startswith("prev:") and tag[5:]]
    return (f"step:{named[0]}" if named else ""), tuple(before)


def _others(piece: Piece) -> tuple[str, ...]:
    """Tags that are not Kale's, which are left as they are."""
    return tuple(
        tag
        for tag in piece.tags
        if tag not in _SHARED and (":" not in tag or tag.partition(":")[0] not in _WORDS)
    )


def _options(cell: Cell, steps: _Steps) -> dict[str, Any]:
    return _read_options(cell.tags, f"{steps.path}, cell {cell.index + 1}", steps)


def _defaults(settings: Mapping[str, Any], steps: _Steps) -> dict[str, Any]:
    """Options that every step of a notebook has."""
    said = settings.get("steps_defaults")
    tags = [str(tag) for tag in said] if isinstance(said, list) else []
    if settings.get("enable_caching") is False:
        tags.append("cache:disabled")
    found = _read_options(tags, f"{steps.path}, its settings", steps)
    retry = settings.get("retry") or settings.get("retries")
    if isinstance(retry, int) and not isinstance(retry, bool) and 0 < retry <= 1000:
        found["retries"] = retry
    timeout = settings.get("timeout")
    if isinstance(timeout, (int, float)) and not isinstance(timeout, bool) and timeout > 0:
        found["timeout"] = timeout
    return found


def _read_options(tags: Sequence[str], where: str, steps: _Steps) -> dict[str, Any]:
    found: dict[str, Any] = {}
    resources: dict[str, Any] = {}
    for tag in tags:
        word, _, rest = tag.partition(":")
        if word == "cache" and rest == "disabled":
            found["cache"] = False
        elif word == "limit" and _limit(rest, resources):
            found["resources"] = resources
        elif word in _CLUSTER and not (word == "cache" and rest == "enabled"):
            steps.notes.append(Note(where, f"the tag {tag}", _WHY[word], _DO.get(word, "")))
    return found


_WHY = {
    "annotation": "it is for Kubernetes's pods",
    "label": "it is for Kubernetes's pods",
    "limit": "nbpipe knows cpu, memory and gpu",
    "secret": "secrets of Kubernetes are not there",
    "image": "steps run in this environment, not in an image",
    "report": "every executed notebook is kept in any case",
    "cache": "Kale knows enabled and disabled",
}
_DO = {
    "secret": "Set the environment variable before the run.",
    "image": "Install what the image holds.",
}


def _limit(rest: str, resources: dict[str, Any]) -> bool:
    kind, _, amount = rest.rpartition(":")
    try:
        if "gpu" in kind:
            resources["gpu"] = int(amount)
        elif kind == "cpu":
            milli = amount.endswith("m")
            resources["cpu"] = float(amount.removesuffix("m")) / (1000 if milli else 1)
        elif kind == "memory":
            resources["memory"] = amount
        else:
            return False
    except ValueError:
        return False
    return True


def _tell_settings(settings: Mapping[str, Any], steps: _Steps) -> None:
    for key, why in _SETTINGS.items():
        value = settings.get(key)
        if value and not (key == "katib_metadata" and not settings.get("katib_run")):
            do = "Put the files into the project's folder." if key == "volumes" else ""
            steps.notes.append(Note(f"{steps.path}, its settings", key.replace("_", " "), why, do))
