"""Private folders for sockets: what was left by who is gone is removed, and nothing of others."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbpipe.run.scratch import FORGOTTEN, private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

GONE = 2**22 + 1  # no process has such a number


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def folder_of(place: Path, pid: int) -> Path:
    made = place / f"nbpipe-{pid}-abcd"
    made.mkdir()
    return made


def listener(folder: Path) -> socket.socket:
    one = socket.socket(socket.AF_UNIX)
    one.bind(str(folder / "s"))
    one.listen()
    return one


def test_a_socket_that_nobody_listens_at_goes_with_its_folder_when_its_maker_is_gone(
    place: Path,
) -> None:
    dead, mine = folder_of(place, GONE), folder_of(place, os.getpid())
    listener(dead).close()
    listener(mine).close()
    private_folder()
    assert not dead.exists()
    assert mine.exists()


def test_who_listens_in_another_container_keeps_its_folder(place: Path) -> None:
    other = folder_of(place, GONE)
    with listener(other):
        private_folder()
        assert other.exists()


def test_what_else_is_left_goes_after_a_day(place: Path) -> None:
    young, old = folder_of(place, GONE), folder_of(place, GONE + 1)
    for one in (young, old):
        (one / "file").touch()
    at = old.stat().st_mtime - FORGOTTEN - 1
    os.utime(old, (at, at))
    made = private_folder()
    assert young.exists()
    assert not old.exists()
    assert oct(made.stat().st_mode)[-3:] == "700"
