"""Notebooks become a pipeline: steps, edges with reasons, and problems with cures."""

from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe.compile.assemble import assemble
from nbpipe.compile.notebook import read_document
from nbpipe.compile.pipeline import Learned

if TYPE_CHECKING:
    from nbpipe.compile.notebook import Notebook
    from nbpipe.compile.pipeline import Pipeline


def notebook(path: str, *cells: str | tuple[str, str], **metadata: Any) -> Notebook:
    made = []
    for index, cell in enumerate(cells):
        tags, source = ("", cell) if isinstance(cell, str) else cell
        kind = "markdown" if source.startswith("#") else "code"
        made.append(
            {
                "cell_type": kind,
                "id": f"c{index}",
                "metadata": {"tags": tags.split()},
                "source": source,
            }
        )
    return read_document(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}, path
    )


def one(*cells: str | tuple[str, str], **metadata: Any) -> Pipeline:
    return assemble([notebook("n.ipynb", *cells, **metadata)], name="p")


def edges(pipeline: Pipeline, kind: str = "data") -> set[tuple[str, str, tuple[str, ...]]]:
    return {(e.source, e.target, e.names) for e in pipeline.edges if e.kind == kind}


def codes(pipeline: Pipeline, severity: str = "error") -> list[str]:
    return [p.code for p in pipeline.problems if p.severity == severity]


def test_steps_are_linked_by_the_names_they_share() -> None:
    pipeline = one(("step:load", "x = 1"), ("step:fit", "y = x"), ("step:show", "print(x, y)"))
    assert pipeline.problems == ()
    assert edges(pipeline) == {
        ("load", "fit", ("x",)),
        ("load", "show", ("x",)),
        ("fit", "show", ("y",)),
    }


def test_an_edge_says_why_it_exists_and_where() -> None:
    pipeline = one(("step:load", "x = 1"), ("step:fit", "z = 2\ny = x"))
    (reason,) = pipeline.edges[0].reasons
    assert (reason.text, reason.cell, reason.line) == ("fit reads x, which load gives", "c1", 2)


def test_an_untagged_cell_belongs_to_the_step_above() -> None:
    pipeline = one(("step:load", "x = 1"), "x += 1", ("step:fit", "y = x"))
    assert pipeline.step("load").cells == ("c0", "c1")


def test_declarations_above_the_first_step_are_setup_by_themselves() -> None:
    pipeline = one(
        "import math\nRATE = 2\ndef f(a): return a * RATE", ("step:fit", "y = f(math.pi)")
    )
    assert codes(pipeline) == []
    assert pipeline.roles["n.ipynb"]["c0"].kind == "setup"
    assert "RATE = 2" in [s.source for s in pipeline.step("fit").flow.replay if s.used]


def test_other_code_above_the_first_step_is_a_problem_with_a_tag_as_cure() -> None:
    pipeline = one("# Read the data", "x = open('f').read()", ("step:fit", "y = 1"))
    (problem,) = [p for p in pipeline.problems if p.code == "above-first-step"]
    assert problem.fix is not None
    assert problem.fix.add == ("step:read-the-data",)


def test_an_order_without_data_is_kept_beside_the_data() -> None:
    pipeline = one(("step:a", "x = 1"), ("step:b", "print('hi')"), ("step:c after:b", "y = x"))
    assert edges(pipeline, "order") == {("b", "c", ())}
    assert edges(pipeline) == {("a", "c", ("x",))}


def test_steps_that_share_nothing_wait_for_nothing() -> None:
    pipeline = one(("step:a", "x = 1"), ("step:b", "y = 1"), ("step:c", "z = 1"))
    assert pipeline.edges == ()


def test_two_branches_that_change_one_object_run_one_after_the_other() -> None:
    pipeline = one(
        ("step:load", "xs = []"),
        ("step:left after:load", "xs.append(1)"),
        ("step:right after:load", "xs.append(2)"),
        ("step:show", "print(xs)"),
    )
    assert ("left", "right", ("xs",)) in edges(pipeline)
    assert ("right", "show", ("xs",)) in edges(pipeline)


def test_a_name_that_nobody_gives_is_a_problem_that_says_where() -> None:
    pipeline = one(("step:load", "total = 1"), ("step:fit", "a = 1\ny = totl"))
    (problem,) = [p for p in pipeline.problems if p.severity == "error"]
    assert (problem.code, problem.cell, problem.index, problem.line) == ("nobody-gives", "c1", 1, 2)
    assert problem.suggestion == "Did you mean 'total'?"


def test_an_unknown_step_to_wait_for_is_a_problem() -> None:
    assert codes(one(("step:load", "x = 1"), ("step:fit after:laod", "y = 1"))) == ["unknown-step"]


def test_a_circle_is_a_problem_that_names_it() -> None:
    pipeline = one(("step:a after:b", "x = 1"), ("step:b", "y = x"))
    (problem,) = [p for p in pipeline.problems if p.severity == "error"]
    assert problem.code == "cycle"
    assert "→" in problem.message


def test_a_parameter_is_no_input_and_has_a_default() -> None:
    pipeline = one(("parameters", "n = -3\nnames = ['a', None]"), ("step:fit", "y = n"))
    assert [(p.name, p.default) for p in pipeline.parameters] == [("n", -3), ("names", ["a", None])]
    assert pipeline.step("fit").inputs == {}
    assert pipeline.step("fit").flow.parameters == {"n"}


def test_a_parameter_with_two_defaults_is_a_problem() -> None:
    first = notebook("a.ipynb", ("parameters", "n = 1\nm = 1"), ("step:a", "x = n"))
    second = notebook("b.ipynb", ("parameters", "m = 1\nn = 1.0"), ("step:b", "y = n"))
    (problem,) = assemble([first, second], name="p").problems
    assert (problem.code, problem.notebook, problem.index) == ("parameter-defaults", "b.ipynb", 0)
    assert "'n' is 1.0 here and 1 in a.ipynb" in problem.message


def test_a_skipped_cell_gives_nothing() -> None:
    assert codes(one(("step:a", "x = 1"), ("skip", "z = 1"), ("step:b", "print(z)"))) == [
        "nobody-gives"
    ]


def test_checks_and_metrics_belong_to_the_step_above() -> None:
    pipeline = one(("step:a", "x = 1"), ("check", "assert x"), ("metrics", "x"))
    step = pipeline.step("a")
    assert (step.cells, step.checks, step.metrics, step.metric_names) == (
        ("c0", "c1", "c2"), ("c1",), ("c2",), ("x",),
    )  # fmt: skip


# whole notebooks and projects


def test_where_nothing_is_tagged_each_notebook_is_a_step() -> None:
    pipeline = assemble([notebook("a.ipynb", "x = 1"), notebook("b.ipynb", "y = x")], name="p")
    assert [(s.name, s.kind) for s in pipeline.steps] == [("a", "notebook"), ("b", "notebook")]
    assert edges(pipeline) == {("a", "b", ("x",))}


def test_where_something_is_tagged_an_untagged_notebook_stays_out() -> None:
    pipeline = assemble(
        [notebook("a.ipynb", ("step:load", "x = 1")), notebook("b.ipynb", "y = 1")], name="p"
    )
    assert [s.name for s in pipeline.steps] == ["load"]


def test_cells_and_whole_notebooks_mix_in_one_project() -> None:
    whole = notebook("b.ipynb", "y = x", nbpipe={"version": 1, "step": "fit", "after": ["other"]})
    pipeline = assemble(
        [notebook("a.ipynb", ("step:load", "x = 1"), ("step:other", "pass")), whole], name="p"
    )
    assert edges(pipeline) == {("load", "fit", ("x",))}
    assert edges(pipeline, "order") == {("other", "fit", ())}


def test_a_name_that_two_notebooks_give_is_a_problem() -> None:
    books = [
        notebook("a.ipynb", "x = 1"),
        notebook("b.ipynb", "x = 2"),
        notebook("c.ipynb", "y = x"),
    ]
    assert codes(assemble(books, name="p")) == ["two-givers"]


def test_two_steps_of_one_name_in_two_notebooks_are_a_problem() -> None:
    books = [notebook("a.ipynb", ("step:s", "x = 1")), notebook("b.ipynb", ("step:s", "y = 1"))]
    assert codes(assemble(books, name="p")) == ["doubled-step"]


def test_notebooks_of_one_file_name_get_steps_of_different_names() -> None:
    pipeline = assemble([notebook("a/n.ipynb", "x = 1"), notebook("b/n.ipynb", "y = 1")], name="p")
    assert [s.name for s in pipeline.steps] == ["n", "b.n"]


def test_a_file_written_by_one_and_read_by_another_makes_an_edge() -> None:
    books = [
        notebook("b/make.ipynb", "open('out.txt', 'w').write('1')"),
        notebook("a/use.ipynb", "t = open('../b/out.txt').read()"),
    ]
    assert edges(assemble(books, name="p"), "file") == {("make", "use", ("b/out.txt",))}


def test_a_file_is_not_overwritten_before_it_is_read() -> None:
    pipeline = one(
        ("step:read", "t = open('f.txt').read()"), ("step:write", "open('f.txt', 'w').write('1')")
    )
    assert edges(pipeline, "order") == {("read", "write", ())}


def test_an_empty_project_is_a_problem() -> None:
    assert codes(assemble([], name="p")) == ["empty-project"]


def test_a_broken_notebook_does_not_hide_the_others() -> None:
    broken = read_document([], "x.ipynb")
    pipeline = assemble([broken, notebook("a.ipynb", ("step:s", "x = 1"))], name="p")
    assert codes(pipeline) == ["not-a-notebook"]
    assert [s.name for s in pipeline.steps] == ["s"]


# fan-out


def test_a_fan_out_binds_its_variable_and_lists_its_items_first() -> None:
    pipeline = assemble(
        [
            read_document(
                {
                    "nbformat": 4,
                    "metadata": {},
                    "cells": [
                        _code("a", ["step:load"], "countries = ['a', 'b']"),
                        _code("b", ["skip"], "country = countries[0]"),
                        _code(
                            "c", ["step:score", "foreach:country in countries"], "score = country"
                        ),
                        _code("d", ["step:all"], "import nbpipe\nscores = nbpipe.gather('score')"),
                    ],
                },
                "n.ipynb",
            )
        ],
        name="p",
    )
    assert codes(pipeline) == []
    score = pipeline.step("score")
    assert score.enumerate is not None
    assert score.enumerate.inputs == {"countries": "load"}
    assert score.outputs == ("score",)
    assert pipeline.step("all").gathers == {"score": "score"}
    assert edges(pipeline) == {("load", "score", ("countries",)), ("score", "all", ("score",))}


def _code(name: str, tags: list[str], source: str) -> dict[str, Any]:
    return {"cell_type": "code", "id": name, "metadata": {"tags": tags}, "source": source}


def test_a_plain_read_of_a_fanned_out_name_is_a_problem() -> None:
    cells = [
        _code("c", ["step:score", "foreach:k in [1, 2]"], "score = k"),
        _code("d", ["step:all"], "print(score)"),
    ]
    book = read_document({"nbformat": 4, "metadata": {}, "cells": cells}, "n.ipynb")
    assert codes(assemble([book], name="p")) == ["plain-read-of-fan-out"]


# random numbers and what runs found out


def test_the_state_of_a_seeded_generator_goes_from_step_to_step() -> None:
    pipeline = one(
        "import numpy as np\nnp.random.seed(0)",
        ("step:a", "x = np.random.rand()"),
        ("step:b", "y = 1"),
        ("step:c", "z = np.random.rand()"),
    )
    assert pipeline.step("c").random == {"numpy": "a"}
    assert pipeline.step("a").random_outputs == ("numpy",)


def test_an_unseeded_generator_orders_nothing() -> None:
    pipeline = one(
        "import numpy as np", ("step:a", "x = np.random.rand()"), ("step:c", "z = np.random.rand()")
    )
    assert pipeline.edges == ()


def test_what_a_run_learned_makes_an_edge_that_says_so() -> None:
    book = notebook(
        "n.ipynb",
        "from lib import f",
        ("step:a", "x = 1"),
        ("step:b", "y = f(x)"),
        ("step:c", "print(x)"),
    )
    learned = {"b": Learned(gives=frozenset({"x"}))}
    pipeline = assemble([book], name="p", learned=learned)
    edge = next(e for e in pipeline.edges if (e.source, e.target) == ("b", "c"))
    assert (edge.names, edge.learned) == (("x",), True)
    assert pipeline.step("b").outputs == ("x",)


@pytest.mark.parametrize(
    "name", ["it's", 'q"', "a/b", "../x", "<script>alert(1)</script>", "😀", "x" * 5000]
)
def test_a_step_name_that_could_do_harm_is_refused(name: str) -> None:
    cells = [_code("a", [f"step:{name}"], "x = 1"), _code("b", ["step:b"], "y = 1")]
    book = read_document({"nbformat": 4, "metadata": {}, "cells": cells}, "n.ipynb")
    assert "bad-step-name" in codes(assemble([book], name="p"))


def test_a_pipeline_can_be_said_in_json() -> None:
    from nbpipe.compile.describe import describe

    pipeline = one(("parameters", "n = 1"), ("step:load", "x = n"), ("step:fit", "y = x"))
    assert (
        json.loads(json.dumps(describe(pipeline)))["steps"][1]["line"] == "takes x; gives nothing"
    )


def test_declared_files_make_edges_as_literal_paths_do() -> None:
    options = {
        "version": 1,
        "steps": {"make": {"writes": ["out/*.csv"]}, "use": {"reads": ["in.csv"]}},
    }
    pipeline = one(
        ("step:make", "run()"),
        ("step:other", "open('in.csv', 'w').close()"),
        ("step:use", "t = open('out/a.csv').read()"),
        nbpipe=options,
    )
    assert edges(pipeline, "file") == {
        ("make", "use", ("out/a.csv",)),
        ("other", "use", ("in.csv",)),
    }


def test_options_for_a_step_that_is_not_there_are_pointed_out() -> None:
    pipeline = one(("step:make", "x = 1"), nbpipe={"version": 1, "steps": {"mkae": {"retries": 1}}})
    assert codes(pipeline, "warning") == ["unknown-step"]


def test_what_a_run_learned_never_makes_a_circle() -> None:
    books = [
        notebook("a.ipynb", "x = 1", nbpipe={"version": 1, "step": "a"}),
        notebook("b.ipynb", "y = 1", nbpipe={"version": 1, "step": "b", "after": ["a"]}),
    ]
    learned = {"a": Learned(reads=frozenset({"f"})), "b": Learned(writes=frozenset({"f"}))}
    assert codes(assemble(books, name="p", learned=learned)) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_compiling_leaves_the_search_for_cycles_as_it_was(enabled: bool) -> None:
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        assemble([], name="empty")
        found = gc.isenabled()
    finally:
        (gc.enable if before else gc.disable)()
    assert found is enabled
