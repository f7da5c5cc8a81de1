"""Forked kernels: what a cell gives is what it gives in a stock kernel, and tasks are strangers."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from nbpipe.events import CellOutput, CellStarted, Note
from nbpipe.run.executors import Done
from nbpipe.run.kernels.wanted import imports_of
from nbpipe.run.local import LocalExecutor

SOURCES = (
    "import asyncio, os, sys\nprint(sys.argv[0], sys.path, os.getcwd(), __name__)\n"
    "await asyncio.sleep(0)\n'awaited'",
    "from IPython.display import clear_output, display\nh = display('a', display_id='d')\n"
    "print('gone'); clear_output(); print('stays'); display('b', display_id='d', update=True)",
    "%matplotlib inline\nimport matplotlib\nimport matplotlib.pyplot as plt\n"
    "print(matplotlib.get_backend())\nplt.plot([1, 2]);",
    "import subprocess\nsubprocess.run(['echo', 'from below'])\n!echo shell",
    "import pickle\nclass A:\n    z = 1\na = pickle.loads(pickle.dumps(A()))\n"
    "print(type(a) is A, sys.modules['__main__'].__dict__ is globals())",
    "%load_ext autoreload\n%autoreload 2\nimport near\nprint(near.value)\n"
    "_ = open('near.py', 'w').write('value = 22222'); os.utime('near.py', (1, 9999999999))",
    "print(near.value)\nfrom concurrent.futures import ProcessPoolExecutor\n"
    "def sq(a): return a * a\nwith ProcessPoolExecutor(1) as e: print(list(e.map(sq, [1, 2])))",
    "import signal, warnings\nprint(signal.getsignal(signal.SIGTERM), sys.stdin.read())\n"
    "print(signal.getsignal(signal.SIGCHLD), os.getpgid(0) == os.getpid() == os.getsid(0))\n"
    "warnings.warn('look')\ninput('?')",
)


@pytest.fixture
def fresh(bench, tmp_path):
    """A bench with an executor of its own."""
    executor = LocalExecutor(1)
    yield type(bench)(executor, tmp_path)
    executor.close()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed modules."""
    monkeypatch.setenv("PYTHONUSERBASE", str(tmp_path / "home"))
    code = "import site; print(site.getusersitepackages())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    folder = Path(told.stdout.strip())
    folder.mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.environ["PYTHONPATH"], str(folder)]))
    return folder


def family(executor):
    """The processes of the executor's only worker."""
    return psutil.Process(executor._workers[0].process.pid).children(recursive=True)


def shown(ran):
    return {
        name: [
            {k: v for k, v in output.items() if k != "metadata"} for output in cell["outputs"]
        ]
        for name, cell in ran.cells.items()
    }  # fmt: skip


def plain(outputs):
    text = json.dumps(outputs)
    return re.sub(r"0x[0-9a-f]+|ipykernel_\d+|/\d+\.py", "@", text).split("\\n")


def test_cells_give_what_they_give_in_a_stock_kernel(bench):
    found = []
    for engine in ("papermill", "warm", "warm"):
        (bench.project / "near.py").write_text("value = 1")
        found.append(bench.run(*SOURCES, engine=engine))
    stock, first, spare = found
    assert stock.state == first.state == spare.state == "failed"
    assert stock.result.error.name == "StdinNotImplementedError"
    assert first.states == spare.states == stock.states
    assert plain(shown(first)) == plain(shown(stock))
    assert plain(shown(spare)) == plain(shown(stock))


def test_libraries_find_the_kernel_that_they_are_imported_in(bench):
    source = "import pandas as pd\nprint(pd.get_option('display.max_columns'))"
    stock, warm = (bench.run(source, engine=engine) for engine in ("papermill", "warm"))
    assert warm.text("a") == stock.text("a")


def test_widgets_leave_their_state_as_in_a_stock_kernel(bench):
    source = (
        "from comm import create_comm\n"
        "state = {'_model_name': 'X', '_model_module': 'm', 'value': 1}\n"
        "c = create_comm(target_name='jupyter.widget', comm_id='one', data={'state': state,"
        " 'buffer_paths': [['raw']]}, metadata={'version': '2.1.0'}, buffers=[b'abc'])\n"
        "c.send({'method': 'update', 'state': {'value': 2}, 'buffer_paths': []})\n"
        "from IPython.display import display\n"
        "display({'application/vnd.jupyter.widget-view+json': {'model_id': 'one'},"
        " 'text/plain': 'X()'}, raw=True)"
    )
    stock, warm = (bench.run(source, engine=engine) for engine in ("papermill", "warm"))
    assert warm.cells["a"]["outputs"] == stock.cells["a"]["outputs"]
    kept = warm.notebook["metadata"]["widgets"]
    assert kept == stock.notebook["metadata"]["widgets"]
    assert "'value': 2" in str(kept) and "YWJj" in str(kept)


def test_kernels_are_forked_and_a_spare_one_waits(fresh):
    look = "import os; print(open(f'/proc/{os.getppid()}/cmdline').read().split(chr(0))[1])"
    first, second = (fresh.run(look, engine="warm") for _ in range(2))
    assert first.text("a").endswith("template.py\n")
    assert second.text("a").endswith("template.py\n")
    assert not [e.text for e in first.events if isinstance(e, Note)]
    assert len(family(fresh.executor)) == 3  # two templates, the second with `os`; a spare kernel


def test_one_task_sees_nothing_of_another(fresh):
    change = (
        "import os, random, numpy as np, math\nos.environ_ = 1\nmath.leak = 1\n"
        "getattr(os, 'envi' + 'ron')['LEAK'] = 'x'\nos.umask(0o077)\nos.chdir('/')\nleak = 1"
    )
    look = (
        "import os, random, numpy as np, math\n"
        "print([x in globals() for x in ('leak',)], hasattr(math, 'leak'), os.getenv('LEAK'),"
        " os.getcwd(), oct(os.umask(0)), hasattr(os, 'environ_'))"
    )
    draw = "import random, numpy as np\nprint(random.random(), np.random.rand())"
    before = fresh.run(look, engine="warm").text("a")
    fresh.run(change, engine="warm")
    assert fresh.run(look, engine="warm").text("a") == before
    draws = {fresh.run(draw, engine="warm").text("a") for _ in range(3)}
    assert len({text.split()[0] for text in draws}) == 3
    assert len({text.split()[1] for text in draws}) == 3


def test_only_what_the_notebook_imports_is_imported(fresh):
    fresh.run("import statistics", engine="warm")
    look = "import sys; print('statistics' in sys.modules, 'numpy' in sys.modules)"
    stock = fresh.run(look, engine="papermill").text("a")
    assert fresh.run(look, engine="warm").text("a") == stock


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True)"
         ".start()", "threads"),
        ("import socket\nheld = socket.socket()", "socket"),
        ("print('hello')", "prints"),
        ("import os\nos._exit(3)", "ends the process"),
        ("import subprocess\nheld = subprocess.Popen(['sleep', '60'])", "processes"),
    ],
)  # fmt: skip
def test_a_module_that_does_not_stand_a_fork_is_imported_anew(fresh, site, body, why):
    (site / "spoiler.py").write_text(body)
    ran = fresh.run("import numpy", "import spoiler\nprint('on')", engine="warm")
    notes = [e.text for e in ran.events if isinstance(e, Note)]
    assert ran.state == ("kernel-died" if "_exit" in body else "ok")
    assert any("spoiler" in note and why in note for note in notes)
    again = fresh.run("import spoiler\nprint(2)", engine="warm")
    assert not [e for e in again.events if isinstance(e, Note) and "anew" in e.text]


def test_a_module_that_asks_for_the_shell_finds_it(fresh, site):
    body = "from IPython import get_ipython\nname = type(get_ipython().kernel).__name__"
    (site / "asker.py").write_text(body)
    ran = fresh.run("import asker\nprint(asker.name)", engine="warm")
    assert ran.text("a") == "IPythonKernel\n"
    assert not [e for e in ran.events if isinstance(e, Note)]


def test_a_module_beside_the_notebook_comes_before_an_installed_one(fresh, site):
    (site / "chosen.py").write_text("where = 'installed'")
    assert fresh.run("import chosen; print(chosen.where)", engine="warm").text("a") == "installed\n"
    (fresh.project / "chosen.py").write_text("where = 'beside'")
    assert fresh.run("import chosen; print(chosen.where)", engine="warm").text("a") == "beside\n"
    (fresh.project / "chosen.py").write_text("where = 'changed'")
    assert fresh.run("import chosen; print(chosen.where)", engine="warm").text("a") == "changed\n"


def test_what_was_installed_meanwhile_is_used(fresh, site):
    (site / "grows.py").write_text("value = 1")
    assert fresh.run("import grows; print(grows.value)", engine="warm").text("a") == "1\n"
    (site / "grows.py").write_text("value = 222")
    (site / "other.py").write_text("")
    assert fresh.run("import grows; print(grows.value)", engine="warm").text("a") == "222\n"


def test_libraries_with_threads_work_in_children(bench):
    source = (
        "import numpy as np\nfrom sklearn.ensemble import HistGradientBoostingRegressor\n"
        "import pandas as pd\nimport pyarrow as pa, pyarrow.parquet as pq\n"
        "a = np.arange(640_000.0).reshape(800, 800) % 7\n"
        "print(np.allclose((a @ a)[3], sum(a[3, k] * a[k] for k in range(800))))\n"
        "x = np.random.rand(3000, 4)\nm = HistGradientBoostingRegressor(max_iter=20)"
        ".fit(x, x.sum(1))\nprint(m.score(x, x.sum(1)) > 0.9)\n"
        "pq.write_table(pa.table({'v': range(10**5)}), 'v.parquet')\n"
        "print(len(pd.read_parquet('v.parquet')))"
    )
    for _ in range(2):
        assert bench.run(source, engine="warm").text("a") == "True\nTrue\n100000\n"


def test_files_that_nobody_closed_are_whole(bench):
    source = (
        "import atexit\nf = open('left.txt', 'w'); _ = f.write('x' * 100)\n"
        "atexit.register(lambda: open('late.txt', 'w').write('late'))\n"
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(.3), open('t.txt', 'w').write('t'))).start()"
    )
    assert bench.run(source, engine="warm").state == "ok"
    assert (bench.project / "left.txt").read_text() == "x" * 100
    assert (bench.project / "late.txt").read_text() == "late"
    assert (bench.project / "t.txt").read_text() == "t"


def test_a_template_that_is_killed_is_replaced(fresh):
    assert fresh.run("print(1)", engine="warm").state == "ok"
    for process in family(fresh.executor):
        process.kill()
    ran = fresh.run("print(2)", engine="warm")
    assert (ran.state, ran.text("a")) == ("ok", "2\n")
    assert not [e for e in ran.events if isinstance(e, Note)]


def test_a_spare_kernel_that_is_killed_is_replaced(fresh):
    fresh.run("print(1)", engine="warm")
    worker = psutil.Process(fresh.executor._workers[0].process.pid)
    spares = [spare for template in worker.children() for spare in template.children()]
    assert len(spares) == 1
    spares[0].kill()
    spares[0].wait()
    assert fresh.run("print(2)", engine="warm").text("a") == "2\n"


@pytest.mark.parametrize("kernel", ["bash", "stillborn", "elsewhere"])
def test_where_no_fork_is_possible_it_is_as_with_papermill(bench, kernel):
    language = "bash" if kernel == "bash" else "python"
    stock = bench.run("echo on", kernel=kernel, language=language)
    warm = bench.run("echo on", kernel=kernel, language=language, engine="warm")
    assert warm.state == stock.state
    assert (warm.result.error and warm.result.error.message) == (
        stock.result.error and stock.result.error.message
    )


def test_a_kernel_of_the_own_kind_without_a_template_says_so(fresh, tmp_path, monkeypatch):
    place = tmp_path / "specs" / "kernels" / "odd"
    place.mkdir(parents=True)
    argv = [sys.executable, "-c", "from ipykernel import kernelapp as a; a.main()", "-f",
            "{connection_file}"]  # fmt: skip
    spec = {"argv": argv, "display_name": "odd", "language": "python"}
    (place / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "specs"))
    ran = fresh.run("print(1)", kernel="odd", engine="warm")
    assert ran.text("a") == "1\n"
    assert any("No kernel can be forked" in e.text for e in ran.events if isinstance(e, Note))


def test_nothing_is_left_when_the_worker_closes(fresh):
    executor, bench = fresh.executor, fresh
    for source in ("import numpy", "import os; os._exit(1)", "import json"):
        bench.run(source, engine="warm")
    private = executor._workers[0].private
    assert (
        len([p for p in private.iterdir() if p.suffix == ".log"]) == 2
    )  # the template's, the spare's
    processes = [executor._workers[0].process.pid, *(p.pid for p in family(executor))]
    sockets = len(os.listdir("/proc/self/fd"))
    executor.close()
    assert not [pid for pid in processes if psutil.pid_exists(pid)]
    assert not private.exists()
    assert len(os.listdir("/proc/self/fd")) < sockets


def test_nothing_outlives_a_worker_that_is_killed(fresh):
    executor, bench = fresh.executor, fresh
    bench.run("import numpy", engine="warm")
    bench.begin(bench.order("import time\nprint(1)\ntime.sleep(99)", engine="warm"), CellStarted)
    found = family(executor)
    os.kill(executor._workers[0].process.pid, signal.SIGKILL)
    assert not isinstance(bench.end(), Done)
    _, alive = psutil.wait_procs(found, timeout=10)
    assert not alive


def test_a_task_cancelled_while_its_template_is_made_is_cancelled(fresh, site):
    (site / "slow.py").write_text("import time\ntime.sleep(99)")
    order = fresh.order("import slow", engine="warm")
    fresh.executor.submit(order)
    fresh.executor.poll(0.2)
    fresh.executor.cancel(order.task)
    assert fresh.end().result.state == "cancelled"
    assert fresh.run("print(1)", engine="warm").text("a") == "1\n"


def test_output_is_told_while_the_cell_runs(bench):
    bench.begin(
        bench.order("print('now', flush=True)\nwhile True: pass", engine="warm"), CellOutput
    )
    bench.executor.cancel("step")
    assert bench.end().result.state == "cancelled"


def test_imports_are_read_from_cells_unless_one_may_change_them():
    def notebook(*sources):
        return {"cells": [{"cell_type": "code", "source": source} for source in sources]}

    first = notebook(
        "%magic\nimport a.b as c, d\nawait x", "from e import f, g\n", "broken(",
        "from . import h\nfrom i import *", "def f(): import j",
    )  # fmt: skip
    found = imports_of(first)
    assert found == (("a.b", ()), ("d", ()), ("e", ("f", "g")), ("i", ()))
    assert imports_of(notebook("import os\nos.environ['A'] = '1'", "import numpy")) == ()
    assert imports_of(notebook("%load_ext autoreload\nimport numpy")) == (("numpy", ()),)
    assert imports_of(notebook("%load_ext cudf.pandas", "import pandas")) == ()


def test_folders_are_not_taken_for_modules(fresh):
    (fresh.project / "numpy").mkdir()
    assert fresh.run("import numpy; print(numpy.sum([1, 2]))", engine="warm").text("a") == "3\n"
    shutil.rmtree(fresh.project / "numpy")
