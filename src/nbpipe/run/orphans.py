"""Processes that runs left behind: marked as nbpipe's, with no worker and no engine above them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from nbpipe.run import processes

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORKER = "nbpipe.run.worker"


@dataclass(frozen=True, slots=True)
class Orphan:
    """A process that should be gone.

    Attributes
    ----------
    process
        It.
    text
        A sentence.
    """

    process: psutil.Process
    text: str


def orphans() -> tuple[Orphan, ...]:
    """Return this user's processes that a worker of nbpipe started and that outlived it."""
    found = []
    for process in psutil.process_iter():
        try:
            if _is_orphan(process):
                words = " ".join(process.cmdline())[:100]
                text = f"Process {process.pid} outlived the worker that started it: {words}."
                found.append(Orphan(process, text))
        except (psutil.Error, OSError):
            continue  # gone meanwhile, or not ours to look at
    return tuple(found)


def _is_orphan(process: psutil.Process) -> bool:
    if process.uids().real != os.getuid() or process.status() == psutil.STATUS_ZOMBIE:
        return False
    if processes.MARK not in process.environ():
        return False
    words = process.cmdline()
    if _WORKER in words:
        return "--parent" in words and str(process.ppid()) != words[words.index("--parent") + 1]
    return not any(_WORKER in above.cmdline() for above in process.parents())


def end(left: Iterable[Orphan]) -> list[str]:
    """Kill them; returns a sentence for each."""
    names = processes.end_all(one.process for one in left)
    return [f"Ended what a run left behind: {name}" for name in names]
