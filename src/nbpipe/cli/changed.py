"""Which files of a project changed since a Git revision."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbpipe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nbpipe.errors import Problem

_SHARED = ("nbpipe.toml", "nbpipe.lock")


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in a project's folder since a revision.

    Attributes
    ----------
    revision
        As it was asked for.
    present
        Paths, relative to the folder, that are new, changed or renamed.
    gone
        Paths that are there no more, the old ones of renamed files included.
    """

    revision: str
    present: frozenset[str]
    gone: frozenset[str]

    def concern(self, problem: Problem) -> bool:
        """Whether a problem may come of what changed.

        A notebook or module that is gone, and the project's settings, can break any notebook.
        """
        return problem.notebook is None or problem.notebook in self.present or bool(self.everything)

    @property
    def everything(self) -> str:
        """Why every notebook is looked at; empty where only the changed ones are."""
        lost = sorted(path for path in self.gone if path.endswith((".ipynb", ".py")))
        shared = sorted(path for path in self.present | self.gone if path in _SHARED)
        if lost:
            return f"{lost[0]} is gone"
        return f"{shared[0]} changed" if shared else ""


def changes_since(folder: Path, revision: str) -> Changes:
    """Return what changed since this branch left a revision, files that Git does not know included.

    Raises
    ------
    UsageError
        If there is no Git, no repository or no such revision.
    """
    _git(folder, "rev-parse", "--show-toplevel")
    commit = _commit(folder, revision)
    base = _git(folder, "merge-base", commit, "HEAD", may_fail=True).strip() or commit
    said = _git(folder, "diff", "--name-status", "-z", "--find-renames", "--relative", base, "--")
    present, gone = _read_status(said.split("\0"))
    unknown = _git(folder, "ls-files", "--others", "--exclude-standard", "-z")
    present |= {path for path in unknown.split("\0") if path}
    return Changes(revision, frozenset(present), frozenset(gone - present))


def _commit(folder: Path, revision: str) -> str:
    if not revision or revision.startswith("-"):
        raise UsageError(f"{revision!r} is no Git revision. Name a branch, a tag or a commit.")
    wanted = f"{revision}^{{commit}}"
    found = _git(folder, "rev-parse", "--verify", "--quiet", wanted, may_fail=True).strip()
    if not found:
        raise UsageError(
            f"Git knows no revision {revision!r} here. In CI, fetch the history first "
            "(fetch-depth: 0), or name another branch, tag or commit."
        )
    return found


def _read_status(fields: Sequence[str]) -> tuple[set[str], set[str]]:
    """Read Git's list: a letter and a path, for renamed and copied files two paths."""
    present: set[str] = set()
    gone: set[str] = set()
    rest = iter(fields)
    for letter in rest:
        if letter[:1] in ("R", "C"):
            before, after = next(rest), next(rest)
            present.add(after)
            gone |= {before} if letter[0] == "R" else set()
        elif letter:
            (gone if letter[0] == "D" else present).add(next(rest))
    return present, gone


def _git(folder: Path, *arguments: str, may_fail: bool = False) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=False
        )
    except FileNotFoundError:
        raise UsageError("There is no git command; --changed-only needs it.") from None
    if done.returncode and not may_fail:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise UsageError(f"{folder} cannot be compared by Git: {said}.")
    return done.stdout.decode("utf-8", "surrogateescape") if not done.returncode else ""
