"""What an importer reads and what it makes: sources, files, notes."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from nbpipe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class NotImportable(UsageError):
    """The source is not what its importer reads, or nothing in it can be carried over."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that could not be carried over as it was.

    Attributes
    ----------
    where
        File, cell or task of the source.
    what
        What was found there.
    why
        Why it was left out or changed.
    do
        What the user can do; empty where nothing is needed.
    """

    where: str
    what: str
    why: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A file to be written: its path in the new folder, and its text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a source.

    Attributes
    ----------
    product
        Whose it was, as it is shown: ``Kale``.
    name
        The project's name.
    files
        Notebooks and modules to be written.
    copies
        Path of a source file → its path in the new folder.
    parameters
        Values for ``nbpipe.toml``.
    before
        Step → the steps that the product itself runs before it, directly or not; None where
        the product has no graph of its own.
    used
        Source files whose content is in `files`.
    notes
        What could not be carried over.
    """

    product: str
    name: str
    files: tuple[Made, ...] = ()
    copies: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, frozenset[str]] | None = None
    used: frozenset[str] = frozenset()
    notes: tuple[Note, ...] = ()


class Sources(Protocol):
    """The files of a source, by paths relative to its folder, with ``/``."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes; None where there is no such file."""
        ...

    def paths(self) -> tuple[str, ...]:
        """Return the paths of all files below the folder, sorted."""
        ...


@dataclass(frozen=True, slots=True)
class MemorySources:
    """Sources held in memory."""

    files: Mapping[str, bytes]

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes; None where there is no such file."""
        return self.files.get(posixpath.normpath(path))

    def paths(self) -> tuple[str, ...]:
        """Return all paths, sorted."""
        return tuple(sorted(self.files))


def read_text(sources: Sources, path: str) -> str:
    """Return a source file as text.

    Raises
    ------
    NotImportable
        If it is not there or not UTF-8.
    """
    data = sources.read(path)
    if data is None:
        raise NotImportable(f"There is no file {path}. Name a file that exists.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotImportable(f"{path} is not UTF-8 text (byte {error.start}).") from None


def read_yaml(sources: Sources, path: str) -> Any:
    """Return a YAML file's content.

    Raises
    ------
    NotImportable
        If it is not there or not YAML.
    """
    import yaml

    text = read_text(sources, path)
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise NotImportable(f"{path} is not valid YAML: {said}") from None


def stem(path: str) -> str:
    """Return a file's name without folder and last extension."""
    return posixpath.splitext(posixpath.basename(path))[0]


def inside(path: str) -> str:
    """Return a path that stays in the new folder: one that leads out keeps only its name.

    Characters that drive a terminal become dashes.
    """
    plain = posixpath.normpath(CONTROLS.sub("-", path).replace("\\", "/"))
    out = plain.startswith(("/", "../")) or plain == ".." or ":" in plain.split("/", 1)[0]
    return posixpath.basename(plain) if out else plain


CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""What could move a cursor, turn text around, or cannot be written."""


def writable(text: str) -> str:
    """Return text that a file can hold: halves of surrogate pairs become question marks."""
    return text.encode("utf-8", "replace").decode()


_LONGEST = 200
"""Bytes of a name: a file system takes 255, and an ending and a number come on top."""


@dataclass(slots=True)
class Names:
    """Gives out names, each once, without regard to case; a taken one gets a number.

    None is longer than a file's name may be.
    """

    taken: set[str] = field(default_factory=set)

    def take(self, name: str) -> str:
        """Return `name`, or the first ``name-2``, ``name-3``, … that is free."""
        root, extension = posixpath.splitext(name)
        if extension not in (".ipynb", ".py"):
            root, extension = name, ""
        folder, slash, last = root.rpartition("/")
        root = folder + slash + last.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
        found, count = f"{root}{extension}", 1
        while found.casefold() in self.taken:
            count += 1
            found = f"{root}-{count}{extension}"
        self.taken.add(found.casefold())
        return found


def ancestors(direct: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Return for each step all that stand before it, from those directly before it."""
    found: dict[str, frozenset[str]] = {}
    for name in direct:
        reached: set[str] = set()
        open_ = list(direct[name])
        while open_:
            one = open_.pop()
            if one not in reached:
                reached.add(one)
                open_.extend(direct.get(one, ()))
        found[name] = frozenset(reached)
    return found
