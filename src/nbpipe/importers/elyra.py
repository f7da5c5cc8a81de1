"""Elyra's ``.pipeline`` files, versions 1 to 8.

The fields that versions renamed are read under every name they had. What Elyra's own command
refuses (a component of a cluster, an odd resource, a missing file) is noted, and the rest is made.
"""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbpipe.compile.tags import is_name, suggested_name
from nbpipe.importers.carried import (
    Carried,
    Names,
    Note,
    NotImportable,
    ancestors,
    inside,
    read_text,
    stem,
)
from nbpipe.importers.pieces import (
    PYTHON,
    R,
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
    from collections.abc import Iterator, Mapping

    from nbpipe.importers.carried import Made, Sources
    from nbpipe.importers.pieces import (
        Piece,
    )

NEWEST = 8
GENERIC = frozenset({"execute-notebook-node", "execute-python-node", "execute-r-node"})

_NAMES = {
    "filename": ("filename", "artifact"),
    "runtime_image": ("runtime_image", "image", "docker_image"),
    "env_vars": ("env_vars", "vars"),
    "include_subdirectories": ("include_subdirectories", "recursive_dependencies"),
}
"""Field → the names it had, the newest first."""

_CLUSTER = {
    "mounted_volumes": "volumes are mounted by Kubernetes",
    "kubernetes_secrets": "secrets of Kubernetes are not there",
    "kubernetes_tolerations": "it is for Kubernetes's pods",
    "kubernetes_pod_annotations": "it is for Kubernetes's pods",
    "kubernetes_pod_labels": "it is for Kubernetes's pods",
    "kubernetes_shared_mem_size": "it is for Kubernetes's pods",
}
_DO = {
    "mounted_volumes": "Put the files into the project's folder.",
    "kubernetes_secrets": "Set the environment variables before the run.",
}


@dataclass(frozen=True, slots=True)
class _Node:
    """One node: what it runs, with which properties, after which other nodes."""

    id: str
    op: str
    label: str
    said: Mapping[str, Any]
    parents: tuple[str, ...]

    def get(self, name: str) -> Any:
        """Return a property under any name that it had."""
        names = _NAMES.get(name, (name,))
        return next((self.said[one] for one in names if self.said.get(one) is not None), None)


@dataclass(slots=True)
class _Graph:
    """A pipeline while it is carried over."""

    path: str
    sources: Sources
    nodes: dict[str, _Node] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    copies: dict[str, str] = field(default_factory=dict)

    def note(self, where: str, what: str, why: str, do: str = "") -> None:
        """Add a note."""
        self.notes.append(Note(where, what, why, do))


def recognise(path: str, sources: Sources) -> bool:
    """Whether a file is called as Elyra's are."""
    return path.endswith(".pipeline")


def carry(path: str, sources: Sources) -> Carried:
    """Return an Elyra pipeline: each notebook and script of it becomes a step."""
    document = _document(path, sources)
    pipelines = _pipelines(document, path)
    primary = pipelines.get(str(document.get("primary_pipeline"))) or next(iter(pipelines.values()))
    settings = _object(primary.get("app_data"))
    graph = _Graph(path, sources)
    _read_settings(settings, graph)
    _read_nodes(primary, pipelines, graph, {}, set())
    if not graph.nodes:
        raise NotImportable(f"{path} has no nodes. Open it in Elyra and add a notebook.")
    _choose(graph)
    direct = {name: frozenset(_parents(node, graph)) for node, name in graph.steps.items()}
    files = [_step(node, graph, direct[name]) for node, name in graph.steps.items()]
    title = _object(settings.get("properties")).get("name") or settings.get("name")
    name = str(title or settings.get("title") or stem(path))
    return Carried(
        "Elyra", name, tuple(files), graph.copies, before=ancestors(direct),
        used=frozenset(graph.files.values()), notes=tuple(graph.notes),
    )  # fmt: skip


def _document(path: str, sources: Sources) -> dict[str, Any]:
    text = read_text(sources, path)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotImportable(f"{path} is not valid JSON ({error}). Restore a saved one.") from None
    if not isinstance(document, dict):
        raise NotImportable(f"{path} is JSON, but no pipeline.")
    return document


def _pipelines(document: Mapping[str, Any], path: str) -> dict[str, dict[str, Any]]:
    found = document.get("pipelines")
    kept = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    if not kept:
        raise NotImportable(f"{path} holds no pipeline: its field 'pipelines' is missing or empty.")
    return {str(one.get("id", index)): one for index, one in enumerate(kept)}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_settings(settings: Mapping[str, Any], graph: _Graph) -> None:
    version = settings.get("version", 0)
    if isinstance(version, (int, float)) and version > NEWEST:
        graph.note(graph.path, f"version {version}", f"versions up to {NEWEST} are known",
                   "Compare the steps with Elyra's.")  # fmt: skip
    properties = _object(settings.get("properties"))
    graph.defaults = _object(properties.get("pipeline_defaults"))
    for one in map(_object, _list(properties.get("pipeline_parameters"))):
        default = one.get("default_value")
        value = default.get("value") if isinstance(default, dict) else default
        if isinstance(one.get("name"), str):
            graph.parameters[one["name"]] = value
    for name, why in _CLUSTER.items():
        if graph.defaults.get(name):
            graph.note(graph.path, name.replace("_", " "), why, _DO.get(name, ""))


def _read_nodes(
    pipeline: Mapping[str, Any],
    pipelines: Mapping[str, Mapping[str, Any]],
    graph: _Graph,
    outer: Mapping[str, tuple[str, ...]],
    open_: set[str],
) -> None:
    """Add the nodes of a pipeline; those of a super node are put in its place.

    `outer` leads from a super node's entries to what stands before it; `open_` holds the
    pipelines that are being read, so that one which holds itself ends.
    """
    for raw in map(_object, _list(pipeline.get("nodes"))):
        name = str(raw.get("id"))
        parents = _links(raw) + outer.get(name, ())
        inner = _inner(raw, pipelines)
        app = _object(raw.get("app_data"))
        label = _object(app.get("ui_data")).get("label") or app.get("label") or app.get("title")
        said = {**app, **_object(app.get("component_parameters"))}
        op = str(raw.get("op") or raw.get("type") or "")
        graph.nodes[name] = _Node(name, op, str(label or ""), said, parents)
        key = str(inner.get("id", id(inner))) if inner is not None else ""
        if inner is not None and key not in open_:
            every = map(_object, _list(inner.get("nodes")))
            starts = (one for one in every if one.get("type") == "binding" and one.get("outputs"))
            entries = {str(one.get("id")): parents for one in starts}
            _read_nodes(inner, pipelines, graph, entries, open_ | {key})
            last = _last(inner)
            graph.nodes[name] = _Node(name, "super_node", str(label or ""), {}, last)


def _inner(
    raw: Mapping[str, Any], pipelines: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    reference = _object(raw.get("subflow_ref")).get("pipeline_id_ref")
    return pipelines.get(str(reference)) if raw.get("type") == "super_node" else None


def _last(pipeline: Mapping[str, Any]) -> tuple[str, ...]:
    """The nodes of a pipeline that no other one follows."""
    nodes = [_object(one) for one in _list(pipeline.get("nodes"))]
    followed = {parent for one in nodes for parent in _links(one)}
    return tuple(str(one.get("id")) for one in nodes if str(one.get("id")) not in followed)


def _links(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids of the nodes that a node is linked to; a link into a super node names its inner one."""
    found = []
    for port in map(_object, _list(raw.get("inputs"))):
        for link in map(_object, _list(port.get("links"))):
            port_ref = str(link.get("port_id_ref", ""))
            found.append(str(link.get("node_id_ref")))
            if port_ref.endswith("_outPort") and port_ref != "outPort":
                found[-1] = port_ref.removesuffix("_outPort")
    return tuple(dict.fromkeys(found))


def _choose(graph: _Graph) -> None:
    """Give each node that can be run a step's name; note those that cannot."""
    names = Names()
    for node in graph.nodes.values():
        if node.op in ("super_node", "binding"):
            continue
        where = f"node {node.label or node.id}"
        if node.op not in GENERIC:
            graph.note(where, f"the component {node.op}", "it runs on a cluster and holds no code",
                       "Write a step that does the same.")  # fmt: skip
            continue
        file = _file(node, graph)
        if not file:
            graph.note(where, f"the file {node.get('filename')}", "there is no such file",
                       "Put it beside the pipeline and import once more.")  # fmt: skip
            continue
        label = node.label if node.label and "{{" not in node.label else stem(file)
        shown = stem(label) if label.endswith((".ipynb", ".py", ".r", ".R")) else label
        graph.steps[node.id] = names.take(shown if is_name(shown) else suggested_name(shown))
        graph.files[node.id] = file


def _file(node: _Node, graph: _Graph) -> str:
    """Path of a node's file; early versions name it from the workspace's root."""
    said = node.get("filename")
    if not isinstance(said, str) or not said:
        return ""
    path = posixpath.normpath(said)
    if graph.sources.read(path) is not None:
        return path
    parts = path.split("/")
    tails = ("/".join(parts[i:]) for i in range(1, len(parts)))
    return next((tail for tail in tails if graph.sources.read(tail) is not None), "")


def _parents(node: str, graph: _Graph) -> Iterator[str]:
    """Steps before a node; through nodes that are no steps, to those before them."""
    seen: set[str] = set()
    open_ = list(graph.nodes[node].parents)
    while open_:
        one = open_.pop()
        if one in graph.steps:
            yield graph.steps[one]
        elif one not in seen and one in graph.nodes:
            seen.add(one)
            open_.extend(graph.nodes[one].parents)


def _step(node_id: str, graph: _Graph, after: frozenset[str]) -> Made:
    node, name = graph.nodes[node_id], graph.steps[node_id]
    path = graph.files[node_id]
    pieces, metadata = _content(path, graph)
    pieces = [*_environment(node, graph, name), *pieces]
    chosen = [one for one in _list(node.get("parameters")) if one in graph.parameters]
    if chosen:
        pieces = set_parameters(pieces, {one: graph.parameters[one] for one in chosen})
    _copy_dependencies(node, path, graph)
    _tell(node, name, graph)
    options = _options(node, name, graph)
    folder = posixpath.dirname(inside(path))
    same = [one for one, file in graph.files.items() if stem(file) == stem(path)]
    file = stem(path) if len(same) == 1 else name
    target = posixpath.join(folder, f"{file}.ipynb")
    return written(target, pieces, {**metadata, **whole(name, after, **options)})


def _content(path: str, graph: _Graph) -> tuple[list[Piece], dict[str, Any]]:
    data = graph.sources.read(path) or b""
    if path.endswith(".ipynb"):
        notebook = opened(data, path)
        return pieces_of(notebook), metadata_of(notebook, graph.notes)
    text = data.decode("utf-8", "replace")
    if path.lower().endswith(".r"):
        return [code(text)], dict(R)
    shown = f"__file__ = {posixpath.basename(path)!r}\n" if "__file__" in text else ""
    return [code(shown + text)], dict(PYTHON)


def _environment(node: _Node, graph: _Graph, name: str) -> list[Piece]:
    """A cell that sets the environment variables of a node, its pipeline parameters included."""
    found: dict[str, str] = {}
    every = [*_list(graph.defaults.get("env_vars")), *_list(node.get("env_vars"))]
    for one in every:
        key, value = _pair(one)
        if key:
            found[key] = value
        elif one:
            graph.note(f"step {name}", f"the environment variable {one!r}", "it is not NAME=VALUE",
                       "Set it in a cell.")  # fmt: skip
    lines = [f"os.environ.update({literal(found)})"] if found else []
    chosen = [one for one in _list(node.get("parameters")) if one in graph.parameters]
    lines += [f"os.environ[{one!r}] = str({one})" for one in chosen]
    return [code("\n".join(["import os", "", *lines]))] if lines else []


def _pair(one: Any) -> tuple[str, str]:
    if isinstance(one, dict):
        key, value = one.get("env_var", one.get("name")), one.get("value", "")
        return (key, str(value)) if isinstance(key, str) and _is_key(key) else ("", "")
    key, equals, value = str(one).partition("=")
    return (key.strip(), value.strip()) if equals and _is_key(key.strip()) else ("", "")


def _is_key(key: str) -> bool:
    return bool(key) and "=" not in key and "\0" not in key and not any(c.isspace() for c in key)


def _copy_dependencies(node: _Node, path: str, graph: _Graph) -> None:
    """Files that a node declares come along; patterns are matched below its folder."""
    import fnmatch

    folder = posixpath.dirname(path)
    for said in _list(node.get("dependencies")):
        if not isinstance(said, str) or not said:
            continue
        pattern = posixpath.normpath(posixpath.join(folder, said))
        deep = bool(node.get("include_subdirectories"))
        found = [
            one
            for one in graph.sources.paths()
            if fnmatch.fnmatch(one, pattern) or (one.startswith(f"{pattern}/"))
        ]
        kept = [one for one in found if deep or one.count("/") <= pattern.count("/") + 1]
        graph.copies.update({one: inside(one) for one in kept})
        if not kept:
            graph.note(f"step {graph.steps[node.id]}", f"the dependency {said}",
                       "there is no such file")  # fmt: skip


def _options(node: _Node, name: str, graph: _Graph) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    for kind in ("cpu", "memory", "gpu"):
        value = node.get(kind)
        if value in (None, "", 0):
            continue
        number = _number(value)
        if number is None:
            graph.note(f"step {name}", f"{kind}: {value!r}", "it is no number above 0")
        elif kind == "memory":
            resources[kind] = f"{number:g} GB"
        else:
            resources[kind] = number if kind == "cpu" else int(number)
    writes = [one for one in _list(node.get("outputs")) if isinstance(one, str) and one]
    caching = node.get("disable_node_caching")
    chosen = caching.get("selection") if isinstance(caching, dict) else caching
    options: dict[str, Any] = {"resources": resources, "writes": writes}
    text = str(chosen).lower() == "true"
    return {key: value for key, value in options.items() if value} | (
        {"cache": False} if text else {}
    )


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 < number <= 1000 else None


def _tell(node: _Node, name: str, graph: _Graph) -> None:
    """Note what a cluster would do with a node."""
    image = node.get("runtime_image") or graph.defaults.get("runtime_image")
    what = f"the image {image}"
    if image and not any(note.what == what for note in graph.notes):
        graph.note(f"step {name}", what, "steps run in this environment, not in an image",
                   "Install what the image holds.")  # fmt: skip
    for key, why in _CLUSTER.items():
        if node.get(key):
            graph.note(f"step {name}", key.replace("_", " "), why, _DO.get(key, ""))
