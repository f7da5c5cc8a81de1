"""How values and failures leave the server: JSON for any browser, one table of statuses."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from http.client import responses
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError

from nbpipe import errors
from nbpipe.compile.describe import describe_problem

if TYPE_CHECKING:
    from collections.abc import Sequence


class NotFound(errors.UsageError):
    """What the address names is not there."""


class BadRequest(errors.UsageError):
    """The request is not what the route takes."""


class TooLarge(errors.UsageError):
    """The request is larger than the server takes."""


class StartFailed(errors.RunError):
    """The process that was to carry out a run ended, or could not start."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


def notebook_in(data: bytes, task: str) -> dict[str, Any]:
    """Return the notebook that stored bytes are.

    Raises
    ------
    DamagedObject
        If they are none: whoever can write to a store can call anything a notebook.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        raise errors.DamagedObject(
            f"What the store holds as the executed notebook of {task} is no notebook. "
            "It is not shown; run the step again to make it anew."
        )
    return found


TABLE: Sequence[tuple[type[BaseException], int, str]] = (
    (NotFound, 404, "not-found"),
    (BadRequest, 400, "bad-request"),
    (TooLarge, 413, "too-large"),
    (errors.ProblemsError, 422, "problems"),
    (errors.ProjectNotFound, 404, "not-found"),
    (errors.UnknownName, 422, "unknown-name"),
    (errors.BadParameter, 422, "bad-parameter"),
    (errors.UsageError, 422, "cannot-be-used"),
    (errors.MissingObject, 404, "missing-object"),
    (errors.DamagedObject, 409, "damaged-object"),
    (errors.StoreTooNew, 409, "store-too-new"),
    (errors.StoreUnusable, 503, "store-unusable"),
    (errors.StoreError, 503, "store-unusable"),
    (StartFailed, 500, "run-not-started"),
    (errors.RunBusy, 409, "run-busy"),
    (errors.RunError, 500, "run-failed"),
    (PermissionError, 403, "no-permission"),
)
"""Exception, status, code; the first line that fits counts."""


def describe_failure(error: BaseException | None, status: int = 500) -> tuple[int, dict[str, Any]]:
    """Return the status and the JSON data for an exception.

    Parameters
    ----------
    error
        What was raised; None where the framework gives a status alone.
    status
        The status for exceptions that the table does not know.
    """
    if isinstance(error, HTTPError):
        return error.status_code, _failure(_code(error.status_code), _said_by(error))
    for kind, known, code in TABLE:
        if isinstance(error, kind):
            return known, _known(error, code)
    # Nothing of an unforeseen failure is told: it may name what the asker should not see.
    text = "The server could not do this because of a fault of its own."
    return status, _failure(_code(status), text, "Look for the traceback in the server's log.")


def _known(error: BaseException, code: str) -> dict[str, Any]:
    data = _failure(code, _sentence(error), getattr(error, "suggestion", ""))
    if isinstance(error, errors.ProblemsError):
        data["problems"] = [describe_problem(problem) for problem in error.problems]
    return data


def _sentence(error: BaseException) -> str:
    if isinstance(error, PermissionError):
        return f"The server may not read or write {error.filename or 'a file that this needs'}."
    return str(error)


def _said_by(error: HTTPError) -> str:
    if error.log_message and error.args:
        return error.log_message % error.args
    return error.log_message or error.reason or responses.get(error.status_code, "Failed")


def _code(status: int) -> str:
    return responses.get(status, "failed").lower().replace(" ", "-")


def _failure(code: str, message: str, suggestion: str = "") -> dict[str, Any]:
    """An error's JSON; `message` stands outside too, where Jupyter's own clients look for it."""
    error = {"code": code, "message": message, "suggestion": suggestion}
    return {"error": error, "message": message}


def encode(data: Any) -> bytes:
    """Return `data` as JSON; numbers that JSON does not know become null."""
    try:
        text = json.dumps(data, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(data), allow_nan=False)
    return text.encode("ascii")


def encode_around(data: dict[str, Any], name: str, value: bytes) -> bytes:
    """Return `data` as JSON with one more field, whose value is JSON already."""
    return encode(data)[:-1] + b", " + encode(name) + b": " + value + b"}"


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: _finite(item) for key, item in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(item) for item in data]
    return data


def moment(at: float | None) -> str | None:
    """Return a time (UTC, seconds since 1970) as JSON has it."""
    if at is None:
        return None
    text = datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
