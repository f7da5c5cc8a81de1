"""What the disk and the database say, as sentences: the one table of foreign exceptions."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbpipe.errors import StoreUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = (
    "Free some space (`nbpipe gc` removes old runs) and run again; nothing that was stored is lost."
)
_OTHER = "Choose another store with --store DIR."

_ERRNOS = {
    errno.ENOSPC: ("The disk is full", _FULL),
    errno.EDQUOT: ("The disk quota is used up", _FULL),
    errno.EFBIG: ("A file grew past the size limit", "Raise it (`ulimit -f`) and run again."),
    errno.EROFS: ("The file system is read-only", _OTHER),
    errno.EACCES: ("Access is denied", f"Make the folder writable for you. {_OTHER}"),
    errno.EPERM: ("Access is denied", f"Make the folder writable for you. {_OTHER}"),
    errno.ENOTDIR: ("Something that is not a folder is in the way", f"Move it away. {_OTHER}"),
    errno.EEXIST: ("Something that is not a folder is in the way", f"Move it away. {_OTHER}"),
    errno.ELOOP: ("A symbolic link is in the way", f"Remove it. {_OTHER}"),
    errno.EIO: ("The disk reports an error", f"Check the disk. {_OTHER}"),
}

_SAYINGS = (
    ("locked", "Another process holds the ledger and did not let go in time",
     "See `nbpipe ls` for running runs and try again."),
    ("not a database", "The ledger is damaged", ""),
    ("malformed", "The ledger is damaged", ""),
    ("disk image", "The ledger is damaged", ""),
    ("is full", *_ERRNOS[errno.ENOSPC]),
    ("readonly", "The ledger is read-only", _OTHER),
    ("read-only", "The ledger is read-only", _OTHER),
    ("unable to open", "The ledger cannot be opened", f"Check who may write there. {_OTHER}"),
    ("disk i/o", *_ERRNOS[errno.EIO]),
)  # fmt: skip


def unusable(error: BaseException, where: object) -> StoreUnusable:
    """Return what a foreign exception means for the store at `where`."""
    if isinstance(error, OSError):
        said = error.strerror or str(error)
        what, cure = _ERRNOS.get(error.errno or 0, (f"The store cannot be used ({said})", _OTHER))
        return StoreUnusable(f"{what}: {where}. {cure}")
    said = str(getattr(error, "orig", None) or error)
    for word, what, cure in _SAYINGS:
        if word in said.lower():
            return StoreUnusable(f"{what}: {where}. {cure or _aside(where)}")
    return StoreUnusable(f"The ledger {where} cannot be used: {said}.")


def _aside(where: object) -> str:
    return (
        f"Move it aside (`mv {where} {where}.damaged`): the history of runs is begun anew, "
        "and the stored objects stay."
    )


@contextmanager
def told(where: object) -> Iterator[None]:
    """Turn what the operating system raises inside into `StoreUnusable`."""
    try:
        yield
    except OSError as error:
        raise unusable(error, where) from error
