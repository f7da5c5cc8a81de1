"""Facts that keys need from outside the notebook: files read, modules imported, their versions."""

from __future__ import annotations

import ast
import glob
import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nbpipe.compile.keys import Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nbpipe.compile.pipeline import Step
    from nbpipe.run.environment import Environment

MODULE_SUFFIXES = (".py", "/__init__.py")


class FactFinder:
    """Looks facts up for the steps of one project; digests are kept while files stay the same."""

    def __init__(
        self, folder: Path, digests: dict[str, tuple[int, int, str]] | None = None
    ) -> None:
        self.folder = folder
        self.digests: dict[str, tuple[int, int, str]] = {} if digests is None else digests
        self.imports: dict[tuple[str, str], tuple[str, ...]] = {}

    def facts(self, step: Step, environment: Environment, learned: Iterable[str] = ()) -> Facts:
        """Return the facts of one step as they are now.

        Parameters
        ----------
        step
            The step.
        environment
            The kernel it runs in.
        learned
            Files, relative to the project, that it was seen to read.
        """
        files = {path: self.file_digest(path) for path in self.files_read(step, learned)}
        return Facts(files, self.modules(step, environment), environment.label)

    def files_read(self, step: Step, learned: Iterable[str] = ()) -> list[str]:
        """Return the files that the step reads, relative to the project where they are inside."""
        base = (self.folder / step.notebook.path).parent
        written = {self.shown(base / use.path) for use in step.flow.writes}
        found = {self.shown(base / use.path) for use in step.flow.reads if _is_path(use.path)}
        found |= set(learned)
        for pattern in step.options.reads:
            found |= {
                self.shown(Path(path)) for path in glob.glob(str(base / pattern), recursive=True)
            }
        return sorted(found - written)

    def shown(self, path: Path) -> str:
        """Return the path relative to the project where it is inside, else absolute."""
        full = os.path.normpath(path)
        inside = os.path.relpath(full, self.folder)
        return full if inside.startswith("..") else inside.replace(os.sep, "/")

    def file_digest(self, path: str) -> str:
        """Return the digest of a file (or of all files of a folder); empty if it cannot be read.

        What is neither, as a device or a pipe, might never come to its end.
        """
        full = str(self.folder / path)
        try:
            info = os.stat(full)
        except (OSError, ValueError):  # a name with a NUL character is no name
            return ""
        if stat.S_ISDIR(info.st_mode):
            return self._folder_digest(full)
        if not stat.S_ISREG(info.st_mode) or os.path.realpath(full).startswith(_THE_SYSTEMS):
            return ""
        known = self.digests.get(full)
        if known and known[:2] == (info.st_size, info.st_mtime_ns):
            return known[2]
        try:
            digest = "sha256:" + _sha256(full)
        except PermissionError:
            return ""
        self.digests[full] = (info.st_size, info.st_mtime_ns, digest)
        return digest

    def _folder_digest(self, full: str) -> str:
        """A folder that is read stands for the names and contents of the files right in it."""
        parts = hashlib.sha256()
        for entry in sorted(os.scandir(full), key=lambda e: e.name):
            if entry.is_file() and not entry.name.startswith("."):
                parts.update(f"{entry.name}\0{self.file_digest(entry.path)}\0".encode())
        return "sha256:" + parts.hexdigest()

    def modules(self, step: Step, environment: Environment) -> Mapping[str, str]:
        """Return the version of every module that the step imports, the project's own by digest."""
        base = (self.folder / step.notebook.path).parent
        found: dict[str, str] = {}
        todo = sorted(step.flow.modules)
        while todo:
            name = todo.pop()
            if name in found or name in sys.stdlib_module_names:
                continue
            sources = self._own_sources(name, base)
            if sources:
                found[name] = self._own_digest(sources)
                todo += [other for path in sources for other in self._imports(path, name)]
            elif name in environment.versions:
                found[name] = environment.versions[name]
        return found

    def _own_sources(self, name: str, base: Path) -> list[str]:
        """Files of a module that lies beside the notebook or in the project's folder."""
        for folder in dict.fromkeys((base, self.folder)):
            single = folder / f"{name}.py"
            if single.is_file():
                return [str(single)]
            package = folder / name
            if package.is_dir():
                files = sorted(str(path) for path in package.rglob("*.py"))
                if files:
                    return files
        return []

    def _own_digest(self, sources: Iterable[str]) -> str:
        parts = "\0".join(f"{self.shown(Path(path))}\0{self.file_digest(path)}" for path in sources)
        return "own " + hashlib.sha256(parts.encode()).hexdigest()[:32]

    def _imports(self, path: str, package: str) -> tuple[str, ...]:
        key = (path, self.file_digest(path))
        if key not in self.imports:
            self.imports[key] = tuple(set(_imported(path)) - {package})
        return self.imports[key]


def _imported(path: str) -> Iterator[str]:
    """Top-level names of the modules that a source file imports, wherever in it."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


_THE_SYSTEMS = ("/proc/", "/sys/", "/dev/")
"""Where files are made up by the system when they are read."""


def _is_path(text: str) -> bool:
    return "://" not in text and "\0" not in text and not text.startswith("~")


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
