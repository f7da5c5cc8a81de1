"""Real kernels: after ``%reset`` a pipeline has the names that Run All has."""

from __future__ import annotations

import pytest

from nbpipe.proof.verify import Options, verify
from nbpipe.run.project import open_project


@pytest.mark.parametrize("engine", ["warm", "papermill"])
def test_names_deleted_by_reset_are_gone_below_and_what_is_made_after_it_is_stored(
    write_notebook, engine
):
    path = write_notebook(
        "n.ipynb",
        ("setup", "import math\nRATE = 3"),
        ("step:a", "x, keep, kept = 1, 2, 3"),
        ("step:some", "y = x + 1\n%reset_selective -f ^keep$\nz = kept"),
        ("step:look", "print(y, z, kept, 'keep' in globals())"),
        ("step:all", "%reset -f\nw = 5"),
        (
            "step:end",
            "print(w)\ntry:\n    print(RATE)\nexcept NameError:\n    print('no RATE')",
        ),
    )
    proof = verify(open_project(path), Options(engine=engine, jobs=2))
    assert [(d.spot.step, d.spot.name, d.how) for d in proof.differences] == []
    assert proof.verdict == "equal"


def test_a_name_used_after_it_was_reset_is_told_beforehand(write_notebook):
    cells = (("step:a", "x = 1"), ("step:b", "%reset -f"), ("step:c", "print(x)"))
    found = open_project(write_notebook("n.ipynb", *cells)).compile().problems
    assert found[0].message == "Step c uses x, which step b deleted."
