"""How long cells took when they were run last, by what tools leave in their metadata."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbpipe.compile.notebook import Notebook

_TIME = re.compile(r"^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d(?:\.\d+)?)")
_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_SPANS = (("shell.execute_reply.started", "shell.execute_reply"),
          ("iopub.execute_input", "shell.execute_reply"),
          ("iopub.status.busy", "iopub.status.idle"),
          ("iopub.execute_input", "iopub.status.idle"))  # fmt: skip


def recorded_seconds(notebook: Notebook) -> dict[str, float]:
    """Return cell id → seconds, for code cells whose metadata tells it.

    Read are what nbpipe writes, papermill's ``duration``, and the times that JupyterLab records
    (``execution``) where it is set to.
    """
    found = {}
    for cell in notebook.cells:
        seconds = _seconds(cell.metadata) if cell.kind == "code" else None
        if seconds is not None:
            found[cell.id] = seconds
    return found


def _seconds(metadata: Mapping[str, Any]) -> float | None:
    for name, key in (("nbpipe", "seconds"), ("papermill", "duration")):
        told = metadata.get(name)
        value = told.get(key) if isinstance(told, dict) else None
        if isinstance(value, (int, float)) and 0 <= value < 1e9:
            return float(value)
    marks = metadata.get("execution")
    return _between(marks) if isinstance(marks, dict) else None


def _between(marks: Mapping[str, Any]) -> float | None:
    for first, last in _SPANS:
        begin, end = _instant(marks.get(first)), _instant(marks.get(last))
        if begin is not None and end is not None and end >= begin:
            return end - begin
    return None


def _instant(text: Any) -> float | None:
    """Return seconds since some moment; good for differences."""
    found = _TIME.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute = (int(part) for part in found.groups()[:5])
    if not 1 <= month <= 12:
        return None
    leap = (year - (month < 3)) // 4
    days = year * 365 + leap + _BEFORE_MONTH[month - 1] + day
    return days * 86400.0 + hour * 3600 + minute * 60 + float(found[6])
