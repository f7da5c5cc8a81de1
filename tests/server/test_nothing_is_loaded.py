"""A stored pickle that leaves a trace when it is loaded: no route of the server loads it."""

from __future__ import annotations

import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest
from nbpipe_jupyter.handlers import ROUTES

from nbpipe.events import (
    Artifact,
    Failure,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskReused,
    TaskStarted,
)
from nbpipe.store.rows import NewRun, StoredResult
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Ask

RUNS = ("20260101-000000-aaaa", "20260102-000000-bbbb")
VERBS = ("get", "post", "put", "patch", "delete")
CODECS = ("cloudpickle", "pickle", "joblib", "json", "npy", "arrow", "parquet", "text", "")
TYPES = (
    "Bomb", "pandas.core.frame.DataFrame", "numpy.ndarray", "image/png", "text/plain", "text/csv",
    "application/json", "application/vnd.apache.arrow.file",
)  # fmt: skip
RUNNERS = {("runs", "post"), ("proofs", "post"), ("runs/([^/]+)/resume", "post")}
"""What runs the project, as it should; a step that takes a value loads it."""

LAST = ("delete", "runs/([^/]+)/kernel", "runs/([^/]+)/cancel")


class Bomb:
    """Leaves a trace when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return open, (self.path, "w")


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def bombs(write: Callable[..., Path], canary: Path) -> tuple[Artifact, ...]:
    """Two runs whose every value, file and log is the pickle, whatever it is said to be."""
    folder = write("n.ipynb", ("step:load", "x = 1"), ("step:fit", "y = x")).parent
    source = (folder / "n.ipynb").read_bytes()
    data = pickle.dumps(Bomb(canary), 0)  # in letters, so that it passes for text as well
    with Store.open(folder / ".nbpipe") as store:
        digest = store.blobs.put_bytes(data)
        preview = {"text": "Bomb()", "image": digest, "files": {"png": digest, "arrow": digest}}
        kinds = ("value", "file", "notebook", "log", "random", "items")
        made = tuple(
            Artifact(f"x{kind}{i}", digest, len(data), kind, codec, kind_of, preview)
            for kind in kinds
            for i, (codec, kind_of) in enumerate(zip(CODECS, (*TYPES, ""), strict=True))
        )
        more = tuple(
            Artifact(name, digest, len(data), "value", codec, "DataFrame", preview)
            for name, codec in zip(("x", "y"), ("cloudpickle", "arrow"), strict=True)
        )
        for run in RUNS:
            sources = {"n.ipynb": store.blobs.put_bytes(source)}
            store.ledger.begin_run(NewRun(run, str(folder), "n.ipynb", sources=sources))
            ends = [
                TaskStarted("load", 1, 1, "k"),
                TaskFinished("load", "ok", 1.0, 1, "k", (*more, *made)),
                TaskStarted("fit", 1, 1, "k2"),
                TaskFinished(
                    "fit", "failed", 1.0, 1, "k2", made, error=Failure("E", "e", "c1", "t")
                ),
            ]
            if run == RUNS[1]:
                ends[1] = TaskReused("load", "k", "same", RUNS[0], "load", (*more, *made))
                ends.pop(0)
            result = StoredResult("k", run, "load", str(folder), "load", (*more, *made))
            events = [RunStarted("n.ipynb", "warm", ("load", "fit")), *ends]
            store.ledger.record_all(run, [*events, RunFinished("failed", 1.0)], [result])
    return (*more, *made)


def calls() -> Iterator[tuple[str, str]]:
    """Every route with each of its verbs; what removes or starts something comes last."""
    table = [
        (pattern.removeprefix("/nbpipe-api/"), verb)
        for pattern, handler in ROUTES
        for verb in VERBS
        if verb in vars(handler)
    ]
    return iter(sorted(table, key=lambda call: call[1] in LAST or call[0] in LAST))


def spelt(pattern: str, digest: str) -> Iterator[str]:
    """Yield addresses of a route that lead to the pickle."""
    filled = pattern.replace("artifacts/([^/]+)", f"artifacts/{digest}")
    for task in ("load", "fit"):
        for run in RUNS:
            one = filled.replace("tasks/([^/]+)", f"tasks/{task}").replace("([^/]+)", run)
            for path in ("", "/n.ipynb", f"/{run}/{task}.ipynb", f"/{task} of {run}.ipynb"):
                yield re.sub(r"/\?\(\.\*\)|/\(\.\*\)", path.replace(" ", "%20"), one)


def queries() -> Iterator[str]:
    yield f"path=n.ipynb&run={RUNS[0]}&to={RUNS[1]}"
    for name in ("x", "y", "xfile0"):
        for task in ("load", "fit"):
            common = f"path=n.ipynb&task={task}&step={task}&name={name}"
            yield f"{common}&run={RUNS[0]}&to={RUNS[1]}&a={RUNS[0]}&b={RUNS[1]}"


def test_no_route_loads_a_stored_value(
    ask: Ask, bombs: tuple[Artifact, ...], canary: Path, jp_root_dir: Path
) -> None:
    body: dict[str, Any] = {
        "path": "n.ipynb", "task": "load", "step": "load", "name": "x", "until": "failure",
        "runs": list(RUNS), "note": "n",
    }  # fmt: skip
    answered: dict[tuple[str, str], int] = {}
    for pattern, verb in calls():
        if (pattern, verb) in RUNNERS:
            continue
        for address in sorted(set(spelt(pattern, bombs[0].digest))):
            for query in queries():
                send = body if verb in ("post", "patch", "put") else None
                answer = ask(f"{address}?{query}", send, method=verb.upper())
                assert answer.status < 500, (address, query, answer.body[:300])
                answered[pattern, verb] = min(answer.status, answered.get((pattern, verb), 600))
                assert not canary.exists(), (verb, address, query)
    shown = {pattern for (pattern, _), status in answered.items() if status == 200}
    assert shown >= {
        "artifacts/([^/]+)", "artifacts/([^/]+)/file", "artifacts/([^/]+)/text", "compare",
        "runs/([^/]+)/tasks/([^/]+)", "runs/([^/]+)/diff", "runs/([^/]+)/page",
    }  # fmt: skip
    pickle.loads(pickle.dumps(Bomb(canary)))  # that it would have left a trace
    assert canary.exists()
