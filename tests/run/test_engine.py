"""Runs, carried out by an executor that answers from memory: what runs, is reused, is kept."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe.compile.plan import Selection
from nbpipe.errors import ProblemsError, UsageError
from nbpipe.events import (
    Artifact,
    Failure,
    Note,
    RunFinished,
    TaskFinished,
    TaskReused,
    TasksAdded,
    TaskSkipped,
    TaskStarted,
)
from nbpipe.run.engine import pause_before
from nbpipe.run.environment import Environments
from nbpipe.run.executors import Lost
from nbpipe.run.keep import notebook_file
from nbpipe.run.memory import ScriptedExecutor
from nbpipe.run.order import FileRead, Result
from nbpipe.run.project import open_project
from nbpipe.run.runs import Job, carry_out, prepare
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbpipe.events import (
        Event,
    )
    from nbpipe.run.order import Order
    from tests.conftest import WriteNotebook


class Lab:
    """A project folder, runs of it, and what every run told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Event] = []
        self.answers: dict[str, Callable[[Order], Result | Lost]] = {}
        self.executors: list[ScriptedExecutor] = []

    def run(self, selection: Selection | None = None, **more: Any) -> str:
        self.events = []
        job = Job(open_project(self.folder), selection=selection or Selection(), **more)
        with Store.open(job.project.store) as store:
            self.store = store
            self.run_id, state = carry_out(job, store, self.events.append, self._executor)
        return state

    def _executor(self, slots: int) -> ScriptedExecutor:
        self.executors.append(ScriptedExecutor(self._answer, slots))
        return self.executors[-1]

    def _answer(self, order: Order) -> Result | Lost:
        return self.answers.get(order.task, self.ok)(order)

    def ok(self, order: Order, **more: Any) -> Result:
        """The names that the save cell names, each with bytes made from the step's own code."""
        own = [c["source"] for c in order.notebook["cells"] if c["id"] in order.own]
        save = order.notebook["cells"][-1]["source"]
        artifacts = []
        for name in re.findall(r"'(\w+)'", save.partition("items=")[0]):
            data = json.dumps([name, own, order.parameters]).encode()
            artifacts.append(
                Artifact(name, self.store.blobs.put_bytes(data), len(data), "value", "json")
            )
        if "items=" in save:
            artifacts.append(self._items(own))
        book = json.dumps(order.notebook).encode()
        artifacts.append(Artifact("n", self.store.blobs.put_bytes(book), len(book), "notebook"))
        return Result(order.task, order.attempt, "ok", 0.1, tuple(artifacts), **more)

    def _items(self, own: list[str]) -> Artifact:
        rows = [
            {"label": str(n), "digest": hashlib.sha256(str(n).encode()).hexdigest(), "value": n}
            for n in self.items
        ]
        data = json.dumps({"count": len(rows), "items": rows}).encode()
        return Artifact(
            "nbpipe_items", self.store.blobs.put_bytes(data), len(data), "items", "json"
        )

    items: tuple[int, ...] = (1, 2, 3)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def ran(self) -> list[str]:
        return [event.task for event in self.of(TaskStarted)]

    @property
    def reused(self) -> list[str]:
        return [event.task for event in self.of(TaskReused)]


def failed(order: Order) -> Result:
    return Result(order.task, order.attempt, "failed", 0.1, error=Failure("ValueError", "no"))


CHAIN = (("step:load", "x = 1"), ("step:fit", "y = x"), ("step:show", "print(y)"))


@pytest.fixture(scope="session")
def looked_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kernels looked up once: a look takes a process and half a second."""
    folder = tmp_path_factory.mktemp("kernels")
    Environments(folder).find("python3")
    return folder


@pytest.fixture
def lab(tmp_path: Path, looked_up: Path) -> Lab:
    shutil.copytree(looked_up, tmp_path / ".nbpipe" / "cache")
    return Lab(tmp_path)


def test_a_first_run_runs_all_and_a_second_reuses_all(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", *CHAIN)
    assert (lab.run(), lab.ran) == ("ok", ["load", "fit", "show"])
    assert (lab.run(), lab.ran, lab.reused) == ("ok", [], ["load", "fit", "show"])
    assert len(lab.executors) == 1


def test_sources_are_not_touched(lab: Lab, write_notebook: WriteNotebook) -> None:
    path = write_notebook("n.ipynb", *CHAIN)
    before = path.read_bytes()
    lab.run()
    assert path.read_bytes() == before
    assert {p.name for p in lab.folder.iterdir()} == {"n.ipynb", ".nbpipe"}


@pytest.mark.parametrize(
    ("changed", "runs"),
    [
        ((("step:load", "x = 1  # one"), *CHAIN[1:]), []),
        ((CHAIN[0], "#%md A note.", *CHAIN[1:]), []),
        ((("step:load hide-input", "x = 1"), *CHAIN[1:]), []),
        ((*CHAIN[:2], ("step:show", "print(y, 2)")), ["show"]),
        ((CHAIN[0], ("step:fit", "y = x + 1"), CHAIN[2]), ["fit", "show"]),
    ],
)
def test_only_what_depends_on_a_change_runs_again(
    lab: Lab, write_notebook: WriteNotebook, changed: Any, runs: list[str]
) -> None:
    write_notebook("n.ipynb", *CHAIN)
    lab.run()
    write_notebook("n.ipynb", *changed)
    lab.run()
    assert lab.ran == runs


def test_a_changed_step_whose_output_is_the_same_bytes_stops_there(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", *CHAIN)
    lab.answers["load"] = lambda order: lab.ok(order)
    same = json.dumps("same").encode()

    def constant(order: Order) -> Result:
        artifact = Artifact("x", lab.store.blobs.put_bytes(same), len(same), "value", "json")
        return Result(order.task, order.attempt, "ok", 0.1, (artifact,))

    lab.answers["load"] = constant
    lab.run()
    write_notebook("n.ipynb", ("step:load", "x = 3 - 2"), *CHAIN[1:])
    lab.run()
    assert (lab.ran, lab.reused) == (["load"], ["fit", "show"])


def test_a_parameter_that_changes_reruns_the_steps_that_use_it(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("parameters", "n = 1"), ("step:a", "x = n"), ("step:b", "y = 2"))
    lab.run()
    lab.run(parameters={"n": 5})
    assert (lab.ran, lab.reused) == (["a"], ["b"])


def test_an_edited_module_beside_the_notebook_reruns_what_imports_it(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "import tools\nx = tools.f()"), ("step:b", "y = 2"))
    (lab.folder / "tools.py").write_text("import deeper\ndef f(): return 1\n")
    (lab.folder / "deeper.py").write_text("X = 1\n")
    lab.run()
    (lab.folder / "deeper.py").write_text("X = 2\n")
    lab.run()
    assert (lab.ran, lab.reused) == (["a"], ["b"])


def test_an_edited_data_file_reruns_what_reads_it_and_the_reason_names_it(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "x = open('d.csv').read()"), ("step:b", "y = 2"))
    (lab.folder / "d.csv").write_text("1")
    lab.run()
    (lab.folder / "d.csv").write_text("2")
    lab.run()
    assert lab.ran == ["a"]
    assert lab.of(TaskStarted)[0].reason == "the file d.csv changed"


def test_a_tampered_artifact_is_noticed_and_made_anew(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", *CHAIN)
    lab.run()
    (finished,) = [event for event in lab.of(TaskFinished) if event.task == "load"]
    digest = finished.artifacts[0].digest.removeprefix("sha256:")
    stored = lab.folder / ".nbpipe" / "objects" / digest[:2] / digest[2:]
    stored.chmod(0o600)
    stored.write_bytes(stored.read_bytes().replace(b"1", b"2"))
    lab.run()
    assert lab.ran == ["load"]
    assert "changed after it was stored" in lab.of(TaskStarted)[0].reason


def test_a_failing_step_stops_what_depends_on_it_and_nothing_else(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", *CHAIN, ("step:other", "z = 1"))
    lab.answers["fit"] = failed
    assert lab.run() == "failed"
    assert set(lab.ran) == {"load", "fit", "other"}
    assert [event.task for event in lab.of(TaskSkipped)] == ["show"]
    lab.answers.clear()
    assert (lab.run(), lab.ran) == ("ok", ["fit", "show"])


def test_fail_fast_stops_everything(lab: Lab, write_notebook: WriteNotebook) -> None:
    write_notebook("n.ipynb", ("step:a", "x = 1"), ("step:b", "y = 1"), ("step:c", "z = y"))
    lab.answers["a"] = failed
    assert lab.run(fail_fast=True, jobs=1) == "failed"
    assert "c" not in lab.ran


def test_a_step_is_tried_again_as_often_as_its_option_says(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    said = {"version": 1, "steps": {"a": {"retries": 2, "retry_delay": 0}}}
    write_notebook("n.ipynb", ("step:a", "x = 1"), nbpipe=said)
    lab.answers["a"] = lambda order: failed(order) if order.attempt < 3 else lab.ok(order)
    assert lab.run() == "ok"
    assert [event.attempt for event in lab.of(TaskStarted)] == [1, 2, 3]
    assert [event.again for event in lab.of(TaskFinished)] == [True, True, False]


@pytest.mark.parametrize(
    ("delay", "pauses"),
    [
        (1.0, [1, 2, 4, 8, 16, 32, 60, 60]), (0.0, [0, 0, 0]), (0.5, [0.5, 1, 2]),
        (45.0, [45, 60, 60]), (300.0, [300, 300, 300]),
    ],
)  # fmt: skip
def test_the_pause_before_an_attempt_doubles_from_what_the_option_says(
    delay: float, pauses: list[float]
) -> None:
    assert [pause_before(delay, tried) for tried in range(1, len(pauses) + 1)] == pauses
    assert pause_before(delay, 1000) == (max(60.0, delay) if delay else 0.0)


def test_a_lost_worker_costs_an_attempt_and_not_the_run(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "x = 1"))
    lab.answers["a"] = lambda o: Lost(o.task, o.attempt, "killed") if o.attempt == 1 else lab.ok(o)
    assert lab.run() == "ok"


def test_a_worker_that_is_lost_every_time_fails_the_task(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "x = 1"))
    lab.answers["a"] = lambda order: Lost(order.task, order.attempt, "killed")
    assert lab.run() == "failed"
    assert lab.of(TaskFinished)[-1].error.name == "WorkerDied"


@pytest.mark.parametrize(
    ("selection", "runs"),
    [
        (Selection(until=("fit",)), ["load", "fit"]),
        (Selection(force=("fit",)), ["load", "fit", "show"]),
    ],
)
def test_a_selection_decides_what_runs(
    lab: Lab, write_notebook: WriteNotebook, selection: Selection, runs: list[str]
) -> None:
    write_notebook("n.ipynb", *CHAIN)
    lab.run(selection)
    assert lab.ran == runs


def test_a_forced_step_runs_again_and_what_follows_only_if_its_bytes_changed(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", *CHAIN)
    lab.run()
    lab.run(Selection(force=("fit",)))
    assert (lab.ran, lab.reused) == (["fit"], ["load", "show"])


def test_a_step_alone_takes_stored_results_or_refuses(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", *CHAIN)
    with pytest.raises(UsageError, match="'load' was not asked for"):
        lab.run(Selection(only=("fit",)))
    lab.run()
    lab.run(Selection(only=("fit",), force=("fit",)))
    assert lab.ran == ["fit"]


def test_a_project_with_errors_is_refused_and_nothing_is_written(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "y = nowhere"))
    with pytest.raises(ProblemsError, match="nowhere"):
        lab.run()
    assert not (lab.folder / ".nbpipe" / "ledger.db").exists()


def test_an_unknown_kernel_is_refused_before_anything_runs(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "y = 1"), kernelspec={"name": "no-such-kernel"})
    with pytest.raises(ProblemsError, match="no-such-kernel"):
        lab.run()


# fan-out


def fan_out(
    write_notebook: WriteNotebook, tail: str = "import nbpipe\nall = nbpipe.gather('s')"
) -> None:
    path = write_notebook("n.ipynb", ("step:list", "ks = [1]"), "s = k * 2", ("step:all", tail))
    data = json.loads(path.read_text())
    data["cells"][1]["metadata"]["tags"] = ["step:score", "foreach:k in ks"]
    path.write_text(json.dumps(data))


def test_a_fan_out_has_a_task_for_each_item(lab: Lab, write_notebook: WriteNotebook) -> None:
    fan_out(write_notebook)
    assert lab.run() == "ok"
    assert lab.of(TasksAdded)[0].tasks == ("score[0]", "score[1]", "score[2]")
    assert lab.ran == ["list", "score[]", "score[0]", "score[1]", "score[2]", "all"]


def test_a_new_item_runs_alone(lab: Lab, write_notebook: WriteNotebook) -> None:
    fan_out(write_notebook)
    lab.run()
    lab.items = (1, 2, 3, 4)
    lab.run(Selection(force=("list",)))
    lab.run()
    fan_out(write_notebook, "import nbpipe\nall = list(nbpipe.gather('s'))")
    lab.run()
    assert lab.ran == ["all"]


def test_items_that_read_files_of_their_own_run_again_where_theirs_changed(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    fan_out(write_notebook)

    def reading(order: Order) -> Result:
        name = f"data-{order.task[-2]}.csv"
        digest = "sha256:" + hashlib.sha256((lab.folder / name).read_bytes()).hexdigest()
        return lab.ok(order, files_read=(FileRead(name, digest),))

    for number in range(3):
        (lab.folder / f"data-{number}.csv").write_text(str(number))
        lab.answers[f"score[{number}]"] = reading
    lab.run()
    lab.run()
    assert lab.ran == []
    (lab.folder / "data-1.csv").write_text("new")
    lab.run()
    assert lab.ran == ["score[1]"]
    assert lab.run() == "ok"
    assert lab.ran == []
    assert not (lab.folder / "nbpipe.lock").exists()  # it would grow with the items


def test_one_failing_item_fails_the_step_and_the_others_still_run(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    fan_out(write_notebook)
    lab.answers["score[1]"] = failed
    assert lab.run() == "failed"
    assert "score[2]" in lab.ran
    assert [event.task for event in lab.of(TaskSkipped)] == ["all"]
    lab.answers.clear()
    assert (lab.run(), lab.ran) == ("ok", ["score[1]", "all"])


def test_a_long_fan_out_is_taken_up_as_there_is_room_and_runs_whole(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    fan_out(write_notebook)
    lab.items = tuple(range(1000))
    assert lab.run() == "ok"
    assert lab.ran[2:-1] == [f"score[{n}]" for n in range(1000)]
    held: list[int] = []
    lab.answers["all"] = lambda order: (
        held.append(len(order.session["gather"]["s"])) or lab.ok(order)
    )  # type: ignore[func-returns-value]
    lab.run(Selection(force=("all",)))
    assert (held, len(lab.reused)) == ([1000], 1002)


def test_a_cancelled_fan_out_tells_of_every_item_that_did_not_run(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    fan_out(write_notebook)
    lab.items = tuple(range(1000))
    lab.answers["score[5]"] = failed
    assert lab.run(fail_fast=True, jobs=1) == "failed"
    skipped = {event.task for event in lab.of(TaskSkipped)}
    assert skipped >= {f"score[{n}]" for n in range(10, 1000)}
    assert not skipped & set(lab.ran)


def test_steps_of_the_same_code_are_no_stand_ins_for_each_other(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "print(1)"), ("step:b after:a", "print(1)"))
    assert lab.run() == "ok"
    assert (lab.ran, lab.reused) == (["a", "b"], [])
    lab.run()
    assert lab.reused == ["a", "b"]


def test_what_an_identical_item_of_the_same_run_left_is_used(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    fan_out(write_notebook)
    lab.items = (*range(1000), 0)
    assert lab.run(jobs=1) == "ok"
    assert lab.reused == ["score[1000]"]


def test_the_notebook_of_a_reused_item_is_there_when_it_is_asked_for(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    fan_out(write_notebook)
    lab.run()
    lab.run()
    with Store.open(lab.folder / ".nbpipe") as store:
        names = {path.name for path in store.run_folder(lab.run_id).glob("*.ipynb")}
        assert names == {"list.ipynb", "score.ipynb", "all.ipynb"}
        file = notebook_file(store, lab.run_id, store.ledger.task(lab.run_id, "score[1]"))
        assert file == store.run_folder(lab.run_id) / "score-1.ipynb"
        assert "nbpipe-load" in file.read_text("utf-8")


def test_many_items_teach_the_same_lesson_once(lab: Lab, write_notebook: WriteNotebook) -> None:
    fan_out(write_notebook)

    def writing(order: Order) -> Result:
        done = lab.ok(order)
        file = Artifact("d.csv", lab.store.blobs.put_bytes(b"1"), 1, "file")
        return replace(done, artifacts=(*done.artifacts, file))

    for number in range(3):
        lab.answers[f"score[{number}]"] = writing
    lab.run()
    said = [note.text for note in lab.of(Note) if note.text.startswith("Learned")]
    assert said == ["Learned: score wrote the file d.csv."]


# what runs find out


def test_a_change_that_reading_missed_is_learned_and_the_run_plans_anew(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook(
        "n.ipynb",
        "from lib import touch",
        ("step:a", "x = 1"),
        ("step:b", "y = touch(x)"),
        ("step:c", "print(x)"),
    )
    (lab.folder / "lib.py").write_text("def touch(x): pass\n")
    lab.answers["b"] = lambda order: lab.ok(order, changed=("x",))
    assert lab.run() == "ok"
    assert lab.ran.count("b") == 2
    lock = json.loads((lab.folder / "nbpipe.lock").read_text())
    assert lock["steps"]["b"]["gives"] == ["x"]
    lab.run()
    assert lab.ran == []


def test_a_file_that_a_step_was_seen_to_read_counts_from_then_on(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "import lib\nx = lib.read()"))
    (lab.folder / "lib.py").write_text("")
    data = lab.folder / "hidden.csv"
    data.write_text("1")

    def reading(order: Order) -> Result:
        digest = "sha256:" + hashlib.sha256(data.read_bytes()).hexdigest()
        return lab.ok(order, files_read=(FileRead("hidden.csv", digest),))

    lab.answers["a"] = reading
    lab.run()
    lab.run()
    assert lab.reused == ["a"]
    data.write_text("2")
    lab.run()
    assert lab.ran == ["a"]


def test_a_file_that_a_step_wrote_is_put_back_when_it_is_reused(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "open('out.txt', 'w').write('hello')"))
    out = lab.folder / "out.txt"

    def writing(order: Order) -> Result:
        out.write_text("hello")
        made = lab.ok(order)
        file = Artifact("out.txt", lab.store.blobs.put_bytes(b"hello"), 5, "file")
        return Result(order.task, 1, "ok", 0.1, (*made.artifacts, file))

    lab.answers["a"] = writing
    lab.run()
    out.unlink()
    lab.run()
    assert (lab.reused, out.read_text()) == (["a"], "hello")


def test_the_ledger_holds_what_was_told(lab: Lab, write_notebook: WriteNotebook) -> None:
    write_notebook("n.ipynb", *CHAIN)
    lab.run()
    with Store.open(lab.folder / ".nbpipe") as store:
        kept = [recorded.event for recorded in store.ledger.events(lab.run_id)]
        assert kept == lab.events
        assert isinstance(kept[-1], RunFinished)
        assert [row.state for row in store.ledger.tasks(lab.run_id)] == ["ok"] * 3


def test_a_plan_says_what_would_run_and_writes_nothing(
    lab: Lab, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", *CHAIN)
    lab.run()
    write_notebook("n.ipynb", CHAIN[0], ("step:fit", "y = x + 1"), CHAIN[2])
    project = open_project(lab.folder)
    with Store.open(project.store) as store:
        plan = prepare(project, store, {}).plan()
    assert [(t.task, t.action) for t in plan.tasks] == [
        ("load", "reuse"),
        ("fit", "run"),
        ("show", "waiting"),
    ]
    assert plan.tasks[1].reason == "the code of its cell 1 changed"
