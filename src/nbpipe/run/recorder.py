"""The recorder: writes a run's events to the ledger in their order, and passes them on."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from nbpipe.events import CellOutput, RunFinished, TaskFinished, TaskReused
from nbpipe.kernelside.failpoints import reach
from nbpipe.wire import dump_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TextIO

    from nbpipe.events import Event, Tell
    from nbpipe.store.rows import RequestRow, StoredResult
    from nbpipe.store.store import Store

PAUSE = 0.1
"""Seconds that events may wait to be written together with others."""

MOST = 500
"""Events that are written together at most: what waits takes memory."""

PATIENCE = 5
"""How many times as long, and as many, may wait where all that waits is of tasks reused."""

BEAT = 2.0
"""Seconds between two signs of life, and between two looks for requests."""


class Recorder:
    """Takes events of one run, and the results that are kept for reuse.

    They are written in short batches, each in one transaction: events in their order, then
    how run and tasks stand, then the results of the tasks whose ends are among them. A task's
    end is passed on once it is written, and so is what follows it: what was told as finished
    is in the store. If the engine is killed, tasks whose end was still waiting run again.

    What cells print goes to a plain file beside the executed notebooks, not to the ledger.

    Parameters
    ----------
    store, run, tell
        Where the run is kept, its id, and who is told what is written.
    clock
        Gives seconds; never the time of day, which may be set.
    heard
        What was asked of the run before it was taken up again, and is passed over: a run that
        was cancelled can be resumed. Only what differs from it counts, not what is later.

    Attributes
    ----------
    results
        Key → result, of those that wait to be written.
    """

    def __init__(
        self,
        store: Store,
        run: str,
        tell: Tell,
        clock: Callable[[], float] = time.monotonic,
        heard: Iterable[RequestRow] = (),
    ) -> None:
        self.store = store
        self.run = run
        self.pass_on = tell
        self.clock = clock
        self.heard = frozenset(heard)
        self.results: dict[str, StoredResult] = {}
        self.waiting: list[Event] = []
        self.held: list[Event] = []
        self.pressing = False
        self.written_at = clock()
        self.beaten_at = clock()
        self.stop_reason = ""
        self._outputs: TextIO | None = None

    def tell(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, CellOutput):
            self._write_output(event)
        else:
            self.waiting.append(event)
            self.pressing = self.pressing or not isinstance(event, TaskReused)
        if self.held or isinstance(event, (TaskFinished, RunFinished)):
            self.held.append(event)
        else:
            self.pass_on(event)
        if isinstance(event, RunFinished):
            self.flush()

    def keep(self, result: StoredResult) -> None:
        """Take the result of a task whose end was told; it is written together with that."""
        self.results[result.key] = result

    def flush(self) -> None:
        """Write what waits, in one transaction, and pass on what was held back."""
        if self.waiting or self.results:
            reach("events-waiting")
            self.store.ledger.record_all(self.run, self.waiting, tuple(self.results.values()))
            reach("events-written")
            self.waiting = []
            self.pressing = False
            self.results.clear()
        if self._outputs is not None:
            self._outputs.flush()
        self.written_at = self.clock()
        held, self.held = self.held, []
        for event in held:
            self.pass_on(event)

    def flush_if_due(self) -> None:
        """Write what waits if it waited long enough, or is much."""
        patience = 1 if self.pressing else PATIENCE
        waited = self.clock() - self.written_at
        if len(self.waiting) >= patience * MOST or waited >= patience * PAUSE:
            self.flush()

    def asked(self) -> str:
        """Say why the run is to stop, if somebody asked for it; also gives signs of life."""
        self.flush_if_due()
        if self.clock() - self.beaten_at >= BEAT:
            self.beaten_at = self.clock()
            self.store.ledger.beat(self.run)
            for request in self.store.ledger.requests(self.run):
                if request.what == "cancel" and request not in self.heard:
                    self.stop_reason = (
                        self.stop_reason or f"{request.by or 'someone'} cancelled the run"
                    )
        return self.stop_reason

    def stop(self, reason: str) -> None:
        """Ask from this process that the run stops."""
        self.stop_reason = self.stop_reason or reason

    def close(self) -> None:
        """Write what waits and close the file of outputs."""
        self.flush()
        if self._outputs is not None:
            self._outputs.close()

    def _write_output(self, event: CellOutput) -> None:
        if self._outputs is None:
            path = self.store.run_folder(self.run) / "output.jsonl"
            self._outputs = open(  # noqa: SIM115 - closed by close()
                path, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)
            )
        line = {"at": time.time(), **dump_event(event)}
        self._outputs.write(json.dumps(line, ensure_ascii=True) + "\n")
