"""Where a run's orders go, by address: this machine, or what an entry point offers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbpipe.errors import UnknownName, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from importlib.metadata import EntryPoint

    from nbpipe.run.executors import Executor

    Make = Callable[[int], Executor]
    """Makes an executor for a number of orders at a time; 0 for as many as the place has."""

LOCAL = "local"
"""The address of this machine."""

GROUP = "nbpipe.executors"
"""Entry points of this group are functions from an address to a `Make`, by scheme."""

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9-]*)(\+[a-z0-9]+)?://.*", re.DOTALL)
_SECRET = re.compile(
    r"(?<=://)[^/?#@]*@|(?<=[?&;])(password|token|secret|key)=[^&;#]*", re.IGNORECASE
)


def executor_at(address: str, offered: Mapping[str, EntryPoint] | None = None) -> Make:
    """Return what makes the executor for an address; nothing is connected to before that.

    Parameters
    ----------
    address
        ``local``, or ``SCHEME://…``.
    offered
        Entry points by scheme; by default those that are installed, looked up only if the
        address is not that of this machine.

    Raises
    ------
    UsageError
        If it is no address, nobody offers its scheme, or what it needs is not installed.
    """
    if address == LOCAL:
        return _local
    scheme = _scheme(address)
    known = _installed() if offered is None else offered
    if scheme not in known:
        raise _unknown(scheme, known)
    make: Make = known[scheme].load()(address)
    return make


def shown(address: str) -> str:
    """Return an address as it may be shown and kept: without passwords and tokens."""
    return _SECRET.sub(lambda found: f"{found[1]}=***" if found[1] else "***@", address)


def _local(slots: int) -> Executor:
    from nbpipe.run.local import LocalExecutor

    return LocalExecutor(slots)


def _scheme(address: str) -> str:
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise UsageError(
            f"{shown(address)!r} is no address of an executor. "
            f"Say {LOCAL}, or SCHEME://HOST:PORT, as dask://10.0.0.7:8786."
        )
    return found["scheme"]


def _installed() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _unknown(scheme: str, known: Mapping[str, EntryPoint]) -> UnknownName:
    names = ", ".join(f"{name}://" for name in sorted(known))
    hint = did_you_mean(scheme, known) or f"There is: {', '.join(filter(None, (LOCAL, names)))}."
    return UnknownName(
        f"No executor for addresses that begin with {scheme}://. {hint} "
        f"Another one comes with a package that offers it ({GROUP})."
    )
