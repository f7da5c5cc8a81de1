"""What is looked at before anything runs on a cluster, with workers that answer from memory."""

from __future__ import annotations

import asyncio
import inspect
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe._version import __version__
from nbpipe.clusters import inspection
from nbpipe.clusters.inspection import Inspection
from nbpipe.errors import StoreUnusable, UsageError
from nbpipe.run.environment import Environments
from nbpipe.run.order import Order
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[dict[str, Any]], None]


class Workers:
    """Two workers in this process; what they see of the world can be changed."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.version: Any = __version__
        self.change: Change = lambda view: None

    def __call__(self, function: Any, *arguments: Any) -> dict[str, Any]:
        self.asked.append(function.__name__)
        if function is not inspection.look:
            assert function(*arguments) == __version__
            return {"tcp://a:1": __version__, "tcp://b:2": self.version}
        answers = {name: asyncio.run(function(*arguments)) for name in ("tcp://a:1", "tcp://b:2")}
        answers["tcp://b:2"]["host"] = "far"
        self.change(answers["tcp://b:2"])
        return answers


@pytest.fixture(scope="module")
def looked_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kernels")
    Environments(folder).find("python3")
    return folder


@pytest.fixture
def order(tmp_path: Path, looked_up: Path) -> Order:
    store, project = tmp_path / "s", str(tmp_path)
    shutil.copytree(looked_up, store / "cache")
    return Order("r", "t", 1, "k", {}, "python", "python3", "warm", project, project, str(store))


def test_workers_like_this_machine_give_no_note_and_leave_nothing(order: Order) -> None:
    workers = Workers()
    assert Inspection(workers).before(order) == []
    assert workers.asked == ["resolve_name", "look"]
    store = Store.open(order.store)
    assert list(store.blobs.digests()) == []
    assert list((Path(order.store) / "tmp").iterdir()) == []


def test_every_kernel_is_looked_at_once(order: Order) -> None:
    workers = Workers()
    looking = Inspection(workers)
    for _ in range(3):
        looking.before(order)
    assert workers.asked == ["resolve_name", "look"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("0.0.1", rf"tcp://b:2 has nbpipe 0\.0\.1, and this is nbpipe {__version__}.*Install"),
        (ModuleNotFoundError("No module named 'nbpipe'"), r"tcp://b:2 has no nbpipe.*Install"),
    ],
)
def test_another_version_is_said_before_anything_else(order: Order, answer: Any, said: str) -> None:
    workers = Workers()
    workers.version = answer
    with pytest.raises(UsageError, match=said):
        Inspection(workers).before(order)
    assert workers.asked == ["resolve_name"]


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"store": "it is not there"}, StoreUnusable, r"on far cannot use the store: it.*--store"),
        ({"local": "/elsewhere"}, StoreUnusable, r"keeps copies .* in /elsewhere.*XDG_CACHE_HOME"),
        ({"folder": False}, UsageError, r"on far has no folder .*same path"),
        ({"no_kernel": "No kernel named 'r'."}, UsageError, r"No kernel named 'r'\. Install"),
    ],
)  # fmt: skip
def test_what_a_worker_lacks_is_said_with_the_cure(
    order: Order, change: dict[str, Any], kind: type[Exception], said: str
) -> None:
    workers = Workers()
    workers.change = lambda view: view.update(change)
    with pytest.raises(kind, match=said):
        Inspection(workers).before(order)


def test_a_worker_whose_folder_is_another_one_does_not_see_the_store(
    order: Order, tmp_path: Path
) -> None:
    """As when the store's path exists on two machines, and is not the same disk."""
    workers = Workers()
    real = inspection.look

    def ask(function: Any, *arguments: Any) -> Any:
        if function is real:
            other = tmp_path / "other"
            view = asyncio.run(real(str(other), *arguments[1:]))
            return {"tcp://b:2": {**view, "local": str(Store.open(order.store).local)}}
        return workers(function, *arguments)

    with pytest.raises(StoreUnusable, match=r"put into .* elsewhere is not there"):
        Inspection(ask).before(order)


def test_a_kernel_that_is_missing_here_is_missing_there(order: Order) -> None:
    with pytest.raises(UsageError, match="No kernel named 'nowhere'"):
        Inspection(Workers()).before(replace(order, kernel="nowhere"))


def test_other_packages_are_a_note_with_both_versions(order: Order) -> None:
    workers = Workers()

    def change(view: dict[str, Any]) -> None:
        view["kernel"] = {**view["kernel"], "click": "click 1.0", "only_there": "only-there 2"}

    workers.change = change
    (note,) = Inspection(workers).before(order)
    assert note.level == "warning"
    assert "python3 on far" in note.text
    assert "click 1.0 (here click" in note.text
    assert "only-there 2 (here none)" in note.text


def test_many_differences_are_counted(order: Order) -> None:
    workers = Workers()
    workers.change = lambda view: view.update(kernel={"python": "2.7"})
    (note,) = Inspection(workers).before(order)
    assert " and " in note.text
    assert note.text.count("(here") == inspection.MOST


def test_a_look_does_not_hold_up_the_worker_that_looks() -> None:
    assert inspect.iscoroutinefunction(inspection.look)
