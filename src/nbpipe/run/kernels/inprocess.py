"""The engines `embedded`, `profiling` and `debug`: ploomber-engine in a forked process."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbpipe.run.kernels.attempt import Extra, Trouble
from nbpipe.run.kernels.book import Book, pointed_at, traceback_of
from nbpipe.run.kernels.imports import notebooks, papermill
from nbpipe.run.kernels.profile import make_profile
from nbpipe.run.kernels.stock import bounded

papermill()

from papermill.engines import Engine  # noqa: E402

if TYPE_CHECKING:
    from nbpipe.run.kernels.attempt import Attempt, Findings
    from nbpipe.run.order import Order


class _Watcher:
    """Applies to the book what the forked process tells."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.over = False
        self._fault = ""
        self._cells = {cell.id: cell for cell in book.nb.cells if cell.cell_type == "code"}
        self._cell: Any = None
        self._shown: dict[str, list[Any]] = {}
        self._clear_next = False

    def take(self, message: dict[str, Any]) -> None:
        """Take one message."""
        if "over" in message:
            self.over = True
        elif "fault" in message:
            self._fault = message["fault"]
        elif "start" in message:
            self._cell = self._cells[message["start"]]
            self.book.cell_start(self._cell)
        elif self._cell is not None:
            self._take_of_cell(message)
        elif "stream" in message:
            text = self.book.attempt.mask.text(message["text"])
            self.book.attempt.log.write("outside of cells", text)

    def _take_of_cell(self, message: dict[str, Any]) -> None:
        if "clear" in message:
            self._clear_next = bool(message["clear"])
            if not self._clear_next:
                self._clear()
            return
        if "end" in message:
            self._end(message)
            return
        if self._clear_next:
            self._clear()
        if "stream" not in message:
            message = self.book.attempt.mask.value(message)
        if "stream" in message:
            self.book.write(self._cell, message["stream"], message["text"])
        elif "error" in message:
            self._append("error", self.book.error(self._cell, message["error"]))
        else:
            self._show(message)

    def _clear(self) -> None:
        self._clear_next = False
        self._cell.outputs[:] = []
        self.book.cleared(self._cell)

    def _show(self, message: dict[str, Any]) -> None:
        kind, name = message["show"], message["id"]
        takes = self.book.updated if kind == "update" else self.book.displayed
        if not takes(self._cell, message["data"]):
            return
        content = {"data": message["data"], "metadata": message["metadata"]}
        for node in self._shown.get(name, ()) if name else ():
            node.update(content)
        if kind != "update":
            node = self._append(kind, content)
            if name:
                self._shown.setdefault(name, []).append(node)

    def _append(self, kind: str, content: dict[str, Any]) -> Any:
        node = notebooks().v4.new_output(kind, **content)
        self._cell.outputs.append(node)
        return node

    def _end(self, message: dict[str, Any]) -> None:
        cell, error = self._cell, message["failed"]
        cell.execution_count = message["count"]
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output["execution_count"] = message["count"]
        if error is not None and "raises-exception" not in cell.metadata.get("tags", ()):
            text = traceback_of(error["traceback"])
            words = error["evalue"] or pointed_at(text)
            self.book.fail(cell, Trouble("error", error["ename"], words, cell.id, text))
        self.book.cell_complete(cell)
        self._cell = None

    def died(self, code: int) -> None:
        """The process ended before it was through."""
        cell = self._cell
        trouble = Trouble("dead", "kernel died", "", None if cell is None else cell.id, exit=code)
        if cell is None:
            words = self._fault.strip().rpartition("\n")[2] or "It ended before the first cell."
            self.book.findings.trouble = Trouble(
                "start", "kernel died", words, traceback=self._fault, exit=code
            )
            return
        self.book.fail(cell, trouble)
        self.book.cell_complete(cell)


class InProcessEngine(Engine):  # type: ignore[misc]
    """Runs a notebook with ploomber-engine's client, in a process forked for it alone."""

    @classmethod
    def execute_notebook(
        cls, nb: Any, kernel_name: str, attempt: Attempt, findings: Findings, **_: Any
    ) -> Any:
        """Run it; findings hold it and tell how it went (see `PapermillEngine`)."""
        findings.notebook = nb
        book = Book(nb, attempt, findings)
        book.notebook_start()
        for cell in nb.cells:
            if cell.cell_type == "code" and attempt.order.language == "python":
                book.passed(cell)
        try:
            cls.execute_managed_notebook(book, kernel_name)
        finally:
            attempt.supervisor.unwatch()
            book.notebook_complete()
        return notebooks().v4.new_notebook()

    @classmethod
    def execute_managed_notebook(cls, nb_man: Book, kernel_name: str, **_: Any) -> None:
        """Fork, and watch until the process ends."""
        attempt, findings = nb_man.attempt, nb_man.findings
        what = _unfit(attempt.order)
        if what:
            what = f"The engine {attempt.order.engine!r} {what}. Use 'papermill'."
            findings.trouble = Trouble("refused", "UsageError", what)
            return
        attempt.supervisor.record = attempt.order.engine == "profiling"
        dump = attempt.scratch / "post-mortem.dump"
        watcher = _Watcher(nb_man)
        code = _watch(watcher, *_fork(nb_man, dump))
        if not watcher.over and not (findings.trouble is not None and code == 0):
            watcher.died(code)
        if dump.exists():
            kind = "application/x-debuglater"
            findings.extras.append(Extra("post-mortem.dump", "dump", kind, dump.read_bytes()))
        if attempt.order.engine == "profiling":
            findings.extras += make_profile(findings.cells, attempt.supervisor.samples)


def engine(name: str) -> type[InProcessEngine]:
    """Return the engine of that name, its libraries imported, so that forks find them there."""
    from nbpipe.run.kernels import inside  # noqa: F401

    if name == "debug":
        from nbpipe.run.kernels import dump  # noqa: F401
    return InProcessEngine


def _unfit(order: Order) -> str:
    """Say why the order cannot be carried out in a fork of this process, or nothing."""
    if order.language != "python":
        return "runs Python only"
    from jupyter_client.kernelspec import KernelSpecManager

    command = KernelSpecManager().get_kernel_spec(order.kernel).argv[0]
    here = Path(sys.executable).parent
    if Path(command).is_absolute() and Path(command).parent != here:
        return f"runs in nbpipe's own Python ({here}), and the kernel's is {command}"
    return ""


def _fork(book: Book, dump: Any) -> tuple[int, int]:
    """Return the process's id and the file that it tells in."""
    from nbpipe.run.kernels import inside

    attempt = book.attempt
    place = {
        "folder": attempt.order.folder, "environ": dict(attempt.environ),
        "lib": str(attempt.launcher.parent.parent) if attempt.launcher is not None else "",
        "dump": dump if attempt.order.engine == "debug" else None,
    }  # fmt: skip
    reader, writer = os.pipe()
    prepare = bounded(attempt.order.memory)
    gc.freeze()
    pid = os.fork()
    if pid:
        gc.unfreeze()
        os.close(writer)
        attempt.supervisor.watch(pid)
        return pid, reader
    code = 1
    try:
        _detach(reader)
        prepare()
        inside.run(book.nb, inside.Wire(writer), place)
        code = 0
    except BaseException:
        with contextlib.suppress(OSError):
            inside.Wire(writer).send({"fault": traceback.format_exc()})
    finally:
        os._exit(code)


def _detach(reader: int) -> None:
    """Let go of what belongs to the worker."""
    os.close(reader)
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    sys.stdin = os.fdopen(null)


def _watch(watcher: _Watcher, pid: int, reader: int) -> int:
    """Take messages until the process ended; return its exit code."""
    rest = bytearray()
    code: int | None = None
    while True:
        ready, _, _ = select.select([reader], [], [], 0.1 if code is None else 0.0)
        data = os.read(reader, 1 << 18) if ready else b""
        first, *lines = data.split(b"\n")
        rest += first  # in place: a message may come in a thousand pieces
        for line in lines:
            watcher.take(json.loads(rest))
            rest = bytearray(line)
        if code is None and not data:
            ended, status, usage = os.wait4(pid, 0 if ready else os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                watcher.book.attempt.supervisor.saw(usage.ru_maxrss * 1024)
        elif code is not None and not data:
            os.close(reader)
            return code
