"""What the panel costs in the browser: `python -m benchmarks.panel`.

Starts JupyterLab on notebooks made for it and looks at it in Chromium: which of the extension's
files are loaded at its start and how large they are when compressed; how long after a key the
graph shows what it changes; and how long a key takes until it is painted in a long notebook,
with the extension, its panel open, and without it.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from benchmarks.notebooks import write
from benchmarks.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, Page, Response, Route

    from benchmarks.notebooks import Cell
    from benchmarks.served import Served

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
OURS = "/jupyterlab-nbpipe/"
WHAT = ("start", "edit", "typing")
ENDS = ("the server is asked", "it has answered", "the graph is drawn", "it is painted")
LONG = "long.ipynb"
"""The notebook that is typed in: 500 cells, 100 kB."""

STEPS = 40
"""A notebook has at most so many steps, however many its cells are."""

PATIENCE = 120_000

# A message that is posted from an animation frame arrives when that frame has been painted.
_PAINTED = """
window.nbpipePainted = () => new Promise(resolve => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => resolve(performance.now());
  port2.postMessage(null);
}));"""

_WATCH = """([edge, wanted]) => {
  const key = new Promise(resolve => document.addEventListener(
    'keydown', event => resolve(event.timeStamp), { once: true, capture: true }));
  const drawn = new Promise(resolve => {
    const panel = document.getElementById('nbpipe-panel');
    const observer = new MutationObserver(() => {
      if ((panel.querySelector(`[data-id="${edge}"]`) !== null) === wanted) {
        observer.disconnect();
        resolve(performance.now());
      }
    });
    observer.observe(panel, { childList: true, subtree: true });
  });
  const seen = drawn.then(() => window.nbpipePainted());
  performance.clearResourceTimings();
  window.nbpipeTook = Promise.all([key, drawn, seen]).then(([from, ...to]) => {
    const [asked] = performance.getEntriesByType('resource').filter(
      entry => entry.name.includes('/nbpipe-api/compile') && entry.startTime >= from);
    return [asked.startTime, asked.responseEnd, ...to].map(each => each - from);
  });
}"""

_KEYS = """() => {
  window.nbpipeKeys = [];
  document.addEventListener('keydown', ({ timeStamp }) => void window.nbpipePainted().then(
    now => window.nbpipeKeys.push(now - timeStamp)), { capture: true });
}"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file of the extension that was loaded, with its bytes as they are and compressed."""

    name: str
    size: int
    compressed: int


def cells(count: int, padding: int = 0) -> list[Cell]:
    """Return the cells of a notebook with at most 40 steps, each of which reads one above.

    The second is the step `last`, whose reading is edited.
    """
    rest = count - 2
    every = -(-rest // min(rest, STEPS))
    made: list[Cell] = [(("step:s0",), "v0 = 1"), (("step:last",), "print(v0)")]
    for index in range(rest):
        number, inside = divmod(index, every)
        code = f"w{index} = {index}" if inside else f"v{number + 1} = v{number} + 1"
        tags = () if inside else (f"step:s{number + 1}",)
        made.append((tags, code + "\n# " + "x" * padding if padding else code))
    return made


@contextmanager
def browsing(chromium: Browser, without: bool = False) -> Iterator[Page]:
    """A page of its own; `without` the extension, whose files it is not given."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(_PAINTED)
    page = context.new_page()
    if without:
        page.route(f"**{OURS}**", _refuse)
    try:
        yield page
    finally:
        context.close()


def _refuse(route: Route) -> None:
    route.abort()


def open_notebook(page: Page, server: Served, name: str, panel: bool) -> None:
    """Open a notebook, the panel beside it or not."""
    page.goto(f"{server.address}/lab/tree/{name}?reset&token={server.token}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=PATIENCE)
    page.get_by_role("tab", name="Table of Contents").wait_for(timeout=PATIENCE)
    if panel:
        page.get_by_role("tab", name="Pipeline", exact=True).click()
        page.locator("#nbpipe-panel .nbpipe-Node").first.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(2000)


def loaded_at_start(chromium: Browser, server: Served) -> list[Loaded]:
    """Return the extension's files that a page loads before anybody opens the panel."""
    files: list[Loaded] = []

    def note(response: Response) -> None:
        if OURS in response.url and response.ok:
            body = response.body()
            files.append(
                Loaded(
                    response.url.rsplit("/")[-1].split("?")[0], len(body), len(gzip.compress(body))
                )
            )

    with browsing(chromium) as page:
        page.on("response", note)
        open_notebook(page, server, "10.ipynb", panel=False)
    return files


def edit_to_graph(
    chromium: Browser, server: Served, name: str, times: int
) -> list[tuple[float, float, float, float]]:
    """Return the milliseconds from a key until each of `ENDS`, for the graph that it changes."""
    took = []
    with browsing(chromium) as page:
        open_notebook(page, server, name, panel=True)
        page.locator(".jp-Notebook .cm-content", has_text="print(v0)").click()
        for key in ("Control+End", "ArrowLeft", "ArrowLeft"):
            page.keyboard.press(key)
        for index in range(times):
            # `print(v0)` becomes `print(v90)`, and is again what it was.
            page.evaluate(_WATCH, ["s0 data last", index % 2 == 1])
            page.keyboard.press("Backspace" if index % 2 else "9")
            asked, answered, drawn, painted = map(float, page.evaluate("window.nbpipeTook"))
            took.append((asked, answered, drawn, painted))
            page.wait_for_timeout(400)
    return took


def key_to_paint(chromium: Browser, server: Served, keys: int, extension: bool) -> list[float]:
    """Return the milliseconds from each of `keys` until it is painted, at a person's pace."""
    with browsing(chromium, without=not extension) as page:
        open_notebook(page, server, LONG, panel=extension)
        page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
        for key in ("Control+End", "Enter", "#", " "):
            page.keyboard.press(key)
        page.wait_for_timeout(1000)
        page.evaluate(_KEYS)
        for index in range(keys):
            page.keyboard.press("abcdefgh "[index % 9])
            # Every ninth key a thought, in which what was typed is compiled.
            page.wait_for_timeout(450 if index % 9 == 8 else 90)
        return [float(took) for took in page.evaluate("window.nbpipeKeys")]


def tell(name: str, took: Sequence[float]) -> None:
    """Print the median, what nine in ten stay under, and the longest."""
    most = sorted(took)[int(0.9 * (len(took) - 1))]
    print(
        f"{name:48} {statistics.median(took):6.0f} ms   9 in 10 under {most:4.0f} ms   "
        f"longest {max(took):4.0f} ms   ({len(took)} times)",
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(prog="benchmarks.panel", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"of {', '.join(WHAT)}; all without")
    parser.add_argument("--times", type=int, default=20, help="edits of each notebook")
    parser.add_argument("--keys", type=int, default=120, help="keys, in each of four turns")
    parser.add_argument("--cells", type=int, nargs="+", default=[10, 40, 200, 500])
    chosen = parser.parse_args(arguments)
    what = chosen.what or list(WHAT)
    with tempfile.TemporaryDirectory(prefix="nbpipe-panel-") as folder, sync_playwright() as tools:
        root, scratch = Path(folder) / "root", Path(folder) / "scratch"
        scratch.mkdir()
        for count in {10, *chosen.cells}:
            write(root / f"{count}.ipynb", cells(count))
        write(root / LONG, cells(500, padding=100))
        chromium = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with served(root, scratch, "jupyterlab") as server:
            if "start" in what:
                _tell_start(loaded_at_start(chromium, server))
            for count in chosen.cells if "edit" in what else ():
                edits = edit_to_graph(chromium, server, f"{count}.ipynb", chosen.times)
                for what_ends, each in zip(ENDS, zip(*edits, strict=True), strict=True):
                    tell(f"{count} cells, from a key until {what_ends}", each)
            for turn in (1, 2) if "typing" in what else ():
                for extension in (True, False):
                    took = key_to_paint(chromium, server, chosen.keys, extension)
                    tell(f"key to paint, {'with' if extension else 'without'}, turn {turn}", took)
        chromium.close()
    return 0


def _tell_start(files: Sequence[Loaded]) -> None:
    for one in files:
        print(f"{one.name:40} {one.size:8} bytes, compressed {one.compressed:7}")
    total = sum(one.compressed for one in files)
    print(f"at the start of JupyterLab, compressed: {total / 1000:.1f} kB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
