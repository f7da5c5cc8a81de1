"""Real kernels: an executor that is kept for all tests, and orders made of a few lines."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe.events import CellFinished, CellOutput
from nbpipe.run.executors import Done, Told
from nbpipe.run.local import LocalExecutor
from nbpipe.run.order import Order
from nbpipe.store.blobs import LocalBlobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.events import Event
    from nbpipe.run.executors import Lost
    from nbpipe.run.order import Result

SOURCE = Path(__file__).parents[2] / "src"
PATIENCE = 60


@dataclass
class Ran:
    """What an order came to."""

    result: Result
    events: list[Event]
    store: Path

    @property
    def state(self) -> str:
        return self.result.state

    def artifact(self, kind: str, name: str = "") -> bytes:
        found = [a for a in self.result.artifacts if a.kind == kind and name in a.name]
        return Path(LocalBlobs(str(self.store)).path(found[0].digest)).read_bytes()

    @property
    def log(self) -> str:
        return self.artifact("log", "log.txt").decode()

    @property
    def notebook(self) -> Any:
        return json.loads(self.artifact("notebook"))

    @property
    def cells(self) -> dict[str, Any]:
        return {c["id"]: c for c in self.notebook["cells"] if c["cell_type"] == "code"}

    @property
    def states(self) -> dict[str, str]:
        return {name: cell["metadata"]["nbpipe"]["state"] for name, cell in self.cells.items()}

    @property
    def told(self) -> dict[str, str]:
        return {e.cell: e.state for e in self.events if isinstance(e, CellFinished)}

    @property
    def live(self) -> str:
        return "".join(e.text for e in self.events if isinstance(e, CellOutput))

    def text(self, cell: str) -> str:
        outputs = self.cells[cell]["outputs"]
        return "".join("".join(o.get("text", ())) for o in outputs)


class Bench:
    """Makes orders and waits for what they come to."""

    def __init__(self, executor: LocalExecutor, project: Path) -> None:
        self.executor, self.project = executor, project
        self.store = project / ".nbpipe"

    def order(self, *sources: Any, **changes: Any) -> Order:
        cells = [self._cell(i, s) for i, s in enumerate(sources)]
        kernel = changes.get("kernel", "python3")
        facts: dict[str, Any] = {
            "run": "run", "task": "step", "attempt": 1, "key": "sha256:key",
            "notebook": {
                "nbformat": 4, "nbformat_minor": 5, "cells": cells,
                "metadata": {"kernelspec": {"name": kernel, "display_name": kernel}},
            },
            "language": "python", "kernel": kernel, "engine": "papermill",
            "project": str(self.project), "folder": str(self.project), "store": str(self.store),
            "own": tuple(cell["id"] for cell in cells),
        }  # fmt: skip
        return Order(**{**facts, **changes})

    @staticmethod
    def _cell(index: int, source: Any) -> dict[str, Any]:
        text, tags = source if isinstance(source, tuple) else (source, [])
        return {
            "cell_type": "code", "id": "abcdefgh"[index], "source": text, "outputs": [],
            "metadata": {"tags": list(tags)}, "execution_count": None,
        }  # fmt: skip

    def begin(self, order: Order, until: type[Event]) -> list[Event]:
        """Submit and wait until an event of a kind was told."""
        self.executor.submit(order)
        events: list[Event] = []
        limit = monotonic() + PATIENCE
        while monotonic() < limit:
            events += [m.event for m in self.executor.poll(1) if isinstance(m, Told)]
            if any(isinstance(event, until) for event in events):
                return events
        raise AssertionError(f"{order.task} never told of {until.__name__}")

    def end(self) -> Done | Lost:
        return self._end()[0]

    def _end(self) -> tuple[Done | Lost, list[Event]]:
        events: list[Event] = []
        limit = monotonic() + PATIENCE
        while monotonic() < limit:
            for message in self.executor.poll(1):
                if not isinstance(message, Told):
                    return message, events
                events.append(message.event)
        raise AssertionError("the order never came to an end")

    def run(self, *sources: Any, **changes: Any) -> Ran:
        self.executor.submit(self.order(*sources, **changes))
        message, events = self._end()
        assert isinstance(message, Done), message
        return Ran(message.result, events, self.store)


@pytest.fixture(scope="session", autouse=True)
def _surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Workers import the package from here; kernelspecs for bash and for odd kernels."""
    specs = tmp_path_factory.mktemp("jupyter")
    bash = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    _spec(specs, "bash", bash, "bash", {"PS1": "$"})
    _spec(specs, "stillborn", ["sh", "-c", "echo the reason >&2; exit 3"], "python", {})
    _spec(specs, "elsewhere", ["/opt/other/bin/python", "-m", "ipykernel_launcher"], "python", {})
    patch = pytest.MonkeyPatch()
    paths = [str(SOURCE), os.environ.get("PYTHONPATH", "")]
    patch.setenv("PYTHONPATH", os.pathsep.join(p for p in paths if p))
    patch.setenv("JUPYTER_PATH", str(specs))
    yield
    patch.undo()


def _spec(folder: Path, name: str, argv: list[str], language: str, env: dict[str, str]) -> None:
    place = folder / "kernels" / name
    place.mkdir(parents=True)
    spec = {"argv": argv, "display_name": name, "language": language, "env": env}
    (place / "kernel.json").write_text(json.dumps(spec))


@pytest.fixture(scope="session")
def executor(_surroundings: None) -> Iterator[LocalExecutor]:
    made = LocalExecutor(1)
    yield made
    made.close()


@pytest.fixture
def bench(executor: LocalExecutor, tmp_path: Path) -> Bench:
    return Bench(executor, tmp_path)


@pytest.fixture(params=["papermill", "warm", "embedded"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)
