"""nbpipe turns tagged notebooks into a pipeline, runs it, and keeps everything that ran."""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False  # importing typing would take most of the time that this import takes
if TYPE_CHECKING:
    from typing import Any

    from nbpipe.api import Compiled, Options, Outputs, Run, StepRun, load, run_of, runs
    from nbpipe.api import compile as compile  # noqa: A004
    from nbpipe.errors import (
        BadParameter,
        DamagedObject,
        MissingObject,
        NbpipeError,
        Problem,
        ProblemsError,
        ProjectNotFound,
        ProofStopped,
        RunBusy,
        RunError,
        StoreError,
        StoreTooNew,
        StoreUnusable,
        TaskFailed,
        UnknownName,
        UsageError,
        WorkerDied,
    )
    from nbpipe.kernelside import gather, log_metric

    __version__: str

__all__ = [
    "BadParameter",
    "Compiled",
    "DamagedObject",
    "MissingObject",
    "NbpipeError",
    "Options",
    "Outputs",
    "Problem",
    "ProblemsError",
    "ProjectNotFound",
    "ProofStopped",
    "Run",
    "RunBusy",
    "RunError",
    "StepRun",
    "StoreError",
    "StoreTooNew",
    "StoreUnusable",
    "TaskFailed",
    "UnknownName",
    "UsageError",
    "WorkerDied",
    "__version__",
    "compile",
    "gather",
    "load",
    "log_metric",
    "run_of",
    "runs",
]

_API = frozenset({"Compiled", "Options", "Outputs", "Run", "StepRun", "load", "run_of", "runs"})
_KERNEL = frozenset({"gather", "log_metric"})


class _Callable(ModuleType):
    """The package ``nbpipe.compile``, which is also the function of that name."""

    def __call__(self, path: str = ".") -> Any:
        """Read a project or one notebook; see `nbpipe.api.compile`."""
        from nbpipe import api

        return api.compile(path)


class _Package(ModuleType):
    """The package nbpipe: Python sets a sub-package on it when that is imported, however early."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "compile" and type(value) is ModuleType:
            value.__class__ = _Callable
            value.__doc__ = _Callable.__call__.__doc__
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    from importlib import import_module

    if name == "__version__":
        return _read_version()
    if name == "compile":
        return import_module("nbpipe.compile")
    if name in _API:
        return getattr(import_module("nbpipe.api"), name)
    if name in _KERNEL:
        return getattr(import_module("nbpipe.kernelside"), name)
    if name in __all__:
        return getattr(import_module("nbpipe.errors"), name)
    raise AttributeError(f"module 'nbpipe' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _read_version() -> str:
    """Return the version that the build wrote, else that of the installed distribution."""
    from importlib import import_module, metadata

    try:
        return str(import_module("nbpipe._version").__version__)
    except ImportError:
        pass
    try:
        return metadata.version("jupyterlab-nbpipe")
    except metadata.PackageNotFoundError:
        return "0+unknown"
