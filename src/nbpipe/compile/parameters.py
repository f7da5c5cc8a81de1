"""Pipeline parameters: defaults in other languages than Python, and values given for a run."""

from __future__ import annotations

import json
import keyword
import math
import re
from typing import TYPE_CHECKING, Any

from nbpipe.errors import BadParameter, UnknownName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbpipe.compile.pipeline import Parameter

_ASSIGNED = re.compile(r"^\s*(?P<name>[A-Za-z_]\w*)\s*(?:=|<-)\s*(?P<value>.+?)\s*(?:[;#].*)?$")
_WORDS = {
    "TRUE": True,
    "FALSE": False,
    "T": True,
    "F": False,
    "NULL": None,
    "true": True,
    "false": False,
}

_REFERENCE = re.compile(r"env:[A-Za-z_]\w*|file:(?!//)[^\n\0]+", re.ASCII)


def is_reference(value: object) -> bool:
    """Whether a value given for a parameter says where a secret is: ``env:NAME``, ``file:PATH``.

    An address as ``file:///data`` is none.
    """
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def read_other_parameters(source: str) -> dict[str, object]:
    """Return the assignments of a ``parameters`` cell in a language other than Python.

    A value is a number, a quoted text or a word for true and false; anything else is kept as
    text. It decides only what is shown: papermill writes given values in the cell's language.
    """
    found = (_ASSIGNED.match(line) for line in source.splitlines())
    return {match["name"]: _value(match["value"]) for match in found if match}


def _value(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    number = text.removesuffix("L")
    try:
        return int(number)
    except ValueError:
        pass
    try:
        found = float(number)
    except ValueError:
        return text
    return found if math.isfinite(found) else text


def check_parameters(given: Mapping[str, Any], known: Iterable[Parameter]) -> dict[str, Any]:
    """Return the values given for a run, once they are known to be usable.

    Raises
    ------
    UnknownName
        If the pipeline has no such parameter.
    BadParameter
        If a name is no identifier or a value is not JSON: papermill writes both into code.
    """
    check_writable(given)
    names = {parameter.name for parameter in known}
    for name in given:
        if name not in names:
            raise UnknownName.of("parameter", name, names)
    return dict(given)


def check_writable(given: Mapping[str, Any]) -> None:
    """Refuse what cannot be written into code safely; a worker asks this once more.

    Raises
    ------
    BadParameter
        If a name is no identifier or a value is not JSON.
    """
    for name, value in given.items():
        if not name.isidentifier() or keyword.iskeyword(name):
            raise BadParameter(f"{name!r} cannot be a parameter's name: it is no identifier.")
        fault = _not_json(value)
        if fault:
            raise BadParameter(f"The value of parameter {name!r} is not JSON: {fault}.")


def _not_json(value: Any) -> str:
    """What keeps a value from being JSON; empty if nothing does."""
    if value is None or isinstance(value, (bool, int)):
        return ""
    if isinstance(value, float):
        return "" if math.isfinite(value) else f"{value} is no JSON number; give it as text"
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return "it holds half of a surrogate pair"
        return "it holds a NUL character" if "\0" in value else ""
    if isinstance(value, list):
        return next((fault for item in value if (fault := _not_json(item))), "")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return "the names in an object must be text"
        return next((fault for item in value.values() if (fault := _not_json(item))), "")
    return f"{type(value).__name__} has no JSON form"


def parse_value(text: str) -> Any:
    """Return a value written on the command line: JSON where it is JSON, else the text itself."""

    def refuse(word: str) -> Any:
        raise BadParameter(f"{word} is no JSON number; write it in quotes to give it as text.")

    try:
        return json.loads(text, parse_constant=refuse)
    except ValueError:
        return text
