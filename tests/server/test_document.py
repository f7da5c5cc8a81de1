"""The server against its own document: requests made from it, answers held against it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbpipe_jupyter
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from benchmarks.load import LARGE, lay_out
from benchmarks.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.served import Served

TEXT = (Path(nbpipe_jupyter.__file__).parent / "openapi.yaml").read_text("utf-8")
DOCUMENT = yaml.safe_load(TEXT)
HELD = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
]
schema = schemathesis.openapi.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root, scratch = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("server")
    lay_out(root, 3, 5)
    with served(root, scratch) as one:
        yield one


@schema.parametrize()
@settings(
    max_examples=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_every_answer_is_in_the_document(case: Any, server: Served) -> None:
    asked = {"base_url": f"{server.address}/nbpipe-api", "headers": server.headers}
    checks = [CHECKS.get_one(name) for name in HELD]
    case.call_and_validate(**asked, checks=checks)
    known = {"run": LARGE, "task": "score[1]", "path": LARGE}
    if case.path_parameters and case.method != "DELETE":
        there = {name: known[name] for name in case.path_parameters if name in known}
        case.path_parameters.update(there)
        case.call_and_validate(**asked, checks=checks)
