"""Limits of a run: told before they are reached, and kept where they are."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nbpipe.compile.settings import Settings, read_settings
from nbpipe.errors import StoreUnusable
from nbpipe.events import Note, TaskSkipped
from nbpipe.run.environment import Environments
from nbpipe.run.limits import LITTLE, PAUSE, Watch, check_quota, warnings
from nbpipe.run.memory import ScriptedExecutor
from nbpipe.run.order import Result
from nbpipe.run.project import open_project
from nbpipe.run.runs import Job, carry_out
from nbpipe.store.disk import Disk
from nbpipe.store.store import Space, Store

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.events import Event
    from nbpipe.run.order import Order
    from tests.conftest import WriteNotebook

PLENTY = 100 * LITTLE
QUOTA = Settings(quota="1 GB")


class SmallDisk(Disk):
    """A disk that has as many bytes left as a test says."""

    def __init__(self, left: int) -> None:
        self.left = left

    def free(self, folder: Path) -> int:
        return self.left


@pytest.mark.parametrize(
    ("space", "settings", "near"),
    [
        (Space(0, PLENTY), Settings(), []),
        (Space(10**12, PLENTY), Settings(), []),
        (Space(0, LITTLE - 1), Settings(), ["disk"]),
        (Space(2**29, PLENTY), QUOTA, []),
        (Space(2**30 - 1, PLENTY), QUOTA, ["quota"]),
        (Space(2**30 - 1, 5), QUOTA, ["disk", "quota"]),
    ],
)
def test_a_limit_that_is_near_is_told(space: Space, settings: Settings, near: list[str]) -> None:
    assert [word for word, _ in warnings(space, settings)] == near


def test_no_run_begins_in_a_store_over_its_quota() -> None:
    check_quota(Space(2**30, PLENTY), QUOTA)
    check_quota(Space(2**40, PLENTY), Settings())
    with pytest.raises(StoreUnusable, match=r"holds 1\.1 GB, and its quota is 1 GB .*nbpipe gc"):
        check_quota(Space(2**30 + 1, PLENTY), QUOTA)


def test_while_a_run_goes_on_each_limit_is_told_once() -> None:
    now, space, told = [0.0], [Space(0, PLENTY)], list[object]()
    watch = Watch(lambda: space[0], QUOTA, told.append, lambda: now[0])
    watch.look()
    space[0] = Space(0, 5)
    watch.look()
    assert told == []  # it is not yet time to look again
    now[0] += PAUSE
    watch.look()
    now[0] += PAUSE
    watch.look()
    assert [type(one) for one in told] == [Note]
    space[0] = Space(2**30, 5)
    now[0] += PAUSE
    watch.look()
    assert "Only 0 MB of disk are free" in told[0].text  # type: ignore[attr-defined]
    assert "of its quota of 1 GB" in told[1].text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "problems"),
    [("20 GB", 0), ("lots", 1), ("1e9 TB", 1), ("9999999999 TB", 1)],
)
def test_a_quota_is_a_size(text: str, problems: int) -> None:
    assert len(read_settings({"quota": text})[1]) == problems


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kernels")
    Environments(folder).find("python3")
    return folder


def run(folder: Path, kernels: Path, disk: Disk, **more: object) -> tuple[str, list[Event]]:
    told: list[Event] = []
    job = replace(Job(open_project(folder)), **more)  # type: ignore[arg-type]
    shutil.copytree(kernels, folder / ".nbpipe" / "cache", dirs_exist_ok=True)
    with Store.open(job.project.store, disk=disk) as store:
        _, state = carry_out(job, store, told.append, lambda slots: ScriptedExecutor(_ok, slots))
    return state, told


def _ok(order: Order) -> Result:
    return Result(order.task, order.attempt, "ok", 0.1)


def test_a_run_on_a_disk_that_is_nearly_full_says_so_at_its_start(
    tmp_path: Path, kernels: Path, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "print(1)"))
    state, told = run(tmp_path, kernels, SmallDisk(10_000_000))
    notes = [event.text for event in told if isinstance(event, Note)]
    assert state == "ok"
    assert any("Only 10 MB of disk are free for the store" in note for note in notes)


def test_a_run_that_takes_too_long_ends_as_failed_and_says_why(
    tmp_path: Path, kernels: Path, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "x = 1"), ("step:b", "print(x)"))
    (tmp_path / "nbpipe.toml").write_text("run_timeout = 1e-9\n")
    state, told = run(tmp_path, kernels, SmallDisk(PLENTY))
    assert state == "failed"
    reasons = {event.reason for event in told if isinstance(event, TaskSkipped)}
    assert reasons == {"the run took longer than the 1e-09 seconds it may take"}
    state, _ = run(tmp_path, kernels, SmallDisk(PLENTY), timeout=3600.0)
    assert state == "ok"
