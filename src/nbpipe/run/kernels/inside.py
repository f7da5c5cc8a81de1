"""What runs in the forked process of the in-process engines: ploomber-engine's shell, mended.

Ploomber-engine's own loses what a failing cell printed, doubles updated displays, shows values
after a semicolon, reads the host's standard input and lets the output of subprocesses escape.
"""

from __future__ import annotations

import atexit
import builtins
import getpass
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from nbpipe.run.kernels.book import runs
from nbpipe.run.kernels.capture import Capture
from nbpipe.run.kernels.imports import ploomber

ploomber()

from IPython.core.error import StdinNotImplementedError  # noqa: E402
from IPython.core.history import HistoryManager  # noqa: E402
from ploomber_engine.ipython import (  # noqa: E402
    CustomDisplayHook,
    CustomDisplayPublisher,
    PloomberClient,
    PloomberShell,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Send = Callable[[Mapping[str, Any]], None]


class Wire:
    """Writes messages to the process that watches, one JSON object a line."""

    def __init__(self, file: int) -> None:
        self._file = file

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one message."""
        data = json.dumps(message, default=repr).encode("utf-8", "replace") + b"\n"
        while data:
            data = data[os.write(self._file, data) :]


class _Hook(CustomDisplayHook):  # type: ignore[misc]
    """Shows the value of a cell's last expression."""

    def __call__(self, result: Any = None) -> None:
        self.check_for_underscore()
        if result is None or self.quiet():
            return
        self.shell.error = None
        data, metadata = self.shell.display_formatter.format(result)
        self.shell.failed_to_show = self.shell.error is not None
        self.update_user_ns(result)
        if data:
            self.shell.show("execute_result", data, metadata, None)


class _Publisher(CustomDisplayPublisher):  # type: ignore[misc]
    """Shows what is displayed, and changes what was displayed under a name."""

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        """Show, or change what is shown."""
        kind = "update" if update else "display_data"
        self.shell.show(kind, data, metadata, (transient or {}).get("display_id"))

    def clear_output(self, wait: bool = False) -> None:
        """Take back what the cell showed."""
        self.shell.tell({"clear": wait})


class Shell(PloomberShell):  # type: ignore[misc]
    """Ploomber-engine's shell with a namespace of ours, telling what it shows as it goes."""

    def __init__(self, tell: Send, namespace: Any) -> None:
        self.__dict__["namespace"] = namespace
        self.__dict__["tell"] = tell
        self.__dict__["ready"] = False
        super().__init__()
        self.display_pub_class, self.displayhook_class = _Publisher, _Hook
        self.init_display_pub()
        self.init_displayhook()
        self.__dict__["ready"] = True
        self.asked_to_exit = self.failed_to_show = False
        self.error: dict[str, Any] | None = None

    def init_create_namespaces(self, user_module: Any = None, user_ns: Any = None) -> None:
        """Use the namespace that can fetch upstream names."""
        super().init_create_namespaces(user_module, self.namespace if user_ns is None else user_ns)

    def init_history(self) -> None:
        """Keep the history in memory."""
        self.history_manager = HistoryManager(shell=self, parent=self, hist_file=":memory:")
        self.configurables.append(self.history_manager)

    def enable_matplotlib(self, gui: Any = None) -> Any:
        """Draw inline when asked; at the start the environment says so, without the import."""
        return super().enable_matplotlib(gui) if self.ready else (None, None)

    def ask_exit(self) -> None:
        """Note ``exit()``."""
        self.asked_to_exit = True

    def show(self, kind: str, data: Any, metadata: Any, display_id: str | None) -> None:
        """Tell of something shown."""
        self.tell({"show": kind, "data": data, "metadata": metadata or {}, "id": display_id})

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        lines = [str(line) for line in stb] if isinstance(stb, list) else str(stb).splitlines()
        self.error = {"ename": etype.__name__, "evalue": str(evalue), "traceback": lines}
        self.tell({"error": self.error})


def _error(shell: Shell, result: Any) -> dict[str, Any] | None:
    """Return the error of a cell, as a kernel would reply it; None where it went well."""
    if shell.asked_to_exit:
        return {"ename": "SystemExit", "evalue": "exit()", "traceback": []}
    if result.success and not shell.failed_to_show:
        return None
    raised = result.error_before_exec or result.error_in_exec
    told = {"ename": type(raised).__name__, "evalue": str(raised), "traceback": []}
    return shell.error or told


class Client(PloomberClient):  # type: ignore[misc]
    """Ploomber-engine's client, which tells of each cell and stops at the first that fails."""

    def __init__(self, nb: Any, tell: Send, namespace: Any, dump: Path | None) -> None:
        super().__init__(nb, progress_bar=False, debug_later=dump or False, cwd=None)
        self._shell: Any
        self._tell, self._namespace = tell, namespace
        self._capture = Capture(tell)

    def __enter__(self) -> Self:
        if self._shell is None:
            self._shell = Shell(self._told, self._namespace)
        return self

    def __exit__(self, *_: object) -> None:
        self._capture.close()

    def _told(self, message: Mapping[str, Any]) -> None:
        self._capture.flush()
        self._tell(message)

    def _execute(self) -> Any:
        for index, cell in enumerate(self._nb.cells):
            tags = cell.metadata.get("tags", ())
            if not runs(cell):
                continue
            if "injected-debuglater" in tags:
                self._shell.run_cell(cell.source, silent=True)
                self._capture.discard()
            elif not self.execute_cell(cell, index, index) and "raises-exception" not in tags:
                break
        return self._nb

    def execute_cell(
        self, cell: Any, cell_index: int, execution_count: int, store_history: bool = True
    ) -> bool:
        """Run a cell; False where it failed."""
        shell = self._shell
        shell.__dict__.pop("_showtraceback", None)  # debuglater puts a printing one there
        shell.error, shell.failed_to_show = None, False
        self._tell({"start": cell.id})
        count = shell.execution_count
        with self._capture:
            result = shell.run_cell(cell.source, store_history=True)
        error = _error(shell, result)
        self._tell({"end": cell.id, "count": count, "failed": error})
        return error is None


_MACHINERY = frozenset(
    ("IPython", "traitlets", "nbpipe", "ploomber_engine", "debuglater", "dill", "matplotlib_inline")
)
"""Packages that run the cells; a kernel has them loaded, too."""


def _refuse(*_: Any, **__: Any) -> str:
    raise StdinNotImplementedError("Nobody is there to answer.")


def run(nb: Any, wire: Wire, place: Mapping[str, Any]) -> None:
    """Run the notebook in this process, which is a fork of the worker and serves nothing else.

    Parameters
    ----------
    nb
        The notebook.
    wire
        Where messages go.
    place
        ``folder``, ``environ``, ``lib`` and ``dump``.
    """
    atexit._clear()
    os.environ.clear()
    os.environ.update(place["environ"])
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    os.chdir(place["folder"])
    sys.argv = ["nbpipe"]
    _put_here_on_path()
    _give_way(Path(place["folder"]))
    builtins.input, getpass.getpass = _refuse, _refuse
    if place["dump"] is not None:
        from nbpipe.run.kernels.dump import mend

        mend()
    Client(nb, wire.send, _namespace(place["lib"]), place["dump"]).execute()
    atexit._run_exitfuncs()
    wire.send({"over": True})


def _put_here_on_path() -> None:
    """Put the working directory where Jupyter puts it: before the installed packages."""
    at = next((i for i, p in enumerate(sys.path) if "site-packages" in p), len(sys.path))
    sys.path.insert(at, "")


def _give_way(folder: Path) -> None:
    """Forget the worker's modules that have a namesake beside the notebook, as in Jupyter."""
    beside = {entry.stem for entry in folder.iterdir() if not entry.name.startswith(".")}
    beside -= _MACHINERY | sys.stdlib_module_names
    for name in [name for name in sys.modules if name.partition(".")[0] in beside]:
        del sys.modules[name]


def _namespace(lib: str) -> Any:
    sys.path.append(lib)
    try:
        from nbpipe_kernelside.namespace import (  # type: ignore[import-not-found,unused-ignore]
            LazyNamespace,
        )
    finally:
        sys.path.remove(lib)
    return LazyNamespace()
