"""The look at a cluster's workers before anything runs there: versions, store, project, kernels."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from nbpipe._version import __version__
from nbpipe.errors import NbpipeError, StoreUnusable, UnknownName, UsageError
from nbpipe.events import Note
from nbpipe.run.environment import Environments
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbpipe.run.order import Order

MOST = 5
"""How many differing packages a note names."""


class Ask(Protocol):
    """Has every worker call a function; what one raises is its answer."""

    def __call__(self, function: Any, *arguments: Any) -> Mapping[str, Any]:
        """Return worker address → what it answered."""


class Inspection:
    """Looks at the workers before the first order, and before the first one for each kernel.

    Parameters
    ----------
    ask
        Reaches the workers.
    """

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self._seen: set[str] = set()

    def before(self, order: Order) -> list[Note]:
        """Return what a person should know before the order is handed over.

        Raises
        ------
        UsageError
            If a worker has another nbpipe, or lacks the project's folder or the kernel.
        StoreUnusable
            If a worker does not see what is put into the store.
        """
        if order.kernel in self._seen:
            return []
        if not self._seen:
            for worker, answer in self.ask(resolve_name, "nbpipe._version:__version__").items():
                _check_version(worker, answer)
        store = Store.open(order.store)
        views = self._views(order, store)
        for worker, view in views.items():
            _check_view(worker, view, order, store)
        self._seen.add(order.kernel)
        return list(_notes(views, order.kernel, Environments(store.local / "cache")))

    def _views(self, order: Order, store: Store) -> Mapping[str, Any]:
        """Put something into the store, and have every worker look for it."""
        digest = store.blobs.put_bytes(f"nbpipe looks for this: {uuid4().hex}".encode())
        try:
            return self.ask(look, order.store, digest, order.folder, order.kernel)
        finally:
            store.blobs.delete(digest)


async def look(store: str, digest: str, folder: str, kernel: str) -> dict[str, Any]:
    """Return what a worker sees of the store, of a folder and of a kernel."""
    return await asyncio.to_thread(_look, store, digest, folder, kernel)


def _look(address: str, digest: str, folder: str, kernel: str) -> dict[str, Any]:
    view: dict[str, Any] = {"host": socket.gethostname(), "folder": os.path.isdir(folder)}
    try:
        store = Store.open(address)
        view["local"] = str(store.local)
        view["store"] = _use(store, digest)
        found = Environments(store.local / "cache").find(kernel)
        view["kernel"] = {"python": found.python, **found.versions}
    except UnknownName as error:
        view["no_kernel"] = str(error)
    except (NbpipeError, OSError) as error:
        view["store"] = str(error)
    return view


def _use(store: Store, digest: str) -> str:
    """Read from the store and work in it; returns what is wrong with it, or nothing."""
    if not store.blobs.has(digest):
        return f"what is put into {store.address} elsewhere is not there"
    store.blobs.read(digest)
    shutil.rmtree(store.blobs.scratch(f"look-{uuid4().hex[:12]}"))
    return ""


def _check_version(worker: str, answer: Any) -> None:
    if answer == __version__:
        return
    has = "no nbpipe" if isinstance(answer, Exception) else f"nbpipe {answer}"
    said = f" ({type(answer).__name__}: {answer})" if isinstance(answer, Exception) else ""
    raise UsageError(
        f"The worker {worker} has {has}, and this is nbpipe {__version__}{said}. "
        f"Install jupyterlab-nbpipe=={__version__} there. Nothing was run."
    )


def _check_view(worker: str, view: Any, order: Order, store: Store) -> None:
    if isinstance(view, Exception):
        text = f"The worker {worker} could not be looked at: {type(view).__name__}: {view}"
        raise UsageError(text)
    where = f"The worker {worker} on {view['host']}"
    if view["store"]:
        raise StoreUnusable(
            f"{where} cannot use the store: {view['store']}. Choose one that all see, with "
            "--store: a folder on a shared disk, or a URL. Nothing was run."
        )
    if view["local"] != str(store.local):
        raise StoreUnusable(
            f"{where} keeps copies of the store in {view['local']}, and not in {store.local} as "
            "here. Set XDG_CACHE_HOME to the same folder on all machines. Nothing was run."
        )
    if not view["folder"]:
        raise UsageError(
            f"{where} has no folder {order.folder}, where the notebook lies. Put the project on "
            "a disk that all see, under the same path. Nothing was run."
        )
    if "no_kernel" in view:
        raise UsageError(f"{where}: {view['no_kernel']} Install the kernel there. Nothing was run.")


def _notes(views: Mapping[str, Any], kernel: str, here: Environments) -> Iterator[Note]:
    """Say where a kernel's packages differ: what ran is kept under the versions of this machine."""
    found = here.find(kernel)
    mine = {"python": found.python, **found.versions}
    told: set[str] = set()
    for view in views.values():
        other = view["kernel"]
        differ = sorted(
            f"{other.get(name) or f'no {name}'} (here {mine.get(name) or 'none'})"
            for name in mine.keys() | other.keys()
            if mine.get(name) != other.get(name)
        )
        if differ and view["host"] not in told:
            told.add(view["host"])
            more = f" and {len(differ) - MOST} more" if len(differ) > MOST else ""
            yield Note(
                f"The kernel {kernel} on {view['host']} has other packages: "
                f"{', '.join(differ[:MOST])}{more}. Results are kept as made with those here.",
                level="warning",
            )
