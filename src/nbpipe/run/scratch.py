"""The folder of one attempt: its name, what is told to the kernel there, what is found there."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.run.order import Order


def scratch_name(run: str, task: str, attempt: int) -> str:
    """Return the name of an attempt's folder, the same wherever it is asked for."""
    text = json.dumps([run, task, attempt])
    return "task-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def scratch_of(order: Order) -> str:
    """Return the name of the order's folder: the session's ``scratch``, if it says one."""
    said = str(order.session.get("scratch") or "")
    return said or scratch_name(order.run, order.task, order.attempt)


def write_task(folder: Path, order: Order) -> None:
    """Write ``task.json``: the order's session, and where the step runs."""
    task = {
        "version": 1, "project": order.project, "cwd": order.folder, **order.session
    }  # fmt: skip
    write_atomically(folder / "task.json", json.dumps(task).encode())


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
