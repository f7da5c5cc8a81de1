"""``nbpipe doctor``: looks for what keeps nbpipe from working, and says what to do."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from nbpipe.cli import exits
from nbpipe.cli.options import json_option, path_argument, store_option

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbpipe.store.faults import Fault
    from nbpipe.store.store import Store

OURS = "jupyterlab-nbpipe"
NEEDED = ("papermill", "ipykernel", "jupyter-client", "nbformat", "jupyter-server", "jupyterlab")
LITTLE = 1_000_000_000
"""Bytes of free disk below which it is worth a warning."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do about it."""

    level: Literal["ok", "warning", "error"]
    text: str
    cure: str = ""


@click.command()
@path_argument
@click.option("--repair", is_flag=True, help="Mend what a crash left in the store.")
@click.option("--thorough", is_flag=True, help="Read and hash all that is stored.")
@json_option
@store_option
@click.pass_context
def doctor(ctx: click.Context, /, path: str, as_json: bool, **options: Any) -> None:
    """Look for what keeps nbpipe from working: versions, kernels, extensions, the store.

    The store is held against the nine invariants (see the page on reliability). The exit code
    is 1 if something is wrong, and stays wrong.
    """
    looks = (*_versions(), *_kernels(), *_ploomber(), *_store(path, **options))
    if as_json:
        import json

        from nbpipe.wire import dump

        click.echo(json.dumps([dump(found) for found in looks], indent=2))
    else:
        _tell(looks)
    ctx.exit(exits.FAILED if any(found.level == "error" for found in looks) else exits.OK)


def _tell(looks: Iterable[Finding]) -> None:
    from nbpipe.cli.terminal import clean_line

    marks = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}
    for found in looks:
        mark, colour = marks[found.level]
        click.echo(f"{click.style(mark, fg=colour)} {clean_line(found.text)}")
        if found.cure:
            click.echo(f"    {clean_line(found.cure)}")


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _versions() -> Iterator[Finding]:
    from nbpipe import __version__

    yield Finding("ok", f"nbpipe {__version__}, Python {sys.version.split()[0]}, {sys.prefix}")
    if _installed(OURS) is None:
        yield Finding("warning", f"{OURS} is not installed as a package.", f"pip install {OURS}")
    other = _installed("nbpipe")
    if other is not None:
        yield Finding(
            "error",
            f"Another package named nbpipe ({other}) is installed; it takes this one's place.",
            f"pip uninstall nbpipe, then pip install --force-reinstall {OURS}",
        )
    for name in NEEDED:
        version = _installed(name)
        if version is None:
            yield Finding("error", f"{name} is not installed.", f"pip install {name}")
        else:
            yield Finding("ok", f"{name} {version}")


def _kernels() -> Iterator[Finding]:
    import json

    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager().find_kernel_specs()
    if "python3" not in specs:
        cure = "python -m ipykernel install --sys-prefix"
        yield Finding(
            "warning", "There is no kernel python3, the one that is used by default.", cure
        )
    for name, folder in sorted(specs.items()):
        try:
            argv = json.loads((Path(folder) / "kernel.json").read_text("utf-8"))["argv"]
        except (OSError, ValueError, KeyError) as error:
            yield Finding("warning", f"kernel {name} ({folder}) cannot be read: {error}")
            continue
        if argv and shutil.which(argv[0]) is None:
            cure = f"jupyter kernelspec remove {name}, or install it again"
            yield Finding("warning", f"kernel {name} starts {argv[0]}, which is not there.", cure)
        else:
            yield Finding("ok", f"kernel {name}")


def _ploomber() -> Iterator[Finding]:
    """Telemetry and the upload button that ploomber-engine brings; ours switches them off."""
    if _installed("ploomber-extension") is None:
        return
    from jupyter_core.paths import jupyter_config_path, jupyter_path
    from jupyterlab_server.config import get_page_config

    server = _enabled("ploomber_extension", jupyter_config_path())
    page = get_page_config(jupyter_path("labextensions"))
    button = "ploomber-extension" not in page.get("disabledExtensions", ())
    off = "jupyter server extension disable ploomber_extension --sys-prefix"
    lab_off = "jupyter labextension disable ploomber-extension"
    for on, what, cure in (
        (server, "upload handler", off),
        (button, "button in JupyterLab", lab_off),
    ):
        if on:
            yield Finding("warning", f"ploomber-extension's {what} is switched on.", cure)
        else:
            yield Finding("ok", f"ploomber-extension's {what} is switched off")
    yield Finding("ok", "ploomber's telemetry is switched off in nbpipe's workers")


def _enabled(extension: str, folders: list[str]) -> bool:
    """Whether a server extension is on; the first folders count most, in each the last file."""
    import json

    for folder in folders:
        files = sorted(Path(folder, "jupyter_server_config.d").glob("*.json"))
        main = Path(folder, "jupyter_server_config.json")
        said = None
        for file in (*files, main):
            try:
                data = json.loads(file.read_text("utf-8"))
                said = data["ServerApp"]["jpserver_extensions"].get(extension, said)
            except (OSError, ValueError, KeyError, TypeError):
                continue
        if said is not None:
            return bool(said)
    return False


def _store(path: str, store: str | None, repair: bool, thorough: bool) -> Iterator[Finding]:
    from nbpipe.cli.stores import open_store
    from nbpipe.errors import StoreError, UsageError
    from nbpipe.run.project import open_project

    try:
        there = open_store(open_project(path), store)
        yield from _invariants(there, repair, thorough)
    except UsageError as error:
        yield Finding("warning", str(error))
        return
    except StoreError as error:
        yield Finding("error", str(error))
        return
    yield from _room(there)


def _invariants(store: Store, repair: bool, thorough: bool) -> Iterator[Finding]:
    """What breaks one of the nine invariants; first what was done about it, if that was asked."""
    from nbpipe.cli.terminal import plural
    from nbpipe.run.orphans import end, orphans
    from nbpipe.store import repair as mending
    from nbpipe.store.invariants import faults_of

    left = orphans()
    if repair:
        done, faults = mending.repair(store, thorough)
        yield from (Finding("ok", text) for text in (*end(left), *done))
        left = orphans()
    else:
        faults = faults_of(store, thorough)
    runs = plural(len(store.ledger.runs(limit=1_000_000)), "run")
    sound = "" if faults or left else ", and nothing is wrong with it"
    yield Finding("ok", f"store {store.address}: {runs}{sound}")
    yield from (_fault(fault) for fault in faults)
    for one in left:
        yield Finding("error", f"I5: {one.text}", "nbpipe doctor --repair")


def _fault(fault: Fault) -> Finding:
    from nbpipe.store.repair import MENDABLE

    if fault.what == "open":
        return Finding("warning", f"{fault.rule}: {fault.text}", f"chmod 700 {fault.name}")
    if fault.what == "no-engine":
        return Finding("warning", f"{fault.rule}: {fault.text}", f"nbpipe resume {fault.run}")
    cure = "nbpipe doctor --repair" if fault.what in MENDABLE else "Please tell us of it."
    level: Literal["warning", "error"] = "warning" if fault.what in _HARMLESS else "error"
    return Finding(level, f"{fault.rule}: {fault.text}", cure)


_HARMLESS = frozenset({"leftover", "claim", "half-written", "unnamed"})
"""What takes room and no more, or is put right when it is next used."""


def _room(store: Store) -> Iterator[Finding]:
    from nbpipe.cli.terminal import size

    there = next(p for p in (store.local, *store.local.parents) if p.exists())
    if not os.access(there, os.W_OK):
        yield Finding("error", f"{there} cannot be written.", "Choose another with --store DIR.")
    space = store.space()
    yield Finding("ok", f"the store holds {size(space.held)}")
    free = space.free
    level: Literal["ok", "warning"] = "ok" if free > LITTLE else "warning"
    yield Finding(level, f"{size(free)} of disk are free", "" if level == "ok" else "nbpipe gc")
