"""What a process does that was forked from a template to be a kernel: first, and last."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import io
import json
import os
import re
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

from . import generators, session
from .failpoints import reach
from .line import MESSAGE, Line
from .look import Look
from .namespace import user_namespace

_FRESH = re.compile(r"\b(default_rng|RandomState|Random|Generator|PCG64|Philox)\(\s*\)")
_ASYNC = re.compile(r"\bawait\b|\basyncio\b|\basync\b")


def make_app(arguments: list[str]) -> Any:
    """Return an application of `nbpipe_kernelside.forkable`, made once for all kernels."""
    from . import forkable

    return forkable.make_app(user_namespace(), arguments)


def be_kernel_on_line(app: Any, template: Any, files: list[int], told: dict[str, Any]) -> int:
    """Be a kernel that talks over a line.

    Parameters
    ----------
    app
        From `make_app`.
    template
        What this process was forked from.
    files
        The line's end, and where what is written to files 1 and 2 goes.
    told
        The folder, the file for what concerns nobody but us, and the words of the command line.
    """
    from . import forkable

    line = Line(socket.socket(fileno=files[0]))
    log = _connect(told["log"], files[1], files[2])
    os.chdir(told["cwd"])
    reseed()
    _name_as_stock(told["argv"])
    gc.enable()
    kernel = forkable.start(app, line, log)
    reach("kernel-begun")
    about = {"msg_type": "ready", "content": app.kernel.language_info, "parent": ""}
    line.send(MESSAGE, json.dumps(about).encode())
    before = None
    while True:
        message, more = kernel.serve()
        if "begin" in message:
            bind_memory(message["begin"]["memory"])
            before = Before() if message["begin"]["shares"] else None
        elif "template" in message and before is not None:
            link = socket.socket(fileno=more[0])
            before.held.files.add(os.readlink(f"/proc/self/fd/{more[0]}"))
            why = before.unfit(message["template"], kernel)
            if not why and template.with_more(link, by_cells=True).refused(told["cwd"]):
                why = "modules were installed meanwhile"
            link.send(json.dumps({"unfit": why} if why else {"made": True}).encode())
            if not why:
                session.share()
                before.keep_random()
                line.close()
                template.with_more(link, by_cells=True).serve()
                return 0
        else:
            break
    if message.get("leave"):
        leave()
    return 0


class Before:
    """What a process held before the cells that several items share were run."""

    def __init__(self) -> None:
        if "numpy" in sys.modules:
            importlib.import_module("numpy.random")  # numpy itself does so when it is asked for
        self.held = Look()
        self.states = generators.capture_all()

    def unfit(self, source: str, kernel: Any) -> str:
        """Say why the process must not be forked now; nothing if it may.

        Parameters
        ----------
        source
            The text of the cells that were run.
        kernel
            The kernel that ran them.
        """
        if kernel.busy_tasks or _ASYNC.search(source):
            return "it runs tasks side by side"
        if _FRESH.search(source):
            return "it makes a random generator without a seed"
        if self.drawn() and "seed" not in source:
            return "it draws random numbers without a seed"
        return Look().since(self.held)

    def drawn(self) -> list[str]:
        """Return the generators whose state is another by now."""
        after = generators.capture_all()
        return [name for name, state in after.items() if self.states.get(name) != state]

    def keep_random(self) -> None:
        """Give the processes forked from now on the states of what was seeded."""
        states = generators.capture_all()
        _kept.update({name: states[name] for name in self.drawn()})


_kept: dict[str, bytes] = {}


def reseed() -> None:
    """Draw other random numbers than the template's other children, but where a cell seeded them.

    Python's own generator is seeded anew by each fork.
    """
    if "numpy.random" in sys.modules and "numpy" not in _kept:
        sys.modules["numpy.random"].seed()
    for name, state in _kept.items():
        generators.restore(name, state)


def bind_memory(most: int | None) -> None:
    """Bound the bytes of data that this process may hold."""
    if most is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def be_stock_kernel(_template: Any, files: list[int], told: dict[str, Any]) -> int:
    """Be a kernel as ``ipykernel_launcher`` makes one: get ready, work, and leave.

    Parameters
    ----------
    _template
        What this process was forked from.
    files
        Where standard output and standard error go.
    told
        The folder, the environment, and the words of the command line.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, end in enumerate((null, *files)):
        os.dup2(end, number)
        os.close(end)
    os.environ.clear()
    os.environ.update(told["environ"])
    os.chdir(told["cwd"])
    reseed()
    _name_as_stock(told["argv"])
    from ipykernel import kernelapp

    gc.enable()
    app: Any = kernelapp.IPKernelApp.instance()
    app.initialize(told["argv"])
    app.start()
    leave()
    return 0


def _connect(log: str, out: int, err: int) -> int:
    """Read nothing from standard input, write into the pipes; return the log's number."""
    null = os.open(os.devnull, os.O_RDONLY)
    for number, end in ((0, null), (1, out), (2, err)):
        os.dup2(end, number)
        os.close(end)
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _name_as_stock(argv: list[str]) -> None:
    spec = importlib.util.find_spec("ipykernel_launcher")
    name = spec.origin if spec is not None and spec.origin else sys.argv[0]
    sys.argv[:] = [name, *argv]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = [sys.executable, "-m", "ipykernel_launcher", *argv]


def leave() -> None:
    """Do what an interpreter does at its end for its user, and leave its modules as they are."""
    import atexit
    import ctypes
    import threading

    try:
        threading._shutdown()  # type: ignore[attr-defined]
    finally:
        atexit._run_exitfuncs()
    sys.modules["__main__"].__dict__.clear()
    gc.collect()
    _flush_files()
    ctypes.CDLL(None).fflush(None)


def _flush_files() -> None:
    """Write what waits in the buffers of files that nobody closed."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    for layer in (io.TextIOWrapper, io.BufferedIOBase):
        for thing in gc.get_objects():
            if isinstance(thing, layer):
                with suppress(Exception):
                    if not thing.closed and thing.writable():
                        thing.flush()
