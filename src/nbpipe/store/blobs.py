"""Bytes under their digest, in a folder: written once, checked whenever they are read."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol

from nbpipe.errors import DamagedObject, MissingObject
from nbpipe.kernelside.failpoints import reach
from nbpipe.store.disk import Disk, discard, make_folder, sync, write_file
from nbpipe.store.folder import old_entries, place_library, prepare, read_format
from nbpipe.store.trouble import told, unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ObjectState = Literal["intact", "missing", "damaged"]

STORED_AT = 1_000_000_000
"""The modification time that every object is given: one that changed gives a later writer away."""

FORGOTTEN = 86_400.0
"""Seconds after which scratch that nobody touched is swept."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SCRATCH = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


class Blobs(Protocol):
    """Bytes under their digest (``sha256:`` and 64 hexadecimal digits)."""

    @property
    def address(self) -> str:
        """The folder or URL."""

    def has(self, digest: str) -> bool:
        """Tell whether there are bytes under the digest; they are not looked at."""

    def missing(self, digests: Iterable[str]) -> set[str]:
        """Return those digests under which there is nothing."""

    def state(self, digest: str, size: int | None = None) -> ObjectState:
        """Tell how an object is, as cheaply as can be: bytes are hashed only on suspicion."""

    def verify(self, digest: str) -> None:
        """Hash the bytes; raises `MissingObject` or `DamagedObject`."""

    def put_bytes(self, data: bytes) -> str:
        """Store bytes and return their digest."""

    def adopt(self, path: Path, digest: str = "", size: int | None = None) -> str:
        """Take a file over (it is gone afterwards) and return its digest."""

    def read(self, digest: str) -> bytes:
        """Return the bytes, checked; raises `MissingObject` or `DamagedObject`."""

    def path(self, digest: str) -> Path:
        """Return a local file, only to be read, that holds the bytes."""

    def open(self, digest: str) -> BinaryIO:
        """Open that file for reading."""

    def size(self, digest: str) -> int:
        """Return the number of bytes."""

    def touched(self, digest: str) -> float:
        """Return when the bytes were last put here (UTC, seconds)."""

    def digests(self) -> Iterator[str]:
        """Yield the digests of all that is stored."""

    def delete(self, digest: str) -> None:
        """Remove the bytes, if they are there."""

    def scratch(self, name: str) -> Path:
        """Make an empty private folder for work under way, on the store's file system."""

    def sweep(self) -> int:
        """Remove scratch that nobody touched for a day; returns how many folders."""

    def ensure_lib(self, source: Path | None = None) -> Path:
        """Place the package that runs in kernels here; returns the folder to import it from."""


class LocalBlobs:
    """Objects in a folder of this machine.

    An object's file is read-only and its modification time is `STORED_AT`. A stat therefore
    tells that nobody wrote to it since, without reading it.

    Parameters
    ----------
    folder
        The store's folder. It is made at the first write, not before.
    disk
        How files are written.

    Raises
    ------
    StoreTooNew, StoreUnusable
        If there is a store of a newer format, or something that is not a store.
    """

    def __init__(self, folder: str | Path, disk: Disk | None = None) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.disk = disk or Disk()
        self._objects = str(self.folder / "objects")
        self._ready = read_format(self.folder) > 0

    @property
    def address(self) -> str:
        """The folder."""
        return str(self.folder)

    # looking

    def has(self, digest: str) -> bool:
        """Tell whether there are bytes under the digest; they are not looked at."""
        return os.path.isfile(self._place(digest))

    def missing(self, digests: Iterable[str]) -> set[str]:
        """Return those digests under which there is nothing."""
        return {digest for digest in digests if not self.has(digest)}

    def state(self, digest: str, size: int | None = None) -> ObjectState:
        """Tell how an object is; its bytes are hashed only if somebody touched the file."""
        place = self._place(digest)
        try:
            seen = os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            return "missing"
        if not stat.S_ISREG(seen.st_mode) or (size is not None and seen.st_size != size):
            return "damaged"
        if seen.st_mtime_ns == STORED_AT * 1_000_000_000:
            return "intact"
        with told(self.folder):
            if file_digest(place) != digest:
                return "damaged"
            _seal(place)  # the same bytes, as after a copy of the whole store
        return "intact"

    def verify(self, digest: str) -> None:
        """Hash the bytes; raises `MissingObject` or `DamagedObject`."""
        try:
            found = file_digest(self._place(digest))
        except FileNotFoundError:
            raise MissingObject.of(digest, self.address) from None
        except OSError as error:
            raise unusable(error, self.folder) from error
        if found != digest:
            raise DamagedObject.of(digest, self.address)

    def size(self, digest: str) -> int:
        """Return the number of bytes; raises `MissingObject`."""
        return self._stat(digest).st_size

    def touched(self, digest: str) -> float:
        """Return when the bytes were last put here (UTC, seconds); raises `MissingObject`."""
        return self._stat(digest).st_ctime

    def digests(self) -> Iterator[str]:
        """Yield the digests of all that is stored."""
        for place in sorted((self.folder / "objects").glob("??/*")):
            digest = f"sha256:{place.parent.name}{place.name}"
            if _DIGEST.fullmatch(digest):
                yield digest

    # reading

    def read(self, digest: str) -> bytes:
        """Return the bytes, checked; raises `MissingObject` or `DamagedObject`."""
        try:
            with open(self._place(digest), "rb") as file:
                data = file.read()
        except FileNotFoundError:
            raise MissingObject.of(digest, self.address) from None
        except OSError as error:
            raise unusable(error, self.folder) from error
        if digest_of(data) != digest:
            raise DamagedObject.of(digest, self.address)
        return data

    def path(self, digest: str) -> Path:
        """Return the object's file; raises `MissingObject` or `DamagedObject`.

        The bytes are hashed only if somebody touched the file.
        """
        match self.state(digest):
            case "missing":
                raise MissingObject.of(digest, self.address)
            case "damaged":
                raise DamagedObject.of(digest, self.address)
        return Path(self._place(digest))

    def open(self, digest: str) -> BinaryIO:
        """Open the object's file for reading."""
        return self.path(digest).open("rb")

    # writing

    def put_bytes(self, data: bytes) -> str:
        """Store bytes and return their digest."""
        digest = digest_of(data)
        with told(self.folder):
            if self._renewed(digest, len(data)):
                return digest
            temporary = self._temporary()
            try:
                write_file(self.disk, temporary, data)
                reach("object-written")
                self._publish(temporary, digest)
            finally:
                discard(temporary)
        return digest

    def adopt(self, path: Path, digest: str = "", size: int | None = None) -> str:
        """Move a file into the store and return its digest.

        Parameters
        ----------
        path
            A plain file that nobody writes to any more. It is gone afterwards.
        digest
            Its digest, where it was taken while writing; otherwise it is taken now.
        size
            Its size, where it is known; a file of another size is hashed again.

        Raises
        ------
        StoreUnusable
            If the disk is full, read-only or fails; the store is as it was before.
        """
        with told(path):
            seen = os.lstat(path)
            if not stat.S_ISREG(seen.st_mode):
                raise OSError(errno.ELOOP, "not a plain file", str(path))
            if not digest or (size is not None and size != seen.st_size):
                digest = file_digest(str(path))
        with told(self.folder):
            if self._renewed(digest, seen.st_size):
                os.unlink(path)
            elif seen.st_nlink > 1:
                self._adopt_copy(path, digest)
            else:
                self._adopt_file(path, digest)
        return digest

    def _adopt_file(self, path: Path, digest: str) -> None:
        try:
            self._publish(str(path), digest)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._adopt_copy(path, digest)

    def _adopt_copy(self, path: Path, digest: str) -> None:
        """Take over a file of another file system, or one that has another name as well."""
        temporary = self._temporary()
        try:
            shutil.copyfile(path, temporary)
            self._publish(temporary, digest)
            os.unlink(path)
        finally:
            discard(temporary)

    def delete(self, digest: str) -> None:
        """Remove the bytes, if they are there."""
        with told(self.folder):
            discard(self._place(digest))

    # work under way

    def scratch(self, name: str) -> Path:
        """Make an empty private folder for work under way.

        Parameters
        ----------
        name
            Small letters, digits and ``-``; what is left under the same name is removed.
        """
        if not _SCRATCH.fullmatch(name):
            raise ValueError(f"{name!r} is not a name for scratch (small letters, digits and -).")
        self._make_ready()
        folder = self.folder / "tmp" / name
        with told(self.folder):
            if folder.is_symlink() or folder.is_file():
                folder.unlink()
            elif folder.exists():
                shutil.rmtree(folder)
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            folder.mkdir(mode=0o700)
        return folder

    def sweep(self) -> int:
        """Remove scratch that nobody touched for a day; returns how many folders."""
        count = 0
        me = os.getuid() if hasattr(os, "getuid") else -1
        for entry in old_entries(self.folder / "tmp", time.time() - FORGOTTEN):
            if me != -1 and entry.lstat().st_uid != me:
                continue  # of another user of a shared store
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                discard(str(entry))
            count += 1
        return count

    def ensure_lib(self, source: Path | None = None) -> Path:
        """Place the package that runs in kernels here; returns the folder to import it from."""
        return place_library(self.folder, source or kernelside_folder(), self.disk)

    # how it is done

    def _place(self, digest: str) -> str:
        hexa = hexa_of(digest)
        return f"{self._objects}{os.sep}{hexa[:2]}{os.sep}{hexa[2:]}"

    def _stat(self, digest: str) -> os.stat_result:
        try:
            return os.stat(self._place(digest))
        except FileNotFoundError:
            raise MissingObject.of(digest, self.address) from None

    def _make_ready(self) -> None:
        if not self._ready:
            prepare(self.folder, self.disk)
            self._ready = True

    def _temporary(self) -> str:
        self._make_ready()
        folder = self.folder / "tmp"
        folder.mkdir(mode=0o700, exist_ok=True)
        return str(folder / f"put-{os.getpid()}-{os.urandom(6).hex()}")

    def _renewed(self, digest: str, size: int) -> bool:
        """Tell whether the object is there and sound; if so its change time is now."""
        if self.state(digest, size) != "intact":
            return False
        try:
            _seal(self._place(digest))
        except OSError:  # collected this moment, or somebody else's file
            return self.has(digest)
        return True

    def _publish(self, temporary: str, digest: str) -> None:
        """Bring a complete file to the disk, then under its name, then the name to the disk."""
        self._make_ready()
        place = self._place(digest)
        make_folder(self.disk, os.path.dirname(place))
        sync(self.disk, temporary)
        _seal(temporary)
        reach("object-sealed")
        self.disk.replace(temporary, place)
        reach("object-named")
        sync(self.disk, os.path.dirname(place))


def hexa_of(digest: str) -> str:
    """Return the hexadecimal part of a digest; raises `ValueError` for anything else."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest!r} is not a digest (sha256: and 64 hexadecimal digits).")
    return digest[7:]


def file_digest(path: str) -> str:
    """Return the digest of a file's bytes."""
    with open(path, "rb", buffering=0) as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(data: bytes) -> str:
    """Return the digest of bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def kernelside_folder() -> Path:
    """Return the folder of the package that runs in kernels, without importing it."""
    return Path(__file__).parent.parent / "kernelside"


def _seal(path: str) -> None:
    os.chmod(path, 0o400)
    os.utime(path, (STORED_AT, STORED_AT))
