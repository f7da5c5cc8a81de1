from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import TYPE_CHECKING

import pytest

from nbpipe.errors import DamagedObject, MissingObject, StoreTooNew, StoreUnusable
from nbpipe.kernelside.objects import object_path
from nbpipe.store import blobs as module
from nbpipe.store.blobs import LocalBlobs
from nbpipe.store.disk import Disk

from .disks import Failing

if TYPE_CHECKING:
    from pathlib import Path


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


NOTHING = digest(b"never stored")


def tamper(path: Path, data: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(data)


def test_bytes_come_back_under_their_digest(blobs: LocalBlobs) -> None:
    name = blobs.put_bytes(b"hello")
    assert name == digest(b"hello")
    assert blobs.read(name) == b"hello"
    assert blobs.path(name).read_bytes() == b"hello"
    with blobs.open(name) as file:
        assert file.read() == b"hello"
    assert blobs.size(name) == 5
    assert blobs.has(name)
    assert list(blobs.digests()) == [name]
    assert blobs.missing([name, NOTHING]) == {NOTHING}


def test_the_kernel_side_looks_where_the_store_puts_them(blobs: LocalBlobs) -> None:
    name = blobs.put_bytes(b"hello")
    assert str(blobs.path(name)) == object_path(blobs.address, name)


def test_empty_bytes_can_be_stored(blobs: LocalBlobs) -> None:
    assert blobs.read(blobs.put_bytes(b"")) == b""


def test_opening_and_looking_writes_nothing(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "store")
    assert not blobs.has(NOTHING)
    assert list(blobs.digests()) == []
    assert blobs.sweep() == 0
    assert not (tmp_path / "store").exists()


def test_files_are_private_and_read_only(blobs: LocalBlobs) -> None:
    path = blobs.path(blobs.put_bytes(b"x"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    for folder in (blobs.folder, blobs.folder / "objects", blobs.folder / "tmp"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(blobs.scratch("a").stat().st_mode) == 0o700


def test_git_passes_the_store_over(blobs: LocalBlobs) -> None:
    blobs.put_bytes(b"x")
    assert (blobs.folder / ".gitignore").read_text() == "*\n"
    assert "nbpipe gc" in (blobs.folder / "README.md").read_text()


@pytest.mark.parametrize("name", ["", "sha256:", "md5:" + "a" * 64, "sha256:" + "A" * 64,
                                  "sha256:../../" + "a" * 58, NOTHING + "\n"])  # fmt: skip
def test_what_is_no_digest_is_refused(blobs: LocalBlobs, name: str) -> None:
    with pytest.raises(ValueError, match="not a digest"):
        blobs.has(name)


@pytest.mark.parametrize("ask", ["read", "path", "verify", "size", "touched"])
def test_what_is_missing_is_said_to_be_missing(blobs: LocalBlobs, ask: str) -> None:
    with pytest.raises(MissingObject, match="Run the step again"):
        getattr(blobs, ask)(NOTHING)
    assert blobs.state(NOTHING) == "missing"


@pytest.mark.parametrize("wrong", [b"hellO", b"hell", b"hello!", b""])
def test_tampering_is_noticed(blobs: LocalBlobs, wrong: bytes) -> None:
    name = blobs.put_bytes(b"hello")
    tamper(blobs.path(name), wrong)
    assert blobs.state(name, 5) == "damaged"
    for ask in (blobs.read, blobs.path, blobs.verify):
        with pytest.raises(DamagedObject, match="changed after it was stored"):
            ask(name)


def test_tampering_that_restores_the_time_is_noticed_when_read(blobs: LocalBlobs) -> None:
    name = blobs.put_bytes(b"hello")
    path = blobs.path(name)
    tamper(path, b"hellO")
    os.utime(path, (module.STORED_AT, module.STORED_AT))
    with pytest.raises(DamagedObject):
        blobs.read(name)
    with pytest.raises(DamagedObject):
        blobs.verify(name)


def test_a_link_in_place_of_an_object_is_damage(blobs: LocalBlobs, tmp_path: Path) -> None:
    name = blobs.put_bytes(b"hello")
    path = blobs.path(name)
    (tmp_path / "other").write_bytes(b"hello")
    path.unlink()
    path.symlink_to(tmp_path / "other")
    assert blobs.state(name, 5) == "damaged"


def test_intact_objects_are_not_read_to_know_it(
    blobs: LocalBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = blobs.put_bytes(b"hello")
    monkeypatch.setattr(module, "file_digest", lambda path: pytest.fail("was read"))
    assert blobs.state(name, 5) == "intact"


def test_a_copied_store_is_sealed_again(blobs: LocalBlobs) -> None:
    name = blobs.put_bytes(b"hello")
    os.utime(blobs.path(name), (5, 5))
    assert blobs.state(name, 5) == "intact"
    assert blobs.path(name).stat().st_mtime == module.STORED_AT


def test_storing_again_heals_damage(blobs: LocalBlobs) -> None:
    name = blobs.put_bytes(b"hello")
    tamper(blobs.path(name), b"xxxxx")
    blobs.put_bytes(b"hello")
    assert blobs.read(name) == b"hello"


def test_storing_again_renews_the_time_of_the_last_touch(blobs: LocalBlobs) -> None:
    name = blobs.put_bytes(b"hello")
    before = blobs.touched(name)
    inode = blobs.path(name).stat().st_ino
    blobs.put_bytes(b"hello")
    assert blobs.touched(name) >= before
    assert blobs.path(name).stat().st_ino == inode


@pytest.mark.parametrize("told", [True, False])
def test_a_file_is_taken_over_without_a_copy(blobs: LocalBlobs, told: bool) -> None:
    path = blobs.scratch("task-1") / "value"
    path.write_bytes(b"big")
    inode = path.stat().st_ino
    name = blobs.adopt(path, digest(b"big"), 3) if told else blobs.adopt(path)
    assert name == digest(b"big")
    assert blobs.path(name).stat().st_ino == inode
    assert not path.exists()


def test_a_file_that_is_stored_already_is_removed(blobs: LocalBlobs) -> None:
    name = blobs.put_bytes(b"big")
    path = blobs.scratch("task-1") / "value"
    path.write_bytes(b"big")
    assert blobs.adopt(path) == name
    assert not path.exists()


def test_a_file_of_another_size_than_told_is_hashed(blobs: LocalBlobs) -> None:
    path = blobs.scratch("task-1") / "value"
    path.write_bytes(b"bigger")
    assert blobs.adopt(path, digest(b"big"), 3) == digest(b"bigger")


def test_a_file_with_a_second_name_is_copied(blobs: LocalBlobs, tmp_path: Path) -> None:
    path = blobs.scratch("task-1") / "value"
    path.write_bytes(b"big")
    os.link(path, tmp_path / "second")
    name = blobs.adopt(path)
    (tmp_path / "second").write_bytes(b"BIG")
    assert blobs.read(name) == b"big"


def test_a_file_of_another_file_system_is_copied(tmp_path: Path) -> None:
    class Elsewhere(Disk):
        def replace(self, source: str, target: str) -> None:
            if "scratch" in source:
                raise OSError(errno.EXDEV, "Invalid cross-device link")
            super().replace(source, target)

    blobs = LocalBlobs(tmp_path / "store", Elsewhere())
    path = blobs.scratch("scratch") / "value"
    path.write_bytes(b"big")
    assert blobs.read(blobs.adopt(path)) == b"big"
    assert not path.exists()


def test_a_link_is_not_taken_over(blobs: LocalBlobs, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    path = blobs.scratch("task-1") / "value"
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(StoreUnusable, match="symbolic link"):
        blobs.adopt(path)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
def test_whatever_call_fails_the_store_is_as_before_or_complete(tmp_path: Path, code: int) -> None:
    data = b"0123456789"
    for nth in range(1, 20):
        folder = tmp_path / str(nth)
        LocalBlobs(folder).put_bytes(b"old")
        disk = Failing(nth, code)
        try:
            LocalBlobs(folder, disk).put_bytes(data)
        except StoreUnusable as error:
            assert str(folder) in str(error)
        after = LocalBlobs(folder)
        for name in after.digests():
            after.verify(name)
        assert after.read(digest(b"old")) == b"old"
        assert os.listdir(folder / "tmp") == []
        assert after.read(after.put_bytes(data)) == data
        if disk.left > 0:
            break
    else:
        pytest.fail("it never succeeded")
    assert nth > 5


def test_a_failing_take_over_leaves_the_file(tmp_path: Path) -> None:
    LocalBlobs(tmp_path / "store").put_bytes(b"")
    blobs = LocalBlobs(tmp_path / "store", Failing(2))  # the object's folder is made first
    path = blobs.scratch("task-1") / "value"
    path.write_bytes(b"big")
    with pytest.raises(StoreUnusable, match="disk is full"):
        blobs.adopt(path)
    assert path.read_bytes() == b"big"
    assert blobs.adopt(path) == digest(b"big")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "-a", "a.b", "a" * 101, "é", "a\n"])
def test_scratch_has_plain_names(blobs: LocalBlobs, name: str) -> None:
    with pytest.raises(ValueError, match="not a name for scratch"):
        blobs.scratch(name)


def test_scratch_is_empty_each_time(blobs: LocalBlobs) -> None:
    (blobs.scratch("a") / "left").write_bytes(b"x")
    assert os.listdir(blobs.scratch("a")) == []


def test_old_scratch_is_swept_and_new_is_not(blobs: LocalBlobs) -> None:
    old, new = blobs.scratch("old"), blobs.scratch("new")
    (old / "left").write_bytes(b"x")
    (blobs.folder / "tmp" / "put-1-a").write_bytes(b"half")
    for path in (old, blobs.folder / "tmp" / "put-1-a"):
        os.utime(path, (1, 1))
    assert blobs.sweep() == 2
    assert os.listdir(blobs.folder / "tmp") == [new.name]


def test_deleting_twice_is_deleting_once(blobs: LocalBlobs) -> None:
    name = blobs.put_bytes(b"x")
    blobs.delete(name)
    blobs.delete(name)
    assert not blobs.has(name)


def test_strange_files_among_the_objects_are_passed_over(blobs: LocalBlobs) -> None:
    name = blobs.put_bytes(b"x")
    (blobs.folder / "objects" / "zz").mkdir()
    (blobs.folder / "objects" / "zz" / "notes.txt").write_text("hi")
    assert list(blobs.digests()) == [name]


def test_the_library_is_placed_once(blobs: LocalBlobs) -> None:
    place = blobs.ensure_lib()
    before = place.stat().st_ino
    assert (place / "nbpipe_kernelside" / "session.py").exists()
    assert blobs.ensure_lib() == place
    assert place.stat().st_ino == before
    assert [p.name for p in place.parent.iterdir()] == [place.name]


def test_another_version_of_the_library_gets_a_place_of_its_own(
    blobs: LocalBlobs, tmp_path: Path
) -> None:
    source = tmp_path / "kernelside"
    source.mkdir()
    (source / "__init__.py").write_text("a = 1")
    first = blobs.ensure_lib(source)
    (source / "__init__.py").write_text("a = 2")
    second = blobs.ensure_lib(source)
    assert first != second
    assert (first / "nbpipe_kernelside" / "__init__.py").read_text() == "a = 1"


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    LocalBlobs(folder).put_bytes(b"x")
    (folder / "format").write_text("99\n")
    before = sorted(p.name for p in folder.rglob("*"))
    with pytest.raises(StoreTooNew, match="Nothing was changed"):
        LocalBlobs(folder)
    assert sorted(p.name for p in folder.rglob("*")) == before


def test_what_is_no_store_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("I am a file")
    with pytest.raises(StoreUnusable, match="not a folder"):
        LocalBlobs(tmp_path / "file").put_bytes(b"x")
    with pytest.raises(StoreUnusable, match="not a folder"):
        LocalBlobs(tmp_path / "file" / "under").put_bytes(b"x")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "format").write_text("PDF")
    with pytest.raises(StoreUnusable, match="not taken for a store"):
        LocalBlobs(tmp_path / "odd")
