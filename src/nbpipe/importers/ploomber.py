"""Ploomber's ``pipeline.yaml``: each task becomes a notebook that is one step.

What Ploomber injects (``product``, ``upstream``, parameters) is written into a cell. Tasks run in
the pipeline's folder there, so all notebooks are put at the top. A grid becomes a fan-out.
"""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbpipe.compile.tags import is_name, suggested_name
from nbpipe.importers.carried import (
    Carried,
    Names,
    Note,
    NotImportable,
    ancestors,
    read_yaml,
    stem,
)
from nbpipe.importers.grids import PLACE, variants
from nbpipe.importers.pieces import (
    PYTHON,
    code,
    is_parameters,
    literal,
    metadata_of,
    opened,
    pieces_of,
    set_parameters,
    whole,
    written,
)
from nbpipe.importers.scripts import EXTENSIONS, read_script

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbpipe.importers.carried import Made, Sources
    from nbpipe.importers.grids import Variant
    from nbpipe.importers.pieces import Piece

_PLACE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_DOTTED = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")
_ITEM = "ploomber_task"
_INJECTED = "injected-parameters"
_HOOKS = ("on_finish", "on_render", "on_failure")


@dataclass(frozen=True, slots=True)
class _Task:
    """A task of the pipeline, ready to be written."""

    step: str
    source: str
    is_function: bool
    variants: tuple[Variant, ...]
    upstream: tuple[str, ...]
    pieces: tuple[Piece, ...]
    metadata: Mapping[str, Any]
    wraps: Mapping[str, str]
    is_grid: bool = False


@dataclass(slots=True)
class _Spec:
    """The pipeline while it is carried over."""

    path: str
    sources: Sources
    meta: Mapping[str, Any] = field(default_factory=dict)
    wraps: Mapping[str, str] = field(default_factory=dict)
    tasks: list[_Task] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)

    def note(self, where: str, what: str, why: str, do: str = "") -> None:
        """Add a note."""
        self.notes.append(Note(where, what, why, do))


def recognise(path: str, sources: Sources) -> bool:
    """Whether a YAML file holds Ploomber's tasks."""
    if not path.endswith((".yaml", ".yml")) or posixpath.basename(path) == "dvc.yaml":
        return False
    found = read_yaml(sources, path)
    if isinstance(found, dict) and set(found) == {"location"}:
        return True
    tasks = found.get("tasks") if isinstance(found, dict) else found
    return isinstance(tasks, list) and any(isinstance(t, dict) and "source" in t for t in tasks)


def carry(path: str, sources: Sources) -> Carried:
    """Return a Ploomber pipeline as notebooks, one a task."""
    raw = read_yaml(sources, path)
    raw = {"tasks": raw} if isinstance(raw, list) else raw
    if isinstance(raw, dict) and "location" in raw:
        raise NotImportable(
            f"{path} names the function {raw['location']}, which makes the pipeline in Python; "
            "only pipelines that are written down as tasks can be imported."
        )
    if not isinstance(raw, dict) or not isinstance(raw.get("tasks"), list):
        raise NotImportable(f"{path} has no list of tasks.")
    spec = _Spec(path, sources)
    tasks = [*raw["tasks"], *_more_tasks(raw, spec)]
    raw, tasks = _filled(raw, spec), _filled(tasks, spec)
    spec.meta = raw.get("meta") if isinstance(raw.get("meta"), dict) else {}
    spec.wraps = {k: raw[k] for k in ("serializer", "unserializer") if isinstance(raw.get(k), str)}
    for hook in _HOOKS:
        if raw.get(hook):
            spec.note(path, hook, "hooks of the pipeline are not called", "Add a last step.")
    names = Names()
    for task in tasks:
        _read_task(task, names, spec)
    direct = {task.step: frozenset(_before(task, spec)) for task in spec.tasks}
    files = tuple(_written(task, direct[task.step], spec) for task in spec.tasks)
    folder = posixpath.basename(posixpath.dirname(path)) or stem(path)
    return Carried(
        "Ploomber", folder, files, before=ancestors(direct), used=frozenset(spec.used),
        notes=tuple(dict.fromkeys(spec.notes)),
    )  # fmt: skip


def _more_tasks(raw: Mapping[str, Any], spec: _Spec) -> list[Any]:
    meta = raw.get("meta")
    other = meta.get("import_tasks_from") if isinstance(meta, dict) else None
    if not isinstance(other, str):
        return []
    found = read_yaml(spec.sources, posixpath.join(posixpath.dirname(spec.path), other))
    return found if isinstance(found, list) else []


def _filled(value: Any, spec: _Spec) -> Any:
    """Put the values of ``env.yaml`` where ``{{name}}`` stands."""
    env = {"here": ".", "cwd": ".", "root": ".", "user": "user", "git": "git", "now": "now"}
    known = {**env, **_flat(_environment(spec))}

    def fill(one: Any) -> Any:
        match one:
            case str():
                return _fill_text(one, known, spec)
            case list():
                return [fill(item) for item in one]
            case dict():
                return {key: fill(item) for key, item in one.items()}
        return one

    return fill(value)


def _environment(spec: _Spec) -> dict[str, Any]:
    folder = posixpath.dirname(spec.path)
    tail = posixpath.basename(spec.path).removeprefix("pipeline")
    for name in (f"env{tail}", "env.yaml"):
        path = posixpath.join(folder, name)
        if spec.sources.read(path) is not None:
            found = read_yaml(spec.sources, path)
            return found if isinstance(found, dict) else {}
    return {}


def _flat(env: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in env.items():
        name = f"{prefix}{key}"
        found |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found


def _fill_text(text: str, known: Mapping[str, Any], spec: _Spec) -> Any:
    """Fill one text; a text that is one placeholder takes the value as it is."""
    for name in _PLACE.findall(text):
        if name in ("user", "git", "now"):
            spec.note(spec.path, f"the placeholder {{{{{name}}}}}", "it is a fixed word here",
                      "Write the value that you want.")  # fmt: skip
        elif name not in known and name not in ("name", "upstream"):
            spec.note(spec.path, f"the placeholder {{{{{name}}}}}", "env.yaml has no such name",
                      "Write the value in its place.")  # fmt: skip
    alone = _PLACE.fullmatch(text.strip())
    if alone and alone[1] in known:
        value = known[alone[1]]
        return _fill_text(value, known, spec) if isinstance(value, str) and value != text else value
    return _PLACE.sub(lambda m: str(known.get(m[1], m[0])), text)


def _read_task(raw: Any, names: Names, spec: _Spec) -> None:
    """Add a task; one that is no notebook, script or function is noted."""
    if not isinstance(raw, dict) or not isinstance(raw.get("source"), str):
        spec.note(spec.path, f"the task {raw!r}", "it has no source")
        return
    said = raw["source"]
    is_function = bool(_DOTTED.match(said)) and not said.endswith((*EXTENSIONS, ".ipynb", ".sql"))
    source = said if is_function else _source_path(said, spec)
    where = f"task {raw.get('name') or said}"
    given = raw.get("name") or (said.rpartition(".")[2] if is_function else stem(said))
    if raw.get("class") not in (None, "NotebookRunner", "PythonCallable", "ScriptRunner") or (
        not is_function and not said.endswith((*EXTENSIONS, ".ipynb"))
    ):
        spec.note(where, f"the source {said}", "it is no notebook, script or Python function",
                  "Write a notebook that does the same.")  # fmt: skip
        return
    if not is_function and spec.sources.read(source) is None:
        spec.note(where, f"the file {said}", "there is no such file")
        return
    spec.tasks.append(_task(raw, str(given), source, is_function, names, spec))
    _tell_hooks(raw, where, spec)


def _source_path(said: str, spec: _Spec) -> str:
    loader = spec.meta.get("source_loader")
    base = loader.get("path", "") if isinstance(loader, dict) else ""
    here = posixpath.normpath(posixpath.join(posixpath.dirname(spec.path), said))
    there = posixpath.normpath(posixpath.join(posixpath.dirname(spec.path), str(base), said))
    return there if spec.sources.read(there) is not None else here


def _tell_hooks(raw: Mapping[str, Any], where: str, spec: _Spec) -> None:
    for hook in _HOOKS:
        if raw.get(hook):
            spec.note(where, f"{hook}: {raw[hook]}", "hooks are not called",
                      "Put what it does into a cell tagged check.")  # fmt: skip
    for key in ("client", "product_client"):
        if raw.get(key):
            spec.note(where, f"{key}: {raw[key]}", "results go to nbpipe's store", "")


def _task(
    raw: Mapping[str, Any], given: str, source: str, is_function: bool, names: Names, spec: _Spec
) -> _Task:
    plain = PLACE.sub("", given).strip("-_ .") or stem(source)
    step = names.take(plain if is_name(plain) else suggested_name(plain))
    wraps = {k: raw.get(k, spec.wraps.get(k)) for k in ("serializer", "unserializer")}
    wraps = {key: str(value) for key, value in wraps.items() if value} if is_function else {}
    pieces: list[Piece] = []
    metadata: dict[str, Any] = dict(PYTHON)
    found: Any
    if is_function:
        found = _function_upstream(source, spec)
        product = raw.get("product")
    else:
        pieces, metadata = _content(source, spec)
        own = _own_values(pieces)
        found = own.get("upstream")
        product = raw.get("product", own.get("product"))
        spec.used.add(source)
    upstream = raw.get("upstream", found)
    items = tuple(variants(raw, given, product))
    return _Task(
        step, source, is_function, items, _words(upstream), tuple(pieces), metadata, wraps,
        "grid" in raw,
    )  # fmt: skip


def _words(upstream: Any) -> tuple[str, ...]:
    match upstream:
        case str():
            return (upstream,)
        case list() | tuple() | set() | dict():
            return tuple(sorted(map(str, upstream)) if isinstance(upstream, set) else
                         map(str, upstream))  # fmt: skip
    return ()


def _content(path: str, spec: _Spec) -> tuple[list[Piece], dict[str, Any]]:
    data = spec.sources.read(path) or b""
    if path.endswith(".ipynb"):
        notebook = opened(data, path)
        return pieces_of(notebook), metadata_of(notebook, spec.notes)
    return read_script(data.decode("utf-8", "replace"), path)


def _own_values(pieces: Sequence[Piece]) -> dict[str, Any]:
    """``upstream`` and ``product`` as the parameters cell says them."""
    found: dict[str, Any] = {}
    for piece in (one for one in pieces if is_parameters(one)):
        for node in _statements(piece.source):
            match node:
                case ast.Assign(targets=[ast.Name(id="upstream" | "product" as name)], value=value):
                    try:
                        found[name] = ast.literal_eval(value)
                    except ValueError:
                        continue
    return found


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:
        return []


def _function_upstream(dotted: str, spec: _Spec) -> list[str]:
    """Names that a function takes from ``upstream[...]``, in the order of the code."""
    module, _, name = dotted.rpartition(".")
    base = module.replace(".", "/")
    data = spec.sources.read(f"{base}.py") or spec.sources.read(f"{base}/__init__.py")
    if data is None:
        spec.note(f"task {name}", f"the module {module}", "it is not in the pipeline's folder",
                  "Install it, and add after: for the steps that it waits for.")  # fmt: skip
        return []
    found: dict[str, None] = {}
    for node in _statements(data.decode("utf-8", "replace")):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            for inner in ast.walk(node):
                match inner:
                    case ast.Subscript(
                        value=ast.Name(id="upstream"), slice=ast.Constant(value=str(one))
                    ):
                        found[one] = None
    return list(found)


def _matches(task: _Task, wanted: str) -> list[Variant]:
    pattern = re.compile(re.escape(wanted).replace(r"\*", ".*"))
    return [one for one in task.variants if pattern.fullmatch(one.name)]


def _before(task: _Task, spec: _Spec) -> Iterator[str]:
    for wanted in task.upstream:
        found = [one.step for one in spec.tasks if one is not task and _matches(one, wanted)]
        yield from found
        if not found:
            spec.note(f"step {task.step}", f"the upstream {wanted!r}", "no task is called so")


def _upstream(task: _Task, spec: _Spec) -> dict[str, Any]:
    """What Ploomber would inject as ``upstream``: task → its product."""
    found: dict[str, Any] = {}
    for wanted in task.upstream:
        every = {v.name: v.product for one in spec.tasks for v in _matches(one, wanted)}
        found[wanted] = every if "*" in wanted else every.get(wanted)
    return found


def _files(product: Any, *, is_function: bool) -> Iterator[str]:
    """Files of a product that the code itself writes; a notebook's report is nbpipe's to keep."""
    if isinstance(product, str) and is_function:
        yield product
    if isinstance(product, dict):
        for key, one in product.items():
            if key != "nb" and isinstance(one, str):
                yield one


def _written(task: _Task, after: frozenset[str], spec: _Spec) -> Made:
    upstream = _upstream(task, spec)
    pieces = [code(_call(task, upstream))] if task.is_function else _with_injected(task, upstream)
    options: dict[str, Any] = {}
    if task.is_grid:
        items = [{"product": one.product, **one.params} for one in task.variants]
        options["foreach"] = f"{_ITEM} in {' '.join(literal(items).split())}"
    else:
        files = _files(task.variants[0].product, is_function=task.is_function)
        options["writes"] = [one for one in files if "." in posixpath.basename(one)]
    path = f"{task.step}.ipynb"
    return written(path, pieces, {**task.metadata, **whole(task.step, after, **options)})


def _with_injected(task: _Task, upstream: Mapping[str, Any]) -> list[Piece]:
    """Put in what Ploomber injects, below the parameters cell."""
    own: dict[str, str] = {}
    keys = {"upstream", "product", *(_grid_keys(task) if task.is_grid else ())}
    kept = [piece for piece in task.pieces if _INJECTED not in piece.tags]
    pieces = [_without(keys, piece, own) for piece in kept]
    params = task.variants[0].params if not task.is_grid else {}
    if params:
        pieces = set_parameters(pieces, params)
    at = next((i + 1 for i, piece in enumerate(pieces) if is_parameters(piece)), 0)
    lines = [*_makes_folders(task), f"upstream = {literal(dict(upstream)) if upstream else None}"]
    lines += _grid_values(task, own) if task.is_grid else []
    put = [*pieces[:at], code("\n".join(lines)), *pieces[at:]]
    return [piece for piece in put if piece.source.strip() or piece.kind != "code"]


def _grid_keys(task: _Task) -> list[str]:
    return list(dict.fromkeys(key for one in task.variants for key in one.params))


def _grid_values(task: _Task, own: Mapping[str, str]) -> list[str]:
    """The lines that bind a grid's values; an item without one has the notebook's default."""
    found = []
    for key in _grid_keys(task):
        everywhere = all(key in one.params for one in task.variants)
        default = own.get(key, "None")
        said = f"{_ITEM}[{key!r}]" if everywhere else f"{_ITEM}.get({key!r}, {default})"
        found.append(f"{key} = {said}")
    return found


def _makes_folders(task: _Task) -> list[str]:
    """The lines that bind ``product``; Ploomber makes the folders of products itself."""
    first = task.variants[0].product
    value = f'{_ITEM}["product"]' if task.is_grid else literal(first)
    each = "product.values()" if isinstance(first, dict) else "[product]"
    return [
        "from pathlib import Path", "", f"product = {value}", f"for file in {each}:",
        "    Path(file).parent.mkdir(parents=True, exist_ok=True)",
    ]  # fmt: skip


def _without(keys: set[str], piece: Piece, own: dict[str, str]) -> Piece:
    """Leave names out of a parameters cell; what they were is put into `own`."""
    if not is_parameters(piece):
        return piece
    lines = piece.source.splitlines()
    for node in reversed(_statements(piece.source)):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in keys:
                own[name] = ast.unparse(value)
                del lines[node.lineno - 1 : node.end_lineno]
    rest = "\n".join(line for line in lines if not line.startswith("# %%"))
    empty = not _statements(rest)
    return replace(piece, source="" if empty else rest, tags=() if empty else piece.tags)


def _call(task: _Task, upstream: Mapping[str, Any]) -> str:
    """The cell that calls a function as Ploomber would."""
    home, _, called = task.source.rpartition(".")
    lines = ["from pathlib import Path", "", f"from {home} import {called}"]
    wraps = [dotted.rpartition(".") for dotted in task.wraps.values()]
    lines += [f"from {module} import {name}" for module, _, name in wraps]
    first = task.variants[0]
    lines += ["", *_paths("product", first.product, task)]
    each = "product.values()" if isinstance(first.product, dict) else "[product]"
    lines += [f"for file in {each}:", "    file.parent.mkdir(parents=True, exist_ok=True)"]
    given = [f"{key}={literal(value)}" for key, value in first.params.items()]
    if task.is_grid:
        given = [f'**{{k: v for k, v in {_ITEM}.items() if k != "product"}}']
    load = task.wraps.get("unserializer", "").rpartition(".")[2]
    save = task.wraps.get("serializer", "").rpartition(".")[2]
    if upstream:
        lines += [f"upstream = {_path_source(upstream, load)}"]
        given = ["upstream=upstream", *given]
    if save:
        lines += [f"{save}({called}({', '.join(given)}), product)"]
    else:
        lines += [f"{called}({', '.join(['product=product', *given])})"]
    return "\n".join(lines)


def _paths(name: str, product: Any, task: _Task) -> list[str]:
    if not task.is_grid:
        return [f"{name} = {_path_source(product)}"]
    said = f'{_ITEM}["product"]'
    is_dict = isinstance(product, dict)
    made = f"{{key: Path(one) for key, one in {said}.items()}}" if is_dict else f"Path({said})"
    return [f"{name} = {made}"]


def _path_source(value: Any, wrap: str = "") -> str:
    """Source of upstream or product with files as paths; with `wrap`, of the values loaded."""
    if not isinstance(value, dict):
        return f"Path({value!r})"
    parts = []
    for key, one in value.items():
        # A wildcard holds one product for each task that it found.
        inner = wrap if "*" in key else ""
        said = _path_source(one, inner)
        parts.append(f"{key!r}: {f'{wrap}({said})' if wrap and not inner else said}")
    return f"{{{', '.join(parts)}}}"
