"""A namespace that fetches an upstream name when it is first used."""

from __future__ import annotations

import builtins
import sys
import types
from typing import Any, Callable, Iterator

Fetch = Callable[[str], Any]

_BUILTINS = vars(builtins)
_LOOKING = frozenset(
    (
        "IPython", "ipykernel", "jedi", "traitlets", "nbpipe_kernelside",
        "debugpy", "pydevd", "_pydevd_bundle", "_pydev_bundle",
    )
)  # fmt: skip


def _is_looking(depth: int = 2, modules: frozenset[str] = _LOOKING) -> bool:
    """Return True if the machinery around the cells is looking, not the user's code."""
    module = sys._getframe(depth).f_globals.get("__name__", "")
    return isinstance(module, str) and module.partition(".")[0] in modules


_WALKING = _LOOKING | {"pandas", "collections"}


class LazyNamespace(dict):  # type: ignore[type-arg]
    """A dict whose missing names are asked of a step's session, once each.

    Names looked up by cells, functions, comprehensions, ``exec`` and ``globals()[…]`` arrive
    here in Python 3.9 and later; those read first inside a class body do not (the interpreter
    asks the dict behind this class), so `prefetch` is called with them before a cell runs.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pending: set[str] = set()
        self._fetch: Fetch | None = None
        self._absent: Callable[[str], None] | None = None
        self._known: frozenset[str] = frozenset()

    def attend(
        self, fetch: Fetch, names: Any, absent: Callable[[str], None], known: Any = ()
    ) -> None:
        """Begin to fetch.

        Parameters
        ----------
        fetch
            Returns the value of a name and may bind others.
        names
            The names that it knows.
        absent
            Told of a name that steps above bind and nothing holds.
        known
            Those names.
        """
        self._fetch, self._absent = fetch, absent
        self.pending, self._known = set(names), frozenset(known)
        self._settle()

    def _settle(self) -> None:
        """Look after missing names only while there are any: a plain look-up is faster."""
        wanted = bool(self.pending or self._known)
        self.__class__ = _Fetching if wanted else LazyNamespace

    def prefetch(self, names: Any) -> None:
        """Fetch those of the names that are pending."""
        for name in names:
            if name in self.pending:
                self._get(name)

    def __reduce__(self) -> Any:
        return dict, (dict(dict.items(self)),)

    def _get(self, name: Any) -> Any:
        """Fetch a pending name and bind it."""
        assert self._fetch is not None
        try:
            value = self._fetch(name)
        except KeyError as error:  # the interpreter would take it for an unbound name
            raise RuntimeError(f"{name} cannot be loaded from the store: {error!r}") from error
        self.pending.discard(name)
        if not dict.__contains__(self, name):
            dict.__setitem__(self, name, value)
        self._settle()
        return dict.__getitem__(self, name)


class _Fetching(LazyNamespace):
    """A namespace while there are names to fetch.

    It answers for builtins too: raising KeyError for each would make loops over them twice as slow.
    """

    def __missing__(self, name: Any) -> Any:
        if name in self.pending and not _is_looking():
            return self._get(name)
        if name in self._known and self._absent is not None and not _is_looking():
            self._absent(name)
        if name in _BUILTINS:
            return _BUILTINS[name]
        raise KeyError(name)

    def __setitem__(self, name: Any, value: Any) -> None:
        self.pending.discard(name)
        dict.__setitem__(self, name, value)

    def __delitem__(self, name: Any) -> None:
        if name in self.pending and not _is_looking():
            self._get(name)
        dict.__delitem__(self, name)

    def __contains__(self, name: Any) -> bool:
        if dict.__contains__(self, name):
            return True
        if name in self.pending and not _is_looking():
            self._get(name)
            return True
        return False

    def get(self, name: Any, default: Any = None) -> Any:
        """Return a name's value, fetched if need be."""
        if not dict.__contains__(self, name) and name in self.pending and not _is_looking():
            return self._get(name)
        return dict.get(self, name, default)

    def _all(self) -> None:
        # pandas walks over all scopes to resolve a query, and then asks for what it needs.
        if self.pending and not _is_looking(3, _WALKING):
            self.prefetch(sorted(self.pending))

    def __iter__(self) -> Iterator[Any]:
        self._all()
        return dict.__iter__(self)

    def keys(self) -> Any:
        """Return all names; the pending ones are fetched first."""
        self._all()
        return dict.keys(self)

    def values(self) -> Any:
        """Return all values; the pending ones are fetched first."""
        self._all()
        return dict.values(self)

    def items(self) -> Any:
        """Return all names and values; the pending ones are fetched first."""
        self._all()
        return dict.items(self)


def user_namespace() -> LazyNamespace:
    """Return a namespace that begins as IPython's own does, for ``IPKernelApp(user_ns=…)``."""
    doc = "Automatically created module for IPython interactive environment"
    return LazyNamespace(types.ModuleType("__main__", doc).__dict__)


def class_body_names(source: str) -> set[str]:
    """Return the global names that class bodies of a cell read; empty if it does not parse."""
    import symtable

    if "class" not in source:
        return set()
    try:
        table = symtable.symtable(source, "<cell>", "exec")
    except (SyntaxError, ValueError):
        return set()
    return set(_read_in_classes(table))


def _read_in_classes(table: Any) -> Iterator[str]:
    for child in table.get_children():
        if child.get_type() == "class":
            for symbol in child.get_symbols():
                if symbol.is_referenced() and not symbol.is_free():
                    yield symbol.get_name()
        yield from _read_in_classes(child)
