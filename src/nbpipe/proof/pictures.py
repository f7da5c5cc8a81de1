"""Pictures compared point by point: PNGs read with the standard library alone."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

FAR = 24
"""How far a byte of a point may be off before the point counts as another."""

MOST = 0.001
"""The share of points that may be another in pictures that still count as one."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


class _Picture(NamedTuple):
    width: int
    height: int
    colour: int
    depth: int
    palette: bytes
    points: bytes


def share_that_differs(one: bytes, other: bytes) -> float:
    """Return the share of points that differ, 0 to 1; 1 where they cannot be compared."""
    if one == other:
        return 0.0
    left, right = _read(one), _read(other)
    if left is None or right is None or left[:5] != right[:5]:
        return 1.0
    size = _CHANNELS[left.colour] * left.depth // 8 or 1
    count = max(1, left.width * left.height)
    far = {
        at // size
        for at, (a, b) in enumerate(zip(left.points, right.points, strict=True))
        if a != b and abs(a - b) > FAR
    }
    return len(far) / count


def _read(data: bytes) -> _Picture | None:
    """Return a PNG's points; None for another format, an interlaced one, or a broken file."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    try:
        return _decoded(data)
    except (struct.error, zlib.error, IndexError, KeyError, ValueError):
        return None


def _decoded(data: bytes) -> _Picture | None:
    at, body, palette = 8, bytearray(), b""
    width = height = depth = colour = interlace = 0
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        chunk = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunk)
        elif kind == b"PLTE":
            palette = bytes(chunk)
        elif kind == b"IDAT":
            body += chunk
        at += length + 12
    if interlace:
        return None
    step = max(1, _CHANNELS[colour] * depth // 8)
    line = (width * _CHANNELS[colour] * depth + 7) // 8
    points = _unfiltered(zlib.decompress(bytes(body)), line, step, height)
    return _Picture(width, height, colour, depth, palette, points)


def _unfiltered(raw: bytes, line: int, step: int, height: int) -> bytes:
    above = bytearray(line)
    out = bytearray()
    for row in range(height):
        begin = row * (line + 1)
        current = bytearray(raw[begin + 1 : begin + 1 + line])
        _unfilter(raw[begin], current, above, step)
        out += current
        above = current
    return bytes(out)


def _unfilter(kind: int, line: bytearray, above: bytearray, step: int) -> None:
    """Undo one row's filter in place (PNG specification, section 9)."""
    if kind == 1:
        for i in range(step, len(line)):
            line[i] = (line[i] + line[i - step]) & 255
    elif kind == 2:
        line[:] = bytes((a + b) & 255 for a, b in zip(line, above, strict=True))
    elif kind == 3:
        for i in range(len(line)):
            left = line[i - step] if i >= step else 0
            line[i] = (line[i] + (left + above[i]) // 2) & 255
    elif kind == 4:
        for i in range(len(line)):
            left, corner = (line[i - step], above[i - step]) if i >= step else (0, 0)
            line[i] = (line[i] + _paeth(left, above[i], corner)) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    near = abs(guess - left), abs(guess - up), abs(guess - corner)
    if near[0] <= near[1] and near[0] <= near[2]:
        return left
    return up if near[1] <= near[2] else corner
