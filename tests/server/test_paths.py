"""The one resolver of paths: what leads out of the root is refused, always with the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from nbpipe_jupyter.answers import NotFound
from nbpipe_jupyter.paths import Root

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Ask

REFUSED = [
    "..", "../", "../secret.ipynb", "a/../../secret.ipynb", "a/../a/nb.ipynb", "./../secret.ipynb",
    "/etc/passwd", "/", "//a/nb.ipynb", "~/nb.ipynb", "~root",
    "%2e%2e/secret.ipynb", "..%2fsecret.ipynb", "%252e%252e%252fsecret.ipynb", "%2fetc/passwd",
    "..\\secret.ipynb", "a\\nb.ipynb", "a/nb.ipynb\0", "\0", "a/nb.ipynb%00",
    "file:///etc/passwd", "s3://bucket/nb.ipynb", "http://host/nb.ipynb", "C:/nb.ipynb", "nbpipe:a",
    "a/leaf.ipynb", "a/away/secret.ipynb", "a/loop.ipynb", "../root_dir-secret/secret.ipynb",
    ".hidden/nb.ipynb", "a/.nbpipe", "a/note.txt", "a/none.ipynb", "a/pipe.ipynb",
    "x" * 300, "y/" * 3000,
]  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root_dir"
    for folder in (root / "a" / ".nbpipe", root / ".hidden", tmp_path / "root_dir-secret"):
        folder.mkdir(parents=True, exist_ok=True)
    for file in ("secret.ipynb", "root_dir-secret/secret.ipynb", "root_dir/.hidden/nb.ipynb",
                 "root_dir/a/nb.ipynb", "root_dir/a/note.txt"):  # fmt: skip
        (tmp_path / file).write_text("{}")
    (root / "a" / "leaf.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (root / "a" / "away").symlink_to(tmp_path)
    (root / "a" / "loop.ipynb").symlink_to("loop.ipynb")
    (root / "a" / "near.ipynb").symlink_to("nb.ipynb")
    import os

    os.mkfifo(root / "a" / "pipe.ipynb")
    return root


@pytest.mark.parametrize("path", [*REFUSED, None, 3, ["a"]])
def test_what_leads_out_or_is_no_notebook_is_refused_with_the_same_words(
    tree: Path, path: object
) -> None:
    with pytest.raises(NotFound, match="no notebook and no folder of that name"):
        Root.at(str(tree)).find(path)


@pytest.mark.parametrize("path", ["a/nb.ipynb", "a/near.ipynb", "./a//nb.ipynb"])
def test_a_notebook_below_the_root_is_found(tree: Path, path: str) -> None:
    assert Root.at(str(tree)).find(path) == tree / "a" / "nb.ipynb"


@pytest.mark.parametrize("path", ["", ".", "a", "a/"])
def test_folders_are_found(tree: Path, path: str) -> None:
    assert Root.at(str(tree)).find(path) == tree / path.strip("./")


def test_hidden_folders_are_found_where_the_server_shows_them(tree: Path) -> None:
    found = Root.at(str(tree), hidden=True).find(".hidden/nb.ipynb")

    assert found == tree / ".hidden" / "nb.ipynb"


def test_a_name_with_a_per_cent_sign_is_a_name(tree: Path) -> None:
    (tree / "100% done.ipynb").write_text("{}")

    assert Root.at(str(tree)).find("100% done.ipynb").name == "100% done.ipynb"


def test_a_root_that_is_a_link_is_followed(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tree)

    root = Root.at(str(tmp_path / "link"))

    assert root.relative(root.find("a/nb.ipynb")) == "a/nb.ipynb"


def test_every_route_that_takes_a_path_refuses(tree: Path, ask: Ask) -> None:
    digest = "sha256:" + "0" * 64
    found = [
        ask(route, {"path": path}) for path in REFUSED for route in ("compile", "plan", "runs")
    ]
    found += [ask(f"runs?path={quote(path, safe='')}") for path in REFUSED]
    kept = ("runs/x", "runs/x/events", "runs/x/output", f"artifacts/{digest}")
    others = [ask(f"{route}?path={quote(path, safe='')}") for path in REFUSED for route in kept]

    assert {answer.status for answer in (*found, *others)} == {404}
    assert len({answer.data["message"] for answer in found}) == 1


def test_the_drive_of_what_ran_shows_nothing_else(tree: Path, ask: Ask) -> None:
    for path in REFUSED:
        answer = ask(f"contents/{quote(path, safe='/')}")
        assert answer.status == 404 or answer.data["content"] == []
