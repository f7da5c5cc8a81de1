"""A process that imports once what kernels need, and forks a kernel when asked (a script).

``python template.py FD PARENT`` takes orders, one JSON object a message, from the socket FD:
``{"template": IMPORTS}`` with a socket forks another template that has made these imports too,
``{"kernel": {...}}`` with a socket forks a kernel. Each is answered with ``{"pid": PID}``, or
with why it is refused; ``{"check": {...}}`` asks whether it would be. And
``{"ended": PID, "code": CODE, "held": BYTES}`` is told when it has ended. A template with imports
first tells ``{"made": true}``, or ``{"spoilt": MODULE, "why": TEXT}`` and is gone: what it
imported is not safe to fork, or would not be in a kernel what it is here.

A kernel tells ``ready`` on its own socket when it listens, and begins when it is told how much
memory it may take; when that socket is closed before, it is gone.
"""

from __future__ import annotations

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
from contextlib import suppress
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Sequence

OURS = ("namespace", "session")
BASE = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.iostream",
    "ipykernel.heartbeat", "ipykernel.control", "ipykernel.debugger", "ipykernel.subshell_manager",
    "IPython.core.completer", "IPython.core.history", "IPython.core.magics",
    "IPython.core.pylabtools", "IPython.core.oinspect", "IPython.core.debugger",
    "IPython.core.logger", "IPython.core.completerlib", "IPython.extensions.storemagic", "sqlite3",
    "tornado.platform.asyncio", "zmq.eventloop.zmqstream", "jedi", "comm", "pdb", "cloudpickle",
)  # fmt: skip
"""What a kernel imports while it starts; those that are not there are passed over."""

HARMLESS_THREADS = ("jemalloc_bg_thd",)
"""Threads whose library lets go of them before a fork and starts them again in the child."""

HARMLESS_FILES = ("/dev/null", "/dev/urandom", "/dev/random")
INLINE = "module://matplotlib_inline.backend_inline"


class Spoilt(Exception):
    """A module must not be imported here; the first argument names it, the second says why."""


def die_with_parent(parent: int) -> None:
    """Ask Linux to end this process when its parent is gone."""
    import ctypes

    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


class Look:
    """What this process holds: threads, open files, children, and what it wrote."""

    def __init__(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self.threads = _threads()
        self.files = _files()
        self.written = os.fstat(1).st_size
        self.children = _children()

    def since(self, earlier: Look) -> str:
        """Say what would not outlive a fork, or cannot be made up for; nothing if all is well."""
        if self.threads:
            return "it starts threads"
        new = sorted(self.files - earlier.files)
        if new:
            return "it opens " + ", ".join(new)[:200]
        if self.children > earlier.children:
            return "it starts processes"
        if self.written > earlier.written:
            return "it prints"
        return ""


def _threads() -> int:
    """Count threads beside this one that a fork does not end in good order.

    Those that a library ends by itself before a fork (OpenBLAS) are gone after a trial.
    """
    count = _other_threads()
    if count:
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)
        for _ in range(100):  # one that has ended is listed a moment longer
            count = _other_threads()
            if not count:
                break
            select.select([], [], [], 0.001)
    return count


def _other_threads() -> int:
    names = []
    for thread in os.listdir("/proc/self/task"):
        if int(thread) != os.getpid():
            try:
                with open(f"/proc/self/task/{thread}/comm") as file:
                    names.append(file.read().strip())
            except OSError:
                continue
    return sum(name not in HARMLESS_THREADS for name in names)


def _files() -> set[str]:
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the listing's own is closed by now
            found.add(os.readlink(f"/proc/self/fd/{number}"))
    return {name for name in found if name not in HARMLESS_FILES}


def _children() -> int:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return len(file.read().split())


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


def _stamp() -> tuple[int, ...]:
    """Return when modules were last installed."""
    found = []
    for path in sys.path:
        with suppress(OSError):
            found.append(os.stat(path).st_mtime_ns)
    return tuple(found)


def import_base(library: str) -> None:
    """Import what every kernel needs, and the package that runs in it."""
    sys.path.append(library)
    try:
        for name in OURS:
            importlib.import_module("nbpipe_kernelside." + name)
    finally:
        sys.path.remove(library)
    importlib.import_module(BASE[0])
    for name in BASE[1:]:
        with suppress(ImportError):
            importlib.import_module(name)


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
    os.environ.setdefault("MPLBACKEND", INLINE)  # as a kernel has it before the first cell
    roots = _roots()
    before = Look()
    for module, names in imports:
        if not _installed(module.partition(".")[0], roots):
            continue
        asked: list[int] = []
        try:
            with_shell_watched(asked, partial(_import, module, names))
        except BaseException as error:
            raise Spoilt(module, f"its import fails: {type(error).__name__}") from error
        why = Look().since(before) or ("it asks for the shell" if asked else "")
        if why:
            raise Spoilt(module, why)


def _import(module: str, names: Sequence[str]) -> None:
    """Make an import as a cell would: warnings are shown as for ``__main__``."""
    statement = f"from {module} import {', '.join(names)}" if names else f"import {module}"
    exec(statement, {"__name__": "__main__"})  # noqa: S102 (only names that were parsed)


def with_shell_watched(asked: list[int], act: Callable[[], None]) -> None:
    """Act, and note who asks whether there is a shell: there is none yet."""
    from IPython.core.interactiveshell import InteractiveShell

    def initialized(cls: Any) -> bool:
        asked.append(1)
        return False

    shell: Any = InteractiveShell
    shell.initialized = classmethod(initialized)  # hides the one of its base class
    try:
        act()
    finally:
        del shell.initialized


class Template:
    """Answers on one socket, and looks after the processes that it forked."""

    def __init__(self, line: socket.socket, base: frozenset[str], stamp: tuple[int, ...]) -> None:
        self.line = line
        self.base = base
        self.stamp = stamp
        suffixes = ("", *importlib.machinery.all_suffixes())
        tops = {name.partition(".")[0] for name in sys.modules} - base
        self.names = {top + suffix for top in tops for suffix in suffixes}
        self.reader, self.writer = os.pipe()

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
                data, files, *_ = socket.recv_fds(self.line, 1 << 20, 1)
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
        refused = self._refused(told["cwd"]) if told else ""
        if refused or "check" in message:
            self.tell({refused or "fine": True})
        else:
            parent, pid = os.getpid(), os.fork()
            if not pid:
                self._become(message, files, parent)
            self.tell({"pid": pid})
        for file in files:
            os.close(file)

    def _refused(self, cwd: str) -> str:
        """Say why no kernel can be forked here: modules have changed, or the folder shadows one."""
        if _stamp() != self.stamp:
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
            line = socket.socket(fileno=files[0])
            if "kernel" in message:
                code = run_kernel(line, **message["kernel"])
            else:
                code = run_template(line, self, message["template"])
        except BaseException:
            import traceback

            traceback.print_exc()
            sys.stderr.flush()
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


def _nothing(*_: Any) -> None:
    """Do nothing: the signal's number is in the pipe."""


def run_template(line: socket.socket, parent: Template, imports: Sequence[Any]) -> int:
    """Import and serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        import_all(imports)
        template = Template(line, parent.base, parent.stamp)
        template.tell({"made": True})
    except Spoilt as spoilt:
        line.send(json.dumps({"spoilt": spoilt.args[0], "why": spoilt.args[1]}).encode())
        return 0
    template.serve()
    return 0


def run_kernel(line: socket.socket, argv: list[str], cwd: str, log: str) -> int:
    """Be a kernel: get ready, wait to be needed, work, and leave."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _connect(log)
    os.chdir(cwd)
    _reseed()
    _name_as_stock(argv)
    from ipykernel import kernelapp
    from nbpipe_kernelside.namespace import user_namespace  # type: ignore[import-not-found]

    gc.enable()
    app: Any = kernelapp.IPKernelApp.instance(user_ns=user_namespace())
    app.initialize(argv)
    line.send(b"ready")
    data = line.recv(1 << 16)
    line.close()
    if not data:
        return 0
    bound = json.loads(data)["memory"]
    if bound is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
    app.start()
    _leave()
    return 0


def _connect(log: str) -> None:
    """Read nothing from standard input, write into the log."""
    null = os.open(os.devnull, os.O_RDONLY)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, end in ((0, null), (1, file), (2, file)):
        os.dup2(end, number)
    os.close(null)
    os.close(file)


def _reseed() -> None:
    """Draw other random numbers than the template's other children (``random`` does by itself)."""
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


def _name_as_stock(argv: list[str]) -> None:
    spec = importlib.util.find_spec("ipykernel_launcher")
    name = spec.origin if spec is not None and spec.origin else sys.argv[0]
    sys.argv[:] = [name, *argv]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = [sys.executable, "-m", "ipykernel_launcher", *argv]


def _leave() -> None:
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
    import io

    for layer in (io.TextIOWrapper, io.BufferedIOBase):
        for thing in gc.get_objects():
            if isinstance(thing, layer):
                with suppress(Exception):
                    if not thing.closed and thing.writable():
                        thing.flush()


def main() -> None:
    """Import what kernels need, and serve."""
    here = __file__.replace("\\", "/").rpartition("/")[0]
    if sys.path and sys.path[0].replace("\\", "/") == here:
        del sys.path[0]  # this script's own folder: its modules must shadow nothing
    line = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(line.fileno(), False)
    die_with_parent(int(sys.argv[2]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    stamp = _stamp()
    import_base(here.rpartition("/")[0])
    rehearse()
    base = frozenset(name.partition(".")[0] for name in sys.modules)
    template = Template(line, base, stamp)
    template.tell({"made": True})
    template.serve()


if __name__ == "__main__":
    main()
