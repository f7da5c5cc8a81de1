"""Measures all in turn: nbpipe, a peer, the next, and again from nbpipe on."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import envs
from benchmarks.measure import Failed, cost_per_unit, make_ready, median
from benchmarks.peers import CORES, Setting
from benchmarks.results import CaseResult, Measured, Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from benchmarks.cases import Case
    from benchmarks.measure import Cost, Work
    from benchmarks.peers import Peer, Size

SHARED = {"noop": "chain", "engine": "plan", "reuse": "plan"}
"""Cases that go on in the folder of another, where that has ended."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is measured.

    Attributes
    ----------
    times
        How often; medians are told.
    patience
        What takes longer than so many seconds is not measured again.
    limit
        Seconds after which a command is ended, and has failed.
    """

    times: int = 3
    patience: float = 15.0
    limit: float = 1800.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """All who take part: each with its interpreter, or with the reason why it has none."""

    peers: tuple[Peer, ...]
    pythons: dict[str, Path]
    absent: dict[str, str]

    def versions(self) -> dict[str, str]:
        """Return peer → its version."""
        return {
            peer.name: envs.version(self.pythons[peer.name], peer.package)
            for peer in self.peers
            if peer.name in self.pythons
        }


def gather(
    peers: Iterable[Peer], environments: envs.Environments, say: Callable[[str], None]
) -> Crowd:
    """Make the environments that are not there."""
    crowd = Crowd(tuple(peers), {}, {})
    for peer in crowd.peers:
        if peer.environment is None:
            crowd.pythons[peer.name] = Path(sys.executable)
            envs.compile_all(sys.executable)
            continue
        say(f"environment of {peer.name}: {environments.folder / peer.environment.name}")
        try:
            crowd.pythons[peer.name] = environments.python(peer.environment)
        except envs.CannotBeMade as fault:
            crowd.absent[peer.name] = str(fault)
            say(f"{peer.name} cannot be installed: {fault}")
    return crowd


@dataclass(slots=True)
class _Turn:
    """A peer in a case: its work, and what it has needed so far."""

    peer: Peer
    work: Work | None = None
    costs: list[Cost] = field(default_factory=list)
    failure: str = ""
    tired: bool = False

    def attempt(self, do: Callable[[Work], None]) -> None:
        """Do something with the work, unless something has failed before."""
        if self.work is not None and not self.failure:
            try:
                do(self.work)
            except Failed as fault:
                self.failure = str(fault)

    def told(self) -> str:
        """Return how it went the last time."""
        if self.failure:
            return self.failure
        times = (("CPU", self.costs[-1].cpu), ("wall", self.costs[-1].wall))
        return ", ".join(f"{name} {time:.3f} s" for name, time in times if time is not None)

    def measured(self, case: str) -> Measured:
        """Return what came of it; what failed once has no figure."""
        cost = None if self.failure or not self.costs else median(self.costs)
        note = self.peer.notes.get(case, "")
        return Measured(self.peer.name, cost, len(self.costs), note, self.failure)


@dataclass(frozen=True, slots=True)
class Rounds:
    """Measures cases.

    Attributes
    ----------
    crowd
        Who takes part.
    size
        How large the cases are.
    folder
        Where notebooks and results are put meanwhile.
    manner
        How it is measured.
    say
        Is told how it goes.
    measure, clock
        How a work is measured, and by which clock patience is.
    """

    crowd: Crowd
    size: Size
    folder: Path
    manner: Manner
    say: Callable[[str], None]
    measure: Callable[[Work, float], Cost] = cost_per_unit
    clock: Callable[[], float] = time.perf_counter

    def results(self, cases: Sequence[Case]) -> Iterator[Results]:
        """Measure the cases, one after the other; after each, yield all there is so far."""
        told, versions, done = machine(), self.crowd.versions(), []
        for case in cases:
            done.append(self.of(case))
            yield Results(told, versions, tuple(done), self.crowd.absent)

    def of(self, case: Case) -> CaseResult:
        """Measure one case: everyone once, then everyone again."""
        load = os.getloadavg()[0]
        turns = [self._turn(case, peer) for peer in self.crowd.peers if case.name in peer.does]
        for turn in turns:
            turn.attempt(lambda work: make_ready(work, self.manner.limit))
        times = 1 if case.once else self.manner.times
        for number in range(1, times + 1):
            for turn in turns:
                self._measure(turn, f"{case.name} {number}/{times}")
        rows = tuple(turn.measured(case.name) for turn in turns)
        title = case.told(self.size)
        return CaseResult(case.name, title, case.unit, case.figure, round(load, 2), rows)

    def _turn(self, case: Case, peer: Peer) -> _Turn:
        if peer.name in self.crowd.absent:
            return _Turn(peer, failure=f"not installed: {self.crowd.absent[peer.name]}")
        name = peer.name.replace(" ", "-").replace(",", "")
        folder = self.folder / SHARED.get(case.name, case.name) / name
        folder.mkdir(parents=True, exist_ok=True)
        setting = Setting(folder, self.crowd.pythons[peer.name], self.size)
        return _Turn(peer, peer.does[case.name](setting))

    def _measure(self, turn: _Turn, what: str) -> None:
        if turn.failure or turn.tired:
            return
        began = self.clock()
        turn.attempt(lambda work: turn.costs.append(self.measure(work, self.manner.limit)))
        turn.tired = self.clock() - began > self.manner.patience
        self.say(f"{what}: {turn.peer.name}: {turn.told()}")


def machine() -> dict[str, str]:
    """Return what the figures were measured on."""
    return {
        "cores": str(CORES),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load before": f"{os.getloadavg()[0]:.2f}",
        "day": time.strftime("%Y-%m-%d"),
    }
