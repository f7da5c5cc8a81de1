"""Project settings: what ``nbpipe.toml`` may say, checked once and made a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbpipe.compile.options import is_span, read_bytes
from nbpipe.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project's ``nbpipe.toml`` says; every line of it may be left out.

    Attributes
    ----------
    name
        The project's name.
    notebooks
        Glob patterns, relative to the project, of the notebooks that belong to it.
    exclude
        Patterns of those that do not.
    parameters
        Values that replace the notebooks' defaults.
    store
        Address of the store: a folder relative to the project, or a URL.
    engine
        Papermill engine to run steps with.
    executor
        Where steps are carried out: ``local``, or an address as ``dask://HOST:PORT``.
    jobs
        How many steps may run side by side; None for two more than there are cores.
    timeout
        Seconds that a step may take where it does not say itself; None for no limit.
    run_timeout
        Seconds that a run may take; None for no limit.
    quota
        Most that the store may hold, as ``"20 GB"``: no run begins in one that holds more.
    """

    name: str | None = None
    notebooks: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    store: str = ".nbpipe"
    engine: str | None = None
    executor: str = "local"
    jobs: int | None = None
    timeout: float | None = None
    run_timeout: float | None = None
    quota: str | None = None


_KINDS: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "notebooks": (list,),
    "exclude": (list,),
    "parameters": (dict,),
    "store": (str,),
    "engine": (str,),
    "executor": (str,),
    "jobs": (int,),
    "timeout": (int, float),
    "run_timeout": (int, float),
    "quota": (str,),
}


def read_settings(data: Mapping[str, Any]) -> tuple[Settings, tuple[Problem, ...]]:
    """Return the settings in the parsed file, and what is wrong with it."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in data.items():
        kinds = _KINDS.get(name)
        if kinds is None:
            text = f"nbpipe.toml has a line {name!r}, which nbpipe does not know."
            problems.append(
                Problem("unknown-setting", text, "warning", suggestion=did_you_mean(name, _KINDS))
            )
        elif not isinstance(value, kinds) or isinstance(value, bool):
            text = f"nbpipe.toml: {name} must be {_WORDS[kinds[-1]]}, not {value!r}."
            problems.append(Problem("bad-setting", text))
        else:
            values[name] = tuple(map(str, value)) if isinstance(value, list) else value
    if values.get("jobs", 1) < 1:
        problems.append(Problem("bad-setting", "nbpipe.toml: jobs must be at least 1."))
    if "\0" in values.get("store", ""):
        problems.append(Problem("bad-setting", "nbpipe.toml: store holds a NUL character."))
        del values["store"]
    for name in ("timeout", "run_timeout"):
        if name in values and not is_span(values[name]):
            text = f"nbpipe.toml: {name} must be a number of seconds above 0."
            problems.append(Problem("bad-setting", text))
    try:
        read_bytes(values.get("quota", "1 GB"))
    except ValueError as error:
        problems.append(Problem("bad-setting", f"nbpipe.toml: quota {error}."))
        del values["quota"]
    return Settings(**values), tuple(problems)


_WORDS: Mapping[type, str] = {
    str: "text",
    list: "a list of texts",
    dict: "a table",
    int: "a whole number",
    float: "a number",
}
