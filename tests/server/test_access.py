"""Who may ask: every route is authenticated and authorised, and the document names them all."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbpipe_jupyter
import pytest
import yaml
from jupyter_server.auth import Authorizer
from nbpipe_jupyter.answers import describe_failure
from nbpipe_jupyter.handlers import ROUTES

if TYPE_CHECKING:
    from conftest import Ask

VERBS = ("get", "head", "post", "put", "patch", "delete")
RUN, DIGEST = "20260101-000000-abcd", "sha256:" + "0" * 64


def own_verbs(handler: type[Any]) -> list[str]:
    return [verb for verb in VERBS if verb in vars(handler)]


def address(pattern: str) -> str:
    """An address that a route's pattern fits."""
    route = (
        pattern.removeprefix("/nbpipe-api/")
        .replace("/?(.*)", "/a/b.ipynb")
        .replace("(.*)", "a/b.ipynb")
    )
    route = route.replace("artifacts/([^/]+)", f"artifacts/{DIGEST}")
    return route.replace("tasks/([^/]+)", "tasks/load").replace("([^/]+)", RUN)


CALLS = [(address(pattern), verb) for pattern, handler in ROUTES for verb in own_verbs(handler)]


@pytest.mark.parametrize(("route", "verb"), CALLS)
def test_without_a_token_nothing_is_answered(ask: Ask, route: str, verb: str) -> None:
    answer = ask(route, {} if verb == "post" else None, method=verb.upper(), token=False)

    assert answer.status == 403
    assert answer.data["error"]["code"] == "forbidden"


@pytest.mark.parametrize(("pattern", "handler"), ROUTES)
def test_every_verb_of_a_handler_is_authenticated_and_authorised(
    pattern: str, handler: type[Any]
) -> None:
    assert handler.auth_resource == "nbpipe"
    assert own_verbs(handler), pattern
    for verb in own_verbs(handler):
        source = inspect.getsource(vars(handler)[verb])
        assert source.lstrip().startswith("@authenticated\n    @authorized\n    async def")


class Reader(Authorizer):
    """Lets everybody read and nobody write."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        self.asked.append((action, resource))
        return action == "read"


class TestWithAnAuthorizer:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        jp_server_config["ServerApp"]["authorizer_class"] = Reader
        return jp_server_config

    def test_who_may_only_read_can_look_and_cannot_run(self, ask: Ask) -> None:
        assert ask("runs").status == 200
        answer = ask("runs", {"path": "a.ipynb"})
        assert answer.status == 403
        assert ("write", "nbpipe") in Reader.asked


def test_the_document_names_the_routes_and_their_methods() -> None:
    text = (Path(nbpipe_jupyter.__file__).parent / "openapi.yaml").read_text("utf-8")
    said = {
        (re.sub(r"\{\w+\}", "{}", path), verb)
        for path, item in yaml.safe_load(text)["paths"].items()
        for verb in item
        if verb in VERBS
    }
    there = set()
    for pattern, handler in ROUTES:
        path = pattern.removeprefix("/nbpipe-api")
        forms = [path.replace("/?(.*)", ""), path.replace("/?(.*)", "/{}")]
        for form in forms:
            plain = form.replace("(.*)", "{}").replace("([^/]+)", "{}")
            there |= {(plain, verb) for verb in own_verbs(handler)}
    assert said == there


def test_a_cookie_alone_cannot_post_without_the_xsrf_token(
    jp_base_url: str, jp_auth_header: dict[str, str], http_server_client: Any, jp_asyncio_loop: Any
) -> None:
    def fetch(route: str, **options: Any) -> Any:
        fetched = http_server_client.fetch(f"{jp_base_url}{route}", raise_error=False, **options)
        return jp_asyncio_loop.run_until_complete(fetched)

    token = jp_auth_header["Authorization"].removeprefix("token ")
    login = fetch(f"login?token={token}", follow_redirects=False)
    cookie, xsrf = login.headers["Set-Cookie"].partition(";")[0], "a" * 32
    headers = {"Cookie": f"{cookie}; _xsrf={xsrf}"}
    post = {"method": "POST", "body": b'{"path": "none.ipynb"}'}

    assert fetch("nbpipe-api/hello", headers=headers).code == 200
    assert fetch("nbpipe-api/compile", headers=headers, **post).code == 403
    assert fetch("nbpipe-api/compile", headers=headers | {"X-XSRFToken": xsrf}, **post).code == 404


def test_an_unforeseen_failure_is_answered_without_its_words() -> None:
    status, data = describe_failure(RuntimeError("could not open /home/somebody/.secret"))
    assert status == 500
    assert "somebody" not in json.dumps(data)
