"""Secrets kept out of sight: their values are found in whatever a step shows, and masked."""

from __future__ import annotations

import base64
import html
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from nbpipe.errors import BadParameter, UsageError
from nbpipe.events import Note
from nbpipe.kernelside.secret import secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from nbpipe.events import Event, Failure, Tell
    from nbpipe.run.order import Result

SHORTEST = 6
"""Characters of a secret at least: what is shorter stands by chance in much that is shown."""

PART = 8
"""Characters of a secret's line, or of its Base64 form, at least, to be masked by itself."""

_DIGEST = re.compile(r"\w+:[0-9a-f]{64}")
_BLOCK = 1 << 20


class Mask:
    """Finds the values of some secrets, also as they are quoted, escaped or encoded.

    Parameters
    ----------
    values
        Name of each secret → its value.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        found = {form: name for name, value in values.items() for form in _forms(value)}
        self._names = dict(sorted(found.items(), key=lambda item: -len(item[0])))
        self._pattern = re.compile("|".join(map(re.escape, self._names)))
        self._longest = max(map(len, self._names), default=0)

    def __bool__(self) -> bool:
        return bool(self._names)

    def text(self, text: str) -> str:
        """Return `text` with every secret in it replaced by its name."""
        if not self._names:
            return text
        return self._pattern.sub(lambda found: f"[secret {self._names[found[0]]}]", text)

    def value(self, value: Any) -> Any:
        """Return plain JSON data with its texts masked; digests are left as they are."""
        if not self._names:
            return value
        if isinstance(value, str):
            return value if _DIGEST.fullmatch(value) else self.text(value)
        if isinstance(value, dict):
            return type(value)((self.text(str(k)), self.value(v)) for k, v in value.items())
        if isinstance(value, (list, tuple)):
            return type(value)(self.value(item) for item in value)
        return value

    def safe_length(self, text: str) -> int:
        """Return how much of a text that goes on can be masked now: no secret begins after it."""
        ends = [found.end() for found in self._pattern.finditer(text)]
        begins = [found.start() for found in self._pattern.finditer(text)]
        for start in range(max(0, len(text) - self._longest + 1), len(text)):
            rest = text[start:]
            if any(form.startswith(rest) and form != rest for form in self._names):
                inside = (e for b, e in zip(begins, ends, strict=True) if b < start < e)
                end = next(inside, start)
                if end == start:
                    return start
        return len(text)

    def refuse(self, path: Path, what: str) -> None:
        """Refuse to store a file that holds a secret.

        Raises
        ------
        UsageError
            If it does; the secret is named, not shown.
        """
        _refuse(self.held_in(path) if self._names else "", what)

    def refuse_text(self, text: str, what: str) -> None:
        """Refuse to store a text that holds a secret (see `refuse`)."""
        found = self._pattern.search(text) if self._names else None
        _refuse(self._names[found[0]] if found else "", what)

    def held_in(self, path: Path) -> str:
        """Return the name of a secret whose bytes are in a file; empty if there is none."""
        forms = {data: name for form, name in self._names.items() for data in _encoded(form)}
        pattern = re.compile(b"|".join(map(re.escape, forms)))
        most = max(map(len, forms), default=1)
        rest = b""
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                found = pattern.search(rest + block)
                if found:
                    return forms[found[0]]
                rest = (rest + block)[-(most - 1) :]
        return ""


NOTHING = Mask({})
"""The mask of those who know no secret."""


def _refuse(name: str, what: str) -> None:
    if name:
        raise UsageError(
            f"{what} holds the secret {name!r}, and secrets are not stored. "
            "Make what needs it in each step that uses it, or in setup."
        )


def _forms(value: str) -> Iterator[str]:
    """Yield how a value may stand in a text."""
    yield value
    yield repr(value)[1:-1]
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield html.escape(value)
    yield quote(value)
    yield quote(value, safe="")
    yield quote_plus(value)
    yield from (line for line in value.splitlines() if len(line.strip()) >= PART)
    yield from _in_base64(value.encode())


def _in_base64(data: bytes) -> Iterator[str]:
    """Yield the Base64 digits that `data` alone decides, wherever it stands in what is encoded."""
    for before in range(3):
        digits = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        whole = (before + len(data)) % 3 == 0
        part = digits[(0, 2, 3)[before] : None if whole else -1]
        if len(part) >= PART:
            yield part
            yield part.translate(str.maketrans("+/", "-_"))


def _encoded(form: str) -> tuple[bytes, ...]:
    """Bytes of a text in files: UTF-8, and as numpy and Windows keep it."""
    names = ("utf-8", "utf-16-le", "utf-32-le")
    return tuple(form.encode(name, "surrogatepass") for name in names)


class Veil:
    """Masks one stream of text that comes in pieces; what may be half a secret waits."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._rest = ""

    def take(self, piece: str) -> str:
        """Return what can be shown now."""
        text = self._rest + piece
        safe = self._mask.safe_length(text)
        self._rest = text[safe:]
        return self._mask.text(text[:safe])

    def end(self) -> str:
        """Return the rest: nothing more comes."""
        rest, self._rest = self._rest, ""
        return self._mask.text(rest)


def mask_of(references: Mapping[str, str]) -> Mask:
    """Return the mask of the secrets that references stand for.

    Raises
    ------
    BadParameter
        If one has no value here, or one too short to be told from other text.
    """
    return Mask({name: _value(name, reference) for name, reference in references.items()})


def _value(name: str, reference: str) -> str:
    try:
        value = secret(reference)
    except LookupError as error:
        raise BadParameter(f"Parameter {name!r}: {error.args[0]}") from None
    if len(value) < SHORTEST:
        raise BadParameter(
            f"The secret {name!r} is shorter than {SHORTEST} characters, so it cannot be told "
            "from other text and masked."
        )
    return value


def masked_tell(tell: Tell, mask: Mask) -> Tell:
    """Return what passes events on, with the texts of notes masked; outputs are already."""

    def told(event: Event) -> None:
        tell(replace(event, text=mask.text(event.text)) if isinstance(event, Note) else event)

    return told if mask else tell


def masked_result(result: Result, mask: Mask) -> Result:
    """Return the result with every text in it masked that a cell may have written."""
    if not mask:
        return result
    artifacts = tuple(
        replace(one, name=mask.text(one.name), preview=mask.value(dict(one.preview)))
        for one in result.artifacts
    )
    checks = {cell: mask.text(said) for cell, said in result.checks.items()}
    return replace(result, artifacts=artifacts, checks=checks, error=_failure(result.error, mask))


def _failure(error: Failure | None, mask: Mask) -> Failure | None:
    if error is None:
        return None
    return replace(
        error,
        name=mask.text(error.name),
        message=mask.text(error.message),
        traceback=mask.text(error.traceback),
    )


def hide_in_notebook(nb: Any, mask: Mask) -> None:
    """Mask a notebook's outputs, metadata and injected values, in place.

    Cells of the source notebook stay as they are: nobody's value was put into them.
    """
    if not mask:
        return
    nb.metadata.update(mask.value(dict(nb.metadata)))
    for cell in nb.cells:
        cell.metadata.update(mask.value(dict(cell.metadata)))
        if "injected-parameters" in cell.metadata.get("tags", ()):
            cell.source = mask.text(cell.source)
        if "outputs" in cell:
            cell.outputs = mask.value(cell.outputs)
