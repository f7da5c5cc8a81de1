"""A Jupyter server in a process of its own, with a look at how long its event loop is kept busy."""

from __future__ import annotations

import json
import os
import secrets
import select
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WITHIN = 120.0
"""Seconds that a server has to come up."""

LONG = 0.020
"""Seconds of the loop's own CPU time from which on a piece of work is written down."""

_CONFIG = """
import asyncio, json, time

_run, _file = asyncio.events.Handle._run, open({slow!r}, "a")

def _timed(handle):
    began = time.thread_time()
    try:
        _run(handle)
    finally:
        took = time.thread_time() - began
        if took > {long}:
            _file.write(json.dumps({{"took": took, "what": repr(handle)[:500]}}) + "\\n")
            _file.flush()

asyncio.events.Handle._run = _timed
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers.

    Attributes
    ----------
    address
        Where it is, without a slash at the end.
    token
        What it wants to be shown.
    process
        Its process.
    slow
        File of what kept its loop busy for long.
    """

    address: str
    token: str
    process: psutil.Process
    slow: Path

    @property
    def headers(self) -> dict[str, str]:
        """What to send along."""
        return {"Authorization": f"token {self.token}"}

    def long_work(self, since: int = 0) -> list[dict[str, object]]:
        """Return what kept the loop busy, without the first `since` of it."""
        return [json.loads(line) for line in self.slow.read_text().splitlines()[since:]]


@contextmanager
def served(root: Path, scratch: Path, module: str = "jupyter_server") -> Iterator[Served]:
    """Serve a folder to this machine alone; what the server keeps of its own is in `scratch`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    slow, config, token = scratch / "slow.jsonl", scratch / "config.py", secrets.token_hex(16)
    slow.touch()
    config.write_text(_CONFIG.format(slow=str(slow), long=LONG))
    names = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"]
    names += ["JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"]
    environ = {**os.environ, **{name: str(scratch / name.lower()) for name in names}}
    command = [
        sys.executable, "-m", module, f"--port={port}", "--ip=127.0.0.1",
        "--no-browser", f"--config={config}", f"--IdentityProvider.token={token}",
        "--ServerApp.allow_root=True", f"--ServerApp.root_dir={root}",
        "--ServerApp.jpserver_extensions={'nbpipe_jupyter': True}",
    ]  # fmt: skip
    with (scratch / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    try:
        made = Served(f"http://127.0.0.1:{port}", token, psutil.Process(server.pid), slow)
        _answers(made, scratch / "server.log")
        yield made
    finally:
        server.terminate()
        server.wait(WITHIN)


def _answers(one: Served, log: Path) -> None:
    request = urllib.request.Request(f"{one.address}/nbpipe-api/hello", headers=one.headers)
    until = monotonic() + WITHIN
    while monotonic() < until and one.process.status() != psutil.STATUS_ZOMBIE:
        try:
            with urllib.request.urlopen(request):
                return
        except (urllib.error.URLError, ConnectionError):
            select.select([], [], [], 0.1)
    raise AssertionError(log.read_text(errors="replace")[-3000:])
