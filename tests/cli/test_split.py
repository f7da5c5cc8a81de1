"""`nbpipe split` and what `nbpipe verify` says, without a kernel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Desk
    from tests.conftest import WriteNotebook

CELLS = (
    "import os",
    "#%md # Load",
    "x = len('abc')",
    "#%md # Work",
    "y = x + 1",
    "#%md # Tell",
    "print(y)",
)


def test_a_proposal_is_shown_and_nothing_is_written(
    nbpipe: Desk, write_notebook: WriteNotebook
) -> None:
    path = write_notebook("n.ipynb", *CELLS)
    before = path.read_bytes()
    said = nbpipe("split", str(path))
    assert said.exit_code == 0
    for words in ("3 steps of 3 cells", "+ setup", "+ step:load", "heading “Work”", "--write"):
        assert words in said.output
    assert path.read_bytes() == before


def test_tags_are_written_when_asked_for(nbpipe: Desk, write_notebook: WriteNotebook) -> None:
    path = write_notebook("n.ipynb", *CELLS)
    before = json.loads(path.read_text())
    assert nbpipe("split", str(path), "--write").exit_code == 0
    after = json.loads(path.read_text())
    assert [cell["metadata"].pop("tags", []) for cell in after["cells"]] == [
        ["setup"], [], ["step:load"], [], ["step:work"], [], ["step:tell"],
    ]  # fmt: skip
    assert after == before
    assert nbpipe("check", str(path)).exit_code == 0
    again = nbpipe("split", str(path))
    assert again.exit_code == 2
    assert "already-split" in again.output
    assert nbpipe("split", str(path), "--anew").exit_code == 0


def test_steps_are_accepted_one_by_one(nbpipe: Desk, write_notebook: WriteNotebook) -> None:
    path = write_notebook("n.ipynb", *CELLS)
    said = nbpipe("split", str(path), "--json", "--only", "load", "--only", "tell")
    assert [step["name"] for step in json.loads(said.output)["steps"]] == ["load", "tell"]
    asked = nbpipe("split", str(path), "--ask", input="n\ny\n")
    assert "Begin step work here?" in asked.output
    assert "2 steps of 3 cells" in asked.output
    unknown = nbpipe("split", str(path), "--only", "wrok")
    assert unknown.exit_code == 2
    assert "Did you mean 'work'?" in unknown.output


def test_a_folder_is_not_split(nbpipe: Desk, write_notebook: WriteNotebook) -> None:
    write_notebook("n.ipynb", *CELLS)
    said = nbpipe("split", str(nbpipe.folder))
    assert said.exit_code == 2
    assert "Name one notebook" in said.output


def test_verify_refuses_what_has_problems(nbpipe: Desk, write_notebook: WriteNotebook) -> None:
    path = write_notebook("n.ipynb", ("step:a", "print(nothing)"))
    said = nbpipe("verify", str(path))
    assert said.exit_code == 2
    assert "nobody-gives" in said.output
    told = json.loads(nbpipe("verify", str(path), "--json").stdout)
    assert (told["verdict"], told["problems"][0]["code"]) == ("refused", "nobody-gives")


def test_verify_runs_both_in_copies(nbpipe: Desk, write_notebook: WriteNotebook) -> None:
    path = write_notebook("n.ipynb", ("step:a", "x = len('a')"), ("step:b", "print(x)"))
    before = sorted(nbpipe.folder.rglob("*"))
    said = nbpipe("verify", str(path))
    assert said.exit_code == 0, said.output
    assert "✓ The pipeline gives what Run All gives." in said.output
    assert nbpipe.ran == ["Run All", "a", "b"]
    folders = {order.project for executor in nbpipe.executors for order in executor.orders}
    assert len(folders) == 2
    assert str(nbpipe.folder) not in folders
    assert sorted(nbpipe.folder.rglob("*")) == before
