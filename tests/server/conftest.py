"""A Jupyter server with the extension, and a way to ask it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from jupyter_server.utils import url_path_join
from pytest_jupyter.jupyter_core import *  # noqa: F403
from pytest_jupyter.jupyter_server import *  # noqa: F403
from pytest_jupyter.pytest_tornasync import *  # noqa: F403

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """The JSON in it."""
        return json.loads(self.body)


class Ask(Protocol):
    """Asks a route below ``/nbpipe-api/``; a body makes it a POST."""

    def __call__(
        self, route: str, body: object = None, *, method: str = "", token: bool = True
    ) -> Answer: ...


@pytest.fixture
def jp_server_config(jp_environ: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    # The fixtures hide what is installed; the kernels of this environment are wanted.
    monkeypatch.setenv("JUPYTER_PATH", str(Path(sys.prefix) / "share" / "jupyter"))
    return {
        "ServerApp": {
            "jpserver_extensions": {"nbpipe_jupyter": True},
            "allow_unauthenticated_access": False,
        },
    }


@pytest.fixture
def ask(
    jp_base_url: str, jp_auth_header: dict[str, str], http_server_client: Any, jp_asyncio_loop: Any
) -> Ask:
    def ask(route: str, body: object = None, *, method: str = "", token: bool = True) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        method = method or ("GET" if body is None else "POST")
        fetched = http_server_client.fetch(
            url_path_join(jp_base_url, "nbpipe-api", route),
            method=method,
            body=data if method in ("POST", "PUT", "PATCH") else None,
            headers=dict(jp_auth_header) if token else {},
            raise_error=False,
            follow_redirects=False,
            request_timeout=120,
        )
        response = jp_asyncio_loop.run_until_complete(fetched)
        return Answer(response.code, response.headers, response.body)

    return ask


@pytest.fixture
def write(write_notebook: Callable[..., Path], jp_root_dir: Path) -> Callable[..., Path]:
    """Write notebooks below the server's root."""

    def write(name: str, *cells: Any, **metadata: Any) -> Path:
        return write_notebook(f"{jp_root_dir.name}/{name}", *cells, **metadata)

    return write
