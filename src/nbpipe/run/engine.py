"""The engine: one loop that plans, sends out orders, takes results, and keeps what happened."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, replace
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
from nbpipe.kernelside.failpoints import reach
from nbpipe.run.executors import Done, Lost, Told
from nbpipe.run.keep import keep_notebook, restore_files, result_of
from nbpipe.run.learning import learn
from nbpipe.run.orders import write_order
from nbpipe.run.planner import task_name
from nbpipe.run.schedule import Room, Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nbpipe.compile.pipeline import Step
    from nbpipe.compile.render import Item
    from nbpipe.events import Artifact, Event, RunState
    from nbpipe.run.conduct import Conduct
    from nbpipe.run.executors import Executor, Message
    from nbpipe.run.learning import Lesson
    from nbpipe.run.order import Result
    from nbpipe.run.planner import Considered, Planner

LONGEST_PAUSE = 60.0
"""Seconds that doubling the pause before an attempt comes to at most."""

LOOK_AGAIN = 0.25
"""Seconds between two looks at what another run is making."""

LOST_ATTEMPTS = 2
"""How often an attempt is made again after its worker was lost, beside the step's retries."""

IDLE = 0.1
"""Seconds to wait for messages before looking whether something waits to be written."""

AT_ONCE = 200
"""How many tasks are taken up before messages are looked at again."""


@dataclass(slots=True)
class _Active:
    """A task that is with the executor."""

    one: Considered
    attempt: int
    lost: int = 0
    awaited: str = ""
    looked: bool = False


class _Coming:
    """The tasks of an opened fan-out that were not taken up yet."""

    def __init__(self, step: Step, items: Sequence[Item], found: Iterator[Considered]) -> None:
        self._step, self._items, self._found = step, items, found
        self._taken = 0

    def next(self) -> Considered | None:
        """Take the next one; None if all were taken."""
        one = next(self._found, None)
        self._taken += one is not None
        return one

    def names(self) -> list[str]:
        """The names of those that were not taken."""
        return [task_name(self._step, item) for item in self._items[self._taken :]]


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
        self.coming: deque[_Coming] = deque()
        self.waiting: deque[_Active] = deque()
        self.active: dict[str, _Active] = {}
        self.open: dict[str, int] = {}
        self.ids: dict[str, dict[str, str]] = {}
        self.bad: set[str] = set()
        self.lessons: dict[str, Lesson] = {}
        self.cancelled = ""
        self.by_user = self.late = False
        self.closed = False
        self.retries: list[tuple[float, _Active]] = []

    # the loop

    def carry_out(self) -> RunState:
        """Run until nothing is left to do; returns how it ended."""
        while self._is_busy():
            more = self._take_up()
            self._submit()
            wait = bool(self.active or self.retries) and not more
            for message in self.executor.poll(IDLE if wait else 0.0):
                self._take(message)
            self._heed()
        if self.by_user:
            return "cancelled"
        return "failed" if self.bad or self.late else "ok"

    def _is_busy(self) -> bool:
        left = not self.closed and not self.schedule.done
        return bool(left or self.active or self.waiting or self.retries)

    def _take_up(self) -> bool:
        """Take up tasks until enough of them wait; returns whether to go on at once.

        The items of a fan-out are looked at as they are needed: what is held does not grow
        with how many there are.
        """
        for _ in range(AT_ONCE):
            if len(self.waiting) >= 4 * self.executor.slots:
                return False
            if self.coming:
                one = self.coming[0].next()
                if one is None:
                    self.coming.popleft()
                else:
                    self._enqueue(one)
            elif name := self.schedule.take():
                self._open(self.steps[name])
            else:
                return False
        return True

    def _open(self, step: Step) -> None:
        items = None if step.foreach is None else self.planner.static_items(step)
        if items is not None:
            self.planner.items[step.name] = items
            self._open_items(step)
            return
        self.open[step.name] = 1
        self._enqueue(self.planner.consider(step.enumerate or step))

    def _open_items(self, step: Step) -> None:
        items = self.planner.items[step.name]
        tasks = tuple(task_name(step, item) for item in items)
        self.tell(TasksAdded(step.name, tasks, tuple(item.label for item in items)))
        reach("items-added")
        self.open[step.name] = len(items)
        if items:
            found = self.planner.consider_items(step, items)
            self.coming.append(_Coming(step, items, found))
        else:
            self._end_step(step.name)

    def _enqueue(self, one: Considered) -> None:
        """Take up a task: reuse at once, run when there is room."""
        self.planner.check_left_out(one)
        if one.result is not None:
            self._reuse(one)
        else:
            self.waiting.append(_Active(one, self.conduct.before.get(one.task, 0) + 1))

    def _submit(self) -> None:
        now = time.monotonic()
        due = [active for at, active in self.retries if at <= now]
        self.retries = [(at, active) for at, active in self.retries if at > now]
        self.waiting.extendleft(active for active in due if not active.awaited)
        for active in due:
            if active.awaited:
                self._look_again(active)
        while self.waiting and len(self.active) < self.executor.slots:
            active = self.waiting[0]
            asked = active.one.step.options.resources
            if not self.room.fits(asked):
                return
            self.waiting.popleft()
            if not self._is_made_elsewhere(active):
                self.room.take(asked)
                self._start(active)

    def _is_made_elsewhere(self, active: _Active) -> bool:
        """Whether another run is at the same work; then its result is waited for."""
        one = active.one
        holder, made = self.conduct.lease(one.key)
        if not holder and made and not active.looked:
            active.looked = True  # once: what is forced has a result and runs all the same
            self._look_again(active)
            return True
        if not holder:
            return False
        if holder != active.awaited:
            self.tell(Note(f"Run {holder} is making the same; its result is waited for.", one.task))
        active.awaited = holder
        self.retries.append((time.monotonic() + LOOK_AGAIN, active))
        return True

    def _look_again(self, active: _Active) -> None:
        """Take what the other run has made by now; else stand in the queue again."""
        (one,) = self.planner.consider_items(active.one.step, (active.one.item,))
        if one.result is not None:
            self._reuse(one)
        else:
            active.one = one
            self.waiting.appendleft(active)

    def _start(self, active: _Active) -> None:
        one = active.one
        order = write_order(self.planner, one, self.run, active.attempt, self.conduct.engine)
        if self.conduct.linger and self._tried(active) > one.step.options.retries:
            order = replace(order, linger=self.conduct.linger)
        self.active[one.task] = active
        reason = one.decision.reason if self._tried(active) == 1 else "it is tried again"
        self.tell(TaskStarted(one.task, active.attempt, len(order.own), one.key, reason))
        reach("task-started")
        self.executor.submit(order)
        reach("task-submitted")

    def _tried(self, active: _Active) -> int:
        """How often it was tried since the run was begun or resumed."""
        return active.attempt - self.conduct.before.get(active.one.task, 0)

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
            source = self._source_ids(active.one.step)
            if event.cell in source:
                event = replace(event, cell=source[event.cell])
        self.tell(event)

    def _source_ids(self, step: Step) -> dict[str, str]:
        """Return rendered id → id in the source notebook, of the cells where they differ."""
        if step.name not in self.ids:
            pairs = ((rendered_id(cell), cell) for cell in step.cells)
            self.ids[step.name] = {made: cell for made, cell in pairs if made != cell}
        return self.ids[step.name]

    def _finish(self, active: _Active, result: Result) -> None:
        one = active.one
        reach("result-taken")
        self._release(active)
        tries = one.step.options.retries
        again = result.state not in (*GOOD, "cancelled") and self._tried(active) <= tries
        again = again and not self.cancelled
        lesson = learn(self.planner, one, result)
        if lesson:
            self.conduct.learn(lesson)  # before the end is told: the result's key hangs on it
            before = self.lessons.get(lesson.step)
            self.lessons[lesson.step] = before.joined(lesson) if before else lesson
        # A name that was missing comes with the next pass; then it is no failure of the step.
        lacking = result.state == "failed" and bool(lesson and lesson.learned.needs)
        lacking = lacking and not self.cancelled
        self.tell(_finished(one, result, again or lacking))
        self._keep_notebook(one.task, result.artifacts)
        reach("task-ended")
        if lacking:
            self._hold()
        elif again:
            self._retry(active)
        elif result.state == "ok":
            fit = result_of(self.planner, one, result, self.run)
            if fit is not None:
                self.conduct.keep(fit)
                reach("result-kept")
            self.planner.note_end(one.task, result.artifacts)
            self._end_task(one)
        else:
            self._fail(one, f"{one.task} {_SAID.get(result.state, result.state)}")

    def _retry(self, active: _Active) -> None:
        pause = pause_before(active.one.step.options.retry_delay, self._tried(active))
        self.tell(Note(f"It is tried again in {pause:g} s.", active.one.task))
        later = _Active(active.one, active.attempt + 1, active.lost)
        self.retries.append((time.monotonic() + pause, later))
        reach("task-retried")

    def _lost(self, active: _Active, why: str) -> None:
        self._release(active)
        if active.lost < LOST_ATTEMPTS and not self.cancelled:
            self.tell(
                Note(f"Its worker was lost ({why}); it is run again.", active.one.task, "warning")
            )
            self.waiting.appendleft(_Active(active.one, active.attempt + 1, active.lost + 1))
            reach("worker-lost")
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
        if one.item is None:  # that of an item is put there when somebody asks for it
            self._keep_notebook(one.task, result.artifacts)
        self.planner.note_end(one.task, result.artifacts)
        # What an earlier pass of this run made is told already.
        if (result.run, result.task) != (self.run, one.task):
            self.tell(
                TaskReused(
                    one.task, one.key, one.decision.reason, result.run, result.task,
                    result.artifacts, result.metrics,
                )
            )  # fmt: skip
        reach("task-reused")
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
        self._skip_cancelled(name for coming in self.coming for name in coming.names())
        self._skip_cancelled(active.one.task for active in self.waiting)
        self._skip_cancelled(active.one.task for _, active in self.retries)
        self.coming.clear()
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
        if time.monotonic() > self.conduct.deadline and not self.cancelled:
            self.late = True
            self.stop(f"the run took longer than the {self.conduct.timeout:g} seconds it may take")
        if (
            self.lessons
            and any(lesson.structural for lesson in self.lessons.values())
            and not self.cancelled
        ):
            self._hold()

    def _hold(self) -> None:
        """Open nothing more: what was learned changes what follows; running tasks go on."""
        self.closed = True
        self.schedule.stop()
        self.coming.clear()
        self.waiting.clear()

    def _keep_notebook(self, task: str, artifacts: Iterable[Artifact]) -> None:
        keep_notebook(self.planner.store, self.run, task, artifacts)


def pause_before(delay: float, tried: int) -> float:
    """Return the seconds to wait after so many attempts; the first delay is never cut."""
    doubled = delay * 2.0 ** min(tried - 1, 64)
    return min(doubled, max(LONGEST_PAUSE, delay))


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
