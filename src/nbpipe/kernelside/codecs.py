"""Values ⇄ files: a table of codecs, the exact and safe ones first, pickle last."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, Sequence

from . import arrays, frames, pickles, plain
from .objects import Sink, file_digest
from .sharing import shared_owners
from .unstorable import Blame, Inexact, Refused, Unstorable, type_name

GROUP = "nbpipe.codecs"
CHECKED = 1 << 20


@dataclass(frozen=True)
class Codec:
    """One way to turn values into a file and back.

    Attributes
    ----------
    name
        What `Saved.codec` says.
    safe
        True if reading runs no code that the file holds.
    suffix
        End of the file's name, with its dot.
    matches
        Tells whether a value is of a type this codec takes.
    write
        Writes a value to a `Sink`; raises `Inexact` if the value would not come back as it is.
    read
        Returns the value in the file at a path.
    """

    name: str
    safe: bool
    suffix: str
    matches: Callable[[Any], bool]
    write: Callable[[Any, Sink], None]
    read: Callable[[str], Any]


@dataclass(frozen=True)
class Saved:
    """One value as it lies in the scratch folder.

    Attributes
    ----------
    path, digest, size
        The file, ``sha256:`` and 64 hexadecimal digits, bytes.
    codec, safe
        Name of the codec, and whether reading runs no code.
    type
        Qualified name of the value's type; of a group, the types joined by commas.
    """

    path: str
    digest: str
    size: int
    codec: str
    safe: bool
    type: str


@dataclass(frozen=True)
class Choice:
    """What governs how values are stored: user codecs, and classes stored by reference."""

    codecs: Sequence[str] = ()
    replayed: Sequence[str] = ()
    user: list[Codec] = field(default_factory=list)
    scanned: list[bool] = field(default_factory=list)

    def user_codecs(self) -> list[Codec]:
        """Return the user's codecs; looked up when first asked for."""
        if not self.scanned:
            self.scanned.append(True)
            self.user.extend(_find_user_codecs(self.codecs))
        return self.user


def _find_user_codecs(specs: Sequence[str]) -> Iterator[Codec]:
    from importlib import import_module, metadata

    for spec in specs:
        module, _, name = spec.partition(":")
        yield _adapt(getattr(import_module(module), name))
    points: Any = metadata.entry_points()
    chosen = points.select(group=GROUP) if hasattr(points, "select") else points.get(GROUP, ())
    for point in chosen:
        yield _adapt(point.load())


def _adapt(theirs: Any) -> Codec:
    """Return a user's codec (its `write` takes a path) as one of ours."""
    theirs = theirs() if isinstance(theirs, type) else theirs

    def write(value: Any, sink: Sink) -> None:
        beside = sink.path + ".user"
        try:
            theirs.write(value, beside)
            with open(beside, "rb") as file:
                for block in iter(lambda: file.read(1 << 24), b""):
                    sink.write(block)
        finally:
            if os.path.exists(beside):
                os.unlink(beside)

    safe = bool(getattr(theirs, "safe", False))
    suffix = str(getattr(theirs, "suffix", ".bin"))
    return Codec(str(theirs.name), safe, suffix, theirs.matches, write, theirs.read)


def _from(value: Any, package: str) -> bool:
    return any(base.__module__.partition(".")[0] == package for base in type(value).__mro__)


def _is_plain(value: Any) -> bool:
    return value is None or type(value) in (bool, int, float, str, list, dict)


def _is_tagged(value: Any) -> bool:
    module = type(value).__module__
    return module in ("builtins", "datetime", "decimal", "uuid", "numpy") or "pathlib" in module


def _is_estimator(value: Any) -> bool:
    return type(value).__module__.startswith("sklearn.") and hasattr(value, "get_params")


def _is_tensors(value: Any) -> bool:
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "Tensor"):
        return False
    plain_kinds = (torch.Tensor, torch.nn.Parameter)
    if type(value) in plain_kinds:
        return True
    is_state = type(value).__name__ in ("dict", "OrderedDict") and isinstance(value, dict) and value
    return bool(is_state) and all(
        type(k) is str and type(v) in plain_kinds for k, v in value.items()
    )


def _write_joblib(value: Any, sink: Sink) -> None:
    try:
        import joblib
    except ImportError:
        raise Inexact("joblib is missing") from None
    watched = _Watched(sink, b"__main__")
    joblib.dump(value, watched)
    if watched.found:
        raise Inexact("refers to the notebook's own definitions")


class _Watched:
    """Passes writes on and notices a word in the small ones."""

    def __init__(self, sink: Sink, word: bytes) -> None:
        self.sink = sink
        self.word = word
        self.found = False
        self.tail = b""

    def write(self, data: Any) -> int:
        if memoryview(data).nbytes < 1 << 20:
            text = self.tail + bytes(data)
            self.found = self.found or self.word in text
            self.tail = text[-len(self.word) :]
        return self.sink.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sink, name)


def _read_joblib(path: str) -> Any:
    import joblib

    return joblib.load(path)


def _write_tensors(value: Any, sink: Sink) -> None:
    sys.modules["torch"].save(value, sink)


def _read_tensors(path: str) -> Any:
    import torch  # type: ignore[import-not-found,unused-ignore]

    where = None if torch.cuda.is_available() else "cpu"
    return torch.load(path, map_location=where, weights_only=True)


def _read_bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _read_pickle(path: str) -> Any:
    with open(path, "rb") as file:
        return pickles.load(file)


def _write_pickle(value: Any, sink: Sink) -> None:
    pickles.dump(value, sink)


CODECS = (
    Codec(
        "json",
        True,
        ".json",
        _is_plain,
        lambda value, sink: _put(sink, plain.dumps(plain.to_json(value))),
        lambda path: plain.loads(_read_bytes(path), tagged=False),
    ),
    Codec(
        "tagged",
        True,
        ".json",
        _is_tagged,
        lambda value, sink: _put(sink, plain.dumps(plain.to_tagged(value))),
        lambda path: plain.loads(_read_bytes(path), tagged=True),
    ),
    Codec("npy", True, ".npy", arrays.is_array, arrays.write_array, arrays.read_array),
    Codec("arrow", True, ".arrow", frames.is_pandas, frames.write_pandas, frames.read_pandas),
    Codec("arrow-table", True, ".arrow", frames.is_arrow, frames.write_arrow, frames.read_arrow),
    Codec("polars", True, ".arrow", frames.is_polars, frames.write_polars, frames.read_polars),
    Codec("torch", True, ".pt", _is_tensors, _write_tensors, _read_tensors),
    Codec("joblib", False, ".joblib", _is_estimator, _write_joblib, _read_joblib),
)
PICKLE = Codec("cloudpickle", False, ".pkl", lambda value: True, _write_pickle, _read_pickle)


def _put(sink: Sink, data: bytes) -> None:
    sink.write(data)


def encode(names: Sequence[str], values: Sequence[Any], stem: str, choice: Choice) -> Saved:
    """Store one value, or several that share objects as one, in a new file.

    Parameters
    ----------
    names
        Names of the values, for messages only.
    values
        As many as there are names.
    stem
        Path of the new file without its suffix.
    choice
        User codecs and classes stored by reference.

    Raises
    ------
    Unstorable
        No codec can bring the value back.
    """
    kind = ", ".join(type_name(value) for value in values)
    if len(values) == 1:
        for codec in _candidates(values[0], choice):
            saved = _attempt(codec, values[0], stem, kind)
            if saved is not None:
                return saved
    try:
        return _encode_pickle(values, stem, kind, choice.replayed)
    except Refused as error:
        raise Unstorable([_blame(names, values, str(error))]) from None


def _blame(names: Sequence[str], values: Sequence[Any], why: str) -> Blame:
    return Blame(", ".join(names), ", ".join(type_name(value) for value in values), why)


def _candidates(value: Any, choice: Choice) -> Iterator[Codec]:
    plain_first = CODECS[:2]
    for codec in plain_first:
        if codec.matches(value):
            yield codec
    for codec in choice.user_codecs():
        if codec.matches(value):
            yield codec
    for codec in CODECS[2:]:
        if codec.matches(value):
            yield codec


def _attempt(codec: Codec, value: Any, stem: str, kind: str) -> Saved | None:
    sink = Sink(stem + codec.suffix)
    try:
        with sink:
            codec.write(value, sink)
    except OSError:
        raise
    except Exception:
        return None  # Inexact, or a library that cannot: the next codec is tried
    return Saved(sink.path, sink.digest, sink.size, codec.name, codec.safe, kind)


def _encode_pickle(values: Sequence[Any], stem: str, kind: str, replayed: Sequence[str]) -> Saved:
    value = values[0] if len(values) == 1 else tuple(values)
    sink = Sink(stem + PICKLE.suffix)
    try:
        with sink:
            pickles.dump(value, sink, replayed, shared_owners(value))
    except (Refused, OSError, MemoryError):
        raise
    except Exception as error:
        raise Refused(_reason(error)) from error
    saved = Saved(sink.path, sink.digest, sink.size, PICKLE.name, False, kind)
    _check(saved, value, replayed)
    return saved


def _check(saved: Saved, value: Any, replayed: Sequence[str]) -> None:
    """Load a small pickle once: some objects can be stored and not loaded."""
    parts = value if type(value) is tuple else (value,)
    if saved.size >= CHECKED or any(_from(part, "matplotlib") for part in parts):
        return
    try:
        with open(saved.path, "rb") as file:
            pickles.try_load(file, replayed)
    except Refused:
        os.unlink(saved.path)
        raise
    except Exception as error:
        os.unlink(saved.path)
        raise Refused(f"it can be stored but not loaded again: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def decode(path: str, codec: str, choice: Choice | None = None) -> Any:
    """Return the value in a file.

    Raises
    ------
    LookupError
        No codec of that name is known here.
    """
    for known in (*CODECS, PICKLE):
        if known.name == codec:
            return known.read(path)
    for known in (choice or Choice()).user_codecs():
        if known.name == codec:
            return known.read(path)
    raise LookupError(
        f"This value was stored by the codec {codec!r}, which is not installed in this kernel's "
        "environment. Install the package that has it."
    )


def is_safe(codec: str) -> bool:
    """Return True if reading a file of this codec runs no code that the file holds."""
    return any(known.name == codec and known.safe for known in CODECS)


def check_bytes(path: str, digest: str, limit: int | None = None) -> None:
    """Raise ValueError if a file's bytes are not those of its digest.

    Parameters
    ----------
    path, digest
        The file and what its digest should be.
    limit
        Bigger files are not looked at.
    """
    if limit is not None and os.path.getsize(path) > limit:
        return
    if file_digest(path) != digest:
        raise ValueError(
            f"The stored value {digest[:19]}… was changed after it was stored, so it is not used. "
            "Run the step that gives it again."
        )
