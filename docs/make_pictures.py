"""Draws the graph of every example: `python docs/make_pictures.py [EXAMPLE …]`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
EXAMPLES = DOCS.parent / "examples"
SHOWN = "diagnosis"
"""The example whose picture is on the first page."""


def examples() -> list[Path]:
    """Return the folders of the examples: those that hold a notebook."""
    return sorted({notebook.parent for notebook in EXAMPLES.glob("*/*.ipynb")})


def draw(folder: Path) -> Path:
    """Draw one example's graph beside its notebooks, by the command that users have."""
    picture = folder / "graph.svg"
    command = [
        sys.executable,
        "-m",
        "nbpipe",
        "graph",
        str(folder),
        "--format",
        "svg",
        "-o",
        str(picture),
    ]
    subprocess.run(command, check=True)
    return picture


def main(names: list[str]) -> None:
    """Draw the graphs of the named examples, or of all."""
    for folder in [EXAMPLES / name for name in names] or examples():
        picture = draw(folder)
        print(picture.relative_to(DOCS.parent))
        if folder.name == SHOWN:
            (DOCS / "images").mkdir(exist_ok=True)
            shutil.copyfile(picture, DOCS / "images" / f"{SHOWN}.svg")


if __name__ == "__main__":
    main(sys.argv[1:])
