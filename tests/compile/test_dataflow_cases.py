"""Tables of small notebooks and what each of their steps needs and gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe.compile.dataflow.stepflows import read_flow
from nbpipe.compile.flow import Block
from nbpipe.compile.notebook import Cell

if TYPE_CHECKING:
    from nbpipe.compile.flow import Flow

OWN = Path(__file__).with_name("dataflow_cases.jsonl")
SHARED = Path(__file__).parents[3] / "shared" / "dataflow-cases.jsonl"


def rows(path: Path) -> list[Any]:
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [pytest.param(row, id=row["name"]) for row in map(json.loads, lines)]


def flow_of(cells: list[dict[str, str]]) -> Flow:
    return read_flow(
        [
            Block(
                Cell(f"c{index}", "code", cell["source"], index=index),
                cell.get("role", "step"),  # type: ignore[arg-type]
                cell.get("step", ""),
            )
            for index, cell in enumerate(cells)
        ]
    )


@pytest.mark.parametrize("row", rows(OWN))
def test_each_step_needs_gives_and_replays_what_the_table_says(row: dict[str, Any]) -> None:
    flow = flow_of(row["cells"])
    found = {
        step.step: {
            "needs": [need.name for need in step.needs],
            "gives": list(step.gives),
            "code": sorted({name for snip in step.replay if snip.used for name in snip.binds}),
            "parameters": sorted(step.parameters),
        }
        for step in flow.steps
    }
    assert found == row["expect"]
    assert files_missing(row, flow) == []
    said = {problem.code for problem in flow.problems if problem.severity == "error"}
    assert sorted(said) == row.get("problems", [])


@pytest.mark.parametrize("row", rows(SHARED))
def test_the_shared_table_is_met_by_grade(row: dict[str, Any]) -> None:
    flow = flow_of(row["cells"])
    assert names_wrong(row, flow) == []
    assert files_missing(row, flow) == []
    check = {"refuse": is_refused, "unserializable": names_value, "hidden": is_seen}.get(
        row["grade"], is_accepted
    )
    assert check(row, flow)


def names_wrong(row: dict[str, Any], flow: Flow) -> list[str]:
    wrong = []
    for step in flow.steps:
        expected = row["expect"][step.step]
        allowed = row.get("allow", {}).get(step.step, {})
        needs = {need.name for need in step.needs}
        code = {name for snippet in step.replay if snippet.used for name in snippet.binds}
        if not (step.opaque and row["grade"] == "dynamic"):
            wrong += [f"{step.step} lacks {n}" for n in set(expected["inputs"]) - needs - code]
        if row["grade"] == "refuse":
            continue
        extra = needs - set(expected["inputs"]) - set(allowed.get("inputs", ()))
        wrong += [f"{step.step} needs {name}" for name in extra]
        own = {n for other in flow.steps for s in other.replay for n in s.binds}
        wrong += [f"{step.step} loses {n}" for n in set(expected["outputs"]) - {*step.gives} - own]
        extra = set(step.gives) - set(expected["outputs"]) - set(allowed.get("outputs", ()))
        wrong += [f"{step.step} gives {name}" for name in extra]
    return wrong


def files_missing(row: dict[str, Any], flow: Flow) -> list[str]:
    steps = {step.step: step for step in flow.steps}
    return [
        path
        for writer, reader, path in row.get("files", ())
        if path not in {use.path for use in steps[writer].writes}
        or path not in {use.path for use in steps[reader].reads}
    ]


def is_accepted(_: dict[str, Any], flow: Flow) -> bool:
    return not any(problem.severity == "error" for problem in flow.problems)


def is_refused(row: dict[str, Any], flow: Flow) -> bool:
    codes = {problem.code for problem in flow.problems if problem.severity == "error"}
    if row.get("cycle"):
        return "cycle" in codes
    unresolved = {(step, name) for step, names in row["unresolved"].items() for name in names}
    return unresolved <= {
        (step.step, need.name) for step in flow.steps for need in step.needs if need.giver is None
    }


def names_value(row: dict[str, Any], flow: Flow) -> bool:
    said = [problem.message for problem in flow.problems if problem.code == "unstorable"]
    return all(
        any(message.startswith(name + " ") for message in said) for name in row["unserializable"]
    )


def is_seen(row: dict[str, Any], flow: Flow) -> bool:
    """Hidden state is reported, replayed, or known to travel."""
    settings = [s for step in flow.steps for s in step.replay if s.kind in ("setting", "import")]
    random = any(step.draws | step.seeds for step in flow.steps)
    return bool(flow.problems or settings or random) and bool(row["hidden"])
