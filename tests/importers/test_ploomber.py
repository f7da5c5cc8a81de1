"""Ploomber's pipelines: tasks, products, grids and functions."""

from __future__ import annotations

import json

import pytest

from nbpipe.importers import ploomber
from nbpipe.importers.carried import MemorySources, NotImportable
from nbpipe.importers.result import finish


@pytest.fixture
def whole(imported):
    return imported("ploomber", "pipeline.yaml")


def source_of(imported, path):
    document = json.loads(next(made.text for made in imported.files if made.path == path))
    return ["".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code"]


def test_each_task_becomes_a_step_after_its_upstream(whole):
    after = {step.name: step.after for step in whole.pipeline.steps}
    assert after == {
        "load": (),
        "halve": ("load",),
        "scale": ("load",),
        "report": ("halve", "scale"),
    }
    assert whole.pipeline.problems == ()
    assert whole.notes == ()


def test_values_of_the_environment_are_filled_in(whole):
    assert [(p.name, p.default) for p in whole.pipeline.parameters] == [("count", 4)]
    assert "'data': 'products/data/rows.json'" in source_of(whole, "load.ipynb")[1]


def test_upstream_and_product_leave_the_parameters_cell(whole):
    assert source_of(whole, "load.ipynb")[0] == "count = 4"


def test_a_grid_becomes_a_fan_out_with_a_product_for_each_item(whole):
    scale = whole.pipeline.step("scale")
    items = eval(scale.foreach.items)  # our own literal
    assert [(item["factor"], item["product"]["data"]) for item in items] == [
        (2, "products/scale-0.json"),
        (3, "products/scale-1.json"),
    ]


def test_a_wildcard_upstream_gives_the_products_of_all_items(whole):
    said = source_of(whole, "report.ipynb")[0]
    assert "'scale-*': {'scale-0':" in said


def test_a_function_becomes_a_cell_that_calls_it_and_its_module_comes_along(whole):
    (cell,) = source_of(whole, "halve.ipynb")
    assert "halve(product=product, upstream=upstream)" in cell
    assert "functions.py" in whole.copies


def test_files_are_said_to_be_written_but_not_the_executed_notebook(whole):
    assert whole.pipeline.step("load").options.writes == ("products/data/rows.json",)


def spec(text, **files):
    every = {"pipeline.yaml": text, **files}
    sources = MemorySources({path: body.encode() for path, body in every.items()})
    return finish(ploomber.carry("pipeline.yaml", sources), sources)


TASK = '# %% tags=["parameters"]\nupstream = None\na = 0\nb = 0\n# %%\nprint(a, b)\n'


def test_names_of_a_grid_are_filled_from_its_values_and_a_missing_one_has_its_default():
    imported = spec(
        "tasks:\n- source: t.py\n  name: fit-[[a]]\n  product: out-[[a]].ipynb\n"
        "  grid:\n  - {a: [1, 2]}\n  - {a: [3], b: [9]}\n",
        **{"t.py": TASK},
    )
    step = imported.pipeline.step("fit")
    items = eval(step.foreach.items)
    assert [item["product"] for item in items] == ["out-1.ipynb", "out-2.ipynb", "out-3.ipynb"]
    assert "b = ploomber_task.get('b', 0)" in source_of(imported, "fit.ipynb")[0]


@pytest.mark.parametrize(
    ("task", "told"),
    [
        ("source: a.sql", "the source a.sql"),
        ("source: gone.py", "the file gone.py"),
        ("{source: t.py, product: x, on_finish: h.f}", "on_finish: h.f"),
        ("{source: t.py, product: '{{nope}}/x'}", "the placeholder {{nope}}"),
        ("{source: t.py, product: x, upstream: nope}", "the upstream 'nope'"),
    ],
)
def test_what_cannot_be_carried_over_is_listed(task, told):
    other = "- {source: u.py, product: y}\n"
    imported = spec(f"tasks:\n- {task}\n{other}", **{"t.py": TASK, "u.py": TASK})
    assert told in {note.what for note in imported.notes}


def test_notebooks_that_give_one_name_different_values_keep_their_own():
    text = "tasks:\n- {source: t.py, product: x, params: {a: 1}}\n- {source: u.py, product: y}\n"
    imported = spec(text, **{"t.py": TASK, "u.py": TASK})
    assert [parameter.name for parameter in imported.pipeline.parameters] == ["b"]
    assert [note.what for note in imported.notes] == ["the parameter a"]


@pytest.mark.parametrize("text", ["tasks: 3", "{", "[]", "tasks:\n- {source: a.sql}\n"])
def test_a_file_without_tasks_is_refused(text):
    with pytest.raises(NotImportable):
        spec(text)


def test_a_pipeline_that_python_makes_is_refused_with_its_function():
    with pytest.raises(NotImportable, match=r"names the function mine\.make"):
        spec("location: mine.make")
