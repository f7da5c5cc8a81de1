"""Bytes are written once, with their digest."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from nbpipe.kernelside.objects import CHUNK, SMALL, Sink, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

SIZES = [[], [0], [1], [SMALL - 1], [SMALL], [1] * 5, [SMALL // 2] * 5, [3, CHUNK + 5, 7, SMALL, 1]]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_any_mix_of_writes_gives_its_bytes_and_their_digest(
    tmp_path: Path, sizes: list[int]
) -> None:
    parts = [os.urandom(size) for size in sizes]
    with Sink(str(tmp_path / "x")) as sink:
        for part in parts:
            assert sink.write(part) == len(part)
    whole = b"".join(parts)
    assert (tmp_path / "x").read_bytes() == whole
    assert sink.digest == "sha256:" + hashlib.sha256(whole).hexdigest()
    assert sink.size == sink.tell() == len(whole)


def test_a_buffer_may_be_used_again_after_it_was_written(tmp_path: Path) -> None:
    with Sink(str(tmp_path / "x")) as sink:
        for size in (10, SMALL + 1):
            buffer = bytearray(b"a" * size)
            sink.write(buffer)
            buffer[:] = b"b" * size
    assert set((tmp_path / "x").read_bytes()) == {ord("a")}


def test_a_failed_write_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), Sink(str(tmp_path / "x")) as sink:
        sink.write(b"a" * SMALL * 2)
        raise RuntimeError
    assert not (tmp_path / "x").exists()


def test_an_atomic_write_leaves_no_part(tmp_path: Path) -> None:
    write_atomically(str(tmp_path / "x"), b"1")
    write_atomically(str(tmp_path / "x"), b"2")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"2"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize("size", [10, 3 * SMALL])
def test_a_full_disk_is_told_with_what_to_do_and_leaves_no_file(tmp_path: Path, size: int) -> None:
    path = tmp_path / "value"
    path.symlink_to("/dev/full")
    with (
        pytest.raises(OSError, match=r"the disk is full.*nbpipe gc.*nothing that was stored"),
        Sink(str(path)) as sink,
    ):
        sink.write(b"x" * size)
    assert not path.is_symlink()
    assert os.path.exists("/dev/full")
