"""``nbpipe init``: writes a commented nbpipe.toml."""

from __future__ import annotations

from pathlib import Path

import click

from nbpipe.cli.options import path_argument

TEMPLATE = """\
# Settings of this nbpipe project. Every line may be left out.

# The project's name; by default the folder's.
# name = "sales"

# Which notebooks belong to it (patterns, relative to this file), and which do not.
# notebooks = ["*.ipynb"]
# exclude = ["drafts/*"]

# Where runs are kept: a folder relative to this file, or a URL.
# store = ".nbpipe"

# How steps are run: papermill, warm, embedded, profiling or debug.
# engine = "warm"

# Where steps are carried out: on this machine, or at an address as dask://HOST:PORT.
# executor = "local"

# How many steps may run side by side; by default two more than there are cores.
# jobs = 2

# Seconds that a step may take where it does not say itself.
# timeout = 3600

# Seconds that a run may take.
# run_timeout = 36000

# Most that the store may hold: no run begins in one that holds more.
# quota = "20 GB"

# Values that replace the defaults in the notebooks.
# [parameters]
# year = 2026
"""


@click.command()
@path_argument
def init(path: str) -> None:
    """Write a commented nbpipe.toml; in a Git repository, have Git ignore .nbpipe/.

    A file that is there is left as it is.
    """
    from nbpipe.errors import ProjectNotFound

    folder = Path(path)
    if not folder.is_dir():
        raise ProjectNotFound(f"There is no folder {path}. Name one that exists.")
    try:
        with (folder / "nbpipe.toml").open("x", encoding="utf-8") as file:
            file.write(TEMPLATE)
    except FileExistsError:
        click.echo(f"{folder / 'nbpipe.toml'} is there already; it is left as it is.")
    else:
        click.echo(f"Wrote {folder / 'nbpipe.toml'}.")
    if _in_git(folder) and _ignore(folder / ".gitignore"):
        click.echo(f"Added .nbpipe/ to {folder / '.gitignore'}.")


def _in_git(folder: Path) -> bool:
    here = folder.resolve()
    return any((place / ".git").exists() for place in (here, *here.parents))


def _ignore(file: Path) -> bool:
    """Add the store to a .gitignore; returns False where it stands there already."""
    text = file.read_text("utf-8") if file.exists() else ""
    if any(line.strip().strip("/") == ".nbpipe" for line in text.splitlines()):
        return False
    gap = "" if not text or text.endswith("\n") else "\n"
    with file.open("a", encoding="utf-8") as out:
        out.write(f"{gap}.nbpipe/\n")
    return True
