"""Behind JupyterHub's proxy: two users, the whole way, live events, and nobody in another's."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from nbpipe_jupyter.app import RUN_EVENT
from nbpipe_jupyter.handlers import ROUTES
from playwright.sync_api import expect, sync_playwright
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tests.conftest import document
from tests.server.hub import PROXY, WITHIN, User, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.hub import Hub

pytestmark = [
    pytest.mark.hub,
    pytest.mark.skipif(not PROXY.exists(), reason="its proxy is not installed: `make server`"),
]

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
STEPS = (
    ("step:load", "rows = [1, 2, 103]\nprint('loaded')"),
    ("step:sum", "total = sum(rows)\ntotal"),
)


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with started() as hub:
        yield hub


@pytest.fixture(scope="module")
def alice(hub: Hub) -> Iterator[User]:
    user = User.of(hub, "alice")
    with user.client:
        user.start_server()
        (hub.home("alice") / "flow.ipynb").write_text(json.dumps(document(*STEPS)))
        yield user


@pytest.fixture(scope="module")
def bob(hub: Hub) -> Iterator[User]:
    user = User.of(hub, "bob")
    with user.client:
        yield user


def addresses() -> Iterator[tuple[str, str]]:
    """Every verb and address of the routes' table, below a user's server."""
    for pattern, handler in ROUTES:
        address = pattern.replace("/?(.*)", "/a").replace("(.*)", "a").replace("([^/]+)", "a")
        for verb in ("get", "post", "put", "patch", "delete"):
            if verb in vars(handler):
                yield verb, f"/user/alice{address}"


def test_a_run_goes_the_whole_way_and_is_opened_and_reused(alice: User) -> None:
    steps = alice.ask("compile", {"path": "flow.ipynb"}).json()["steps"]
    started = alice.ask("runs", {"path": "flow.ipynb"})
    assert started.status_code == 201, started.text
    run = started.json()["id"]
    kinds = [event["kind"] for event in alice.follow(run)]
    ended = alice.ask(f"runs/{run}").json()
    executed = alice.ask(f"contents/{ended['tasks'][1]['notebook']}").json()
    again = alice.ask("runs", {"path": "flow.ipynb"}).json()["id"]

    assert [step["name"] for step in steps] == ["load", "sum"]
    assert (kinds[0], kinds[-1], ended["state"]) == ("run-started", "run-finished", "ok")
    assert "106" in json.dumps(executed["content"])
    assert [e["kind"] for e in alice.follow(again)].count("task-reused") == 2


async def _hints(alice: User) -> tuple[list[int], int]:
    """Return the numbers that a run's hints have, and the number of its last event."""
    url = alice.hub.address.replace("http", "ws") + f"/user/{alice.name}/api/events/subscribe"
    headers = {"Authorization": alice.client.headers["Authorization"]}
    socket = await websocket_connect(HTTPRequest(url, headers=headers))
    asked = {"path": "flow.ipynb", "force": ["load", "sum"]}
    run = (await asyncio.to_thread(alice.ask, "runs", asked)).json()["id"]
    last = (await asyncio.to_thread(lambda: list(alice.follow(run))))[-1]["seq"]
    numbers: list[int] = []
    while last not in numbers:
        told = await asyncio.wait_for(socket.read_message(), WITHIN)
        assert told is not None
        event = json.loads(told)
        if event["schema_id"] == RUN_EVENT and event["run"] == run:
            numbers.append(event["seq"])
    socket.close()
    return numbers, last


def test_live_events_come_through_the_proxy(alice: User) -> None:
    numbers, last = asyncio.run(_hints(alice))

    assert numbers == sorted(set(numbers))
    assert numbers[-1] == last


@pytest.mark.parametrize(("verb", "address"), list(addresses()))
def test_another_user_is_refused(alice: User, bob: User, verb: str, address: str) -> None:
    answer = bob.client.request(verb, address)

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden"


def test_another_user_cannot_listen_and_starts_no_kernel(alice: User, bob: User) -> None:
    for route in ("api/events/subscribe", "api/contents/flow.ipynb", "api/kernels"):
        assert bob.client.get(f"/user/alice/{route}").status_code == 403


def test_nobody_else_reads_what_the_hub_keeps(hub: Hub, alice: User) -> None:
    for place in (hub.state, hub.home("alice")):
        assert place.stat().st_mode & 0o077 == 0
    assert (hub.state / "password").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no Chromium")
def test_in_a_browser_alice_runs_an_example_and_finds_it_again(hub: Hub, alice: User) -> None:
    path = "examples/diagnosis/diagnosis.ipynb"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(WITHIN * 1000)
        expect.set_options(timeout=WITHIN * 1000)
        page.goto(f"{hub.address}/hub/login?next=/user/alice/lab/tree/{path}")
        page.get_by_label("Username").fill("alice")
        page.get_by_label("Password").fill(hub.password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("tab", name="Pipeline", exact=True).click()
        graph = page.get_by_role("region", name="Pipeline graph")
        page.locator("#nbpipe-panel").get_by_role("button", name="Run pipeline").click()
        expect(graph.get_by_role("button", name="missed, ok")).to_be_visible()
        graph.get_by_role("button", name="missed, ok").click()
        expect(page.get_by_text("No Kernel").first).to_be_visible()  # what ran is only read

        page.reload()
        expect(graph.get_by_role("button", name="missed, ok")).to_be_visible()
        assert page.url.startswith(f"{hub.address}/user/alice/lab")
        browser.close()
