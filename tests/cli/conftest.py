"""The command, with an executor that answers from memory: no kernel is started."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from nbpipe.cli.app import app
from nbpipe.events import Artifact, Failure
from nbpipe.run.environment import Environments
from nbpipe.run.memory import ScriptedExecutor
from nbpipe.run.order import Result
from nbpipe.store.blobs import LocalBlobs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result as Said

    from nbpipe.run.order import Order
    from tests.conftest import WriteNotebook


@dataclass
class Desk:
    """A project folder, the command, and what its orders are answered with."""

    folder: Path
    answers: dict[str, Callable[[Order], Result]] = field(default_factory=dict)
    executors: list[ScriptedExecutor] = field(default_factory=list)

    def __call__(self, *arguments: str, **more: Any) -> Said:
        return CliRunner().invoke(app, arguments, obj=self.executor, **more)

    def executor(self, slots: int) -> ScriptedExecutor:
        self.executors.append(ScriptedExecutor(self.answer, slots))
        return self.executors[-1]

    def answer(self, order: Order) -> Result:
        return self.answers.get(order.task, ok)(order)

    @property
    def ran(self) -> list[str]:
        return [order.task for executor in self.executors for order in executor.orders]


def ok(order: Order, **more: Any) -> Result:
    """The names that the save cell names, each with the parameters as its value."""
    blobs = LocalBlobs(order.store)
    save = order.notebook["cells"][-1]["source"]
    names = re.findall(r"'(\w+)'", save.partition("metrics=")[0])
    artifacts = [_artifact(blobs, name, dict(order.parameters), "value") for name in names]
    artifacts.append(_artifact(blobs, f"{order.task}.ipynb", order.notebook, "notebook"))
    log = b"it said \x1b]0;title\x07\x1b[31mhello\x1b[0m\n"
    artifacts.append(Artifact("log.txt", blobs.put_bytes(log), len(log), "log"))
    return Result(order.task, order.attempt, "ok", 1.25, tuple(artifacts), **more)


def _artifact(blobs: LocalBlobs, name: str, value: Any, kind: Any) -> Artifact:
    data = json.dumps(value).encode()
    preview = {"text": f"<b>{name}</b>"}
    return Artifact(name, blobs.put_bytes(data), len(data), kind, "json", "dict", preview)


def failing(order: Order) -> Result:
    error = Failure(
        "ValueError",
        "no \x1b[2Jluck <i>",
        order.own[0],
        "Traceback:\n  line 1\nValueError: no luck",
    )
    return Result(order.task, order.attempt, "failed", 0.5, error=error)


CHAIN = (
    ("parameters", "n = 1"),
    ("step:load", "x = n"),
    ("step:fit", "y = x"),
    ("step:show", "print(y)"),
    ("check", "assert y"),
)


@pytest.fixture(scope="session")
def looked_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kernels looked up once: a look takes a process and half a second."""
    folder = tmp_path_factory.mktemp("kernels")
    Environments(folder).find("python3")
    return folder


@pytest.fixture
def empty(tmp_path: Path, looked_up: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "GITHUB_STEP_SUMMARY", "NBPIPE_STORE", "NBPIPE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return Desk(tmp_path)


@pytest.fixture
def nbpipe(empty: Desk, looked_up: Path, write_notebook: WriteNotebook) -> Desk:
    """The command in a project of three steps in a row."""
    shutil.copytree(looked_up, empty.folder / ".nbpipe" / "cache")
    (empty.folder / ".nbpipe").chmod(0o700)  # as the store makes it
    write_notebook("n.ipynb", *CHAIN)
    return empty
