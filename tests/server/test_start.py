"""Runs that the server starts: real processes, and in two tests real kernels."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from nbpipe_jupyter.app import RUN_EVENT

from nbpipe.store.store import Store

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
    """Yield a run's events until it ended."""
    last, done = 0, False
    while not done:
        data = ask(f"runs/{run}/events?after={last}&wait=20").data
        yield from data["events"]
        last, done = data["last"], data["done"]


def test_an_unsaved_notebook_runs_to_its_end_and_can_be_opened(
    ask: Ask, write: Callable[..., Path]
) -> None:
    path = write("my work/flow.ipynb", *STEPS)
    before = path.read_bytes()
    document = json.loads(before)
    document["cells"][2]["source"] = "total = sum(rows) + 100\ntotal"

    answer = ask(
        "runs", {"path": "my work/flow.ipynb", "notebook": document, "parameters": {"n": 4}}
    )
    assert answer.status == 201, answer.data
    run = answer.data["id"]
    kinds = [event["kind"] for event in follow(ask, run)]
    ended = ask(f"runs/{run}").data

    assert kinds[0] == "run-started"
    assert kinds[-1] == "run-finished"
    assert ended["state"] == "ok"
    assert ended["path"] == "my work/flow.ipynb"
    assert ended["parameters"] == {"n": 4}
    assert ended["counts"] == {"ok": 2}
    executed = ask(f"contents/{ended['tasks'][1]['notebook'].replace(' ', '%20')}").data
    assert "106" in json.dumps(executed["content"])
    while "trusted" not in json.dumps(executed):  # what this server had run may show all it drew
        executed = ask(f"contents/my%20work/{run}/sum.ipynb").data
    lines = ask(f"runs/{run}/output?task=load").data["lines"]
    assert "loaded" in "".join(line["text"] for line in lines)
    assert path.read_bytes() == before


def test_a_run_is_cancelled_and_resumed(ask: Ask, write: Callable[..., Path]) -> None:
    folder = write(
        "flow.ipynb", ("step:wait", "import os, time\nos.path.exists('go') or time.sleep(600)")
    ).parent
    run = ask("runs", {"path": "flow.ipynb"}).data["id"]

    seen = []
    for event in follow(ask, run):
        seen.append(event["kind"])
        if event["kind"] == "cell-started":
            engine = Store.open(folder / ".nbpipe").ledger.engine(run)
            assert engine is not None
            assert os.getsid(engine.pid) == engine.pid  # so that it outlives the server
            assert ask(f"runs/{run}/cancel", {}).status == 200

    assert seen[-1] == "run-finished"
    assert ask(f"runs/{run}").data["state"] == "cancelled"

    (folder / "go").touch()
    again = ask(f"runs/{run}/resume", {})
    assert again.status == 200, again.data
    assert list(follow(ask, run))[-1]["state"] == "ok"
    assert ask(f"runs/{run}/resume", {}).status == 422


def test_browsers_are_hinted_at_news_and_the_server_is_not_idle(
    ask: Ask, write: Callable[..., Path], jp_serverapp: Any
) -> None:
    hints = []

    async def heard(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        hints.append(data)

    jp_serverapp.event_logger.add_listener(schema_id=RUN_EVENT, listener=heard)
    write("flow.ipynb", ("step:load", "x = 1"))
    run = ask("runs", {"path": "flow.ipynb"}).data["id"]
    last = list(follow(ask, run))[-1]["seq"]

    while not hints or hints[-1]["seq"] < last:
        ask("hello")
    assert {hint["run"] for hint in hints} == {run}
    assert "nbpipe_last_activity" in jp_serverapp.web_app.settings


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"only": ["lod"]}, "unknown-name"),
        ({"from": ["lod"]}, "unknown-name"),
        ({"parameters": {"m": 1}}, "unknown-name"),
        ({"parameters": {"n; import os": 1}}, "bad-parameter"),
        ({"parameters": {"n": {"a": [1, {"b": None}]}}}, None),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_written(
    ask: Ask, write: Callable[..., Path], asked: dict[str, Any], code: str | None
) -> None:
    folder = write("flow.ipynb", *STEPS).parent

    answer = ask("plan", {"path": "flow.ipynb", **asked})
    assert (answer.status, answer.data.get("error", {}).get("code")) == (422 if code else 200, code)
    if code:
        answer = ask("runs", {"path": "flow.ipynb", **asked})
        assert answer.status == 422
        assert not (folder / ".nbpipe" / "ledger.db").exists()


def test_problems_come_back_as_a_list(ask: Ask, write: Callable[..., Path]) -> None:
    folder = write("flow.ipynb", ("step:load after:lod", "rows = 1")).parent

    answer = ask("runs", {"path": "flow.ipynb"})

    assert answer.status == 422
    assert answer.data["error"]["code"] == "problems"
    assert answer.data["problems"][0]["cell"] == "c0"
    assert not (folder / ".nbpipe").exists()


def test_a_plan_says_what_would_run_and_why(ask: Ask, write: Callable[..., Path]) -> None:
    write("flow.ipynb", *STEPS)

    tasks = ask("plan", {"path": "flow.ipynb"}).data["tasks"]

    assert [(task["task"], task["action"]) for task in tasks] == [
        ("load", "run"),
        ("sum", "waiting"),
    ]
    assert tasks[0]["reason"] == "it has not run before"


class TestWithAnInterpreterThatFails:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
        broken = tmp_path / "python"
        broken.write_text(f"#!{sys.executable}\nraise SystemExit('no nbpipe here')\n")
        broken.chmod(0o700)
        jp_server_config["NbpipeApp"] = {"python": str(broken)}
        return jp_server_config

    def test_its_last_words_are_told(self, ask: Ask, write: Callable[..., Path]) -> None:
        write("flow.ipynb", *STEPS)

        answer = ask("runs", {"path": "flow.ipynb"})

        assert answer.status == 500
        assert answer.data["error"]["code"] == "run-not-started"
        assert "no nbpipe here" in answer.data["message"]


class TestWithoutAnInterpreter:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        jp_server_config["NbpipeApp"] = {"python": "/nowhere/python"}
        return jp_server_config

    def test_it_is_said(self, ask: Ask, write: Callable[..., Path]) -> None:
        write("flow.ipynb", *STEPS)

        answer = ask("runs", {"path": "flow.ipynb"})

        assert answer.status == 500
        assert "/nowhere/python could not be started" in answer.data["message"]


class TestTheKernelThatFailed:
    STEPS = (
        ("step:load", "rows = [1, 2]"),
        ("step:half", "before = len(rows)\nrows.append(3)\n1 / 0\nrows.append(4)"),
    )

    @pytest.fixture
    def failed(self, ask: Ask, write: Callable[..., Path]) -> str:
        write("work/flow.ipynb", *self.STEPS)
        run: str = ask("runs", {"path": "work/flow.ipynb"}).data["id"]
        list(follow(ask, run))
        while not ask(f"runs/{run}/tasks/half").data["lingers"]:
            pass  # its kernel opens its sockets meanwhile
        return run

    def test_it_is_opened_as_one_of_the_servers_kernels(
        self, ask: Ask, failed: str, jp_serverapp: Any, jp_asyncio_loop: Any
    ) -> None:
        answer = ask(f"runs/{failed}/kernel", {"task": "half", "until": "failure"})
        again = ask(f"runs/{failed}/kernel", {"task": "half", "until": "failure"})
        manager = jp_serverapp.kernel_manager
        run = jp_asyncio_loop.run_until_complete
        client = manager.get_kernel(answer.data["id"]).client()
        client.start_channels()

        async def value(code: str) -> str:
            told: list[str] = []

            def hear(message: dict[str, Any]) -> None:
                told.append(message["content"].get("data", {}).get("text/plain", ""))

            await client._async_execute_interactive(code, output_hook=hear, timeout=60)
            return "".join(told)

        assert answer.status == 201, answer.data
        assert again.data == answer.data
        assert answer.data["cells"] == []
        assert answer.data["path"] == f"work/half of {failed}.ipynb"
        assert run(value("rows, before")) == "([1, 2, 3], 2)"
        assert [model["id"] for model in manager.list_kernels()] == [answer.data["id"]]

        run(manager.restart_kernel(answer.data["id"], now=True))
        assert run(value("'rows' in dir()")) == "False"
        client.stop_channels()
        run(manager.shutdown_kernel(answer.data["id"], now=True))
        assert manager.list_kernels() == []
        assert not ask(f"runs/{failed}/tasks/half").data["lingers"]

    def test_when_it_is_shut_down_it_is_gone_with_its_worker(
        self, ask: Ask, failed: str, jp_serverapp: Any, jp_asyncio_loop: Any
    ) -> None:
        attached = ask(f"runs/{failed}/kernel", {"task": "half"}).data["id"]
        jp_asyncio_loop.run_until_complete(jp_serverapp.kernel_manager.shutdown_kernel(attached))

        answer = ask(f"runs/{failed}/kernel", {"task": "half"})
        assert answer.status == 404
        assert "with its inputs" in answer.data["message"]

    def test_other_steps_have_none(self, ask: Ask, failed: str) -> None:
        assert not ask(f"runs/{failed}/tasks/load").data["lingers"]
        assert ask(f"runs/{failed}/kernel", {"task": "load"}).status == 404


class TestWithoutKernelsThatWait:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        jp_server_config["NbpipeApp"] = {"failed_kernels": 0}
        return jp_server_config

    def test_the_kernel_ends_with_its_step(self, ask: Ask, write: Callable[..., Path]) -> None:
        write("flow.ipynb", ("step:half", "1 / 0"))
        run = ask("runs", {"path": "flow.ipynb"}).data["id"]
        list(follow(ask, run))

        assert not ask(f"runs/{run}/tasks/half").data["lingers"]
        assert ask(f"runs/{run}/kernel", {"task": "half"}).status == 404
