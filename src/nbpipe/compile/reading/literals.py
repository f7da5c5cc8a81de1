"""Literals as JSON values: the defaults of parameters."""

from __future__ import annotations

import ast


def literal(node: ast.expr) -> tuple[object] | None:
    """Return the JSON value of a literal as a 1-tuple, or None where it is no JSON literal."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    try:
        return (_json(value),)
    except (TypeError, RecursionError):
        return None


def _json(value: object) -> object:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise TypeError
        return value
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _json(item) for key, item in value.items()}
    raise TypeError
