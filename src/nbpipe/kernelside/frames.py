"""Frames as Arrow IPC files: only when the frame comes back exactly, mapped when it is read."""

from __future__ import annotations

import json
import mmap
import os
import sys
from typing import Any

from . import columns, labels, plain
from .sharing import copies_on_write
from .unstorable import Inexact

KEY = b"nbpipe"
WIDE = 64
PANDAS = "pandas"


def is_pandas(value: Any) -> bool:
    """Return True for a DataFrame or Series of exactly pandas' own types."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and type(value) in (
        getattr(pandas, "DataFrame", None),
        getattr(pandas, "Series", None),
    )


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError:
        raise Inexact("pyarrow is missing") from None
    return pyarrow


def write_pandas(value: Any, sink: Any) -> None:
    """Write a DataFrame or Series; raise `Inexact` unless all of it can be kept."""
    pa = _pyarrow()
    if not value.flags.allows_duplicate_labels:
        raise Inexact("flags")
    table = _table_of(pa, value)
    _write_table(pa, table, sink)


def _table_of(pa: Any, value: Any) -> Any:
    pandas = sys.modules[PANDAS]
    is_series = type(value) is pandas.Series
    parts = [value] if is_series else [value.iloc[:, i] for i in range(value.shape[1])]
    names, arrays, metas = [], [], []
    for i, part in enumerate(parts):
        array, meta = columns.to_arrow(pa, part)
        names.append(_column_name(i, part.name))
        arrays.append(array)
        metas.append(meta)
    about: dict[str, Any] = {"kind": "series" if is_series else "frame", "columns": metas}
    about["attrs"] = plain.to_tagged(value.attrs)
    about["labels"] = plain.to_tagged(value.name) if is_series else labels.to_meta(value.columns)
    about["index"] = _index(pa, value.index, names, arrays)
    about["one"] = not is_series and _is_one_block(pandas, value)
    schema = [pa.field(name, array.type) for name, array in zip(names, arrays)]
    packed = pa.schema(schema, metadata={KEY: json.dumps(about).encode()})
    return pa.Table.from_arrays(arrays, schema=packed)


def _column_name(position: int, name: Any) -> str:
    """Return a name that is alone in the file and still tells other readers what it is."""
    return f"{position}:{name}" if type(name) is str and name.isprintable() else f"{position}:"


def _is_one_block(pandas: Any, frame: Any) -> bool:
    """Return True where ``frame.values`` is the frame's own memory (pandas before 3)."""
    blocks = getattr(getattr(frame, "_mgr", None), "blocks", (1, 2))
    return not copies_on_write(pandas) and len(blocks) == 1 and frame.shape[1] > 1


def _index(pa: Any, index: Any, names: list[str], arrays: list[Any]) -> dict[str, Any]:
    """Put a flat index into the table as a column, any other into the metadata."""
    pandas = sys.modules[PANDAS]
    if type(index) is pandas.Index and len(index) > labels.SHORT:
        array, meta = columns.to_arrow(pa, pandas.Series(index, copy=False))
        names.append("index")
        arrays.append(array)
        return {"kind": "column", "column": meta, "name": plain.to_tagged(index.name)}
    if type(index) is pandas.DatetimeIndex and len(index) > labels.SHORT:
        array, meta = columns.to_arrow(pa, pandas.Series(index, copy=False))
        names.append("index")
        arrays.append(array)
        name, freq = plain.to_tagged(index.name), index.freqstr
        about = {"kind": "times", "column": meta, "name": name, "freq": freq}
        labels.check_freq(pandas, index)
        return about
    return labels.to_meta(index)


def _write_table(pa: Any, table: Any, sink: Any) -> None:
    target = pa.PythonFile(sink, mode="w")
    options = pa.ipc.IpcWriteOptions(compression=None, use_threads=False)
    with pa.ipc.new_file(target, table.schema, options=options) as writer:
        writer.write_table(table)


def map_file(path: str) -> Any:
    """Return a file's bytes as private memory: changes stay in this process."""
    with open(path, "rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return b""
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    if hasattr(mmap, "MADV_WILLNEED"):
        memory.madvise(mmap.MADV_WILLNEED)  # the disk begins to read before a page is touched
    return memory


def read_pandas(path: str) -> Any:
    """Read a DataFrame or Series; its numbers are the file's own pages, writable, never saved."""
    pa = _pyarrow()
    pandas = __import__(PANDAS)
    memory = map_file(path)
    buffer = pa.py_buffer(memory)
    table = pa.ipc.open_file(buffer).read_all()
    about = json.loads(table.schema.metadata[KEY])
    source = columns.Source(pa, pandas, memory, buffer.address)
    found = [
        columns.from_arrow(source, table.column(i), meta) for i, meta in enumerate(about["columns"])
    ]
    index = _read_index(source, table, about["index"])
    made = _series(pandas, found, index, about) if about["kind"] == "series" else None
    value = _frame(pandas, found, index, about) if made is None else made
    value.attrs.update(plain.from_tagged(about["attrs"]))
    return value


def _read_index(source: Any, table: Any, about: dict[str, Any]) -> Any:
    pandas = source.pandas
    if about["kind"] not in ("column", "times"):
        return labels.from_meta(pandas, about)
    values = columns.from_arrow(source, table.column(table.num_columns - 1), about["column"])
    name = plain.from_tagged(about["name"])
    if about["kind"] == "times":
        index = pandas.DatetimeIndex(values, name=name)
        if about["freq"] is not None:
            index.freq = about["freq"]
        return index
    dtype = values.dtype
    return pandas.Index(values, dtype=dtype, name=name, copy=False)


def _series(pandas: Any, found: list[Any], index: Any, about: dict[str, Any]) -> Any:
    name = plain.from_tagged(about["labels"])
    values = found[0]
    return pandas.Series(values, index=index, name=name, dtype=values.dtype, copy=False)


def _frame(pandas: Any, found: list[Any], index: Any, about: dict[str, Any]) -> Any:
    parts = {
        i: pandas.Series(values, index=index, dtype=values.dtype, copy=False)
        for i, values in enumerate(found)
    }
    frame = pandas.DataFrame(parts, index=index, copy=False)
    if about["one"] or len(found) > WIDE:
        frame = frame.copy()  # one block, as it was; many single columns make pandas complain
    frame.columns = labels.from_meta(pandas, about["labels"])
    return frame


def is_arrow(value: Any) -> bool:
    """Return True for a pyarrow Table."""
    pa = sys.modules.get("pyarrow")
    return pa is not None and type(value) is getattr(pa, "Table", None)


def write_arrow(value: Any, sink: Any) -> None:
    """Write a pyarrow Table, its chunks kept."""
    pa = _pyarrow()
    kinds = [str(field.type) for field in value.schema]
    chunks = {column.num_chunks for column in value.columns}
    if any("extension" in kind or "dictionary" in kind for kind in kinds) or len(chunks) > 1:
        raise Inexact("types or chunks that the file would change")
    _write_table(pa, value, sink)


def read_arrow(path: str) -> Any:
    """Map a pyarrow Table: its bytes are read when they are used."""
    pa = _pyarrow()
    with pa.memory_map(path) as source:
        return pa.ipc.open_file(source).read_all()


def is_polars(value: Any) -> bool:
    """Return True for a polars DataFrame."""
    polars = sys.modules.get("polars")
    return polars is not None and type(value) is getattr(polars, "DataFrame", None)


def write_polars(value: Any, sink: Any) -> None:
    """Write a polars DataFrame whose types Arrow has."""
    for dtype in value.dtypes:
        if any(word in str(dtype) for word in ("Object", "Unknown", "Enum", "Categorical")):
            raise Inexact(str(dtype))
    value.write_ipc(sink, compression="uncompressed")


def read_polars(path: str) -> Any:
    """Map a polars DataFrame: its bytes are read when they are used."""
    import polars

    return polars.read_ipc(path)
