"""Parameters as they are given on the command line and in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbpipe.compile.parameters import parse_value
from nbpipe.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_parameters(files: Iterable[str], given: Iterable[str]) -> dict[str, Any]:
    """Return the values of files, in their order, then those given one by one.

    Raises
    ------
    BadParameter
        If a file cannot be read or holds no names with values, or ``NAME=VALUE`` has no ``=``.
    """
    values: dict[str, Any] = {}
    for path in files:
        values |= _read_file(path)
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadParameter(f"{text!r} is no parameter. Write it as NAME=VALUE.")
        values[name.strip()] = parse_value(value)
    return values


def _read_file(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise BadParameter(f"The parameter file {path} cannot be read: {why}.") from None
    data = _json(text, path) if path.lower().endswith(".json") else _yaml(text, path)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise BadParameter(f"The parameter file {path} must hold names with values.")
    for name in data:
        if not isinstance(name, str):
            raise BadParameter(f"The parameter file {path} has a name that is no text: {name!r}.")
    return data


def _json(text: str, path: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise BadParameter(f"The parameter file {path} is not JSON: {error}.") from None


def _yaml(text: str, path: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise BadParameter(f"The parameter file {path} is not YAML: {said}.") from None
