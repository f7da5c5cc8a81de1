"""numpy arrays as npy files; big ones are mapped, so that loading costs nothing."""

from __future__ import annotations

import os
from typing import Any

from .unstorable import Inexact

MAPPED = 1 << 23


def is_array(value: Any) -> bool:
    """Return True for a numpy array of exactly that type."""
    kind = type(value)
    return kind.__module__ == "numpy" and kind.__name__ == "ndarray"


def write_array(value: Any, sink: Any) -> None:
    """Write an array whose type, order and writability an npy file can keep."""
    from numpy.lib import format as npy

    dtype = value.dtype
    if dtype.hasobject or dtype.kind not in "biufcmMSUV" or dtype.metadata:
        raise Inexact(f"dtype {dtype}")
    if not value.flags.writeable or npy.descr_to_dtype(npy.dtype_to_descr(dtype)) != dtype:
        raise Inexact("read-only" if not value.flags.writeable else f"dtype {dtype}")
    if not (value.flags.c_contiguous or value.flags.f_contiguous):
        value = value.copy(order="K")
    header = npy.header_data_from_array_1_0(value)
    _write_header(npy, sink, header)
    data = value if value.flags.c_contiguous else value.T
    if data.nbytes:
        sink.write(data.reshape(-1).view("u1"))


def _write_header(npy: Any, sink: Any, header: dict[str, Any]) -> None:
    try:
        npy.write_array_header_1_0(sink, header)
    except ValueError:
        npy.write_array_header_2_0(sink, header)


def read_array(path: str) -> Any:
    """Read an array; a big one as private pages of the file, writable and never written back."""
    import numpy

    if os.path.getsize(path) < MAPPED:
        return numpy.load(path, allow_pickle=False)
    return numpy.load(path, mmap_mode="c", allow_pickle=False).view(numpy.ndarray)
