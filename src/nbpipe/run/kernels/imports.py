"""Imports papermill without what it brings along that costs time and that we do not use."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNUSED = ("rfc3987_syntax", "pyarrow", "github", "boto3", "gcsfs", "azure")
"""Modules that nbformat (1.2 s of CPU) and papermill (0.5 s) would try, and do without."""


def papermill() -> Any:
    """Return the module papermill, imported the cheap way the first time.

    Its entry points are not loaded meanwhile: they are other packages' engines, and one of
    them draws in matplotlib. Ours are registered in code.
    """
    if "papermill" not in sys.modules:
        os.environ["PLOOMBER_STATS_ENABLED"] = "false"
        with _hidden(_UNUSED), _no_entry_points():
            import papermill  # noqa: F401
    return sys.modules["papermill"]


def notebooks() -> Any:
    """Return the module nbformat, imported the cheap way the first time."""
    if "nbformat" not in sys.modules:
        with _hidden(_UNUSED):
            import nbformat  # noqa: F401
    return sys.modules["nbformat"]


def ploomber() -> Any:
    """Return the module `ploomber_engine.ipython`; pyplot, which it would load, stays out.

    A step that draws imports it for itself, and so gets the backend of its own process.
    """
    papermill()
    if "ploomber_engine.ipython" not in sys.modules:
        with _hidden(("matplotlib", "matplotlib.pyplot")):
            import ploomber_engine.ipython  # noqa: F401
    return sys.modules["ploomber_engine.ipython"]


@contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    ours = [name for name in names if name not in sys.modules]
    for name in ours:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in ours:
            del sys.modules[name]


@contextmanager
def _no_entry_points() -> Iterator[None]:
    try:
        import entrypoints  # type: ignore[import-untyped]
    except ImportError:  # papermill does without it
        yield
        return
    real = entrypoints.get_group_all
    entrypoints.get_group_all = lambda *_args, **_kw: []
    try:
        yield
    finally:
        entrypoints.get_group_all = real
