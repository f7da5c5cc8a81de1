"""A project on disk: its notebooks, settings and lock file, read without running its code."""

from __future__ import annotations

import fnmatch
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbpipe.compile.assemble import assemble
from nbpipe.compile.notebook import Notebook, read_document, read_notebook
from nbpipe.compile.percent import is_percent
from nbpipe.compile.settings import Settings, read_settings
from nbpipe.compile.tags import DRAFT
from nbpipe.errors import Problem, ProjectNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbpipe.compile.pipeline import Learned, Pipeline

SETTINGS = "nbpipe.toml"
LOCK = "nbpipe.lock"
SKIPPED = frozenset({"venv", "node_modules", "__pycache__", "site-packages"})
"""Folders in which no notebook of a project is looked for, beside hidden ones."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project as it was read at one moment.

    Attributes
    ----------
    folder
        Absolute folder; paths of notebooks are relative to it.
    scope
        Path of the one notebook that was asked for; None for the whole project.
    name
        Its name.
    settings
        From ``nbpipe.toml``.
    notebooks
        Sorted by path.
    sources
        Notebook path → its bytes as they were read.
    learned
        Step → what runs found out (``nbpipe.lock``).
    problems
        Faults in settings and lock file.
    """

    folder: Path
    scope: str | None
    name: str
    settings: Settings
    notebooks: tuple[Notebook, ...]
    sources: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    learned: Mapping[str, Learned] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def store(self) -> str:
        """Address of its store: an absolute folder, or a URL."""
        address = os.environ.get("NBPIPE_STORE") or self.settings.store
        return address if "://" in address else str(self.folder / address)

    @property
    def own_files(self) -> tuple[str, ...]:
        """Files that describe the project: no step's result, so never put back or overwritten."""
        return (*self.sources, SETTINGS, LOCK)

    def compile(self) -> Pipeline:
        """Return its pipeline, the project's own problems included."""
        from dataclasses import replace

        pipeline = assemble(self.notebooks, name=self.name, learned=self.learned)
        return replace(pipeline, problems=(*self.problems, *pipeline.problems))


def open_project(path: str | os.PathLike[str]) -> Project:
    """Read the project at `path`: a folder, or one notebook.

    For a notebook the project's folder is the nearest one above it that holds an
    ``nbpipe.toml``, else the notebook's own.

    Raises
    ------
    ProjectNotFound
        If there is nothing at `path`, or it is no notebook.
    """
    where = Path(path).expanduser()
    if not where.exists():
        raise ProjectNotFound(f"There is nothing at {path}. Name a folder or a notebook.")
    where = where.resolve()
    if where.is_dir():
        return _read(where, None)
    if where.suffix not in (".ipynb", ".py"):
        raise ProjectNotFound(f"{path} is no notebook. Name a folder, an .ipynb or a .py file.")
    folder = _folder_of(where)
    return _read(folder, where.relative_to(folder).as_posix())


def with_document(project: Project, path: str, document: Any) -> Project:
    """Return the project with one notebook as it is in memory instead of as it is on disk."""
    from dataclasses import replace

    notebook = read_document(document, path)
    others = tuple(other for other in project.notebooks if other.path != path)
    notebooks = tuple(sorted((*others, notebook), key=lambda one: one.path))
    data = json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
    return replace(project, notebooks=notebooks, sources={**project.sources, path: data})


def _folder_of(notebook: Path) -> Path:
    for folder in notebook.parents:
        if (folder / SETTINGS).is_file():
            return folder
    return notebook.parent


def _read(folder: Path, scope: str | None) -> Project:
    settings, problems = project_settings(folder)
    learned, lock_problems = project_lessons(folder)
    paths = [scope] if scope else sorted(_notebook_paths(folder, settings))
    notebooks, sources = [], {}
    for path in paths:
        try:
            data = (folder / path).read_bytes()
        except OSError as error:
            notebooks.append(_unreadable(path, error))
            continue
        if path.endswith(".py") and not scope and not is_percent(data.decode("utf-8", "replace")):
            continue
        notebook = read_notebook(data, path)
        if DRAFT in notebook.metadata and not scope:
            continue
        sources[path] = data
        notebooks.append(notebook)
    name = settings.name or (Path(scope).stem if scope else folder.name)
    problems = (*problems, *lock_problems)
    return Project(folder, scope, name, settings, tuple(notebooks), sources, learned, problems)


def _unreadable(path: str, error: OSError) -> Notebook:
    text = f"{path} cannot be read: {error.strerror}."
    hint = "Mend its permissions, or leave it out: `exclude` in nbpipe.toml."
    return Notebook(
        path, (), problems=(Problem("unreadable", text, notebook=path, suggestion=hint),)
    )


def _notebook_paths(folder: Path, settings: Settings) -> Iterator[str]:
    patterns = settings.notebooks or ("*.ipynb", "*.py")
    for path in _files(str(folder), "", str(folder)):
        name = path.rsplit("/", 1)[-1]
        wanted = any(fnmatch.fnmatch(path if "/" in p else name, p) for p in patterns)
        if wanted and not any(
            fnmatch.fnmatch(path if "/" in p else name, p) for p in settings.exclude
        ):
            yield path


def _files(folder: str, prefix: str, top: str) -> Iterator[str]:
    """Paths of all files below a folder.

    Hidden folders, links to folders and links that lead out of `top` are passed over.
    """
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED and not entry.name.startswith("."):
                    yield from _files(entry.path, f"{prefix}{entry.name}/", top)
            elif _is_file(entry) and (not entry.is_symlink() or _stays_inside(entry.path, top)):
                yield prefix + entry.name


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file; a link that leads in a circle is none."""
    try:
        return entry.is_file()
    except OSError:
        return False


def _stays_inside(path: str, folder: str) -> bool:
    """Whether a link leads to something inside the folder."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def project_settings(folder: Path) -> tuple[Settings, tuple[Problem, ...]]:
    """Return what ``nbpipe.toml`` in a folder says, and what is wrong with it."""
    path = folder / SETTINGS
    if not path.is_file():
        return Settings(), ()
    import tomllib

    try:
        return read_settings(tomllib.loads(path.read_text("utf-8")))
    except RecursionError:
        text = "nbpipe.toml cannot be read: it is nested too deeply."
        return Settings(), (Problem("bad-setting", text, suggestion="Mend or remove the file."),)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        text = f"nbpipe.toml cannot be read: {error}."
        return Settings(), (Problem("bad-setting", text, suggestion="Mend or remove the file."),)


def project_lessons(folder: Path) -> tuple[Mapping[str, Learned], tuple[Problem, ...]]:
    """Return what ``nbpipe.lock`` in a folder says, and what is wrong with it."""
    from nbpipe.run.lock import read_lock

    return read_lock(folder / LOCK)
