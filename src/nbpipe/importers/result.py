"""An import seen whole: what it compiles to, what has to come along, and what differs."""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbpipe.compile.assemble import assemble
from nbpipe.compile.notebook import read_notebook
from nbpipe.importers.carried import CONTROLS, Made, Note, NotImportable, writable
from nbpipe.importers.defaults import keep_apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbpipe.compile.notebook import Notebook
    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.importers.carried import Carried, Sources

SETTINGS = "nbpipe.toml"
LIST = "IMPORTED.md"
_QUOTED = re.compile(r"""(?<!\w)[rbRBfF]{0,2}(["'])([^"'\n{}]{1,200})\1""")
_IMPORTED = re.compile(r"^\s*(?:from|import)\s+([\w.]+)", re.MULTILINE)
_NOT_COPIED = (".ipynb", ".pipeline", "dvc.yaml", "dvc.lock", "pipeline.yaml", "nbpipe.toml")


@dataclass(frozen=True, slots=True)
class Imported:
    """All that an import writes, and what is to be said of it.

    Attributes
    ----------
    product, name
        Whose it was, and the project's name.
    files
        What is written, ``nbpipe.toml`` and the list of notes included.
    copies
        Path of a source file → its path in the new folder.
    pipeline
        What the notebooks compile to.
    notes
        What could not be carried over as it was.
    """

    product: str
    name: str
    files: tuple[Made, ...]
    copies: Mapping[str, str]
    pipeline: Pipeline
    notes: tuple[Note, ...]


def finish(carried: Carried, sources: Sources) -> Imported:
    """Compile what was carried over with the real compiler, and add what belongs to it."""
    whole = tuple(Made(made.path, writable(made.text)) for made in carried.files)
    made, apart = keep_apart(whole)
    name, notes = writable(carried.name), (*carried.notes, *apart)
    carried = replace(carried, name=name, files=made, notes=notes)
    notebooks = tuple(
        read_notebook(made.text, made.path)
        for made in sorted(carried.files, key=lambda made: made.path)
        if made.path.endswith(".ipynb")
    )
    if not notebooks:
        reasons = " ".join(f"{n.where}: {n.what}: {n.why}." for n in carried.notes)
        raise NotImportable(f"Nothing in it can be carried over. {reasons}")
    pipeline = assemble(notebooks, name=carried.name)
    taken = {made.path for made in carried.files}
    found = {**companions(notebooks, sources), **carried.copies}
    copies = {source: to for source, to in found.items() if to not in taken}
    notes = (*carried.notes, *_other_givers(carried, pipeline))
    settings, lost = settings_text(carried.name, carried.parameters)
    settings = writable(settings)
    notes = (*notes, *lost)
    files = [*carried.files, Made(SETTINGS, settings)]
    files.append(Made(LIST, list_text(carried, pipeline, notes)))
    return Imported(carried.product, carried.name, tuple(files), copies, pipeline, notes)


def _other_givers(carried: Carried, pipeline: Pipeline) -> Iterator[Note]:
    """Values that come from a step which the product itself does not run before."""
    if carried.before is None:
        return
    place = {step.name: step.notebook.path for step in pipeline.steps}
    for edge in pipeline.edges:
        known = carried.before.get(edge.target)
        if edge.kind == "data" and known is not None and edge.source not in known:
            names = ", ".join(edge.names) or "a value"
            # What goes from notebook to notebook is found by Kale as it is here.
            if edge.source in carried.before and place[edge.source] == place[edge.target]:
                yield Note(
                    f"step {edge.target}", f"it takes {names} from step {edge.source}",
                    f"{carried.product} does not run {edge.source} before it; nbpipe reads the "
                    "notebook from top to bottom",
                    "Rename one of them if another value was meant.",
                )  # fmt: skip


def companions(notebooks: tuple[Notebook, ...], sources: Sources) -> dict[str, str]:
    """Files that the code names and modules that it imports, where the source has them."""
    there = frozenset(sources.paths())
    found: dict[str, str] = {}
    folders = {one.path: posixpath.dirname(one.path) for one in notebooks}
    texts = [(folders[one.path], "", cell.source) for one in notebooks for cell in one.cells]
    while texts:
        # Code runs in the folder of its notebook, wherever the module that holds it is.
        folder, beside, text = texts.pop()
        places = {folder, beside or folder}
        modules = {path for place in places for path in _modules(place, text, there)}
        for path in {*_named(folder, text, there), *modules}:
            if path not in found and not path.endswith(_NOT_COPIED):
                found[path] = path
                if path.endswith(".py"):
                    data = sources.read(path) or b""
                    here = posixpath.dirname(path)
                    texts.append((folder, here, data.decode("utf-8", "replace")))
    return dict(sorted(found.items()))


def _named(folder: str, text: str, there: frozenset[str]) -> Iterator[str]:
    for match in _QUOTED.finditer(text):
        said = match[2]
        path = posixpath.normpath(posixpath.join(folder, said))
        if path in there:
            yield path
        elif "/" in said or said in _top_folders(there):
            yield from (one for one in there if one.startswith(path + "/"))


def _top_folders(there: frozenset[str]) -> frozenset[str]:
    return frozenset(path.split("/", 1)[0] for path in there if "/" in path)


def _modules(folder: str, text: str, there: frozenset[str]) -> Iterator[str]:
    for match in _IMPORTED.finditer(text):
        base = posixpath.normpath(posixpath.join(folder, match[1].lstrip(".").replace(".", "/")))
        top = posixpath.normpath(posixpath.join(folder, match[1].lstrip(".").split(".")[0]))
        yield from (one for one in (f"{base}.py", f"{top}.py") if one in there)
        yield from (one for one in there if one.startswith(top + "/") and one.endswith(".py"))


def settings_text(name: str, parameters: Mapping[str, Any]) -> tuple[str, list[Note]]:
    """Return an ``nbpipe.toml``; what TOML cannot hold is noted."""
    lines, notes = [f"name = {_toml(name)}"], []
    if parameters:
        lines += ["", "[parameters]"]
    for key, value in parameters.items():
        try:
            lines.append(f"{_toml(key)} = {_toml(value)}")
        except TypeError:
            notes.append(
                Note(f"parameter {key}", repr(value), "nbpipe.toml cannot hold it",
                     "Give it with -p when you run.")
            )  # fmt: skip
    return "\n".join(lines) + "\n", notes


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return "{" + ", ".join(f"{_toml(str(k))} = {_toml(v)}" for k, v in value.items()) + "}"
    raise TypeError(type(value).__name__)


def list_text(carried: Carried, pipeline: Pipeline, notes: tuple[Note, ...]) -> str:
    """Return the list that is kept beside the notebooks: what was made, what was not."""
    lines = [f"# Imported from {carried.product}", ""]
    lines += [f"- `{_plain(made.path)}`" for made in carried.files]
    lines += [
        "",
        f"Steps: {', '.join(_plain(step.name) for step in pipeline.steps) or 'none'}.",
        "",
    ]
    if not notes:
        return "\n".join([*lines, "Everything was carried over.", ""])
    lines += ["## What is not as it was", "", "| where | what | why | what to do |"]
    lines += ["|---|---|---|---|"]
    for note in notes:
        cells = (_plain(text) for text in (note.where, note.what, note.why, note.do))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _plain(text: str) -> str:
    """Return text as Markdown shows it as it is: nothing in it is markup, or drives a terminal."""
    said = CONTROLS.sub("", " ".join(text.split())).replace("`", "'")
    said = re.sub(r"([\\|\[\]])", r"\\\1", said)
    return said.replace("<", "&lt;").replace(">", "&gt;")


def describe_import(imported: Imported) -> dict[str, Any]:
    """Return an import as plain JSON."""
    from nbpipe.compile.describe import describe_problem

    return {
        "product": imported.product,
        "name": imported.name,
        "files": [made.path for made in imported.files],
        "copies": sorted(imported.copies.values()),
        "steps": [step.name for step in imported.pipeline.steps],
        "problems": [describe_problem(problem) for problem in imported.pipeline.problems],
        "notes": [
            {"where": n.where, "what": n.what, "why": n.why, "do": n.do} for n in imported.notes
        ],
    }
