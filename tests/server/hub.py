"""The JupyterHub of ``deploy/jupyterhub``, started for tests, and its users."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOYED = Path(__file__).resolve().parents[2] / "deploy" / "jupyterhub"
CONFIG = DEPLOYED / "jupyterhub_config.py"
PROXY = DEPLOYED / "node_modules" / ".bin" / "configurable-http-proxy"
WITHIN = 120.0
"""Seconds for what takes a few on a machine that has nothing else to do."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A Hub that answers.

    Attributes
    ----------
    port
        Of its proxy, on 127.0.0.1.
    state
        Folder of all that it keeps.
    """

    port: int
    state: Path

    @property
    def address(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        """The password of both users."""
        return (self.state / "password").read_text()

    def home(self, name: str) -> Path:
        """Return a user's folder."""
        return self.state / "homes" / name

    def log_in(self, name: str) -> httpx.Client:
        """Return a browser's half of a session: a client with the Hub's cookies."""
        client = httpx.Client(base_url=self.address, timeout=WITHIN, follow_redirects=True)
        client.get("/hub/login")
        form = {"username": name, "password": self.password, "_xsrf": client.cookies["_xsrf"]}
        client.post("/hub/login", data=form, follow_redirects=False)
        return client

    def token(self, name: str) -> str:
        """Return a token of a user's, as one gets it on the Hub's page of tokens."""
        client = self.log_in(name)
        with contextlib.closing(client):
            xsrf = {"X-XSRFToken": client.cookies.get("_xsrf", path="/hub/") or ""}
            answer = client.post(f"/hub/api/users/{name}/tokens", headers=xsrf, json={})
            answer.raise_for_status()
            return str(answer.json()["token"])


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who asks with a token of the Hub's."""

    hub: Hub
    name: str
    client: httpx.Client

    @classmethod
    def of(cls, hub: Hub, name: str) -> User:
        """Return a user who has a token."""
        token = {"Authorization": f"token {hub.token(name)}"}
        return cls(hub, name, httpx.Client(base_url=hub.address, headers=token, timeout=WITHIN))

    def start_server(self) -> None:
        """Start the user's server, and return when it answers."""
        self.client.post(f"/hub/api/users/{self.name}/server").raise_for_status()
        url = f"/hub/api/users/{self.name}/server/progress"
        with self.client.stream("GET", url) as progress:
            for line in progress.iter_lines():
                told = json.loads(line.removeprefix("data: ")) if line else {}
                assert not told.get("failed"), told
                if told.get("ready"):
                    return
        raise AssertionError("the server did not start")

    def ask(self, route: str, body: object = None, of: str = "") -> httpx.Response:
        """Ask a route below ``/nbpipe-api/``, of another user's server if one is named."""
        url = f"/user/{of or self.name}/nbpipe-api/{route}"
        return self.client.get(url) if body is None else self.client.post(url, json=body)

    def follow(self, run: str) -> Iterator[dict[str, Any]]:
        """Yield a run's events until it ended."""
        last, done = 0, False
        while not done:
            data = self.ask(f"runs/{run}/events?after={last}&wait=20").json()
            yield from data["events"]
            last, done = data["last"], data["done"]


def free_ports() -> int:
    """Return the first of three ports that nobody listens at."""
    for first in range(18_000 + os.getpid() % 10_000, 65_000, 3):
        with socket.socket() as one, socket.socket() as two, socket.socket() as three:
            try:
                for number, end in enumerate((one, two, three)):
                    end.bind(("127.0.0.1", first + number))
            except OSError:
                continue
        return first
    raise AssertionError("no port is free")


@contextmanager
def started() -> Iterator[Hub]:
    """Start the Hub in a folder of its own; afterwards it is gone with all that it started."""
    with tempfile.TemporaryDirectory(prefix="nbpipe-hub-") as folder:
        hub = Hub(free_ports(), Path(folder) / "state")
        environ = {**os.environ, "NBPIPE_HUB_STATE": str(hub.state),
                   "NBPIPE_HUB_PORT": str(hub.port)}  # fmt: skip
        log = Path(folder) / "hub.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)], cwd=folder, env=environ,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        try:
            _answers(hub, process, log)
            yield hub
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(WITHIN)


def _answers(hub: Hub, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the Hub answers; its own words are the error where it does not."""
    until = monotonic() + WITHIN
    while process.poll() is None and monotonic() < until:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{hub.address}/hub/health", timeout=WITHIN).status_code == 200:
                return
        select.select([], [], [], 0.1)
    raise AssertionError(log.read_text(errors="replace")[-3000:])
