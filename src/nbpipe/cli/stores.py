"""The store that a command works with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbpipe.run.project import Project
    from nbpipe.store.store import Store


def open_store(project: Project, address: str | None = None) -> Store:
    """Return the project's store, or the one at `address`; nothing is written yet."""
    from nbpipe.store.store import Store

    if address and "://" not in address:
        address = os.path.abspath(os.path.expanduser(address))
    return Store.open(address or project.store)
