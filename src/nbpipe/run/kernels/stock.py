"""The engine `papermill`: a fresh kernel of any language, driven by papermill's own client."""

from __future__ import annotations

import asyncio
import resource
import subprocess
from queue import Empty
from time import monotonic
from typing import TYPE_CHECKING, Any

from nbpipe.run import processes
from nbpipe.run.kernels.attempt import Trouble
from nbpipe.run.kernels.book import Book, pointed_at, runs, traceback_of
from nbpipe.run.kernels.imports import notebooks, papermill
from nbpipe.run.kernels.manager import Kernel, Talk

papermill()

from nbclient.exceptions import (  # noqa: E402
    CellExecutionComplete,
    CellExecutionError,
    DeadKernelError,
)
from nbclient.util import run_sync  # noqa: E402
from papermill.clientwrap import PapermillNotebookClient  # noqa: E402
from papermill.engines import Engine  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe.run.kernels.attempt import Attempt, Findings

READY_WITHIN = 60
GOODBYE = 5.0
"""Seconds a kernel has to end by itself when all is done, and to do what waits for its exit."""

GOODBYE_OF_FAMILIES = 1.0
"""The same where it has children: ipykernel ends those first, then waits 14 s for their ghosts."""


class Client(PapermillNotebookClient):  # type: ignore[misc]
    """Papermill's client, which stops where the first cell fails and says how."""

    nb_man: Book
    km: Any
    kc: Any

    def __init__(self, nb_man: Book, **kwargs: Any) -> None:
        super().__init__(nb_man, **kwargs)
        self._ran: dict[str, tuple[Any, int]] = {}

    @property
    def attempt(self) -> Attempt:
        """The attempt that is carried out."""
        return self.nb_man.attempt

    def create_kernel_manager(self) -> Any:
        """Return a manager whose kernel listens on sockets in our private folder."""
        place = self.attempt.private / "k"
        self.km = Kernel(
            kernel_name=self.kernel_name, transport="ipc", ip=str(place),
            connection_file=f"{place}.json", shutdown_wait_time=GOODBYE,
            client_factory=Talk, config=self.config,
        )  # fmt: skip
        launcher = self.attempt.launcher
        self.km.launcher = None if launcher is None else str(launcher)
        return self.km

    def start_new_kernel(self, **_: Any) -> None:
        """Start the kernel in a session of its own, on our leash, its output in a file."""
        attempt = self.attempt
        with (attempt.scratch / "kernel.log").open("ab") as file:
            super().start_new_kernel(
                cwd=attempt.order.folder,
                env=dict(attempt.environ),
                stdin=subprocess.DEVNULL,
                stdout=file.fileno(),
                stderr=file.fileno(),
                preexec_fn=bounded(attempt.order.memory),
            )
        attempt.supervisor.watch(self.km.provisioner.pid)

    async def _async_poll_kernel_alive(self) -> None:
        """Notice within a tenth of a second that the kernel died."""
        while await self.km.is_alive():
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.2)  # what it wrote last is still on its way
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()

    def execute(self, **kwargs: Any) -> Any:
        """Start the kernel, run the cells, end the kernel.

        Papermill's own asks a kernel that died for its language at the end, and waits for it.
        """
        self.reset_execution_trackers()
        with self.setup_kernel(**kwargs):
            self.nb.metadata["language_info"] = self.kc.info["language_info"]
            self.papermill_execute_cells()
            self.set_widgets_metadata()
            if self.attempt.supervisor.cause is None:
                self._say_goodbye()
        return self.nb

    async def _async_say_goodbye(self) -> None:
        """Let the kernel end, and take what it writes until then."""
        families = processes.below(self.km.provisioner.pid)
        until = monotonic() + (GOODBYE_OF_FAMILIES if families else GOODBYE)
        if await self.km.is_alive():
            await self.km.request_shutdown()
        while await self.km.is_alive() and monotonic() < until:
            await self._take_late(0.02)
        while await self._take_late(0.0):
            pass
        if await self.km.is_alive():
            await self.km.provisioner.kill()
            await self.km.provisioner.wait()

    _say_goodbye = run_sync(_async_say_goodbye)

    async def _take_late(self, timeout: float) -> bool:
        try:
            self._late(await self.kc.iopub_channel.get_msg(timeout=timeout))
        except Empty:
            return False
        return True

    async def _async_poll_output_msg(self, parent_msg_id: str, cell: Any, cell_index: int) -> None:
        """Take messages until the cell is through; those of cells before it are theirs."""
        self._ran[parent_msg_id] = (cell, cell_index)
        while True:
            msg = await self.kc.iopub_channel.get_msg(timeout=None)
            if msg["parent_header"].get("msg_id") != parent_msg_id:
                self._late(msg)
                continue
            try:
                self.process_message(msg, cell, cell_index)
            except CellExecutionComplete:
                return

    def _late(self, msg: dict[str, Any]) -> None:
        """Take what a subprocess or a thread of an earlier cell wrote after that was through."""
        cell, index = self._ran.get(msg["parent_header"].get("msg_id"), (None, 0))
        if cell is not None and msg["msg_type"] in ("stream", "display_data"):
            self.process_message(msg, cell, index)

    def papermill_execute_cells(self) -> None:
        """Run cell after cell until one fails or we are told to stop."""
        for index, cell in enumerate(self.nb.cells):
            if self.nb_man.stopped():
                return
            if not runs(cell):
                self.nb_man.passed(cell)
                continue
            self.nb_man.cell_start(cell, index)
            try:
                self.execute_cell(cell, index)
            except CellExecutionError as error:
                self.nb_man.fail(cell, _raised(cell, error))
            except DeadKernelError:
                self.nb_man.fail(cell, self._died(cell))
            finally:
                self.nb_man.cell_complete(cell, index)

    def replied(self, cell: Any, execute_reply: dict[str, Any], **_: Any) -> None:
        """Notice a cell that asked the kernel to end (``exit()``): it stops the step."""
        payload = execute_reply["content"].get("payload") or ()
        if any(item.get("source") == "ask_exit" for item in payload):
            self.nb_man.fail(cell, Trouble("error", "SystemExit", "exit()", cell.id))

    def _died(self, cell: Any) -> Trouble:
        process = self.km.provisioner.process
        code = None if process is None else process.poll()
        return Trouble("dead", "kernel died", "", cell.id, exit=code)

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take text and displays within bounds; leave the rest to nbclient."""
        if self.attempt.mask and msg["msg_type"] != "stream":  # the book masks what comes in pieces
            msg = {**msg, "content": self.attempt.mask.value(msg["content"])}
        content, kind = msg["content"], msg["msg_type"]
        hooked = self.output_hook_stack[msg["parent_header"].get("msg_id")]
        if kind == "stream" and not hooked:
            if self.clear_before_next_output:
                self._clear(cell, cell_index)
            return self.nb_man.write(cell, content["name"], content["text"])
        shows = kind in ("display_data", "execute_result")
        if shows and not self.nb_man.displayed(cell, content["data"]):
            return None
        if kind == "update_display_data" and not self.nb_man.updated(cell, content["data"]):
            return None
        if kind == "error":
            msg = {**msg, "content": self.nb_man.error(cell, content)}
        if kind == "clear_output" and not content.get("wait"):
            self.nb_man.cleared(cell)
        output = super().process_message(msg, cell, cell_index)
        self.nb_man.autosave_cell()
        return output

    def _clear(self, cell: Any, cell_index: int) -> None:
        cell.outputs[:] = []
        self.clear_display_id_mapping(cell_index)
        self.clear_before_next_output = False
        self.nb_man.cleared(cell)


def bounded(memory: int | None) -> Callable[[], None]:
    """Return what a kernel's process does first: hold our leash, and bound its own memory.

    The bound is far above `memory`, which the supervisor watches; it stops a single
    allocation that would be over before the next look.
    """
    hold = processes.leash()
    bound = bound_of(memory)

    def first() -> None:
        hold()
        if bound is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))

    return first


def bound_of(memory: int | None) -> int | None:
    """Return the bytes of data that a kernel's process may hold itself."""
    return None if memory is None else max(2 * memory, memory + 2**30)


def _raised(cell: Any, error: Any) -> Trouble:
    last = next((o for o in reversed(cell.outputs) if o.output_type == "error"), None)
    if last is None:
        return Trouble("error", str(error.ename), str(error.evalue), cell.id, str(error))
    text = traceback_of(last.traceback)
    return Trouble("error", last.ename, last.evalue or pointed_at(text), cell.id, text)


class PapermillEngine(Engine):  # type: ignore[misc]
    """Runs a notebook in a kernel of its own."""

    @classmethod
    def execute_notebook(
        cls, nb: Any, kernel_name: str, attempt: Attempt, findings: Findings, **_: Any
    ) -> Any:
        """Run it; findings hold it and tell how it went.

        Papermill writes what is returned, to nowhere: so that is a notebook without cells.
        """
        book = Book(nb, attempt, findings)
        findings.notebook = nb
        book.notebook_start()
        try:
            cls.execute_managed_notebook(book, kernel_name)
        finally:
            attempt.supervisor.unwatch()
            book.notebook_complete()
        return notebooks().v4.new_notebook()

    @classmethod
    def execute_managed_notebook(cls, nb_man: Book, kernel_name: str, **_: Any) -> None:
        """Start the kernel, run the cells, end the kernel."""
        client = Client(nb_man, **cls.settings(kernel_name))
        client.on_cell_executed = client.replied
        client.execute()

    @staticmethod
    def settings(kernel_name: str) -> dict[str, Any]:
        """Return what the client is told."""
        return {
            "kernel_name": kernel_name, "startup_timeout": READY_WITHIN, "timeout": None,
            "iopub_timeout": 10, "raise_on_iopub_timeout": False, "record_timing": False,
        }  # fmt: skip
