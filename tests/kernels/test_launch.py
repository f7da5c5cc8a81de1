"""Our launched kernel behaves as a stock one, and fetches what reading missed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from nbpipe import kernelside
from nbpipe.kernelside import codecs

CELLS = [
    "import sys, os; print([p for p in sys.path], os.getcwd(), sys.argv[0])",
    "print(__name__, sys.modules['__main__'].__dict__ is globals(), sys.modules['__main__'])",
    "class A:\n    z = 1\nimport pickle; type(pickle.loads(pickle.dumps(A()))) is A",
    "x = 3\ndef f(): return x\n[f() for _ in range(2)], [x for _ in range(2) for x in [f()]]",
    "import asyncio\nawait asyncio.sleep(0); 'awaited'",
    "%load_ext autoreload\n%autoreload 2\nimport near\nnear.value",
    "open('near.py', 'w').write('value = 22222'); os.utime('near.py', (1, 9999999999))",
    "near.value",
    "%matplotlib inline\nimport matplotlib.pyplot as plt; plt.plot([1]); plt.get_backend()",
    "nope",
    "sorted(k for k in globals() if not k.startswith('_'))",
    "%who",
    "%run -i near.py",
    "locals() is globals() is get_ipython().user_ns",
    "global q; q = 1\ndef g():\n    global q\n    q += 1\ng(); q",
    "_, Out[4]",
    "from concurrent.futures import ProcessPoolExecutor\ndef sq(a): return a * a\n"
    "with ProcessPoolExecutor(1) as e: print(list(e.map(sq, [1, 2])))",
    "%%capture out\nprint('hidden')",
    "out.stdout",
    "!echo {x}",
    "import __main__; __main__.sq is sq",
    "print(__doc__, __package__, __spec__, __loader__, __builtins__)",
    "%reset -f\nsorted(globals())",
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy of the package as it lies in a store."""
    folder = tmp_path_factory.mktemp("lib")
    source = Path(kernelside.__file__).parent
    shutil.copytree(source, folder / "nbpipe_kernelside")
    return folder


class Talk:
    """A kernel, and what its cells answer."""

    def __init__(self, argv: list[str], cwd: Path) -> None:
        self.sockets = tempfile.mkdtemp(prefix="nbpk")
        self.manager = KernelManager(transport="ipc", ip=f"{self.sockets}/k")
        self.manager.kernel_spec.argv = [sys.executable, *argv, "-f", "{connection_file}"]
        env = {**os.environ, "NBPIPE_PARENT": str(os.getpid())}
        self.manager.start_kernel(cwd=str(cwd), env=env)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str) -> list[Any]:
        found: list[Any] = []

        def note(message: Any) -> None:
            content, kind = message["content"], message["msg_type"]
            if kind == "stream":
                found.append(content["text"])
            elif kind in ("execute_result", "display_data"):
                found.append((sorted(content["data"]), content["data"].get("text/plain")))
            elif kind == "error":
                found.append((content["ename"], content["evalue"]))

        self.client.execute_interactive(code, output_hook=note, timeout=60)
        return found

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        shutil.rmtree(self.sockets, ignore_errors=True)


def launcher(library: Path) -> list[str]:
    return [str(library / "nbpipe_kernelside" / "launch.py")]


def answers(argv: list[str], cwd: Path) -> list[list[Any]]:
    cwd.mkdir()
    (cwd / "near.py").write_text("value = 1")
    talk = Talk(argv, cwd)
    try:
        return [talk.run(cell) for cell in CELLS]
    finally:
        talk.close()


def test_every_cell_answers_as_in_a_stock_kernel(library: Path, tmp_path: Path) -> None:
    cwd = tmp_path / "cwd"
    ours = answers(launcher(library), cwd)
    shutil.rmtree(cwd)
    stock = answers(["-m", "ipykernel_launcher"], cwd)
    assert dict(zip(CELLS, ours, strict=True)) == dict(zip(CELLS, stock, strict=True))


def hold(store: Path, digest: str) -> Path:
    """Make room for the bytes of a digest."""
    place = store / "objects" / digest[7:9] / digest[9:]
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def stored(store: Path, name: str, value: Any) -> dict[str, Any]:
    """Put a value into a store, and say how it is held."""
    saved = codecs.encode([name], [value], str(store / name), codecs.Choice())
    Path(saved.path).replace(hold(store, saved.digest))
    return {"digest": saved.digest, "codec": saved.codec, "names": [name]}


def test_missed_names_are_fetched_in_a_real_kernel(library: Path, tmp_path: Path) -> None:
    store, scratch = tmp_path / ".nbpipe", tmp_path / ".nbpipe" / "tmp" / "task"
    scratch.mkdir(parents=True)
    fetch = {"y": stored(store, "y", [7]), "z": stored(store, "z", (1, 2))}
    task = {"project": str(tmp_path), "fetch": fetch, "known": ["lost"]}
    (scratch / "task.json").write_text(json.dumps(task))
    talk = Talk(launcher(library), tmp_path)
    try:
        talk.run(f"import sys\nsys.path.append({str(library)!r})\nimport nbpipe_kernelside as n")
        assert talk.run(f"n.begin({str(store)!r}, task='task')\nn.settle()") == []
        assert talk.run("z") == [(["text/plain"], "(1, 2)")]
        assert talk.run("class A:\n    v = y\nprint(A.v)") == ["[7]\n"]
        assert talk.run("lost")[0] == ("NameError", "name 'lost' is not defined")
        assert talk.run("k = 2\nclass B:\n    def v(self): return k\nb = B()") == []
        assert talk.run("n.save('z', 'b')") == []
        k, b = json.loads((scratch / "saved.json").read_text())["outputs"]
        assert (k["codec"], b["codec"]) == ("tagged", "cloudpickle")
        Path(scratch / b["file"]).replace(hold(store, b["digest"]))
        code = f"k = 9\nn.load('b', {b['digest']!r}, 'cloudpickle').v()"
        assert talk.run(code) == [(["text/plain"], "9")]
    finally:
        talk.close()
    told = json.loads((scratch / "saved.json").read_text())
    assert told["fetched"] == ["z", "y"]
    assert json.loads((scratch / "missing.json").read_text()) == {"names": ["lost"]}
    assert told["files_read"] == told["files_written"] == told["files_changed"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone ends a child with its parent")
def test_a_kernel_does_not_outlive_its_worker(library: Path, tmp_path: Path) -> None:
    worker = (
        "import os, subprocess, sys\n"
        "os.environ['NBPIPE_PARENT'] = str(os.getpid())\n"
        "child = subprocess.Popen(sys.argv[1:], stdout=1, stderr=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    kernel = [sys.executable, *launcher(library), "-f", str(tmp_path / "c.json")]
    process = subprocess.Popen(
        [sys.executable, "-c", worker, *kernel], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert int(process.stdout.readline()) > 0
    while not (tmp_path / "c.json").exists():
        assert process.poll() is None
    process.kill()
    process.stdout.read()  # ends when the kernel, which holds the pipe too, has ended
    process.wait()
