"""Values, files, numbers and random states travel from one order to the next."""

from __future__ import annotations

import json

import pytest

from nbpipe.run.scratch import scratch_name
from nbpipe.store.blobs import LocalBlobs

SETTLE = "nbpipe_step.settle()"


def begin(bench, task, *lines):
    lib = LocalBlobs(bench.store).ensure_lib()
    name = scratch_name("run", task, 1)
    return "\n".join([
        "import sys", f"sys.path.append({str(lib)!r})", "import nbpipe_kernelside as nbpipe_step",
        f"nbpipe_step.begin({str(bench.store)!r}, task={name!r})", *lines, SETTLE,
    ])  # fmt: skip


def save(text):
    return (f"nbpipe_step.save({text})", ["nbpipe-save"])


def only(ran, kind):
    (found,) = [a for a in ran.result.artifacts if a.kind == kind]
    return found


@pytest.fixture
def given(bench, engine):
    """A step that gives a list, writes a file, draws, and measures."""
    (bench.project / "input.txt").write_text("read me")
    ran = bench.run(
        begin(bench, "give"),
        "import random\nxs = [1, 2, 3]\nscore = 0.5 + 0 * random.random()\n"
        "open('output.txt', 'w').write(open('input.txt').read())",
        save("'xs', metrics=['score'], items=['xs']"),
        task="give", engine=engine, own=("b",), session={"random": {"save": ["random"]}},
    )  # fmt: skip
    assert ran.state == "ok", ran.result.error
    return ran


def test_what_a_step_gives_is_published(bench, given):
    result = given.result
    value = only(given, "value")
    assert (value.name, value.type, value.preview["shape"]) == ("xs", "list", [3])
    assert dict(result.metrics) == {"score": 0.5}
    assert only(given, "file").name == "output.txt"
    assert given.artifact("file") == b"read me"
    assert [read.path for read in result.files_read] == ["input.txt"]
    assert result.drew == ("random",)
    assert only(given, "random").name == "random"
    items = json.loads(given.artifact("items"))
    assert [row["value"] for row in items["items"]] == [1, 2, 3]
    assert list(given.told) == ["b"]
    assert not list((bench.store / "tmp").iterdir())


def test_the_next_step_loads_it_and_may_fetch_what_reading_missed(bench, engine, given):
    value = only(given, "value")
    held = {"digest": value.digest, "codec": value.codec, "names": ["xs"]}
    ran = bench.run(
        begin(bench, "take", f"ys = nbpipe_step.load('xs', {value.digest!r}, {value.codec!r})"),
        "total = sum(eval('xs')) + len(ys)",
        "late = gone if 'gone' in globals() else 0\ntry:\n    gone\nexcept NameError:\n    pass",
        save("'total'"),
        task="take", engine=engine, inputs=(value.digest,), own=("b", "c"),
        session={"fetch": {"xs": held}, "known": ["gone"]},
    )  # fmt: skip
    assert ran.state == "ok", ran.result.error
    assert ran.result.fetched == ("xs",)
    assert ran.result.missing == ("gone",)
    assert json.loads(ran.artifact("value")) == 9


def test_a_value_that_cannot_be_stored_fails_the_step_and_names_it(bench, engine):
    ran = bench.run(
        begin(bench, "odd"), "handle = open('x', 'w')", save("'handle'"), task="odd", engine=engine,
        own=("b",),
    )  # fmt: skip
    assert ran.state == "failed"
    assert ran.result.error.name == "Unstorable"
    assert ran.result.error.cell is None
    assert "handle" in ran.result.error.message


def test_a_failing_setup_cell_is_placed_in_the_source(bench):
    order = bench.order("1 / 0", "1", own=("b",))
    order.notebook["cells"][0]["metadata"]["nbpipe"] = {"from": "source-cell"}
    bench.executor.submit(order)
    assert bench.end().result.error.cell == "source-cell"
