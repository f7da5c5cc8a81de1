"""A store: blobs and ledger under one address."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nbpipe.store import folder, garbage
from nbpipe.store.blobs import LocalBlobs
from nbpipe.store.disk import Disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from nbpipe.store.blobs import Blobs
    from nbpipe.store.ledger import Ledger
    from nbpipe.store.rows import GarbagePlan


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes that a store holds, and bytes that are free on the disk of its folder."""

    held: int
    free: int


class Store:
    """What is remembered: bytes under their digest, and the ledger of runs.

    Parameters
    ----------
    blobs
        The bytes.
    open_ledger
        Opens the ledger; called when it is first used.
    local
        Folder of this machine for plain files that belong to runs.
    disk
        How plain files are written.
    """

    def __init__(
        self,
        blobs: Blobs,
        open_ledger: Callable[[], Ledger],
        local: Path,
        disk: Disk | None = None,
    ) -> None:
        self.blobs = blobs
        self.local = local
        self.disk = disk or Disk()
        self._open_ledger = open_ledger

    @classmethod
    def open(
        cls,
        address: str | Path,
        ledger: str = "",
        cache: str | Path = "",
        disk: Disk | None = None,
    ) -> Store:
        """Open a store; nothing is written before there is something to be written.

        Parameters
        ----------
        address
            A folder of this machine, or an fsspec URL.
        ledger
            SQLAlchemy URL of the ledger, or a folder; by default the store's own folder, and
            for a store at a URL the folder `cache`.
        cache
            Where copies of a URL's objects are kept; by default in the user's cache folder.
        disk
            How files are written; tests pass one that fails.

        Raises
        ------
        StoreTooNew, StoreUnusable
            If it is of a newer format or cannot be used.
        """
        from nbpipe.store.ledger import Ledger

        if "://" not in str(address):
            blobs = LocalBlobs(address, disk)
            return cls(blobs, lambda: Ledger.open(ledger or blobs.folder), blobs.folder, disk)
        from nbpipe.store.remote import RemoteBlobs, cache_folder

        local = Path(cache) if cache else cache_folder(str(address))
        return cls(
            RemoteBlobs(str(address), local), lambda: Ledger.open(ledger or local), local, disk
        )

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, opened when first asked for."""
        return self._open_ledger()

    @property
    def address(self) -> str:
        """The folder or URL."""
        return self.blobs.address

    def run_folder(self, run: str) -> Path:
        """Return the folder for plain files of a run, as what its cells printed; made if needed."""
        return folder.run_folder(self.local, run)

    def space(self) -> Space:
        """Return how much room the store takes, and how much is left."""
        with self.ledger.database.reading() as connection:
            return Space(garbage.held(connection), self.disk.free(self.local))

    def collect(self, plan: GarbagePlan) -> int:
        """Carry out a plan of `Ledger.garbage`; returns how many bytes of objects were freed."""
        freed = self.ledger.collect(plan, self.blobs)
        kept = {run for run in plan.runs if self._has(run)}
        for run in plan.runs:
            if run not in kept:
                shutil.rmtree(self.local / "runs" / folder.checked_name(run), ignore_errors=True)
        return freed

    def delete_run(self, run: str) -> None:
        """Forget a run and remove its plain files; raises `RunBusy` if it runs.

        Bytes that nothing refers to any more stay until `collect`.
        """
        self.ledger.delete_run(run)
        shutil.rmtree(self.local / "runs" / folder.checked_name(run), ignore_errors=True)

    def _has(self, run: str) -> bool:
        from nbpipe.errors import UnknownName

        with suppress(UnknownName):
            return self.ledger.run(run).id == run
        return False

    def close(self) -> None:
        """Close the ledger, if it was opened."""
        if "ledger" in self.__dict__:
            self.ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.close()
