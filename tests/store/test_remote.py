from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

import fsspec
import pytest

from nbpipe.errors import DamagedObject, MissingObject, StoreTooNew, StoreUnusable
from nbpipe.store.blobs import digest_of
from nbpipe.store.remote import RemoteBlobs


@pytest.fixture(params=["memory", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "memory":
        return f"memory://{uuid.uuid4().hex}/store"
    return f"file://{tmp_path}/far"


def place(url: str, digest: str) -> str:
    return f"{url}/objects/{digest[7:9]}/{digest[9:]}"


def write(url: str, data: bytes) -> None:
    with fsspec.open(url, "wb") as file:
        file.write(data)


def test_bytes_come_back_on_another_machine(url: str, tmp_path: Path) -> None:
    here = RemoteBlobs(url, tmp_path / "here")
    name = here.put_bytes(b"hello")
    file = here.scratch("task-1") / "value"
    file.write_bytes(b"big")
    big = here.adopt(file)
    there = RemoteBlobs(url, tmp_path / "there")
    assert there.read(name) == b"hello"
    assert there.path(big).read_bytes() == b"big"
    with there.open(big) as opened:
        assert opened.read() == b"big"
    assert set(there.digests()) == {name, big}
    assert there.size(big) == 3
    assert there.state(big, 3) == "intact"
    there.verify(big)


def test_looking_at_a_fresh_url_finds_nothing_and_writes_nothing(url: str, tmp_path: Path) -> None:
    blobs = RemoteBlobs(url, tmp_path / "cache")
    name = digest_of(b"x")
    assert list(blobs.digests()) == []
    assert blobs.missing([name]) == {name}
    for ask in (blobs.read, blobs.path, blobs.size, blobs.verify):
        with pytest.raises(MissingObject):
            ask(name)
    blobs.delete(name)
    assert not fsspec.core.url_to_fs(url)[0].exists(url)


def test_tampering_is_noticed_when_it_is_fetched(url: str, tmp_path: Path) -> None:
    name = RemoteBlobs(url, tmp_path / "here").put_bytes(b"hello")
    write(place(url, name), b"hellO")
    there = RemoteBlobs(url, tmp_path / "there")
    for ask in (there.read, there.path, there.verify):
        with pytest.raises(DamagedObject):
            ask(name)
    write(place(url, name), b"hell")
    assert there.state(name, 5) == "damaged"
    there.put_bytes(b"hello")
    there.verify(name)


def test_deleting_removes_the_copy_as_well(url: str, tmp_path: Path) -> None:
    blobs = RemoteBlobs(url, tmp_path / "cache")
    name = blobs.put_bytes(b"x")
    blobs.delete(name)
    assert blobs.state(name) == "missing"
    with pytest.raises(MissingObject):
        blobs.read(name)


def test_a_newer_store_is_left_alone(url: str, tmp_path: Path) -> None:
    RemoteBlobs(url, tmp_path / "cache").put_bytes(b"x")
    write(f"{url}/format", b"99\n")
    with pytest.raises(StoreTooNew, match="Nothing was changed"):
        RemoteBlobs(url, tmp_path / "cache")


def test_an_unknown_protocol_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="cannot be opened"):
        RemoteBlobs("nosuch://x/y", tmp_path)


def test_a_store_that_does_not_answer_is_explained(url: str, tmp_path: Path) -> None:
    blobs = RemoteBlobs(url, tmp_path / "cache")

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("connection reset")

    blobs.files = type("Dead", (), {"info": fail})()
    with pytest.raises(StoreUnusable, match="does not answer as it should: connection reset"):
        blobs.put_bytes(b"x")


def test_a_folder_needs_neither_fsspec_nor_sqlalchemy(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from nbpipe.store.store import Store\n"
        "from nbpipe.store.ledger import NewRun\n"
        "store = Store.open(sys.argv[1])\n"
        "store.ledger.begin_run(NewRun('a', '/p'))\n"
        "store.blobs.put_bytes(b'')\n"
        "print(*sorted({'sqlalchemy', 'fsspec', 'asyncio'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s")],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PATH": "/usr/bin:/bin"},
    )
    assert said.stdout.strip() == ""
