"""Bytes under their digest at a URL, over fsspec, with a cache of checked copies here."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import fsspec

from nbpipe.errors import DamagedObject, MissingObject, StoreTooNew, StoreUnusable
from nbpipe.store.blobs import LocalBlobs, file_digest, hexa_of
from nbpipe.store.folder import FORMAT, UPGRADE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbpipe.store.blobs import ObjectState


class RemoteBlobs:
    """Objects at a URL. What is read is copied into a local store, checked, and read there.

    Parameters
    ----------
    url
        As fsspec takes it: ``s3://bucket/folder``, ``memory://name``.
    cache
        Folder of this machine for the copies and for work under way.

    Raises
    ------
    StoreTooNew, StoreUnusable
        If a newer nbpipe wrote it, or it cannot be reached.
    """

    def __init__(self, url: str, cache: str | Path) -> None:
        self.address = url
        self.cache = LocalBlobs(cache)
        try:
            self.files, self.root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise StoreUnusable(
                f"The store {url} cannot be opened: {error}. Install what fsspec needs for it."
            ) from error
        with self._told():
            self._ready = self._check_format()

    def _check_format(self) -> bool:
        try:
            said = self.files.cat_file(f"{self.root}/format").decode("ascii", "replace").strip()
        except FileNotFoundError:
            return False
        if not said.isdigit():
            raise StoreUnusable(
                f"{self.address}/format holds no number, so it is not taken for a store. "
                "Restore that file or choose another store."
            )
        if int(said) > FORMAT:
            raise StoreTooNew(
                f"The store {self.address} is of format {said}; this nbpipe knows {FORMAT}. "
                f"Nothing was changed. {UPGRADE}"
            )
        return True

    # looking

    def has(self, digest: str) -> bool:
        """Tell whether there are bytes under the digest; they are not looked at."""
        return self._stat(digest) is not None

    def missing(self, digests: Iterable[str]) -> set[str]:
        """Return those digests under which there is nothing."""
        return {digest for digest in digests if not self.has(digest)}

    def state(self, digest: str, size: int | None = None) -> ObjectState:
        """Tell how an object is by its size; its bytes are checked when they are fetched."""
        seen = self._stat(digest)
        if seen is None:
            return "missing"
        return "intact" if size is None or seen["size"] == size else "damaged"

    def verify(self, digest: str) -> None:
        """Hash the bytes where they lie; raises `MissingObject` or `DamagedObject`."""
        try:
            with self._told(), self.files.open(self._place(digest), "rb") as file:
                found = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            raise MissingObject.of(digest, self.address) from None
        if found != digest:
            raise DamagedObject.of(digest, self.address)

    def size(self, digest: str) -> int:
        """Return the number of bytes; raises `MissingObject`."""
        seen = self._stat(digest)
        if seen is None:
            raise MissingObject.of(digest, self.address)
        return int(seen["size"])

    def touched(self, digest: str) -> float:
        """Return infinity: objects that are put again are not written, so no time tells of it."""
        self.size(digest)
        return float("inf")

    def digests(self) -> Iterator[str]:
        """Yield the digests of all that is stored."""
        with self._told():
            try:
                found = self.files.find(f"{self.root}/objects")
            except FileNotFoundError:
                return
        for place in sorted(found):
            digest = "sha256:" + "".join(place.split("/")[-2:])
            with contextlib.suppress(ValueError):
                hexa_of(digest)
                yield digest

    # reading

    def read(self, digest: str) -> bytes:
        """Return the bytes, checked; raises `MissingObject` or `DamagedObject`."""
        self._fetch(digest)
        return self.cache.read(digest)

    def path(self, digest: str) -> Path:
        """Return a checked local copy; raises `MissingObject` or `DamagedObject`."""
        self._fetch(digest)
        return self.cache.path(digest)

    def open(self, digest: str) -> BinaryIO:
        """Open the local copy for reading."""
        return self.path(digest).open("rb")

    def _fetch(self, digest: str) -> None:
        if self.cache.state(digest) == "intact":
            return
        folder = self.cache.scratch(f"fetch-{os.getpid()}-{os.urandom(6).hex()}")
        try:
            with self._told():
                self.files.get_file(self._place(digest), str(folder / "bytes"))
            if file_digest(str(folder / "bytes")) != digest:
                raise DamagedObject.of(digest, self.address)
            self.cache.adopt(folder / "bytes", digest)
        except FileNotFoundError:
            raise MissingObject.of(digest, self.address) from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    # writing

    def put_bytes(self, data: bytes) -> str:
        """Store bytes and return their digest."""
        digest = self.cache.put_bytes(data)
        self._send(digest, len(data))
        return digest

    def adopt(self, path: Path, digest: str = "", size: int | None = None) -> str:
        """Take a file over (it is gone afterwards) and return its digest."""
        digest = self.cache.adopt(path, digest, size)
        self._send(digest, self.cache.size(digest))
        return digest

    def _send(self, digest: str, size: int) -> None:
        """Put an object under a name of its own, then move it into place."""
        if self.state(digest, size) == "intact":
            return
        with self._told():
            self._make_ready()
            place = self._place(digest)
            aside = f"{self.root}/incoming/{os.urandom(12).hex()}"
            for needed in (aside, place):
                self.files.makedirs(needed.rpartition("/")[0], exist_ok=True)
            self.files.put_file(str(self.cache.path(digest)), aside)
            self.files.mv(aside, place)

    def _make_ready(self) -> None:
        if not self._ready:
            self.files.makedirs(self.root, exist_ok=True)
            self.files.pipe_file(f"{self.root}/format", f"{FORMAT}\n".encode())
            self._ready = True

    def delete(self, digest: str) -> None:
        """Remove the bytes, if they are there, here and at the URL."""
        self.cache.delete(digest)
        with self._told(), contextlib.suppress(FileNotFoundError):
            self.files.rm_file(self._place(digest))

    # work under way

    def scratch(self, name: str) -> Path:
        """Make an empty private folder for work under way, in the cache."""
        return self.cache.scratch(name)

    def sweep(self) -> int:
        """Remove scratch that nobody touched for a day; returns how many folders."""
        return self.cache.sweep()

    def ensure_lib(self, source: Path | None = None) -> Path:
        """Place the package that runs in kernels into the cache; returns where."""
        return self.cache.ensure_lib(source)

    # how it is done

    def _place(self, digest: str) -> str:
        hexa = hexa_of(digest)
        return f"{self.root}/objects/{hexa[:2]}/{hexa[2:]}"

    def _stat(self, digest: str) -> dict[str, Any] | None:
        with self._told():
            try:
                seen = self.files.info(self._place(digest))
            except FileNotFoundError:
                return None
        return seen if seen["type"] == "file" else None

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            raise StoreUnusable(
                f"The store {self.address} does not answer as it should: {error}. "
                "Check the address, your rights and the network."
            ) from error


def cache_folder(url: str) -> Path:
    """Return the folder in the user's cache for the store at a URL."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "nbpipe" / hashlib.sha256(url.encode()).hexdigest()[:16]
