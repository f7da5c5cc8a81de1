"""Pictures of values: figures as PNG and SVG, arrays and images as thumbnails."""

from __future__ import annotations

import struct
import sys
import warnings
import zlib
from typing import Any

SIDE = 256
WIDEST = 1600
MARKS = 20_000


LATE_BEFORE = (3, 9)
"""Versions of matplotlib before this one show the first figure of a kernel one cell late."""


def come_late(version: str) -> bool:
    """Whether this version of matplotlib shows a kernel's first figure one cell late."""
    numbers = version.split(".")[:2]
    return all(n.isdigit() for n in numbers) and tuple(map(int, numbers)) < LATE_BEFORE


def begin_inline(matplotlib: Any, pyplot: Any) -> None:
    """Be ready to show figures, as a kernel is in which cells have drawn before.

    Parameters
    ----------
    matplotlib, pyplot
        The modules; None where nothing has imported them.
    """
    if matplotlib is None or pyplot is None or not come_late(matplotlib.__version__):
        return
    chosen = matplotlib.get_backend()
    if "inline" in chosen:
        pyplot.switch_backend(chosen)


def make(value: Any, stem: str) -> list[str]:
    """Write pictures of a value that has some, and return their paths."""
    figure = as_figure(value)
    if figure is not None:
        return _draw(figure, stem)
    numpy = sys.modules.get("numpy")
    if numpy is not None and type(value) is numpy.ndarray and _is_image(value):
        return [_thumbnail(value, stem + ".png")]
    image = sys.modules.get("PIL.Image")
    if image is not None and isinstance(value, image.Image):
        return [_shrink(value, stem + ".png")]
    return []


def as_figure(value: Any) -> Any:
    """Return a matplotlib figure, or the one that a seaborn grid holds; else None."""
    figures = sys.modules.get("matplotlib.figure")
    if figures is None:
        return None
    if isinstance(value, figures.Figure):
        return value
    if type(value).__module__.startswith("seaborn."):
        held = getattr(value, "figure", None)
        return held if isinstance(held, figures.Figure) else None
    return None


def _draw(figure: Any, stem: str) -> list[str]:
    files = [stem + ".png"]
    dpi = min(figure.dpi, WIDEST / max(1.0, *figure.get_size_inches()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure.savefig(files[0], format="png", dpi=dpi)
        if _marks(figure) <= MARKS:
            files.append(stem + ".svg")
            figure.savefig(files[1], format="svg")
    return files


def _marks(figure: Any) -> int:
    """Return roughly how many points a figure draws."""
    count = 0
    for axes in figure.axes:
        count += sum(len(line.get_xdata(orig=False)) for line in axes.lines)
        count += sum(len(c.get_offsets()) + len(c.get_paths()) for c in axes.collections)
        count += len(axes.patches)
    return count


def _is_image(array: Any) -> bool:
    if str(array.dtype) != "uint8" or array.ndim not in (2, 3) or min(array.shape[:2]) < 8:
        return False
    return array.ndim == 2 or array.shape[2] in (3, 4)


def _thumbnail(array: Any, path: str) -> str:
    """Write every n-th pixel as a PNG; the format is simple enough to write here."""
    step = max(1, -(-max(array.shape[:2]) // SIDE))
    small = array[::step, ::step]
    height, width = small.shape[:2]
    colour = {2: 0, 3: {3: 2, 4: 6}.get(small.shape[-1], 2)}[small.ndim]
    rows = b"".join(b"\0" + small[y].tobytes() for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
            check = zlib.crc32(kind + data)
            file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check))
    return path


def _shrink(image: Any, path: str) -> str:
    small = image.copy()
    small.thumbnail((SIDE, SIDE))
    if small.mode not in ("L", "RGB", "RGBA"):
        small = small.convert("RGB")
    small.save(path, format="PNG")
    return path
