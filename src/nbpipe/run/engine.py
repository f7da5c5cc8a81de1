"""The engine: one loop that plans, sends out orders, takes results, and keeps what happened."""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nbpipe.compile.render import rendered_id
from nbpipe.events import (
    GOOD,
    CellFinished,
    CellOutput,
    CellStarted,
    Note,
    TaskFinished,
    TaskReused,
    TasksAdded,
    TaskSkipped,
    TaskStarted,
)
from nbpipe.run.executors import Done, Lost, Told
from nbpipe.run.keep import keep_notebook, keep_result, restore_files
from nbpipe.run.learning import learn
from nbpipe.run.orders import write_order
from nbpipe.run.schedule import Room, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbpipe.compile.pipeline import Step
    from nbpipe.events import Artifact, Event, RunState, Tell
    from nbpipe.run.executors import Executor, Message
    from nbpipe.run.learning import Lesson
    from nbpipe.run.order import Result
    from nbpipe.run.planner import Considered, Planner

PAUSE = 1.0
"""Seconds before the second attempt; doubled for each one more, a minute at most."""

LOST_ATTEMPTS = 2
"""How often an attempt is made again after its worker was lost, beside the step's retries."""


def _machine_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 1 << 62


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a run is carried out.

    Attributes
    ----------
    run
        The run's id.
    tell
        Is told everything that happens.
    asked
        Says why the run is to stop; empty as long as nobody asks for it.
    engine
        Papermill engine for steps that do not name their own.
    fail_fast
        Stop everything at the first task that does not end well.
    cpu, memory, gpu
        What tasks may hold together.
    """

    run: str
    tell: Tell
    asked: Callable[[], str] = str
    engine: str = "papermill"
    fail_fast: bool = False
    cpu: float = field(default_factory=lambda: float(os.cpu_count() or 1))
    memory: int = field(default_factory=_machine_memory)
    gpu: int = 0


@dataclass(slots=True)
class _Active:
    """A task that is with the executor."""

    one: Considered
    attempt: int
    lost: int = 0


class Pass:
    """One pass over the pipeline: ends when every step ended, or when something new was learned."""

    def __init__(self, planner: Planner, executor: Executor, conduct: Conduct) -> None:
        self.run = conduct.run
        self.planner = planner
        self.executor = executor
        self.conduct = conduct
        self.tell = conduct.tell
        concerned = planner.concerned
        self.steps = {step.name: step for step in planner.pipeline.steps if step.name in concerned}
        edges = [
            e for e in planner.pipeline.edges if e.source in concerned and e.target in concerned
        ]
        self.schedule = Schedule(list(self.steps), edges)
        self.room = Room(conduct.cpu, conduct.memory, conduct.gpu)
        self.waiting: deque[_Active] = deque()
        self.active: dict[str, _Active] = {}
        self.open: dict[str, int] = {}
        self.bad: set[str] = set()
        self.lessons: list[Lesson] = []
        self.cancelled = ""
        self.by_user = False
        self.closed = False
        self.retries: list[tuple[float, _Active]] = []

    # the loop

    def carry_out(self) -> RunState:
        """Run until nothing is left to do; returns how it ended."""
        while self._is_busy():
            self._open_steps()
            self._submit()
            busy = bool(self.active or self.retries)
            for message in self.executor.poll(0.25 if busy else 0.0):
                self._take(message)
            self._heed()
        if self.by_user:
            return "cancelled"
        return "failed" if self.bad else "ok"

    def _is_busy(self) -> bool:
        left = not self.closed and not self.schedule.done
        return bool(left or self.active or self.waiting or self.retries)

    def _open_steps(self) -> None:
        while len(self.waiting) < 4 * self.executor.slots and (name := self.schedule.take()):
            self._open(self.steps[name])

    def _open(self, step: Step) -> None:
        if step.foreach is None:
            self._enqueue(step, self.planner.consider(step))
            return
        items = self.planner.static_items(step)
        if items is not None:
            self.planner.items[step.name] = items
            self._open_items(step)
            return
        assert step.enumerate is not None
        self._enqueue(step, self.planner.consider(step.enumerate))

    def _open_items(self, step: Step) -> None:
        items = self.planner.items[step.name]
        found = self.planner.consider(step, items)
        labels = tuple(item.label for item in items)
        self.tell(TasksAdded(step.name, tuple(one.task for one in found), labels))
        self._enqueue(step, found)

    def _enqueue(self, step: Step, found: list[Considered]) -> None:
        """Take up the tasks of a step: reuse at once, run when there is room."""
        self.open[step.name] = len(found)
        if not found:
            self._end_step(step.name)
        for one in found:
            self.planner.check_left_out(one)
            if one.result is not None:
                self._reuse(one)
            else:
                self.waiting.append(_Active(one, 1))

    def _submit(self) -> None:
        now = time.monotonic()
        due = [active for at, active in self.retries if at <= now]
        self.retries = [(at, active) for at, active in self.retries if at > now]
        self.waiting.extendleft(due)
        while self.waiting and len(self.active) < self.executor.slots:
            active = self.waiting[0]
            asked = active.one.step.options.resources
            if not self.room.fits(asked):
                return
            self.waiting.popleft()
            self.room.take(asked)
            self._start(active)

    def _start(self, active: _Active) -> None:
        one = active.one
        order = write_order(self.planner, one, self.run, active.attempt, self.conduct.engine)
        self.active[one.task] = active
        reason = one.decision.reason if active.attempt == 1 else "it is tried again"
        self.tell(TaskStarted(one.task, active.attempt, len(order.own), one.key, reason))
        self.executor.submit(order)

    # what comes back

    def _take(self, message: Message) -> None:
        match message:
            case Told(event):
                self._pass_on(event)
            case Done(result):
                active = self.active.get(result.task)
                if active is not None and active.attempt == result.attempt:
                    self._finish(active, result)
            case Lost(task, attempt, why):
                active = self.active.get(task)
                if active is not None and active.attempt == attempt:
                    self._lost(active, why)

    def _pass_on(self, event: Event) -> None:
        """Tell of cells by the ids they have in the source notebook."""
        if isinstance(event, (CellStarted, CellFinished, CellOutput)):
            active = self.active.get(event.task)
            if active is None:
                return
            source = {rendered_id(cell): cell for cell in active.one.step.cells}
            event = replace(event, cell=source.get(event.cell, event.cell))
        self.tell(event)

    def _finish(self, active: _Active, result: Result) -> None:
        one = active.one
        self._release(active)
        tries = one.step.options.retries
        again = result.state not in (*GOOD, "cancelled") and active.attempt <= tries
        again = again and not self.cancelled
        lesson = learn(self.planner, one, result)
        if lesson:
            self.lessons.append(lesson)
        # A name that was missing comes with the next pass; then it is no failure of the step.
        lacking = result.state == "failed" and bool(lesson and lesson.learned.needs)
        lacking = lacking and not self.cancelled
        self.tell(_finished(one, result, again or lacking))
        self._keep_notebook(one.task, result.artifacts)
        if lacking:
            self._hold()
        elif again:
            self._retry(active)
        elif result.state == "ok":
            keep_result(self.planner, one, result, self.run)
            self.planner.note_end(one.task, result.artifacts)
            self._end_task(one)
        else:
            self._fail(one, f"{one.task} {_SAID.get(result.state, result.state)}")

    def _retry(self, active: _Active) -> None:
        pause = min(PAUSE * 2.0 ** (active.attempt - 1), 60.0)
        self.tell(Note(f"It is tried again in {pause:.0f} s.", active.one.task))
        later = _Active(active.one, active.attempt + 1, active.lost)
        self.retries.append((time.monotonic() + pause, later))

    def _lost(self, active: _Active, why: str) -> None:
        self._release(active)
        if active.lost < LOST_ATTEMPTS and not self.cancelled:
            self.tell(
                Note(f"Its worker was lost ({why}); it is run again.", active.one.task, "warning")
            )
            self.waiting.appendleft(_Active(active.one, active.attempt + 1, active.lost + 1))
            return
        from nbpipe.events import Failure

        failure = Failure("WorkerDied", f"Its worker was lost {active.lost + 1} times: {why}.")
        self.tell(
            TaskFinished(
                active.one.task, "failed", 0.0, active.attempt, active.one.key, error=failure
            )
        )
        self._fail(active.one, f"{active.one.task} lost its worker")

    def _release(self, active: _Active) -> None:
        del self.active[active.one.task]
        self.room.give_back(active.one.step.options.resources)

    def _reuse(self, one: Considered) -> None:
        result = one.result
        assert result is not None
        for text in restore_files(self.planner, result.artifacts):
            self.tell(Note(text, one.task))
        self._keep_notebook(one.task, result.artifacts)
        self.planner.note_end(one.task, result.artifacts)
        if result.run != self.run:  # what an earlier pass of this run made is told already
            self.tell(
                TaskReused(
                    one.task, one.key, one.decision.reason, result.run, result.task,
                    result.artifacts, result.metrics,
                )
            )  # fmt: skip
        self._end_task(one)

    # how steps end

    def _end_task(self, one: Considered) -> None:
        name = one.step.name.removesuffix("[]")
        self.open[name] -= 1
        if self.open[name]:
            return
        if one.step.name.endswith("[]"):
            step = self.steps[name]
            self.planner.items[name] = self.planner.stored_items(step)
            self._open_items(step)
        else:
            self._end_step(name)

    def _end_step(self, name: str) -> None:
        if name not in self.bad:
            self.schedule.end(name, well=True)

    def _fail(self, one: Considered, why: str) -> None:
        name = one.step.name.removesuffix("[]")
        first = name not in self.bad
        self.bad.add(name)
        if first:
            self._skip(
                self.schedule.end(name, well=False), f"it depends on {name}, which did not end well"
            )
        if self.conduct.fail_fast and not self.cancelled:
            self.stop(f"{why}, and the run is to stop at the first failure")

    def _skip(self, names: Iterable[str], reason: str) -> None:
        for name in names:
            self.tell(TaskSkipped(name, reason))

    # stopping

    def stop(self, why: str) -> None:
        """Start nothing more and cancel what runs."""
        self.cancelled = self.cancelled or why
        self.closed = True
        self._skip_cancelled(self.schedule.stop())
        self._skip_cancelled(active.one.task for active in self.waiting)
        self._skip_cancelled(active.one.task for _, active in self.retries)
        self.waiting.clear()
        self.retries.clear()
        for task in list(self.active):
            self.executor.cancel(task)

    def _skip_cancelled(self, tasks: Iterable[str]) -> None:
        for task in tasks:
            self.tell(TaskSkipped(task, self.cancelled, "cancelled"))

    def _heed(self) -> None:
        """Look for what others ask of this run, and whether to plan anew."""
        asked = self.conduct.asked()
        if asked and not self.cancelled:
            self.by_user = True
            self.stop(asked)
        if (
            self.lessons
            and any(lesson.structural for lesson in self.lessons)
            and not self.cancelled
        ):
            self._hold()

    def _hold(self) -> None:
        """Open nothing more: what was learned changes what follows; running tasks go on."""
        self.closed = True
        self.schedule.stop()
        self.waiting.clear()

    def _keep_notebook(self, task: str, artifacts: Iterable[Artifact]) -> None:
        keep_notebook(self.planner.store, self.run, task, artifacts)


def _finished(one: Considered, result: Result, again: bool) -> TaskFinished:
    return TaskFinished(
        one.task, result.state, result.seconds, result.attempt, one.key, result.artifacts,
        result.metrics, result.checks, result.error, result.peak, again,
    )  # fmt: skip


_SAID = {
    "failed": "failed",
    "kernel-died": "lost its kernel",
    "out-of-memory": "ran out of memory",
    "timed-out": "took too long",
    "interrupted": "was interrupted",
    "cancelled": "was cancelled",
}
