"""DVC's stages: commands that run notebooks, templates, files."""

from __future__ import annotations

import json

import pytest

from nbpipe.importers import dvc
from nbpipe.importers.carried import MemorySources
from nbpipe.importers.commands import Command, read_command
from nbpipe.importers.result import finish

NOTEBOOK = json.dumps(
    {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
        {"cell_type": "code", "id": "a", "metadata": {"tags": ["parameters"]}, "source": "n = 1",
         "outputs": [], "execution_count": None}]}
)  # fmt: skip


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("papermill a.ipynb b.ipynb -p n 3 -p x True -p t a.b -r s 7",
         {"notebook": "a.ipynb", "output": "b.ipynb",
          "values": {"n": 3, "x": True, "t": "a.b", "s": "7"}}),
        ("python -m papermill -f p.yaml --cwd w a.ipynb b.ipynb --log-output",
         {"notebook": "a.ipynb", "output": "b.ipynb", "files": ("p.yaml",), "cwd": "w"}),
        ("papermill a.ipynb b.ipynb -y '{m: [1, 2]}' --execution-timeout=60",
         {"notebook": "a.ipynb", "output": "b.ipynb", "values": {"m": [1, 2]}, "timeout": 60.0}),
        ("jupyter nbconvert --to notebook --execute n/a.ipynb --output b.ipynb",
         {"notebook": "n/a.ipynb", "output": "b.ipynb", "in_own_folder": True}),
        ("jupyter execute a.ipynb", {"notebook": "a.ipynb", "in_own_folder": True}),
        ("jupyter nbconvert --to html a.ipynb", {}),
        ("papermill a.ipynb b.ipynb | tee log", {}),
        ("python train.py --n 3", {}),
        ("papermill 'a", {}),
    ],
)  # fmt: skip
def test_commands_that_run_a_notebook_are_known(line, command):
    assert read_command(line) == Command(line, **command)


def spec(text, **files):
    every = {"dvc.yaml": text, "a.ipynb": NOTEBOOK, **files}
    sources = MemorySources({path: body.encode() for path, body in every.items()})
    return finish(dvc.carry("dvc.yaml", sources), sources)


def test_stages_become_steps_with_their_files(imported):
    whole = imported("dvc", "dvc.yaml")
    after = {step.name: step.after for step in whole.pipeline.steps}
    assert after == {
        "load": (),
        "double-2": ("load",),
        "double-3": ("load",),
        "report": ("double-2", "double-3"),
    }
    assert whole.pipeline.problems == ()
    assert set(whole.copies) == {"params.yaml", "seed.txt", "report.py"}
    assert whole.pipeline.step("report").options.writes == ("metrics.json",)


def test_values_of_params_yaml_are_filled_in(imported):
    whole = imported("dvc", "dvc.yaml")
    assert [(p.name, p.default) for p in whole.pipeline.parameters] == [("n", 4)]


def test_a_matrix_makes_a_step_for_each_combination():
    text = (
        "stages:\n  fit:\n    matrix: {a: [1, 2], b: [x]}\n"
        "    cmd: papermill a.ipynb o.ipynb -p n ${item.a}${item.b}\n"
    )
    imported = spec(text)
    assert [step.name for step in imported.pipeline.steps] == ["fit-1-x", "fit-2-x"]


def test_what_runs_in_another_folder_is_put_there():
    text = (
        "stages:\n  s:\n    wdir: sub\n    cmd: papermill ../a.ipynb o.ipynb\n    outs: [x.csv]\n"
    )
    imported = spec(text)
    assert imported.files[0].path == "sub/a.ipynb"
    assert imported.pipeline.step("s").options.writes == ("x.csv",)


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        ("{cmd: 'papermill gone.ipynb o.ipynb'}", "the notebook gone.ipynb"),
        ("{cmd: 'papermill a.ipynb o.ipynb', deps: [big.csv]}", "the file big.csv"),
        ("{cmd: 'papermill a.ipynb o.ipynb', outs: [o.ipynb]}", "the executed notebook o.ipynb"),
        ("{cmd: 'papermill a.ipynb o.ipynb -p n ${no}'}", "${no}"),
        ("{cmd: 'papermill a.ipynb o.ipynb', frozen: true}", "frozen"),
        ("{cmd: 'papermill a.ipynb o.ipynb -f p.yaml'}", "the parameters in p.yaml"),
        ("{cmd: 'python a.py'}", "its commands"),
        ("{}", "no cmd"),
    ],
)
def test_what_cannot_be_carried_over_is_listed(stage, told):
    imported = spec(f"stages:\n  s: {stage}\n  other: {{cmd: python x.py}}\n")
    assert told in {note.what for note in imported.notes}
