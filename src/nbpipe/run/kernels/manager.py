"""A kernel's manager and client of ours: our launcher, and a hand-shake that waits for nothing."""

from __future__ import annotations

from queue import Empty
from time import monotonic
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

from nbpipe.kernelside.launch import MOST_WAITING

_STOCK = ["-m", "ipykernel_launcher"]


class Talk(AsyncKernelClient):
    """A client that is ready when the kernel answered on both channels.

    The stock one then listens a fifth of a second longer, at every start.
    """

    info: dict[str, Any]

    def connect_iopub(self, identity: bytes | None = None) -> Any:
        """Let more wait than ZeroMQ's thousand: a cell that displays much is heard whole."""
        self.context.rcvhwm = MOST_WAITING
        return super().connect_iopub(identity=identity)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers.

        Raises
        ------
        RuntimeError
            It died, or did not answer in time.
        """
        until = monotonic() + (timeout or 60.0)
        asked = {self.kernel_info()}
        while monotonic() < until:
            try:
                reply = await self.shell_channel.get_msg(timeout=0.1)
            except Empty:
                reply = None
            if reply is not None and reply["msg_type"] == "kernel_info_reply":
                if await self._heard(asked):
                    self.info = reply["content"]
                    self._handle_kernel_info_reply(reply)
                    return
                asked.add(self.kernel_info())
            if self.parent is not None and not await self.parent.is_alive():
                raise RuntimeError("Kernel died before it was ready")
        raise RuntimeError(f"Kernel did not answer within {timeout:g} seconds")

    async def _heard(self, asked: set[str]) -> bool:
        """Whether what the kernel tells everyone arrives here."""
        while True:
            try:
                msg = await self.iopub_channel.get_msg(timeout=0.2)
            except Empty:
                return False
            ours = msg["parent_header"].get("msg_id") in asked
            if ours and msg["content"].get("execution_state") == "idle":
                return True


class Kernel(AsyncKernelManager):
    """A manager that starts Python kernels through our launcher."""

    launcher: str | None = None

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Return the command; ``-m ipykernel_launcher`` becomes the launcher's path."""
        command = super().format_kernel_cmd(extra_arguments)
        for at in range(len(command) - 1):
            if self.launcher and command[at : at + 2] == _STOCK:
                return [*command[:at], self.launcher, *command[at + 2 :]]
        return command
