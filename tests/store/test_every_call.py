"""SQLite's own writes, syncs and cuts fail or kill one by one: nothing that was told is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STRIDE = int(os.environ.get("NBPIPE_TEST_STRIDE", "16"))
"""Every which call is tried; 1 in ``make chaos``."""

COMPILER = shutil.which("cc") or shutil.which("gcc")


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Between SQLite and the C library."""
    if COMPILER is None or sys.platform != "linux":
        pytest.skip("calls are caught by a C library of the tests' own: Linux and a C compiler")
    made = tmp_path_factory.mktemp("shim") / "failing_calls.so"
    source = HERE / "failing_calls.c"
    subprocess.run([COMPILER, "-shared", "-fPIC", "-o", made, source, "-ldl"], check=True)
    return made


@pytest.mark.parametrize("ending", ["full", "stays full", "error", "killed", "torn"])
@pytest.mark.parametrize(("work", "most"), [("run", 300), ("removal", 80), ("migration", 150)])
def test_whichever_of_sqlites_own_calls_fails_or_kills_nothing_told_is_lost_and_all_goes_on(
    shim: Path, tmp_path: Path, work: str, most: int, ending: str
) -> None:
    first = 1 + len(ending) % STRIDE
    answer = subprocess.run(
        [sys.executable, HERE / "every_call.py", tmp_path, work, ending, str(first), str(STRIDE)],
        env={**os.environ, "LD_PRELOAD": str(shim), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert int(answer.stdout) >= most // STRIDE
