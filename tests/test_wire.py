"""What goes over the wire comes back as it was, and the browser knows every word of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from nbpipe.events import (
    KINDS,
    Artifact,
    CellState,
    Failure,
    Note,
    RunFinished,
    RunStarted,
    RunState,
    TaskFinished,
    TaskReused,
    TasksAdded,
    TaskState,
)
from nbpipe.run.order import FileRead, Order, Result
from nbpipe.wire import brief, dump, dump_event, load, load_event

WIRE = Path(__file__).parents[1] / "labextension" / "src" / "wire.ts"
ARTIFACT = Artifact("x", "sha256:1", 3, "value", "json", "int", {"text": "3"})
FAILURE = Failure("ValueError", "no", "c1", "Traceback …")


@pytest.mark.parametrize(
    "event",
    [
        RunStarted("n.ipynb", "papermill", ("a", "b"), {"n": [1, None]}),
        TasksAdded("s", ("s[0]",), ("NZ",)),
        TaskFinished("a", "failed", 0.5, 2, "k", (ARTIFACT,), {"m": 1.5}, {"c": "ok"}, FAILURE, 9),
        TaskReused("a", "key:1", "unchanged", "r", "a", (ARTIFACT,)),
        Note("text", "a", "warning"),
        RunFinished("ok", 1.0),
    ],
)  # fmt: skip
def test_an_event_comes_back_as_it_was(event: object) -> None:
    data = json.loads(json.dumps(dump_event(event)))  # type: ignore[arg-type]
    assert load_event(data) == event


def test_orders_and_results_come_back_as_they_were() -> None:
    order = Order(
        "r", "t", 1, "k", {"cells": []}, "python", "python3", "papermill", "/p", "/p", "/s",
        {"n": 1}, {"version": 1}, ("sha256:1",), ("c",), (), ("*.csv",), 1.5, 2**30,
    )  # fmt: skip
    result = Result("t", 1, "ok", 0.5, (ARTIFACT,), files_read=(FileRead("a", "sha256:2"),))
    assert load(Order, json.loads(json.dumps(dump(order)))) == order
    assert load(Result, json.loads(json.dumps(dump(result)))) == result


def test_what_a_newer_writer_added_is_passed_over() -> None:
    assert load_event({"kind": "note", "text": "x", "colour": "red"}) == Note("x")


def test_the_browser_knows_every_state_and_every_event() -> None:
    text = WIRE.read_text("utf-8")
    words = set(re.findall(r"'([a-z-]+)'", text))
    states = {*get_args(TaskState), *get_args(RunState)}
    # What cells write comes by a route of its own, never among the events of the ledger.
    assert states | (KINDS.keys() - {"cell-output"}) <= words


def test_the_states_of_cells_are_those_of_tasks_and_one_more() -> None:
    assert set(get_args(CellState)) - set(get_args(TaskState)) == {"not-run"}


def test_parts_that_several_values_share_are_made_once() -> None:
    shared = (Artifact("x", "sha256:" + "a" * 64, 3, "value"),)
    ended, reused = (
        TaskFinished("a", "ok", 1.0, artifacts=shared),
        TaskReused("a", "k", "", "r", "a", shared),
    )
    done: dict[int, object] = {}
    first, second = brief(ended, done), brief(reused, done)
    assert first["artifacts"] is second["artifacts"]
    assert (first, second) == (brief(ended), brief(reused))
