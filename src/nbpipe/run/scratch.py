"""The folder of one attempt: its name, what is told to the kernel there, what is found there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from nbpipe.run.order import Order


FORGOTTEN = 86_400.0
"""Seconds after which a private folder whose maker is gone is removed."""


def scratch_name(run: str, task: str, attempt: int) -> str:
    """Return the name of an attempt's folder, the same wherever it is asked for."""
    text = json.dumps([run, task, attempt])
    return "task-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def private_folder() -> Path:
    """Make a folder of mode 0700 whose path is short enough for sockets in it (107 bytes).

    What such folders' makers left behind when they were killed is removed: at once where it is
    a socket that nobody listens at, else after a day.
    """
    place = Path(tempfile.gettempdir())
    if len(os.fsencode(place)) > 70 and Path("/tmp").is_dir():  # noqa: S108
        place = Path("/tmp")  # noqa: S108
    for old in place.glob("nbpipe-[0-9]*-*"):
        with suppress(OSError, ValueError, IndexError):
            gone = not psutil.pid_exists(int(old.name.split("-")[1]))
            stat = old.lstat()
            mine = gone and stat.st_uid == os.getuid()
            if mine and (time.time() - stat.st_mtime > FORGOTTEN or _is_silent(old)):
                shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"nbpipe-{os.getpid()}-", dir=place))


def _is_silent(folder: Path) -> bool:
    """Tell whether there is nothing in a folder but sockets that nobody listens at.

    Whoever made it may live in a container of his own, where no number of a process tells.
    """
    inside = list(folder.iterdir())
    return bool(inside) and all(one.is_socket() and not _answers(one) for one in inside)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


def scratch_of(order: Order) -> str:
    """Return the name of the order's folder: the session's ``scratch``, if it says one."""
    said = str(order.session.get("scratch") or "")
    return said or scratch_name(order.run, order.task, order.attempt)


def write_task(folder: Path, order: Order) -> None:
    """Write ``task.json``: the order's session, and where the step runs."""
    task = {
        "version": 1, "project": order.project, "cwd": order.folder, **order.session
    }  # fmt: skip
    (folder / "task.json").write_bytes(json.dumps(task).encode())  # nobody reads it yet


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old bytes or the new ones, never a mix."""
    new = path.with_name(path.name + ".part")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def read_json(path: Path) -> Any:
    """Return what a JSON file holds; None where there is none."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
