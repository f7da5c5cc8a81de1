"""What a template gives: kernels that were forked, and the links by which they are reached."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from nbpipe.kernelside.line import Line

Imports = tuple[tuple[str, tuple[str, ...]], ...]
"""Modules in the order they are imported, and the names taken from each."""

ANSWERS_WITHIN = 20.0
"""Seconds that a template has to answer."""


class NotWarm(Exception):
    """No kernel can be forked; the message says why."""


class Ended(RuntimeError):
    """The attempt was ended while it waited for its kernel."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A kernel that is wished for.

    Attributes
    ----------
    command
        Interpreter and its flags.
    script
        The template's script.
    environ
        The kernel's environment.
    cwd
        Its working directory.
    imports
        What its notebook imports.
    kind
        ``line`` for kernels of ours, ``sockets`` for those of any client.
    """

    command: tuple[str, ...]
    script: str
    environ: Mapping[str, str]
    cwd: str
    imports: Imports
    kind: Literal["line", "sockets"] = "line"

    @property
    def family(self) -> Hashable:
        """What templates of its environment have in common.

        The script's folder is named by the digest of what is in it, wherever it is.
        """
        script = PurePath(self.script).parts[-3:]
        return self.kind, self.command, script, frozenset(self.environ.items())


class Link:
    """The socket to one template, and what it told of the processes that it forked."""

    def __init__(self, line: socket.socket) -> None:
        self.pid = 0
        self.gone = False
        self._line = line
        self._ended: dict[int, int] = {}
        self._answers: deque[dict[str, Any]] = deque()
        self._owed = 0

    def fileno(self) -> int:
        """Return the socket's number, for those who wait for several."""
        return self._line.fileno()

    def send(self, message: dict[str, Any], files: tuple[int, ...] = ()) -> None:
        """Ask for something; exactly one answer is owed for it."""
        try:
            socket.send_fds(self._line, [json.dumps(message).encode()], files)
        except OSError:
            self.gone = True
        self._owed += 1

    def expect(self) -> None:
        """Expect an answer that nobody asked for."""
        self._owed += 1

    def answer(self, within: float, check: Callable[[], None]) -> dict[str, Any]:
        """Return the next answer; `check` is called meanwhile and may raise.

        Raises
        ------
        NotWarm
            It is gone, or does not answer.
        """
        until = monotonic() + within
        while not self._answers:
            if self.gone or monotonic() > until:
                self.close()
                raise NotWarm("its template process " + ("ended" if self.gone else "is stuck"))
            check()
            self._listen(0.02)
        self._owed -= 1
        return self._answers.popleft()

    def ended(self, pid: int) -> int | None:
        """Return a forked process's exit code; None while it runs."""
        if pid not in self._ended and not self.gone:
            self._listen(0.0)
        if pid not in self._ended and self.gone:
            return -signal.SIGKILL  # its leash
        return self._ended.get(pid)

    def _listen(self, wait: float) -> None:
        while not self.gone and select.select([self._line], [], [], wait)[0]:
            wait = 0.0
            try:
                data = self._line.recv(1 << 16, socket.MSG_DONTWAIT)
            except BlockingIOError:  # another thread was faster
                return
            except OSError:
                data = b""
            if not data:
                self.gone = True
                return
            message = json.loads(data)
            if "ended" in message:
                self._ended[message["ended"]] = message["code"]
            else:
                # The system gives a number again when its process has ended.
                self._ended.pop(message.get("pid", 0), None)
                self._answers.append(message)

    def close(self) -> None:
        """Let the template end, by force if it is stuck."""
        self.gone = True
        self._line.close()
        if self.pid:
            with suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)  # where it is a child of ours


class Forked:
    """A forked kernel's process, with what `jupyter_client` asks of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, link: Link, pid: int) -> None:
        self.pid = pid
        self._link = link
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        if self.returncode is None:
            self.returncode = self._link.ended(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when it has ended."""
        until = monotonic() + (timeout or float("inf"))
        while (code := self.poll()) is None:
            if monotonic() > until:
                raise subprocess.TimeoutExpired("kernel", timeout or 0.0)
            select.select([], [], [], 0.005)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal while it runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


@dataclass(slots=True)
class Seat:
    """A kernel that gets ready or is ready, and waits until it is needed.

    Attributes
    ----------
    wish
        What it is.
    log
        The file for what it has to tell nobody but us.
    link
        To what it was forked from.
    line
        To itself.
    texts
        Where what it and its children write to files 1 and 2 comes out.
    loaded
        The shared state that it was forked from; None where it has none.
    process
        Its process, as soon as it is known.
    """

    wish: Wish
    log: str
    link: Link
    line: Line
    texts: tuple[int, int]
    loaded: Loaded | None = None
    process: Forked | None = None

    def arrive(self, check: Callable[[], None]) -> str:
        """Wait for the template's answer; return why it refused, or nothing."""
        if self.process is None:
            answer = self.link.answer(ANSWERS_WITHIN, check)
            if "pid" not in answer:
                self.let_go()
                return str(next(iter(answer)))
            self.process = Forked(self.link, answer["pid"])
        return ""

    def let_go(self) -> None:
        """Close what leads to it; this may be done twice."""
        if self.texts:
            self.line.close()
            for end in self.texts:
                os.close(end)
        self.texts = ()  # type: ignore[assignment]

    def drop(self) -> None:
        """End it, and remove what it left."""
        self.let_go()
        if self.process is not None:
            self.process.kill()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(1.0)
        with suppress(OSError):
            os.unlink(self.log)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A process in which the cells that a fan-out's items share were run: a template too.

    Attributes
    ----------
    key
        Tells what was run.
    link, seat
        To it as a template, and as the kernel that it was.
    cells
        What the shared cells gave, by id.
    """

    key: str
    link: Link
    seat: Seat
    cells: Mapping[str, Any]

    def close(self) -> None:
        """End it."""
        self.link.close()
        self.seat.drop()
