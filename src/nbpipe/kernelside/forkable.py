"""A real IPython kernel on one line: it has no thread and no socket more, so it can be forked.

Everything that a cell meets is ipykernel's own: the shell, the display hook and publisher, comms,
``exit``, ``input``. What differs is below that: its messages go over one `Line` in place of five
ZeroMQ sockets with their threads, so the process may be forked whenever no cell runs, and its
children go on where it stands.
"""

from __future__ import annotations

import array
import asyncio
import base64
import contextvars
import fcntl
import io
import json
import logging
import os
import signal
import sys
import termios
import threading
import time
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session
from tornado import ioloop
from traitlets import default

from .line import ERR, MESSAGE, OUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .line import Line

LATEST = 0.2
"""Seconds after which text that ends no line is sent with the next that is written."""

MOST_KEPT = 1 << 14
"""Characters that are kept until a line ends."""


FILES_READ_WITHIN = 0.05
"""Seconds to wait for the client to read what was written past Python's streams."""


def after_files(numbers: tuple[int, ...] = (1, 2)) -> None:
    """Wait until the client has read what subprocesses and C code wrote, so that order is kept."""
    until = 0.0
    waits = array.array("i", [0])
    for number in numbers:
        while True:
            try:
                fcntl.ioctl(number, termios.FIONREAD, waits)
            except OSError:  # not a pipe: a cell has put something else there
                break
            if not waits[0]:
                break
            now = time.monotonic()
            until = until or now + FILES_READ_WITHIN
            if now > until:
                return
            time.sleep(0.0002)


class Text(OutStream):
    """A standard stream: its lines are sent as they are written.

    Before there is a line to send on it writes into the file of its process.
    """

    def __init__(self, name: str, kind: bytes, number: int) -> None:
        io.TextIOBase.__init__(self)
        self.name, self.kind, self.number = name, kind, number
        self.line: Line | None = None
        self.log: int | None = None
        self.heir: Any = None  # what stands in its place since the kernel has sockets
        self.pub_thread: Any = self  # what OutStream's `closed` asks for
        self.echo = self._exc = None
        self._should_watch = self._isatty = False
        self._local = threading.local()
        self.free()

    def free(self) -> None:
        """After a fork: what waits here is sent by the parent."""
        self._guard = threading.RLock()
        self._kept: list[str] = []
        self._size = 0
        self._sent = 0.0

    def set_parent(self, parent: Any) -> None:
        """Take no notice: text belongs to the cell that runs."""

    def set_thread_parent(self, parent: Any) -> Any:
        """Take no notice."""

    def reset_thread_parent(self, token: Any) -> None:
        """Take no notice."""

    def fileno(self) -> int:
        """Return the file that stands behind the stream, as in a stock kernel."""
        return self.number if self.log is None else self.log

    def write(self, string: str) -> int:
        """Take text, and send it where a line ends."""
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        if self.pub_thread is None:
            raise ValueError("I/O operation on closed file")
        if self.heir is not None:
            return int(self.heir.write(string))
        with self._guard:
            self._kept.append(string)
            self._size += len(string)
            ends = "\n" in string or "\r" in string or self._size > MOST_KEPT
            if ends or time.monotonic() - self._sent > LATEST:
                self.flush()
        return len(string)

    def flush(self) -> None:
        """Send what was written."""
        with self._guard:
            if not self._kept:
                return
            text = "".join(self._kept)
            self._kept.clear()
            self._size, self._sent = 0, time.monotonic()
            data = text.encode("utf-8", "replace")
            if self.line is None:
                os.write(self.number, data)
            else:
                after_files()
                self.line.send(self.kind, data)

    def close(self) -> None:
        """Take no more."""
        self.flush()
        self.pub_thread = None


class LineSession(Session):
    """What ipykernel sends messages with: all go over the line."""

    line: Line | None = None

    def send(
        self, stream: Any, msg_or_type: Any, content: Any = None, parent: Any = None,
        ident: Any = None, buffers: Any = None, track: bool = False, header: Any = None,
        metadata: Any = None,
    ) -> Any:  # fmt: skip
        """Send a message; as with a stock kernel, not from a process that a cell forked."""
        msg = msg_or_type
        if isinstance(msg, str):
            msg = self.msg(msg, content, parent=parent, header=header, metadata=metadata)
        if self.line is None:
            os.write(1, b"shown\n")  # seen by who looks whether an import shows something
        elif os.getpid() == self.pid:
            told = {key: msg[key] for key in ("msg_type", "content", "metadata")}
            told["parent"] = (msg.get("parent_header") or {}).get("msg_id", "")
            buffers = buffers or msg.get("buffers") or ()
            after_files()
            told["buffers"] = [base64.b64encode(part).decode() for part in buffers]
            self.line.send(MESSAGE, self.pack(told))
        return msg


class App(IPKernelApp):
    """ipykernel's application without sockets, threads and files of its own."""

    def init_connection_file(self, **_: Any) -> None:
        """There is none."""

    init_poller = init_sockets = init_heartbeat = write_connection_file = init_connection_file
    log_connection_info = cleanup_connection_file = close = init_connection_file

    @default("session")
    def _line_session(self) -> LineSession:
        return LineSession(parent=self)

    def init_io(self) -> None:
        """Put our streams and ipykernel's display hook in place."""
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = Text("stdout", OUT, 1), Text("stderr", ERR, 2)
        from ipykernel import displayhook

        hook: Any = displayhook.ZMQDisplayHook
        sys.displayhook = self.displayhook = hook(self.session, None)
        patch: Any = self.patch_io
        patch()

    def init_kernel(self) -> None:
        """Make the kernel."""
        kind: Any = self.kernel_class
        self.kernel = kind.instance(
            parent=self, session=self.session, log=self.log, profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )  # fmt: skip
        if hasattr(self.kernel, "shell_channel_thread"):  # its `await` asks whose thread it is in
            here = threading.current_thread()
            self.kernel.shell_channel_thread = SimpleNamespace(parent_thread=here)
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count

    def init_code(self) -> None:
        """Not yet: files that a user wants run at the start are run in each kernel."""

    def run_startup(self) -> None:
        """Run them."""
        run: Any = super().init_code
        run()


class Kernel:
    """Takes requests from the line, one at a time, and carries them out.

    Parameters
    ----------
    app
        The application, initialised.
    line
        To the client.
    """

    def __init__(self, app: Any, line: Line) -> None:
        self.app, self.kernel, self.line = app, app.kernel, line
        self.busy_tasks = self.lingers = False
        self._context = contextvars.copy_context()
        self._attach(line)

    def _attach(self, line: Line) -> None:
        session = self.app.session
        session.line, session.pid = line, os.getpid()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, Text):
                stream.line = line

    def serve(self) -> tuple[dict[str, Any], list[int]]:
        """Carry requests out until one is not for a kernel; return that one, and its files.

        Each time it has an event loop of its own, so that a process forked after it has none of
        its parent's.
        """
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            if sys.version_info >= (3, 11):
                task = loop.create_task(self._serve(), context=self._context)
            else:
                task = loop.create_task(self._serve())
            try:
                return loop.run_until_complete(task)
            except RuntimeError:  # `exit()` stops the loop, and so does a client's wish
                return {"leave": self.lingers}, []
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    async def _serve(self) -> tuple[dict[str, Any], list[int]]:
        self.kernel.io_loop = ioloop.IOLoop.current()
        while True:
            message, files = await self._next()
            if "execute" in message:
                await self._execute(message)
            elif "comm" in message:
                self._comm(message["comm"])
            elif "linger" in message:
                await self._linger(message["linger"])
            else:
                self.busy_tasks = len(asyncio.all_tasks()) > 1
                self._context = contextvars.copy_context()
                return message, files

    async def _next(self) -> tuple[dict[str, Any], list[int]]:
        """Wait for a message; other tasks of the user's go on meanwhile."""
        loop = asyncio.get_running_loop()
        while True:
            with suppress(BlockingIOError):
                told = self.line.receive(wait=False)
                if told is None:
                    return {}, []
                if told[0]:
                    return json.loads(told[1]), told[2]
                continue
            ready = loop.create_future()
            loop.add_reader(self.line.fileno(), _settle, ready)
            try:
                await ready
            finally:
                loop.remove_reader(self.line.fileno())

    async def _execute(self, message: dict[str, Any]) -> None:
        told = {
            "code": message["execute"], "silent": False, "store_history": message["counts"],
            "user_expressions": {}, "allow_stdin": False, "stop_on_error": False,
        }  # fmt: skip
        parent = _request("execute_request", message["id"], told)
        self.kernel.set_parent([], parent, "shell")
        self.kernel.pre_handler_hook()
        try:
            await self.kernel.execute_request("shell", [], parent)
        except KeyboardInterrupt:  # it came before the cell began, or when it was through
            content = {"status": "error", "ename": "KeyboardInterrupt", "evalue": ""}
            self.app.session.send("shell", "execute_reply", {**content, "traceback": []}, parent)
        finally:
            self.kernel.post_handler_hook()

    async def _linger(self, words: list[str]) -> None:
        """Serve other clients from now on, in this loop: tasks under way go on."""
        from .lingering import go_on

        go_on(self.app, words)
        self.lingers = True
        self.line.send(MESSAGE, self.app.session.pack({"msg_type": "lingers"}))
        await asyncio.get_running_loop().create_future()

    def _comm(self, told: dict[str, Any]) -> None:
        """Take what a widget's other half says."""
        handler = self.kernel.shell_handlers.get(told["msg_type"])
        if handler is not None:
            parent = _request(told["msg_type"], "comm", told["content"])
            with suppress(Exception):
                handler("shell", [], parent)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _request(kind: str, name: str, content: dict[str, Any]) -> dict[str, Any]:
    header = {
        "msg_id": name, "msg_type": kind, "username": "", "session": "", "version": "5.3",
        "date": "",
    }  # fmt: skip
    return {
        "header": header, "msg_id": name, "msg_type": kind, "parent_header": {},
        "metadata": {}, "content": content, "buffers": [],
    }  # fmt: skip


def make_app(namespace: Any, arguments: list[str]) -> Any:
    """Return the application, ready but for what is a kernel's own."""
    app: Any = App.instance(user_ns=namespace)
    app.initialize(arguments)
    os.register_at_fork(after_in_child=_after_fork)
    _rehearse(app.kernel)
    return app


def _rehearse(kernel: Any) -> None:
    """Run a cell that does nothing, so that what the first one makes is there for all kernels."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        kernel.set_parent([], _request("execute_request", "rehearsal", {}), "shell")
        loop.run_until_complete(kernel.do_execute("None", silent=True, store_history=False))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _after_fork() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Text):
            stream.free()
            if stream.line is not None:
                stream.line.free()


def start(app: Any, line: Line, log: int) -> Kernel:
    """Make the process that was forked just now a kernel of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # between cells, as in a stock kernel
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Text):
            stream.log = log
    for handler in app.log.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.stream = io.TextIOWrapper(io.FileIO(log, "w", closefd=False))
    shell, here = app.kernel.shell, os.getcwd()
    shell.starting_dir = here
    shell.user_ns["_dh"] = [here]
    kernel = Kernel(app, line)
    app.run_startup()
    return kernel
