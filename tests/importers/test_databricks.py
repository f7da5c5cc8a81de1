"""Databricks notebooks: cells, widgets, and notebooks that run others."""

from __future__ import annotations

import json

import pytest

from nbpipe.importers import databricks
from nbpipe.importers.carried import MemorySources
from nbpipe.importers.result import finish

HEADER = "# Databricks notebook source\n"


def spec(text, **files):
    every = {"main.py": HEADER + text, **{f"{k}.py": HEADER + v for k, v in files.items()}}
    sources = MemorySources({path: body.encode() for path, body in every.items()})
    return finish(databricks.carry("main.py", sources), sources)


def cells_of(imported, path="main.ipynb"):
    document = json.loads(next(made.text for made in imported.files if made.path == path))
    return [("".join(c["source"]), c["metadata"].get("tags", [])) for c in document["cells"]]


def test_notebooks_that_are_run_become_steps_between_the_parts_of_the_caller(imported):
    whole = imported("databricks", "main.py")
    assert [step.name for step in whole.pipeline.steps] == [
        "main", "child", "main-2", "each-items", "each", "main-3",
    ]  # fmt: skip
    assert whole.pipeline.problems == ()
    assert whole.notes == ()


def test_arguments_go_to_the_notebook_that_is_run_and_its_result_comes_back(imported):
    whole = imported("databricks", "main.py").pipeline
    assert whole.step("child").inputs == {"child_arguments": "main"}
    assert whole.step("main-2").inputs["child_result"] == "child"


def test_a_loop_of_one_call_becomes_a_fan_out(imported):
    step = imported("databricks", "main.py").pipeline.step("each")
    assert (step.foreach.names, step.foreach.items) == (("part",), "each_all")


def test_widgets_become_parameters_and_their_reads_names(imported):
    whole = imported("databricks", "main.py")
    assert {p.name: p.default for p in whole.pipeline.parameters} == {
        "year": "2024",
        "mode": "fast",
    }
    sources = [source for source, _ in cells_of(whole)]
    assert any("print(mode, rows)" in source for source in sources)


def test_run_puts_the_cells_of_the_other_notebook_in(imported):
    assert any("def square" in s for s, _ in cells_of(imported("databricks", "main.py")))


@pytest.mark.parametrize(
    ("cell", "made"),
    [
        ("# MAGIC %md\n# MAGIC # Title", "# Title"),
        ("# MAGIC %sh\n# MAGIC ls", "%%sh\nls"),
        ("# MAGIC %python\n# MAGIC x = 1", "x = 1"),
        ("# DBTITLE 1,Load it\nx = 1", "### Load it"),
        ("x = dbutils.widgets.get('a b')", "x = a_b"),
        ("f(getArgument('é', 'ü'), 'ß')", "f(é, 'ß')"),
        ("dbutils.library.restartPython()\ny = 1", "y = 1"),
    ],
)
def test_each_kind_of_cell_is_translated(cell, made):
    assert made in [source.strip("\n") for source, _ in cells_of(spec(cell))]


def test_sql_goes_to_spark_which_is_set_up():
    imported = spec('# MAGIC %sql\n# MAGIC select "a" from t')
    sources = [source for source, _ in cells_of(imported)]
    assert "SparkSession.builder" in sources[0]
    assert sources[1] == '_sqldf = spark.sql("""\nselect "a" from t\n""")\ndisplay(_sqldf)'


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("# MAGIC %scala\n# MAGIC val x = 1", "a cell of %scala"),
        ("# MAGIC %pip install x", "%pip install x"),
        ("# MAGIC %run ./gone", "%run ./gone"),
        ("dbutils.fs.ls('/')", "dbutils.fs.ls"),
        ("f(dbutils.widgets, 'a')", "dbutils.widgets"),
        ("p = dbutils.notebook.entry_point.getDbutils()", "dbutils.notebook.entry_point"),
        ("dbutils.jobs.taskValues.set('a', 1)", "dbutils.jobs.taskValues"),
        ("x = open('/dbfs/a.csv')", "a path of Databricks"),
        ("if a:\n    dbutils.notebook.run('b', 1)", "dbutils.notebook inside other code"),
        ("dbutils.notebook.run('gone', 1)", "dbutils.notebook.run of gone"),
        ("dbutils.notebook.exit('x')\n# COMMAND ----------\ny = 1",
         "cells below dbutils.notebook.exit"),
    ],
)  # fmt: skip
def test_what_needs_databricks_is_listed(cell, told):
    assert told in {note.what for note in spec("z = 1\n# COMMAND ----------\n" + cell).notes}


def test_notebooks_that_run_each_other_come_to_an_end():
    imported = spec("dbutils.notebook.run('b', 1)\nx = 1", b="dbutils.notebook.run('main', 1)")
    assert "dbutils.notebook.run of main" in {note.what for note in imported.notes}


def test_an_exported_ipynb_is_read_as_its_source(sample):
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    sources = ["%md\n# Hello", "dbutils.widgets.text('n', '3')", "print(dbutils.widgets.get('n'))"]
    document = {
        "nbformat": 4, "nbformat_minor": 0,
        "metadata": {"application/vnd.databricks.v1+notebook": {"language": "python"}},
        "cells": [{**cell, "source": source} for source in sources],
    }  # fmt: skip
    memory = MemorySources({"main.ipynb": json.dumps(document).encode()})
    assert databricks.recognise("main.ipynb", memory)
    imported = finish(databricks.carry("main.ipynb", memory), memory)
    assert [source for source, _ in cells_of(imported)] == ["n = '3'", "# Hello", "print(n)"]
