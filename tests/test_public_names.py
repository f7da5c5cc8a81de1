"""What ``import nbpipe`` offers, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import nbpipe
from nbpipe import errors


def test_the_public_names_are_these() -> None:
    assert nbpipe.__all__ == [
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


def test_every_public_name_is_there_and_documented() -> None:
    for name in nbpipe.__all__:
        value = getattr(nbpipe, name)
        assert name == "__version__" or value.__doc__, name
    assert set(nbpipe.__all__) <= set(dir(nbpipe))


def test_every_exception_of_the_tree_is_public() -> None:
    tree = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert {n for n in tree if issubclass(getattr(errors, n), Exception)} <= set(nbpipe.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    assert not hasattr(nbpipe, "no_such_name")


def test_compile_is_a_function_and_a_package_whatever_was_imported_first() -> None:
    code = (
        "from nbpipe.compile.keys import key_of\n"
        "import nbpipe, nbpipe.compile.plan\n"
        "assert callable(nbpipe.compile) and nbpipe.compile.plan.Plan\n"
        "try:\n    nbpipe.compile('/no/such/place')\n"
        "except nbpipe.ProjectNotFound:\n    print('both')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "both\n"


def loaded(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has after some code."""
    code = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_nbpipe_imports_nearly_nothing() -> None:
    heavy = {"typing", "dataclasses", "json", "click", "pathlib", "re"}
    base = loaded("pass")
    assert not (loaded("import nbpipe") - base) & heavy


def test_help_imports_nothing_heavy() -> None:
    code = (
        "from nbpipe.cli.app import app\n"
        "try:\n    app(['--help'], prog_name='nbpipe')\nexcept SystemExit:\n    pass"
    )
    heavy = {"sqlalchemy", "rich", "nbformat", "papermill", "jupyter_client", "psutil", "yaml"}
    found = loaded(code)
    assert not found & heavy


def test_a_run_that_reuses_all_imports_no_jupyter(tmp_path: object) -> None:
    code = "import nbpipe.run.runs, nbpipe.store.store, nbpipe.store.ledger, nbpipe.cli.run"
    heavy = {"sqlalchemy", "rich", "nbformat", "papermill", "jupyter_client", "yaml", "zmq"}
    assert not loaded(code) & heavy
