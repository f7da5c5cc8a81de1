"""What a request's body says, checked once at the door and made a value."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from nbpipe.compile.plan import Selection
from nbpipe_jupyter.answers import BadRequest, TooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbpipe.compile.draft import Until

LARGEST = 50 * 1024 * 1024
"""Most bytes that a body may have; a notebook without its outputs is far below."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What compile, plan and run are asked for.

    Attributes
    ----------
    path
        Notebook or folder, relative to the server's root.
    notebook
        The notebook as it is in the browser; None to take it from disk.
    scope
        Whether one notebook or its whole project is meant.
    parameters
        Values for this run.
    selection
        Which steps it is about.
    engine
        Papermill engine; None for the project's.
    """

    path: str
    notebook: Mapping[str, Any] | None = None
    scope: Literal["notebook", "project"] = "notebook"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    selection: Selection = field(default_factory=Selection)
    engine: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of a run; None leaves a part as it is."""

    tags: tuple[str, ...] | None = None
    note: str | None = None
    pinned: bool | None = None


@dataclass(frozen=True, slots=True)
class DraftAsked:
    """Which draft is asked for: of which task, and how far its state is to come back."""

    task: str
    until: Until = "inputs"


@dataclass(frozen=True, slots=True)
class StepsAsked:
    """For which notebook steps are asked, and the cells at which none shall begin."""

    asked: Asked
    without: tuple[str, ...] = ()


def read_said(body: bytes) -> Said:
    """Return what a body says of a run; raises as `read_asked` does."""
    data = read_object(body)
    tags = None if data.get("tags") is None else _names(data, "tags")
    return Said(tags, _field(data, "note", str), _field(data, "pinned", bool))


def read_draft(body: bytes) -> DraftAsked:
    """Return which draft a body asks for; raises as `read_asked` does."""
    data = read_object(body)
    until = data.get("until") or "inputs"
    if until not in ("inputs", "failure"):
        raise BadRequest("The field 'until' must be 'inputs' or 'failure'.")
    return DraftAsked(_field(data, "task", str, required=True), cast("Until", until))


def read_asked(body: bytes) -> Asked:
    """Return what a body asks for; fields that are not known are passed over.

    Raises
    ------
    BadRequest
        If the body is not JSON, or a field is not of its type.
    TooLarge
        If it is larger than `LARGEST`.
    """
    return _asked(read_object(body))


def read_steps_asked(body: bytes) -> StepsAsked:
    """Return for which notebook a body asks steps; raises as `read_asked` does."""
    data = read_object(body)
    return StepsAsked(_asked(data), _names(data, "without"))


def _asked(data: Mapping[str, Any]) -> Asked:
    scope = data.get("scope") or "notebook"
    if scope not in ("notebook", "project"):
        raise BadRequest("The field 'scope' must be 'notebook' or 'project'.")
    return Asked(
        path=_field(data, "path", str, required=True),
        notebook=_field(data, "notebook", dict),
        scope=cast("Literal['notebook', 'project']", scope),
        parameters=_field(data, "parameters", dict) or {},
        selection=Selection(
            only=_names(data, "only"),
            start=_names(data, "from"),
            until=_names(data, "until"),
            force=_names(data, "force"),
        ),
        engine=_field(data, "engine", str) or None,
    )


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body; an empty body is an empty object."""
    if len(body) > LARGEST:
        raise TooLarge(
            f"The request has {len(body) // 2**20} MB; at most {LARGEST // 2**20} MB are taken. "
            "Clear the notebook's outputs, or save it and run it from disk."
        )
    if not body:
        return {}
    try:
        data = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The request's body is not JSON: {error}.") from None
    if not isinstance(data, dict):
        raise BadRequest("The request's body must be a JSON object.")
    return data


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _field(data: Mapping[str, Any], name: str, kind: type[Any], required: bool = False) -> Any:
    value = data.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, kind):
        words = {str: "text", bool: "true or false"}.get(kind, "an object")
        raise BadRequest(f"The field {name!r} must be {words}.")
    return value


def _names(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = data.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadRequest(f"The field {name!r} must be a list of texts.")
    return tuple(value)
