from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbpipe.events import (
    Artifact,
    CellFinished,
    CellStarted,
    Failure,
    Note,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskReused,
    TasksAdded,
    TaskSkipped,
    TaskStarted,
)
from nbpipe.store.database import SqliteDatabase
from nbpipe.store.ledger import Ledger, NewRun

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.events import (
        Event,
    )

STEPS = ("a", "b", "c")
tasks = st.sampled_from((*STEPS, "b[]", "b[0]", "b[1]", "b[2]"))
attempts = st.integers(1, 3)
seconds = st.sampled_from((0.0, 1.5))
ends = st.sampled_from(("ok", "failed", "timed-out", "cancelled"))
artifacts = st.lists(
    st.builds(
        Artifact,
        st.sampled_from(("x", "y")),
        st.sampled_from(("sha256:" + "a" * 64, "sha256:" + "b" * 64)),
        st.just(3),
        st.just("value"),
    ),
    max_size=2,
).map(tuple)
errors = st.none() | st.builds(Failure, st.just("E"), st.text(max_size=3))


def items(count: int) -> TasksAdded:
    names = tuple(f"b[{n}]" for n in range(count))
    return TasksAdded("b", names, names)


events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        RunStarted,
        st.just(""),
        st.just("papermill"),
        st.permutations(STEPS).map(tuple),
        resumed=st.booleans(),
    ),
    st.integers(0, 3).map(items),
    st.builds(TaskStarted, tasks, attempts, st.integers(0, 3), st.sampled_from(("", "k"))),
    st.builds(CellStarted, tasks, st.just("c1"), st.just(0)),
    st.builds(CellFinished, tasks, st.just("c1"), st.sampled_from(("ok", "not-run")), seconds),
    st.builds(
        TaskFinished, tasks, ends, seconds, attempts,
        artifacts=artifacts, error=errors, again=st.booleans(),
    ),
    st.builds(
        TaskReused, tasks, st.just("k"), st.just("same"), st.just("r0"), tasks, artifacts
    ),
    st.builds(TaskSkipped, tasks, st.just("why")),
    st.builds(Note, st.text(max_size=3), st.just("")),
    st.builds(RunFinished, st.sampled_from(("ok", "failed")), seconds),
)  # fmt: skip


@given(told=st.lists(st.lists(events, min_size=1, max_size=4), max_size=8))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_derived_anew_from_the_events_is_what_was_kept(
    tmp_path: Path, told: list[list[Event]]
) -> None:
    path = tmp_path / "ledger.db"
    with Ledger(SqliteDatabase(path)) as ledger:
        run = f"r{len(ledger.runs(limit=10_000))}"
        ledger.begin_run(NewRun(run, "/p"))
        for some in told:
            ledger.record_all(run, some)
        kept = ledger.tasks(run), ledger.run(run)
        recorded = ledger.events(run)
        ledger.rebuild(run)
        assert (ledger.tasks(run), ledger.run(run)) == kept
        assert [one.seq for one in recorded] == list(range(1, sum(map(len, told)) + 1))
