"""The hook of this repository, run by pre-commit itself from a clone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imports.conftest import pip

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="session")
def pre_commit(downloads: Path) -> Path:
    pip(downloads, "install", "--quiet", "pre-commit")
    return downloads / "env" / "bin" / "pre-commit"


def git(folder: Path, *args: str) -> str:
    said = ["-c", "user.email=a@example.org", "-c", "user.name=a", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *said, *args], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="no clone to run it from"
)
def test_the_hook_passes_a_good_project_and_stops_a_faulty_one(
    pre_commit: Path, tmp_path: Path
) -> None:
    hooks, project = tmp_path / "hooks", tmp_path / "project"
    git(tmp_path, "clone", "--quiet", str(ROOT), str(hooks))
    shutil.copytree(ROOT / "examples" / "diagnosis", project)
    git(project, "init", "--quiet")
    revision = git(hooks, "rev-parse", "HEAD")
    said = {"repos": [{"repo": str(hooks), "rev": revision, "hooks": [{"id": "nbpipe-check"}]}]}
    (project / ".pre-commit-config.yaml").write_text(json.dumps(said))
    env = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache"),
           "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}  # fmt: skip

    def run() -> subprocess.CompletedProcess[str]:
        git(project, "add", "-A")
        return subprocess.run([pre_commit, "run", "--all-files"], cwd=project, env=env,
                              capture_output=True, text=True, check=False)  # fmt: skip

    good = run()
    assert good.returncode == 0, good.stdout
    (project / "diagnosis.ipynb").write_text("{")
    faulty = run()
    assert faulty.returncode == 1
    assert "diagnosis.ipynb" in faulty.stdout
