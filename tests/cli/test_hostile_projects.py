"""A project's own files may be anything: commands say what is wrong with them, and go on."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Desk

LOOKS = (("check",), ("plan",), ("ls",), ("graph",), ("gc", "--dry-run"), ("doctor",))

LOCK_OF_ODD_PATHS = {
    "version": 1,
    "steps": {
        "load": {"reads": ["\0", "../../../../etc/passwd", "a" * 5000], "needs": ["a\0", "é"]},
        "nobody": {"gives": ["x"]},
    },
}


def write(folder: Path, name: str, content: str | bytes) -> None:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("nbpipe.toml", 'store = "a\\u0000b"', "store holds a NUL character"),
        ("nbpipe.toml", "x = " + "[" * 5000, "nested too deeply"),
        ("nbpipe.toml", "name = 3", "name must be text"),
        ("nbpipe.toml", "parameters = [1]", "parameters must be a table"),
        ("nbpipe.toml", "jobs = true", "jobs must be a whole number"),
        ("nbpipe.toml", "timeout = inf", "timeout must be a number of seconds"),
        ("nbpipe.toml", "timeout = -1", "timeout must be a number of seconds"),
        ("nbpipe.toml", b"\xff\xfe", "nbpipe.toml cannot be read"),
        ("nbpipe.toml", '"x\\u001b[2J" = 1', "does not know"),
        ("nbpipe.lock", "[" * 100_000, "nested too deeply"),
        ("nbpipe.lock", b"\xff\xfe", "nbpipe.lock cannot be read"),
        ("nbpipe.lock", "[]", "not of version 1"),
        ("nbpipe.lock", '{"version": 1, "steps": []}', "nbpipe.lock cannot be read"),
        ("nbpipe.lock", '{"version": 1, "steps": {"load": {"needs": [1]}}}', "no list of texts"),
        ("nbpipe.lock", '{"version": 1, "steps": {"load": {"gives": "xy"}}}', "no list of texts"),
        ("nbpipe.lock", json.dumps(LOCK_OF_ODD_PATHS), ""),
        ("other.ipynb", "[" * 100_000, "nested too deeply"),
        ("other.py", b"# %%\n\xff\n", ""),
    ],
)
def test_a_file_of_the_project_is_spoilt_and_that_is_said(
    nbpipe: Desk, name: str, content: str | bytes, says: str
) -> None:
    write(nbpipe.folder, name, content)
    for look in LOOKS:
        said = nbpipe(*look)
        assert said.exit_code in (0, 1, 2), (look, said.output)
        assert "\x1b" not in said.output
    assert says in nbpipe("check").output


def test_a_folder_in_the_place_of_a_file_is_said_or_passed_over(nbpipe: Desk) -> None:
    for name in ("nbpipe.toml", "nbpipe.lock", "other.ipynb"):
        (nbpipe.folder / name).mkdir()
    for look in LOOKS:
        assert nbpipe(*look).exit_code in (0, 1, 2), look
    assert "nbpipe.lock cannot be read" in nbpipe("check").output


def test_links_that_lead_in_a_circle_or_out_and_pipes_are_passed_over(nbpipe: Desk) -> None:
    outside = nbpipe.folder.parent / "outside.ipynb"
    outside.write_bytes((nbpipe.folder / "n.ipynb").read_bytes())
    (nbpipe.folder / "loop.ipynb").symlink_to("loop.ipynb")
    (nbpipe.folder / "out.ipynb").symlink_to(outside)
    (nbpipe.folder / "gone.ipynb").symlink_to("nowhere")
    os.mkfifo(nbpipe.folder / "pipe.ipynb")
    for look in LOOKS:
        assert nbpipe(*look).exit_code in (0, 1), look
    assert "3 steps in 1 notebook" in nbpipe("check").output


@pytest.mark.parametrize("path", ["pipe", "/dev/zero", "a\\0b", "/proc/kmsg"])
def test_what_a_step_reads_may_be_no_file_that_ends(nbpipe: Desk, write_notebook, path) -> None:
    os.mkfifo(nbpipe.folder / "pipe")
    write_notebook("n.ipynb", ("step:load", f"x = open('{path}', 'rb').read(10)"))
    assert "load" in nbpipe("plan").output


def test_a_notebook_that_may_not_be_read_is_a_problem(nbpipe: Desk, monkeypatch) -> None:
    """Root may read everything, so the refusal is put in."""
    from pathlib import Path as Real

    before = Real.read_bytes

    def refuse(self: Path) -> bytes:
        if self.name == "n.ipynb":
            raise PermissionError(13, "Permission denied", str(self))
        return before(self)

    monkeypatch.setattr(Real, "read_bytes", refuse)
    said = nbpipe("check")
    assert said.exit_code == 1
    assert "n.ipynb cannot be read: Permission denied. [unreadable]" in said.output


@pytest.mark.parametrize(
    "name",
    ["new\nline.ipynb", "-dash.ipynb", '{x.__class__} $(id);".ipynb', "\x1b[2J.ipynb", "é ü.ipynb",
     "\u202egnp.ipynb", "<script>.ipynb", "a" * 240 + ".ipynb", "--help.ipynb", "%s%n.ipynb"],
)  # fmt: skip
def test_a_notebook_may_have_any_name(nbpipe: Desk, name: str) -> None:
    (nbpipe.folder / "n.ipynb").rename(nbpipe.folder / name)
    for look in LOOKS:
        said = nbpipe(*look)
        assert said.exit_code in (0, 1), (look, said.output)
        assert not set("\x1b\u202e") & set(said.output)
    assert nbpipe("run", "--html", "report", "--junit", "j.xml").exit_code == 0
    assert nbpipe.ran == ["load", "fit", "show"]
    assert "<script>" not in (nbpipe.folder / "report" / "index.html").read_text("utf-8")
