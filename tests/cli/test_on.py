"""Where a run's steps are carried out: said on the line or in nbpipe.toml, kept, and shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import nbpipe as package
from nbpipe.api import Options
from nbpipe.cli.app import app
from nbpipe.errors import RunError
from nbpipe.events import RunStarted
from nbpipe.run.memory import ScriptedExecutor
from nbpipe.store.store import Store
from tests.cli.conftest import failing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbpipe.run.executors import Message
    from tests.cli.conftest import Desk

SECRET = "sort://ann:s3cret@10.0.0.7:8786"


def on_of(desk: Desk) -> list[str]:
    with Store.open(desk.folder / ".nbpipe") as store:
        (newest, *_) = store.ledger.runs()
        events = [one.event for one in store.ledger.events(newest.id)]
    return [event.on for event in events if isinstance(event, RunStarted)]


def test_a_run_is_on_this_machine_if_nothing_else_is_said(nbpipe: Desk) -> None:
    assert nbpipe("run").exit_code == 0
    assert on_of(nbpipe) == ["local"]
    assert "\non " not in nbpipe("show").output
    assert nbpipe.executors[0].slots > 1


def test_the_address_is_kept_and_shown_without_its_password(nbpipe: Desk) -> None:
    said = nbpipe("run", "--on", SECRET, "--json")
    assert said.exit_code == 0, said.output
    assert json.loads(said.stdout)["on"] == "sort://***@10.0.0.7:8786"
    assert on_of(nbpipe) == ["sort://***@10.0.0.7:8786"]
    assert "sort://***@10.0.0.7:8786" in nbpipe("show").output
    stored = [path for path in nbpipe.folder.rglob("*") if path.is_file()]
    assert not [path for path in stored if b"s3cret" in path.read_bytes()]


def test_the_project_says_it_for_all_runs_and_the_line_for_one(nbpipe: Desk) -> None:
    (nbpipe.folder / "nbpipe.toml").write_text('executor = "sort://h:1"\n')
    nbpipe("run")
    assert on_of(nbpipe) == ["sort://h:1"]
    nbpipe("run", "--on", "local", "--force", "all")
    assert on_of(nbpipe) == ["local"]


def test_a_run_can_be_resumed_elsewhere(nbpipe: Desk) -> None:
    nbpipe.answers["fit"] = failing
    nbpipe("run")
    del nbpipe.answers["fit"]
    assert nbpipe("resume", "--on", "sort://h:1").exit_code == 0
    assert on_of(nbpipe) == ["local", "sort://h:1"]


def test_elsewhere_as_many_steps_run_as_there_is_room_for(nbpipe: Desk) -> None:
    asked = []

    def make(slots: int) -> ScriptedExecutor:
        asked.append(slots)
        return nbpipe.executor(3)

    for more in ([], ["--jobs", "5"]):
        line = ["run", "--on", "sort://h:1", "--force", "all", *more]
        assert CliRunner().invoke(app, line, obj=make).exit_code == 0
    assert asked == [0, 5]


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("desk://h:1", "No executor for addresses that begin with desk://"),
        ("10.0.0.7", "'10.0.0.7' is no address of an executor"),
    ],
)
def test_an_address_that_nobody_knows_is_refused_before_anything_is_written(
    nbpipe: Desk, address: str, says: str
) -> None:
    before = sorted(nbpipe.folder.rglob("*"))
    said = CliRunner().invoke(app, ["run", "--on", address])
    assert said.exit_code == 2
    assert says in said.output
    assert sorted(nbpipe.folder.rglob("*")) == before


def test_a_place_that_does_not_answer_leaves_no_step_running(nbpipe: Desk) -> None:
    def silent(slots: int) -> ScriptedExecutor:
        raise RunError("Nobody answers at sort://h:1.")

    said = CliRunner().invoke(app, ["run", "--on", "sort://h:1"], obj=silent)
    assert said.exit_code == 1
    assert "Nobody answers" in said.output
    shown = json.loads(nbpipe("show", "--json").stdout)
    assert shown["run"]["state"] == "failed"
    assert [one["state"] for one in shown["tasks"]] == ["interrupted", "skipped", "skipped"]
    assert nbpipe("resume").exit_code == 0


class Lent(ScriptedExecutor):
    """Has one slot until it was polled, then four."""

    def poll(self, timeout: float) -> Sequence[Message]:
        self.slots = 4
        return super().poll(timeout)


def test_python_says_it_in_the_options(nbpipe: Desk) -> None:
    compiled = package.compile(nbpipe.folder)
    run = compiled.run(options=Options(on=SECRET, executor=nbpipe.executor))
    assert run.ok
    assert on_of(nbpipe) == ["sort://***@10.0.0.7:8786"]


def test_the_engine_follows_a_cluster_that_grows(nbpipe: Desk) -> None:
    made: list[Lent] = []

    def make(slots: int) -> Lent:
        made.append(Lent(nbpipe.answer, 1))
        return made[-1]

    for name in "abcdefgh":
        write = {"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}
        cell = {"cell_type": "code", "id": name, "source": f"{name} = 1", "outputs": []}
        cell |= {"metadata": {"tags": [f"step:{name}"]}, "execution_count": None}
        path = nbpipe.folder / f"{name}.ipynb"
        path.write_text(json.dumps({**write, "cells": [cell]}))
    said = CliRunner().invoke(app, ["run", "--on", "sort://h:1"], obj=make)
    assert said.exit_code == 0, said.output
    assert made[0].at_once == 4
