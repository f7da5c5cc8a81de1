"""Starts a stock IPython kernel whose namespace can fetch upstream names (a script)."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _die_with_parent() -> None:
    """Ask Linux to end this process when the worker that started it is gone."""
    import os

    if not (os.environ.get("NBPIPE_PARENT") and sys.platform.startswith("linux")):
        return
    import ctypes
    import signal

    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)
    if os.environ["NBPIPE_PARENT"] != str(os.getppid()):
        os._exit(1)


def _namespace(library: str) -> object:
    """Return a new namespace; the library's folder does not stay on the path."""
    import importlib

    sys.path.append(library)
    try:
        space = importlib.import_module("nbpipe_kernelside.namespace")
    finally:
        sys.path.remove(library)
    return space.user_namespace()


def main() -> None:
    """Do what ``python -m ipykernel_launcher`` does, with a namespace of ours."""
    here = sys.path.pop(0)  # this script's own folder: its modules must shadow nothing
    _die_with_parent()
    namespace = _namespace(here.rpartition("/")[0] or here.rpartition("\\")[0])
    from ipykernel import kernelapp

    app: Any = kernelapp.IPKernelApp.instance(user_ns=namespace)
    app.initialize()
    app.start()


if __name__ == "__main__":
    main()
