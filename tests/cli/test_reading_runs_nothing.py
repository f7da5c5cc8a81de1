"""A project of a stranger is read, drawn, planned and looked back at: none of its code runs."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbpipe.events import Artifact
from nbpipe.run.order import Result
from nbpipe.store.blobs import LocalBlobs

if TYPE_CHECKING:
    from nbpipe.run.order import Order
    from tests.cli.conftest import Desk
    from tests.conftest import WriteNotebook

COMMAND = Path(sys.executable).with_name("nbpipe")

TRAPS = (
    "conftest.py", "sitecustomize.py", "usercustomize.py", "ipython_config.py", "setup.py",
    "jupyter_config.py", "random.py", "json.py", "zmq.py", "os.py", "typing.py", "click.py",
    "ast.py",
    "nbformat.py", "papermill.py", "pandas.py", "helper.py", "nbpipe.py", "nbpipe_kernelside.py",
    "__init__.py", "__main__.py", ".ipython/profile_default/startup/00.py", "startup.py",
)  # fmt: skip
"""Files that something could import, or run, when it is started in their folder."""

CELLS = (
    ("setup", "import helper, random\nfrom helper import *\nimport pandas as pd"),
    ("parameters", "n = 1"),
    ("step:load", "x = helper.load(n)\nopen('ran by a cell', 'w')\n!touch 'ran by the shell'"),
    ("step:fit", "%run helper.py\ny = eval('x')"),
)

LOOKS = (
    ("check",), ("plan",), ("graph", "--format", "svg"), ("doctor",), ("split", "plain.ipynb"),
    ("extract", "--to", "out"),
)  # fmt: skip


@pytest.fixture
def trapped(tmp_path: Path, write_notebook: WriteNotebook) -> Path:
    """A project full of files that leave a trace when they run."""
    write_notebook("n.ipynb", *CELLS)
    write_notebook("plain.ipynb", "import helper\nx = helper.load(1)", "y = x + 1", "print(y)")
    (tmp_path / "nbpipe.toml").write_text('exclude = ["plain.ipynb"]\n')
    for name in TRAPS:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"open({str(tmp_path / 'canary')!r}, 'a').write({name!r} + '\\n')\n")
    (tmp_path / "trap.pth").write_text(f"import os; open({str(tmp_path / 'canary')!r}, 'a')\n")
    return tmp_path


def traces(folder: Path) -> list[str]:
    canary = folder / "canary"
    ran = canary.read_text().split() if canary.exists() else []
    return ran + [path.name for path in folder.glob("ran by*")]


@pytest.mark.parametrize("look", LOOKS, ids=" ".join)
def test_no_code_of_a_project_that_is_looked_at_runs(trapped: Path, look: tuple[str, ...]) -> None:
    done = subprocess.run([COMMAND, *look], cwd=trapped, capture_output=True, text=True)
    assert done.returncode in (0, 1, 2), done.stdout + done.stderr
    assert traces(trapped) == []


def test_the_traps_would_leave_a_trace(trapped: Path) -> None:
    subprocess.run([sys.executable, "-c", "import helper"], cwd=trapped, check=True)
    assert "helper.py" in traces(trapped)


class Bomb:
    """Leaves a trace when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return open, (self.path, "w")


def test_no_stored_value_is_loaded_to_be_looked_at(nbpipe: Desk, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    data = pickle.dumps(Bomb(canary))

    def bombs(order: Order) -> Result:
        digest = LocalBlobs(order.store).put_bytes(data)
        value = Artifact("x", digest, len(data), "value", "cloudpickle", "Bomb", {"text": "Bomb()"})
        return Result(order.task, order.attempt, "ok", 1.0, (value,))

    nbpipe.answers["load"] = bombs
    nbpipe("run", "-p", "n=1", "--html", "report", "--junit", "j.xml")
    nbpipe("run", "-p", "n=2", "--force", "all")
    looks = (
        ("show", "last"), ("show", "last/load"), ("show", "last/load/x"), ("logs", "last/load"),
        ("open", "last/load/x", "--print"), ("diff", "last", "last"), ("why", "fit"), ("plan",),
        ("doctor", "--thorough"), ("ls",), ("gc", "--dry-run"),
    )  # fmt: skip
    for look in looks:
        said = nbpipe(*look)
        assert said.exit_code in (0, 1, 2), (look, said.output)
    assert "Bomb" in nbpipe("show", "last/load").output
    assert not canary.exists()
    pickle.loads(data)  # that it would have left a trace
    assert canary.exists()
