"""The notebook while it runs: true states of its cells, bounded outputs, few writes."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from nbpipe.events import CellFinished, CellStarted
from nbpipe.run.kernels.attempt import CellRun
from nbpipe.run.kernels.imports import papermill
from nbpipe.run.kernels.shown import MOST_DISPLAYED, OVERFLOW, Shown
from nbpipe.run.kernels.text import cut, plain
from nbpipe.run.masks import Veil, hide_in_notebook

papermill()

from papermill.engines import NotebookExecutionManager  # noqa: E402

if TYPE_CHECKING:
    from nbpipe.run.kernels.attempt import Attempt, Findings, Trouble

SAVE_EVERY = 5.0
"""Seconds between two writes of the notebook while it runs."""


MOST_OF_AN_ERROR = 1_000_000
MOST_SAID = 10_000
"""Characters of an error's traceback, and of its sentence, that the notebook keeps."""


def _size(data: dict[str, Any]) -> int:
    return sum(len(part) for part in data.values() if isinstance(part, str))


def runs(cell: Any) -> bool:
    """Whether there is something in the cell to run."""
    tags = cell.metadata.get("tags", ())
    return cell.cell_type == "code" and bool(cell.source.strip()) and "skip-execution" not in tags


class Book(NotebookExecutionManager):  # type: ignore[misc]
    """Papermill's manager of a notebook's state, told truthfully.

    Papermill's own marks cells that never ran as completed after a kernel died, and writes
    the whole notebook twice for every cell.
    """

    STATUS: ClassVar[dict[str, str]] = {
        "not-run": "pending", "running": "running", "ok": "completed", "failed": "failed",
    }  # fmt: skip

    def __init__(self, nb: Any, attempt: Attempt, findings: Findings) -> None:
        super().__init__(nb, progress_bar=False)
        self.attempt = attempt
        self.findings = findings
        self.current: str | None = None
        self._positions = {cell: index for index, cell in enumerate(attempt.order.own)}
        self._shown: dict[str, Shown] = {}
        self._veils: dict[tuple[str, str], Veil] = {}
        self._saved = monotonic()

    # what papermill calls

    def notebook_start(self, **_: Any) -> None:
        """Clear what an earlier run left."""
        self.set_timer()
        self._name_parameters()
        self.nb.metadata.papermill.update(
            input_path="", output_path="", exception=None, duration=None, end_time=None,
            start_time=self.start_time.isoformat(),
        )  # fmt: skip
        for cell in self.nb.cells:
            if cell.cell_type == "code":
                cell.execution_count, cell.outputs = None, []
                self.findings.cells[cell.id] = CellRun()
                self._shown[cell.id] = Shown(cell)
            cell.metadata.papermill = {
                "exception": None, "start_time": None, "end_time": None, "duration": None,
                "status": "pending",
            }  # fmt: skip

    def _name_parameters(self) -> None:
        """Give papermill's cell an id that is the same in every run."""
        for cell in self.nb.cells:
            if "injected-parameters" in cell.metadata.get("tags", ()):
                cell.id = "injected-parameters"

    def cell_start(self, cell: Any, cell_index: int | None = None, **_: Any) -> None:
        """Note that the cell runs, and tell."""
        self.current = cell.id
        run = self.findings.cells[cell.id]
        run.state, run.started = "running", monotonic()
        cell.metadata.papermill.update(
            status="running", exception=False, start_time=datetime.now(UTC).isoformat()
        )
        position = self._positions.get(cell.id)
        if position is not None:
            self.attempt.tell(CellStarted(self.attempt.order.task, cell.id, position))

    def cell_exception(self, cell: Any, cell_index: int | None = None, **_: Any) -> None:
        """Note that the cell failed."""
        self.findings.cells[cell.id].state = "failed"
        cell.metadata.papermill.update(exception=True, status="failed")
        self.nb.metadata.papermill["exception"] = True

    def cell_complete(self, cell: Any, cell_index: int | None = None, **_: Any) -> None:
        """Note how the cell ended; a cell still running has come to its end."""
        self._unveil(cell)
        self._shown[cell.id].finish()
        run = self.findings.cells[cell.id]
        run.seconds = monotonic() - run.started
        if run.state == "running" and self._came_through():
            run.state = "ok"
        ended = cell.metadata.papermill
        ended.update(
            status=self.STATUS[run.state], duration=run.seconds,
            end_time=datetime.now(UTC).isoformat(),
        )  # fmt: skip
        self.attempt.teller.flush(force=True)
        if cell.id in self._positions and run.state in ("ok", "failed") and self._own_end():
            self.findings.told.add(cell.id)
            self.attempt.tell(
                CellFinished(self.attempt.order.task, cell.id, run.state, run.seconds)
            )
        self.autosave_cell()

    def _came_through(self) -> bool:
        return self.findings.trouble is None

    def _own_end(self) -> bool:
        """False where we ended it: the verdict then tells the cell's state."""
        return self.attempt.supervisor.cause is None and (
            self.findings.trouble is None or self.findings.trouble.kind == "error"
        )

    def autosave_cell(self, **_: Any) -> None:
        """Write the notebook where some seconds went by since it was written."""
        if monotonic() - self._saved > SAVE_EVERY:
            self.settle()
            self.save()

    def save(self, **_: Any) -> None:
        """Write the notebook as far as it came, for someone who wants to look."""
        target = self.attempt.scratch / "running.ipynb"
        nb = self.nb
        if self.attempt.mask:
            nb = copy.deepcopy(nb)
            hide_in_notebook(nb, self.attempt.mask)
        target.with_suffix(".new").write_text(json.dumps(nb), encoding="utf-8")
        target.with_suffix(".new").replace(target)
        self._saved = monotonic()

    def notebook_complete(self, **_: Any) -> None:
        """Note the end; nothing that did not run is marked as if it had."""
        for cell in self.nb.cells:
            self._unveil(cell)
        self.settle()
        self.end_time = self.now()
        self.nb.metadata.papermill.update(
            end_time=self.end_time.isoformat(),
            duration=(self.end_time - self.start_time).total_seconds(),
        )

    # what our engines call

    def passed(self, cell: Any) -> None:
        """Pass over a cell in which there is nothing to run."""
        if cell.cell_type == "code" and not cell.source.strip():
            self.findings.cells[cell.id].state = "ok"
            self.findings.told.add(cell.id)

    def stopped(self) -> bool:
        """Whether no further cell may start."""
        return self.attempt.supervisor.cause is not None or self.findings.trouble is not None

    def fail(self, cell: Any, trouble: Trouble) -> None:
        """Note what went wrong in the cell."""
        self.findings.trouble = trouble
        self.findings.cells[cell.id].error = trouble.message
        self.cell_exception(cell)

    def write(self, cell: Any, stream: str, text: str) -> None:
        """Take text that the cell wrote to ``stdout`` or ``stderr``."""
        if self.attempt.mask:
            veil = self._veils.setdefault((cell.id, stream), Veil(self.attempt.mask))
            text = veil.take(text)
        if text:
            self._write(cell, stream, text)

    def _unveil(self, cell: Any) -> None:
        """Write what waited for the rest of a secret that did not come."""
        for stream in ("stdout", "stderr"):
            veil = self._veils.get((cell.id, stream)) if self._veils else None
            rest = veil.end() if veil is not None else ""
            if rest:
                self._write(cell, stream, rest)

    def _write(self, cell: Any, stream: str, text: str) -> None:
        self.attempt.log.write(cell.id, text)
        if cell.id in self._positions:
            self.attempt.teller.write(cell.id, "stderr" if stream == "stderr" else "stdout", text)
        self._shown[cell.id].write(stream, text)

    def displayed(self, cell: Any, data: dict[str, Any]) -> bool:
        """Take a displayed value; False where the notebook has no room for it."""
        text = "".join(data.get("text/plain", ()))
        self.attempt.log.write(cell.id, text + "\n")
        if cell.id in self._positions:
            self.attempt.teller.write(cell.id, "display", text[:2_000] + "\n")
        if self._shown[cell.id].room(_size(data)):
            return True
        self._overflow(cell, data)
        return False

    def updated(self, cell: Any, data: dict[str, Any]) -> bool:
        """Take what a displayed value changes to; False where it is too large for the notebook."""
        if _size(data) <= MOST_DISPLAYED:
            return True
        self._overflow(cell, data)
        return False

    def _overflow(self, cell: Any, data: dict[str, Any]) -> None:
        with (self.attempt.scratch / OVERFLOW).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"cell": cell.id, "data": data}) + "\n")

    def error(self, cell: Any, content: dict[str, Any]) -> dict[str, Any]:
        """Return an error within bounds; one that is cut is whole in the log."""
        text = "\n".join(content["traceback"])
        if len(text) + len(content["evalue"]) <= MOST_OF_AN_ERROR:
            return content
        self.attempt.log.write(cell.id, plain(text) + "\n")
        lines = cut(text, MOST_OF_AN_ERROR).split("\n")
        return {**content, "evalue": cut(content["evalue"], MOST_SAID), "traceback": lines}

    def cleared(self, cell: Any) -> None:
        """The cell took its outputs back."""
        self._shown[cell.id].cleared()

    def settle(self) -> None:
        """Put all text that was kept into the notebook."""
        for shown in self._shown.values():
            shown.settle()


def pointed_at(traceback: str) -> str:
    """Return the line that a traceback points at last: what a bare ``assert`` has to say."""
    found = re.findall(r"^-+> *\d+ +(.*)$", traceback, re.MULTILINE)
    return found[-1].strip() if found else ""


def traceback_of(lines: Any) -> str:
    """Return a traceback as the kernel sent it, in plain text."""
    return plain("\n".join(lines or ()))
