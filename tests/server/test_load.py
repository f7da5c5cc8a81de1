"""Many who follow a large run at once: none misses an event. Large answers do not hold it up."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from benchmarks.load import BATCH, LARGE, events_of, lay_out
from benchmarks.served import served
from nbpipe.store.rows import NewRun
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.served import Served

CLIENTS, TASKS = 50, 2000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    root, scratch = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("server")
    lay_out(root, 20, 3000)
    with served(root, scratch) as one:
        yield one, root


async def follow(client: httpx.AsyncClient, run: str) -> list[int]:
    """Return the numbers of a run's events as a client gets them, to the run's end."""
    numbers, last, done = [], 0, False
    while not done:
        answer = await client.get(f"runs/{run}/events?path=n.ipynb&after={last}&wait=20")
        data = json.loads(answer.content)
        numbers += [event["seq"] for event in data["events"]]
        last, done = data["last"], data["done"]
    return numbers


async def follow_all(one: Served, run: str) -> list[list[int]]:
    limits = httpx.Limits(max_connections=CLIENTS)
    base = f"{one.address}/nbpipe-api/"
    async with httpx.AsyncClient(
        base_url=base, headers=one.headers, limits=limits, timeout=120
    ) as client:
        return await asyncio.gather(*(follow(client, run) for _ in range(CLIENTS)))


def test_fifty_clients_follow_a_run_of_two_thousand_tasks_and_none_misses_an_event(
    server: tuple[Served, Path],
) -> None:
    one, root = server
    run, digest = "20260101-000000-live", "sha256:" + "0" * 64
    store = Store.open(root / ".nbpipe")
    store.ledger.begin_run(NewRun(run, str(root), "n.ipynb", "n"))
    store.ledger.claim(run)
    events = list(events_of(TASKS, digest))

    def carry_out() -> None:
        for begin in range(0, len(events), 100):
            store.ledger.record_all(run, events[begin : begin + 100])
            store.ledger.beat(run)
        store.ledger.release(run)

    engine = threading.Thread(target=carry_out)
    engine.start()
    heard = asyncio.run(follow_all(one, run))
    engine.join()
    there = [recorded.seq for recorded in store.ledger.events(run, 0, len(events) + 1)]
    store.close()

    assert len(there) == len(events)
    assert all(numbers == there for numbers in heard)


@pytest.mark.parametrize(
    "route",
    [
        "runs?path=n.ipynb&limit=500",
        f"runs/{LARGE}?path=n.ipynb",
        f"runs/{LARGE}/page?path=n.ipynb",
        f"runs/{LARGE}/events?path=n.ipynb",
        f"contents/{LARGE}",
    ],
)
def test_no_large_answer_keeps_the_event_loop_busy(server: tuple[Served, Path], route: str) -> None:
    one, _ = server
    before = len(one.long_work())

    answer = httpx.get(f"{one.address}/nbpipe-api/{route}", headers=one.headers, timeout=60)

    assert answer.status_code == 200
    assert len(answer.content) > BATCH
    assert one.long_work(before) == []
