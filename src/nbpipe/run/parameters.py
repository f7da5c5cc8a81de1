"""Checks parameters once more before papermill writes names and values into code."""

from __future__ import annotations

import keyword
import math
from typing import TYPE_CHECKING, Any

from nbpipe.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Refuse what cannot be written into a notebook safely.

    Raises
    ------
    BadParameter
        A name is not an identifier, or a value is not JSON.
    """
    for name, value in parameters.items():
        if not name.isidentifier() or keyword.iskeyword(name):
            raise BadParameter(f"{name!r} cannot be a parameter's name. Use a Python identifier.")
        _check_value(name, value)


def _check_value(name: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise BadParameter(f"Parameter {name!r} has the value {value}, which JSON does not know.")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise BadParameter(f"Parameter {name!r} has a key that is no text: {key!r}.")
            _check_value(name, item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check_value(name, item)
    elif value is not None and not isinstance(value, (str, int, float)):
        kind = type(value).__name__
        raise BadParameter(f"Parameter {name!r} is a {kind}. Give a value that JSON knows.")
