"""A step without a kernel: a `__main__` of its own, a store, and a worker's part in few lines."""

from __future__ import annotations

import json
import shutil
import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe import kernelside
from nbpipe.kernelside import codecs, session
from nbpipe.kernelside.namespace import LazyNamespace

if TYPE_CHECKING:
    from pathlib import Path


def main_module(namespace: dict[str, Any]) -> types.ModuleType:
    """A `__main__` whose namespace is the given dict, as IPython makes it."""

    class Main(types.ModuleType):
        @property
        def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
            return namespace

        def __getattr__(self, name: str) -> Any:
            try:
                return namespace[name]
            except KeyError:
                raise AttributeError(name) from None

    namespace["__name__"] = "__main__"
    return Main("__main__")


class Bench:
    """Runs steps one after the other, each in a namespace of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = folder / "project" / ".nbpipe"
        self.project = folder / "project"
        self.scratch = self.store
        self.patch = monkeypatch
        self.count = 0
        self.names: dict[str, Any] = {}
        self.project.mkdir()
        self.fresh()

    def fresh(self) -> dict[str, Any]:
        """A new, empty `__main__`."""
        self.names = LazyNamespace()
        self.patch.setitem(sys.modules, "__main__", main_module(self.names))
        return self.names

    def begin(self, **task: Any) -> None:
        self.count += 1
        name = f"task{self.count}"
        self.scratch = self.store / "tmp" / name
        self.scratch.mkdir(parents=True)
        data = {"version": 1, "project": str(self.project), **task}
        (self.scratch / "task.json").write_text(json.dumps(data))
        kernelside.begin(str(self.store), task=name)

    def run(self, code: str) -> None:
        exec(compile(code, "<cell>", "exec", dont_inherit=True), self.names)

    def save(self, *outputs: Any, **more: Any) -> dict[str, Any]:
        kernelside.save(*outputs, **more)
        saved: dict[str, Any] = json.loads((self.scratch / "saved.json").read_text())
        for row in saved["outputs"]:
            self.publish(row["file"], row["digest"])
        return saved

    def publish(self, file: str, digest: str) -> None:
        place = self.place(digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.scratch / file, place)

    def place(self, digest: str) -> Path:
        return self.store / "objects" / digest[7:9] / digest[9:]

    def step(self, code: str, *outputs: Any, **task: Any) -> dict[str, Any]:
        self.begin(**task)
        kernelside.settle()
        self.run(code)
        return self.save(*outputs)

    def held(self, row: dict[str, Any]) -> dict[str, Any]:
        return {key: row[key] for key in ("digest", "codec", "names")}

    def load(self, row: dict[str, Any]) -> Any:
        return kernelside.load(", ".join(row["names"]), row["digest"], row["codec"])


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    bench = Bench(tmp_path, monkeypatch)
    yield bench
    if session._session is not None and session._session.watch is not None:
        session._session.watch.stop()
    session._session = None


@pytest.fixture
def there_and_back(tmp_path: Path) -> Any:
    """Stores a value and returns it as it is read, with how it was stored."""

    def go(value: Any, choice: codecs.Choice | None = None) -> tuple[Any, codecs.Saved]:
        chosen = choice or codecs.Choice()
        saved = codecs.encode(["value"], [value], str(tmp_path / "value"), chosen)
        return codecs.decode(saved.path, saved.codec, chosen), saved

    return go
