"""Which statements set something outside of names, that every later step has to set too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbpipe.compile.reading import mutations as known
from nbpipe.compile.reading.facts import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbpipe.compile.dataflow.outside import Outside
    from nbpipe.compile.dataflow.ownership import Ownership
    from nbpipe.compile.dataflow.versions import Version
    from nbpipe.compile.reading.facts import Statement, Summary

_CONFIGURED = (
    "getcontext", "getLogger", "get_ipython", "options", "get_backend", "get_logger",
)  # fmt: skip
_STORES = ("=", "[]")
SHELL, OBJECT = "shell", "object"
Effect = tuple[str, ...]


def settings_of(trace: Ownership, outside: Outside, statement: Statement) -> tuple[Effect, bool]:
    """Return what a statement sets, empty if nothing, and whether it does nothing else."""
    effect = statement.effect
    if effect and _sets(trace, effect):
        listed = not statement.binds or effect[-1] in known.SETTING_RESULTS
        return (effect, True) if listed else ((), False)
    found = _first(trace, statement.sets)
    if found:
        return found, statement.only_sets and all(_sets(trace, one) for one in statement.sets)
    if len(effect) != 1:
        return (), False
    version = trace.env.get(effect[0])
    for summary in version.carries if version is not None else ():
        found = _first(trace, summary.sets)
        if found and summary.kind == "function":
            return found, not statement.binds and _does_no_more(outside, summary)
    return (), False


def holder_of(trace: Ownership, origin: Effect) -> str:
    """Return what the process's one object behind a path holds: `SHELL`, `OBJECT` or nothing.

    A name for such an object is made anew in every step: a stored copy would be another object.
    """
    if not origin:
        return ""
    root, *attrs = origin
    version = trace.env.get(root)
    if _is_shell(root, version):
        return SHELL if attrs and not known.SHELL_RUNS & set(attrs) else ""
    if version is None:
        return ""
    if version.kind == "import":
        if attrs[-1:] == ["()"]:
            return OBJECT if ([root, *attrs][-2]) in known.HANDLE_MAKERS else ""
        return OBJECT if ".".join((version.dotted, *attrs)) in known.SETTING_OBJECTS else ""
    if version.holder == SHELL and attrs:
        return SHELL if not known.SHELL_RUNS & set(attrs) else ""
    return version.holder if not attrs else ""


def _is_shell(root: str, version: Version | None) -> bool:
    if version is None:
        return root == known.SHELL
    return version.kind == "import" and version.dotted.endswith("." + known.SHELL)


def _first(trace: Ownership, effects: Iterable[Effect]) -> Effect:
    return next((effect for effect in effects if _sets(trace, effect)), ())


def _does_no_more(outside: Outside, summary: Summary) -> bool:
    """Tell whether a function that sets something gives nothing back, draws and shows nothing."""
    seeds = all(outside.dotted(use.root, use.attrs) in known.SEEDS for use in summary.uses)
    return summary.returns == PLAIN and seeds


def _sets(trace: Ownership, effect: Effect) -> bool:
    root, *attrs = effect
    if root == "__nbpipe_setting__":
        return True
    version = trace.env.get(root)
    if _is_shell(root, version):
        return len(attrs) > 1 and not known.SHELL_RUNS & set(attrs)
    if version is not None and version.kind in ("definition", "constant"):
        return bool(attrs) and bool(version.holder) and _does_set(version.holder, attrs)
    if version is None or version.kind != "import":
        return False
    if attrs and attrs[-1] in _STORES:
        return True
    if "()" in attrs:
        called = attrs[: attrs.index("()")]
        configured = ".".join((version.dotted, *called)).endswith(_CONFIGURED)
        return configured and attrs[-1] not in known.LOGS
    if "[]" in attrs:
        return False
    dotted = ".".join((version.dotted, *attrs))
    return _is_listed(dotted) or _fills(dotted)


def _does_set(holder: str, attrs: list[str]) -> bool:
    if holder == SHELL:
        return not known.SHELL_RUNS & set(attrs)
    return attrs[-1] not in known.LOGS


def _fills(dotted: str) -> bool:
    """Tell whether this puts something into, or takes it out of, a container of a module."""
    return dotted.count(".") > 1 and dotted.rpartition(".")[2] in known.FILLING


def _is_listed(dotted: str) -> bool:
    if dotted in known.SEEDS or dotted in known.SEED_ALL or dotted.startswith(known.NOT_SETTINGS):
        return False
    last = dotted.rpartition(".")[2]
    listed = dotted in known.SETTING_DOTTED or last in known.SETTING_CALLS
    return listed or bool(known.SETTING_NAMES.match(last))
