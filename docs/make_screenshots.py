"""Takes the pictures of the panel from the running product: `python docs/make_screenshots.py`.

Starts JupyterLab on a copy of the examples, opens one in Chromium, runs it, and looks.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page

DOCS = Path(__file__).resolve().parent
IMAGES = DOCS / "images"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PATIENCE = 180_000
"""Milliseconds that a run may take on a busy machine."""


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """Serve `folder` to this machine alone, with settings of its own; yields the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = folder.parent / "home"
    names = ["JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"]
    names += ["JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"]
    environ = {**os.environ, **{name: str(home / name.lower()) for name in names}}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--ip=127.0.0.1",
        "--IdentityProvider.token=", "--ServerApp.allow_root=True", "--expose-app-in-browser",
        f"--ServerApp.root_dir={folder}", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    server = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(f"{address}/api")
        yield address
    finally:
        server.terminate()
        server.wait(30)


def _wait(address: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(address):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.25)
    raise SystemExit(f"Nothing answers at {address}.")


def open_panel(page: Page, address: str, path: str) -> None:
    """Open a notebook alone, with the panel beside it."""
    page.goto(f"{address}/lab/tree/{path}?reset")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=PATIENCE)
    page.get_by_role("tab", name="Pipeline", exact=True).click()
    page.get_by_role("region", name="Pipeline graph").wait_for(timeout=PATIENCE)
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.wait_for_timeout(500)


def run(page: Page) -> None:
    """Run the pipeline; what JupyterLab asks on the way is answered whenever it asks."""
    for name in ("Run as it is", "No"):
        button = page.get_by_role("button", name=name, exact=True)
        page.add_locator_handler(button, lambda found: found.click())
    page.get_by_role("region", name="Pipeline").get_by_role("button", name="Run pipeline").click()


def options(page: Page) -> None:
    """Look at what a part of the pipeline would do, and go back."""
    panel = page.get_by_role("region", name="Pipeline")
    panel.get_by_role("button", name="Other ways to run").click()
    page.get_by_role("menuitem", name="Run Pipeline with Options").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("This one and what leads to it").check()
    dialog.get_by_role("row").first.wait_for(timeout=PATIENCE)
    dialog.locator(".jp-Dialog-content").screenshot(path=IMAGES / "run-options.png")
    dialog.get_by_role("button", name="Cancel").click()


def theme(page: Page, name: str) -> None:
    """Change JupyterLab's theme."""
    page.evaluate(
        "name => window.jupyterapp.commands.execute('apputils:change-theme', { theme: name })", name
    )
    page.wait_for_timeout(1500)


def _until(graph: Locator, name: str) -> None:
    expect(graph.get_by_role("button", name=name)).to_be_visible(timeout=PATIENCE)


def main() -> None:
    """Take all pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch) / "examples"
        shutil.copytree(DOCS.parent / "examples", folder, ignore=shutil.ignore_patterns(".nbpipe"))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 960})
        with jupyterlab(folder) as address:
            open_panel(page, address, "diagnosis/diagnosis.ipynb")
            options(page)
            run(page)
            graph = page.get_by_role("region", name="Pipeline graph")
            _until(graph, "logistic, running")
            page.screenshot(path=IMAGES / "panel-running.png")
            _until(graph, "missed, ok")
            graph.get_by_role("button", name="compare, ok").click()
            page.wait_for_timeout(3000)
            page.screenshot(path=IMAGES / "executed.png")
            theme(page, "JupyterLab Dark")
            page.screenshot(path=IMAGES / "executed-dark.png")
        browser.close()


if __name__ == "__main__":
    main()
