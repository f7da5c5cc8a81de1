"""What a secret's reference stands for: read where it is used, and kept nowhere."""

from __future__ import annotations

import os

LONGEST = 1 << 16


def secret(reference: str) -> str:
    """Return the text that a reference stands for.

    Parameters
    ----------
    reference
        ``env:NAME``, an environment variable, or ``file:PATH``, a file's text without the
        line end at its end.

    Raises
    ------
    LookupError
        There is no such variable or file here, or it holds no text.
    """
    kind, _, where = reference.partition(":")
    text = os.environ.get(where, "") if kind == "env" else _read(where)
    if text:
        return text
    what = f"the environment variable {where}" if kind == "env" else f"the file {where}"
    raise LookupError(f"The secret {reference} has no value here: {what} is not set or empty.")


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(LONGEST + 1)
    except OSError as error:
        raise LookupError(f"The secret file:{path} cannot be read: {error.strerror}.") from None
    if len(data) > LONGEST:
        raise LookupError(f"The secret file:{path} is larger than {LONGEST} bytes.")
    try:
        return data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise LookupError(f"The secret file:{path} is no UTF-8 text.") from None
