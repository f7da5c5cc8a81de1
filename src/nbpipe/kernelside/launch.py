"""Starts a stock IPython kernel whose namespace can fetch upstream names (a script)."""

import sys


def _die_with_parent():
    # type: () -> None
    """Ask Linux to end this process when the worker that started it is gone."""
    import os

    if not (os.environ.get("NBPIPE_PARENT") and sys.platform.startswith("linux")):
        return
    import ctypes
    import signal

    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)
    if os.environ["NBPIPE_PARENT"] != str(os.getppid()):
        os._exit(1)


def _namespace(library):
    # type: (str) -> object
    """Return a new namespace; the library's folder does not stay on the path."""
    sys.path.append(library)
    try:
        from nbpipe_kernelside.namespace import LazyNamespace
    finally:
        sys.path.remove(library)
    return LazyNamespace()


def main():
    # type: () -> None
    """Do what ``python -m ipykernel_launcher`` does, with a namespace of ours."""
    here = sys.path.pop(0)  # this script's own folder: its modules must shadow nothing
    _die_with_parent()
    namespace = _namespace(here.rpartition("/")[0] or here.rpartition("\\")[0])
    from ipykernel import kernelapp

    app = kernelapp.IPKernelApp.instance(user_ns=namespace)
    app.initialize()
    app.start()


if __name__ == "__main__":
    main()
