"""The engine `warm`: as `papermill`, with a kernel forked from a template that is kept."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from nbpipe.events import Note
from nbpipe.run.kernels.manager import Kernel, Talk
from nbpipe.run.kernels.stock import GOODBYE, READY_WITHIN, Client, PapermillEngine, bound_of
from nbpipe.run.kernels.templates import Ended, NotWarm, Wish
from nbpipe.run.kernels.wanted import imports_of

if TYPE_CHECKING:
    from nbpipe.run.kernels.attempt import Attempt
    from nbpipe.run.kernels.book import Book
    from nbpipe.run.kernels.templates import Seat, Templates

_STOCK = ("-m", "ipykernel_launcher", "-f", "{connection_file}")


class Provisioner(LocalProvisioner):
    """Gives a kernel's manager the process that was forked for it."""

    seat: Seat
    memory: int | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Return what `launch_kernel` takes: nothing is left to be prepared."""
        manager: Any = self.parent
        self.connection_info = manager.get_connection_info()
        return {**kwargs, "cmd": []}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Wait until the process listens, and let it begin."""
        process: Any = self.seat.process
        self.process, self.pid, self.pgid = process, process.pid, process.pid
        self.cwd = kwargs.get("cwd")
        line = self.seat.line
        line.setblocking(False)
        with suppress(OSError, TimeoutError):
            loop = asyncio.get_running_loop()
            if await asyncio.wait_for(loop.sock_recv(line, 16), READY_WITHIN):
                await loop.sock_sendall(line, json.dumps({"memory": self.memory}).encode())
        line.close()
        return self.connection_info


class WarmClient(Client):
    """Papermill's client with a kernel that is there already."""

    seat: Seat

    def create_kernel_manager(self) -> Any:
        """Return a manager of the kernel that waits."""
        place = self.seat.place
        self.km = Kernel(
            kernel_name=self.kernel_name, transport="ipc", ip=place,
            connection_file=f"{place}.json", shutdown_wait_time=GOODBYE,
            client_factory=Talk, config=self.config,
        )  # fmt: skip
        self.km.load_connection_file()
        provisioner = Provisioner(kernel_id="warm", kernel_spec=self.km.kernel_spec, parent=self.km)
        provisioner.seat = self.seat
        provisioner.memory = bound_of(self.attempt.order.memory)
        self.km.provisioner = provisioner
        return self.km

    def start_new_kernel(self, **_: Any) -> None:
        """Let the kernel begin, watched from now on."""
        assert self.seat.process is not None
        self.attempt.supervisor.watch(self.seat.process.pid)
        super(Client, self).start_new_kernel(
            cwd=self.attempt.order.folder, env=dict(self.attempt.environ)
        )


class WarmEngine(PapermillEngine):
    """Runs a notebook in a kernel of its own, forked from a template; else in a stock one."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Book, kernel_name: str, **_: Any) -> None:
        """Take a kernel, run the cells, end the kernel."""
        attempt, templates = nb_man.attempt, nb_man.attempt.templates
        try:
            wish = _wish(attempt, kernel_name)
            assert templates is not None
            seat = templates.take(wish, lambda: _go_on(attempt))
        except NotWarm as error:
            _note(attempt, f"No kernel can be forked for {kernel_name!r}, so each step "
                  f"starts one of its own: {error}.")  # fmt: skip
            super().execute_managed_notebook(nb_man, kernel_name)
            return
        for module, why in templates.left_out.items():
            _note(attempt, f"Each step imports {module} anew: {why}.", "info")
        client = WarmClient(nb_man, **cls.settings(kernel_name))
        client.seat = seat
        client.on_cell_executed = client.replied
        client.on_notebook_start = lambda **_: templates.prepare(wish)
        try:
            client.execute()
        finally:
            _leave(seat, attempt)


def _go_on(attempt: Attempt) -> None:
    if attempt.supervisor.cause is not None:
        attempt.supervisor.gone()
        raise Ended("Kernel did not start: the attempt was ended before")


def _leave(seat: Seat, attempt: Attempt) -> None:
    """Keep what the kernel itself wrote, and remove its files."""
    attempt.supervisor.unwatch()
    with suppress(OSError):
        shutil.copyfile(seat.place + ".log", attempt.scratch / "kernel.log")
    seat.drop()


def _note(attempt: Attempt, text: str, level: Any = "warning") -> None:
    """Tell something once."""
    templates: Templates | None = attempt.templates
    if templates is None or text not in templates.told:
        attempt.tell(Note(text, attempt.order.task, level))
    if templates is not None:
        templates.told.add(text)


def _wish(attempt: Attempt, kernel_name: str) -> Wish:
    """Return the kernel that the order asks for; raise `NotWarm` where it cannot be forked."""
    if sys.platform != "linux":
        raise NotWarm(f"that is done on Linux, and this is {sys.platform}")
    if attempt.launcher is None or attempt.templates is None:
        raise NotWarm("this worker keeps no templates")
    spec = KernelSpecManager().get_kernel_spec(kernel_name)
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
