"""Carries out one order in this process: prepare, run, judge, publish, clean up."""

from __future__ import annotations

import os
import shutil
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from nbpipe.compile.parameters import check_writable
from nbpipe.errors import NbpipeError
from nbpipe.events import Artifact, CellFinished, Failure, Note
from nbpipe.kernelside.failpoints import reach
from nbpipe.run import executed, outputs, processes, verdict
from nbpipe.run.kernels.attempt import Attempt, Findings
from nbpipe.run.kernels.shown import OVERFLOW
from nbpipe.run.kernels.supervisor import Supervisor
from nbpipe.run.kernels.text import Log, Teller
from nbpipe.run.masks import NOTHING, mask_of, masked_result, masked_tell
from nbpipe.run.order import Result
from nbpipe.run.scratch import scratch_of, write_task
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbpipe.events import CellState, Tell
    from nbpipe.run.kernels.lingering import Lingering
    from nbpipe.run.kernels.templates import Templates
    from nbpipe.run.masks import Mask
    from nbpipe.run.order import Order
    from nbpipe.store.blobs import Blobs

_NOT_THE_KERNELS = (
    "PYTHONSAFEPATH",
    "PYTHONINSPECT",
    "PYTHONSTARTUP",
    "JPY_SESSION_NAME",
    "PYTEST_CURRENT_TEST",  # ipykernel captures no subprocesses where it is set
)
"""Variables that change how a kernel works and are not meant for it."""

_NOT_SAVED = "The step ran to its end, and what it gives was not saved. Run it again."


@dataclass(frozen=True, slots=True)
class Desk:
    """What a worker has at hand for every order.

    Attributes
    ----------
    private
        Short folder of mode 0700, the worker's own.
    mark
        Text by which all processes of its kernels are found.
    tell
        Where events go.
    attend
        Called with the supervisor when there is one, so that wishes reach it; and with None.
    templates
        Kept between orders, for kernels that are forked; None where none are kept.
    lingering
        Takes kernels of steps that fail; None where none lives on.
    """

    private: Path
    mark: str
    tell: Tell
    attend: Callable[[Supervisor | None], None]
    templates: Templates | None = None
    lingering: Lingering | None = None


def carry_out(order: Order, desk: Desk) -> Result:
    """Carry out an order; whatever goes wrong is told in the result."""
    began = monotonic()
    mask = NOTHING
    try:
        mask = mask_of(order.secrets)
        desk = replace(desk, tell=masked_tell(desk.tell, mask))
        blobs = Store.open(order.store).blobs
        _check(order, blobs)
        return masked_result(_Work(order, desk, blobs, began, mask).result(), mask)
    except (NbpipeError, OSError) as error:
        failure = Failure(type(error).__name__, str(error))
    except Exception as error:
        what = f"A fault in nbpipe, not in the notebook: {type(error).__name__}: {error}"
        failure = Failure("nbpipe", what, traceback=traceback.format_exc())
    result = Result(order.task, order.attempt, "failed", monotonic() - began, error=failure)
    return masked_result(result, mask)


def _check(order: Order, blobs: Blobs) -> None:
    check_writable(order.parameters)
    for digest in order.inputs:
        blobs.path(digest)  # raises MissingObject
    if not Path(order.folder).is_dir():
        raise FileNotFoundError(f"The notebook's folder {order.folder} is not there.")


def _saves(order: Order) -> bool:
    cells = order.notebook.get("cells", ())
    return any("nbpipe-save" in cell.get("metadata", {}).get("tags", ()) for cell in cells)


class _Work:
    """One order on its way; `result` goes through its stages."""

    def __init__(self, order: Order, desk: Desk, blobs: Blobs, began: float, mask: Mask) -> None:
        self.order, self.desk, self.blobs, self.began = order, desk, blobs, began
        self.mask = mask
        self.findings = Findings()
        self.scratch = blobs.scratch(scratch_of(order))

    def result(self) -> Result:
        """Run and publish; the scratch folder is gone afterwards."""
        write_task(self.scratch, self.order)
        reach("scratch-made")
        try:
            met = self._run()
            reach("kernel-ended")
            return self._publish(verdict.judge(self.order, self.findings, met), met)
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def _run(self) -> verdict.Met:
        from nbpipe.run.kernels.carry import carry

        teller = Teller(self.desk.tell, self.order.task)
        supervisor = Supervisor(self.order.timeout, self.order.memory, teller.flush)
        log = Log((self.scratch / "log.txt").open("w", encoding="utf-8", errors="replace"))
        self.desk.attend(supervisor)
        try:
            carry(self._attempt(supervisor, teller, log), self.findings)
        finally:
            self.desk.attend(None)
            supervisor.close()
            teller.flush(force=True)
            self._sweep(log)
            log.close()
        return verdict.Met(supervisor.cause, supervisor.peak, processes.memory_here())

    def _attempt(self, supervisor: Supervisor, teller: Teller, log: Log) -> Attempt:
        environ = {k: v for k, v in os.environ.items() if k not in _NOT_THE_KERNELS}
        environ[processes.MARK] = self.desk.mark
        launcher = self.blobs.ensure_lib() / "nbpipe_kernelside" / "launch.py"
        return Attempt(
            order=self.order, scratch=self.scratch, private=self.desk.private,
            environ=environ, launcher=launcher if launcher.exists() else None,
            tell=self.desk.tell, teller=teller, log=log, supervisor=supervisor,
            templates=self.desk.templates, mask=self.mask, lingering=self.desk.lingering,
        )  # fmt: skip

    def _sweep(self, log: Log) -> None:
        """End what the step left running; the log names it."""
        keepers = (self.desk.templates, self.desk.lingering)
        kept = frozenset().union(*(keeper.pids() for keeper in keepers if keeper is not None))
        left = [process for process in processes.below(os.getpid()) if process.pid not in kept]
        names = processes.end_all(left)
        processes.reap()
        if names:
            names = [self.mask.text(name) for name in names]
            log.write("after the step", "Ended what it left running:\n" + "\n".join(names) + "\n")
            text = f"It left {len(names)} running, which were ended: {'; '.join(names)[:500]}"
            self.desk.tell(Note(text, self.order.task, "warning"))
        trouble = self.findings.trouble
        if trouble is None or trouble.kind == "error":
            return
        with suppress(OSError):
            text = (self.scratch / "kernel.log").read_text(errors="replace")
            if text.strip():
                log.write("the kernel's own output", self.mask.text(text)[-100_000:])

    def _publish(self, found: verdict.Verdict, met: verdict.Met) -> Result:
        order = self.order
        unsaved = _saves(order) and not (self.scratch / "saved.json").exists()
        if found.state == "ok" and unsaved:
            found = verdict.Verdict("failed", Failure("nothing saved", _NOT_SAVED))
        try:
            left = outputs.collect(self.scratch, order, self.blobs, found.state == "ok", self.mask)
        except (NbpipeError, OSError) as error:
            what = f"What the step left could not be stored: {error}"
            found = verdict.Verdict("failed", Failure(type(error).__name__, what))
            left = outputs.Left()
        reach("outputs-stored")
        states = verdict.cell_states(self.findings, found)
        self._tell_states(states)
        return Result(
            order.task, order.attempt, found.state, monotonic() - self.began,
            artifacts=(*left.artifacts, *self._papers(found, states)),
            metrics=dict(left.metrics), checks=self._checks(states),
            error=self._placed(found.error), peak=met.peak or None,
            files_read=left.files_read, fetched=left.fetched, missing=left.missing,
            changed=left.changed, drew=left.drew,
        )  # fmt: skip

    def _papers(
        self, found: verdict.Verdict, states: Mapping[str, CellState]
    ) -> tuple[Artifact, ...]:
        """Publish the executed notebook, the log, and what an engine made besides."""
        notebook = executed.finish(self.order, self.findings, found, states, self.mask)
        log = self.scratch / "log.txt"
        size = log.stat().st_size
        papers = [
            Artifact(
                executed.file_name(self.order.task), self.blobs.put_bytes(notebook),
                len(notebook), "notebook", type="application/x-ipynb+json",
            ),
            Artifact("log.txt", self.blobs.adopt(log), size, "log", type="text/plain"),
        ]  # fmt: skip
        overflow = self.scratch / OVERFLOW
        if overflow.exists():
            size = overflow.stat().st_size
            digest, kind = self.blobs.adopt(overflow), "application/jsonl"
            papers.append(Artifact(OVERFLOW, digest, size, "log", type=kind))
        for extra in self.findings.extras:
            if extra.kind == "dump" and self.mask:
                text = "The dump is not kept: it would hold the secrets that the step was given."
                self.desk.tell(Note(text, self.order.task, "warning"))
                continue
            digest = self.blobs.put_bytes(extra.data)
            size = len(extra.data)
            papers.append(Artifact(extra.name, digest, size, extra.kind, type=extra.type))
        return tuple(papers)

    def _tell_states(self, states: Mapping[str, CellState]) -> None:
        """Tell of the cells that did not come to an end of their own."""
        for cell in self.order.own:
            if cell not in self.findings.told:
                run = self.findings.cells.get(cell)
                seconds = 0.0 if run is None else run.seconds
                state = states.get(cell, "not-run")
                self.desk.tell(CellFinished(self.order.task, cell, state, seconds))

    def _checks(self, states: Mapping[str, CellState]) -> dict[str, str]:
        ran = [cell for cell in self.order.checks if states.get(cell) not in (None, "not-run")]
        return {
            cell: "ok" if states[cell] == "ok" else self.findings.cells[cell].error or states[cell]
            for cell in ran
        }

    def _placed(self, error: Failure | None) -> Failure | None:
        """Name the source notebook's cell where the one that ran was put in for it."""
        if error is None or error.cell is None or error.cell in self.order.own:
            return error
        cells: dict[str, Any] = {c.get("id", ""): c for c in self.order.notebook.get("cells", ())}
        source = cells.get(error.cell, {}).get("metadata", {}).get("nbpipe", {}).get("from")
        return Failure(error.name, error.message, source, error.traceback)
