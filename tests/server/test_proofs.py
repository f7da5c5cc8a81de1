"""Proofs that the server starts: real processes and real kernels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Ask

STEPS = (
    ("parameters", "n = 3"),
    ("step:load", "rows = list(range(n))\nprint('loaded')"),
    ("step:sum", "total = sum(rows)\ntotal"),
)


def follow(ask: Ask, run: str) -> Iterator[dict[str, Any]]:
    """Yield a proof's events until it ended."""
    last, done = 0, False
    while not done:
        data = ask(f"runs/{run}/events?after={last}&wait=20").data
        yield from data["events"]
        last, done = data["last"], data["done"]


def test_the_notebook_in_the_browser_is_proven_and_the_proof_is_kept(
    ask: Ask, write: Callable[..., Path]
) -> None:
    path = write("work/flow.ipynb", *STEPS)
    before = path.read_bytes()
    document = json.loads(before)
    document["cells"][2]["source"] += "\nprint('as in the browser')"
    asked = {"path": "work/flow.ipynb", "notebook": document, "engine": "warm"}

    answer = ask("proofs", asked)
    assert answer.status == 201, answer.data
    told = list(follow(ask, answer.data["id"]))
    kept = ask("proofs?path=work/flow.ipynb").data

    assert [event["task"] for event in told if event["kind"] == "task-finished"] == [
        "run-all", "pipeline", "compare",
    ]  # fmt: skip
    cells = [event["task"] for event in told if event["kind"] == "cell-finished"]
    assert cells.count("run-all") == 3
    assert cells.count("pipeline") == 2
    assert kept["run"]["id"] == answer.data["id"]
    assert kept["run"]["state"] == "ok"
    assert kept["proof"]["verdict"] == "equal"
    assert kept["proof"]["code"] == ask("compile", asked).data["code"]
    assert kept["proof"]["code"] != ask("compile", {"path": "work/flow.ipynb"}).data["code"]
    assert path.read_bytes() == before
    assert ask("runs?path=work/flow.ipynb").data["runs"] == []


def test_what_differs_is_told_with_its_cell(ask: Ask, write: Callable[..., Path]) -> None:
    path = write(
        "flow.ipynb",
        "import mine",
        ("step:one", "mine.remember(1)"),
        ("step:two", "print(mine.recall())"),
    )
    code = "kept = []\ndef remember(x): kept.append(x)\ndef recall(): return list(kept)\n"
    (path.parent / "mine.py").write_text(code)

    run = ask("proofs", {"path": "flow.ipynb", "engine": "warm"}).data["id"]
    list(follow(ask, run))
    proof = ask("proofs?path=flow.ipynb").data["proof"]

    assert proof["verdict"] == "different"
    assert [(one["what"], one["name"]) for one in proof["differences"]] == [("output", "c2")]


def test_a_proof_is_cancelled_while_a_cell_runs(ask: Ask, write: Callable[..., Path]) -> None:
    write("slow.ipynb", ("step:wait", "import time\ntime.sleep(600)"))

    run = ask("proofs", {"path": "slow.ipynb", "engine": "warm"}).data["id"]
    events = follow(ask, run)
    assert next(one for one in events if one["kind"] == "task-started")["task"] == "run-all"
    assert ask(f"runs/{run}/cancel", {}).status == 200
    ended = list(events)[-1]

    assert (ended["kind"], ended["state"]) == ("run-finished", "cancelled")
    kept = ask("proofs?path=slow.ipynb").data
    assert (kept["run"]["state"], kept["proof"]) == ("cancelled", None)


def test_a_notebook_with_problems_is_refused_with_them(
    ask: Ask, write: Callable[..., Path]
) -> None:
    write("bad.ipynb", ("step:a after:b", "x = 1"), ("step:b after:a", "y = 2"))

    run = ask("proofs", {"path": "bad.ipynb"}).data["id"]
    list(follow(ask, run))
    proof = ask("proofs?path=bad.ipynb").data["proof"]

    assert proof["verdict"] == "refused"
    assert proof["problems"][0]["severity"] == "error"


def test_before_the_first_proof_there_is_none(ask: Ask, write: Callable[..., Path]) -> None:
    path = write("new/flow.ipynb", *STEPS)

    assert ask("proofs?path=new/flow.ipynb").data == {"run": None, "proof": None}
    assert [one.name for one in path.parent.iterdir()] == ["flow.ipynb"]


@pytest.mark.parametrize(
    ("asked", "status"), [({"parameters": {"m": 1}}, 422), ({"path": "none.ipynb"}, 404)]
)
def test_what_cannot_be_proven_as_asked_starts_nothing(
    ask: Ask, write: Callable[..., Path], asked: dict[str, Any], status: int
) -> None:
    write("flow.ipynb", *STEPS)

    assert ask("proofs", {"path": "flow.ipynb", **asked}).status == status
    assert ask("proofs?path=flow.ipynb").data["run"] is None
