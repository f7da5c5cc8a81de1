"""Steps to notebooks of their own and back, and to functions: decided without running anything."""

from __future__ import annotations

import ast
import json

import pytest
from click.testing import CliRunner

from nbpipe.cli import exits
from nbpipe.cli.app import app
from nbpipe.run.project import open_project

CELLS = [
    ("parameters", "n = 4"),
    ("setup", "import math\n\n\ndef scaled(x):\n    return x * FACTOR\n\n\nFACTOR = 2"),
    ("step:load", "rows = [float(i) for i in range(n)]"),
    ("step:clean", "rows = [row for row in rows if row]\ntext = '''a\n  b'''"),
    ("step:total", "total = scaled(sum(rows))"),
    ("step:report", "score = total + math.floor(len(text))"),
    ("metrics", "score"),
]
FAN = [
    ("parameters", "names = ['a', 'b']"),
    ("setup", "import nbpipe"),
    ("step:load", "table = {'a': 1, 'b': 2}"),
    (["step:look", "foreach:name in names"], "found = table[name]"),
    ("step:all", "every = nbpipe.gather('found')\nprint(list(every))"),
]


def write(path, cells):
    made = [
        {"cell_type": "code", "id": f"c{i}", "source": source, "outputs": [],
         "execution_count": None,
         "metadata": {"tags": [tags] if isinstance(tags, str) else tags}}
        for i, (tags, source) in enumerate(cells)
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}))
    return path


def run(*args):
    return CliRunner().invoke(app, list(map(str, args)))


def shape(folder):
    """Each step with the names it takes and from whom."""
    pipeline = open_project(folder).compile()
    assert pipeline.errors == ()
    return {
        step.name: {name.split("_of_")[0]: giver for name, giver in step.inputs.items()}
        for step in pipeline.steps
    }


@pytest.mark.parametrize("cells", [CELLS, FAN], ids=["plain", "fan-out"])
def test_steps_as_notebooks_and_back_are_the_same_pipeline(cells, tmp_path):
    source = write(tmp_path / "a" / "all.ipynb", cells)
    assert run("extract", source, "--to", tmp_path / "b").exit_code == exits.OK
    assert run("join", tmp_path / "b", "--to", tmp_path / "c").exit_code == exits.OK
    assert shape(source) == shape(tmp_path / "b") == shape(tmp_path / "c")
    steps = open_project(tmp_path / "b").compile().steps
    assert {step.kind for step in steps} == {"notebook"}
    assert len({step.notebook.path for step in steps}) == len(steps)


def test_a_name_that_two_steps_give_travels_under_a_name_of_its_own(tmp_path):
    cells = [
        ("step:a", "x = 1\ny = 1"),
        ("step:b", "x = x + 1"),
        ("step:c", "z = x + y"),
    ]
    source = write(tmp_path / "a" / "all.ipynb", cells)
    run("extract", source, "--to", tmp_path / "b")
    pipeline = open_project(tmp_path / "b").compile()
    assert pipeline.errors == ()
    assert pipeline.step("c").inputs == {"x_of_b": "b", "y": "a"}


def test_options_and_checks_go_along_both_ways(tmp_path):
    source = write(tmp_path / "a" / "all.ipynb", [*CELLS, ("check", "assert score > 0")])
    document = json.loads(source.read_text())
    document["metadata"]["nbpipe"] = {"version": 1, "steps": {"total": {"retries": 2}}}
    source.write_text(json.dumps(document))
    run("extract", source, "--to", tmp_path / "b")
    run("join", tmp_path / "b", "--to", tmp_path / "c")
    for folder in ("b", "c"):
        pipeline = open_project(tmp_path / folder).compile()
        assert pipeline.step("total").options.retries == 2
        assert len(pipeline.step("report").checks) == 1
        assert pipeline.step("report").metric_names == ("score",)


def test_joined_notebooks_share_their_definitions_once(tmp_path):
    source = write(tmp_path / "a" / "all.ipynb", CELLS)
    run("extract", source, "--to", tmp_path / "b")
    run("join", tmp_path / "b", "--to", tmp_path / "c")
    joined = next((tmp_path / "c").glob("*.ipynb")).read_text()
    assert joined.count("def scaled") == 1


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([("setup", "import random\nrandom.seed(1)"), ("step:a", "x = random.random()"),
          ("step:b", "y = random.random()")], "random numbers"),
        ([("step:a", "items = [1]"), (["step:b", "foreach:i in items"], "y = i")],
         "The items of step 'b' come from another step"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_out_of_its_notebook_is_refused(cells, said, tmp_path):
    source = write(tmp_path / "a" / "all.ipynb", cells)
    result = run("extract", source, "--to", tmp_path / "b")
    assert result.exit_code == exits.USAGE
    assert said in result.output
    assert not (tmp_path / "b").exists()


def test_two_definitions_of_one_name_are_not_joined(tmp_path):
    for name, value in (("a", 1), ("b", 2)):
        write(tmp_path / "p" / f"{name}.ipynb", [("setup", f"def f():\n    return {value}"),
                                                 (f"step:{name}", f"{name} = f()")])  # fmt: skip
    result = run("join", tmp_path / "p", "--to", tmp_path / "c")
    assert result.exit_code == exits.USAGE
    assert "define f in two ways" in result.output


def package(cells, tmp_path):
    source = write(tmp_path / "a" / "all.ipynb", cells)
    return run("extract", source, "--package", "mine", "--to", tmp_path / "b"), tmp_path / "b"


@pytest.mark.parametrize("cells", [CELLS, FAN], ids=["plain", "fan-out"])
def test_a_package_has_a_function_a_step_and_all_of_it_is_python(cells, tmp_path):
    result, folder = package(cells, tmp_path)
    assert result.exit_code == exits.OK, result.output
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
    assert {"mine/__init__.py", "mine/shared.py", "mine/__main__.py", "mine/load.py"} <= files
    for path in folder.rglob("*.py"):
        ast.parse(path.read_text("utf-8"))


def results(folder, monkeypatch):
    """What the package's main gives, run here: its code is ours."""
    import importlib
    import sys

    monkeypatch.syspath_prepend(str(folder))
    for name in [one for one in sys.modules if one.split(".")[0] == "mine"]:
        monkeypatch.delitem(sys.modules, name)
    importlib.invalidate_caches()
    return importlib.import_module("mine.__main__").main()


def test_the_main_runs_the_functions_in_order(tmp_path, monkeypatch):
    _, folder = package(CELLS, tmp_path)
    made = results(folder, monkeypatch)
    assert made["report"] == {"score": 17.0}
    assert made["load"] == {"rows": [0.0, 1.0, 2.0, 3.0]}


def test_the_main_runs_a_fan_out_for_each_item(tmp_path, monkeypatch, capsys):
    _, folder = package(FAN, tmp_path)
    assert results(folder, monkeypatch)["look"] == [{"found": 1}, {"found": 2}]
    assert capsys.readouterr().out == "[1, 2]\n"


def test_a_function_that_uses_a_parameter_stays_with_its_step(tmp_path, monkeypatch):
    cells = [
        ("parameters", "n = 2"),
        ("setup", "def times(x):\n    return x * n"),
        ("step:a", "y = times(3)"),
        ("step:b", "z = y + 1"),
    ]
    _, folder = package(cells, tmp_path)
    assert results(folder, monkeypatch)["a"] == {"y": 6}
    assert "def times" not in (folder / "mine" / "shared.py").read_text()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("!ls", "magics and shell lines"),
        ("%time x = 1", "magics and shell lines"),
        ("import asyncio\nx = await asyncio.sleep(0)", "await outside a function"),
        ("def f():\n    global x\n    x = 2\nx = 1", "global x"),
        ("from math import *\nx = 1", "from math import *"),
        ("x = len(globals())", "globals()"),
    ],
)
def test_what_cannot_become_a_function_is_told(source, told, tmp_path):
    result, folder = package([("step:a", source), ("step:b", "y = 1")], tmp_path)
    assert result.exit_code == exits.USAGE
    assert told in result.output
    assert "cell 1" in result.output
    assert not folder.exists()


def test_pictures_set_up_by_magics_are_no_obstacle(tmp_path):
    result, _ = package([("setup", "%matplotlib inline"), ("step:a", "x = 1")], tmp_path)
    assert result.exit_code == exits.OK, result.output


@pytest.mark.parametrize("name", ["1a", "a-b", "class", "a/b", ""])
def test_a_name_that_no_package_can_have_is_refused(name, tmp_path):
    source = write(tmp_path / "a" / "all.ipynb", CELLS)
    result = run("extract", source, "--package", name, "--to", tmp_path / "b")
    assert result.exit_code == exits.USAGE


def test_names_of_steps_never_end_a_text_or_leave_the_folder(tmp_path):
    cells = [("step:a b.c-d", 'x = """one\n  two"""'), ("step:class", "y = x")]
    result, folder = package(cells, tmp_path)
    assert result.exit_code == exits.OK, result.output
    assert (folder / "mine" / "a_b_c_d.py").exists()
    assert (folder / "mine" / "class_.py").exists()
    assert '"""one\n  two"""' in (folder / "mine" / "a_b_c_d.py").read_text()
