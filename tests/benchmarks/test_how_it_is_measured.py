"""Turns, medians and differences with fakes; the launcher with small processes."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import notebooks, panel
from benchmarks.cases import CASES
from benchmarks.envs import CannotBeMade, Environment, Environments
from benchmarks.measure import Cost, Failed, Job, Work, cost_of, cost_per_unit, median
from benchmarks.peers import Peer, Size
from benchmarks.rounds import Crowd, Manner, Rounds

HERE = Path()


def job(*command: str, **others) -> Job:
    return Job((sys.executable, *command), HERE, **others)


# medians and differences


def test_the_median_is_taken_of_each_time_by_itself():
    costs = [Cost(1.0, 30.0), Cost(3.0, 10.0), Cost(2.0, 20.0)]
    assert median(costs) == Cost(2.0, 20.0)


def test_the_median_of_times_that_were_not_told_is_none():
    assert median([Cost(None, 2.0), Cost(None, 4.0)]) == Cost(None, 3.0)


def test_what_the_smaller_run_needs_does_not_count():
    costs = {"many": Cost(7.0, 9.0), "few": Cost(2.0, 4.0)}
    work = Work(Job(("many",), HERE), Job(("few",), HERE), units=5)
    assert cost_per_unit(work, 1.0, lambda job, _: costs[job.command[0]]) == Cost(1.0, 1.0)


# turns


class Scene:
    """Peers whose works are their names, a clock that does not go by itself, and what was done."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.done: list[str] = []
        self.now = 0.0
        self.takes: dict[str, float] = {}
        self.fails: set[str] = set()

    def measure(self, work: Work, limit: float) -> Cost:
        name = work.job.command[0]
        self.done.append(name)
        self.now += self.takes.get(name, 1.0)
        if name in self.fails:
            raise Failed("it fell")
        return Cost(1.0, 2.0)

    def result(self, *names: str, absent: str = "", once: bool = False):
        peers = tuple(
            Peer(name, name, {"step": lambda setting, name=name: Work(Job((name,), HERE))})
            for name in names
        )
        pythons = {name: Path(sys.executable) for name in names if name != absent}
        crowd = Crowd(peers, pythons, {absent: "no wheel"} if absent else {})
        rounds = Rounds(
            crowd, Size(), self.folder, Manner(times=3, patience=20.0), lambda text: None,
            self.measure, lambda: self.now,
        )  # fmt: skip
        return rounds.of(replace(CASES["step"], once=once))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_everyone_is_measured_in_turn(scene):
    result = scene.result("nbpipe", "a", "b")
    assert scene.done == ["nbpipe", "a", "b"] * 3
    assert [row.times for row in result.rows] == [3, 3, 3]


def test_what_takes_long_is_measured_once(scene):
    scene.takes["a"] = 100.0
    result = scene.result("nbpipe", "a")
    assert scene.done == ["nbpipe", "a", "nbpipe", "nbpipe"]
    assert [row.times for row in result.rows] == [3, 1]


def test_a_case_for_which_once_is_enough_is_measured_once(scene):
    scene.result("nbpipe", "a", once=True)
    assert scene.done == ["nbpipe", "a"]


def test_who_fails_has_no_figure_and_says_why(scene):
    scene.fails.add("a")
    failed = scene.result("nbpipe", "a").of("a")
    assert failed.cost is None
    assert failed.failure == "it fell"
    assert scene.done.count("a") == 1


def test_who_cannot_be_installed_is_in_the_result(scene):
    assert scene.result("nbpipe", "a", absent="a").of("a").failure == "not installed: no wheel"
    assert "a" not in scene.done


# the launcher

BURN = "import time\nwhile time.process_time() < 0.25: pass"
ORPHAN = f"""
import os, subprocess, sys
if not os.fork():
    os.setsid()
    subprocess.run([sys.executable, "-c", {BURN!r}])
    os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts orphans by what Linux offers")
def test_what_an_orphaned_grandchild_uses_is_counted():
    cost = cost_of(job("-c", ORPHAN), 60.0)
    assert cost.cpu is not None
    assert cost.cpu >= 0.25


def test_a_command_that_fails_says_how():
    with pytest.raises(Failed, match=r"exit code 3\. .*the reason"):
        cost_of(job("-c", "import sys; print('the reason'); sys.exit(3)"), 60.0)


def test_a_command_that_takes_too_long_is_ended():
    with pytest.raises(Failed, match="longer than"):
        cost_of(job("-c", "import time; time.sleep(1000)"), 0.2)


def test_a_command_can_tell_its_own_time():
    told = job("-c", """print("noise"); print('{"wall": 0.5}')""", tells=True)
    assert cost_of(told, 60.0) == Cost(None, 0.5)


def test_byte_code_is_kept_whatever_the_machine_says(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    code = 'import json, sys; print(json.dumps({"cpu": float(sys.dont_write_bytecode)}))'
    assert cost_of(job("-c", code, tells=True), 60.0).cpu == 0.0


def test_what_has_to_be_new_is_removed_before(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "lock").touch()
    fresh = (tmp_path / "store", tmp_path / "lock", tmp_path / "never")
    cost_of(job("-c", "", fresh=fresh), 60.0)
    assert not os.listdir(tmp_path)


# environments


def test_an_environment_is_made_once(tmp_path):
    made = []

    def make(environment: Environment, place: Path) -> str:
        made.append(environment.name)
        place.mkdir()
        return ""

    for _ in range(2):
        python = Environments(tmp_path, make=make).python(Environment("a", ("b==1.*",)))
    assert made == ["a"]
    assert python == tmp_path / "a" / "bin" / "python"


def test_what_cannot_be_made_is_tried_again_only_when_asked_or_changed(tmp_path):
    made = []

    def make(environment: Environment, place: Path) -> str:
        made.append(environment.requirements)
        place.mkdir(exist_ok=True)
        return "no wheel"

    one, two = "b==1.*", "b==2.*"
    for wanted, retry in ((one, False), (one, False), (one, True), (two, False)):
        with pytest.raises(CannotBeMade, match="no wheel"):
            Environments(tmp_path, retry, make).python(Environment("a", (wanted,)))
    assert made == [(one,), (one,), (two,)]


# notebooks


def test_an_unchanged_notebook_keeps_its_date(tmp_path):
    path = notebooks.write(tmp_path / "n.ipynb", notebooks.trivial(1))
    os.utime(path, (1, 1))
    notebooks.write(path, notebooks.trivial(1))
    assert path.stat().st_mtime == 1
    notebooks.write(path, notebooks.trivial(2))
    assert path.stat().st_mtime != 1


def test_no_two_trivial_notebooks_are_the_same():
    texts = {json.dumps(notebooks.notebook(notebooks.trivial(n))) for n in range(30)}
    assert len(texts) == 30


def test_the_chain_can_be_compiled_without_a_problem(tmp_path):
    from nbpipe.run.project import open_project

    for name, cells in (
        ("chain", notebooks.steps_in_a_chain(5)),
        ("side", notebooks.steps_side_by_side(5)),
        ("fan", notebooks.fan_out(5)),
        ("frame", notebooks.hand_over(10)),
        ("waiting", notebooks.waiting(3)),
    ):
        path = notebooks.write(tmp_path / name / "n.ipynb", cells)
        assert not open_project(path.parent).compile().problems, name


# the panel


@pytest.mark.parametrize("count", [10, 40, 41, 200, 500])
def test_a_notebook_to_edit_has_as_many_cells_as_asked_for_and_few_steps(count):
    made = panel.cells(count)
    assert len(made) == count
    steps = [tag for tags, _ in made for tag in tags]
    assert len(set(steps)) == len(steps) <= panel.STEPS + 2
    assert made[1] == (("step:last",), "print(v0)")
