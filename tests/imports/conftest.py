"""Other products' own examples and test files, taken from their source distributions."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

BACKENDS = ("hatchling", "hatch-jupyter-builder", "hatch-nodejs-version", "setuptools", "wheel")
"""What the products' builds ask for before pip hands their sources out."""


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an environment that can hand out sources; made once for all runs if asked."""
    kept = os.environ.get("NBPIPE_IMPORTS_CACHE")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("sdists")
    if not (folder / "env").exists():
        venv.create(folder / "env", with_pip=True)
        pip(folder, "install", "--quiet", *BACKENDS)
    return folder


def pip(folder: Path, *args: str) -> None:
    bin_ = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    path = f"{bin_}{os.pathsep}{os.environ['PATH']}"
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"PATH": path}
    try:
        subprocess.run(
            [bin_ / f"python{'.exe' if sys.platform == 'win32' else ''}", "-m", "pip", *args],
            env=env, check=True, capture_output=True, timeout=240, text=True,
        )  # fmt: skip
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        last = (str(error.stderr or "").strip().splitlines() or [str(error)])[-1]
        pytest.skip(f"the package registry cannot be reached: {last}")


@pytest.fixture(scope="session")
def sdist(downloads: Path) -> Callable[[str], Path]:
    """Return the unpacked source distribution of a product; skips where there is no registry."""

    def get(name: str) -> Path:
        there = downloads / name
        if not there.exists():
            packed = downloads / f"{name}-packed"
            pip(downloads, "download", "--quiet", "--no-deps", "--no-build-isolation",
                 "--no-binary", ":all:", "--dest", str(packed), name)  # fmt: skip
            with tarfile.open(next(packed.glob("*.tar.gz"))) as archive:
                archive.extractall(there, filter="data")
        return next(path for path in there.iterdir() if path.is_dir())

    return get
