"""What was imported from other products runs to its end, and gives what it gave there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import nbpipe
from nbpipe.cli import exits
from nbpipe.cli.app import app

SAMPLES = Path(__file__).parents[1] / "importers" / "samples"


def imported(source: str, folder: Path) -> nbpipe.Run:
    result = CliRunner().invoke(app, ["import", str(SAMPLES / source), "--to", str(folder)])
    assert result.exit_code == exits.OK, result.output
    run = nbpipe.compile(folder).run()
    assert run.ok, {task: run[task].state for task in run}
    return run


def test_a_composition_of_kale_runs(tmp_path: Path) -> None:
    run = imported("kale/root.ipynb", tmp_path / "new")
    assert run["fit.fit"].outputs["slope"] == 3


def test_a_pipeline_of_elyra_runs_with_its_files_and_environment(tmp_path: Path) -> None:
    folder = tmp_path / "src"
    folder.mkdir()
    for path in (SAMPLES / "elyra").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    env = ["GREETING=hi", "who=you"]
    link = [{"links": [{"node_id_ref": "one", "port_id_ref": "outPort"}]}]
    nodes = [
        {"id": "one", "type": "execution_node", "op": "execute-notebook-node",
         "app_data": {"component_parameters": {"filename": "load.ipynb",
                                               "dependencies": ["helper.py"]}}},
        {"id": "two", "type": "execution_node", "op": "execute-python-node", "inputs": link,
         "app_data": {"component_parameters": {"filename": "report.py", "env_vars": env}}},
    ]  # fmt: skip
    pipeline = {"pipelines": [{"id": "p", "nodes": nodes, "app_data": {"version": 6}}]}
    (folder / "a.pipeline").write_text(json.dumps(pipeline))
    imported(str(folder / "a.pipeline"), tmp_path / "new")
    assert (tmp_path / "new" / "total.txt").read_text() == "12"


def test_a_pipeline_of_ploomber_runs_with_its_grid(tmp_path: Path) -> None:
    imported("ploomber", tmp_path / "new")
    assert (tmp_path / "new" / "products" / "total.txt").read_text() == "33.0"


def test_stages_of_dvc_run(tmp_path: Path) -> None:
    imported("dvc", tmp_path / "new")
    assert json.loads((tmp_path / "new" / "metrics.json").read_text()) == {"total": 170}


def test_notebooks_of_databricks_run_with_what_they_hand_each_other(tmp_path: Path) -> None:
    run = imported("databricks/main.py", tmp_path / "new")
    assert run["child"].outputs["child_result"] == str(sum(i * i for i in range(4)))
    assert {"each[0]", "each[1]", "main-3"} <= set(run)


@pytest.mark.parametrize("source", ["papermill/executed.ipynb", "jupytext/light.py"])
def test_a_notebook_or_script_runs(source: str, tmp_path: Path) -> None:
    imported(source, tmp_path / "new")
