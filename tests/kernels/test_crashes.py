"""Worker, template and kernel are killed at every state change; the run comes to the same end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbpipe.store.store import Store
from tests import aftermath

from .engines import Ground

if TYPE_CHECKING:
    from pathlib import Path

CELLS = (
    ("step:load", "x = list(range(100))\nopen('out.csv', 'w').write('1,2')"),
    ("step:fit", "y = sum(x)"),
    ("step:show", "z = [y, len(x)]"),
    ("metrics", "y"),
)
POINTS = {
    "worker-spawned", "order-taken", "scratch-made", "kernel-ended", "outputs-stored",
    "verdict-reached", "verdict-sent",
    "template-made", "kernel-forked",
    "kernel-begun", "session-begun", "values-saved", "report-half", "report-written",
}  # fmt: skip


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    made = Ground(tmp_path / "ground")
    made.write(CELLS)
    return made


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> aftermath.Came:
    """What comes of the project when nobody disturbs it."""
    made = Ground(tmp_path_factory.mktemp("undisturbed") / "ground")
    made.write(CELLS)
    code, said = made.run("run", "--run-id", "r")
    assert code == 0, said
    with Store.open(made.store) as store:
        return aftermath.came_to(store, "r", made.project)


@pytest.mark.parametrize("point", [*sorted(POINTS), "object-named@3"])
def test_whoever_is_killed_at_whatever_state_change_the_run_ends_as_if_nobody_had_been(
    ground: Ground, undisturbed: aftermath.Came, point: str
) -> None:
    hit = ground.folder / "hit"
    code, said = ground.run("run", "--run-id", "r", NBPIPE_FAIL_AT=f"{point}:{hit}")
    assert hit.exists(), said
    if code:
        go_on(ground)
    ground.check_nothing_is_left()
    with Store.open(ground.store) as store:
        assert aftermath.came_to(store, "r", ground.project) == undisturbed
        aftermath.check_sound(store)


def go_on(ground: Ground) -> None:
    """Resume the run, and see that what had ended is not begun again."""
    with Store.open(ground.store) as store:
        done, last = aftermath.finished(store, "r"), store.ledger.run("r").last_seq
    code, said = ground.run("resume")
    assert code == 0, said
    with Store.open(ground.store) as store:
        assert not done.keys() & set(aftermath.began(store, "r", last))


def test_every_state_change_has_a_point_and_is_played() -> None:
    engine = {"run-claimed", "run-started", "run-ending", "run-ended", "task-started",
              "task-submitted", "task-ended", "task-reused", "task-retried", "items-added",
              "result-taken", "result-kept", "worker-lost", "events-waiting", "events-written",
              "lock-written"}  # fmt: skip
    assert aftermath.failpoints("run", "kernelside") - engine == POINTS
