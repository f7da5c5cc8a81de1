"""The executed notebook as it is kept: true states, papermill's marks at the right cell."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from nbpipe.run.kernels.imports import notebooks, papermill
from nbpipe.run.masks import NOTHING, hide_in_notebook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbpipe.events import CellState
    from nbpipe.run.kernels.attempt import Findings
    from nbpipe.run.masks import Mask
    from nbpipe.run.order import Order
    from nbpipe.run.verdict import Verdict

_MARK = "papermill-error-cell-tag"
_STATUS = {"ok": "completed", "not-run": "pending"}


def finish(
    order: Order,
    findings: Findings,
    verdict: Verdict,
    states: Mapping[str, CellState],
    mask: Mask = NOTHING,
) -> bytes:
    """Return the executed notebook's bytes; where no engine took it up, the rendered one's."""
    nb = findings.notebook
    if nb is None:
        nb = notebooks().from_dict(dict(order.notebook))
    nb.cells = [cell for cell in nb.cells if _MARK not in cell.metadata.get("tags", ())]
    for cell in nb.cells:
        _mark(cell, findings, states)
    _describe(nb, order, verdict)
    for cell in nb.cells:
        if states.get(cell.get("id")) not in (None, "ok", "not-run"):
            _banners(nb, cell)
            break
    hide_in_notebook(nb, mask)
    return _text(nb).encode("utf-8", "replace")


def _text(nb: Any) -> str:
    """Return a notebook as JSON, a line a cell: nbformat's indents take ten times as long."""
    form = notebooks().v4.rwbase
    nb = form.strip_transient(form.split_lines(nb))
    cells = ",\n  ".join(_json(cell) for cell in nb.cells)
    rest = "".join(f',\n "{key}": {_json(nb[key])}' for key in sorted(nb) if key != "cells")
    return f'{{\n "cells": [\n  {cells}\n ]{rest}\n}}\n'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _mark(cell: Any, findings: Findings, states: Mapping[str, CellState]) -> None:
    state = states.get(cell.get("id", ""))
    if cell.cell_type != "code" or state is None:
        cell.metadata.pop("papermill", None)
        return
    run = findings.cells[cell.id]
    told = {**cell.metadata.get("nbpipe", {}), "state": state}
    if state != "not-run":
        told["seconds"] = round(run.seconds, 6)
    cell.metadata["nbpipe"] = told
    marks = cell.metadata.setdefault("papermill", {})
    marks["status"] = _STATUS.get(state, "failed")
    if marks["status"] == "failed":
        marks["exception"] = True


def _describe(nb: Any, order: Order, verdict: Verdict) -> None:
    told: dict[str, Any] = {
        **nb.metadata.get("nbpipe", {}),
        "run": order.run, "task": order.task, "attempt": order.attempt, "key": order.key,
        "engine": order.engine, "state": verdict.state,
    }  # fmt: skip
    if verdict.error is not None:
        told["error"] = {
            "name": verdict.error.name, "message": verdict.error.message,
            "cell": verdict.error.cell,
        }  # fmt: skip
    nb.metadata["nbpipe"] = told
    if "papermill" in nb.metadata:
        nb.metadata.papermill["exception"] = True if verdict.error is not None else None


def _banners(nb: Any, failed: Any) -> None:
    """Put papermill's two banners where the step really ended."""
    texts = papermill().execute
    count = failed.get("execution_count")
    top = texts.ERROR_MESSAGE_TEMPLATE % ("?" if count is None else count)
    position = nb.cells.index(failed)
    nb.cells.insert(position, _banner("papermill-error-here", texts.ERROR_ANCHOR_MSG))
    nb.cells.insert(0, _banner("papermill-error-top", top))


def _banner(name: str, text: str) -> Any:
    return notebooks().v4.new_markdown_cell(text, id=name, metadata={"tags": [_MARK]})


def file_name(task: str) -> str:
    """Return a name for the executed notebook that any file system takes."""
    plain = re.sub(r"[^\w.-]+", "-", task).strip("-.")[:100]
    return f"{plain or 'task'}.ipynb"
