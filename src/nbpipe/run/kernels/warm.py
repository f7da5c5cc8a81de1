"""The engine `warm`: a real kernel for each order, forked from a process that is ready for it.

A template has imported what the cells import. Where a step runs once for each of many items, the
first kernel of them becomes a template itself when the cells that all items share have run.
"""

from __future__ import annotations

import copy
import functools
import shutil
import sys
from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from string import Template
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from jupyter_client.kernelspec import KernelSpecManager

from nbpipe.compile.render import BEGIN_CELL, ITEM_CELL
from nbpipe.events import Note
from nbpipe.run import processes
from nbpipe.run.kernels.attempt import Trouble
from nbpipe.run.kernels.hearing import Hearing
from nbpipe.run.kernels.imports import papermill
from nbpipe.run.kernels.seats import Ended, NotWarm, Wish
from nbpipe.run.kernels.sharing import common_of
from nbpipe.run.kernels.stock import (
    GOODBYE,
    GOODBYE_OF_FAMILIES,
    Client,
    PapermillEngine,
    bound_of,
)
from nbpipe.run.kernels.wanted import imports_of

papermill()

from nbclient.exceptions import CellExecutionError, DeadKernelError  # noqa: E402

if TYPE_CHECKING:
    from nbpipe.run.kernels.attempt import Attempt
    from nbpipe.run.kernels.book import Book
    from nbpipe.run.kernels.seats import Seat
    from nbpipe.run.kernels.sharing import Common
    from nbpipe.run.kernels.templates import Templates

_STOCK = ("-m", "ipykernel_launcher", "-f", "{connection_file}")
LISTEN = 1.0
"""Seconds between two looks whether the kernel is still there, where nothing else tells."""


class WarmClient(Client):
    """Papermill's client with a kernel on a line.

    Parameters
    ----------
    nb_man
        The notebook.
    seat
        The kernel.
    common
        What the notebook shares with those of other items.
    """

    def __init__(self, nb_man: Book, seat: Seat, common: Common | None, **kwargs: Any) -> None:
        super().__init__(nb_man, **kwargs)
        self.seat, self.common = seat, common
        self.hearing = Hearing(seat)
        self.kc = _Widgets(self)
        self._cell: tuple[Any, int] = (None, 0)
        self._parent = ""
        self._reply: Any = None
        self.lingers = False

    @property
    def templates(self) -> Templates:
        """The worker's templates."""
        templates = self.attempt.templates
        assert templates is not None
        return templates

    def execute(self, **_: Any) -> Any:
        """Let the kernel begin, run the cells, let it end."""
        self.reset_execution_trackers()
        self._begin(shares=self.common is not None and self.seat.loaded is None)
        self.papermill_execute_cells()
        self.set_widgets_metadata()
        if self.attempt.supervisor.cause is None and not self._lingers():
            self._say_goodbye()
        return self.nb

    def _lingers(self) -> bool:
        """Let a kernel whose cell raised live on, where somebody may want to look into it."""
        trouble, lingering = self.nb_man.findings.trouble, self.attempt.lingering
        raised = trouble is not None and trouble.kind == "error" and trouble.name != "SystemExit"
        if raised and self.attempt.order.linger and lingering is not None:
            self.attempt.supervisor.unwatch()
            lingering.take(self.seat, self.attempt.order)
            self.lingers = True
        return self.lingers

    def _begin(self, shares: bool) -> None:
        """Let the kernel begin, watched from now on."""
        assert self.seat.process is not None
        self.attempt.supervisor.watch(self.seat.process.pid)
        memory = bound_of(self.attempt.order.memory)
        self.hearing.say({"begin": {"memory": memory, "shares": shares}})
        if self.common is None or not shares:  # else another is made ready when this one parted
            self.templates.prepare(self.seat.wish, self.common.key if self.common else "")

    # one cell

    def execute_cell(self, cell: Any, cell_index: int, *_: Any, **__: Any) -> Any:
        """Run a cell, or take over what it gave where it was run for all items."""
        if self.common is not None and cell.id == ITEM_CELL and self.seat.loaded is None:
            self._part()
        loaded = self.seat.loaded
        kept = loaded.cells.get(cell.id) if loaded is not None else None
        if kept is not None and cell.id != BEGIN_CELL:
            cell.update(copy.deepcopy(kept))
            return cell
        self.clear_before_next_output = False
        self._cell, self._parent, self._reply = (cell, cell_index), uuid4().hex, None
        self.hearing.say({"execute": cell.source, "id": self._parent, "counts": kept is None})
        while self._reply is None:
            self._hear(LISTEN)
            if self.hearing.over:
                raise DeadKernelError("Kernel died")
        reply = self._reply["content"]
        count = reply.get("execution_count", cell.execution_count)
        cell.execution_count = count if kept is None else kept["execution_count"]
        self.replied(cell, self._reply)
        if reply["status"] == "error" and not self._may_fail(cell):
            raise CellExecutionError.from_cell_and_msg(cell, reply)
        return cell

    @staticmethod
    def _may_fail(cell: Any) -> bool:
        return "raises-exception" in cell.metadata.get("tags", ())

    def _hear(self, wait: float) -> None:
        """Take what the kernel says: text and messages for the cell, the reply for us."""
        cell, index = self._cell
        for kind, told in self.hearing.listen(wait):
            if kind != "message":
                self._take_text(kind, told)
            elif told["msg_type"] == "ready":
                self.nb.metadata["language_info"] = told["content"]
            elif told["msg_type"] == "execute_reply":
                self._reply = told
            elif cell is not None and told["msg_type"] != "status":
                parent = told["parent"] if told["parent"] in self.output_hook_stack else ""
                told["header"] = {"msg_type": told["msg_type"]}
                told["parent_header"] = {"msg_id": parent or self._parent}
                told["buffers"] = [memoryview(b64decode(part)) for part in told["buffers"]]
                self.process_message(told, cell, index)

    def _take_text(self, stream: str, text: str) -> None:
        cell, index = self._cell
        if cell is None:
            self.attempt.log.write("before the cells", self.attempt.mask.text(text))
            return
        told = {"name": stream, "text": text}
        self.process_message(
            {"msg_type": "stream", "content": told, "parent_header": {"msg_id": self._parent}},
            cell, index,
        )  # fmt: skip

    def _died(self, cell: Any) -> Trouble:
        assert self.seat.process is not None
        return Trouble("dead", "kernel died", "", cell.id, exit=self.seat.process.poll())

    # what items share

    def _part(self) -> None:
        """Go on in a fork of the kernel, which stays as it is for the items to come."""
        assert self.common is not None
        ids = {BEGIN_CELL, *self.common.cells}
        ran = [cell for cell in self.nb.cells if cell.id in ids]
        self.nb_man.settle()
        cells = {cell.id: _kept(cell) for cell in ran}
        try:
            seat, why = self.templates.part(
                self.seat, self.common.key, self.common.source, cells,
                lambda: _go_on(self.attempt),
            )  # fmt: skip
        except NotWarm as error:
            raise DeadKernelError(str(error)) from error
        if seat is None:
            text = f"What its items share is made ready for each of them: {why}."
            _note(self.attempt, text, "info")
            return
        self.seat, self.hearing = seat, Hearing(seat)
        self._begin(shares=False)

    # the end

    def _say_goodbye(self) -> None:
        """Let the kernel end, and take what it writes until then."""
        assert self.seat.process is not None
        families = processes.below(self.seat.process.pid)
        until = monotonic() + (GOODBYE_OF_FAMILIES if families else GOODBYE)
        self.hearing.say({"leave": True})
        while not self.hearing.over and monotonic() < until:
            self._hear(0.02)
        self.seat.process.kill()


class _Widgets:
    """What nbclient's widgets know of a client: a channel to their other halves."""

    def __init__(self, client: WarmClient) -> None:
        self.client = client
        self.session = self.shell_channel = self

    def msg(self, kind: str, content: Any) -> dict[str, Any]:
        """Return a message."""
        return {"msg_type": kind, "content": content}

    def send(self, message: dict[str, Any]) -> None:
        """Send it to the kernel, which takes it after the cell that runs."""
        self.client.hearing.say({"comm": message})


class WarmEngine(PapermillEngine):
    """Runs a notebook in a kernel of its own, forked from a template; else in a stock one."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Book, kernel_name: str, **_: Any) -> None:
        """Take a kernel, run the cells, end the kernel."""
        attempt, templates = nb_man.attempt, nb_man.attempt.templates
        try:
            wish = _wish(attempt, kernel_name)
            assert templates is not None
            common = common_of(nb_man.nb, wish)
            seat = templates.take(wish, lambda: _go_on(attempt), common.key if common else "")
        except NotWarm as error:
            _note(attempt, f"No kernel can be forked for {kernel_name!r}, so each step "
                  f"starts one of its own: {error}.")  # fmt: skip
            super().execute_managed_notebook(nb_man, kernel_name)
            return
        for module, why in templates.left_out.items():
            _note(attempt, f"Each step imports {module} anew: {why}.", "info")
        client = WarmClient(nb_man, seat, common, **cls.settings(kernel_name))
        try:
            client.execute()
        finally:
            _leave(client, attempt)


def _go_on(attempt: Attempt) -> None:
    if attempt.supervisor.cause is not None:
        attempt.supervisor.gone()
        raise Ended("Kernel did not start: the attempt was ended before")


def _kept(cell: Any) -> dict[str, Any]:
    return {
        "outputs": copy.deepcopy(cell.outputs), "execution_count": cell.execution_count,
    }  # fmt: skip


def _leave(client: WarmClient, attempt: Attempt) -> None:
    """Keep what the kernel itself wrote, and remove its files."""
    attempt.supervisor.unwatch()
    with suppress(OSError):
        shutil.copyfile(client.seat.log, attempt.scratch / "kernel.log")
    if not client.lingers:
        client.seat.drop()


def _note(attempt: Attempt, text: str, level: Any = "warning") -> None:
    """Tell something once."""
    templates: Templates | None = attempt.templates
    if templates is None or text not in templates.told:
        attempt.tell(Note(text, attempt.order.task, level))
    if templates is not None:
        templates.told.add(text)


@functools.cache
def _spec(kernel_name: str) -> Any:
    """Return a kernelspec as it was when this worker first saw it."""
    return KernelSpecManager().get_kernel_spec(kernel_name)


def _wish(attempt: Attempt, kernel_name: str) -> Wish:
    """Return the kernel that the order asks for; raise `NotWarm` where it cannot be forked."""
    if sys.platform != "linux":
        raise NotWarm(f"that is done on Linux, and this is {sys.platform}")
    if attempt.launcher is None or attempt.templates is None:
        raise NotWarm("this worker keeps no templates")
    spec = _spec(kernel_name)
    argv = list(spec.argv)
    if tuple(argv[-4:]) != _STOCK or attempt.order.language != "python":
        raise NotWarm("it is not a plain IPython kernel")
    if spec.metadata.get("kernel_provisioner"):
        raise NotWarm("its kernelspec names a provisioner of its own")
    if argv[0].startswith("python") and "/" not in argv[0]:
        argv[0] = sys.executable
    environ = dict(attempt.environ)
    environ.update({k: Template(v).safe_substitute(environ) for k, v in spec.env.items()})
    environ["JPY_PARENT_PID"] = "0"
    return Wish(
        command=tuple(argv[:-4]),
        script=str(Path(attempt.launcher).with_name("template.py")),
        environ=environ,
        cwd=attempt.order.folder,
        imports=imports_of(attempt.order.notebook),
    )
