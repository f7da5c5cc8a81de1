"""Starts a stock IPython kernel whose namespace can fetch upstream names (a script)."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


MOST_WAITING = 100_000
"""Messages that wait for whoever listens, at most."""


def _die_with_parent() -> None:
    """Ask Linux to end this process when the worker that started it is gone."""
    import os

    parent = os.environ.get("NBPIPE_PARENT", "")
    if not (parent.isdigit() and sys.platform.startswith("linux")):
        return
    import ctypes
    import signal

    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)
    if str(os.getppid()) != parent and not os.path.exists(f"/proc/{parent}"):
        os._exit(1)  # it was gone before it could be asked for


def _namespace(library: str) -> object:
    """Return a new namespace; the library's folder does not stay on the path."""
    import importlib

    sys.path.append(library)
    try:
        space = importlib.import_module("nbpipe_kernelside.namespace")
    finally:
        sys.path.remove(library)
    return space.user_namespace()


def _name_as_stock() -> None:
    """Give ``sys.argv`` the first word that it has in a stock kernel."""
    from importlib.util import find_spec

    spec = find_spec("ipykernel_launcher")
    if spec is not None and spec.origin:
        sys.argv[0] = spec.origin


def main() -> None:
    """Do what ``python -m ipykernel_launcher`` does, with a namespace of ours."""
    here = __file__.replace("\\", "/").rpartition("/")[0]
    if sys.path and sys.path[0].replace("\\", "/") == here:
        del sys.path[0]  # this script's own folder: its modules must shadow nothing
    _die_with_parent()
    namespace = _namespace(here.rpartition("/")[0])
    _name_as_stock()
    from ipykernel import kernelapp

    class App(kernelapp.IPKernelApp):
        def init_iopub(self, context: Any) -> None:
            """Let more wait than ZeroMQ's thousand messages: what is over is lost."""
            context.sndhwm = MOST_WAITING
            super().init_iopub(context)  # type: ignore[no-untyped-call]

    app: Any = App.instance(user_ns=namespace)
    app.initialize()
    app.start()


if __name__ == "__main__":
    main()
