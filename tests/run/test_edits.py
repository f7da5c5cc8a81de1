"""A notebook is edited while its run goes on: told once, and only if it says something else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nbpipe.events import Note
from nbpipe.run.edits import PAUSE, Edits
from nbpipe.run.project import open_project, with_document
from tests.conftest import document

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.events import Event
    from tests.conftest import WriteNotebook

CELLS = (("step:a", "x = 1"), ("step:b", "print(x)"))


class Desk:
    """A run's look at its notebooks, with a clock."""

    def __init__(self, folder: Path, resumed: bool = False) -> None:
        self.now = 0.0
        self.told: list[Event] = []
        self.edits = Edits(open_project(folder), self.told.append, resumed, lambda: self.now)

    def later(self) -> list[str]:
        self.now += PAUSE
        self.edits.look()
        return [event.text for event in self.told if isinstance(event, Note)]


def test_an_edit_is_told_once(tmp_path: Path, write_notebook: WriteNotebook) -> None:
    write_notebook("n.ipynb", *CELLS)
    desk = Desk(tmp_path)
    assert desk.later() == []
    write_notebook("n.ipynb", *CELLS, "y = 2")
    (said,) = desk.later()
    assert said.startswith("n.ipynb was edited since the run began. The run keeps")
    write_notebook("n.ipynb", *CELLS, "y = 3")
    assert desk.later() == [said]


def test_it_is_told_at_the_end_if_there_was_no_time_before(
    tmp_path: Path, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", *CELLS)
    desk = Desk(tmp_path)
    write_notebook("n.ipynb", *CELLS, "y = 2")
    desk.edits.look()
    assert desk.told == []
    desk.edits.look(last=True)
    assert len(desk.told) == 1


def test_outputs_and_text_are_no_edits(tmp_path: Path, write_notebook: WriteNotebook) -> None:
    path = write_notebook("n.ipynb", *CELLS)
    desk = Desk(tmp_path)
    made = document(*CELLS, "#%md Some words")
    made["cells"][1] |= {"execution_count": 3, "outputs": [{"output_type": "stream"}]}
    path.write_text(json.dumps(made, indent=1))
    assert desk.later() == []


@pytest.mark.parametrize("more", [{"nbpipe": {"version": 1, "name": "other"}}, {"kernelspec": {}}])
def test_options_and_the_kernel_are_edits(
    tmp_path: Path, write_notebook: WriteNotebook, more: dict[str, object]
) -> None:
    write_notebook("n.ipynb", *CELLS)
    desk = Desk(tmp_path)
    write_notebook("n.ipynb", *CELLS, **more)
    assert len(desk.later()) == 1


def test_a_file_that_is_being_saved_is_looked_at_again(
    tmp_path: Path, write_notebook: WriteNotebook
) -> None:
    path = write_notebook("n.ipynb", *CELLS)
    whole = path.read_bytes()
    desk = Desk(tmp_path)
    path.write_bytes(whole[:50])
    assert desk.later() == []
    path.write_bytes(whole)
    assert desk.later() == []
    path.unlink()
    assert desk.later() == [
        "n.ipynb was removed since the run began. The run keeps what it began with; "
        "run again to run it as it is now."
    ]


def test_a_run_that_is_resumed_tells_of_what_was_edited_before(
    tmp_path: Path, write_notebook: WriteNotebook
) -> None:
    path = write_notebook("n.ipynb", *CELLS)
    desk = Desk(tmp_path, resumed=True)
    assert desk.later() == []
    then = open_project(tmp_path)
    write_notebook("n.ipynb", *CELLS, "y = 2")
    told: list[Event] = []
    Edits(then, told.append, True).look()
    assert len(told) == 1
    assert path.exists()


def test_a_notebook_as_it_is_in_the_browser_is_edited_when_its_file_is(
    tmp_path: Path, write_notebook: WriteNotebook
) -> None:
    path = write_notebook("n.ipynb", *CELLS)
    unsaved = document(*CELLS, "y = 2")
    told: list[Event] = []
    edits = Edits(with_document(open_project(tmp_path), "n.ipynb", unsaved), told.append)
    edits.look(last=True)
    assert told == []
    path.write_text(json.dumps(unsaved))  # saved as it runs
    edits.look(last=True)
    assert told == []
