"""Memory and CPU time of a step, cell by cell: a series as JSON and a chart as SVG."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from nbpipe.run.kernels.attempt import Extra

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbpipe.run.kernels.attempt import CellRun
    from nbpipe.run.kernels.supervisor import Sample

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 720, 260, 64, 28, 28


def make_profile(cells: Mapping[str, CellRun], samples: Sequence[Sample]) -> list[Extra]:
    """Return the series and the chart of what was seen while cells ran."""
    ran = {cell: run for cell, run in cells.items() if run.state != "not-run" and run.started}
    start = min((run.started for run in ran.values()), default=0.0)
    rows = [_row(cell, run, samples, start) for cell, run in ran.items()]
    data = {"version": 1, "unit": {"at": "s", "held": "bytes", "cpu": "s"}, "cells": rows}
    return [
        Extra("profile.json", "profile", "application/json", json.dumps(data).encode()),
        Extra("profile.svg", "profile", "image/svg+xml", draw(rows).encode()),
    ]


def _row(cell: str, run: CellRun, samples: Sequence[Sample], start: float) -> dict[str, object]:
    end = run.started + run.seconds
    inside = [s for s in samples if run.started <= s.at <= end]
    before = next((s.cpu for s in reversed(samples) if s.at <= run.started), 0.0)
    after = next((s.cpu for s in samples if s.at >= end), inside[-1].cpu if inside else before)
    return {
        "cell": cell,
        "at": round(run.started - start, 4),
        "seconds": round(run.seconds, 4),
        "cpu": round(after - before, 4),
        "peak": max((s.held for s in inside), default=None),
        "samples": [[round(s.at - start, 3), s.held, round(s.cpu, 3)] for s in inside],
    }


def draw(rows: Sequence[Mapping[str, object]]) -> str:
    """Return an SVG chart: memory over time as an area, one shaded band for each cell."""
    points = [s for row in rows for s in row["samples"]]  # type: ignore[attr-defined]
    length = max((_end(row) for row in rows), default=0.0) or 1.0
    top = max((point[1] for point in points), default=0) * 1.1 or 1.0
    across, down = (_WIDTH - _LEFT - 12) / length, (_HEIGHT - _TOP - _BOTTOM) / top
    floor = _HEIGHT - _BOTTOM
    bands = [_band(row, number, across) for number, row in enumerate(rows)]
    line = " ".join(f"{_LEFT + p[0] * across:.1f},{floor - p[1] * down:.1f}" for p in points)
    area = ""
    if points:
        first, last = (_LEFT + points[i][0] * across for i in (0, -1))
        area = (
            f'<polygon points="{first:.1f},{floor} {line} {last:.1f},{floor}" '
            'fill="#1976d2" fill-opacity="0.25"/>'
            f'<polyline points="{line}" fill="none" stroke="#1976d2" stroke-width="1.5"/>'
        )
    labels = [
        _text(_LEFT - 6, floor, "0", "end"),
        _text(_LEFT - 6, _TOP + 8, f"{top / 1e6:.0f} MB", "end"),
        _text(_LEFT, _HEIGHT - 8, "0 s"),
        _text(_WIDTH - 12, _HEIGHT - 8, f"{length:.2f} s", "end"),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="11" role="img">'
        "<title>Memory while the cells ran</title>"
        f"{''.join(bands)}{area}"
        f'<path d="M{_LEFT} {_TOP}V{floor}H{_WIDTH - 12}" fill="none" stroke="#888"/>'
        f"{''.join(labels)}</svg>"
    )


def _end(row: Mapping[str, object]) -> float:
    return float(row["at"]) + float(row["seconds"])  # type: ignore[arg-type]


def _band(row: Mapping[str, object], number: int, across: float) -> str:
    left = _LEFT + float(row["at"]) * across  # type: ignore[arg-type]
    width = max(1.0, float(row["seconds"]) * across)  # type: ignore[arg-type]
    told = f"{row['cell']}: {row['seconds']} s, {row['cpu']} s of CPU"
    fill = ("#000", "#777")[number % 2]
    return (
        f'<rect x="{left:.1f}" y="{_TOP}" width="{width:.1f}" height="{_HEIGHT - _TOP - _BOTTOM}" '
        f'fill="{fill}" fill-opacity="0.06"><title>{escape(told)}</title></rect>'
        + (_text(left + 3, _TOP - 6, str(number + 1)) if width > 12 else "")
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" fill="#666">{escape(text)}</text>'
