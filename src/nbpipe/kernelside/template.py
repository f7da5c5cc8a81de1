"""A process that imports once what kernels need, and forks a kernel when asked (a script).

``python template.py FD PARENT KIND`` takes orders, one JSON object a message, from the socket FD:
``{"template": IMPORTS}`` with a socket forks another template that has made these imports too;
``{"kernel": {...}}`` forks a kernel, with the end of its line and of the pipes that its output
goes into (KIND ``line``), or with the latter alone (KIND ``sockets``: for any client).
Each is answered with ``{"pid": PID}``, or with why it is refused; ``{"check": {...}}`` asks
whether it would be. And ``{"ended": PID, "code": CODE, "held": BYTES}`` is told when it has
ended. A template with imports first tells ``{"made": true}``, or ``{"spoilt": MODULE, "why":
TEXT}`` and is gone: what it imported is not safe to fork.

A kernel on a line becomes a template itself when it is told so, with all that its cells made.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import select
import signal
import socket
import sys
from contextlib import contextmanager, suppress
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, Sequence

OURS = ("namespace", "session", "look", "forked", "failpoints")
BASE = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.iostream",
    "IPython.core.completer", "IPython.core.history", "IPython.core.magics",
    "IPython.core.pylabtools", "IPython.core.oinspect", "IPython.core.debugger",
    "IPython.core.logger", "IPython.extensions.storemagic", "sqlite3",
    "tornado.platform.asyncio", "comm", "pdb", "cloudpickle",
)  # fmt: skip
"""What a kernel imports while it starts; those that are not there are passed over."""

FOR_CLIENTS = (
    "ipykernel.heartbeat", "ipykernel.control", "ipykernel.debugger", "ipykernel.subshell_manager",
    "IPython.core.completerlib", "zmq.eventloop.zmqstream", "jedi",
)  # fmt: skip
"""What one imports besides that people work in."""

MEMORY_OF_ITS_OWN = "--HistoryManager.hist_file=:memory:"
"""What nbclient tells kernels: the user's history is not for them."""


class Spoilt(Exception):
    """A module must not be imported here; the first argument names it, the second says why."""


def die_with_parent(parent: int) -> None:
    """Ask Linux to end this process when its parent is gone."""
    import ctypes

    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _roots() -> tuple[str, ...]:
    """Return the folders of installed modules: what lies elsewhere may change while we live."""
    import site
    import sysconfig

    names = ("stdlib", "platstdlib", "purelib", "platlib")
    found = [sysconfig.get_path(name) for name in names]
    found += [*site.getsitepackages(), site.getusersitepackages()]
    return tuple({os.path.realpath(path) + os.sep for path in found if path})


def _installed(name: str, roots: tuple[str, ...]) -> bool:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    if spec is None:
        return False
    if spec.origin in ("built-in", "frozen"):
        return True
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
    return bool(places) and all(os.path.realpath(place).startswith(roots) for place in places)


def _stamp(paths: Sequence[str]) -> dict[str, int]:
    """Return when modules were last installed, by folder."""
    found = {}
    for path in paths:
        with suppress(OSError):
            found[path] = os.stat(path).st_mtime_ns
    return found


def import_base(library: str, base: Sequence[str]) -> None:
    """Import what every kernel needs, and the package that runs in it."""
    sys.path.append(library)
    try:
        importlib.import_module(base[0])
        for name in OURS:
            importlib.import_module("nbpipe_kernelside." + name)
    finally:
        sys.path.remove(library)
    for name in base[1:]:
        with suppress(ImportError):
            importlib.import_module(name)


@contextmanager
def hidden(name: str) -> Iterator[None]:
    """Make an import fail, for those who can do without."""
    ours = name not in sys.modules
    if ours:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if ours:
            del sys.modules[name]


def rehearse() -> None:
    """Fill caches that a kernel fills at its start and with its first cell."""
    from ipykernel import kernelapp
    from IPython.core import inputtransformer2

    with suppress(Exception):  # what fails here is told where a kernel does it
        app: Any = kernelapp.IPKernelApp
        app().parse_command_line(["-f", "none.json"])
        transformers: Any = inputtransformer2.TransformerManager
        transformers().transform_cell("import os\nx = 1\n%time x\n")


def import_all(imports: Sequence[Any]) -> None:
    """Import modules that a step imports; raise `Spoilt` at the first that must be left out."""
    from nbpipe_kernelside.look import Look  # type: ignore[import-not-found]

    roots = _roots()
    before = Look()
    for module, names in imports:
        if not _installed(module.partition(".")[0], roots):
            continue
        try:
            _import(module, names)
        except BaseException as error:
            raise Spoilt(module, f"its import fails: {type(error).__name__}") from error
        why = Look().since(before)
        if why:
            raise Spoilt(module, why)


def _import(module: str, names: Sequence[str]) -> None:
    """Make an import as a cell would: warnings are shown as for ``__main__``."""
    statement = f"from {module} import {', '.join(names)}" if names else f"import {module}"
    with in_a_kernel():
        exec(statement, {"__name__": "__main__"})  # noqa: S102 (only names that were parsed)


class ZMQInteractiveShell:
    """What a library finds that asks, while it is imported, if it runs in a kernel."""

    kernel = None


@contextmanager
def in_a_kernel() -> Iterator[None]:
    """Let ``get_ipython`` be there, as it is for what a cell imports: pandas asks for it once."""
    shell = sys.modules["IPython"].get_ipython()
    if shell is not None:
        with shell.builtin_trap:
            yield
        return
    builtins.get_ipython = ZMQInteractiveShell  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]


def imported() -> frozenset[str]:
    """Return the packages of which something is imported."""
    return frozenset(name.partition(".")[0] for name in sys.modules)


class Template:
    """Answers on one socket, and looks after the processes that it forked.

    Parameters
    ----------
    line
        The socket.
    base
        Modules of the first template, which nothing beside a notebook may shadow anyway.
    stamp
        When modules were last installed, as it was when they were imported.
    be_kernel
        Is a kernel: takes the files that came along and what was told, returns an exit code.
    """

    def __init__(
        self, line: socket.socket, base: frozenset[str], stamp: dict[str, int],
        be_kernel: Callable[[Template, list[int], dict[str, Any]], int],
    ) -> None:  # fmt: skip
        self.line = line
        self.base = base
        self.stamp = stamp
        self.be_kernel = be_kernel
        suffixes = ("", *importlib.machinery.all_suffixes())
        self.names = {top + suffix for top in imported() - base for suffix in suffixes}
        self.reader, self.writer = os.pipe()

    def with_more(self, line: socket.socket, by_cells: bool = False) -> Template:
        """Return a template of this process as it is by now, that answers on another socket.

        What cells have imported is what a cell would find: nothing shadows that.
        """
        return Template(line, imported() if by_cells else self.base, self.stamp, self.be_kernel)

    def serve(self) -> None:
        """Answer until nobody is there to ask."""
        for end in (self.reader, self.writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self.writer)
        signal.signal(signal.SIGCHLD, _nothing)
        gc.collect()
        gc.freeze()
        while True:
            ready, _, _ = select.select([self.line.fileno(), self.reader], [], [])
            if self.reader in ready:
                os.read(self.reader, 4096)
                self._reap()
            if self.line.fileno() in ready:
                data, files, *_ = socket.recv_fds(self.line, 1 << 20, 3)
                if not data:
                    return
                self._answer(json.loads(data), files)

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self.line.send(json.dumps(message).encode())

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            self.tell({"ended": pid, "code": code, "held": usage.ru_maxrss * 1024})

    def _answer(self, message: dict[str, Any], files: list[int]) -> None:
        told = message.get("kernel") or message.get("check")
        refused = self.refused(told["cwd"]) if told else ""
        if refused or "check" in message:
            self.tell({refused or "fine": True})
        else:
            parent, pid = os.getpid(), os.fork()
            if not pid:
                self._become(message, files, parent)
            reach("kernel-forked")
            self.tell({"pid": pid})
        for file in files:
            os.close(file)

    def refused(self, cwd: str) -> str:
        """Say why no kernel can be forked here: modules have changed, or the folder shadows one."""
        if _stamp(list(self.stamp)) != self.stamp:
            return "stale"
        for name in self.names.intersection(os.listdir(cwd)):
            package = os.path.join(cwd, name)
            if os.path.isfile(package) or os.path.exists(os.path.join(package, "__init__.py")):
                return "shadowed"
        return ""

    def _become(self, message: dict[str, Any], files: list[int], parent: int) -> None:
        """Be what was asked for; this never returns."""
        code = 1
        try:
            die_with_parent(parent)
            self._let_go()
            if "kernel" in message:
                code = self.be_kernel(self, files, message["kernel"])
            else:
                code = run_template(socket.socket(fileno=files[0]), self, message["template"])
        except BaseException:
            import traceback

            os.write(2, traceback.format_exc().encode("utf-8", "replace"))
        finally:
            os._exit(code)

    def _let_go(self) -> None:
        """Let go of what is the template's own."""
        signal.set_wakeup_fd(-1)
        self.line.close()
        os.close(self.reader)
        os.close(self.writer)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()


def reach(point: str) -> None:
    """See `nbpipe_kernelside.failpoints`, which only the imports of `main` make known here."""
    sys.modules["nbpipe_kernelside.failpoints"].reach(point)


def _nothing(*_: Any) -> None:
    """Do nothing: the signal's number is in the pipe."""


def run_template(line: socket.socket, parent: Template, imports: Sequence[Any]) -> int:
    """Import and serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        import_all(imports)
        template = parent.with_more(line)
        template.tell({"made": True})
    except Spoilt as spoilt:
        line.send(json.dumps({"spoilt": spoilt.args[0], "why": spoilt.args[1]}).encode())
        return 0
    template.serve()
    return 0


def main() -> None:
    """Import what kernels need, and serve."""
    here = __file__.replace("\\", "/").rpartition("/")[0]
    if sys.path and sys.path[0].replace("\\", "/") == here:
        del sys.path[0]  # this script's own folder: its modules must shadow nothing
    line = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(line.fileno(), False)
    die_with_parent(int(sys.argv[2]))
    kind = sys.argv[3]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    stamp = _stamp(sys.path)
    library = here.rpartition("/")[0]
    if kind == "line":
        with hidden("debugpy"):  # ipykernel's debugger: nobody can attach one to a line
            import_base(library, BASE)
            from nbpipe_kernelside import forked  # type: ignore[import-not-found]

            app = forked.make_app([MEMORY_OF_ITS_OWN])
        be_kernel = partial(forked.be_kernel_on_line, app)
    else:
        import_base(library, BASE + FOR_CLIENTS)
        rehearse()
        from nbpipe_kernelside import forked

        be_kernel = forked.be_stock_kernel
    template = Template(line, imported(), stamp, be_kernel)
    reach("template-made")
    template.tell({"made": True})
    template.serve()


if __name__ == "__main__":
    main()
