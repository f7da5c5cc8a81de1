"""What the server's memory does where many follow a large run: wave after wave of 50 clients.

`python -m benchmarks.follow` starts a server in a process of its own. In each wave a run of 2,000
tasks is written to the ledger while 50 clients follow it, each to its end; then the memory of
the server's process is read. It says of each wave how many clients missed an event or got one
twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from benchmarks.load import events_of, lay_out
from benchmarks.served import served
from nbpipe.store.rows import NewRun
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from benchmarks.served import Served

PART = 100
"""Events that the engine writes at a time."""


@dataclass(frozen=True, slots=True)
class Wave:
    """How a wave went: seconds, wrong clients, answers, bytes sent, and memory afterwards."""

    seconds: float
    wrong: int
    answers: int
    size: int
    memory: int


@dataclass(slots=True)
class Heard:
    """What a client was told: the numbers of the events, in how many answers and bytes."""

    numbers: list[int]
    answers: int = 0
    size: int = 0


async def follow(client: httpx.AsyncClient, run: str) -> Heard:
    """Return what one client hears of a run, to its end."""
    heard, last, done = Heard([]), 0, False
    while not done:
        answer = await client.get(f"runs/{run}/events?path=n.ipynb&after={last}&wait=20")
        data = json.loads(answer.raise_for_status().content)
        heard.numbers += [event["seq"] for event in data["events"]]
        heard.answers, heard.size = heard.answers + 1, heard.size + len(answer.content)
        last, done = data["last"], data["done"]
    return heard


async def follow_all(one: Served, run: str, clients: int) -> list[Heard]:
    """Return what each of so many clients hears, all at once."""
    async with httpx.AsyncClient(
        base_url=f"{one.address}/nbpipe-api/",
        headers=one.headers,
        limits=httpx.Limits(max_connections=clients),
        timeout=120,
    ) as client:
        return await asyncio.gather(*(follow(client, run) for _ in range(clients)))


def carry_out(store: Store, root: Path, run: str, tasks: int) -> tuple[threading.Thread, list[int]]:
    """Begin to write a run as an engine does; returns the writer, and what ought to be heard."""
    store.ledger.begin_run(NewRun(run, str(root), "n.ipynb", "n"))
    store.ledger.claim(run)
    events = list(events_of(tasks, "sha256:" + "0" * 64))

    def write() -> None:
        for begin in range(0, len(events), PART):
            store.ledger.record_all(run, events[begin : begin + PART])
            store.ledger.beat(run)
        store.ledger.release(run)

    writer = threading.Thread(target=write)
    writer.start()
    return writer, list(range(1, len(events) + 1))


def wave(one: Served, root: Path, run: str, size: tuple[int, int]) -> Wave:
    """Let so many clients follow a run of so many tasks."""
    clients, tasks = size
    began = time.monotonic()
    with Store.open(root / ".nbpipe") as store:
        writer, wanted = carry_out(store, root, run, tasks)
        heard = asyncio.run(follow_all(one, run, clients))
        writer.join()
    return Wave(
        time.monotonic() - began,
        sum(each.numbers != wanted for each in heard),
        sum(each.answers for each in heard),
        sum(each.size for each in heard),
        one.process.memory_info().rss,
    )


def line(number: int, one: Wave) -> str:
    """Return how a wave went, in a line."""
    return (
        f"wave {number}: {one.seconds:5.1f} s   {one.answers:5} answers, {one.size / 1e6:6.1f} MB"
        f"   wrong clients: {one.wrong}   memory {one.memory / 1e6:6.1f} MB"
    )


def main(arguments: list[str] | None = None) -> int:
    """Lay out, serve, follow, print; 1 where a client was told wrong."""
    parser = argparse.ArgumentParser(prog="benchmarks.follow", description=__doc__)
    parser.add_argument("--waves", type=int, default=5)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--tasks", type=int, default=2000)
    chosen = parser.parse_args(arguments)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="nbpipe-follow-") as folder:
        root, scratch = Path(folder) / "root", Path(folder) / "server"
        scratch.mkdir()
        lay_out(root, 1, 1)
        with served(root, scratch) as one:
            print(f"at rest   memory {one.process.memory_info().rss / 1e6:6.1f} MB", flush=True)
            for number in range(1, chosen.waves + 1):
                run = f"20260102-{number:06}-live"
                went = wave(one, root, run, (chosen.clients, chosen.tasks))
                wrong += went.wrong
                print(line(number, went), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
