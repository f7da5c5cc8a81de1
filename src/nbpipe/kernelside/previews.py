"""Previews made when a value is saved, so that looking at it later runs nothing."""

from __future__ import annotations

import json
import os
import re
import reprlib
import sys
from html import escape
from typing import Any

from . import pictures
from .unstorable import type_name

TEXT = 2000
ROWS = 20
COLUMNS = 20
CELL = 80
MOST = 60_000


def make(value: Any, stem: str) -> tuple[dict[str, Any], list[str]]:
    """Return a value's preview, and the picture files made beside it.

    Parameters
    ----------
    value
        What is looked at; it is not changed.
    stem
        Path of new files, without their suffix.
    """
    preview: dict[str, Any] = {"type": type_name(value)}
    files: list[str] = []
    for part in (_text, _shape, _dtypes, _html):
        _add(preview, part, value)
    try:
        files = pictures.make(value, stem)
    except Exception:
        files = []
    images = [os.path.basename(path) for path in files if path.endswith(".png")]
    if images:
        preview["image"] = images[0]
    return _bounded(preview), files


def _add(preview: dict[str, Any], part: Any, value: Any) -> None:
    """Add one part; a value whose own code fails has a preview without it."""
    try:
        found = part(value)
        json.dumps(found)
    except Exception:
        return
    if found is not None:
        preview[part.__name__[1:]] = found


def _bounded(preview: dict[str, Any]) -> dict[str, Any]:
    for part in ("html", "dtypes", "text"):
        if len(json.dumps(preview)) <= MOST:
            break
        preview.pop(part, None)
    return preview


def short_repr(value: Any, most: int = TEXT) -> str:
    """Return a value's repr, cut; containers are cut before they are written out."""
    short = reprlib.Repr()
    short.maxlevel, short.maxstring, short.maxother = 5, most, most
    short.maxlist = short.maxtuple = short.maxset = short.maxdict = short.maxfrozenset = 40
    short.maxlong = 400
    try:
        text = short.repr(value)
    except Exception:
        text = f"<{type_name(value)}>"
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(value: Any) -> str:
    return short_repr(value)


def _shape(value: Any) -> list[int] | None:
    package = type(value).__module__.partition(".")[0]
    shape = getattr(value, "shape", None) if package in _SHAPED else None
    if isinstance(shape, tuple) and all(isinstance(n, int) for n in shape):
        return [int(n) for n in shape]
    if type(value) in (list, tuple, dict, set, frozenset, str, bytes):
        return [len(value)]
    return None


def _kind(value: Any) -> str:
    """Return ``pandas``, ``polars``, ``pyarrow`` or ``numpy`` for a table or array of theirs."""
    for package, names in _TABLES.items():
        module = sys.modules.get(package)
        if module is not None:
            kinds = tuple(k for k in (getattr(module, n, None) for n in names) if k is not None)
            if isinstance(value, kinds):
                return package
    return ""


_SHAPED = frozenset(
    ("numpy", "pandas", "polars", "pyarrow", "torch", "scipy", "jax", "jaxlib", "xarray")
)  # where asking for it computes nothing
_TABLES = {
    "pandas": ("DataFrame", "Series"),
    "polars": ("DataFrame", "Series"),
    "pyarrow": ("Table",),
    "numpy": ("ndarray",),
}


def _dtypes(value: Any) -> dict[str, str] | str | None:
    if not _kind(value):
        return None
    if hasattr(value, "schema") and hasattr(value.schema, "types"):
        return dict(zip(value.schema.names[:200], map(str, value.schema.types)))
    if hasattr(value, "columns"):
        return {str(c)[:CELL]: str(t) for c, t in list(zip(value.columns, value.dtypes))[:200]}
    return str(value.dtype)


def _html(value: Any) -> str | None:
    table = _TO_ROWS.get(_kind(value))
    if table is None or not (found := table(value)):
        return None
    head, rows = found
    shape = " by ".join(str(n) for n in getattr(value, "shape", ()))
    lines = ['<table class="nbpipe-preview">', f"<caption>{escape(shape)}</caption>"]
    cells = "".join(f"<th>{_cell(name)}<br><small>{_cell(t)}</small></th>" for name, t in head)
    lines.append(f"<thead><tr>{cells}</tr></thead><tbody>")
    lines += ["<tr>" + "".join(f"<td>{_cell(x)}</td>" for x in row) + "</tr>" for row in rows]
    return "\n".join([*lines, "</tbody></table>"])


def _cell(value: Any) -> str:
    if type(value) is str:
        text = value
    elif type(value).__module__.partition(".")[0] in ("numpy", "pandas", "datetime", "decimal"):
        text = str(value)
    else:
        text = short_repr(value, CELL)
    return escape(text if len(text) <= CELL else text[: CELL - 1] + "…")


def _pandas_rows(value: Any) -> Any:
    frame = value.iloc[:ROWS].to_frame() if value.ndim == 1 else value.iloc[:ROWS, :COLUMNS]
    head = [("", "index"), *((name, str(t)) for name, t in zip(frame.columns, frame.dtypes))]
    columns = [list(frame.index), *(list(frame.iloc[:, i]) for i in range(frame.shape[1]))]
    return head, list(zip(*columns))


def _polars_rows(value: Any) -> Any:
    frame = value.head(ROWS)
    frame = frame.to_frame() if not hasattr(frame, "columns") else frame[:, :COLUMNS]
    return list(zip(frame.columns, map(str, frame.dtypes))), frame.rows()


def _arrow_rows(value: Any) -> Any:
    part = value.slice(0, ROWS).select(list(range(min(COLUMNS, value.num_columns))))
    head = list(zip(part.schema.names, map(str, part.schema.types)))
    return head, list(zip(*(column.to_pylist() for column in part.columns)))


def _array_rows(value: Any) -> Any:
    if value.ndim not in (1, 2) or value.dtype.hasobject or not value.size:
        return None
    part = value[:ROWS].reshape(-1, 1) if value.ndim == 1 else value[:ROWS, :COLUMNS]
    head = [(str(i), str(value.dtype)) for i in range(part.shape[1])]
    return head, part.tolist()


_TO_ROWS = {
    "pandas": _pandas_rows,
    "polars": _polars_rows,
    "pyarrow": _arrow_rows,
    "numpy": _array_rows,
}
