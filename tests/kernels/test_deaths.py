"""Kernels that die, hang, grow or are cancelled: each told as what it is, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from time import monotonic

import psutil
import pytest

from nbpipe import wire
from nbpipe.events import CellOutput, CellStarted
from nbpipe.run.executors import Done, Lost
from nbpipe.run.local import COMMAND, LocalExecutor
from nbpipe.run.order import Result

HELD = "sum(range(10**14))"  # in C, with the interpreter lock held; no signal is looked at
DEAF = (
    "import signal, time\n"
    "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "while True: time.sleep(0.1)"
)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("import os; os._exit(0)", "exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    ],
)
def test_a_kernel_that_dies_is_told_with_how_and_where(bench, engine, source, told):
    ran = bench.run("print('x')", f"print('last', flush=True)\n{source}", "1", engine=engine)
    assert ran.state == "kernel-died"
    assert told in ran.result.error.message
    assert ran.result.error.cell == "b"
    assert ran.states == {"a": "ok", "b": "kernel-died", "c": "not-run"} == ran.told
    assert ran.text("b") in (["", "last\n"] if engine != "embedded" else ["last\n"])
    status = [cell["metadata"]["papermill"]["status"] for cell in ran.cells.values()]
    assert status == ["completed", "failed", "pending"]


@pytest.mark.parametrize("source", ["while True: pass", HELD, DEAF])
def test_a_step_that_takes_too_long_is_ended(bench, engine, source):
    bench.run("1", engine=engine)  # so that no start-up counts
    began = monotonic()
    ran = bench.run("x = 1", source, "1", timeout=2.0, engine=engine)
    assert monotonic() - began < 8
    assert ran.state == "timed-out"
    assert "2 seconds" in ran.result.error.message
    assert ran.states == {"a": "ok", "b": "timed-out", "c": "not-run"} == ran.told


def test_a_kernel_that_outgrows_its_memory_is_ended(bench, engine):
    grow = "x = []\nwhile True: x.append(bytearray(10_000_000))"
    ran = bench.run(grow, memory=400_000_000, engine=engine)
    assert ran.state == "out-of-memory"
    assert ran.result.error.cell == "a"
    assert ran.states == {"a": "out-of-memory"}
    assert ran.result.peak > 300_000_000


def test_the_neighbours_of_a_step_that_outgrows_its_memory_live(bench):
    grow = "x = []\nwhile True: x.append(bytearray(10_000_000))"
    wait = "import os, time\nwhile not os.path.exists('over'): time.sleep(0.01)\nprint('lives')"
    executor, ended = LocalExecutor(2), []
    try:
        executor.submit(bench.order(wait, task="waits", memory=400_000_000))
        executor.submit(bench.order(grow, task="grows", memory=400_000_000))
        while len(ended) < 2:
            found = [m.result for m in executor.poll(60) if isinstance(m, Done)]
            ended += found
            if any(result.task == "grows" for result in found):
                (bench.project / "over").touch()
    finally:
        executor.close()
    assert [(one.task, one.state) for one in ended] == [("grows", "out-of-memory"), ("waits", "ok")]
    assert "MB of memory; it may hold 400 MB" in ended[0].error.message


def test_one_huge_allocation_is_refused(bench, engine):
    ran = bench.run("x = bytearray(3_000_000_000)", memory=400_000_000, engine=engine)
    assert ran.state == "out-of-memory"


def test_children_count_as_memory_of_the_kernel(bench):
    child = "x = bytearray(500_000_000); import time; time.sleep(60)"
    source = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])"
    ran = bench.run(source, memory=400_000_000)
    assert ran.state == "out-of-memory"


@pytest.mark.parametrize("source", ["while True: pass", HELD, DEAF])
def test_cancelling_ends_the_kernel_within_a_second(bench, engine, source):
    began = bench.begin(bench.order("import os; print(os.getpid())", source, engine=engine),
                        until=CellOutput)  # fmt: skip
    pid = int(next(event.text for event in began if isinstance(event, CellOutput)))
    at = monotonic()
    bench.executor.cancel("step")
    ended = bench.end()
    assert isinstance(ended, Done)
    assert ended.result.state == "cancelled"
    assert monotonic() - at < 1.5
    assert not psutil.pid_exists(pid)


def test_what_waits_is_cancelled_at_once(bench):
    executor = LocalExecutor(1)
    try:
        executor.submit(bench.order(HELD, task="first"))
        executor.submit(bench.order("1", task="second"))
        executor.cancel("second")
        (message,) = executor.poll(1)
        assert isinstance(message, Done)
        assert (message.result.task, message.result.state) == ("second", "cancelled")
    finally:
        executor.close()


def test_a_killed_worker_is_told_as_lost_and_takes_its_kernel_along(bench):
    source = "import os, subprocess; print(os.getpid(), subprocess.Popen(['sleep', '999']).pid)"
    began = bench.begin(bench.order(source, HELD), until=CellOutput)
    text = next(event.text for event in began if isinstance(event, CellOutput))
    kernel, child = map(int, text.split())
    os.kill(psutil.Process(kernel).ppid(), signal.SIGKILL)
    ended = bench.end()
    assert isinstance(ended, Lost)
    assert "signal 9" in ended.why
    assert _gone(kernel)
    assert _gone(child)
    assert bench.run("print('again')").state == "ok"


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


ENGINE = """
import json, sys
from nbpipe import wire
from nbpipe.run.executors import Told
from nbpipe.run.local import LocalExecutor
from nbpipe.run.order import Order
executor = LocalExecutor(1)
executor.submit(wire.load(Order, json.loads(sys.argv[1])))
while True:
    for message in executor.poll(1):
        text = getattr(message.event, "text", "") if isinstance(message, Told) else ""
        if text:
            print(text, flush=True)
"""


def test_when_the_engine_is_killed_nothing_stays(bench, tmp_path, monkeypatch):
    temporary = tmp_path / "t"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    source = (
        "import os, subprocess\n"
        "print(os.getppid(), os.getpid(), subprocess.Popen(['sleep', '998']).pid)"
    )
    told = json.dumps(wire.dump(bench.order(source, HELD)))
    command = [sys.executable, "-c", ENGINE, told]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as engine:
        started = [psutil.Process(int(pid)) for pid in engine.stdout.readline().split()]
        engine.kill()
    _, alive = psutil.wait_procs(started, timeout=10)
    assert all(_gone(process.pid) for process in alive)
    assert not list(temporary.iterdir())


def test_closing_leaves_no_process_and_no_file(bench, tmp_path, monkeypatch):
    temporary = tmp_path / "t"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    executor = LocalExecutor(2)
    bench = type(bench)(executor, bench.project)
    bench.begin(bench.order(HELD, task="first"), until=CellStarted)
    below = psutil.Process().children(recursive=True)
    mine = [p for p in below if str(temporary) in " ".join(p.cmdline())]
    assert mine
    executor.close()
    assert all(_gone(process.pid) for process in mine)
    assert not list(temporary.iterdir())


def test_a_kernel_that_never_starts_is_told_with_its_last_words(bench):
    ran = bench.run("1", kernel="stillborn")
    assert ran.state == "kernel-died"
    assert "the reason" in ran.result.error.message
    assert ran.told == {"a": "not-run"}


def test_an_unknown_kernel_is_told_with_those_there_are(bench):
    ran = bench.run("1", kernel="nope")
    assert ran.state == "failed"
    assert "python3" in ran.result.error.message


def test_an_input_that_is_not_in_the_store_stops_the_order(bench):
    ran = bench.run("1", inputs=("sha256:" + "0" * 64,))
    assert ran.state == "failed"
    assert ran.result.error.name == "MissingObject"


def test_an_interrupt_from_the_code_itself_is_told_as_interrupted(bench, engine):
    ran = bench.run("raise KeyboardInterrupt", "1", engine=engine)
    assert ran.state == "interrupted"
    assert ran.states == {"a": "interrupted", "b": "not-run"}


def test_a_worker_that_is_asked_to_stop_ends_its_kernel_and_says_interrupted(bench, tmp_path):
    order, result = tmp_path / "order.json", tmp_path / "result.json"
    order.write_text(json.dumps(wire.dump(bench.order("while True: pass"))))
    command = [
        sys.executable,
        "-P",
        "-m",
        "nbpipe.run.worker",
        "--order",
        order,
        "--result",
        result,
    ]
    with subprocess.Popen(command, cwd="/", stdout=subprocess.PIPE, text=True) as worker:
        assert "cell-started" in worker.stdout.readline()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 130
    told = wire.load(Result, json.loads(result.read_text()))
    assert told.state == "interrupted"
    assert [artifact.kind for artifact in told.artifacts] == ["notebook", "log"]


def test_one_order_can_be_carried_out_from_a_file(bench, tmp_path):
    order, result = tmp_path / "order.json", tmp_path / "result.json"
    order.write_text(json.dumps(wire.dump(bench.order("print(6 * 7)"))))
    done = subprocess.run(
        [*COMMAND, "--order", order, "--result", result],
        cwd="/", capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert wire.load(Result, json.loads(result.read_text())).state == "ok"
    assert '"cell-finished"' in done.stdout
