"""The store's folder: what lies where, and which format it is of."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from nbpipe.errors import StoreTooNew, StoreUnusable
from nbpipe.kernelside.failpoints import reach
from nbpipe.store.disk import Disk, make_folder, place, write_file
from nbpipe.store.trouble import told, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 1
"""Raised when an older nbpipe could no longer read the folder rightly."""

UPGRADE = "Upgrade with `pip install -U jupyterlab-nbpipe`."

_README = """\
# What nbpipe keeps

- `objects/`: everything that runs left, each under the SHA-256 of its bytes
- `ledger.db`: the history of runs (SQLite)
- `runs/`: what the cells of each run printed
- `proofs/`: what `nbpipe verify` found, where JupyterLab asked for it
- `lib/`: the code that executed notebooks import
- `tmp/`: work that is under way

Nothing in here is edited by hand. `nbpipe gc` removes what is old; deleting the whole folder
loses the history and the stored results, and nothing else.
"""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def checked_name(name: str) -> str:
    """Return `name` if it is fit for a file's name, whatever the system."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not fit for a folder's name (letters, digits and -).")
    return name


def read_format(folder: Path) -> int:
    """Return the format of the store in `folder`; 0 where there is none yet.

    Raises
    ------
    StoreTooNew
        If a newer nbpipe wrote it.
    StoreUnusable
        If it cannot be read or is no store.
    """
    try:
        said = (folder / "format").read_text("ascii", "replace").strip()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise unusable(error, folder) from error
    if not said.isdigit():
        raise StoreUnusable(
            f"{folder / 'format'} holds no number, so {folder} is not taken for a store. "
            "Restore the file or choose another store with --store DIR."
        )
    if int(said) > FORMAT:
        raise StoreTooNew(
            f"The store {folder} is of format {said}, written by a newer nbpipe; this one knows "
            f"format {FORMAT}. Nothing was changed. {UPGRADE}"
        )
    return int(said)


def prepare(folder: Path, disk: Disk | None = None) -> None:
    """Make the store's folder where it is not there yet.

    Raises
    ------
    StoreTooNew, StoreUnusable
        See `read_format`; also if the folder cannot be made or written to.
    """
    if read_format(folder):
        return
    disk = disk or Disk()
    with told(folder):
        for name in ("objects", "tmp"):
            make_folder(disk, str(folder / name))
        for name, text in ((".gitignore", "*\n"), ("README.md", _README)):
            if not (folder / name).exists():
                place(disk, folder / name, text.encode())
        reach("store-half")
        place(
            disk, folder / "format", f"{FORMAT}\n".encode()
        )  # last: before it, the folder is no store


def place_library(store: Path, source: Path, disk: Disk | None = None) -> Path:
    """Copy the package that runs in kernels into the store, once; return the folder to import from.

    Executed notebooks import it from there, so they can be run by hand later.
    """
    files = sorted(source.glob("*.py"))
    digest = _digest_of(files)
    target = store / "lib" / digest[:12]
    if _is_whole(target / _PACKAGE, files):
        return target
    disk = disk or Disk()
    prepare(store, disk)
    with told(store):
        make_folder(disk, str(target.parent))
        temporary = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}")
        # Python makes the last one itself where it is missing, for whom the umask lets in.
        for folder in (".", _PACKAGE, f"{_PACKAGE}/__pycache__"):
            (temporary / folder).mkdir(0o700)
        for file in files:
            write_file(disk, str(temporary / _PACKAGE / file.name), file.read_bytes())
        reach("library-half")
        _put_in_place(disk, temporary, target, files)
    return target


_PACKAGE = "nbpipe_kernelside"


def _put_in_place(disk: Disk, temporary: Path, target: Path, files: list[Path]) -> None:
    if target.exists() and not _is_whole(target / _PACKAGE, files):
        shutil.rmtree(target)
    try:
        disk.replace(str(temporary), str(target))
    except OSError:  # another process was faster, or it failed
        shutil.rmtree(temporary, ignore_errors=True)
        if not target.is_dir():
            raise


def _is_whole(package: Path, files: list[Path]) -> bool:
    """Tell whether all files are there: they are not synced, and a power cut leaves empty ones."""
    try:
        return all((package / file.name).stat().st_size == file.stat().st_size for file in files)
    except OSError:
        return False


def _digest_of(files: list[Path]) -> str:
    import hashlib

    sha = hashlib.sha256()
    for file in files:
        sha.update(f"{file.name} {file.stat().st_size}\n".encode())
        sha.update(file.read_bytes())
    return sha.hexdigest()


def run_folder(store: Path, run: str) -> Path:
    """Return the folder for the plain files of a run, made if it is not there."""
    folder = store / "runs" / checked_name(run)
    prepare(store)
    with told(store):
        make_folder(Disk(), str(folder))
    return folder


def old_entries(folder: Path, before: float) -> Iterator[Path]:
    """Yield what lies in `folder` and was not touched since `before` (UTC, seconds)."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.stat(follow_symlinks=False).st_mtime < before:
                    yield Path(entry.path)
    except FileNotFoundError:
        return
