"""Every route with hostile paths, queries and bodies: nothing outside is shown, nothing breaks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jsonschema
import nbpipe_jupyter
import pytest
import yaml
from nbpipe_jupyter.handlers import ROUTES

from nbpipe.store.rows import NewRun
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Answer, Ask

VERBS = ("get", "post", "put", "patch", "delete")
SECRET = "the-secret-outside"
RUN = "20260101-000000-kept"
TEXT = (Path(nbpipe_jupyter.__file__).parent / "openapi.yaml").read_text("utf-8")
DOCUMENT = yaml.safe_load(TEXT)
FAILURE = {"$ref": "#/components/schemas/Failure", "components": DOCUMENT["components"]}

NAMES = (
    "..", "../..", "../outside", "../root_dir-other/secret.ipynb", "../../etc/passwd",
    "/etc/passwd", "link/secret.ipynb", "link", "secret-link.ipynb", "./..", "a/../..", "~",
    "~root", "C:\\x",
    "\\..\\..", "..\\outside", "\0", "a\0b.ipynb", ".nbpipe/ledger.db", "x" * 5000,
    "'; DROP TABLE runs", "<svg onload=alert(1)>", "%", "%25", "\u202e", "💩", "\n", "last", "*",
    "{x}", "${x}", "-rf", "file:///etc/passwd", "http://127.0.0.1/", "con", " ",
    "sha256:" + "0" * 64,
)  # fmt: skip
SPELLINGS = {
    "plain": lambda name: quote(name, safe=""),
    "slashes": lambda name: quote(name, safe="/"),
    "twice": lambda name: quote(quote(name, safe=""), safe=""),
    "dots": lambda name: quote(name, safe="").replace(".", "%2e").replace("%2F", "%2f"),
}
QUERIES = (
    "path", "run", "to", "task", "step", "words", "state", "before", "tag", "from", "limit",
    "after", "wait", "kind", "output", "tail", "name", "pinned", "content",
)  # fmt: skip


def asked(notebook: Any = None, **more: Any) -> bytes:
    return json.dumps({"path": "n.ipynb", "notebook": notebook, **more}).encode()


def notebook(cells: Any, metadata: Any = None) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": cells}


def cell(*tags: str, source: Any = "x = 1", **more: Any) -> dict[str, Any]:
    made = {"cell_type": "code", "id": "a", "metadata": {"tags": list(tags)}, "outputs": []}
    return {**made, "source": source, "execution_count": None, **more}


LONG = "x" * 10_000_000
BODIES = (
    b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b"[" * 50_000, b'{"a":' * 50_000, b"1e999",
    b'{"path": "\\ud800"}', b'{"path": "\\u0000", "task": "\\u0000"}',
    b'{"path": "n.ipynb", "parameters": {"n": 1e999}}',
    asked(path=1, task=1, tags=1, note=1, pinned=1),
    asked(path=[], task={}, tags=[1], note=[], pinned="yes", until=7),
    asked(task=LONG, only=[LONG]),
    asked(only=["../../x", "\0", "; rm -rf /"], engine="../x", task="\0"),
    asked(parameters={"x; import os": 1, "\0": 2}, task="../../x"),
    asked(parameters={"n": 10**400}, tags=["x"] * 100_000),
    asked({"cells": [{"cell_type": "code"}] * 3, "nbformat": 4}),
    asked(notebook([cell("step:" + LONG)])),
    asked(notebook([cell("step:../../x", source="\0", id="\0")], {"nbpipe": []})),
    asked(notebook([cell("step:a", source={}, id=1), 7, cell(metadata=3)])),
    asked(notebook([cell("step:a", source="(" * 20_000)])),
    asked(notebook({"a": cell()})),
)  # fmt: skip


def calls() -> Iterator[tuple[str, str]]:
    """Every pattern of the table, and each verb that its handler knows."""
    for pattern, handler in ROUTES:
        for verb in VERBS:
            if verb in vars(handler):
                yield pattern.removeprefix("/nbpipe-api/").replace("/?(.*)", "/(.*)"), verb


CALLS = list(calls())
STARTERS = {("runs", "post"), ("proofs", "post")}
"""What starts a process with whatever query: their queries say nothing."""


@pytest.fixture
def place(write: Callable[..., Path], jp_root_dir: Path) -> Path:
    """A root with a notebook and a run; beside it, a sibling and a link to what is outside."""
    write("n.ipynb", ("parameters", "n = 1"), ("step:load", "x = n"))
    other = jp_root_dir.with_name(jp_root_dir.name + "-other")
    for folder in (jp_root_dir.parent / "outside", other):
        folder.mkdir()
        text = (jp_root_dir / "n.ipynb").read_text().replace("x = n", SECRET)
        (folder / "secret.ipynb").write_text(text)
    (jp_root_dir / "link").symlink_to(other)
    (jp_root_dir / "secret-link.ipynb").symlink_to(other / "secret.ipynb")
    with Store.open(jp_root_dir / ".nbpipe") as store:
        store.ledger.begin_run(NewRun(RUN, str(jp_root_dir), "n.ipynb"))
    return jp_root_dir


def fine(answer: Answer) -> None:
    """What every answer to something hostile is: foreseen, documented, and nothing from outside."""
    assert answer.status < 500, answer.body[:500]
    assert SECRET.encode() not in answer.body
    assert b"root:x:0" not in answer.body
    assert b"Traceback" not in answer.body
    if answer.status >= 400 and "json" in answer.headers.get("Content-Type", ""):
        jsonschema.validate(json.loads(answer.body), FAILURE)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(("pattern", "verb"), [call for call in CALLS if "(" in call[0]])
def test_hostile_paths_lead_nowhere(
    ask: Ask, place: Path, pattern: str, verb: str, spelling: str
) -> None:
    for name in NAMES:
        spelt = SPELLINGS[spelling](name)
        for route in {
            re.sub(r"\(.*?\)", lambda _, spelt=spelt: spelt, pattern),
            re.sub(r"\(.*?\)", lambda _, spelt=spelt: spelt, pattern.replace("([^/]+)", RUN, 1)),
        }:
            answer = ask(route, {} if verb in ("post", "patch") else None, method=verb.upper())
            fine(answer)
            assert answer.status >= 300 or "contents" in pattern or RUN in route, (route, answer)


@pytest.mark.parametrize(("pattern", "verb"), CALLS)
def test_hostile_queries_lead_nowhere(ask: Ask, place: Path, pattern: str, verb: str) -> None:
    route = re.sub(r"\(.*?\)", RUN, pattern)
    for query in QUERIES:
        for name in NAMES:
            body = {"task": "load", "path": "n.ipynb"} if verb in ("post", "patch") else None
            if (pattern, verb) not in STARTERS:
                fine(ask(f"{route}?{query}={quote(name, safe='')}", body, method=verb.upper()))


@pytest.mark.parametrize(("pattern", "verb"), [c for c in CALLS if c[1] in ("post", "patch")])
def test_hostile_bodies_are_refused_or_are_problems(
    ask: Ask, place: Path, pattern: str, verb: str
) -> None:
    route = re.sub(r"\(.*?\)", RUN, pattern)
    for body in BODIES:
        fine(ask(f"{route}?path=n.ipynb", body, method=verb.upper()))
    for name in NAMES:
        body = json.dumps({"path": name, "task": name, "note": name, "tags": [name]}).encode()
        answer = ask(f"{route}?path=n.ipynb", body, method=verb.upper())
        fine(answer)
        assert answer.status >= 400 or pattern not in ("compile", "plan", "runs"), (name, answer)


@pytest.mark.parametrize(("pattern", "verb"), CALLS)
def test_a_wrong_token_is_as_good_as_none(
    place: Path, pattern: str, verb: str, jp_base_url: str, http_server_client: Any,
    jp_asyncio_loop: Any,
) -> None:  # fmt: skip
    route = re.sub(r"\(.*?\)", RUN, pattern)
    for token in ("wrong", "", "\t", "x" * 10_000, "token"):
        fetched = http_server_client.fetch(
            f"{jp_base_url}nbpipe-api/{route}", method=verb.upper(), raise_error=False,
            headers={"Authorization": f"token {token}"},
            body=b"{}" if verb in ("post", "patch") else None,
        )  # fmt: skip
        answer = jp_asyncio_loop.run_until_complete(fetched)
        assert answer.code == 403, (token[:20], answer.code)


@pytest.mark.parametrize("query", ["", "?token=wrong"])
def test_the_stream_of_hints_is_shut_to_whoever_has_no_token(
    jp_serverapp: Any, jp_base_url: str, http_server_client: Any, jp_asyncio_loop: Any, query: str
) -> None:
    fetched = http_server_client.fetch(
        f"{jp_base_url}api/events/subscribe{query}", raise_error=False, follow_redirects=False,
        headers={"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="},
    )  # fmt: skip
    answer = jp_asyncio_loop.run_until_complete(fetched)

    to_login = answer.code == 302 and "/login?" in answer.headers["Location"]
    assert answer.code == 403 or to_login
