"""Lets the server's kernel manager have a kernel that a failed step left."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from jupyter_core.utils import ensure_async

from nbpipe_jupyter.answers import NotFound

if TYPE_CHECKING:
    from nbpipe_jupyter.lingering import Kernel

_wanted: ContextVar[Kernel | None] = ContextVar("wanted", default=None)
"""The kernel that the kernel manager made next is to have."""


class Process:
    """A kernel's process as its worker lets us see it, with what is asked of a `Popen`."""

    stdin = stdout = stderr = None
    pid = None

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def poll(self) -> int | None:
        """Return 0 when it has ended; None while it runs."""
        return 0 if self.kernel.over else None

    def wait(self, timeout: float | None = None) -> int:
        """Return when it has ended; whoever asks knows that it has."""
        until = monotonic() + (timeout or 0.0)
        if self.poll() is None and monotonic() >= until:
            raise subprocess.TimeoutExpired("kernel", timeout or 0.0)
        return 0

    def send_signal(self, number: int) -> None:
        """Have its worker send a signal, or end it."""
        if number == signal.SIGKILL:
            self.kernel.end()
        elif not self.kernel.over:
            self.kernel.say(signal=int(number))


class Attached(LocalProvisioner):
    """Gives a manager a kernel that is there; when that is restarted, a new one as always."""

    kernel: Kernel | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare nothing for a kernel that is there."""
        if self.kernel is None:
            return await super().pre_launch(**kwargs)
        return await KernelProvisionerBase.pre_launch(self, cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Take the kernel that is there."""
        if self.kernel is None:
            return await super().launch_kernel(cmd, **kwargs)
        kernel, self.kernel = self.kernel, None
        told: Any = kernel.about["connection"]
        process: Any = Process(kernel)
        self.process = process
        self.cwd = kwargs.get("cwd")
        self.connection_info = told | {"key": told["key"].encode()}
        kernel.say(taken=True)
        return self.connection_info


def prepare(manager: Any) -> bool:
    """Have a kernel manager ask here for kernels; returns whether it can."""
    factory = getattr(manager, "kernel_manager_factory", None)
    if factory is None or not asyncio.iscoroutinefunction(manager.start_kernel):
        return False  # kernels of a gateway are elsewhere

    def make(*args: Any, **kwargs: Any) -> Any:
        made = factory(*args, **kwargs)
        kernel = _wanted.get()
        if kernel is not None:
            made.provisioner = Attached(parent=made, kernel_spec=made.kernel_spec)
            made.provisioner.kernel = kernel
        return made

    manager.kernel_manager_factory = make
    return True


async def attach(manager: Any, kernel: Kernel, path: str) -> str:
    """Return the id under which the server knows the kernel from now on.

    Parameters
    ----------
    manager
        The server's kernel manager, prepared.
    kernel
        The kernel.
    path
        The notebook that it is opened with; a restarted kernel works in its folder.

    Raises
    ------
    NotFound
        If the kernel ended meanwhile.
    """
    if kernel.id in manager:
        return kernel.id
    token = _wanted.set(kernel)
    try:
        name = kernel.about["kernel"] or None
        kernel.id = await ensure_async(manager.start_kernel(kernel_name=name, path=path))
    finally:
        _wanted.reset(token)
    if kernel.over:
        raise NotFound("The kernel of this step ended just now.")
    return kernel.id
