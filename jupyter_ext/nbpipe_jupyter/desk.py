"""What the handlers work with: projects, the launcher of runs, trust, and threads for slow work."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe_jupyter.launch import Launcher
    from nbpipe_jupyter.lingering import Lingering
    from nbpipe_jupyter.projects import Projects
    from nbpipe_jupyter.trust import Trust


def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=4, thread_name_prefix="nbpipe")


@dataclass(frozen=True, slots=True)
class Desk:
    """Projects, launcher, trust, kernels that wait, and threads of one server."""

    projects: Projects
    launcher: Launcher
    trust: Trust
    lingering: Lingering
    threads: ThreadPoolExecutor = field(default_factory=_threads)
    closed: Event = field(default_factory=Event)

    async def do(self, call: Callable[..., Any], *args: Any) -> Any:
        """Call in a thread, so that the server goes on answering; returns what it returns."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, call, *args)

    def close(self) -> None:
        """Stop following runs; the runs themselves go on."""
        self.closed.set()
        self.launcher.close()
        self.lingering.close()
        self.threads.shutdown(wait=False, cancel_futures=True)
