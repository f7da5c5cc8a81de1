"""Real kernels: what a pipeline gives is what Run All gives, in the cases where others fail."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe.events import CellFinished, TaskFinished, TaskReused
from nbpipe.run.local import LocalExecutor
from nbpipe.run.project import open_project
from nbpipe.run.runs import Job, carry_out
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.events import Event
    from tests.conftest import WriteNotebook


class Done:
    """A run that ended: its state, its events, and what its cells printed."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.folder = folder
        self.events: list[Event] = []
        project = open_project(folder)
        began = time.monotonic()
        with Store.open(project.store) as store:
            job = Job(project, **more)
            self.run, self.state = carry_out(job, store, self.events.append, LocalExecutor)
        self.seconds = time.monotonic() - began

    def printed(self, step: str) -> str:
        """Everything that the step's own cells wrote to standard output."""
        path = self.folder / ".nbpipe" / "runs" / self.run / f"{step}.ipynb"
        cells = json.loads(path.read_text())["cells"]
        outputs = [o for c in cells if c["cell_type"] == "code" for o in c["outputs"]]
        return "".join("".join(o["text"]) for o in outputs if o.get("name") == "stdout")

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def errors(self) -> list[Any]:
        return [event.error for event in self.of(TaskFinished) if event.error and not event.again]


@pytest.fixture
def run(tmp_path: Path) -> Any:
    return lambda **more: Done(tmp_path, **more)


def test_names_travel_in_every_way_that_python_has(run: Any, write_notebook: WriteNotebook) -> None:
    path = write_notebook(
        "n.ipynb",
        "import math\nfrom dataclasses import dataclass\nRATE = 3\ndef scaled(x): return x * RATE\n"
        "class Base:\n    def area(self): return math.pi * self.r ** 2 * RATE",
        (
            "step:make",
            "@dataclass\nclass Disc(Base):\n    r: float\nd = Disc(2)\nfs = [lambda v: v + d.r]",
        ),
        ("step:shell", "files = !echo one two\n"),
        ("step:capture", "%%capture out\nprint('hidden')"),
        ("step:later", "async def get(): return scaled(d.r)\nvalue = await get()\nd.r = 5"),
        (
            "step:show",
            "print(value, isinstance(d, Disc), d.r, fs[0](1), files, out.stdout.strip())",
        ),
    )
    before = path.read_bytes()
    done = run()
    assert done.errors == []
    assert done.printed("show") == "6 True 5 6 ['one two'] hidden\n"
    assert path.read_bytes() == before


def test_objects_that_are_shared_stay_shared(run: Any, write_notebook: WriteNotebook) -> None:
    write_notebook(
        "n.ipynb",
        ("step:a", "xs = [1]\nys = {'xs': xs}"),
        ("step:b", "xs.append(2)"),
        ("step:c", "print(ys['xs'] is xs, ys)"),
    )
    assert run().printed("c") == "True {'xs': [1, 2]}\n"


def test_objects_tied_in_a_later_step_stay_shared(run: Any, write_notebook: WriteNotebook) -> None:
    write_notebook(
        "n.ipynb",
        ("step:a", "xs = [1]\nbox = [[0]]"),
        ("step:b", "ys = xs\nheld = {'x': ys, 'box': box}"),
        ("step:c", "ys.append(2)\nfor inner in held['box']:\n    inner.append(3)"),
        ("step:d", "print(xs, ys is xs, held['x'] is xs, box)"),
    )
    assert run().printed("d") == "[1, 2] True True [[0, 3]]\n"


def test_what_methods_change_of_their_class_is_there_in_later_steps(
    run: Any, write_notebook: WriteNotebook
) -> None:
    write_notebook(
        "n.ipynb",
        "MARK = object()",
        (
            "setup",
            "import itertools\nclass A:\n    made, count, ids = [], 0, itertools.count()\n"
            "    def __init__(self):\n        type(self).count += 1\n        A.made.append(self)\n"
            "        self.id = next(A.ids)",
        ),
        ("step:a", "a = A()\nA.extra = 5\nkept = MARK"),
        ("step:b", "b = A()"),
        ("step:c", "print(A.count, len(A.made), b.id, A.extra, isinstance(a, A), kept is MARK)"),
    )
    assert run().printed("c") == "2 2 1 5 True True\n"


def test_parameters_of_all_kinds_reach_the_step_as_they_are(
    run: Any, write_notebook: WriteNotebook
) -> None:
    write_notebook(
        "n.ipynb",
        ("parameters", "n = -1\nxs = [1]\nd = {'a': None}\nt = ''\nb = True\nz = None"),
        ("step:show", "print(repr((n, xs, d, t, b, z)))"),
    )
    values = {
        "n": -5,
        "xs": [],
        "d": {"k": [None, False]},
        "t": 'it\'s "q" {x}\n\\',
        "b": False,
        "z": 1.5,
    }
    done = run(parameters=values)
    assert done.printed("show") == repr(tuple(values.values())) + "\n"


def test_a_module_beside_the_notebook_can_be_imported_in_every_step(
    run: Any, write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    write_notebook(
        "sub/n.ipynb",
        ("step:a", "import mine\nx = mine.X"),
        ("step:b", "import mine\nprint(x, mine.X)"),
    )
    (tmp_path / "sub" / "mine.py").write_text("X = 4\n")
    (tmp_path / "sub" / "zmq.py").write_text("raise SystemExit('shadowed')\n")
    done = run()
    assert done.errors == []
    assert done.printed("b") == "4 4\n"


def test_nothing_runs_after_a_failing_cell_and_its_prints_are_kept(
    run: Any, write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    path = write_notebook(
        "n.ipynb",
        ("step:a", "print('before')"),
        "1 / 0",
        "open('trace', 'w').close()",
        ("step:b", "print(1)"),
    )
    before = path.read_bytes()
    done = run()
    assert done.state == "failed"
    assert [(e.name, e.cell) for e in done.errors] == [("ZeroDivisionError", "c1")]
    assert not (tmp_path / "trace").exists()
    assert done.printed("a") == "before\n"
    assert [(e.cell, e.state) for e in done.of(CellFinished) if e.task == "a"] == [
        ("c0", "ok"), ("c1", "failed"), ("c2", "not-run"),
    ]  # fmt: skip
    assert path.read_bytes() == before


def test_independent_steps_run_side_by_side(run: Any, write_notebook: WriteNotebook) -> None:
    source = "import time\nt = time.time()\ntime.sleep(2)\nprint(t, time.time())"
    write_notebook("n.ipynb", *[(f"step:{name}", source) for name in "abc"])
    done = run(jobs=3)
    spans = [[float(t) for t in done.printed(name).split()] for name in "abc"]
    assert max(begin for begin, _ in spans) < min(end for _, end in spans)


def test_seeded_random_numbers_go_on_from_step_to_step(
    run: Any, write_notebook: WriteNotebook
) -> None:
    sources = ["import random\nimport numpy as np", "random.seed(1)\nnp.random.seed(1)"]
    steps = [
        "a = random.random(), np.random.rand()",
        "b = random.random(), np.random.rand()",
        "print(a, b)",
    ]
    write_notebook("n.ipynb", *sources, *[(f"step:s{i}", s) for i, s in enumerate(steps)])
    names: dict[str, Any] = {}
    for source in [*sources, *steps[:2]]:
        exec(source, names)  # what Run All does
    assert run().printed("s2") == f"{names['a']} {names['b']}\n"


def test_a_name_that_reading_cannot_see_is_fetched_and_remembered(
    run: Any, write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    write_notebook(
        "n.ipynb",
        "def hidden(name): return __import__('__main__').__dict__[name]",
        ("step:a", "x = 41\nkept = 1"),
        ("step:b", "print(hidden('x') + kept)"),
    )
    done = run()
    assert done.errors == []
    assert done.printed("b") == "42\n"
    assert json.loads((tmp_path / "nbpipe.lock").read_text())["steps"]["b"]["needs"] == ["x"]


def test_names_in_text_that_is_evaluated_inside_a_function_are_found(
    run: Any, write_notebook: WriteNotebook
) -> None:
    write_notebook(
        "n.ipynb",
        "class Shown:\n    def __init__(self, *texts): self.texts = texts\n"
        "    def __repr__(self): return repr([eval(text) for text in self.texts])",
        ("step:a", "x = 1\ny = 2"),
        ("step:b", "print(Shown('x', 'y + 1'))"),
    )
    done = run()
    assert (done.state, done.errors, done.printed("b")) == ("ok", [], "[1, 3]\n")


def test_an_input_changed_unseen_is_learned_and_later_steps_get_the_change(
    run: Any, write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    write_notebook(
        "n.ipynb",
        "from mine import touch",
        ("step:a", "xs = [1]"),
        ("step:b", "touch(xs)"),
        ("step:c", "print(xs)"),
    )
    (tmp_path / "mine.py").write_text("def touch(xs): xs.append(2)\n")
    assert run().printed("c") == "[1, 2]\n"
    again = run()
    assert again.printed("c") == "[1, 2]\n"
    assert [event.task for event in again.of(TaskReused)] == ["a", "b", "c"]


def test_a_fan_out_gives_one_value_for_each_item(run: Any, write_notebook: WriteNotebook) -> None:
    path = write_notebook(
        "n.ipynb",
        ("step:list", "from datetime import date\ndays = [date(2026, 1, d) for d in (1, 2, 3)]"),
        "n = day.day * 10",
        ("step:sum", "import nbpipe\nprint(list(nbpipe.gather('n')))"),
    )
    data = json.loads(path.read_text())
    data["cells"][1]["metadata"]["tags"] = ["step:each", "foreach:day in days"]
    path.write_text(json.dumps(data))
    done = run()
    assert done.errors == []
    assert done.printed("sum") == "[10, 20, 30]\n"


def test_an_unstorable_value_is_told_with_its_name_and_the_cure(
    run: Any, write_notebook: WriteNotebook
) -> None:
    write_notebook(
        "n.ipynb",
        "def make(): return (i for i in range(3))",
        ("step:a", "gen = make()"),
        ("step:b", "print(list(gen))"),
    )
    done = run()
    assert done.state == "failed"
    assert "gen" in done.errors[0].message
    assert "setup" in done.errors[0].message


def test_files_that_a_step_writes_are_found_by_the_step_that_reads_them(
    run: Any, write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    write_notebook(
        "b.ipynb", "print(open('x.txt').read())", nbpipe={"version": 1, "step": "b", "after": ["a"]}
    )
    source = "import pathlib\nfor n in 'xy': pathlib.Path(n + '.txt').write_text(n)"
    write_notebook("a.ipynb", source, nbpipe={"version": 1, "step": "a"})
    assert run().printed("b") == "x\n"
    (tmp_path / "x.txt").unlink()
    again = run()
    assert [event.task for event in again.of(TaskReused)] == ["a", "b"]
    assert (tmp_path / "x.txt").read_text() == "x"


def test_two_steps_of_the_same_code_both_run(run: Any, write_notebook: WriteNotebook) -> None:
    source = "import os\nn = len(os.listdir('.'))\n!touch made-{n}"
    write_notebook("n.ipynb", ("step:a", source), ("step:b after:a", source))
    done = run()
    assert done.errors == []
    assert done.of(TaskReused) == []
    again = run()
    assert [event.task for event in again.of(TaskReused)] == ["a", "b"]
