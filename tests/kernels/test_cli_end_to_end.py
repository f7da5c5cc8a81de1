"""The command from one end to the other, with real kernels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import nbpipe

if TYPE_CHECKING:
    from tests.conftest import WriteNotebook

SOURCE = Path(__file__).parents[2] / "src"

CELLS = (
    ("parameters", "n = 4"),
    "FACTOR = 2\n\n\ndef scaled(x):\n    return x * FACTOR",
    ("step:load", "data = [float(i) for i in range(n)]\nprint('loaded', len(data))"),
    ("step:total", "total = sum(data)"),
    ("step:largest", "largest = scaled(max(data))"),
    ("step:report", "score = total + largest"),
    ("metrics", "score"),
    ("check", "assert score > 0, 'nothing in it'"),
)


@dataclass
class Shell:
    """Runs the command in a process of its own, in the test's folder."""

    folder: Path

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        paths = [str(SOURCE), os.environ.get("PYTHONPATH", "")]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
        return subprocess.run(
            [sys.executable, "-m", "nbpipe", *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=env,
            check=False,
        )

    def run(self, *arguments: str) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Return the exit code, each task's state, and the whole document."""
        done = self("run", "--json", *arguments)
        assert done.stdout, done.stderr
        data = json.loads(done.stdout)
        return done.returncode, {t["task"]: t["state"] for t in data["tasks"]}, data


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


ALL_OK = dict.fromkeys(("load", "total", "largest", "report"), "ok")
ALL_REUSED = dict.fromkeys(ALL_OK, "reused")


def changed(position: int, source: str) -> tuple[Any, ...]:
    cell = CELLS[position]
    new = source if isinstance(cell, str) else (cell[0], source)
    return (*CELLS[:position], new, *CELLS[position + 1 :])


def test_a_project_is_run_reused_changed_and_looked_at(
    shell: Shell, write_notebook: WriteNotebook
) -> None:
    before = write_notebook("n.ipynb", *CELLS).read_bytes()
    code, states, data = shell.run()
    assert (code, states) == (0, ALL_OK)
    assert data["metrics"] == {"score": 12.0}
    assert (shell.folder / "n.ipynb").read_bytes() == before

    assert shell.run()[:2] == (0, ALL_REUSED)

    write_notebook("n.ipynb", *changed(3, "# a comment\ntotal = sum(data)"))
    assert shell.run()[:2] == (0, ALL_REUSED)

    write_notebook("n.ipynb", *changed(1, CELLS[1].replace("= 2", "= 3")))  # type: ignore[union-attr]
    assert shell("why", "largest").stdout.splitlines()[0] == (
        "largest would run: the definition of FACTOR changed."
    )
    code, states, data = shell.run()
    assert states == {**ALL_REUSED, "largest": "ok", "report": "ok"}
    assert data["metrics"] == {"score": 15.0}

    run = nbpipe.run_of("last", shell.folder)
    assert run["largest"].outputs["largest"] == 9.0
    assert run["load"].outputs["data"] == [0.0, 1.0, 2.0, 3.0]
    assert "loaded 4" in shell("logs", "last/load").stdout
    assert Path(shell("open", "last/report").stdout.strip()).exists()


def test_a_failing_step_ends_with_1_and_keeps_its_notebook_and_the_source(
    shell: Shell, write_notebook: WriteNotebook
) -> None:
    before = write_notebook("n.ipynb", *CELLS).read_bytes()
    done = shell("run", "-p", "n=1")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "report failed (n.ipynb, cell 8)" in done.stdout
    assert "AssertionError: nothing in it" in done.stdout
    assert "1 failed" in done.stdout
    assert Path(shell("open", "last/report").stdout.strip()).exists()
    assert (shell.folder / "n.ipynb").read_bytes() == before
    assert shell("show").returncode == 0
