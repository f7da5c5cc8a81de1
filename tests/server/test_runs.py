"""Runs through the server, from a ledger that the test writes: no engine, no kernel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from nbpipe.events import (
    Artifact,
    CellFinished,
    CellStarted,
    Failure,
    Note,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskReused,
    TasksAdded,
    TaskStarted,
)
from nbpipe.store.ledger import NewRun, StoredResult
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ask

RUN = "20260101-120000-abcd"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
EXECUTED = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        {
            "cell_type": "code",
            "id": "a",
            "metadata": {},
            "source": "hello",
            "execution_count": 1,
            "outputs": [],
        }
    ],
}


@pytest.fixture
def store(write: Callable[..., Path]) -> Store:
    """A store whose ledger has one run that is under way."""
    folder = write("work/flow.ipynb", ("step:load", "x = 1"), ("step:sum", "y = x")).parent
    store = Store.open(folder / ".nbpipe")
    store.ledger.begin_run(
        NewRun(
            RUN, str(folder), "flow.ipynb", "flow", parameters={"n": 3},
            pipeline={"name": "flow", "steps": [{"name": "load"}, {"name": "sum"}]},
        )
    )  # fmt: skip
    store.ledger.claim(RUN)
    store.ledger.record(RUN, RunStarted("flow.ipynb", "papermill", ("load", "sum"), {"n": 3}))
    return store


def notebook(store: Store) -> Artifact:
    digest = store.blobs.put_bytes(json.dumps(EXECUTED).encode())
    return Artifact("load.ipynb", digest, 10, "notebook")


def finish(store: Store, *events: Any) -> None:
    store.ledger.record_all(RUN, [*events, RunFinished("failed", 2.0)])
    store.ledger.release(RUN)


def test_the_runs_of_a_notebook_are_listed(ask: Ask, store: Store) -> None:
    data = ask("runs?path=work/flow.ipynb&limit=50").data

    (run,) = data["runs"]
    assert run["id"] == RUN
    assert run["state"] == "running"
    assert run["path"] == "work/flow.ipynb"
    assert run["parameters"] == {"n": 3}
    assert run["counts"] == {"waiting": 2}
    assert run["finished"] is None
    assert run["started"].endswith("Z")


def test_another_notebook_of_the_folder_has_no_runs_of_its_own(
    ask: Ask, store: Store, write: Callable[..., Path]
) -> None:
    write("work/other.ipynb", "x = 1")

    assert ask("runs?path=work/other.ipynb").data["runs"] == []
    assert len(ask("runs?path=work").data["runs"]) == 1


def test_a_folder_without_a_store_has_no_runs_and_gets_none(
    ask: Ask, write: Callable[..., Path]
) -> None:
    folder = write("flow.ipynb", ("step:load", "x = 1")).parent

    assert ask("runs?path=flow.ipynb").data == {"runs": [], "found": 0, "tags": {}}
    assert not (folder / ".nbpipe").exists()


def test_a_run_has_its_tasks_and_its_graph(ask: Ask, store: Store) -> None:
    finish(
        store,
        TaskStarted("load", 1, 2, reason="it has not run before"),
        CellStarted("load", "c0", 0),
        CellFinished("load", "c0", "ok", 0.1),
        TaskFinished("load", "ok", 1.5, artifacts=(notebook(store),), metrics={"r": float("nan")}),
        TaskStarted("sum", 1, 1),
        TaskFinished("sum", "failed", 0.5, error=Failure("KeyError", "'x'", "c1", "Traceback")),
    )  # fmt: skip

    run = ask(f"runs/{RUN}?path=work/flow.ipynb").data

    load, total = run["tasks"]
    assert run["state"] == "failed"
    assert run["graph"]["name"] == "flow"
    assert run["graph"]["project"] == "work"
    assert load["notebook"] == f"work/{RUN}/load.ipynb"
    assert load["cells"] == {"done": 1, "total": 2, "current": None}
    assert load["metrics"] == {"r": None}
    assert load["reason"] == "it has not run before"
    assert set(load["artifacts"][0]) == {"name", "digest", "type", "size", "codec", "kind"}
    assert total["error"] == {
        "name": "KeyError", "message": "'x'", "cell": "c1", "traceback": "Traceback",
    }  # fmt: skip
    assert total["notebook"] is None


def test_a_run_is_found_by_its_id_alone_also_by_a_server_that_was_restarted(
    ask: Ask, store: Store
) -> None:
    assert ask(f"runs/{RUN}").data["id"] == RUN
    assert ask("runs/20260101-120000-none").status == 404


def test_the_runs_of_a_notebook_that_is_gone_are_still_there(
    ask: Ask, store: Store, jp_root_dir: Path
) -> None:
    (jp_root_dir / "work" / "flow.ipynb").unlink()

    assert ask(f"runs/{RUN}?path=work/flow.ipynb").data["id"] == RUN


def test_a_run_of_a_project_outside_the_root_is_not_found(
    ask: Ask, store: Store, jp_root_dir: Path, tmp_path: Path
) -> None:
    # The store of a project below the root is shared with one that is not.
    (jp_root_dir / "work" / "nbpipe.toml").write_text(f"store = '{tmp_path / 'shared'}'")
    shared = Store.open(tmp_path / "shared")
    shared.ledger.begin_run(NewRun("20260101-120000-away", str(tmp_path / "elsewhere")))
    shared.ledger.begin_run(NewRun("20260101-120000-here", str(jp_root_dir / "work")))

    runs = ask("runs?path=work").data["runs"]
    assert [run["id"] for run in runs] == ["20260101-120000-here"]
    assert ask("runs/20260101-120000-here").status == 200
    assert ask("runs/20260101-120000-away").status == 404
    assert ask("contents/work/20260101-120000-away").status == 404


@pytest.mark.parametrize("run", ["last", RUN[:8], "none", "..", "%2e%2e%2f", "a/b", "'", "é"])
def test_only_a_whole_id_names_a_run(ask: Ask, store: Store, run: str) -> None:
    answer = ask(f"runs/{quote(run, safe='')}?path=work")

    assert answer.status == 404


def test_events_are_replayed_from_a_number_on(ask: Ask, store: Store) -> None:
    store.ledger.record(RUN, TaskStarted("load", 1, 2))

    whole = ask(f"runs/{RUN}/events?path=work&after=0").data
    rest = ask(f"runs/{RUN}/events?path=work&after={whole['events'][0]['seq']}").data

    assert [event["kind"] for event in whole["events"]] == ["run-started", "task-started"]
    assert [event["kind"] for event in rest["events"]] == ["task-started"]
    assert whole["last"] == rest["last"] == rest["events"][-1]["seq"]
    assert whole["done"] is False


def test_whoever_waits_hears_of_what_happens_next(
    ask: Ask, store: Store, jp_asyncio_loop: Any
) -> None:
    after = store.ledger.run(RUN).last_seq
    started = TaskStarted("load", 1, 2)
    jp_asyncio_loop.call_later(0.3, store.ledger.record, RUN, started)

    data = ask(f"runs/{RUN}/events?path=work&after={after}&wait=20").data

    assert [event["kind"] for event in data["events"]] == ["task-started"]


def test_a_run_that_ended_is_told_to_its_end(ask: Ask, store: Store) -> None:
    finish(store)

    data = ask(f"runs/{RUN}/events?path=work").data
    rest = ask(f"runs/{RUN}/events?path=work&after={data['last']}&wait=25").data

    assert data["events"][-1]["kind"] == "run-finished"
    assert rest == {"events": [], "last": data["last"], "done": True}


def test_a_finished_task_comes_with_its_notebook_and_without_previews(
    ask: Ask, store: Store
) -> None:
    value = Artifact("x", "sha256:" + "1" * 64, 5, "value", preview={"text": "1"})
    store.ledger.record(RUN, TaskFinished("load", "ok", 1.0, artifacts=(notebook(store), value)))

    event = ask(f"runs/{RUN}/events?path=work").data["events"][-1]

    assert event["notebook"] == f"work/{RUN}/load.ipynb"
    assert all("preview" not in artifact for artifact in event["artifacts"])


def test_a_run_whose_engine_is_gone_shows_as_interrupted(ask: Ask, store: Store) -> None:
    from dataclasses import replace

    from nbpipe.store.engines import this_engine

    store.ledger.release(RUN)
    store.ledger.claim(RUN, replace(this_engine(), pid=2**22 - 1, process="another/1"))

    assert ask(f"runs/{RUN}?path=work").data["state"] == "interrupted"
    assert ask(f"runs/{RUN}/events?path=work").data["done"] is True


def test_output_comes_in_whole_lines_and_goes_on_where_it_ended(ask: Ask, store: Store) -> None:
    file = store.run_folder(RUN) / "output.jsonl"
    lines = [json.dumps({"task": task, "cell": "c", "text": task}) for task in ("load", "sum")]
    lines.insert(1, '{"task": "load", "te{"task": "load"}')  # an engine was killed here
    file.write_text("\n".join(lines) + '\n{"task": "lo')

    first = ask(f"runs/{RUN}/output?path=work&task=load").data
    file.write_text("\n".join([*lines, lines[0]]) + "\n")
    rest = ask(f"runs/{RUN}/output?path=work&from={first['next']}").data

    assert [line["text"] for line in first["lines"]] == ["load"]
    assert [line["text"] for line in rest["lines"]] == ["load"]
    assert rest["next"] == file.stat().st_size


def test_a_run_that_wrote_nothing_has_no_output(ask: Ask, store: Store) -> None:
    assert ask(f"runs/{RUN}/output?path=work").data == {"lines": [], "next": 0}


@pytest.mark.parametrize("query", ["after=-1", "after=x", "wait=1e3", "after=%C2%B2"])
def test_a_number_that_is_none_is_refused(ask: Ask, store: Store, query: str) -> None:
    assert ask(f"runs/{RUN}/events?path=work&{query}").status == 400


def test_cancelling_leaves_a_request_for_the_engine(ask: Ask, store: Store) -> None:
    answer = ask(f"runs/{RUN}/cancel?path=work", {})

    assert answer.data["state"] == "running"
    (request,) = store.ledger.requests(RUN)
    assert request.what == "cancel"
    assert request.by


def test_a_run_under_way_is_not_resumed(ask: Ask, store: Store) -> None:
    answer = ask(f"runs/{RUN}/resume?path=work", {})

    assert answer.status == 409
    assert answer.data["error"]["code"] == "run-busy"


class TestArtifacts:
    @pytest.fixture
    def digest(self, store: Store) -> str:
        picture = store.blobs.put_bytes(PNG)
        digest = store.blobs.put_bytes(b"value")
        preview = {"text": "<fig>", "image": picture}
        value = Artifact("fig", digest, 5, "value", "figure", "matplotlib.Figure", preview)
        store.ledger.record(RUN, TaskFinished("load", "ok", 1.0, artifacts=(value,)))
        return digest

    def test_a_value_has_its_preview(self, ask: Ask, digest: str) -> None:
        data = ask(f"artifacts/{quote(digest)}?path=work").data

        assert data["digest"] == digest
        assert data["type"] == "matplotlib.Figure"
        assert data["size"] == 5
        assert data["preview"]["text"] == "<fig>"

    def test_a_picture_can_be_shown_and_nothing_in_it_can_run(self, ask: Ask, digest: str) -> None:
        answer = ask(f"artifacts/{digest}/image?path=work")

        assert answer.body == PNG
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

    def test_what_is_no_picture_is_not_sent_as_one(
        self, ask: Ask, store: Store, digest: str
    ) -> None:
        page = store.blobs.put_bytes(b"<script>alert(1)</script>")
        value = Artifact("x", page, 5, "value", preview={"image": page})
        store.ledger.record(RUN, TaskFinished("sum", "ok", 1.0, artifacts=(value,)))

        assert ask(f"artifacts/{page}/image?path=work").status == 404

    @pytest.mark.parametrize(
        "name", ["sha256:" + "0" * 64, "sha256:..", "x", "%2e%2e%2fledger.db", "md5:" + "0" * 64]
    )
    def test_what_is_not_there_is_not_found(self, ask: Ask, store: Store, name: str) -> None:
        assert ask(f"artifacts/{name}?path=work").status == 404
        assert ask(f"artifacts/{name}/image?path=work").status == 404


class TestTheDrive:
    @pytest.fixture
    def executed(self, store: Store) -> str:
        log = Artifact("log.txt", store.blobs.put_bytes(b"said"), 4, "log", type="text/plain")
        left = (notebook(store), log)
        store.ledger.record_all(
            RUN,
            [
                TasksAdded("load", ("load[0]",), ("first",)),
                TaskFinished("load[0]", "ok", 1.0, artifacts=left),
                TaskReused("sum", "k", "unchanged", RUN, "load[0]", left),
            ],
        )
        return f"work/{RUN}"

    def test_a_notebook_is_read_only_down_to_its_cells_and_not_trusted(
        self, ask: Ask, executed: str
    ) -> None:
        model = ask(f"contents/{executed}/{quote('load[0].ipynb')}?content=1&type=notebook").data

        assert model["type"] == "notebook"
        assert model["format"] == "json"
        assert model["writable"] is False
        assert model["name"] == "load[0].ipynb"
        assert model["path"] == f"{executed}/load[0].ipynb"
        (cell,) = model["content"]["cells"]
        assert cell["source"] == "hello"
        assert cell["metadata"] == {"editable": False, "deletable": False}

    def test_a_large_one_is_sent_as_it_is_stored(
        self, ask: Ask, store: Store, executed: str
    ) -> None:
        large = {**EXECUTED, "metadata": {"filling": "é" * 9_000_000}}
        data = json.dumps(large, ensure_ascii=False).encode()
        left = Artifact("load.ipynb", store.blobs.put_bytes(data), len(data), "notebook")
        store.ledger.record(RUN, TaskFinished("sum", "ok", 1.0, artifacts=(left,)))

        model = ask(f"contents/{executed}/sum.ipynb").data

        assert model["content"] == large
        assert model["writable"] is False

    def test_models_are_what_the_contents_api_gives(self, ask: Ask, executed: str) -> None:
        from jupyter_server.services.contents.handlers import validate_model

        for path in ("", "work", executed, f"{executed}/sum.ipynb", f"{executed}/sum.txt"):
            for content in (0, 1):
                model = ask(f"contents/{path}?content={content}").data
                validate_model(model, expect_content=bool(content))

    def test_a_reused_step_shows_the_notebook_that_it_reuses(self, ask: Ask, executed: str) -> None:
        assert ask(f"contents/{executed}/sum.ipynb").data["content"]["cells"]

    def test_what_its_process_said_is_a_text_beside_it(self, ask: Ask, executed: str) -> None:
        model = ask(f"contents/{executed}/sum.txt").data

        assert (model["type"], model["content"]) == ("file", "said")

    def test_folders_list_runs_and_runs_list_files(self, ask: Ask, executed: str) -> None:
        runs = ask("contents/work").data["content"]
        files = ask(f"contents/{executed}").data["content"]

        assert [model["name"] for model in runs] == [RUN]
        assert [model["name"] for model in files] == [
            "load[0].ipynb", "load[0].txt", "sum.ipynb", "sum.txt",
        ]  # fmt: skip

    def test_nothing_has_checkpoints(self, ask: Ask, executed: str) -> None:
        assert ask(f"contents/{executed}/sum.ipynb/checkpoints").data == []

    @pytest.mark.parametrize(
        "path", ["sum", "sum.html", "none.ipynb", "sum.ipynb/x", "..%2Fflow.ipynb", ".ipynb"]
    )
    def test_nothing_else_is_there(self, ask: Ask, executed: str, path: str) -> None:
        assert ask(f"contents/{executed}/{path}").status == 404

    @pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
    def test_nothing_can_be_written(self, ask: Ask, executed: str, verb: str) -> None:
        assert ask(f"contents/{executed}/sum.ipynb", method=verb).status == 405

    def test_bytes_that_were_changed_are_not_shown(
        self, ask: Ask, store: Store, executed: str
    ) -> None:
        digest = store.ledger.task(RUN, "sum").artifacts[0].digest
        path = store.blobs.path(digest)
        path.chmod(0o600)
        path.write_bytes(b"{}")

        answer = ask(f"contents/{executed}/sum.ipynb")

        assert answer.status == 409
        assert answer.data["error"]["code"] == "damaged-object"


def test_output_comes_along_with_the_events_when_it_is_asked_for(ask: Ask, store: Store) -> None:
    file = store.run_folder(RUN) / "output.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('{"task": "load", "text": "one"}\n')
    last = ask(f"runs/{RUN}/events?path=work").data["last"]

    news = ask(f"runs/{RUN}/events?path=work&after={last}&wait=25&output=0").data
    rest = ask(f"runs/{RUN}/events?path=work&after={last}&output={news['output']['next']}").data

    assert [line["text"] for line in news["output"]["lines"]] == ["one"]
    assert news["events"] == []
    assert rest["output"]["lines"] == []


def test_the_end_of_long_output_is_had_without_its_beginning(ask: Ask, store: Store) -> None:
    file = store.run_folder(RUN) / "output.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f'{{"task": "load", "text": "{n:03}"}}\n' for n in range(100)))

    some = ask(f"runs/{RUN}/output?path=work&tail=100").data
    all_ = ask(f"runs/{RUN}/output?path=work&tail=200000").data

    assert [line["text"] for line in some["lines"]] == ["097", "098", "099"]
    assert len(all_["lines"]) == 100
    assert some["next"] == all_["next"] == file.stat().st_size


def test_events_of_one_kind_are_had_alone(ask: Ask, store: Store) -> None:
    store.ledger.record_all(RUN, [TaskStarted("load", 1, 1), Note("slow", "load", "warning")])

    events = ask(f"runs/{RUN}/events?path=work&kind=note").data["events"]

    assert [event["text"] for event in events] == ["slow"]


def test_a_large_run_comes_in_parts_that_miss_and_repeat_no_task(ask: Ask, store: Store) -> None:
    names = tuple(f"load[{n}]" for n in range(1500))
    store.ledger.record(RUN, TasksAdded("load", names, names))

    first = part = ask(f"runs/{RUN}?path=work").data
    tasks = [task["task"] for task in first["tasks"]]
    while part["next"] is not None:
        part = ask(f"runs/{RUN}?path=work&from={part['next']}").data
        tasks += [task["task"] for task in part["tasks"]]

    assert tasks == [*names, "sum"]
    assert first["seq"] == ask(f"runs/{RUN}/events?path=work").data["last"]


def test_how_long_steps_took_is_known_from_earlier_runs(ask: Ask, store: Store) -> None:
    folder = str(store.local.parent)
    for number, seconds in enumerate((9.0, 2.0, 3.0)):
        store.ledger.keep_result(
            StoredResult(f"key-{number}", RUN, "load", folder, "load", seconds=seconds)
        )

    assert ask("durations?path=work/flow.ipynb").data == {"steps": {"load": 3.0}}
    assert ask("durations?path=").data == {"steps": {}}


def test_how_much_the_store_holds_is_told_and_which_limits_are_near(ask: Ask, store: Store) -> None:
    value = Artifact("x", store.blobs.put_bytes(PNG), 1000, "value", "json", "int")
    store.ledger.record(RUN, TaskFinished("load", "ok", 1.0, 1, "key", (value,)))
    before = ask("space?path=work/flow.ipynb").data
    assert (before["held"], before["quota"], "quota" in before["near"]) == (1000, None, False)
    assert before["free"] > 0

    settings = store.local.parent / "nbpipe.toml"
    settings.write_text('quota = "1 kB"\n')
    assert ask("space?path=work").data["quota"] == "1 kB"
    assert "quota" in ask("space?path=work").data["near"]
    settings.write_text('quota = "much"\n')
    assert ask("space?path=work").status == 200
