"""nbpipe for Jupyter: the server extension, and the home of the prebuilt lab extension."""

from __future__ import annotations

from typing import Any

try:
    from nbpipe._version import __version__
except ImportError:  # a checkout that was never built
    __version__ = "0+unknown"

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "jupyterlab-nbpipe"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from nbpipe_jupyter.app import NbpipeApp

    return [{"module": "nbpipe_jupyter", "app": NbpipeApp}]
