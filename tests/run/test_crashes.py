"""The engine is killed at every state change, and the run goes on from there as if it had not."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import traceback
from typing import TYPE_CHECKING

import pytest

from nbpipe.cli.past import job_of
from nbpipe.errors import UnknownName
from nbpipe.events import Artifact
from nbpipe.kernelside import failpoints
from nbpipe.run.environment import Environments
from nbpipe.run.executors import Lost
from nbpipe.run.memory import ScriptedExecutor
from nbpipe.run.order import FileRead, Result
from nbpipe.run.project import open_project
from nbpipe.run.runs import Job, carry_out
from nbpipe.store.store import Store
from tests import aftermath

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.run.order import Order
    from tests.conftest import WriteNotebook

CELLS = (
    ("parameters", "n = 1"),
    ("step:load", "x = 1"),
    ("step:fit", "y = x + n"),
    ("step:list", "ks = [n, x]"),
    ("step:score foreach:k in ks", "s = k * 2"),
    ("step:sum", "import nbpipe\ntotal = sum(nbpipe.gather('s'))"),
    ("step:shaky", "z = n"),
)
STEPS = {"version": 1, "steps": {"shaky": {"retries": 1}}}

ENGINE = {
    "run-inserted", "run-claimed", "run-started", "run-ending", "run-ended",
    "task-started", "task-submitted", "task-ended", "task-reused", "task-retried",
    "items-added", "result-taken", "result-kept", "worker-lost",
    "events-waiting", "events-inserted", "events-written",
    "copy-half", "file-half", "lock-written",
    "object-written", "object-sealed", "object-named",
    "store-half", "library-half", "ledger-half",
}  # fmt: skip
"""Points that the engine's own process reaches; those of others are in the tier of kernels."""


class Scene:
    """A project whose second run reuses some and makes some; each engine is a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.flaky = False  # a second attempt is waited for

    def run(self, run: str, n: int, point: str = "") -> int:
        """Carry a run out in a process of its own; it is resumed where it exists."""
        pid = os.fork()
        if not pid:
            code = 99
            try:
                failpoints.arm(f"{point}:{self.folder.parent / 'hit'}" if point else "")
                code = self._carry_out(run, n)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _carry_out(self, run: str, n: int) -> int:
        project = open_project(self.folder)
        with Store.open(project.store) as store:
            self.store = store
            try:
                row = store.ledger.run(run)
            except UnknownName:
                job = Job(project, {"n": n}, run=run)
            else:
                if row.state == "ok":
                    return 0
                job = job_of(project, store, row)
            _, state = carry_out(job, store, lambda _: None, self._executor)
        return 0 if state == "ok" else 1

    def _executor(self, slots: int) -> ScriptedExecutor:
        return ScriptedExecutor(self._answer, slots)

    def _answer(self, order: Order) -> Result | Lost:
        if order.task == "fit" and order.attempt == 1:
            return Lost(order.task, 1, "it was told to")
        if self.flaky and order.task == "shaky" and order.attempt == 1:
            return Result(order.task, 1, "failed", 0.1)
        save = order.notebook["cells"][-1]["source"]
        left = [
            self._kept(name, [name, dict(order.parameters)], "value")
            for name in re.findall(r"'(\w+)'", save.partition("items=")[0])
        ]
        if "items=" in save:
            rows = [{"label": str(k), "digest": _digest(str(k)), "value": k} for k in range(3)]
            left.append(self._kept("nbpipe_items", {"count": 3, "items": rows}, "items"))
        if order.task == "load":
            (self.folder / "out.csv").write_text("1,2,3")
            left.append(self._kept("out.csv", None, "file", b"1,2,3"))
        left.append(self._kept("n.ipynb", order.notebook, "notebook"))
        data = self.folder / "hidden.csv"
        read = (FileRead(data.name, "sha256:" + _digest(data.read_text())),)
        return Result(order.task, order.attempt, "ok", 0.1, tuple(left), files_read=read)

    def _kept(self, name: str, value: object, kind: str, data: bytes = b"") -> Artifact:
        data = data or json.dumps(value, sort_keys=True).encode()
        digest = self.store.blobs.put_bytes(data)
        return Artifact(name, digest, len(data), kind, "json")  # type: ignore[arg-type]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def played(scene: Scene, point: str = "") -> aftermath.Came:
    """Run twice with other values, killed once where a point is named; return what came of it."""
    for run, n in (("first", 1), ("second", 2)):
        if run == "second":
            (scene.folder / "out.csv").unlink()
        code = scene.run(run, n, point)
        if code < 0:
            _go_on(scene, run, n)
        else:
            assert code == 0
    with Store.open(scene.folder / ".nbpipe") as store:
        return aftermath.came_to(store, "second", scene.folder)


def _go_on(scene: Scene, run: str, n: int) -> None:
    """Resume after a crash, and see that what had ended is not begun again."""
    with Store.open(scene.folder / ".nbpipe") as store:
        there = [row for row in store.ledger.runs() if row.id == run]
        done = aftermath.finished(store, run) if there else {}
        last = there[0].last_seq if there else 0
    assert scene.run(run, n) == 0
    assert scene.run(run, n) == 0
    with Store.open(scene.folder / ".nbpipe") as store:
        assert not done.keys() & set(aftermath.began(store, run, last))
        aftermath.check_sound(store)


@pytest.fixture(scope="session")
def looked_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kernels looked up once: a look takes a process and half a second."""
    folder = tmp_path_factory.mktemp("kernels")
    Environments(folder).find("python3")
    return folder


@pytest.fixture
def scene(tmp_path: Path, looked_up: Path, write_notebook: WriteNotebook) -> Scene:
    folder = tmp_path / "p"
    write_notebook("p/n.ipynb", *CELLS, nbpipe=STEPS)
    data = json.loads((folder / "n.ipynb").read_text())
    data["cells"][4]["metadata"]["tags"] = ["step:score", "foreach:k in ks"]
    (folder / "n.ipynb").write_text(json.dumps(data))
    (folder / "hidden.csv").write_text("7")
    shutil.copytree(looked_up, folder / ".nbpipe" / "cache")
    (folder / ".nbpipe").chmod(0o700)
    return Scene(folder)


@pytest.fixture(scope="session")
def undisturbed() -> dict[str, aftermath.Came]:
    """What came of it without a crash, once it is known."""
    return {}


LATER = ("file-half@4", "file-half@5", "object-named@9", "task-ended@4")
"""The lock file and a file of the project half written; and some a good way into a run."""


@pytest.mark.parametrize("point", ["", *sorted(ENGINE), *LATER])
def test_a_run_killed_at_any_state_change_goes_on_as_if_it_had_not_been(
    scene: Scene, point: str, undisturbed: dict[str, aftermath.Came]
) -> None:
    if not undisturbed:
        undisturbed[""] = played(scene)
        if not point:
            return
        shutil.rmtree(scene.folder / ".nbpipe")
        for left in ("out.csv", "nbpipe.lock"):
            (scene.folder / left).unlink()
    scene.flaky = point == "task-retried"
    came = played(scene, point)
    assert (scene.folder.parent / "hit").exists() == bool(point)
    assert came == undisturbed[""]
    assert came.state == "ok"


def test_every_state_change_of_the_engine_has_a_point_and_is_played() -> None:
    elsewhere = {"worker-spawned", "order-taken", "verdict-reached", "verdict-sent",
                 "scratch-made", "kernel-ended", "outputs-stored"}  # fmt: skip
    assert aftermath.failpoints("run", "store") - elsewhere == ENGINE
