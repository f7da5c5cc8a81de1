"""A run as a folder that any browser shows: one page, its executed notebooks beside it."""

from __future__ import annotations

import base64
import shutil
from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING, Any

from nbpipe.cli.summary import MOST, counts, failed, said_of
from nbpipe.cli.terminal import clean, clean_line, icon, number, seconds, size
from nbpipe.errors import StoreError
from nbpipe.export.svg import draw_svg
from nbpipe.run.executed import file_name
from nbpipe.run.keep import notebook_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nbpipe.cli.summary import Ended
    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.events import Artifact
    from nbpipe.store.rows import TaskRow
    from nbpipe.store.store import Store

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
LARGEST_IMAGE = 2_000_000

STYLE = """
:root{color-scheme:light dark;--line:#8884;--dim:#6b7785;--good:#2f8a46;--bad:#c0362c}
body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{text-align:left;padding:.3rem .7rem;border-bottom:1px solid var(--line);vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.ok,.reused{color:var(--good)}.bad{color:var(--bad)}.dim{color:var(--dim)}
pre{overflow:auto;padding:.7rem;border:1px solid var(--line);border-radius:6px;font-size:13px}
svg,img{max-width:100%;height:auto}
iframe{width:100%;height:18rem;border:1px solid var(--line);border-radius:6px;background:#fff}
summary{cursor:pointer}
""".strip()


FRAMED = (
    "<style>body{font:13px system-ui,sans-serif;margin:.5rem;color:#222}"
    "table{border-collapse:collapse}"
    "td,th{padding:.15rem .6rem;text-align:left;border-bottom:1px solid #ddd}</style>"
)


def write_report(folder: Path, ended: Ended, pipeline: Pipeline, store: Store) -> None:
    """Write ``index.html`` and the executed notebooks into a folder."""
    notebooks = folder / "notebooks"
    notebooks.mkdir(parents=True, exist_ok=True)
    copied = set()
    for one in ended.outcome.listed:
        file = None
        with suppress(StoreError):  # bytes that are gone: the page stands without them
            file = notebook_file(store, ended.run, one)
        if file is not None:
            shutil.copyfile(file, notebooks / file.name)
            copied.add(file.name)
    page = "".join(_page(ended, pipeline, _Previews(store), copied))
    (folder / "index.html").write_bytes(page.encode("utf-8", "replace"))


def _page(ended: Ended, pipeline: Pipeline, previews: _Previews, copied: set[str]) -> Iterator[str]:
    outcome = ended.outcome
    title = f"{_text(ended.name)}: {outcome.state}"
    yield (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name=viewport content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
        f"<p class=dim>Run {_text(ended.run)}, {seconds(outcome.seconds)}; "
        f"{', '.join(counts(outcome))}.</p>\n"
    )
    yield f"<figure>{draw_svg(pipeline, step_states(outcome.shown))}</figure>\n"
    yield _table(("step", "state", "time", "memory", "", "notebook"), _rows(ended, copied))
    if outcome.metrics:
        yield "<h2>Metrics</h2>\n"
        metrics = list(outcome.metrics.items())[:MOST]
        pairs = ((_text(name), number(value)) for name, value in metrics)
        yield _table(("metric", "value"), ((name, _text(value)) for name, value in pairs))
    if outcome.parameters:
        yield "<h2>Parameters</h2>\n"
        values = (
            (_text(n), f"<code>{_text(repr(v))}</code>") for n, v in outcome.parameters.items()
        )
        yield _table(("parameter", "value"), values)
    for one in failed(outcome)[:MOST]:
        yield from _failure(ended, one)
    yield "<h2>What the steps gave</h2>\n"
    for one in outcome.listed:
        yield from _artifacts(one, previews)
    yield "</body></html>\n"


def step_states(tasks: Iterable[TaskRow]) -> dict[str, str]:
    """Return step → state; of a fan-out the state of the first item that is not well."""
    states: dict[str, str] = {}
    for one in tasks:
        if states.get(one.step, "reused") in ("reused", "ok"):
            better = one.state == "reused" and states.get(one.step) == "ok"
            states[one.step] = "ok" if better else one.state
    return states


def _text(value: object) -> str:
    return escape(clean_line(value), quote=True)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are HTML already."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>\n{body}</tbody></table>\n"


def _rows(ended: Ended, copied: set[str]) -> Iterator[tuple[str, ...]]:
    for one in ended.outcome.listed:
        kind = one.state if one.state in ("ok", "reused") else "bad" if one.error else "dim"
        name = file_name(one.task)
        link = f'<a href="notebooks/{_text(name)}">{_text(name)}</a>' if name in copied else ""
        label = f" <span class=dim>{_text(one.label)}</span>" if one.label else ""
        yield (
            _text(one.task) + label,
            f'<span class="{kind}">{icon(one.state)} {one.state}</span>',
            seconds(one.seconds) if one.seconds else "",
            size(one.peak),
            _text(said_of(one)),
            link,
        )


def _failure(ended: Ended, one: TaskRow) -> Iterator[str]:
    error = one.error
    assert error is not None
    yield (
        f"<h2 class=bad>{_text(one.task)} {one.state}</h2>\n"
        f"<p>{_text(ended.place(one, error.cell))}</p>\n"
        f"<p><b>{_text(error.name)}</b>: {_text(error.message)}</p>\n"
        f"<pre>{escape(clean(error.traceback))}</pre>\n"
    )


def _artifacts(one: TaskRow, previews: _Previews) -> Iterator[str]:
    shown = [a for a in one.artifacts if a.kind in ("value", "file", "profile")]
    if shown:
        yield f"<h3>{_text(one.task)}</h3>\n"
    for artifact in shown:
        said = " ".join(filter(None, [_text(artifact.type), size(artifact.size)]))
        yield (
            f"<details><summary><code>{_text(artifact.name)}</code> "
            f"<span class=dim>{said}</span></summary>{previews.of(artifact)}</details>\n"
        )


class _Previews:
    """Previews as HTML. What a step wrote is text, or stands in a frame that may do nothing."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def of(self, artifact: Artifact) -> str:
        """Return what there is to be seen of an artifact."""
        preview: Any = artifact.preview
        parts = []
        if preview.get("shape"):
            parts.append(f"<p class=dim>shape {_text(preview['shape'])}</p>")
        image = artifact.digest if artifact.type == "image/png" else preview.get("image")
        if image:
            parts.append(self._image(str(image)))
        elif preview.get("html"):
            framed = escape(FRAMED + str(preview["html"]), quote=True)
            parts.append(f'<iframe sandbox srcdoc="{framed}"></iframe>')
        elif preview.get("text"):
            parts.append(f"<pre>{escape(clean(preview['text']))}</pre>")
        return "".join(parts) or f"<p class=dim>{_text(artifact.digest)}</p>"

    def _image(self, digest: str) -> str:
        try:
            data = self.store.blobs.read(digest)
        except (StoreError, ValueError):
            return ""
        if not data.startswith(b"\x89PNG") or len(data) > LARGEST_IMAGE:
            return ""
        return f'<img alt="" src="data:image/png;base64,{base64.b64encode(data).decode()}">'
