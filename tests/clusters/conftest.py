"""A real Dask cluster: a scheduler and worker processes, started once for all tests."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psutil
import pytest

from nbpipe.clusters.dask import executor_at
from tests.kernels.conftest import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.run.executors import Executor

SOURCE = Path(__file__).parents[2] / "src"
PATIENCE = 60


@dataclass
class Cluster:
    """A Dask cluster of processes, and everything that was started below them."""

    mark: str = field(default_factory=lambda: uuid4().hex)
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    address: str = ""

    @property
    def workers(self) -> list[int]:
        return [process.pid for process in self.processes[1:]]

    def start(self, command: str, *arguments: str, until: str) -> str:
        """Start a process of the cluster; returns the line of its log that says it is ready."""
        environ = {**os.environ, "PYTHONPATH": _path(), "NBPIPE_TESTED": self.mark}
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", command, "--no-dashboard", *arguments],
            env=environ, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.processes.append(process)
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if until in line:
                return line
        raise AssertionError("".join(lines))

    def start_worker(self, *arguments: str) -> None:
        self.start(
            "worker", self.address.replace("dask", "tcp"), "--no-nanny", "--nthreads", "1",
            "--memory-limit", "0", *arguments, until="Starting established connection",
        )  # fmt: skip

    def below(self, *pids: int) -> list[psutil.Process]:
        """What runs below Dask workers: workers of nbpipe, kernels, and what those started."""
        return [p for pid in pids or self.workers for p in psutil.Process(pid).children(True)]

    def marked(self) -> list[psutil.Process]:
        """All that inherited our mark from a Dask process, wherever it hangs now."""
        return [p for p in psutil.process_iter() if _mark_of(p) == self.mark]

    def sockets(self) -> int:
        """How many pipes and sockets to others than Dask the workers hold."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.workers)

    def end(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()


def _mark_of(process: psutil.Process) -> str:
    try:
        return str(process.environ().get("NBPIPE_TESTED", ""))
    except psutil.Error:
        return ""


def _path() -> str:
    return os.pathsep.join([str(SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])])


@contextmanager
def started(*workers: list[str]) -> Iterator[Cluster]:
    """A scheduler, and a worker for each list of arguments."""
    made = Cluster()
    try:
        said = made.start("scheduler", "--host", "127.0.0.1", "--port", "0", until="Scheduler at:")
        made.address = said.split()[-1].replace("tcp", "dask")
        for arguments in workers:
            made.start_worker(*arguments)
        yield made
    finally:
        made.end()


@pytest.fixture(scope="session", autouse=True)
def _surroundings() -> Iterator[None]:
    """Workers of nbpipe import the package from here."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", _path())
    yield
    patch.undo()


@pytest.fixture(scope="session")
def cluster(_surroundings: None) -> Iterator[Cluster]:
    """Two workers; the second declares a GPU."""
    with started([], ["--resources", "GPU=1"]) as made:
        yield made


@pytest.fixture
def executor(cluster: Cluster) -> Iterator[Executor]:
    made = executor_at(cluster.address)(0)
    yield made
    made.close()


@pytest.fixture
def bench(executor: Any, tmp_path: Path) -> Bench:
    return Bench(executor, tmp_path)
