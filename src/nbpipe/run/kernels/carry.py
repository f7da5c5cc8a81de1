"""Hands a notebook to papermill, with the engine that the order asks for."""

from __future__ import annotations

import json
import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from nbpipe.run.kernels.attempt import Trouble
from nbpipe.run.kernels.imports import papermill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbpipe.run.kernels.attempt import Attempt, Findings

ENGINES = ("warm", "papermill", "embedded", "profiling", "debug")


_GIVEN = "nbpipe:order"


class _Given:
    """Gives papermill the order's notebook; as a node it would be written and read again."""

    def __init__(self) -> None:
        self.notebook: Mapping[str, Any] = {}

    def read(self, _path: str) -> str:
        """Return the notebook."""
        return json.dumps(self.notebook)

    def pretty_path(self, path: str) -> str:
        """Return the name for papermill's log."""
        return path


@cache
def _given() -> _Given:
    """Return the one that papermill knows."""
    made = _Given()
    papermill().iorw.papermill_io.register(_GIVEN, made)
    return made


def engine(name: str) -> Any:
    """Return the engine's class; its module is imported when it is asked for."""
    if name == "papermill":
        from nbpipe.run.kernels.stock import PapermillEngine

        return PapermillEngine
    if name == "warm":
        from nbpipe.run.kernels.warm import WarmEngine

        return WarmEngine
    from nbpipe.run.kernels import inprocess

    return inprocess.engine(name)


def carry(attempt: Attempt, findings: Findings) -> None:
    """Run the attempt's notebook; what came of it is in `findings`, never an exception of it."""
    module = papermill()
    logging.getLogger("papermill").setLevel(logging.ERROR)
    name = f"nbpipe-{attempt.order.engine}"
    module.engines.papermill_engines.register(name, engine(attempt.order.engine))
    try:
        _execute(module, name, attempt, findings)
    except module.exceptions.PapermillExecutionError:
        pass  # a cell has an error among its outputs: findings say whether that is a failure
    except Exception as error:
        findings.trouble = findings.trouble or _trouble(error, attempt)


def _execute(module: Any, engine_name: str, attempt: Attempt, findings: Findings) -> None:
    order = attempt.order
    _given().notebook = order.notebook
    module.execute_notebook(
        _GIVEN,
        None,
        parameters=_values(attempt),
        engine_name=engine_name,
        kernel_name=order.kernel,
        language=order.language,
        progress_bar=False,
        attempt=attempt,
        findings=findings,
    )


def _values(attempt: Attempt) -> dict[str, Any]:
    """What papermill writes into the notebook; a Python kernel reads secrets by itself."""
    order = attempt.order
    secrets = {} if order.language == "python" else attempt.mask.values
    return {**order.parameters, **secrets}


def _trouble(error: Exception, attempt: Attempt) -> Trouble:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    if isinstance(error, NoSuchKernel):
        known = ", ".join(sorted(KernelSpecManager().find_kernel_specs())) or "none"
        what = f"There is no kernel {error.name!r} here. There are: {known}."
        return Trouble("refused", "NoSuchKernel", what)
    words = str(error).strip() or type(error).__name__
    if isinstance(error, RuntimeError) and words.startswith("Kernel d"):
        return Trouble("start", "kernel died", f"{words}. {_last_words(attempt)}".strip())
    return Trouble("refused", type(error).__name__, words)


def _last_words(attempt: Attempt) -> str:
    try:
        text = (attempt.scratch / "kernel.log").read_text(errors="replace")
    except OSError:
        return ""
    return "Its last words: " + text.strip()[-600:] if text.strip() else ""
