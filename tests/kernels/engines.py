"""The command as a process of its own, with everything that it starts: run, found, killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psutil

from tests.conftest import document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCE = Path(__file__).parents[2] / "src"
MARK = "NBPIPE_TEST_MARK"
PATIENCE = 120.0
NOTE = (
    "import os, uuid\n"
    "open(os.path.join(os.environ['NBPIPE_TEST_NOTES'], f'{0}-{{uuid.uuid4()}}'), 'x').close()\n"
)
"""Cells that leave a file outside the project each time they are run."""


@dataclass
class Ground:
    """A project, and the engines that run it; what they start carries a mark."""

    folder: Path

    def __post_init__(self) -> None:
        self.mark = uuid4().hex
        self.project = self.folder / "p"
        for name in ("p", "notes", "tmp"):
            (self.folder / name).mkdir(parents=True)

    @property
    def store(self) -> Path:
        return self.project / ".nbpipe"

    def write(self, cells: Sequence[tuple[str, str]]) -> None:
        """Write the project's notebook; each step of it leaves notes."""
        noted = [(tag, NOTE.format(tag[5:]) + text if tag[:5] == "step:" else text)
                 for tag, text in cells]  # fmt: skip
        (self.project / "n.ipynb").write_text(json.dumps(document(*noted)))

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start the command; what it says is read when it has ended."""
        env = {
            **os.environ, MARK: self.mark, "PYTHONPATH": str(SOURCE), "CI": "1",
            "TMPDIR": str(self.folder / "tmp"), "NBPIPE_TEST_NOTES": str(self.folder / "notes"),
            **environ,
        }  # fmt: skip
        return subprocess.Popen(
            [sys.executable, "-m", "nbpipe", *arguments],
            cwd=self.project, env=env, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def run(self, *arguments: str, **environ: str) -> tuple[int, str]:
        """Carry the command out; returns its exit code and what it said."""
        process = self.start(*arguments, **environ)
        said, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, said

    def notes(self) -> dict[str, int]:
        """Return how often each step was run up to now."""
        files = (self.folder / "notes").iterdir()
        return dict(Counter(path.name.partition("-")[0] for path in files))

    def processes(self) -> Iterator[psutil.Process]:
        """Yield all that the engines started and that lives."""
        for process in psutil.process_iter():
            try:
                dead = process.status() == psutil.STATUS_ZOMBIE
                if not dead and process.environ().get(MARK) == self.mark:
                    yield process
            except (psutil.Error, OSError):
                continue

    def kinds(self) -> dict[str, list[psutil.Process]]:
        """Return the processes by what they are: engine, worker, template, kernel."""
        found: dict[str, list[psutil.Process]] = {}
        for process in self.processes():
            try:
                found.setdefault(_kind(process), []).append(process)
            except psutil.Error:
                continue
        return found

    def check_nothing_is_left(self) -> None:
        """Wait until all processes are gone; there must be no socket and no folder of theirs."""
        _, alive = psutil.wait_procs(list(self.processes()), timeout=20)
        assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
        assert list((self.folder / "tmp").rglob("*")) == []


def _kind(process: psutil.Process) -> str:
    words = process.cmdline()
    if "nbpipe.run.worker" in words:
        return "worker"
    if "nbpipe" in words:
        return "engine"
    above = process.parent()
    is_script = any(word.endswith("template.py") for word in words)
    of_worker = above is not None and "nbpipe.run.worker" in above.cmdline()
    return "template" if is_script and of_worker else "kernel"
