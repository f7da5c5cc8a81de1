"""Chaos: a pipeline of thirty steps, a fault at a random instant, and the same end in every round.

``NBPIPE_TEST_ROUNDS`` says how many rounds, ``NBPIPE_TEST_SEED`` with which one to begin.
"""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sqlite3
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING, Literal

import psutil
import pytest

from nbpipe.store.store import Store
from tests import aftermath

from .engines import PATIENCE, Ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROUNDS = int(os.environ.get("NBPIPE_TEST_ROUNDS", "10"))
FIRST = int(os.environ.get("NBPIPE_TEST_SEED", "1"))
STEPS = 30
Kind = Literal[
    "engine", "worker", "kernel", "template", "paused", "locked", "full", "worker and engine"
]
KINDS: tuple[Kind, ...] = (
    "engine", "engine", "engine", "worker", "kernel", "template", "paused", "locked", "full",
    "worker and engine",
)  # fmt: skip
_NEW_NAMESPACE = 0x00020000


@dataclass(frozen=True)
class Fault:
    """What happens when so many steps have been run, and how much later (seconds)."""

    kind: Kind
    steps: int
    later: float
    choice: float

    @classmethod
    def of(cls, seed: int) -> Fault:
        """Return the fault of a round; ten rounds have every kind."""
        chance = random.Random(seed)
        kind = KINDS[seed % len(KINDS)]
        return cls(kind, chance.randrange(STEPS), chance.random() * 0.2, chance.random())


def pipeline() -> list[tuple[str, str]]:
    """Thirty steps, each from one to three earlier ones; always the same."""
    chance = random.Random(30)
    cells = []
    for number in range(STEPS):
        taken = sorted({chance.randrange(number) for _ in range(3)}) if number else []
        values = "".join(f" + v{other}[-1:]" for other in taken)
        cells.append((f"step:s{number}", f"v{number} = [{number}] * 50{values} + [{number}]"))
    return cells


@pytest.fixture(scope="module")
def own_mounts() -> bool:
    """Whether disks of a few megabytes can be made that only these tests see."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.getuid() or libc.unshare(_NEW_NAMESPACE):
        return False
    mounted = subprocess.run(["mount", "--make-rprivate", "/"], check=False, capture_output=True)
    return mounted.returncode == 0


@pytest.fixture
def ground(tmp_path: Path, own_mounts: bool) -> Iterator[Ground]:
    made = Ground(tmp_path / "ground")
    made.write(pipeline())
    made.store.mkdir(mode=0o700)
    if own_mounts:
        disk = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "nbpipe-test", str(made.store)]
        subprocess.run(disk, check=True)
    yield made
    for process in made.processes():
        with suppress(psutil.Error):
            process.kill()
    if own_mounts:
        subprocess.run(["umount", "-l", str(made.store)], check=True)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> aftermath.Came:
    """What comes of the pipeline when nobody disturbs it."""
    made = Ground(tmp_path_factory.mktemp("undisturbed") / "ground")
    made.write(pipeline())
    code, said = made.run("run", "--run-id", "r")
    assert code == 0, said
    with Store.open(made.store) as store:
        return aftermath.came_to(store, "r", made.project)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + ROUNDS))
def test_whatever_happens_at_whatever_instant_the_run_ends_as_if_it_had_not(
    ground: Ground, undisturbed: aftermath.Came, own_mounts: bool, seed: int
) -> None:
    fault = Fault.of(seed)
    if fault.kind == "full" and not own_mounts:
        pytest.skip("small disks cannot be mounted here")
    engine = ground.start("run", "--run-id", "r", "--jobs", "3")
    _wait_for(ground, engine, fault)
    HAPPEN[fault.kind](ground, engine, fault)
    said, _ = engine.communicate(timeout=PATIENCE)
    if engine.returncode:
        _go_on(ground, said)
    ground.check_nothing_is_left()
    with Store.open(ground.store) as store:
        assert aftermath.came_to(store, "r", ground.project) == undisturbed
        aftermath.check_sound(store)


def _wait_for(ground: Ground, engine: subprocess.Popen[str], fault: Fault) -> None:
    """Wait for the instant: a number of steps run, and a moment more."""
    until = monotonic() + PATIENCE
    while len(ground.notes()) < fault.steps and engine.poll() is None and monotonic() < until:
        sleep(0.01)
    with suppress(subprocess.TimeoutExpired):
        engine.wait(fault.later)


def _go_on(ground: Ground, said: str) -> None:
    """Resume; what had ended is neither begun nor run again."""
    ran, done, last = ground.notes(), {}, 0
    if (ground.store / "ledger.db").exists():
        with Store.open(ground.store) as store:
            if [row for row in store.ledger.runs() if row.id == "r"]:
                done, last = aftermath.finished(store, "r"), store.ledger.run("r").last_seq
    verb = ("resume",) if last else ("run", "--run-id", "r")
    code, more = ground.run(*verb)
    assert code == 0, f"{said}\n---\n{more}"
    with Store.open(ground.store) as store:
        assert not done.keys() & set(aftermath.began(store, "r", last))
    again = {step for step, times in ground.notes().items() if times > ran.get(step, 0)}
    assert not again & done.keys()


# what happens


def _kill(*kinds: str) -> object:
    def happen(ground: Ground, engine: subprocess.Popen[str], fault: Fault) -> None:
        found = ground.kinds()
        for kind in kinds:
            some = found.get(kind, [])
            if some:
                with suppress(psutil.Error):
                    some[int(fault.choice * len(some))].send_signal(signal.SIGKILL)

    return happen


def _pause(ground: Ground, engine: subprocess.Popen[str], fault: Fault) -> None:
    """Stop the engine; another one must not take its run, and it goes on when it is woken."""
    if engine.poll() is not None:
        return
    engine.send_signal(signal.SIGSTOP)
    with Store.open(ground.store) as store:
        claimed = [row.id for row in store.ledger.runs()] and store.ledger.engine("r")
    if claimed:
        code, said = ground.run("resume", "r")
        assert code == 4, said
    engine.send_signal(signal.SIGCONT)


def _lock(ground: Ground, engine: subprocess.Popen[str], fault: Fault) -> None:
    """Hold the ledger for a second: who wants to write waits."""
    ledger = ground.store / "ledger.db"
    if not ledger.exists():
        return
    holder = sqlite3.connect(ledger, isolation_level=None, timeout=30)
    holder.execute("BEGIN IMMEDIATE")
    with suppress(subprocess.TimeoutExpired):
        engine.wait(1.0)
    holder.execute("ROLLBACK")
    holder.close()


def _fill(ground: Ground, engine: subprocess.Popen[str], fault: Fault) -> None:
    """Fill the store's disk until the engine ended, then make room again."""
    ballast = ground.store / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    with suppress(subprocess.TimeoutExpired):
        engine.wait(PATIENCE)
    ballast.unlink()


HAPPEN = {
    "engine": _kill("engine"),
    "worker": _kill("worker"),
    "kernel": _kill("kernel"),
    "template": _kill("template"),
    "worker and engine": _kill("worker", "engine"),
    "paused": _pause,
    "locked": _lock,
    "full": _fill,
}
