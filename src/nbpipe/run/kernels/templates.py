"""Templates: processes that have imported what kernels need, and fork one for each order."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
from collections import OrderedDict, deque
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from nbpipe.run import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Imports = tuple[tuple[str, tuple[str, ...]], ...]
"""Modules in the order they are imported, and the names taken from each."""

MADE_WITHIN = 120.0
"""Seconds that a template has to make its imports."""

ANSWERS_WITHIN = 20.0
MEMORY_OF_ITS_OWN = ("--HistoryManager.hist_file=:memory:",)
"""What nbclient tells kernels: the user's history is not for them."""

MOST = 4
"""Templates with imports that are kept for one environment; the one not used longest goes."""


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
    """

    command: tuple[str, ...]
    script: str
    environ: Mapping[str, str]
    cwd: str
    imports: Imports

    @property
    def family(self) -> str:
        """What templates of its environment have in common."""
        return json.dumps([self.command, self.script, sorted(self.environ.items())])


class Link:
    """The socket to one template, and what it told of the processes that it forked."""

    def __init__(self, line: socket.socket) -> None:
        self.pid = 0
        self.gone = False
        self._line = line
        self._ended: dict[int, int] = {}
        self._answers: deque[dict[str, Any]] = deque()
        self._owed = 0

    def send(self, message: dict[str, Any], file: socket.socket | None = None) -> None:
        """Ask for something; exactly one answer is owed for it."""
        files = [] if file is None else [file.fileno()]
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
                data = self._line.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                self.gone = True
                return
            message = json.loads(data)
            if "ended" in message:
                self._ended[message["ended"]] = message["code"]
            else:
                self._answers.append(message)

    def close(self) -> None:
        """Let the template end, by force if it is stuck."""
        self.gone = True
        self._line.close()
        if self.pid:
            with suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)


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
    place
        Where its sockets are: ``<place>-1`` and so on, ``<place>.json`` and ``<place>.log``.
    link, line
        To its template, and to itself.
    process
        Its process, as soon as it is known.
    """

    wish: Wish
    place: str
    link: Link
    line: socket.socket
    process: Forked | None = None

    def arrive(self, check: Callable[[], None]) -> str:
        """Wait for the template's answer; return why it refused, or nothing."""
        if self.process is None:
            answer = self.link.answer(ANSWERS_WITHIN, check)
            if "pid" not in answer:
                self.line.close()
                return str(next(iter(answer)))
            self.process = Forked(self.link, answer["pid"])
        return ""

    def drop(self) -> None:
        """End it, and remove what it left."""
        self.line.close()
        if self.process is not None:
            self.process.kill()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(1.0)
        self.clean()

    def clean(self) -> None:
        """Remove its files."""
        for end in (".json", ".log", "-1", "-2", "-3", "-4", "-5"):
            with suppress(OSError):
                os.unlink(self.place + end)


@dataclass(slots=True)
class _Family:
    """The templates of one environment, and the modules that they leave out."""

    base: Link
    made: OrderedDict[Imports, Link] = field(default_factory=OrderedDict)
    left_out: dict[str, str] = field(default_factory=dict)


class Templates:
    """A worker's templates and its spare kernel.

    Parameters
    ----------
    private
        Short folder of mode 0700.
    spares
        Whether a kernel is made ready for the next order while one is carried out.
    """

    def __init__(self, private: Path, spares: bool = True) -> None:
        self._private = private
        self._spares = spares
        self._families: dict[str, _Family] = {}
        self._spare: Seat | None = None
        self._count = 0
        self._failed: dict[str, str] = {}
        self.left_out: dict[str, str] = {}
        self.told: set[str] = set()

    def take(self, wish: Wish, check: Callable[[], None]) -> Seat:
        """Return a kernel for the wish: the spare one, if it is that, or a new one.

        Parameters
        ----------
        wish
            What is wished for.
        check
            Called while there is nothing to do but wait; may raise.

        Raises
        ------
        NotWarm
            There can be none.
        """
        spare, self._spare = self._spare, None
        if spare is not None and not self._fits(spare, wish, check):
            spare.drop()
            spare = None
        if spare is not None:
            return spare
        if wish.family in self._failed:
            raise NotWarm(self._failed[wish.family])
        why = ""
        for _ in range(3):
            try:
                seat = self._new(wish, check)
                why = seat.arrive(check)
                if not why:
                    return seat
            except NotWarm as error:
                why = str(error)
            if why == "shadowed":  # by a file beside the notebook
                wish = replace(wish, imports=())
            else:
                self._forget(wish)
        self._failed[wish.family] = why
        raise NotWarm(why)

    def prepare(self, wish: Wish) -> None:
        """Have a kernel made ready for the next order, without waiting for it."""
        if self._spares and self._spare is None:
            with suppress(NotWarm):
                self._spare = self._new(wish, _wait)

    def _fits(self, spare: Seat, wish: Wish, check: Callable[[], None]) -> bool:
        """Whether the spare kernel is what a new one would be now."""
        try:
            refused = spare.arrive(check)
            if refused or spare.wish != wish or spare.process is None:
                return False
            spare.link.send({"check": {"cwd": wish.cwd}})
            answer = spare.link.answer(ANSWERS_WITHIN, check)
        except NotWarm:
            return False
        return "fine" in answer and spare.process.poll() is None

    def pids(self) -> frozenset[int]:
        """Return the processes that stay when an order is through."""
        links = [link for f in self._families.values() for link in (f.base, *f.made.values())]
        found = {link.pid for link in links if not link.gone}
        if self._spare is not None:
            with suppress(NotWarm):
                self._spare.arrive(_wait)
            if self._spare.process is not None:
                found.add(self._spare.process.pid)
        return frozenset(found)

    def close(self) -> None:
        """End all of them."""
        if self._spare is not None:
            self._spare.drop()
        for family in self._families.values():
            for link in (*family.made.values(), family.base):
                link.close()
        processes.end_all(processes.below(os.getpid()))
        processes.reap()

    def _new(self, wish: Wish, check: Callable[[], None]) -> Seat:
        """Ask for a kernel; its socket is there at once, its process a little later."""
        link = self._template(wish, check)
        self._count += 1
        place = str(self._private / f"k{self._count}")
        _write_connection(place)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        argv = ["-f", f"{place}.json", *MEMORY_OF_ITS_OWN]
        with theirs:
            link.send({"kernel": {"argv": argv, "cwd": wish.cwd, "log": f"{place}.log"}}, theirs)
        return Seat(wish, place, link, ours)

    def _template(self, wish: Wish, check: Callable[[], None]) -> Link:
        family = self._families.get(wish.family)
        if family is None or family.base.gone:
            self._forget(wish)
            family = self._families[wish.family] = _Family(self._start(wish, check))
        imports = wish.imports
        while imports:
            imports = tuple(i for i in wish.imports if i[0] not in family.left_out)
            link = family.made.get(imports)
            if link is not None and not link.gone:
                family.made.move_to_end(imports)
                return link
            link = self._make(family, imports, check) if imports else None
            if link is not None:
                family.made[imports] = link
                self._bound(family)
                return link
        return family.base

    def _start(self, wish: Wish, check: Callable[[], None]) -> Link:
        """Start the template of an environment."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        command = [*wish.command, wish.script, str(number), str(os.getpid())]
        link = Link(ours)
        try:
            with theirs, (self._private / "template.log").open("wb") as log:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                    env=dict(wish.environ), pass_fds=(number,), start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise NotWarm(f"{wish.command[0]} cannot be started: {error.strerror}") from error
        link.pid = process.pid
        process.returncode = 0  # it is ended and reaped with all the others
        link.expect()
        try:
            link.answer(MADE_WITHIN, check)
        except NotWarm as error:
            raise NotWarm(f"{error}. {self._last_words()}".strip()) from error
        except Ended:
            link.close()
            raise
        return link

    def _last_words(self) -> str:
        text = (self._private / "template.log").read_text(errors="replace").strip()
        return "Its last words: " + text[-300:] if text else ""

    def _make(self, family: _Family, imports: Imports, check: Callable[[], None]) -> Link | None:
        """Fork a template that makes imports; None where one of them must be left out."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link = Link(ours)
        with theirs:
            family.base.send({"template": imports}, theirs)
        link.pid = family.base.answer(ANSWERS_WITHIN, _wait)["pid"]
        link.expect()
        try:
            answer = link.answer(MADE_WITHIN, check)
        except Ended:
            link.close()
            raise
        except NotWarm:  # an import ended the process
            answer = {"spoilt": imports[-1][0], "why": "importing it ends the process"}
        if "spoilt" not in answer:
            return link
        link.close()
        family.left_out[answer["spoilt"]] = self.left_out[answer["spoilt"]] = answer["why"]
        return None

    def _bound(self, family: _Family) -> None:
        while len(family.made) > MOST:
            family.made.popitem(last=False)[1].close()

    def _forget(self, wish: Wish) -> None:
        family = self._families.pop(wish.family, None)
        if family is not None:
            for link in (*family.made.values(), family.base):
                link.close()


def _wait() -> None:
    """Wait on."""


def _write_connection(place: str) -> None:
    ports = {f"{name}_port": at for at, name in enumerate(("shell", "iopub", "stdin", "hb"), 1)}
    told = {
        **ports, "control_port": 5, "ip": place, "transport": "ipc", "key": uuid4().hex,
        "signature_scheme": "hmac-sha256", "kernel_name": "",
    }  # fmt: skip
    number = os.open(f"{place}.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(number, "w") as file:
        json.dump(told, file)
