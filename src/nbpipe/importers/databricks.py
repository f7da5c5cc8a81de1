"""Databricks notebooks: ``.py`` sources and ``.ipynb`` exports.

Widgets become parameters, ``%run`` puts the other notebook's cells in, ``dbutils.notebook.run``
makes the other notebook a step.
"""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbpipe.compile.tags import is_name, suggested_name
from nbpipe.importers.called import Call, received, sections, variable
from nbpipe.importers.carried import Carried, Names, Note, NotImportable, ancestors, stem
from nbpipe.importers.edits import Text, argument, constant, dotted
from nbpipe.importers.pieces import PYTHON, Piece, code, literal, opened, pieces_of, whole, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbpipe.importers.called import Section
    from nbpipe.importers.carried import Made, Sources

HEADER = "# Databricks notebook source"
_COMMAND = re.compile(r"^# COMMAND -{5,}\s*$", re.MULTILINE)
_TITLE = re.compile(r"^# DBTITLE \d+,(?P<title>.*)$", re.MULTILINE)
_METADATA = "application/vnd.databricks.v1"
_WORD = re.compile(r"^%(?P<word>[\w-]+)[ \t]*(?P<rest>[^\n]*)\n?(?P<body>.*)$", re.DOTALL)
_WIDGETS = frozenset({"text", "dropdown", "combobox", "multiselect"})
_REMOTE = re.compile(r"dbfs:/|/dbfs/|/mnt/|/Volumes/")

_SPARK = "from pyspark.sql import SparkSession\n\nspark = SparkSession.builder.getOrCreate()"
_HTML = """from IPython.display import HTML, display


def displayHTML(html):
    display(HTML(html))"""


@dataclass(slots=True)
class _Project:
    """The notebooks that come of one source."""

    sources: Sources
    steps: Names = field(default_factory=Names)
    values: Names = field(default_factory=Names)
    files: list[Made] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    direct: dict[str, frozenset[str]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def note(self, where: str, what: str, why: str, do: str = "") -> None:
        """Add a note, once."""
        note = Note(where, what, why, do)
        if note not in self.notes:
            self.notes.append(note)


@dataclass(slots=True)
class _Source:
    """One notebook while it is read: its cells in Python, and what they ask for."""

    path: str
    pieces: list[Piece] = field(default_factory=list)
    widgets: dict[str, Any] = field(default_factory=dict)
    needs: set[str] = field(default_factory=set)


def recognise(path: str, sources: Sources) -> bool:
    """Whether a file has the header or the metadata of Databricks."""
    data = sources.read(path) or b""
    if path.endswith(".py"):
        return data.lstrip(b"\xef\xbb\xbf").startswith(HEADER.encode())
    return path.endswith(".ipynb") and (
        _METADATA.encode() in data or b"dbutils." in data or b"# COMMAND ------" in data
    )


def carry(path: str, sources: Sources) -> Carried:
    """Return a Databricks notebook and those that it runs."""
    project = _Project(sources)
    _carry_one(path, project, (), None)
    return Carried(
        "Databricks", stem(path), tuple(project.files), before=ancestors(project.direct),
        used=frozenset(project.used), notes=tuple(project.notes),
    )  # fmt: skip


def _cells(path: str, project: _Project) -> list[Piece]:
    """Cells of a file, each as Databricks shows it: with its magic word in the first line."""
    data = project.sources.read(path)
    if data is None:
        raise NotImportable(f"There is no notebook {path}.")
    project.used.add(path)
    if path.endswith(".ipynb"):
        return pieces_of(opened(data, path))
    text = data.decode("utf-8-sig", "replace").removeprefix(HEADER)
    found: list[Piece] = []
    for chunk in _COMMAND.split(text):
        title = _TITLE.search(chunk)
        if title and title["title"].strip():
            found.append(Piece("markdown", f"### {title['title'].strip()}"))
        body = _TITLE.sub("", chunk).strip("\n")
        lines = [re.sub(r"^# MAGIC ?", "", line) for line in body.split("\n")]
        if "\n".join(lines).strip():
            found.append(Piece("code", "\n".join(lines).strip("\n")))
    return found


def _read(path: str, project: _Project, open_: tuple[str, ...]) -> _Source:
    """Return a notebook's cells as Python, those that ``%run`` takes in included."""
    source = _Source(path)
    for index, piece in enumerate(_cells(path, project)):
        where = f"{path}, cell {index + 1}"
        every = _translated(piece, where, source, project, open_)
        source.pieces += [made for made in every if made.source.strip()]
    return source


def _translated(
    piece: Piece, where: str, source: _Source, project: _Project, open_: tuple[str, ...]
) -> list[Piece]:
    """Return the cells that one becomes."""
    found = _WORD.match(piece.source.lstrip())
    if piece.kind != "code":
        return [piece]
    word = found["word"] if found else "python"
    body = (found["rest"] + "\n" + found["body"]).strip("\n") if found else piece.source
    match word:
        case "md" | "md-sandbox":
            return [replace(piece, kind="markdown", source=body)]
        case "python":
            return [_python(replace(piece, source=body), where, source, project)]
        case "sql":
            source.needs.add("spark")
            text = body.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
            return [replace(piece, source=f'_sqldf = spark.sql("""\n{text}\n""")\ndisplay(_sqldf)')]
        case "sh" | "bash":
            return [replace(piece, source=f"%%{word}\n{body}")]
        case "run":
            return _taken_in(body.split("\n")[0], where, source, project, open_)
        case "pip" | "conda":
            project.note(where, f"%{word} {body}", "a step does not install packages",
                         "Install it in the environment.")  # fmt: skip
            return [replace(piece, tags=(*piece.tags, "skip"))]
        case "scala" | "r" | "fs":
            project.note(where, f"a cell of %{word}", "it needs Databricks",
                         "Write it in Python.")  # fmt: skip
            return [replace(piece, kind="raw")]
    return [_python(piece, where, source, project)]


def _taken_in(
    said: str, where: str, source: _Source, project: _Project, open_: tuple[str, ...]
) -> list[Piece]:
    """Cells of the notebook that ``%run`` names: they run in the same namespace."""
    path = _path_of(said.split("$", maxsplit=1)[0].strip().strip("\"'"), source.path, project)
    if not path or path in open_:
        why = "it takes itself in" if path else "there is no such notebook"
        project.note(where, f"%run {said}", why, "Put it there and import once more.")
        return [Piece("code", f"%run {said}", ("skip",))]
    inner = _read(path, project, (*open_, path))
    source.widgets |= {k: v for k, v in inner.widgets.items() if k not in source.widgets}
    source.needs |= inner.needs
    return [replace(piece, id="") for piece in inner.pieces]


def _path_of(said: str, base: str, project: _Project) -> str:
    """Path of a notebook named in code; one of the workspace is looked for by its last parts."""
    there = posixpath.normpath(posixpath.join(posixpath.dirname(base), said.lstrip("/")))
    parts = there.split("/")
    for start in range(len(parts) if said.startswith("/") else 1):
        for ending in ("", ".py", ".ipynb"):
            path = "/".join(parts[start:]) + ending
            if path.endswith((".py", ".ipynb")) and project.sources.read(path) is not None:
                return path
    return ""


def _python(piece: Piece, where: str, source: _Source, project: _Project) -> Piece:
    """Put parameters in the place of widgets, and note what is Databricks's alone."""
    text = Text(piece.source)
    for statement in text.body:
        match statement:
            case ast.Expr(value=ast.Call() as call) if _is_gone(call, source):
                text.replace(statement, "pass")
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call) if (
                _widget_name(call) and variable(_widget_name(call)) == name
            ):
                source.widgets.setdefault(_widget_name(call), "")
                text.replace(statement, "pass")
            case _:
                _replace_reads(statement, text, source)
    made = "\n".join(_without_pass(text.result()))
    _tell(made, where, source, project)
    return replace(piece, source=made)


def _without_pass(source: str) -> list[str]:
    """Leave out the ``pass`` that stands for what is gone, at the top level."""
    return [line for line in source.split("\n") if line.rstrip() != "pass"]


def _is_gone(call: ast.Call, source: _Source) -> bool:
    """Whether a statement has no place here; a widget that it makes is remembered."""
    said = dotted(call.func)
    kind = said.removeprefix("dbutils.widgets.")
    if said.startswith("dbutils.widgets.") and kind in _WIDGETS:
        name = constant(argument(call, 0, "name"))
        default = constant(argument(call, 1, "defaultValue"))
        if isinstance(name, str):
            source.widgets[name] = default if default is not None else ""
        return isinstance(name, str)
    return kind in ("remove", "removeAll") or said in (
        "dbutils.library.restartPython",
        "dbutils.widgets.removeAll",
    )


def _widget_name(call: ast.Call) -> str:
    """The widget that a call reads; empty for any other call."""
    if dotted(call.func) in ("dbutils.widgets.get", "dbutils.widgets.getArgument", "getArgument"):
        name = constant(argument(call, 0, "name"))
        return name if isinstance(name, str) else ""
    return ""


def _replace_reads(statement: ast.stmt, text: Text, source: _Source) -> None:
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and _widget_name(node):
            name = _widget_name(node)
            source.widgets.setdefault(name, constant(argument(node, 1)) or "")
            text.replace(node, variable(name))
        elif isinstance(node, ast.Call) and dotted(node.func) == "dbutils.widgets.getAll":
            pairs = ", ".join(f"{one!r}: {variable(one)}" for one in source.widgets)
            text.replace(node, f"{{{pairs}}}")


def _tell(made: str, where: str, source: _Source, project: _Project) -> None:
    """Note what needs Databricks, and what is put in to take its place."""
    body = Text(made).body
    loaded = {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.Name)}
    source.needs |= loaded & {"spark", "displayHTML"}
    said = {dotted(n) for s in body for n in ast.walk(s) if isinstance(n, ast.Attribute)}
    for name in sorted(said):
        parts = name.split(".")
        if parts[0] == "dbutils" and _is_lost(parts[1:]):
            project.note(where, name, "it is there on Databricks only",
                         "Use open, shutil or environment variables.")  # fmt: skip
    if "sc" in loaded or "sqlContext" in loaded:
        project.note(where, "sc", "it is there on Databricks only", "Use spark.sparkContext.")
    if _REMOTE.search(made):
        project.note(where, "a path of Databricks", "its files are not here",
                     "Put the files into the project's folder.")  # fmt: skip


def _is_lost(parts: list[str]) -> bool:
    """Whether this part of ``dbutils`` is left in the code: it is there on Databricks only.

    Notebooks that are run, and what they give back, are carried over or noted elsewhere.
    """
    if parts[0] == "notebook":
        return len(parts) == 2 and parts[1] not in ("run", "exit")
    return len(parts) == 2 or parts == ["widgets"]


def _find(node: ast.Call) -> Call | None:
    """A call of ``dbutils.notebook.run``."""
    if dotted(node.func) != "dbutils.notebook.run":
        return None
    path = constant(argument(node, 0, "path"))
    return Call(path, argument(node, 2, "arguments")) if isinstance(path, str) else None


def _carry_one(
    path: str,
    project: _Project,
    open_: tuple[str, ...],
    call: Section | None,
    after: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Add a notebook and those that it runs, after the steps given; returns its steps."""
    source = _read(path, project, (*open_, path))
    wanted = suggested_name(stem(path))
    first = project.steps.take(wanted if is_name(wanted) else suggested_name(wanted))
    pieces = _ended(source.pieces, call, path, project)
    cut = list(sections(pieces, _find, lambda said: project.values.take(variable(stem(said)))))
    steps: list[str] = []
    made: list[Piece] = []
    called = after
    for section in cut:
        name = first if not steps else project.steps.take(first)
        waits = [f"after:{one}" for one in sorted(called | frozenset(steps[-1:]))]
        own = _tagged(section.pieces, name, *waits) if len(cut) > 1 else list(section.pieces)
        if any(piece.kind == "code" for piece in own):
            project.direct[name] = called | frozenset(steps[-1:])
            steps.append(name)
        made += own
        if section.call is not None:
            before = called | frozenset(steps[-1:])
            called |= _call(section, path, before, project, open_)
    _tell_left(made, path, project)
    made = _with_top(made, source, call, first)
    if call is not None and call.loop and len(cut) > 1:
        project.note(path, "a loop around it", "it runs notebooks itself, so it cannot fan out",
                     "Import it for one item, or run the inner notebooks in the loop.")  # fmt: skip
    metadata = {"nbpipe": {"version": 1}}
    if len(cut) == 1 and call is not None and call.loop:
        made = _fanned(made, call, first, after, project)
    elif len(cut) == 1:
        metadata = whole(first, after)
    project.files.append(written(f"{first}.ipynb", made, {**PYTHON, **metadata}))
    return tuple(steps)


def _call(
    section: Section,
    path: str,
    before: frozenset[str],
    project: _Project,
    open_: tuple[str, ...],
) -> frozenset[str]:
    """Add the notebook that is called; returns its steps."""
    assert section.call is not None
    there = _path_of(section.call.path, path, project)
    if not there or there in (*open_, path):
        why = "it runs itself" if there else "there is no such notebook"
        project.note(path, f"dbutils.notebook.run of {section.call.path}", why,
                     "Put it there and import once more.")  # fmt: skip
        return frozenset()
    return frozenset(_carry_one(there, project, (*open_, path), section, before))


def _fanned(
    pieces: Sequence[Piece], call: Section, step: str, after: frozenset[str], project: _Project
) -> list[Piece]:
    """Make a notebook that is called in a loop a step for each item.

    The items come from the caller, so a small step takes them over first.
    """
    listed = f"{step}-items"
    items = f"{call.prefix}_all"
    project.direct[listed], project.direct[step] = after, after | {listed}
    waits = [f"after:{one}" for one in sorted(after)]
    first = code(f"{items} = {call.prefix}_items", f"step:{listed}", *waits)
    top = [piece for piece in pieces if {"parameters", "setup"} & set(piece.tags)]
    rest = [piece for piece in pieces if piece not in top]
    tags = (f"foreach:{call.loop} in {items}",)
    return [*top, first, *_tagged(rest, step, *tags)]


def _tagged(pieces: Sequence[Piece], name: str, *tags: str) -> list[Piece]:
    """Tag the first code cell as the beginning of a step."""
    found = list(pieces)
    for index, piece in enumerate(found):
        if piece.kind == "code" and "skip" not in piece.tags:
            found[index] = replace(piece, tags=(*piece.tags, f"step:{name}", *tags))
            break
    return found


def _ended(
    pieces: Sequence[Piece], call: Section | None, path: str, project: _Project
) -> list[Piece]:
    """Let ``dbutils.notebook.exit(value)`` hand its value to the caller; cells below never run."""
    for index, piece in enumerate(pieces):
        text = Text(piece.source) if piece.kind == "code" else Text("")
        for node in text.body:
            match node:
                case ast.Expr(value=ast.Call() as found) if (
                    dotted(found.func) == "dbutils.notebook.exit"
                ):
                    value = argument(found, 0, "value")
                    said = text.segment(value) if value is not None else "''"
                    last = f"{call.prefix}_result = str({said})" if call is not None else said
                    source = f"{text.between(None, node)}{last}".strip("\n")
                    below = [one for one in pieces[index + 1 :] if one.source.strip()]
                    if below:
                        project.note(path, "cells below dbutils.notebook.exit", "they never run")
                    skipped = [replace(one, tags=(*one.tags, "skip")) for one in below]
                    return [*pieces[:index], replace(piece, source=source), *skipped]
    return list(pieces)


def _tell_left(pieces: Sequence[Piece], path: str, project: _Project) -> None:
    """Note calls that are not at the top level or whose notebook is not a literal."""
    for piece in pieces:
        if piece.kind == "code" and "dbutils.notebook." in piece.source:
            project.note(path, "dbutils.notebook inside other code",
                         "only calls at the top level with a literal path become steps",
                         "Write the calls one by one, or a loop of one call.")  # fmt: skip


def _with_top(
    pieces: Sequence[Piece], source: _Source, call: Section | None, first: str
) -> list[Piece]:
    """Put in parameters, what a caller hands over, and what Databricks has ready."""
    given = set(call.keys) if call is not None else set()
    own = {variable(k): v for k, v in source.widgets.items() if variable(k) not in given}
    lines = "\n".join(f"{name} = {literal(value)}" for name, value in own.items())
    top = [code(lines, "parameters")] if own else []
    top += [code(_SPARK, "setup")] if "spark" in source.needs else []
    top += [code(_HTML, "setup")] if "displayHTML" in source.needs else []
    if call is not None and call.keys:
        tagged = any(f"step:{first}" in piece.tags for piece in pieces)
        taken = received(call)
        top.append(replace(taken, tags=(f"step:{first}",)) if tagged else taken)
    return [*top, *pieces]
