"""A server that is killed while a run goes on, and started again: real processes and kernels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from benchmarks.notebooks import notebook
from benchmarks.served import WITHIN, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.served import Served

PATH = "work/flow.ipynb"


class Desk:
    """Asks a server that may be killed and started again."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self.root, self.scratch = root, scratch

    def write(self, *cells: tuple[list[str], str]) -> None:
        """Write the notebook."""
        (self.root / PATH).parent.mkdir(parents=True, exist_ok=True)
        (self.root / PATH).write_text(json.dumps(notebook(list(cells))), "utf-8")

    def serving(self) -> Any:
        """Serve the folder; what this server keeps of its own is kept from the one before."""
        return served(self.root, self.scratch)


def call(one: Served, route: str, body: object = None) -> httpx.Response:
    asked = httpx.Client(base_url=f"{one.address}/nbpipe-api/", headers=one.headers, timeout=WITHIN)
    with asked as client:
        return client.get(route) if body is None else client.post(route, json=body)


def follow(one: Served, run: str, after: int = 0) -> Iterator[dict[str, Any]]:
    """Yield a run's events from a number on, to its end."""
    done = False
    while not done:
        answer = call(one, f"runs/{run}/events?path={PATH}&after={after}&wait=20").json()
        yield from answer["events"]
        after, done = answer["last"], answer["done"]


def kill(one: Served) -> None:
    one.process.kill()
    one.process.wait(WITHIN)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for name in ("root", "scratch"):
        (tmp_path / name).mkdir()
    return Desk(tmp_path / "root", tmp_path / "scratch")


def test_a_run_goes_on_when_the_server_is_killed_and_is_followed_to_its_end_by_the_next(
    desk: Desk, tmp_path: Path
) -> None:
    sign = tmp_path / "go"
    wait = f"import os, time\nwhile not os.path.exists({str(sign)!r}): time.sleep(0.1)"
    desk.write((["step:load"], "x = 41"), (["step:wait"], wait), (["step:sum"], "y = x + 1"))
    heard = []
    with desk.serving() as one:
        run = call(one, "runs", {"path": PATH}).json()["id"]
        for event in follow(one, run):
            heard.append(event)
            if (event["kind"], event.get("task")) == ("task-started", "wait"):
                break
        kill(one)

    with desk.serving() as one:
        assert call(one, f"runs/{run}?path={PATH}").json()["state"] == "running"
        sign.touch()
        heard += follow(one, run, after=heard[-1]["seq"])
        whole = call(one, f"runs/{run}?path={PATH}").json()
        listed = call(one, f"runs?path={PATH}").json()["runs"]

    assert [event["seq"] for event in heard] == list(range(1, len(heard) + 1))
    assert [task["state"] for task in whole["tasks"]] == ["ok", "ok", "ok"]
    assert [(each["id"], each["state"]) for each in listed] == [(run, "ok")]


def test_the_kernel_of_a_failed_step_ends_with_its_server_and_the_next_one_says_so(
    desk: Desk, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    code = f"import os\nopen({str(note)!r}, 'w').write(str(os.getpid()))\n1 / 0"
    desk.write((["step:half"], code))
    with desk.serving() as one:
        run = call(one, "runs", {"path": PATH}).json()["id"]
        assert list(follow(one, run))[-1]["state"] == "failed"
        while not call(one, f"runs/{run}/tasks/half?path={PATH}").json()["lingers"]:
            pass  # its kernel opens its sockets meanwhile
        kernel = psutil.Process(int(note.read_text()))
        kill(one)
        kernel.wait(WITHIN)

    with desk.serving() as one:
        task = call(one, f"runs/{run}/tasks/half?path={PATH}").json()
        answer = call(one, f"runs/{run}/kernel?path={PATH}", {"task": "half"})

    assert (task["state"], task["lingers"]) == ("failed", False)
    assert answer.status_code == 404
    assert "no longer there" in answer.json()["message"]
