"""Files that a step reads and writes are noticed, the machinery's own are not."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nbpipe import kernelside


@pytest.fixture
def watched(bench: Any) -> Any:
    (bench.project / "in.csv").write_text("a\n1\n")
    (bench.project / "old.txt").write_text("old")
    bench.begin(watch={"ignore": ["logs/*"]})
    kernelside.settle()
    return bench


def names(rows: list[Any], folder: Path) -> list[str]:
    paths = [row if isinstance(row, str) else row["path"] for row in rows]
    return [Path(path).relative_to(folder).as_posix() for path in paths]


def test_what_is_read_is_told_with_its_size_and_time(watched: Any) -> None:
    path = watched.project / "in.csv"
    pd.read_csv(path)
    (row,) = watched.save()["files_read"]
    stat = path.stat()
    assert row == {"path": str(path), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


WRITERS: dict[str, Any] = {
    "open": lambda p: p.open("w").close(),
    "write_text": lambda p: p.write_text("x"),
    "to_csv": lambda p: pd.DataFrame({"a": [1]}).to_csv(p),
    "numpy": lambda p: np.save(p.open("wb"), [1]),
    "append": lambda p: p.open("a").close(),
    "replace": lambda p: p.with_name("old.txt").replace(p),
    "touch": lambda p: p.touch(),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_what_is_written_is_told(watched: Any, write: Any) -> None:
    write(watched.project / "out.bin")
    assert names(watched.save()["files_written"], watched.project) == ["out.bin"]


def test_a_file_that_the_step_itself_made_is_not_read(watched: Any) -> None:
    path = watched.project / "own.txt"
    path.write_text("x")
    path.read_text()
    assert watched.save()["files_read"] == []


def test_what_is_appended_to_is_read_too(watched: Any) -> None:
    with (watched.project / "old.txt").open("a") as file:
        file.write("x")
    saved = watched.save()
    assert names(saved["files_read"], watched.project) == ["old.txt"]
    assert names(saved["files_written"], watched.project) == ["old.txt"]


def test_what_python_cannot_see_is_found_in_the_folder(watched: Any) -> None:
    pd.DataFrame({"a": [1]}).to_parquet(watched.project / "out.parquet")
    saved = watched.save()
    found = names(saved["files_changed"] + saved["files_written"], watched.project)
    assert found == ["out.parquet"]


def test_removed_files_are_told(watched: Any) -> None:
    (watched.project / "old.txt").unlink()
    assert names(watched.save()["files_removed"], watched.project) == ["old.txt"]


def test_a_database_that_is_opened_is_read(watched: Any) -> None:
    path = watched.project / "old.txt"
    path.write_bytes(b"")
    sqlite3.connect(path).close()
    sqlite3.connect(":memory:").close()
    assert names(watched.save()["files_written"], watched.project) == ["old.txt"]


def test_the_machinerys_own_files_are_not_told(watched: Any) -> None:
    (watched.project / "mod.py").write_text("import json.tool\n")
    watched.patch.syspath_prepend(str(watched.project))
    watched.run("import mod")
    (watched.project / "logs").mkdir()
    (watched.project / "logs" / "a.txt").write_text("x")
    (watched.store / "tmp" / "x").write_text("x")
    (watched.project / ".git").mkdir()
    (watched.project / ".git" / "HEAD").write_text("x")
    Path("/dev/null").open().close()
    saved = watched.save()
    assert names(saved["files_written"], watched.project)[-1] == "mod.py"
    assert saved["files_read"] == []


def test_a_script_that_is_read_as_data_is_told(watched: Any) -> None:
    path = watched.project / "old.py"
    json.dumps(1)
    path.write_text("x = 1")
    watched.begin()
    kernelside.settle()
    path.read_text()
    assert names(watched.save()["files_read"], watched.project) == ["old.py"]


def test_after_save_nothing_is_noticed(watched: Any) -> None:
    watched.save()
    (watched.project / "in.csv").read_text()
    kernelside.save()
    saved = json.loads((watched.scratch / "saved.json").read_text())
    assert saved["files_read"] == []
