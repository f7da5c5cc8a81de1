"""What the kernel tells the worker when a step ends: the scratch folder's ``saved.json``.

Beside it there may be, in the scratch folder:

- ``fetched.json`` and ``missing.json`` (``{"names": […]}``), written at once when a name is
  fetched, and when a name is read that steps above bind and no artifact holds;
- ``unstorable.json`` (``{"problems": [{"name", "type", "why"}]}``), instead of ``saved.json``;
- ``metrics.jsonl``, the numbers logged so far;
- ``random-<generator>.json``, the states that `Report` gives the digests of.

File names are relative to the scratch folder; nothing in them comes from the user.
"""

from __future__ import annotations

from typing import Any, TypedDict


class Side(TypedDict):
    """A picture made beside a value: ``png`` or ``svg``."""

    file: str
    kind: str
    digest: str
    size: int


class Output(TypedDict):
    """One artifact: one name, or several names whose values share objects.

    The preview has ``type`` and, where they are known, ``text``, ``shape``, ``dtypes``, ``html``
    and ``image`` (a file); that of several names has ``parts`` (name → preview) and ``image``.
    It is below 64 kB as JSON.
    """

    names: list[str]
    file: str
    digest: str
    codec: str
    size: int
    type: str
    safe: bool
    preview: dict[str, Any]
    files: list[Side]


class FileSeen(TypedDict):
    """A file as it was when it was first read, or when the step ended."""

    path: str
    size: int
    mtime_ns: int


class Report(TypedDict):
    """All of ``saved.json``; numbers that are not finite are ``NaN``, ``Infinity``, ``-Infinity``.

    Attributes
    ----------
    version
        1.
    outputs
        What was stored.
    unbound
        Names that were to be saved and were not bound.
    shared
        Pairs of artifacts whose arrays used one memory and now have a copy each.
    fetched
        Names that were fetched when they were used.
    changed
        Input names whose values are not what they were.
    unverified
        Input names whose values cannot be compared.
    random_changed, random
        Generators that were drawn from or seeded; generator → digest of its state.
    metrics, series
        Name → number; the logged ``{"name", "value", "step"}`` in order.
    files_read, files_written
        Files opened by Python code.
    files_changed, files_removed
        Other files of the project that differ from before; a step beside this one may have done it.
    items
        Name → ``{"count", "items": [{"label", "digest", "value"?}]}``, with ``file``, ``digest``,
        ``codec``, ``size`` and ``safe`` where JSON cannot say all items.
    """

    version: int
    outputs: list[Output]
    unbound: list[str]
    shared: list[list[str]]
    fetched: list[str]
    changed: list[str]
    unverified: list[str]
    random_changed: list[str]
    random: dict[str, str]
    metrics: dict[str, Any]
    series: list[dict[str, Any]]
    files_read: list[FileSeen]
    files_written: list[FileSeen]
    files_changed: list[FileSeen]
    files_removed: list[str]
    items: dict[str, Any]
