"""DVC's ``dvc.yaml``: each stage becomes a step, with the files that it declares.

A command that runs a notebook becomes that notebook with its values; any other becomes a cell
that runs it.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbpipe.compile.tags import suggested_name
from nbpipe.importers.carried import (
    Carried,
    Names,
    Note,
    NotImportable,
    ancestors,
    inside,
    read_yaml,
    stem,
)
from nbpipe.importers.commands import read_command
from nbpipe.importers.pieces import (
    PYTHON,
    code,
    literal,
    metadata_of,
    opened,
    pieces_of,
    set_parameters,
    whole,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbpipe.importers.carried import Made, Sources
    from nbpipe.importers.commands import Command
    from nbpipe.importers.pieces import Piece

_PLACE = re.compile(r"(?<!\\)\$\{\s*([\w.\[\]-]+)\s*\}")


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage, its templates filled; paths are relative to the file."""

    name: str
    step: str
    commands: tuple[Command, ...]
    wdir: str
    deps: tuple[str, ...]
    outs: tuple[str, ...]
    always: bool


@dataclass(slots=True)
class _File:
    """A ``dvc.yaml`` while it is carried over."""

    path: str
    sources: Sources
    stages: list[_Stage] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    copies: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def note(self, where: str, what: str, why: str, do: str = "") -> None:
        """Add a note, once."""
        note = Note(where, what, why, do)
        if note not in self.notes:
            self.notes.append(note)


def recognise(path: str, sources: Sources) -> bool:
    """Whether the file is called as DVC's is."""
    return posixpath.basename(path) == "dvc.yaml"


def carry(path: str, sources: Sources) -> Carried:
    """Return the stages of a ``dvc.yaml`` as notebooks, one a stage."""
    raw = read_yaml(sources, path)
    if not isinstance(raw, dict) or not isinstance(raw.get("stages"), dict):
        raise NotImportable(f"{path} has no stages.")
    file = _File(path, sources)
    known = _variables(raw.get("vars"), file)
    names = Names()
    for name, stage in raw["stages"].items():
        for key, values, one in _expanded(str(name), stage, known, file):
            _read_stage(key, one, values, names, file)
    if not any(command.notebook for stage in file.stages for command in stage.commands):
        file.note(path, "its commands", "none of them runs a notebook")
    for key in ("metrics", "plots", "params", "artifacts"):
        if raw.get(key):
            file.note(path, key, "it is for DVC's own views", "")
    direct = {stage.step: frozenset(_before(stage, file)) for stage in file.stages}
    files = tuple(_written(stage, direct[stage.step], file) for stage in file.stages)
    _copy_inputs(file)
    return Carried(
        "DVC", posixpath.basename(posixpath.dirname(path)) or "pipeline", files, file.copies,
        before=ancestors(direct), used=frozenset(file.used), notes=tuple(file.notes),
    )  # fmt: skip


def _variables(said: Any, file: _File) -> dict[str, Any]:
    """Values for ``${...}``: of ``params.yaml``, and of the files and tables named in ``vars``."""
    found: dict[str, Any] = {}
    every = ["params.yaml", *(said if isinstance(said, list) else [])]
    for one in every:
        if isinstance(one, dict):
            found |= one
            continue
        path = posixpath.join(posixpath.dirname(file.path), str(one).split(":")[0])
        if file.sources.read(path) is None:
            continue
        values = read_yaml(file.sources, path)
        file.copies[posixpath.normpath(path)] = inside(path)
        found |= values if isinstance(values, dict) else {}
    return found


def _expanded(
    name: str, stage: Any, known: Mapping[str, Any], file: _File
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """A stage, or each that its ``foreach`` or ``matrix`` makes: name, values, stage."""
    if not isinstance(stage, dict):
        file.note(f"stage {name}", repr(stage), "it is no stage")
        return
    every = {**known, **_variables(stage.get("vars"), file)}
    if "foreach" in stage and isinstance(stage.get("do"), dict):
        items = _fill(stage["foreach"], every, file)
        pairs = items.items() if isinstance(items, dict) else ((str(i), i) for i in items or [])
        for index, (key, item) in enumerate(pairs):
            label = index if isinstance(item, (dict, list)) and not isinstance(items, dict) else key
            yield f"{name}-{label}", {**every, "item": item, "key": key}, stage["do"]
    elif isinstance(stage.get("matrix"), dict):
        axes = {key: _fill(one, every, file) for key, one in stage["matrix"].items()}
        axes = {key: one if isinstance(one, list) else [one] for key, one in axes.items()}
        for chosen in itertools.product(*axes.values()):
            item = dict(zip(axes, chosen, strict=True))
            label = "-".join(str(one) for one in chosen if not isinstance(one, (dict, list)))
            yield f"{name}-{label}", {**every, "item": item, "key": label}, stage
    else:
        yield name, every, stage


def _fill(value: Any, known: Mapping[str, Any], file: _File) -> Any:
    """Put values where ``${name}`` stands; a text that is one placeholder becomes the value."""
    match value:
        case list():
            return [_fill(one, known, file) for one in value]
        case dict():
            return {_fill(key, known, file): _fill(one, known, file) for key, one in value.items()}
        case str():
            alone = _PLACE.fullmatch(value.strip())
            if alone:
                return _look_up(alone[1], known, file, value)
            return _PLACE.sub(lambda m: str(_look_up(m[1], known, file, m[0])), value)
    return value


def _look_up(name: str, known: Mapping[str, Any], file: _File, otherwise: str) -> Any:
    found: Any = known
    for part in re.split(r"[.\[\]]+", name.strip("]")):
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            file.note(file.path, otherwise, "no value of that name is known",
                      "Write the value in its place.")  # fmt: skip
            return otherwise
    return found


def _read_stage(
    name: str, raw: Mapping[str, Any], known: Mapping[str, Any], names: Names, file: _File
) -> None:
    said = {key: _fill(one, known, file) for key, one in raw.items() if key != "vars"}
    wdir = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), said.get("wdir") or "."))
    cmd = said.get("cmd")
    lines = [str(one) for one in cmd] if isinstance(cmd, list) else [str(cmd)] if cmd else []
    if not lines:
        file.note(f"stage {name}", "no cmd", "there is nothing to run")
        return
    commands = tuple(read_command(one) for line in lines for one in _parts(line))
    outs = [*_paths(said.get("outs")), *_paths(said.get("metrics")), *_paths(said.get("plots"))]
    stage = _Stage(
        name, names.take(suggested_name(name)), commands, wdir,
        tuple(_at(wdir, one) for one in _paths(said.get("deps"))),
        tuple(_at(wdir, one) for one in outs), said.get("always_changed") is True,
    )  # fmt: skip
    file.stages.append(stage)
    if said.get("frozen"):
        file.note(f"stage {name}", "frozen", "a step is run when what it depends on changed",
                  "Tag its cells skip to leave it out.")  # fmt: skip
    if said.get("metrics"):
        file.note(f"stage {name}", "metrics", "they stay files",
                  "Tag a cell that names the numbers metrics.")  # fmt: skip


def _parts(line: str) -> list[str]:
    """The commands of a line that are joined by ``&&``, outside quotes."""
    return [one.strip() for one in re.split(r"&&(?=(?:[^'\"]|'[^']*'|\"[^\"]*\")*$)", line) if one]


def _paths(said: Any) -> list[str]:
    """Paths of a list in which an entry may be a table of one path and its flags."""
    every = said if isinstance(said, list) else [said] if isinstance(said, (str, dict)) else []
    found = []
    for one in every:
        found += [str(key) for key in one] if isinstance(one, dict) else [str(one)]
    return found


def _at(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _is_within(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}/") or other.startswith(f"{path}/")


def _before(stage: _Stage, file: _File) -> Iterator[str]:
    """Stages whose files a stage depends on."""
    for other in file.stages:
        pairs = itertools.product(stage.deps, other.outs)
        if other is not stage and any(_is_within(dep, out) for dep, out in pairs):
            yield other.step


def _written(stage: _Stage, after: frozenset[str], file: _File) -> Made:
    notebooks = [one for one in stage.commands if one.notebook]
    folder = _folder(stage, notebooks)
    pieces: list[Piece] = []
    metadata: dict[str, Any] = dict(PYTHON)
    for command in stage.commands:
        path = _at(stage.wdir, command.notebook) if command.notebook else ""
        if not path:
            pieces.append(code(_shell(command, stage, folder)))
            continue
        data = file.sources.read(path)
        if data is None:
            file.note(f"stage {stage.name}", f"the notebook {path}", "there is no such file",
                      "Put it there and import once more.")  # fmt: skip
            continue
        file.used.add(path)
        notebook = opened(data, path)
        metadata = metadata_of(notebook, file.notes)
        pieces += set_parameters(pieces_of(notebook), _values(command, stage, file))
    options = _options(stage, folder, file)
    target = posixpath.join(folder, f"{_file_name(stage, notebooks, file)}.ipynb")
    return written(inside(target), pieces, {**metadata, **whole(stage.step, after, **options)})


def _file_name(stage: _Stage, notebooks: Sequence[Command], file: _File) -> str:
    """A notebook keeps its name where one stage alone runs it."""
    if len(notebooks) != 1:
        return stage.step
    own = _at(stage.wdir, notebooks[0].notebook)
    every = [_at(s.wdir, c.notebook) for s in file.stages for c in s.commands if c.notebook]
    return stem(own) if sum(stem(one) == stem(own) for one in every) == 1 else stage.step


def _folder(stage: _Stage, notebooks: Sequence[Command]) -> str:
    """Where a stage's notebook goes: the folder in which its commands run."""
    if len(notebooks) == 1 and notebooks[0].in_own_folder:
        return posixpath.dirname(_at(stage.wdir, notebooks[0].notebook))
    cwd = notebooks[0].cwd if notebooks else ""
    there = _at(stage.wdir, cwd) if cwd else stage.wdir
    return "" if there == "." else inside(there)


def _shell(command: Command, stage: _Stage, folder: str) -> str:
    cwd = "" if _at(folder, ".") == _at(stage.wdir, ".") else stage.wdir
    where = f", cwd={posixpath.relpath(cwd, folder or '.')!r}" if cwd else ""
    said = literal(command.line)
    return f"import subprocess\n\nsubprocess.run({said}, shell=True, check=True{where})"


def _values(command: Command, stage: _Stage, file: _File) -> dict[str, Any]:
    """Values that a command gives to its notebook, those of YAML files included."""
    found: dict[str, Any] = {}
    for path in command.files:
        there = _at(stage.wdir, path)
        if file.sources.read(there) is None:
            file.note(f"stage {stage.name}", f"the parameters in {path}", "there is no such file")
            continue
        values = read_yaml(file.sources, there)
        found |= values if isinstance(values, dict) else {}
    return found | dict(command.values)


def _options(stage: _Stage, folder: str, file: _File) -> dict[str, Any]:
    made = {_at(stage.wdir, one.output) for one in stage.commands if one.output}
    run = {_at(stage.wdir, one.notebook) for one in stage.commands if one.notebook}
    for path in sorted(made & set(stage.outs)):
        readers = [s.name for s in file.stages if path in s.deps]
        do = f"It is read by {', '.join(readers)}: let that read the value." if readers else ""
        file.note(f"stage {stage.name}", f"the executed notebook {path}",
                  "nbpipe keeps it in its store", do)  # fmt: skip
    reads = [one for one in stage.deps if one not in run and not one.endswith(".ipynb")]
    writes = [one for one in stage.outs if one not in made and not one.endswith(".ipynb")]
    options: dict[str, Any] = {
        "reads": [posixpath.relpath(one, folder or ".") for one in reads],
        "writes": [posixpath.relpath(one, folder or ".") for one in writes if _is_file(one)],
    }
    timeout = next((one.timeout for one in stage.commands if one.timeout), None)
    options |= {"timeout": timeout} if timeout else {}
    return options | ({"cache": False} if stage.always else {})


def _is_file(path: str) -> bool:
    """Whether a path looks like a file's: what a folder holds is seen when it is written."""
    return "." in posixpath.basename(path)


def _copy_inputs(file: _File) -> None:
    """What stages depend on and no stage makes comes along."""
    outs = [out for stage in file.stages for out in stage.outs]
    for stage in file.stages:
        for dep in stage.deps:
            if any(_is_within(dep, out) for out in outs) or dep in file.used:
                continue
            found = [p for p in file.sources.paths() if p == dep or p.startswith(f"{dep}/")]
            file.copies.update({one: inside(one) for one in found})
            if not found and file.sources.read(dep) is None:
                file.note(f"stage {stage.name}", f"the file {dep}", "it is not here",
                          "Get it with `dvc pull` and import once more.")  # fmt: skip
