"""The recorder: writes a run's events to the ledger in their order, and passes them on."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from nbpipe.events import CellOutput, RunFinished, TaskFinished
from nbpipe.wire import dump_event

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from nbpipe.events import Event, Tell
    from nbpipe.store.store import Store

PAUSE = 0.25
"""Seconds that events may wait to be written together with others."""

BEAT = 2.0
"""Seconds between two signs of life, and between two looks for requests."""


class Recorder:
    """Takes events of one run.

    An event that names stored bytes, and the end of the run, are written at once; others wait
    a moment and are written together. What cells print goes to a plain file beside the
    executed notebooks, not to the ledger. What was asked of the run before `since` (UTC,
    seconds since 1970) is passed over: a run that was cancelled can be resumed.
    """

    def __init__(
        self,
        store: Store,
        run: str,
        tell: Tell,
        clock: Callable[[], float] = time.monotonic,
        since: float = 0.0,
    ) -> None:
        self.store = store
        self.run = run
        self.pass_on = tell
        self.clock = clock
        self.since = since
        self.waiting: list[Event] = []
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
            if isinstance(event, (TaskFinished, RunFinished)) or self._is_due():
                self.flush()
        self.pass_on(event)

    def flush(self) -> None:
        """Write what waits, in one transaction."""
        if self.waiting:
            self.store.ledger.record_all(self.run, self.waiting)
            self.waiting = []
        self.written_at = self.clock()

    def asked(self) -> str:
        """Say why the run is to stop, if somebody asked for it; also gives signs of life."""
        if self.waiting and self._is_due():
            self.flush()
        if self.clock() - self.beaten_at >= BEAT:
            self.beaten_at = self.clock()
            self.store.ledger.beat(self.run)
            for request in self.store.ledger.requests(self.run):
                if request.what == "cancel" and request.at >= self.since:
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

    def _is_due(self) -> bool:
        return self.clock() - self.written_at >= PAUSE

    def _write_output(self, event: CellOutput) -> None:
        if self._outputs is None:
            self._outputs = open(  # noqa: SIM115 - closed by close()
                self.store.run_folder(self.run) / "output.jsonl", "a", encoding="utf-8"
            )
        line = {"at": time.time(), **dump_event(event)}
        self._outputs.write(json.dumps(line, ensure_ascii=True) + "\n")
        self._outputs.flush()
