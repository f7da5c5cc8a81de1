"""What a worker imports: nothing that costs time and that it does not use."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("rfc3987_syntax", "matplotlib", "pandas", "numpy", "pyarrow", "github", "sqlalchemy")


@pytest.mark.parametrize("engine", ["warm", "papermill"])
def test_a_worker_imports_nothing_heavy(engine: str) -> None:
    code = (
        "import sys, nbpipe.run.worker\n"
        f"from nbpipe.run.kernels import carry; carry.engine({engine!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
