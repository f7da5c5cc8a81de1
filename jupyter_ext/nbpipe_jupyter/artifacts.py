"""Stored bytes for the browser: what is known of them, their picture, their text, and a copy.

Nothing here makes a value of bytes: a preview was made when the value was saved.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from nbpipe.errors import UnknownName
from nbpipe.wire import dump
from nbpipe_jupyter.answers import NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.store.rows import ArtifactRow
    from nbpipe_jupyter.projects import Projects

MOST_TEXT = 256 * 1024
"""Bytes of a file that are shown as text."""

CHUNK = 1024 * 1024

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
"""Beginning of a file → what it is; no kind that can hold a script."""


def artifact(projects: Projects, digest: str, path: str) -> dict[str, Any]:
    """Return what is known of stored bytes."""
    row, _ = _find(projects, digest, path)
    return dump(row)  # type: ignore[no-any-return]


def image(projects: Projects, digest: str, path: str) -> tuple[bytes, str]:
    """Return the picture of an artifact's preview, or of an artifact that is one, and its type."""
    row, folder = _find(projects, digest, path)
    picture = row.preview.get("image") or (digest if row.type.startswith("image/") else "")
    if not isinstance(picture, str) or not _DIGEST.fullmatch(picture):
        raise NotFound("There is no picture of this artifact.")
    data: bytes = projects.store_of(folder).blobs.read(picture)
    for begin, kind in _PICTURES.items():
        if data.startswith(begin):
            return data, kind
    raise NotFound("The picture of this artifact is of no kind that is shown.")


def text(projects: Projects, digest: str, path: str) -> dict[str, Any]:
    """Return the beginning of stored bytes as text.

    Raises
    ------
    NotFound
        If they are no text.
    """
    row, folder = _find(projects, digest, path)
    with projects.store_of(folder).blobs.open(digest) as stream:
        data = stream.read(MOST_TEXT)
    if b"\0" in data:
        raise NotFound("This artifact is no text.")
    return {"text": data.decode("utf-8", "replace"), "whole": row.size <= MOST_TEXT}


def opened(projects: Projects, digest: str, path: str) -> tuple[BinaryIO, int]:
    """Return stored bytes as a stream, and how many there are."""
    row, folder = _find(projects, digest, path)
    blobs = projects.store_of(folder).blobs
    return blobs.open(row.digest), blobs.size(row.digest)


def disposition(name: str) -> str:
    """Return the header that makes a browser save what comes under a name."""
    plain = re.sub(r"[^\w.,+@ -]", "_", name.rpartition("/")[2]).strip(". ")[:150] or "artifact"
    ascii_name = plain.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(plain, safe='')}"


def _find(projects: Projects, digest: str, path: str) -> tuple[ArtifactRow, Path]:
    if _DIGEST.fullmatch(digest):
        for folder in projects.candidates(path):
            with suppress(UnknownName):
                return projects.store_of(folder).ledger.artifact(digest), folder
    raise NotFound("No artifact is kept under that digest in the projects that are open.")
