"""Kernels of failed steps that wait on this server for somebody to take them.

The worker that has such a kernel connects to a Unix socket here; the connection is the kernel's
life (see `nbpipe.run.kernels.lingering`). When this server ends, however it ends, so do they.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbpipe.run.scratch import private_folder
from nbpipe_jupyter.answers import NotFound

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 1 << 16
"""Most bytes of a line that a worker sends."""

_SOCKET = "s"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many kernels wait, for how many seconds, and how many bytes each may hold."""

    most: int = 2
    seconds: float = 600.0
    memory: int = 4 << 30


@dataclass(slots=True, eq=False)
class Kernel:
    """A failed step's kernel, and the connection that keeps it alive.

    Attributes
    ----------
    about
        Run, task, attempt, kernelspec and connection, as the worker told them.
    writer
        To the worker.
    id, draft
        The kernel's id in this server and the draft it was opened with, once it was taken.
    over
        Whether its worker has ended it.
    """

    about: dict[str, Any]
    writer: asyncio.StreamWriter
    id: str = ""
    draft: dict[str, Any] = field(default_factory=dict)
    over: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """The run and the task."""
        return self.about["run"], self.about["task"]

    def say(self, **message: Any) -> None:
        """Tell the worker something."""
        self.writer.write(json.dumps(message).encode() + b"\n")

    def end(self) -> None:
        """Let the worker end it."""
        self.writer.close()


@dataclass
class Lingering:
    """The kernels that wait, the one that came first at the front.

    Attributes
    ----------
    bounds
        How many, how long, how large.
    waiting
        Those that can be taken, and those that were.
    """

    bounds: Bounds = field(default_factory=Bounds)
    waiting: list[Kernel] = field(default_factory=list)
    _folder: Path | None = None
    _server: asyncio.Server | None = None

    async def address(self) -> str:
        """Return where workers connect to; empty where no kernel is to wait."""
        if self.bounds.most <= 0 or sys.platform != "linux":
            return ""
        if self._folder is None:
            self._folder = private_folder()
            path = str(self._folder / _SOCKET)
            self._server = await asyncio.start_unix_server(self._meet, path, limit=LONGEST)
        return str(self._folder / _SOCKET)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Stay with one kernel until its worker has ended it."""
        kernel = None
        try:
            kernel = Kernel(json.loads(await reader.readline()), writer)
            kernel.say(seconds=self.bounds.seconds, memory=self.bounds.memory)
            self._add(kernel)
            await reader.read()  # a worker says nothing more: this is its end
        except (OSError, ValueError):
            pass
        finally:
            writer.close()
            if kernel is not None:
                kernel.over = True
                with suppress(ValueError):
                    self.waiting.remove(kernel)

    def _add(self, kernel: Kernel) -> None:
        for old in [old for old in self.waiting if old.place == kernel.place and not old.id]:
            old.end()
        self.waiting.append(kernel)
        free = [old for old in self.waiting if not old.id and not old.writer.is_closing()]
        for old in free[: max(0, len(free) - self.bounds.most)]:
            old.end()

    def find(self, run: str, task: str, attempt: int) -> Kernel:
        """Return the kernel of a failed attempt.

        Raises
        ------
        NotFound
            If it is not there, or no longer.
        """
        for kernel in self.waiting:
            there = not kernel.over and not kernel.writer.is_closing()
            if there and kernel.place == (run, task) and kernel.about["attempt"] == attempt:
                return kernel
        raise NotFound(
            "The kernel of this step is no longer there. Open the step with its inputs, or where "
            "it failed, in a kernel of its own."
        )

    def has(self, run: str, task: str, attempt: int) -> bool:
        """Tell whether the kernel of a failed attempt is there."""
        try:
            return bool(self.find(run, task, attempt))
        except NotFound:
            return False

    def close(self) -> None:
        """End all of them."""
        for kernel in list(self.waiting):
            kernel.end()
        if self._server is not None:
            self._server.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
