"""Publishes what an attempt left: values, files, numbers and logs become artifacts in the store."""

from __future__ import annotations

import json
import mimetypes
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nbpipe.events import Artifact
from nbpipe.run.masks import NOTHING
from nbpipe.run.order import FileRead
from nbpipe.run.scratch import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from nbpipe.run.masks import Mask
    from nbpipe.run.order import Order


class Shelf(Protocol):
    """Where bytes are put under their digest."""

    def adopt(self, path: Path, digest: str = "", size: int | None = None) -> str:
        """Take a file of the scratch folder over and return its digest."""

    def put_bytes(self, data: bytes) -> str:
        """Store bytes and return their digest."""


@dataclass(frozen=True, slots=True)
class Left:
    """What the kernel side left in the scratch folder."""

    artifacts: tuple[Artifact, ...] = ()
    metrics: tuple[tuple[str, float], ...] = ()
    files_read: tuple[FileRead, ...] = ()
    fetched: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    drew: tuple[str, ...] = ()


def collect(scratch: Path, order: Order, shelf: Shelf, ok: bool, mask: Mask = NOTHING) -> Left:
    """Publish what is in the scratch folder, values and files only of a step that is `ok`.

    Raises
    ------
    UsageError
        If a value, or a file that the step wrote, holds a secret; nothing of it was stored.
    """
    saved = read_json(scratch / "saved.json") or {}
    artifacts: list[Artifact] = []
    if ok:
        _refuse_secrets(scratch, order, saved, mask)
        artifacts += _values(scratch, saved, shelf)
        artifacts += _generators(scratch, saved, shelf)
        artifacts += _items(scratch, saved, shelf)
        artifacts += _files(scratch, order, saved, shelf)
    series = scratch / "metrics.jsonl"
    metrics = tuple(_metrics(saved, series))
    if series.exists():
        size = series.stat().st_size
        artifacts.append(
            Artifact("metrics.jsonl", shelf.adopt(series), size, "log", type="application/jsonl")
        )
    return Left(
        tuple(artifacts),
        metrics,
        tuple(_reads(order, saved)),
        tuple(_names(scratch / "fetched.json") or saved.get("fetched", ())),
        tuple(_names(scratch / "missing.json")),
        tuple(saved.get("changed", ())),
        tuple(saved.get("random_changed", ())),
    )


def _refuse_secrets(scratch: Path, order: Order, saved: Mapping[str, Any], mask: Mask) -> None:
    """Look at everything that is to be stored before the first of it is."""
    if not mask:
        return
    for row in saved.get("outputs", ()):
        what = ", ".join(row["names"])
        mask.refuse(scratch / Path(row["file"]).name, what)
        mask.refuse_text(json.dumps(row["preview"], ensure_ascii=False), what)
    for name, row in saved.get("items", {}).items():
        mask.refuse_text(json.dumps(row, ensure_ascii=False), name)
        if "file" in row:
            mask.refuse(scratch / Path(row["file"]).name, name)
    for path, name in _written(order, saved):
        mask.refuse_text(name, "The name of a file")
        mask.refuse(path, name)


def _values(scratch: Path, saved: Mapping[str, Any], shelf: Shelf) -> Iterator[Artifact]:
    for row in saved.get("outputs", ()):
        sides = {side["file"]: _adopt(scratch, side, shelf) for side in row["files"]}
        digest = _adopt(scratch, row, shelf)
        yield Artifact(
            ", ".join(row["names"]), digest, row["size"], "value",
            row["codec"], row["type"], _preview(row["preview"], sides),
        )  # fmt: skip


def _adopt(scratch: Path, row: Mapping[str, Any], shelf: Shelf) -> str:
    """Store a file that the kernel side wrote; its digest was taken on the way."""
    return shelf.adopt(scratch / Path(row["file"]).name, row["digest"], row["size"])


def _preview(preview: Mapping[str, Any], sides: Mapping[str, str]) -> dict[str, Any]:
    """Name pictures by their digests; further ones, as the SVG of a figure, under ``files``."""
    named = dict(preview)
    if "image" in named:
        named["image"] = sides[named["image"]]
    if "parts" in named:
        named["parts"] = {name: _preview(part, sides) for name, part in named["parts"].items()}
    elif sides:
        named["files"] = {name.rpartition(".")[2]: digest for name, digest in sides.items()}
    return named


def _generators(scratch: Path, saved: Mapping[str, Any], shelf: Shelf) -> Iterator[Artifact]:
    for name in saved.get("random", {}):
        path = scratch / f"random-{name}.json"
        size = path.stat().st_size
        yield Artifact(name, shelf.adopt(path), size, "random", "json")


def _items(scratch: Path, saved: Mapping[str, Any], shelf: Shelf) -> Iterator[Artifact]:
    """The list of items as JSON; items that JSON cannot say are stored beside it."""
    for name, row in saved.get("items", {}).items():
        preview: dict[str, object] = {"text": f"{row['count']} items"}
        if "file" in row:
            preview["stored"] = _adopt(scratch, row, shelf)
        told = {key: value for key, value in row.items() if key != "file"}
        data = json.dumps(told, sort_keys=True).encode()
        yield Artifact(name, shelf.put_bytes(data), len(data), "items", "json", preview=preview)


def _files(
    scratch: Path, order: Order, saved: Mapping[str, Any], shelf: Shelf
) -> Iterator[Artifact]:
    """Files inside the project that the step wrote, copied under their digest.

    Those are the files that it was seen to open for writing, and those that its code or its
    options name. A file that only changed meanwhile may be another step's, or a person's.
    """
    for path, name in _written(order, saved):
        yield _file(scratch, path, name, shelf)


def _written(order: Order, saved: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    paths = {Path(row["path"]) for row in saved.get("files_written", ())}
    for pattern in order.writes:
        paths |= {path.resolve() for path in Path(order.folder).glob(pattern)}
    project, store = Path(order.project).resolve(), Path(order.store).resolve()
    for path in sorted(paths):
        if path.is_file() and path.is_relative_to(project) and not path.is_relative_to(store):
            yield path, path.relative_to(project).as_posix()


def _file(scratch: Path, path: Path, name: str, shelf: Shelf) -> Artifact:
    copy = scratch / "file-copy"
    shutil.copyfile(path, copy)
    size = copy.stat().st_size
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Artifact(name, shelf.adopt(copy), size, "file", type=kind)


def _reads(order: Order, saved: Mapping[str, Any]) -> Iterator[FileRead]:
    """Files read; the digest is empty where a file is not any more as it was read."""
    from nbpipe.kernelside.objects import file_digest

    for row in saved.get("files_read", ()):
        path = Path(row["path"])
        try:
            stat = path.stat()
            same = (stat.st_size, stat.st_mtime_ns) == (row["size"], row["mtime_ns"])
            digest = file_digest(str(path)) if same else ""
        except OSError:
            digest = ""
        yield FileRead(_relative(path, order.project), digest)


def _relative(path: Path, project: str) -> str:
    return path.relative_to(project).as_posix() if path.is_relative_to(project) else str(path)


def _names(path: Path) -> list[str]:
    return list((read_json(path) or {}).get("names", ()))


def _metrics(saved: Mapping[str, Any], series: Path) -> Iterable[tuple[str, float]]:
    """The last logged number of each name, then those named in ``metrics`` cells."""
    found: dict[str, float] = {}
    if series.exists():
        for line in series.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            found[entry["name"]] = float(entry["value"])
    found.update({name: float(value) for name, value in saved.get("metrics", {}).items()})
    return found.items()
