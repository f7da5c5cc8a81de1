"""Commands that run a notebook, read from a command line: papermill, nbconvert, jupyter execute."""

from __future__ import annotations

import itertools
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, and the notebook that it runs.

    Attributes
    ----------
    line
        The command as written.
    notebook
        The notebook that it runs; empty for any other command.
    output
        The executed notebook that it writes.
    values
        Values that it gives to the notebook.
    files
        YAML files of such values.
    cwd
        The folder that it runs the notebook in, where it says one.
    in_own_folder
        True where the notebook runs in the folder that it is in.
    timeout
        Seconds that a cell may take.
    """

    line: str
    notebook: str = ""
    output: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    cwd: str = ""
    in_own_folder: bool = False
    timeout: float | None = None


def read_command(line: str) -> Command:
    """Return what a command line runs."""
    try:
        words = shlex.split(line)
    except ValueError:
        return Command(line)
    if any(word in (">", "|", ";", "<", ">>", "||") for word in words):
        return Command(line)
    for start, read in _READERS.items():
        wanted = start.split()
        if words[: len(wanted)] == wanted:
            return read(line, words[len(wanted) :])
    return Command(line)


_TWO = frozenset({"-p", "--parameters", "-r", "--parameters_raw"})
_RAW = frozenset({"-r", "--parameters_raw"})
_ONE = frozenset(
    [
        "-f",
        "--parameters_file",
        "-y",
        "--parameters_yaml",
        "-b",
        "--parameters_base64",
        "-k",
        "--kernel",
        "-l",
        "--language",
        "--cwd",
        "--engine",
        "--log-level",
        "--start-timeout",
        "--start_timeout",
        "--execution-timeout",
        "--execution_timeout",
        "--autosave-cell-every",
    ]
)


def _papermill(line: str, words: list[str]) -> Command:
    values: dict[str, Any] = {}
    files: list[str] = []
    named: dict[str, str] = {}
    places: list[str] = []
    at = 0
    while at < len(words):
        word, equals, rest = words[at].partition("=")
        if words[at] in _TWO and at + 2 < len(words):
            value = words[at + 2]
            values[words[at + 1]] = value if word in _RAW else typed(value)
            at += 3
        elif word in _ONE and (equals or at + 1 < len(words)):
            value = rest if equals else words[at + 1]
            at += 1 if equals else 2
            if word in ("-f", "--parameters_file"):
                files.append(value)
            elif word in ("-y", "--parameters_yaml"):
                values |= _yaml(value)
            else:
                named[word.replace("_", "-")] = value
        else:
            places += [] if words[at].startswith("-") else [words[at]]
            at += 1
    if not places or "-b" in named or "--parameters-base64" in named:
        return Command(line)
    output = places[1] if len(places) > 1 else ""
    timeout = _number(named.get("--execution-timeout"))
    cwd = named.get("--cwd", "")
    return Command(line, places[0], output, values, tuple(files), cwd, timeout=timeout)


def _nbconvert(line: str, words: list[str]) -> Command:
    """``jupyter nbconvert --execute`` of one notebook; without ``--execute`` nothing is run."""
    places = [word for word in words if word.endswith(".ipynb") and not word.startswith("-")]
    named = dict(itertools.pairwise(words))
    output = named.get("--output", "")
    places = [one for one in places if one != output]
    if "--execute" not in words or len(places) != 1:
        return Command(line)
    timeout = next((w.partition("=")[2] for w in words if w.startswith("--Exec")), None)
    return Command(line, places[0], output, in_own_folder=True, timeout=_number(timeout))


def _execute(line: str, words: list[str]) -> Command:
    places = [word for word in words if not word.startswith("-")]
    if len(places) != 1:
        return Command(line)
    return Command(line, places[0], in_own_folder=True)


_READERS: Mapping[str, Callable[[str, list[str]], Command]] = {
    "papermill": _papermill,
    "python -m papermill": _papermill,
    "python3 -m papermill": _papermill,
    "jupyter nbconvert": _nbconvert,
    "jupyter-nbconvert": _nbconvert,
    "jupyter execute": _execute,
    "jupyter-execute": _execute,
}


def typed(text: str) -> Any:
    """Return a value as papermill reads it from its command line."""
    if text in ("True", "False", "None"):
        return {"True": True, "False": False, "None": None}[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _yaml(text: str) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _number(text: str | None) -> float | None:
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if found > 0 else None
