"""A secret is used by steps, and its value is nowhere: not in the store, not in what is shown."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbpipe.events import CellOutput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import WriteNotebook

SOURCE = Path(__file__).parents[2] / "src"
CANARY = "canary/7Qz'&<x> end"

SHOWS = """
import subprocess, sys, warnings, html, urllib.parse
from IPython.display import HTML, JSON, display
print('whole', token)
for letter in token:
    print(letter, end='', flush=True)
print('half of it:', token[:9])
sys.stderr.write(token[:5]); sys.stderr.write(token[5:])
display(HTML('<b>' + html.escape(token) + '</b>'), JSON({'a': [token]}))
print(urllib.parse.quote(token, safe=''), repr(token))
subprocess.run(['echo', 'child', token])
warnings.warn(token)
token
"""

FORMS = [
    CANARY.encode(),
    json.dumps(CANARY)[1:-1].encode(),
    CANARY.replace("&", "&amp;").encode(),
    CANARY.encode("utf-16-le"),
    CANARY.encode("utf-32-le"),
    base64.b64encode(CANARY.encode())[:20],
]


def held(folder: Path) -> Iterator[str]:
    """The files below a folder in which the canary stands, packed ones too."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if data[:2] == b"\x1f\x8b":
                data += gzip.decompress(data)
            if any(form in data for form in FORMS) or CANARY in path.name:
                yield str(path)


@pytest.fixture
def key(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("keys") / "token"
    path.write_text(CANARY + "\n")
    return f"file:{path}"


def given(key: str) -> str:
    return f"from nbpipe.kernelside import secret\ntoken = secret({key!r})"


def test_what_cells_show_of_a_secret_is_masked(bench, engine, key) -> None:
    ran = bench.run(given(key), SHOWS, secrets={"token": key}, engine=engine)
    assert ran.state == "ok", ran.result
    text = ran.text("b")
    assert text.startswith("whole [secret token]\n[secret token]half of it: canary/7Q\n")
    assert "child [secret token]" in text
    assert "[secret token]" in json.dumps(ran.cells["b"]["outputs"][-1])
    assert "[secret token]" in ran.live
    assert "[secret token]" in ran.log
    assert CANARY not in repr(ran.events) + repr(ran.result)
    assert list(held(bench.project)) == []


def test_no_piece_that_is_told_holds_a_part_that_makes_it_whole(bench, key) -> None:
    ran = bench.run(given(key), SHOWS, secrets={"token": key}, engine="warm")
    told = [e.text for e in ran.events if isinstance(e, CellOutput) and e.stream == "stdout"]
    assert CANARY not in "".join(told)


def test_an_error_that_names_a_secret_is_masked(bench, engine, key) -> None:
    source = "def call(auth):\n    raise ValueError(f'refused: {auth}')\ncall(token)"
    ran = bench.run(given(key), source, secrets={"token": key}, engine=engine)
    assert ran.result.error.message == "refused: [secret token]"
    assert "[secret token]" in ran.result.error.traceback
    assert list(held(bench.project)) == []


def test_a_failing_check_that_names_a_secret_is_masked(bench, key) -> None:
    ran = bench.run(given(key), "assert not token, token", secrets={"token": key}, checks=("b",))
    assert ran.result.checks == {"b": "[secret token]"}


def test_the_post_mortem_of_a_step_with_secrets_is_not_kept(bench, key) -> None:
    ran = bench.run(given(key), "1 / 0", secrets={"token": key}, engine="debug")
    assert not [a for a in ran.result.artifacts if a.kind == "dump"]
    assert "The dump is not kept" in repr(ran.events)
    assert list(held(bench.project)) == []


def test_a_file_that_holds_a_secret_is_not_stored(bench, key) -> None:
    source = "open('cfg.ini', 'w').write('password=' + token)"
    ran = bench.run(given(key), source, secrets={"token": key}, writes=("*.ini",))
    assert ran.state == "failed"
    assert "cfg.ini holds the secret 'token'" in ran.result.error.message
    assert list(held(bench.store)) == []


def test_a_command_left_running_is_named_without_the_secret(bench, key) -> None:
    source = (
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', token], "
        "start_new_session=True);"
    )
    ran = bench.run(given(key), source, secrets={"token": key})
    assert "[secret token]" in ran.log
    assert CANARY not in repr(ran.events) + ran.log


def test_a_kernel_of_another_language_is_given_the_value_and_keeps_none(bench, key) -> None:
    ran = bench.run(
        ("token=nobody", ["parameters"]), 'echo "is $token"',
        kernel="bash", language="bash", secrets={"token": key},
    )  # fmt: skip
    assert ran.text("b") == "is [secret token]\n"
    assert "[secret token]" in json.dumps(ran.notebook["metadata"]["papermill"]["parameters"])
    assert list(held(bench.project)) == []


def test_a_secret_without_a_value_fails_the_step_and_says_which(bench) -> None:
    ran = bench.run("1", secrets={"token": "env:NBPIPE_TEST_NOWHERE"})
    assert ran.result.error.name == "BadParameter"
    assert "NBPIPE_TEST_NOWHERE is not set" in ran.result.error.message


CELLS = (
    ("parameters", "token = None\nn = 3"),
    ("step:use", f"import os\n{SHOWS}\nsize = len(token)\nprint(os.environ['THE_TOKEN'])"),
    ("step:after", "double = size * 2"),
    ("step:leak", "config = {'auth': [token], 'n': n}"),
    ("step:takes", "print(config)"),
    ("step:fails", "raise RuntimeError(token)"),
)


def command(
    folder: Path, temporary: Path, *arguments: str, umask: int = -1
) -> subprocess.CompletedProcess[str]:
    paths = [str(SOURCE), os.environ.get("PYTHONPATH", "")]
    env = {
        **os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p),
        "THE_TOKEN": CANARY, "TMPDIR": str(temporary), "HOME": str(temporary),
    }  # fmt: skip
    line = [sys.executable, "-m", "nbpipe", *arguments]
    return subprocess.run(
        line, capture_output=True, text=True, cwd=folder, env=env, check=False, umask=umask
    )


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A place for sockets and private folders; its path has to be short."""
    with tempfile.TemporaryDirectory(prefix="nbp") as folder:
        yield Path(folder)


def test_the_canary_is_nowhere_after_a_run_by_the_command(
    tmp_path: Path, temporary: Path, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", *CELLS)
    run = command(
        tmp_path, temporary, "run", "-p", "token=env:THE_TOKEN", "--html", "report", "--junit",
        "junit.xml",
    )  # fmt: skip
    assert run.returncode == 1, run.stdout + run.stderr
    assert "config holds the secret 'token', and secrets are not stored" in run.stdout
    said = run.stdout + run.stderr
    shown = [["show", "last"], ["show", "last/use"], ["logs", "last/use"], ["why", "leak"]]
    for words in [*shown, ["show", "last/fails"], ["logs", "last/fails"], ["ls"], ["plan"]]:
        done = command(tmp_path, temporary, *words)
        said += done.stdout + done.stderr
    assert "[secret token]" in said
    assert "env:THE_TOKEN" in said
    assert not [form for form in (CANARY, CANARY.replace("&", "&amp;")) if form in said]
    assert list(held(tmp_path)) == []
    assert list(held(temporary)) == []


def test_another_value_under_the_same_reference_is_not_another_result(
    tmp_path: Path, temporary: Path, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", CELLS[0], ("step:use", "size = len(token)"))
    (tmp_path / "nbpipe.toml").write_text('[parameters]\ntoken = "file:key"\n')
    (tmp_path / "key").write_text("first value")
    states = []
    for value in ("first value", "second"):
        (tmp_path / "key").write_text(value)
        done = command(tmp_path, temporary, "run", "--json")
        states.append([task["state"] for task in json.loads(done.stdout)["tasks"]])
    assert states == [["ok"], ["reused"]]
    done = command(tmp_path, temporary, "run", "--json", "-p", "token=env:THE_TOKEN")
    assert [task["state"] for task in json.loads(done.stdout)["tasks"]] == ["ok"]


def test_what_can_not_be_read_stops_the_run_before_it_begins(
    tmp_path: Path, temporary: Path, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", CELLS[0], ("step:use", "size = len(token)"))
    done = command(tmp_path, temporary, "run", "-p", "token=env:NOBODY_SET_THIS")
    assert done.returncode == 2
    assert "Parameter 'token': The secret env:NOBODY_SET_THIS has no value here" in done.stderr
    assert command(tmp_path, temporary, "ls").stdout.count("\n") <= 1


def test_a_value_that_looks_like_a_secret_and_is_given_as_it_is_is_told(
    tmp_path: Path, temporary: Path, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", CELLS[0], ("step:use", "size = len(token)"))
    done = command(tmp_path, temporary, "run", "-p", "token=abcdefgh")
    assert "The value of token is kept as plain text with the run" in done.stdout + done.stderr


def test_verify_gives_both_sides_the_secret(
    tmp_path: Path, temporary: Path, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", CELLS[0], ("step:use", "size = len(token)\nprint(token, size)"))
    done = command(tmp_path, temporary, "verify", "-p", "token=env:THE_TOKEN")
    assert done.returncode == 0, done.stdout + done.stderr
    assert CANARY not in done.stdout + done.stderr


def test_what_a_run_leaves_is_for_its_owner_alone_whatever_the_umask(
    tmp_path: Path, temporary: Path, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a", "x = [1]\nprint(x)\nopen('made.csv', 'w').write('1')"))
    done = command(tmp_path, temporary, "run", umask=0)
    assert done.returncode == 0, done.stdout + done.stderr
    store = tmp_path / ".nbpipe"
    open_to_others = [path for path in (store, *store.rglob("*")) if path.stat().st_mode & 0o077]
    assert open_to_others == []
    assert not [path for path in temporary.rglob("*") if path.is_socket()]
