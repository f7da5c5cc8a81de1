"""Addresses of executors: parsed at the door, looked up when asked for, shown without secrets."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from nbpipe.errors import UnknownName, UsageError
from nbpipe.run.local import LocalExecutor
from nbpipe.run.memory import ScriptedExecutor
from nbpipe.run.targets import GROUP, executor_at, shown

ROOT = Path(__file__).parents[2]


class Entry:
    """An entry point that loads a function from an address to what makes an executor."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def load(self) -> Any:
        def offer(address: str) -> Any:
            self.asked.append(address)
            return lambda slots: ScriptedExecutor(lambda order: None, slots)  # type: ignore[arg-type, return-value]

        return offer


def test_this_machine_is_an_address_that_needs_no_entry_point() -> None:
    executor = executor_at("local", {})(3)
    assert isinstance(executor, LocalExecutor)
    assert executor.slots == 3
    executor.close()


@pytest.mark.parametrize(
    "address", ["sort://", "sort://10.0.0.7:8786", "sort+tls://h:1", "sort:///a b"]
)
def test_a_scheme_is_looked_up_and_given_the_whole_address(address: str) -> None:
    entry: Any = Entry()
    executor = executor_at(address, {"sort": entry})(5)
    assert entry.asked == [address]
    assert executor.slots == 5


@pytest.mark.parametrize("address", ["", "dask", "10.0.0.7:8786", "dask:/h", "DASK://h", "LOCAL"])
def test_what_is_no_address_is_said_with_an_example(address: str) -> None:
    with pytest.raises(UsageError, match=r"no address of an executor.*dask://"):
        executor_at(address, {})


def test_an_unknown_scheme_is_said_with_the_nearest_that_there_is() -> None:
    entry: Any = Entry()
    with pytest.raises(UnknownName, match=r"desk://\. Did you mean 'dask'\?"):
        executor_at("desk://h:1", {"dask": entry})
    with pytest.raises(UnknownName, match=r"There is: local, dask://\."):
        executor_at("kubernetes://h:1", {"dask": entry})


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("local", "local"),
        ("dask://h:8786", "dask://h:8786"),
        ("dask://ann:s3cret@h:8786", "dask://***@h:8786"),
        ("ray://h:1/?token=abc&x=1", "ray://h:1/?token=***&x=1"),
        ("ray://h:1/?x=1&password=a%20b#c", "ray://h:1/?x=1&password=***#c"),
    ],
)
def test_secrets_in_addresses_are_not_shown(address: str, said: str) -> None:
    assert shown(address) == said


def test_secrets_are_not_shown_in_messages_either() -> None:
    with pytest.raises(UsageError) as caught:
        executor_at("Dask://ann:s3cret@h:8786", {})
    assert "s3cret" not in str(caught.value)


def test_every_entry_point_that_we_declare_is_there() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for name, place in declared["project"]["entry-points"][GROUP].items():
        module, _, function = place.partition(":")
        assert callable(getattr(import_module(module), function)), name


def test_help_and_a_run_on_this_machine_import_nothing_of_a_cluster() -> None:
    code = (
        "import sys; from nbpipe.cli.app import app; import nbpipe.cli.run, nbpipe.run.runs\n"
        "from nbpipe.run.targets import executor_at; executor_at('local')(1).close()\n"
        "print([n for n in sys.modules if n.split('.')[0] in ('dask', 'distributed')"
        " or n.startswith(('nbpipe.clusters', 'importlib.metadata'))])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
