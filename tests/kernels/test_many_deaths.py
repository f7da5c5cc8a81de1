"""Many tasks of which a tenth is killed: the rest is right, each death told as what it was."""

from __future__ import annotations

import os
import random

import psutil

from nbpipe.compile.render import BEGIN_CELL, ITEM_CELL
from nbpipe.run.executors import Done
from nbpipe.run.local import LocalExecutor
from nbpipe.store.blobs import LocalBlobs

TASKS = int(os.environ.get("NBPIPE_TEST_TASKS", "200"))
LIMIT = 400 * 2**20
DEATHS = {
    "kill": "os.kill(os.getpid(), 9)",
    "exit": "os._exit(7)",
    "memory": "held = []\nwhile True: held.append(bytearray(b'x') * 2**24)",
}
SAYS = {"kill": "signal 9", "exit": "exit code 7", "memory": "memory"}


def orders(bench, chances):
    """Orders, every second one of a fan-out that shares its state, with their fates."""
    for number in range(TASKS):
        fate = chances.choice(sorted(DEATHS)) if chances.random() < 0.1 else ""
        own = DEATHS[fate] if fate else "print(base + i)"
        shared = "import os\nbase = 1000"
        sources = ("begun = True", shared, f"i = {number}", own)
        if number % 2:
            order = bench.order(*sources, task=f"t{number}", own=("d",), memory=LIMIT)
            names = (BEGIN_CELL, "b", ITEM_CELL, "d")
            for cell, name in zip(order.notebook["cells"], names, strict=True):
                cell["id"] = name
        else:
            order = bench.order(*sources, task=f"t{number}", memory=LIMIT)
        yield order, fate


def printed(bench, result):
    blobs = LocalBlobs(str(bench.store))
    log = next(a for a in result.artifacts if a.name == "log.txt")
    return blobs.path(log.digest).read_text()


def test_a_tenth_that_is_killed_harms_nobody_and_leaves_nothing(bench, tmp_path):
    files = len(os.listdir("/proc/self/fd"))
    executor = LocalExecutor(2)
    fates, results, held = {}, {}, []
    for order, fate in orders(bench, random.Random(7)):
        fates[order.task] = fate
        executor.submit(_warm(order))
    while len(results) < TASKS:
        for message in executor.poll(60):
            if isinstance(message, Done):
                results[message.result.task] = message.result
        if len(results) in (TASKS // 4, TASKS - 1):
            held.append(_held(executor))
    workers = [worker.process.pid for worker in executor._workers]
    below = [p.pid for pid in workers for p in psutil.Process(pid).children(recursive=True)]
    private = executor._folder
    executor.close()
    for task, fate in fates.items():
        _check(bench, task, fate, results[task])
    assert not [pid for pid in (*workers, *below) if psutil.pid_exists(pid)]
    assert not private.exists()
    assert len(os.listdir("/proc/self/fd")) == files
    assert not list((bench.store / "tmp").iterdir())
    assert held[-1] <= held[0] + 8  # what a worker has open does not grow


def _warm(order):
    from dataclasses import replace

    return replace(order, engine="warm")


def _held(executor):
    return max(len(os.listdir(f"/proc/{w.process.pid}/fd")) for w in executor._workers)


def _check(bench, task, fate, result):
    if not fate:
        assert result.state == "ok", (task, result)
        assert f"{1000 + int(task[1:])}\n" in printed(bench, result)
        return
    state = "out-of-memory" if fate == "memory" else "kernel-died"
    assert result.state == state, (task, fate, result)
    assert SAYS[fate] in result.error.message, result.error
