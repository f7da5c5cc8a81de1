"""The kernel of a failed step lives on as it was, for whoever takes it, and leaves nothing."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from jupyter_client import BlockingKernelClient

from nbpipe.run.executors import Done
from nbpipe.run.local import LocalExecutor
from nbpipe.run.scratch import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

WITHIN = 60


class Taker:
    """Listens as a server does that takes kernels."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "s")
        self.door = socket.socket(socket.AF_UNIX)
        self.door.settimeout(WITHIN)
        self.door.bind(self.address)
        self.door.listen()

    def meet(self, **offer: Any) -> Taken:
        """Return the next kernel that is offered."""
        end, _ = self.door.accept()
        end.settimeout(WITHIN)
        file = end.makefile("rb")
        taken = Taken(json.loads(file.readline()), end, file)
        taken.say(**{"seconds": WITHIN, "memory": 1 << 40, **offer})
        return taken


class Taken:
    """A kernel that was offered."""

    def __init__(self, about: dict[str, Any], end: socket.socket, file: Any) -> None:
        self.about, self.end, self.file = about, end, file
        self.client = BlockingKernelClient()
        self.client.load_connection_info(about["connection"])
        self.client.start_channels()
        self.client.wait_for_ready(WITHIN)

    def say(self, **message: Any) -> None:
        self.end.sendall(json.dumps(message).encode() + b"\n")

    def text(self, code: str) -> str:
        """Run a cell, and return what it wrote and gave."""
        found: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            found.append(content.get("text", "") or content.get("data", {}).get("text/plain", ""))

        self.client.execute_interactive(code, output_hook=hear, timeout=WITHIN)
        return "".join(found)

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(int(self.text("import os; os.getpid()")))

    def leave(self) -> None:
        """Let go of it."""
        self.client.stop_channels()
        self.end.shutdown(socket.SHUT_RDWR)

    def ends(self) -> bool:
        """Wait until the worker has ended it."""
        self.client.stop_channels()
        with contextlib.suppress(ConnectionResetError):
            return self.file.readline() == b""
        return True


@pytest.fixture
def taker() -> Iterator[Taker]:
    folder = private_folder()
    made = Taker(folder)
    yield made
    made.door.close()
    until = monotonic() + WITHIN
    while (left := os.listdir(folder)) != ["s"] and monotonic() < until:
        select.select([], [], [], 0.02)
    shutil.rmtree(folder)
    assert left == ["s"]  # no socket and no key


@pytest.fixture
def own(bench, tmp_path):
    """A bench with an executor of its own."""
    executor = LocalExecutor(1)
    yield type(bench)(executor, tmp_path)
    executor.close()


def gone(process: psutil.Process) -> bool:
    """Wait until a process has ended, whoever has to take leave of it."""
    until = monotonic() + WITHIN
    while monotonic() < until:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        select.select([], [], [], 0.02)
    return False


CELLS = (
    "import threading, sys\nrows = [1, 2]\nlock = threading.Event()\n"
    "thread = threading.Thread(target=lock.wait, daemon=True); thread.start()",
    "rows.append(3)\nprint('before')\ntotal = sum(rows) / 0\nrows.append(4)",
    "never = 1",
)


def test_the_state_is_that_of_the_failing_cell_and_the_kernel_is_a_whole_one(own, taker) -> None:
    ran = own.run(*CELLS, engine="warm", linger=taker.address)
    kernel = taker.meet()

    assert ran.state == "failed"
    assert ran.text("b") == "before\n"
    about = {key: kernel.about[key] for key in ("run", "task", "attempt", "kernel")}
    assert about == {"run": "run", "task": "step", "attempt": 1, "kernel": "python3"}
    assert kernel.text("rows, 'never' in dir(), thread.is_alive()") == "([1, 2, 3], False, True)"
    assert kernel.text("print('out'); print('err', file=sys.stderr)").split() == ["out", "err"]
    assert kernel.text("import os; _ = os.system('echo below')") == "below\n"
    assert kernel.text("get_ipython().kernel.__class__.__name__, In[-2][:5]").startswith("('IPyt")
    assert (
        kernel.text("import traceback; sys.last_value") == "ZeroDivisionError('division by zero')"
    )
    reply = kernel.client.complete("ro", reply=True, timeout=WITHIN)
    assert "rows" in reply["content"]["matches"]

    process = kernel.process
    kernel.leave()
    assert gone(process)


def test_the_next_order_runs_meanwhile_and_the_kernel_stays(own, taker) -> None:
    own.run("x = 1", "1 / 0", engine="warm", linger=taker.address)
    kernel = taker.meet()

    assert own.run("print('next')", engine="warm", task="other").state == "ok"
    assert kernel.text("x") == "1"
    process = kernel.process
    kernel.leave()
    assert gone(process)


def test_it_outlives_the_executor_and_ends_with_its_taker(own, taker) -> None:
    own.run("x = 1", "1 / 0", engine="warm", linger=taker.address)
    kernel = taker.meet()
    family = [kernel.process, *kernel.process.parents()]
    worker = next(p for p in family if "nbpipe.run.worker" in " ".join(p.cmdline()))
    family = family[: family.index(worker) + 1]
    own.executor.close()

    assert kernel.text("x") == "1"
    kernel.leave()
    assert all(gone(process) for process in family)


def test_a_client_shuts_it_down(own, taker) -> None:
    own.run("x = 1\nimport atexit; atexit.register(open, 'left', 'w')", "1 / 0", engine="warm",
            linger=taker.address)  # fmt: skip
    kernel = taker.meet()
    process = kernel.process
    kernel.client.shutdown(reply=True, timeout=WITHIN)

    assert kernel.ends()
    assert gone(process)
    assert (own.project / "left").exists()


def test_nobody_takes_it_and_its_time_is_over(own, taker) -> None:
    own.run("1 / 0", engine="warm", linger=taker.address)
    kernel = taker.meet(seconds=1.0)

    assert kernel.ends()


def test_who_took_it_keeps_it_beyond_that_time(own, taker) -> None:
    own.run("x = 1", "1 / 0", engine="warm", linger=taker.address)
    kernel = taker.meet(seconds=3.0)
    kernel.say(taken=True)
    kernel.text("import time; time.sleep(4)")

    assert kernel.text("x") == "1"
    kernel.leave()


def test_it_is_interrupted(own, taker) -> None:
    own.run("1 / 0", engine="warm", linger=taker.address)
    kernel = taker.meet()
    request = kernel.client.execute("import time\nprint('on')\ntime.sleep(600)")
    while kernel.client.get_iopub_msg(timeout=WITHIN)["content"].get("text") != "on\n":
        pass
    kernel.say(signal=int(signal.SIGINT))

    while (reply := kernel.client.get_shell_msg(timeout=WITHIN))["parent_header"]["msg_id"] != (
        request
    ):
        pass
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    kernel.leave()


@pytest.mark.parametrize("limit", ["of the step", "of the taker"])
def test_it_ends_when_it_holds_more_than_it_may(own, taker, limit: str) -> None:
    most = 1 << 29
    of_step = most if limit == "of the step" else None
    own.run("1 / 0", engine="warm", linger=taker.address, memory=of_step)
    kernel = taker.meet(memory=most if of_step is None else 0)
    kernel.client.execute("held = bytearray(700 << 20)")

    assert kernel.ends()


def test_another_one_takes_its_place(own, taker) -> None:
    own.run("1 / 0", engine="warm", linger=taker.address)
    first = taker.meet()
    own.run("x = 2", "1 / 0", engine="warm", linger=taker.address, task="other")
    second = taker.meet()

    assert first.ends()
    assert second.text("x") == "2"
    second.leave()


@pytest.mark.parametrize(
    "ending", ["raise SystemExit", "import os; os._exit(3)", "x = 1", "exit()"]
)
def test_what_ends_otherwise_is_not_kept(own, taker, ending: str) -> None:
    own.run(ending, engine="warm", linger=taker.address)
    own.executor.close()
    taker.door.settimeout(0.5)

    with pytest.raises(TimeoutError):
        taker.door.accept()


def test_where_nobody_listens_it_ends_and_the_run_is_none_the_wiser(own, tmp_path) -> None:
    others = {child.pid for child in psutil.Process().children()}
    ran = own.run("1 / 0", engine="warm", linger=str(tmp_path / "nobody"))
    mine = [child for child in psutil.Process().children() if child.pid not in others]
    own.executor.close()

    assert ran.state == "failed"
    assert mine
    assert all(gone(child) for child in mine)


def test_a_killed_worker_takes_it_along(own, taker) -> None:
    own.executor.submit(own.order("x = 1", "1 / 0", engine="warm", linger=taker.address))
    assert isinstance(own.end(), Done)
    kernel = taker.meet()
    process = kernel.process
    worker = next(p for p in process.parents() if "nbpipe.run.worker" in " ".join(p.cmdline()))
    os.kill(worker.pid, signal.SIGKILL)

    assert gone(process)
    assert kernel.ends()
    for path in Path(taker.address).parent.glob("*[!s]"):  # the server removes its folder whole
        path.unlink()
