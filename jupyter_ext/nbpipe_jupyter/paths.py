"""The one place where a path in a request becomes a path on disk."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from nbpipe.errors import UsageError
from nbpipe_jupyter.answers import NotFound

NOTEBOOKS = (".ipynb", ".py")
_DRIVE = re.compile(r"[A-Za-z][\w+.-]*:")


class OutsideRoot(UsageError):
    """A notebook's project begins above the folder that the server serves."""


@dataclass(frozen=True, slots=True)
class Root:
    """The folder that the server serves; nothing outside it is reached through a request.

    Attributes
    ----------
    folder
        Absolute, links resolved.
    hidden
        Whether files and folders that begin with a dot may be named.
    """

    folder: Path
    hidden: bool = False

    @classmethod
    def at(cls, folder: str, hidden: bool = False) -> Root:
        """Return the root at a folder as a server's settings name it."""
        return cls(Path(os.path.realpath(Path(folder).expanduser())), hidden)

    def find(self, path: object) -> Path:
        """Return the notebook or folder that a request names.

        Parameters
        ----------
        path
            Relative to the root, with ``/``; empty for the root itself.

        Raises
        ------
        NotFound
            If there is none, or the path leads out of the root; with the same words.
        """
        parts = self._parts(path)
        if not parts:
            return self.folder
        try:
            parent = Path(os.path.realpath(self.folder.joinpath(*parts[:-1])))
            leaf = Path(os.path.realpath(parent / parts[-1]))
            inside = parent.is_relative_to(self.folder) and leaf.is_relative_to(self.folder)
            if inside and (leaf.is_dir() or (leaf.is_file() and leaf.suffix in NOTEBOOKS)):
                return leaf
        except (OSError, ValueError):  # a name too long, a loop of links
            pass
        raise _refused()

    def relative(self, path: Path) -> str:
        """Return a path under the root as requests name it: ``/`` between, empty for the root.

        Raises
        ------
        OutsideRoot
            If it is not under the root.
        """
        if not path.is_relative_to(self.folder):
            raise OutsideRoot(
                "This notebook belongs to a project (nbpipe.toml) that begins above the folder "
                "that this server serves. Start Jupyter in the project's folder, or above it."
            )
        text = path.relative_to(self.folder).as_posix()
        return "" if text == "." else text

    def _parts(self, path: object) -> list[str]:
        """Split a path; whoever sends an encoded one must not get further than with a plain one."""
        if not isinstance(path, str) or len(path) > 4096:
            raise _refused()
        for text in (path, unquote(path), unquote(unquote(path))):
            parts = text.split("/")
            odd = "\0" in text or "\\" in text or ".." in parts or text.startswith(("/", "~"))
            if odd or _DRIVE.match(text):
                raise _refused()
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if not self.hidden and any(part.startswith(".") for part in parts):
            raise _refused()
        return parts


def _refused() -> NotFound:
    return NotFound("There is no notebook and no folder of that name on this server.")
