"""Real kernels: what `verify` says of notebooks that are equal, differ, vary, or cannot be run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe.proof.verify import Options, verify
from nbpipe.run.project import open_project
from nbpipe.wire import dump

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.proof.findings import Proof
    from tests.conftest import WriteNotebook

NUMPY = "import numpy as np\nimport random"

KEEPS = "kept = []\ndef keep(): kept.append(1)\n"
"""A module that keeps what its own function is told: state that no step can give to another."""


@pytest.fixture
def prove(write_notebook: WriteNotebook, tmp_path: Path) -> Any:
    def run(*cells: str | tuple[str, str], **files: str) -> Proof:
        for name, text in files.items():
            (tmp_path / f"{name}.py").write_text(text)
        path = write_notebook("n.ipynb", *cells)
        before = path.read_bytes(), sorted(tmp_path.rglob("*"))
        proof = verify(open_project(path), Options(engine="warm", jobs=2))
        assert (path.read_bytes(), sorted(tmp_path.rglob("*"))) == before
        return proof

    return run


def found(proof: Proof) -> list[tuple[str, str, str]]:
    return [(d.spot.step, d.spot.what, d.spot.name) for d in proof.differences]


def test_a_pipeline_that_gives_what_run_all_gives_is_equal(prove: Any) -> None:
    proof = prove(
        "import pandas as pd\nimport matplotlib.pyplot as plt",
        ("step:load", "t = pd.DataFrame({'a': [1, 2], 'b': ['x', None]})\nt"),
        ("step:work", "t['c'] = t.a * 2\nprint(object())"),
        ("step:draw", "plt.plot(t.c)\nplt.show()"),
    )
    assert (proof.verdict, proof.differences, proof.cells) == ("equal", (), 3)
    assert proof.values >= 2


def test_settings_and_seeds_reach_the_steps_below(prove: Any) -> None:
    proof = prove(
        f"{NUMPY}\nimport os, sys, warnings\nimport pandas as pd\nimport matplotlib.pyplot as plt",
        "np.random.seed(3)\nrandom.seed(3)",
        ("step:set", "plt.rcParams['figure.figsize'] = (2, 1)\nos.environ['WORD'] = 'x'\n"
         "pd.set_option('display.precision', 2)\nnp.set_printoptions(precision=3)\n"
         "warnings.simplefilter('ignore')"),
        ("step:draw", "a = np.random.rand(3)\nprint(a, random.random())"),
        ("step:again", "print(np.random.rand(2), random.random(), os.environ['WORD'])\n"
         "plt.plot([1, 2])\nplt.show()\nwarnings.warn('no')"),
        ("step:seed", "np.random.seed(9)\nb = np.random.rand()"),
        ("step:last", "print(np.random.rand(), pd.DataFrame({'a': [1 / 3]}))"),
    )  # fmt: skip
    assert (proof.verdict, found(proof)) == ("equal", [])


def test_hidden_state_is_found_and_named(prove: Any) -> None:
    proof = prove(
        "import mine",
        ("step:a", "mine.remember(1)"),
        ("step:b", "x = mine.recall()\nprint(x)"),
        mine="kept = []\ndef remember(x): kept.append(x)\ndef recall(): return list(kept)\n",
    )
    assert proof.verdict == "different"
    assert ("b", "output", "c2") in found(proof)
    assert ("b", "value", "x") in found(proof)


def test_what_follows_from_another_difference_says_so(prove: Any) -> None:
    proof = prove(
        "import mine",
        ("step:a", "mine.remember(1)"),
        ("step:b", "x = mine.recall()"),
        ("step:c", "y = x + [1]"),
        mine="kept = []\ndef remember(x): kept.append(x)\ndef recall(): return list(kept)\n",
    )
    causes = {d.spot.name: d.cause for d in proof.differences}
    assert causes["y"] == "follows"
    assert causes["x"] != "follows"


def test_a_change_in_place_that_nobody_sees_coming_is_learned_and_equal(prove: Any) -> None:
    proof = prove(
        "from mine import touch",
        ("step:a", "xs = [1]"),
        ("step:b", "touch(xs)"),
        ("step:c", "print(xs)"),
        mine="def touch(xs): xs.append(2)\n",
    )
    assert (proof.verdict, found(proof)) == ("equal", [])
    assert any("changed xs" in note for note in proof.notes)


def test_random_numbers_that_nothing_seeds_are_held_the_same(prove: Any) -> None:
    proof = prove(
        NUMPY,
        (
            "step:a",
            "import uuid\nx = np.random.rand(3)\ny = np.random.default_rng().random()\n"
            "name = uuid.uuid4().hex",
        ),
        ("step:b", "print(x, y, random.random(), name)"),
    )
    assert (proof.verdict, proof.differences) == ("equal", ())
    assert proof.held == ("numpy", "random", "torch")
    assert "varies (cell 3)" in proof.sentence


def test_a_step_that_fails_by_chance_is_run_again_with_random_numbers_held(prove: Any) -> None:
    proof = prove(
        f"{NUMPY}\nimport os",
        ("step:a", "x = np.random.rand()\nprint(x)"),
        ("step:b", "assert os.path.dirname(os.getcwd())[-1] != 'b'\nprint(x)"),
    )
    assert (proof.verdict, proof.differences) == ("equal", ())


def test_what_run_all_gives_otherwise_each_time_is_no_difference_of_the_pipeline(
    prove: Any,
) -> None:
    proof = prove(
        "import time",
        ("step:a", "now = time.time_ns()"),
        ("step:b", "print('at', now)"),
        ("step:c", "print('same')"),
    )
    assert (proof.verdict, proof.differences) == ("equal", ())
    said = "The pipeline gives what Run All gives, but for what Run All itself gives otherwise"
    assert proof.sentence == f"{said} each time: cell 3."


def test_a_difference_beside_what_varies_is_told(prove: Any) -> None:
    proof = prove(
        "import time\nimport mine",
        ("step:a", "mine.keep()"),
        ("step:b", "print('at', time.time_ns(), 'with', len(mine.kept))"),
        mine=KEEPS,
    )
    assert proof.verdict == "varies"
    assert proof.sentence == "The notebook itself differs from run to run: cell 3."
    assert {d.cause for d in proof.differences} == {"time"}


def test_what_only_memory_holds_by_chance_is_no_difference(prove: Any) -> None:
    proof = prove(
        NUMPY, ("step:a", "x = np.ones(3)"), ("step:b", "y = np.empty(100_000)\nprint(x)")
    )
    assert (proof.verdict, found(proof)) == ("equal", [])


def test_a_notebook_that_does_not_run_is_refused_with_the_cell(prove: Any) -> None:
    proof = prove(("step:a", "x = 1"), ("step:b", "x / 0"))
    assert proof.verdict == "refused"
    assert "n.ipynb, cell 2: ZeroDivisionError" in proof.sentence


def test_a_pipeline_that_fails_alone_is_different(prove: Any) -> None:
    proof = prove(
        "def make(): return (i for i in range(3))",
        ("step:a", "gen = make()"),
        ("step:b", "print(list(gen))"),
    )
    assert proof.verdict == "different"
    failures = [d for d in proof.differences if d.spot.what == "failure"]
    assert failures[0].spot.step == "a"
    assert "gen" in failures[0].how


def test_files_go_from_step_to_step_and_neither_run_sees_the_others(prove: Any) -> None:
    proof = prove(
        "import os",
        ("step:write", "assert not os.path.exists('out.txt')\nopen('out.txt', 'w').write('1')"),
        ("step:read", "print(open('out.txt').read(), os.getcwd())"),
    )
    assert (proof.verdict, found(proof)) == ("equal", [])


def test_notebooks_that_share_names_are_compared_with_one_kernel(
    write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    write_notebook("a.ipynb", ("step:a", "x = [1]"))
    write_notebook("b.ipynb", ("step:b", "y = x + [2]\nprint(y)"))
    proof = verify(open_project(tmp_path), Options(engine="warm", jobs=2))
    assert (proof.verdict, proof.cells, proof.values) == ("equal", 2, 2)


@pytest.fixture
def prove_fan_out(write_notebook: WriteNotebook) -> Any:
    """Prove a notebook whose third cell begins a fan-out over `items`, with the cells given."""

    def run(items: str, *cells: tuple[str, str]) -> Proof:
        path = write_notebook("n.ipynb", *cells)
        data = json.loads(path.read_text())
        for cell in data["cells"]:
            tags = cell["metadata"].get("tags", [])
            if "step:each" in tags:
                tags.append(f"foreach:x in {items}")
        path.write_text(json.dumps(data))
        return verify(open_project(path), Options(engine="warm", jobs=2))

    return run


EACH = ("step:each", "y = x * 10\nprint(y)")
GATHERED = ("step:all", "import nbpipe\nys = nbpipe.gather('y')\nprint(sum(ys))")


def test_a_fan_out_is_compared_for_the_item_at_hand_and_what_was_not_is_said(
    prove_fan_out: Any,
) -> None:
    proof = prove_fan_out(
        "xs", ("step:load", "xs = [1, 2, 3]"), ("skip", "at = 1"), ("skip", "x = xs[at]"),
        EACH, GATHERED,
    )  # fmt: skip
    assert (proof.verdict, proof.differences) == ("equal", ())
    assert proof.compared == ("load", "each", "all")
    assert (proof.cells, proof.values) == (3, 3)
    assert "one item of 3" in proof.uncompared[0]
    assert "at hand: 2." in proof.uncompared[0]


def test_what_differs_in_the_item_at_hand_is_found(prove_fan_out: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(KEEPS)
    proof = prove_fan_out(
        "[5, 6]", ("setup", "import mine"), ("step:tell", "mine.keep()\nz = 1"),
        ("skip", "x = 6"), ("step:each after:tell", "y = x + len(mine.kept)\nprint(y)"),
    )  # fmt: skip
    assert proof.verdict == "different"
    assert ("each", "value", "y") in found(proof)


@pytest.mark.parametrize(
    ("pick", "why"),
    [
        ("x = 7", "x is 7 there, which is not among xs"),
        ("z = 7", "nothing binds x"),
    ],
)
def test_a_fan_out_without_an_item_at_hand_is_refused_with_the_reason(
    prove_fan_out: Any, pick: str, why: str
) -> None:
    proof = prove_fan_out("xs", ("step:load", "xs = [1, 2]"), ("skip", pick), EACH)
    assert (proof.verdict, [p.code for p in proof.problems]) == ("refused", ["fans-out"])
    assert why in proof.sentence


def test_a_fan_out_of_one_item_is_compared_whole(prove_fan_out: Any) -> None:
    last = ("step:all", "import nbpipe\nys = list(nbpipe.gather('y'))\nys")
    load = ("step:load", "xs = ['a']")
    proof = prove_fan_out("xs", load, ("skip", "x = xs[0]"), EACH, last)
    assert (proof.verdict, proof.uncompared) == ("equal", ())


def test_secrets_are_masked_in_what_differs(
    write_notebook: WriteNotebook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HIDDEN_WORD", "canary-in-a-value")
    (tmp_path / "mine.py").write_text(KEEPS)
    path = write_notebook(
        "n.ipynb",
        ("parameters", "word = None"),
        ("step:tell", "import mine\nmine.keep()"),
        ("step:show", "import mine\nboth = f'{word} {len(mine.kept)}'\nprint(both)"),
    )
    proof = verify(open_project(path), Options({"word": "env:HIDDEN_WORD"}, engine="warm"))
    assert {d.spot.what for d in proof.differences} == {"output", "value"}
    assert all("[secret word]" in d.how for d in proof.differences)
    assert "canary" not in json.dumps(dump(proof))
