"""The executed notebook: true states, and nothing that papermill put at the wrong cell."""

from __future__ import annotations

import json

from nbpipe.events import Failure
from nbpipe.run.executed import file_name, finish
from nbpipe.run.kernels.attempt import CellRun, Findings
from nbpipe.run.kernels.imports import notebooks
from nbpipe.run.order import Order
from nbpipe.run.verdict import Verdict


def notebook(*ids):
    v4 = notebooks().v4
    return v4.new_notebook(cells=[v4.new_code_cell("x", id=name) for name in ids])


def order(nb):
    return Order("r", "t", 2, "key", nb, "python", "python3", "papermill", "/p", "/p", "/s")


def test_cells_and_notebook_say_how_they_ended():
    nb = notebook("a", "b", "c")
    nb.cells[0].metadata["nbpipe"] = {"from": "source"}
    cells = {"a": CellRun("ok", seconds=1.0), "b": CellRun("failed", seconds=2.0), "c": CellRun()}
    verdict = Verdict("timed-out", Failure("timed out", "Too long.", "b"))
    states = {"a": "ok", "b": "timed-out", "c": "not-run"}
    findings = Findings(notebook=nb, cells=cells)
    done = json.loads(finish(order(nb), findings, verdict, states))
    assert done["metadata"]["nbpipe"]["state"] == "timed-out"
    assert done["metadata"]["nbpipe"]["error"]["cell"] == "b"
    kept = {c["id"]: c["metadata"] for c in done["cells"] if c["cell_type"] == "code"}
    assert kept["a"]["nbpipe"] == {"from": "source", "state": "ok", "seconds": 1.0}
    assert kept["c"]["nbpipe"] == {"state": "not-run"}
    status = [metadata["papermill"]["status"] for metadata in kept.values()]
    assert status == ["completed", "failed", "pending"]
    ids = [cell["id"] for cell in done["cells"]]
    assert ids == ["papermill-error-top", "a", "papermill-error-here", "b", "c"]


def test_a_notebook_that_no_engine_took_up_is_kept_as_it_was_rendered():
    nb = notebook("a")
    verdict = Verdict("failed", Failure("NoSuchKernel", "None."))
    done = json.loads(finish(order(nb), Findings(), verdict, {}))
    assert [cell["id"] for cell in done["cells"]] == ["a"]
    assert done["metadata"]["nbpipe"]["state"] == "failed"


def test_any_task_gives_a_file_name():
    assert file_name("train") == "train.ipynb"
    assert file_name("../../etc: <b>[2]") == "etc-b-2.ipynb"
    assert file_name("///") == "task.ipynb"
