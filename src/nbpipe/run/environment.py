"""Kernels as they are installed: which there are, their interpreter, and the versions in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from nbpipe.errors import UnknownName
from nbpipe.store.disk import Disk, write_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from jupyter_client.kernelspec import KernelSpecManager

DEFAULT_KERNEL = "python3"
"""The kernel of a notebook that names none."""

_PROBE = """
import json, os, sys
from importlib import metadata
dirs = [p for p in sys.path if p and os.path.isdir(p)]
table = {}
for name, dists in metadata.packages_distributions().items():
    table[name] = ", ".join(sorted({d + " " + metadata.version(d) for d in dists}))
print(json.dumps({"python": sys.version.split()[0], "dirs": dirs, "versions": table}))
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """What is known of the kernel that runs a step.

    Attributes
    ----------
    kernel
        Name of its kernelspec.
    language
        As the kernelspec says, in lower case.
    python
        Version of its Python; empty for other languages.
    versions
        Top-level module → ``distribution version``.
    stamp
        Path → modification time in ns of everything whose change makes this out of date.
    """

    kernel: str
    language: str
    python: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    stamp: Mapping[str, int] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The kernel in a few words, as it goes into keys."""
        return f"{self.kernel} {self.python}".strip()


class Environments:
    """Finds environments, and remembers them in a folder of the store.

    Looking at what an interpreter has installed takes a process and half a second, so what was
    found is kept until a folder that holds packages, or the kernelspec, changes.
    """

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.known: dict[str, Environment] = {}

    def find(self, kernel: str) -> Environment:
        """Return the environment of a kernel.

        Raises
        ------
        UnknownName
            If no kernelspec of that name is installed.
        """
        if kernel not in self.known:
            self.known[kernel] = self._remembered(kernel) or self._look(kernel)
        return self.known[kernel]

    @cached_property
    def specs(self) -> KernelSpecManager:
        """Knows the installed kernelspecs; the kernel that comes with ipykernel is among them."""
        from jupyter_client.kernelspec import KernelSpecManager

        return KernelSpecManager()

    def _file(self, kernel: str) -> Path:
        from hashlib import sha256

        # The search path of kernelspecs depends on these, so they are part of the name.
        where = [kernel, sys.prefix, os.environ.get("JUPYTER_PATH", ""), os.environ.get("HOME", "")]
        return self.cache / f"kernel-{sha256(repr(where).encode()).hexdigest()[:16]}.json"

    def _remembered(self, kernel: str) -> Environment | None:
        try:
            found = Environment(**json.loads(self._file(kernel).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return found if found.stamp == _stamp(found.stamp) else None

    def _look(self, kernel: str) -> Environment:
        from jupyter_client.kernelspec import NoSuchKernel

        try:
            spec = self.specs.get_kernel_spec(kernel)
        except NoSuchKernel:
            raise UnknownName.of("kernel", kernel, self.specs.find_kernel_specs()) from None
        folder = spec.resource_dir
        path = os.path.join(folder, "kernel.json")
        stamped = path if os.path.isfile(path) else folder
        found = _probe(
            kernel, str(spec.language or "python").lower(), _interpreter(spec.argv), stamped
        )
        self._remember(found)
        return found

    def keep(self) -> None:
        """Keep what was found before there was a store to keep it in."""
        for found in self.known.values():
            if not self._file(found.kernel).exists():
                self._remember(found)

    def describe(self) -> bytes:
        """Return the kernels that were found and what is installed for them, as JSON."""
        names = ("language", "python", "versions")
        said = {
            kernel: {name: getattr(found, name) for name in names}
            for kernel, found in self.known.items()
        }
        return json.dumps(said, sort_keys=True).encode()

    def _remember(self, found: Environment) -> None:
        """Keep it where there is a store; one that cannot be written costs the next look."""
        if not self.cache.parent.is_dir():
            return
        file = self._file(found.kernel)
        temporary = file.with_suffix(f".{os.getpid()}")
        try:
            file.parent.mkdir(0o700, parents=True, exist_ok=True)
            write_file(Disk(), str(temporary), json.dumps(asdict(found)).encode())
            os.replace(temporary, file)
        except OSError:
            temporary.unlink(missing_ok=True)


def _interpreter(argv: Sequence[str]) -> str | None:
    first = argv[0] if argv else ""
    if not os.path.basename(first).startswith("python"):
        return None
    # jupyter_client runs the kernels that say just "python" with its own interpreter.
    return first if os.path.isabs(first) else sys.executable


def _probe(kernel: str, language: str, python: str | None, path: str) -> Environment:
    stamp = _stamp([path])
    if language != "python" or python is None:
        return Environment(kernel, language, stamp=stamp)
    try:
        done = subprocess.run(
            [python, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=60, check=True
        )
        said = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return Environment(kernel, language, stamp=stamp)
    stamp |= _stamp(said["dirs"])
    return Environment(kernel, language, said["python"], said["versions"], stamp)


def _stamp(paths: Iterable[str]) -> dict[str, int]:
    """Modification times; a path that is gone is left out, so that it differs."""
    times: dict[str, int] = {}
    for path in paths:
        try:
            times[path] = os.stat(path).st_mtime_ns
        except OSError:
            continue
    return times
