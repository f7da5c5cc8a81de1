"""What a process holds that would not outlive a fork, or cannot be made up for after one."""

from __future__ import annotations

import os
import select
import sys
from contextlib import suppress

HARMLESS_THREADS = ("jemalloc_bg_thd",)
"""Threads whose library lets go of them before a fork and starts them again in the child."""

HARMLESS_FILES = ("/dev/null", "/dev/urandom", "/dev/random")


class Look:
    """What this process holds: threads, open files, children, and what it wrote."""

    def __init__(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self.threads = _threads()
        self.files = _files()
        self.written = os.fstat(1).st_size
        self.children = _children()

    def since(self, earlier: Look) -> str:
        """Say what would not outlive a fork, or cannot be made up for; nothing if all is well."""
        if self.threads:
            return "it starts threads"
        new = sorted(self.files - earlier.files)
        if new:
            return "it opens " + ", ".join(new)[:200]
        if self.children > earlier.children:
            return "it starts processes"
        if self.written > earlier.written:
            return "it prints"
        return ""


def _threads() -> int:
    """Count threads beside this one that a fork does not end in good order.

    Those that a library ends by itself before a fork (OpenBLAS) are gone after a trial.
    """
    count = _other_threads()
    if count:
        pid = os.fork()
        if not pid:
            os._exit(0)
        os.waitpid(pid, 0)
        for _ in range(100):  # one that has ended is listed a moment longer
            count = _other_threads()
            if not count:
                break
            select.select([], [], [], 0.001)
    return count


def _other_threads() -> int:
    names = []
    for thread in os.listdir("/proc/self/task"):
        if int(thread) != os.getpid():
            try:
                with open(f"/proc/self/task/{thread}/comm") as file:
                    names.append(file.read().strip())
            except OSError:
                continue
    return sum(name not in HARMLESS_THREADS for name in names)


def _files() -> set[str]:
    """Return what is open; not files that are mapped into memory, which nobody reads on in."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the listing's own is closed by now
            found.add(os.readlink(f"/proc/self/fd/{number}"))
    paths = {name for name in found if name.startswith("/") and name not in HARMLESS_FILES}
    return {name for name in found if not name.startswith("/")} | (paths - _mapped(paths))


def _mapped(paths: set[str]) -> set[str]:
    if not paths:
        return set()
    with open("/proc/self/maps", errors="surrogateescape") as file:
        return {line[73:].rstrip("\n") for line in file} & paths


def _children() -> int:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return len(file.read().split())
