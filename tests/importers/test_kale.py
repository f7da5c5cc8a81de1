"""Kale's notebooks: tags and settings of all versions, and compositions."""

from __future__ import annotations

import json

import pytest

from nbpipe.importers import kale
from nbpipe.importers.carried import MemorySources
from nbpipe.importers.result import finish


def notebook(*cells, **settings):
    made = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {"tags": tags}, "source": source,
         "outputs": [], "execution_count": None}
        for i, (source, *tags) in enumerate(cells)
    ]  # fmt: skip
    metadata = {"kubeflow_notebook": settings} if settings else {}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made})


def read(text):
    sources = MemorySources({"a.ipynb": text.encode()})
    return finish(kale.carry("a.ipynb", sources), sources)


def tags_of(imported, path):
    document = json.loads(next(made.text for made in imported.files if made.path == path))
    return [c["metadata"].get("tags", []) for c in document["cells"] if c["cell_type"] == "code"]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (["imports"], ["setup"]),
        (["functions"], ["setup"]),
        (["pipeline-parameters"], ["parameters"]),
        (["skip", "prev:x"], ["skip"]),
        (["block:x"], ["step:x"]),
        (["step:x", "hide-input"], ["step:x", "hide-input"]),
        (["step:x", "label:a:b", "cache:enabled"], ["step:x"]),
    ],
)
def test_each_tag_of_kale_becomes_ours(theirs, ours):
    imported = read(notebook(("a = 1", *theirs), ("b = 2", "step:last"), pipeline_name="p"))
    assert tags_of(imported, "a.ipynb")[0] == ours


def test_the_order_of_steps_is_kept_and_said_again_it_has_no_effect():
    imported = read(
        notebook(("a = 1", "step:a"), ("b = 2", "step:b", "prev:a"), ("b += 1", "step:b", "prev:b"))
    )
    assert tags_of(imported, "a.ipynb") == [["step:a"], ["step:b", "after:a"], ["step:b"]]
    assert imported.pipeline.problems == ()


def test_an_untagged_cell_belongs_to_what_is_above_it_also_to_imports(imported):
    old = imported("kale", "old.ipynb")
    assert tags_of(old, "old.ipynb")[:4] == [["skip"], ["setup"], ["setup"], ["parameters"]]
    assert [step.name for step in old.pipeline.steps] == ["load", "sum", "show"]
    assert "an untagged cell above all tags" in {note.what for note in old.notes}


def test_limits_and_caching_become_options(imported):
    steps = {step.name: step.options for step in imported("kale", "old.ipynb").pipeline.steps}
    assert steps["sum"].resources.cpu == 0.5
    assert not steps["sum"].cache
    assert steps["load"].cache


def test_defaults_for_all_steps_are_carried_to_each():
    said = ["limit:memory:2Gi", "label:a:b"]
    imported = read(notebook(("a = 1", "step:a"), ("b = 1", "step:b"), steps_defaults=said))
    assert {s.options.resources.memory for s in imported.pipeline.steps} == {2 * 2**30}
    assert [note.what for note in imported.notes] == ["the tag label:a:b"]


def test_a_composition_becomes_a_project_of_its_notebooks(imported):
    whole = imported("kale", "root.ipynb")
    assert {made.path for made in whole.files} >= {
        "root.ipynb",
        "parts/load.ipynb",
        "parts/fit.ipynb",
    }
    assert whole.pipeline.problems == ()
    edges = {(edge.source, edge.target) for edge in whole.pipeline.edges}
    assert ("load.load", "fit.fit") in edges
    assert {("load.show", "final"), ("fit.show", "final")} <= edges


def test_steps_of_the_same_name_in_two_notebooks_are_told_apart_by_the_notebook(imported):
    names = {step.name for step in imported("kale", "root.ipynb").pipeline.steps}
    assert {"load.show", "fit.show"} <= names


def test_what_belongs_to_kubernetes_is_listed_with_its_reason(imported):
    notes = {note.what: note.why for note in imported("kale", "root.ipynb").notes}
    assert set(notes) == {"volumes", "base image", "the tag image:python:3.12"}
    assert all(notes.values())


def test_a_missing_part_is_listed_and_the_rest_is_made(sample):
    files = {k: v for k, v in sample("kale").files.items() if k != "parts/fit.ipynb"}
    sources = MemorySources(files)
    imported = finish(kale.carry("root.ipynb", sources), sources)
    assert "the notebook parts/fit.ipynb" in {note.what for note in imported.notes}
    assert "load" in {step.name for step in imported.pipeline.steps}


def test_a_value_that_kale_would_take_from_another_step_is_pointed_out():
    cells = [("x = 1", "step:a"), ("x = 2", "step:b", "prev:a"), ("print(x)", "step:c", "prev:a")]
    notes = read(notebook(*cells)).notes
    assert [(note.where, note.what) for note in notes] == [("step c", "it takes x from step b")]


def test_the_kernel_of_another_machine_is_replaced():
    document = json.loads(notebook(("a = 1", "step:a"), pipeline_name="p"))
    document["metadata"]["kernelspec"] = {"name": "kale-venv", "language": "python"}
    imported = read(json.dumps(document))
    assert imported.pipeline.steps[0].notebook.kernel == "python3"
    assert [note.what for note in imported.notes] == ["the kernel 'kale-venv'"]
