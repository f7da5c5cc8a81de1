"""Templates: processes that have imported what kernels need, and fork one for each order."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbpipe.kernelside.line import MESSAGE, Line
from nbpipe.run.kernels.seats import ANSWERS_WITHIN, Ended, Forked, Link, Loaded, NotWarm, Seat

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from pathlib import Path

    from nbpipe.run.kernels.seats import Imports, Wish

MADE_WITHIN = 120.0
"""Seconds that a template has to make its imports."""

MOST = 4
"""Templates with imports that are kept for one environment; the one not used longest goes."""

MOST_FAMILIES = 3
"""Environments that templates are kept for, likewise."""


@dataclass(slots=True)
class _Family:
    """The templates of one environment, and the modules that they leave out."""

    base: Link
    made: OrderedDict[Imports, Link] = field(default_factory=OrderedDict)
    left_out: dict[str, str] = field(default_factory=dict)

    def close(self) -> None:
        """End all of them."""
        for link in (*self.made.values(), self.base):
            link.close()


class Templates:
    """A worker's templates and its spare kernel.

    Parameters
    ----------
    private
        Short folder of mode 0700.
    spares
        Whether a kernel is made ready for the next order while one is carried out.
    """

    def __init__(self, private: Path, spares: bool = True) -> None:
        self._private = private
        self._spares = spares
        self._families: OrderedDict[Hashable, _Family] = OrderedDict()
        self._spare: Seat | None = None
        self._loaded: Loaded | None = None
        self._count = 0
        self._failed: dict[Hashable, str] = {}
        self.left_out: dict[str, str] = {}
        self.told: set[str] = set()

    def take(self, wish: Wish, check: Callable[[], None], key: str = "") -> Seat:
        """Return a kernel for the wish: the spare one, if it is that, or a new one.

        Parameters
        ----------
        wish
            What is wished for.
        check
            Called while there is nothing to do but wait; may raise.
        key
            Of the shared state that it may be forked from, if there is one.

        Raises
        ------
        NotWarm
            There can be none.
        """
        spare, self._spare = self._spare, None
        if spare is not None and not self._fits(spare, wish, check, key):
            spare.drop()
            spare = None
        return spare or self._from_loaded(wish, check, key) or self._from_template(wish, check)

    def _from_loaded(self, wish: Wish, check: Callable[[], None], key: str) -> Seat | None:
        loaded = self._loaded_as(key)
        if loaded is None:
            return None
        seat = self._fork(loaded.link, wish, loaded)
        with suppress(NotWarm):
            if not seat.arrive(check):
                return seat
        self.forget_loaded()
        return None

    def _loaded_as(self, key: str) -> Loaded | None:
        loaded = self._loaded
        if loaded is not None and key and loaded.key == key and not loaded.link.gone:
            return loaded
        return None

    def _from_template(self, wish: Wish, check: Callable[[], None]) -> Seat:
        if wish.family in self._failed:
            raise NotWarm(self._failed[wish.family])
        why = ""
        for _ in range(3):
            try:
                seat = self._fork(self._template(wish, check), wish)
                why = seat.arrive(check)
                if not why:
                    return seat
            except NotWarm as error:
                why = str(error)
            if why == "shadowed":  # by a file beside the notebook
                wish = replace(wish, imports=())
            else:
                self._forget(wish)
        self._failed[wish.family] = why
        raise NotWarm(why)

    def prepare(self, wish: Wish, key: str = "") -> None:
        """Have a kernel made ready for the next order, without waiting for it."""
        if self._spares and self._spare is None:
            with suppress(NotWarm):
                loaded = self._loaded_as(key)
                link = loaded.link if loaded is not None else self._template(wish, _wait)
                self._spare = self._fork(link, wish, loaded)

    def part(self, seat: Seat, key: str, source: str, cells: Mapping[str, Any],
             check: Callable[[], None]) -> tuple[Seat | None, str]:  # fmt: skip
        """Make a kernel a template, and fork from it the kernel that goes on.

        Parameters
        ----------
        seat
            A kernel in which the shared cells were run.
        key, source, cells
            Of what was run: what tells it, its text, and what it gave.
        check
            Called while there is nothing to do but wait; may raise.

        Returns
        -------
        The kernel that goes on; or None, and why the one that is there has to.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link = Link(ours)
        with theirs:
            order = json.dumps({"template": source}).encode()
            seat.line.send(MESSAGE, order, (theirs.fileno(),))
        link.expect()
        answer = link.answer(ANSWERS_WITHIN, check)
        if "unfit" in answer:
            link.close()
            return None, answer["unfit"]
        assert seat.process is not None
        link.pid = seat.process.pid
        self.forget_loaded()
        self._loaded = Loaded(key, link, seat, cells)
        next_seat = self._fork(link, seat.wish, self._loaded)
        next_seat.arrive(check)
        return next_seat, ""

    def fork_stock(
        self, wish: Wish, argv: Sequence[str], environ: Mapping[str, str], check: Callable[[], None]
    ) -> Forked:
        """Return a kernel as ``ipykernel_launcher`` makes one, for any client.

        Parameters
        ----------
        wish
            Of the kind ``sockets``.
        argv
            The words of its command line.
        environ
            Its own environment; that of the wish is what kernels have in common.
        check
            Called while there is nothing to do but wait; may raise.

        Raises
        ------
        NotWarm
            There can be none.
        """
        link = self._template(wish, check)
        told = {"argv": list(argv), "cwd": wish.cwd, "environ": dict(environ)}
        link.send({"kernel": told}, (1, 2))
        answer = link.answer(ANSWERS_WITHIN, check)
        if "pid" in answer:
            return Forked(link, answer["pid"])
        if "shadowed" in answer and wish.imports:
            return self.fork_stock(replace(wish, imports=()), argv, environ, check)
        self._forget(wish)
        raise NotWarm("what is installed has changed")

    def forget_loaded(self) -> None:
        """End the process that holds a fan-out's shared state."""
        if self._loaded is not None:
            self._loaded.close()
        self._loaded = None

    def _fits(self, spare: Seat, wish: Wish, check: Callable[[], None], key: str) -> bool:
        """Whether the spare kernel is what a new one would be now."""
        try:
            refused = spare.arrive(check)
            same = spare.wish == wish and spare.loaded is self._loaded_as(key)
            if refused or not same or spare.process is None:
                return False
            spare.link.send({"check": {"cwd": wish.cwd}})
            answer = spare.link.answer(ANSWERS_WITHIN, check)
        except NotWarm:
            return False
        return "fine" in answer and spare.process.poll() is None

    def pids(self) -> frozenset[int]:
        """Return the processes that stay when an order is through."""
        links = [link for f in self._families.values() for link in (f.base, *f.made.values())]
        found = {link.pid for link in links if not link.gone}
        if self._loaded is not None:
            found.add(self._loaded.link.pid)
        if self._spare is not None:
            with suppress(NotWarm):
                self._spare.arrive(_wait)
            if self._spare.process is not None:
                found.add(self._spare.process.pid)
        return frozenset(found)

    def close(self) -> None:
        """End all of them, and so the kernels that were forked from them."""
        if self._spare is not None:
            self._spare.drop()
        self.forget_loaded()
        for family in self._families.values():
            family.close()

    def _fork(self, link: Link, wish: Wish, loaded: Loaded | None = None) -> Seat:
        """Ask for a kernel; its line is there at once, its process a little later."""
        self._count += 1
        place = str(self._private / f"k{self._count}")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        told = {"argv": ["-f", f"{place}.json"], "cwd": wish.cwd, "log": f"{place}.log"}
        with theirs:
            link.send({"kernel": told}, (theirs.fileno(), out_end, err_end))
        for end in (out_end, err_end):
            os.close(end)
        for end in (out, err):
            os.set_blocking(end, False)
        return Seat(wish, f"{place}.log", link, Line(ours), (out, err), loaded)

    def _template(self, wish: Wish, check: Callable[[], None]) -> Link:
        family = self._families.get(wish.family)
        if family is None or family.base.gone:
            self._forget(wish)
            family = self._families[wish.family] = _Family(self._start(wish, check))
            while len(self._families) > MOST_FAMILIES:
                self._families.popitem(last=False)[1].close()
        self._families.move_to_end(wish.family)
        imports = wish.imports
        while imports:
            imports = tuple(i for i in wish.imports if i[0] not in family.left_out)
            link = family.made.get(imports)
            if link is not None and not link.gone:
                family.made.move_to_end(imports)
                return link
            link = self._make(family, imports, check) if imports else None
            if link is not None:
                family.made[imports] = link
                self._bound(family)
                return link
        return family.base

    def _start(self, wish: Wish, check: Callable[[], None]) -> Link:
        """Start the template of an environment."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        command = [*wish.command, wish.script, str(number), str(os.getpid()), wish.kind]
        link = Link(ours)
        try:
            with theirs, (self._private / "template.log").open("wb") as log:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                    env=dict(wish.environ), pass_fds=(number,), start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            raise NotWarm(f"{wish.command[0]} cannot be started: {error.strerror}") from error
        link.pid = process.pid
        process.returncode = 0  # it is ended and reaped with all the others
        link.expect()
        try:
            link.answer(MADE_WITHIN, check)
        except NotWarm as error:
            raise NotWarm(f"{error}. {self._last_words()}".strip()) from error
        except Ended:
            link.close()
            raise
        return link

    def _last_words(self) -> str:
        text = (self._private / "template.log").read_text(errors="replace").strip()
        return "Its last words: " + text[-300:] if text else ""

    def _make(self, family: _Family, imports: Imports, check: Callable[[], None]) -> Link | None:
        """Fork a template that makes imports; None where one of them must be left out."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link = Link(ours)
        with theirs:
            family.base.send({"template": imports}, (theirs.fileno(),))
        link.pid = family.base.answer(ANSWERS_WITHIN, _wait)["pid"]
        link.expect()
        try:
            answer = link.answer(MADE_WITHIN, check)
        except Ended:
            link.close()
            raise
        except NotWarm:  # an import ended the process
            answer = {"spoilt": imports[-1][0], "why": "importing it ends the process"}
        if "spoilt" not in answer:
            return link
        link.close()
        family.left_out[answer["spoilt"]] = self.left_out[answer["spoilt"]] = answer["why"]
        return None

    def _bound(self, family: _Family) -> None:
        while len(family.made) > MOST:
            family.made.popitem(last=False)[1].close()

    def _forget(self, wish: Wish) -> None:
        family = self._families.pop(wish.family, None)
        if family is not None:
            family.close()


def _wait() -> None:
    """Wait on."""
