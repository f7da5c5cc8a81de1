"""Items of a fan-out share what is before their own cells, and nothing else."""

from __future__ import annotations

import os
import re
import signal

import psutil
import pytest

from nbpipe.compile.render import BEGIN_CELL, ITEM_CELL
from nbpipe.events import CellStarted, Note
from nbpipe.run.local import LocalExecutor

TALLY = "_ = open('tally.txt', 'a').write('x')\n"


@pytest.fixture
def fresh(bench, tmp_path):
    """A bench with an executor of its own."""
    executor = LocalExecutor(1)
    yield type(bench)(executor, tmp_path)
    executor.close()


def item(bench, shared, own, number=0, **changes):
    """An order about one item: begin, what is shared, the item, what is its own."""
    order = bench.order(
        f"'attempt {number}'", shared, f"i = {number}", own,
        task=f"step[{number}]", engine="warm", own=("d",), **changes,
    )  # fmt: skip
    for cell, name in zip(order.notebook["cells"], (BEGIN_CELL, "b", ITEM_CELL, "d"), strict=True):
        cell["id"] = name
    return order


def run(bench, *args, **changes):
    bench.executor.submit(item(bench, *args, **changes))
    message, events = bench._end()
    from tests.kernels.conftest import Ran

    return Ran(message.result, events, bench.store)


def notes(ran):
    return [e.text for e in ran.events if isinstance(e, Note)]


def test_what_items_share_is_run_once_and_shown_in_each_notebook(fresh):
    shared = TALLY + "import json\nprint('set up')\nbase = 10\nbase"
    ran = [run(fresh, shared, "print(base + i)", n) for n in range(4)]
    assert (fresh.project / "tally.txt").read_text() == "x"
    assert [r.text("d") for r in ran] == ["10\n", "11\n", "12\n", "13\n"]
    assert {r.text("b") for r in ran} == {"set up\n"}
    counts = [[c["execution_count"] for c in r.cells.values()] for r in ran]
    assert counts == [[1, 2, 3, 4]] * 4
    begun = [r.cells[BEGIN_CELL]["outputs"][0]["data"]["text/plain"] for r in ran]
    assert begun == [[f"'attempt {n}'"] for n in range(4)]
    assert all(state == "ok" for r in ran for state in r.states.values())
    assert not [note for r in ran for note in notes(r)]


def test_an_item_gives_what_it_gives_in_a_stock_kernel(fresh):
    shared = "%matplotlib inline\nimport matplotlib.pyplot as plt, numpy as np\nnp.random.seed(3)"
    own = "print(np.random.rand(2), In[-1][:5])\nplt.plot([i, 2]);"
    for number in range(2):
        warm = run(fresh, shared, own, number)
        order = item(fresh, shared, own, number)
        stock = fresh.run(*(cell["source"] for cell in order.notebook["cells"]), engine="papermill")
        assert warm.cells["d"]["outputs"] == stock.cells["d"]["outputs"]


def test_an_item_sees_nothing_of_its_neighbours(fresh):
    shared = "import os, math\nbase = []"
    spoil = (
        "base.append(i); math.leak = 1; os.environ['LEAK'] = 'x'; os.chdir('/'); leak = 1\n"
        "globals()['base'] = None"
    )
    look = "print(base, hasattr(math, 'leak'), os.getenv('LEAK'), os.getcwd(), 'leak' in globals())"
    before = run(fresh, shared, look, 0).text("d")
    run(fresh, shared, spoil, 1)
    assert run(fresh, shared, look, 2).text("d") == before


def test_items_draw_different_numbers_where_nothing_was_seeded(fresh):
    shared = "import random, numpy as np"
    own = "print(random.random(), np.random.rand())"
    draws = [run(fresh, shared, own, n).text("d").split() for n in range(3)]
    assert len({first for first, _ in draws}) == len({second for _, second in draws}) == 3


def test_items_draw_what_was_seeded_for_them(fresh):
    shared = TALLY + "import random, numpy as np\nrandom.seed(1); np.random.seed(1)"
    own = "print(random.random(), np.random.rand())"
    assert len({run(fresh, shared, own, n).text("d") for n in range(3)}) == 1
    assert (fresh.project / "tally.txt").read_text() == "x"


@pytest.mark.parametrize(
    ("shared", "why"),
    [
        ("import threading\nt = threading.Thread(target=threading.Event().wait, daemon=True)\n"
         "t.start()", "threads"),
        ("f = open('held.txt', 'w')", "held.txt"),
        ("import numpy as np\nrng = np.random.default_rng()", "without a seed"),
        ("import random\nfirst = random.random()", "without a seed"),
        ("import asyncio\nawait asyncio.sleep(0)", "side by side"),
        ("import subprocess\np = subprocess.Popen(['sleep', '60'])", "processes"),
    ],
)  # fmt: skip
def test_what_cannot_be_shared_is_made_for_each_item(fresh, shared, why):
    ran = [run(fresh, TALLY + shared, "print(i)", n) for n in range(2)]
    assert [r.text("d") for r in ran] == ["0\n", "1\n"]
    assert (fresh.project / "tally.txt").read_text() == "xx"
    assert any(why in note for note in notes(ran[0]))


def test_a_shared_cell_that_fails_fails_each_item(fresh):
    for number in range(2):
        ran = run(fresh, "1 / 0", "print(i)", number)
        assert ran.state == "failed"
        assert ran.result.error.name == "ZeroDivisionError"


@pytest.mark.parametrize("end", ["import os; os._exit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_an_item_that_dies_takes_nobody_along(fresh, end):
    assert run(fresh, TALLY, "print(i)", 0).state == "ok"
    assert run(fresh, TALLY, end, 1).state == "kernel-died"
    assert run(fresh, TALLY, "print(i)", 2).text("d") == "2\n"
    assert (fresh.project / "tally.txt").read_text() == "x"


def test_a_shared_process_that_is_killed_is_made_anew(fresh):
    run(fresh, TALLY, "print(i)", 0)
    worker = psutil.Process(fresh.executor._workers[0].process.pid)
    for process in worker.children(recursive=True):
        process.kill()
    ran = run(fresh, TALLY, "print(i)", 1)
    assert (ran.state, ran.text("d")) == ("ok", "1\n")
    assert (fresh.project / "tally.txt").read_text() == "xx"


def test_other_shared_cells_take_the_place_of_the_first(fresh):
    for shared in ("base = 1", "base = 2", "base = 1"):
        assert run(fresh, shared, "print(base)", 5).text("d") == f"{shared[-1]}\n"
    worker = psutil.Process(fresh.executor._workers[0].process.pid)
    assert len(worker.children(recursive=True)) == 3  # a template, the last shared, a spare


def test_an_item_is_cancelled_and_the_next_one_runs(fresh):
    run(fresh, TALLY, "print(i)", 0)
    fresh.begin(item(fresh, TALLY, "while True: pass", 1), CellStarted)
    fresh.executor.cancel("step[1]")
    assert fresh.end().result.state == "cancelled"
    assert run(fresh, TALLY, "print(i)", 2).text("d") == "2\n"
    assert (fresh.project / "tally.txt").read_text() == "x"


def test_nothing_is_left_of_what_was_shared(fresh):
    for number in range(3):
        run(fresh, "import numpy", "print(i)", number)
    worker = fresh.executor._workers[0]
    files = os.listdir(f"/proc/{worker.process.pid}/fd")
    run(fresh, "import numpy", "print(i)", 3)
    assert len(os.listdir(f"/proc/{worker.process.pid}/fd")) == len(files)
    found = psutil.Process(worker.process.pid).children(recursive=True)
    os.kill(worker.process.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(found, timeout=10)
    assert not alive
    assert re.match(r"nbpipe-\d+", worker.private.parent.name)
