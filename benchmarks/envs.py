"""An environment for each peer, made on first use in a cache folder and kept.

Peers cannot share one: Ploomber does not go together with JupyterLab 4, and a lean environment
starts faster than a full one. What notebooks import is of the same version in each.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

KERNEL = ("ipykernel==7.*",)
SCIENCE = ("matplotlib", "numpy", "pandas", "scikit-learn")
"""What the notebooks import: every environment gets the version that nbpipe's has."""

SHOWN_LINES = 3


class CannotBeMade(Exception):
    """An environment cannot be made; the argument says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a peer needs: requirements with their major versions, and whether notebooks compute."""

    name: str
    requirements: tuple[str, ...]
    science: bool = False

    def wanted(self) -> list[str]:
        """Return all that pip is asked for."""
        found = list(self.requirements)
        if self.science:
            found += [f"{name}=={importlib.metadata.version(name)}" for name in SCIENCE]
        return found


def default_folder() -> Path:
    """Return where environments are kept, outside of the repository."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "nbpipe-benchmarks"


def clean_environ() -> dict[str, str]:
    """Return the environment for everyone: byte code is kept, nothing is found by a path."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    return {k: v for k, v in os.environ.items() if k not in unwanted}


@dataclass(frozen=True, slots=True)
class Environments:
    """The environments in a folder.

    Attributes
    ----------
    folder
        Each has a folder of its own in it.
    retry
        Whether what could not be made before is tried again.
    make
        Makes one in a folder; returns what went wrong, or nothing.
    """

    folder: Path
    retry: bool = False
    make: Callable[[Environment, Path], str] = field(default_factory=lambda: install)

    def python(self, environment: Environment) -> Path:
        """Return the interpreter of an environment, made now if it is not there.

        Raises
        ------
        CannotBeMade
            pip did not succeed, now or the last time.
        """
        place = self.folder / environment.name
        made = place / "made.json"
        state = {"wanted": environment.wanted(), "python": sys.version}
        known = json.loads(made.read_text("utf-8")) if made.exists() else {}
        same = {key: known.get(key) for key in state} == state
        if not same or (known["fault"] and self.retry):
            known = {**state, "fault": self.make(environment, place)}
            made.write_text(json.dumps(known, indent=1), "utf-8")
        if known["fault"]:
            raise CannotBeMade(known["fault"])
        return place / "bin" / "python"


def install(environment: Environment, place: Path) -> str:
    """Make an environment; return what went wrong, or nothing."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    python = place / "bin" / "python"
    log = place / "made.log"
    for command in (
        [sys.executable, "-m", "venv", str(place)],
        [str(python), "-m", "pip", "install", "--no-input", *environment.wanted()],
    ):
        with log.open("ab") as file:
            ended = subprocess.run(
                command, stdout=file, stderr=subprocess.STDOUT, env=clean_environ(), check=False
            )
        if ended.returncode:
            return _last_lines(log.read_text("utf-8", "replace"))
    compile_all(python)
    return ""


def _last_lines(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if "ERROR" in line]
    return " ".join(lines[-SHOWN_LINES:]) or "pip failed; made.log says more"


def compile_all(python: Path | str) -> None:
    """Compile all modules of an environment, so that no start pays for it."""
    code = "import sysconfig as s; print(s.get_path('purelib')); print(s.get_path('stdlib'))"
    done = subprocess.run(
        [str(python), "-c", code], capture_output=True, text=True, env=clean_environ(), check=True
    )
    # Some files in packages are templates or of another Python and do not compile: no matter.
    subprocess.run(
        [str(python), "-m", "compileall", "-q", *done.stdout.split()],
        capture_output=True,
        env=clean_environ(),
        check=False,
    )


def version(python: Path | str, package: str) -> str:
    """Return which version of a package an environment has."""
    code = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"
    done = subprocess.run(
        [str(python), "-c", code, package],
        capture_output=True,
        text=True,
        env=clean_environ(),
        check=True,
    )
    return done.stdout.strip()
