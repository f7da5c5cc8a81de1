"""A Jupyter kernel provisioner: any client's kernels, forked from a process that is kept."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import List, Unicode

from nbpipe.run.kernels.seats import NotWarm, Wish
from nbpipe.run.kernels.templates import Templates
from nbpipe.run.scratch import private_folder
from nbpipe.store.blobs import kernelside_folder
from nbpipe.store.folder import place_library

_LAUNCHER = ("-m", "ipykernel_launcher")
_OF_ONE_KERNEL = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_INTERRUPT_EVENT")


class _Pool:
    """The templates of a process, for all of its kernels."""

    def __init__(self) -> None:
        self.private = private_folder()
        self.library = place_library(self.private, kernelside_folder())
        self.templates = Templates(self.private, spares=False)
        # Linux ends a process when the thread that started it ends, so this one stays.
        self.thread = ThreadPoolExecutor(1, "nbpipe-templates")
        self.count = 0
        atexit.register(self.close)

    def place(self) -> str:
        """Return where the sockets of another kernel may be."""
        self.count += 1
        return str(self.private / f"s{self.count}")

    def close(self) -> None:
        """End all templates, and with them their kernels."""
        self.thread.shutdown(wait=False)
        self.templates.close()
        shutil.rmtree(self.private, ignore_errors=True)


_pool = cache(_Pool)


class WarmProvisioner(LocalProvisioner):
    """Forks a kernel where that is possible, and starts one as always where it is not.

    A kernelspec asks for it::

        "metadata": {"kernel_provisioner": {"provisioner_name": "nbpipe-warm",
                                            "config": {"imports": ["pandas"]}}}

    Kernels listen on sockets in a folder of their owner alone, unless the manager was given
    another transport than its default.
    """

    imports: Any = List(Unicode(), help="Modules that are imported once for all kernels.").tag(
        config=True
    )

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose sockets that nobody else can open."""
        manager: Any = self.parent
        if manager is not None and sys.platform == "linux" and manager.transport == "tcp":
            if not manager.shell_port:  # not one that is started again
                manager.cache_ports = False
                manager.transport, manager.ip = "ipc", _pool().place()
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork the kernel."""
        try:
            process = await self._fork(cmd, **kwargs)
        except NotWarm as error:
            self.log.warning("No kernel can be forked (%s); one is started.", error)
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = process, process.pid, process.pid
        return self.connection_info

    async def _fork(self, cmd: list[str], **kwargs: Any) -> Any:
        if sys.platform != "linux":
            raise NotWarm(f"that is done on Linux, and this is {sys.platform}")
        if _LAUNCHER[1] not in cmd:
            raise NotWarm("it is not a plain IPython kernel")
        at = cmd.index(_LAUNCHER[1])
        pool = _pool()
        # With 1 ipykernel watches no parent: the template's leash does.
        environ = {**(kwargs.get("env") or os.environ), "JPY_PARENT_PID": "1"}
        wish = Wish(
            command=tuple(cmd[: at - 1]),
            script=str(Path(pool.library) / "nbpipe_kernelside" / "template.py"),
            environ={k: v for k, v in environ.items() if k not in _OF_ONE_KERNEL},
            cwd=str(kwargs.get("cwd") or Path.cwd()),
            imports=tuple((name, ()) for name in self.imports),
            kind="sockets",
        )
        fork = pool.templates.fork_stock
        done = pool.thread.submit(fork, wish, cmd[at + 1 :], environ, lambda: None)
        return await asyncio.wrap_future(done)
