"""What a kernel leaves in its folder, published: without a kernel."""

from __future__ import annotations

import hashlib
import json

import pytest

from nbpipe.run.order import FileRead, Order
from nbpipe.run.outputs import collect
from nbpipe.run.scratch import scratch_name, write_task


class Shelf:
    def __init__(self):
        self.objects = {}

    def adopt(self, path, digest="", size=None):
        data = path.read_bytes()
        path.unlink()
        found = self.put_bytes(data)
        assert digest in ("", found)
        return found

    def put_bytes(self, data):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.objects[digest] = data
        return digest


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def order(project, **changes):
    facts = {"writes": (), **changes}
    return Order(
        "r", "t", 1, "k", {}, "python", "python3", "papermill", str(project), str(project),
        str(project / ".nbpipe"), **facts,
    )  # fmt: skip


def left_file(scratch, name, data):
    (scratch / name).write_bytes(data)
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    return {"file": name, "digest": digest, "size": len(data)}


def test_a_values_pictures_are_named_by_their_digests(project, scratch):
    row = {
        **left_file(scratch, "out-0.bin", b"value"),
        "names": ["fig", "ax"], "codec": "c", "type": "T",
        "preview": {"image": "v.png", "type": "T"},
        "files": [left_file(scratch, "v.png", b"png"), left_file(scratch, "v.svg", b"svg")],
    }  # fmt: skip
    (scratch / "saved.json").write_text(json.dumps({"outputs": [row]}))
    shelf = Shelf()
    (artifact,) = collect(scratch, order(project), shelf, ok=True).artifacts
    assert artifact.name == "fig, ax"
    assert shelf.objects[artifact.digest] == b"value"
    assert shelf.objects[artifact.preview["image"]] == b"png"
    assert shelf.objects[artifact.preview["files"]["svg"]] == b"svg"


def test_only_files_inside_the_project_and_outside_the_store_are_kept(project, scratch, tmp_path):
    paths = [project / "a.csv", project / ".nbpipe" / "x", tmp_path / "outside.csv"]
    paths[1].parent.mkdir()
    for path in paths:
        path.write_text("x")
    rows = [{"path": str(path), "size": 1, "mtime_ns": 1} for path in paths]
    (project / "b.txt").write_text("declared")
    (scratch / "saved.json").write_text(json.dumps({"files_written": rows}))
    left = collect(scratch, order(project, writes=("*.txt",)), Shelf(), ok=True)
    assert [(a.name, a.kind) for a in left.artifacts] == [("a.csv", "file"), ("b.txt", "file")]
    assert paths[0].read_text() == "x"


def test_a_file_that_changed_since_it_was_read_has_no_digest(project, scratch):
    (project / "in.txt").write_text("now")
    stat = (project / "in.txt").stat()
    rows = [
        {"path": str(project / "in.txt"), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns},
        {"path": str(project / "in.txt"), "size": 99, "mtime_ns": 1},
        {"path": "/gone/file", "size": 1, "mtime_ns": 1},
    ]
    (scratch / "saved.json").write_text(json.dumps({"files_read": rows}))
    digest = "sha256:" + hashlib.sha256(b"now").hexdigest()
    assert collect(scratch, order(project), Shelf(), ok=True).files_read == (
        FileRead("in.txt", digest),
        FileRead("in.txt", ""),
        FileRead("/gone/file", ""),
    )


def test_a_failed_step_keeps_its_numbers_and_what_was_learned(project, scratch):
    lines = [{"name": "loss", "value": v, "step": i} for i, v in enumerate([0.5, "NaN"])]
    (scratch / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (scratch / "missing.json").write_text('{"names": ["model"]}')
    (scratch / "fetched.json").write_text('{"names": ["data"]}')
    left = collect(scratch, order(project), Shelf(), ok=False)
    assert str(dict(left.metrics)) == "{'loss': nan}"
    assert left.missing == ("model",)
    assert left.fetched == ("data",)
    assert [a.name for a in left.artifacts] == ["metrics.jsonl"]


def test_the_task_file_holds_the_session_and_the_place(project, scratch):
    write_task(scratch, order(project, session={"known": ["x"]}))
    told = json.loads((scratch / "task.json").read_text())
    assert told == {"version": 1, "project": str(project), "cwd": str(project), "known": ["x"]}


def test_every_attempt_has_a_folder_of_its_own():
    names = {scratch_name(*which) for which in [("r", "t", 1), ("r", "t", 2), ("r", "u", 1)]}
    assert len(names) == 3
    assert all(name.replace("-", "").isalnum() for name in names)
