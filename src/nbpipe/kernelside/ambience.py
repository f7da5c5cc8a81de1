"""The settings around the cells, as text: options, styles, filters, environment, paths."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any, Callable

LONGEST = 200
_OURS = ("NBPIPE_", "JPY_", "PYDEVD_", "PYTEST_", "_")
_VOLATILE = frozenset({"KERNEL_LAUNCH_TIMEOUT", "COLUMNS", "LINES", "PWD", "OLDPWD", "SHLVL"})
_QUIET = ("backend", "interactive", "toolbar", "_internal.classic_mode", "date.epoch")


def settings(root: str) -> dict[str, str]:
    """Return every setting that is known of, by name; paths inside `root` are relative."""
    found: dict[str, str] = {}
    for name, read in _READERS.items():
        for key, value in _read(read).items():
            text = repr(value).replace(root, "<project>")
            found[f"{name} {key}".rstrip()] = text[:LONGEST]
    return found


def _read(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return read()
    except Exception:  # a library of an unknown version
        return {}


def _process() -> dict[str, Any]:
    return {"working directory": os.getcwd(), "recursion limit": sys.getrecursionlimit()}


def _environment() -> dict[str, Any]:
    kept = (n for n in os.environ if not n.startswith(_OURS) and n not in _VOLATILE)
    return {name: os.environ[name] for name in sorted(kept)}


def _path() -> dict[str, Any]:
    return {"": [path for path in sys.path if "nbpipe" not in path and ".nbpipe" not in path]}


def _warnings() -> dict[str, Any]:
    return {"": [(f[0], getattr(f[1], "pattern", f[1]), str(f[2])) for f in warnings.filters]}


def _numpy() -> dict[str, Any]:
    numpy = sys.modules.get("numpy")
    return {**numpy.get_printoptions(), "errors": numpy.geterr()} if numpy is not None else {}


def _pandas() -> dict[str, Any]:
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return {}
    config = sys.modules["pandas._config.config"]
    return {name: config.get_option(name) for name in sorted(config._registered_options)}


def _matplotlib() -> dict[str, Any]:
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is None:
        return {}
    kept = (key for key in matplotlib.rcParams if key not in _QUIET)
    shown = {"version": matplotlib.__version__}
    return shown | {key: dict.get(matplotlib.rcParams, key) for key in kept}


def _decimal() -> dict[str, Any]:
    module = sys.modules.get("decimal")
    return {"": module.getcontext().prec} if module is not None else {}


def _locale() -> dict[str, Any]:
    module = sys.modules.get("locale")
    return {"": module.setlocale(module.LC_ALL)} if module is not None else {}


_READERS: dict[str, Callable[[], dict[str, Any]]] = {
    "process": _process, "environment": _environment, "sys.path": _path,
    "warnings.filters": _warnings, "numpy": _numpy, "pandas": _pandas,
    "matplotlib": _matplotlib, "decimal": _decimal, "locale": _locale,
}  # fmt: skip
