"""The executor in the documentation works as it is printed there; ssh goes to this machine."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from nbpipe.events import CellOutput
from nbpipe.run.executors import Done, Lost
from tests.kernels.conftest import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "executor.md"
PIDS = "import os; print(os.getppid(), os.getpid())"
HELD = "import time\ntime.sleep(600)"


@pytest.fixture
def module() -> ModuleType:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    made = ModuleType("nbpipe_ssh")
    exec(compile(code, str(PAGE), "exec"), made.__dict__)
    return made


@pytest.fixture
def bench(module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\n[ "$1" = wolf ] && exec {sys.executable} ${{2#python3}}\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(ssh.parent), prepend=":")
    made = Bench(module.executor_at("ssh://wolf")(0), tmp_path)
    yield made
    made.executor.close()


def test_it_carries_orders_out_in_a_worker_that_it_keeps(bench: Bench) -> None:
    first, second = bench.run(PIDS), bench.run(PIDS)
    assert (first.state, second.state) == ("ok", "ok")
    assert first.live.split()[0] == second.live.split()[0]
    assert first.live != second.live


def test_it_cancels(bench: Bench) -> None:
    bench.begin(bench.order(PIDS, HELD), until=CellOutput)
    bench.executor.cancel("step")
    ended = bench.end()
    assert isinstance(ended, Done)
    assert ended.result.state == "cancelled"


def test_it_tells_of_a_worker_that_was_lost_and_takes_another(bench: Bench) -> None:
    events = bench.begin(bench.order(PIDS, HELD), until=CellOutput)
    pids = [int(pid) for e in events if isinstance(e, CellOutput) for pid in e.text.split()]
    psutil.Process(pids[0]).kill()
    ended = bench.end()
    assert isinstance(ended, Lost)
    assert bench.run("print('again')").state == "ok"


def test_closing_ends_what_is_under_way(bench: Bench) -> None:
    events = bench.begin(bench.order(PIDS, HELD), until=CellOutput)
    pids = [int(pid) for e in events if isinstance(e, CellOutput) for pid in e.text.split()]
    processes = [psutil.Process(pid) for pid in pids]
    bench.executor.close()
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive
