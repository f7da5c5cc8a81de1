"""nbpipe in Python: compile, plan, run, and what ran."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe.events import Artifact, RunFinished
from nbpipe.store.blobs import LocalBlobs

from .conftest import failing, ok

if TYPE_CHECKING:
    import nbpipe
    from nbpipe.run.order import Order, Result

    from .conftest import Desk


@pytest.fixture
def options(nbpipe: Desk) -> Any:
    import nbpipe as public

    return public.Options(executor=nbpipe.executor)


def test_a_project_is_compiled_planned_and_run(nbpipe: Desk, options: nbpipe.Options) -> None:
    import nbpipe as public

    compiled = public.compile(nbpipe.folder)
    assert [step.name for step in compiled.steps] == ["load", "fit", "show"]
    assert not compiled.problems
    assert compiled.plan(n=2).count("run") == 1
    run = compiled.run(n=2, options=options)
    assert run.raise_for_state().ok
    assert list(run) == ["load", "fit", "show"]
    assert run["load"].outputs["x"] == {"n": 2}
    assert run["load"].notebook is not None
    assert run["load"].notebook.exists()
    assert run.parameters == {"n": 2}
    assert compiled.plan({"n": 2}).count("reuse") == 3


def test_runs_are_found_again(nbpipe: Desk, options: nbpipe.Options) -> None:
    import nbpipe as public

    with pytest.raises(public.UnknownName, match="no runs yet"):
        public.run_of("last", nbpipe.folder)
    run = public.compile(nbpipe.folder).run(options=options)
    assert public.run_of("last", nbpipe.folder).id == run.id
    assert public.run_of(run.id[:-1], nbpipe.folder).id == run.id
    assert [one.id for one in public.runs(nbpipe.folder)] == [run.id]
    assert repr(run) == f"<Run {run.id}: ok; 3 ok>"


def test_a_failure_is_a_state_until_somebody_asks(nbpipe: Desk, options: nbpipe.Options) -> None:
    import nbpipe as public

    nbpipe.answers["fit"] = failing
    run = public.compile("n.ipynb").run(options=options)
    assert (run.ok, run.state, run["fit"].state, run["show"].state) == (
        False,
        "failed",
        "failed",
        "skipped",
    )
    assert run["fit"].error is not None
    with pytest.raises(public.TaskFailed, match="fit failed: ValueError: no"):
        run.raise_for_state()


def test_names_that_are_not_there_are_key_errors_with_a_hint(
    nbpipe: Desk, options: nbpipe.Options
) -> None:
    import nbpipe as public

    run = public.compile().run(options=options)
    with pytest.raises(KeyError) as caught:
        run["lod"]
    assert str(caught.value) == "No task named 'lod'. Did you mean 'load'?"
    assert run.get("lod") is None
    assert run["load"].outputs.get("q") is None
    assert "load" in run
    assert list(run["load"].outputs) == ["x"]


def test_metrics_of_all_steps_are_the_runs(nbpipe: Desk, options: nbpipe.Options) -> None:
    import nbpipe as public

    def scored(order: Order) -> Result:
        return ok(order, metrics={"score": 1.0})

    nbpipe.answers |= {"load": scored, "fit": scored}
    run = public.compile().run(options=options)
    assert run.metrics == {"score": 1.0, "fit.score": 1.0}


def test_options_choose_steps_and_tell_of_events(nbpipe: Desk) -> None:
    import nbpipe as public

    told: list[Any] = []
    options = public.Options(until="fit", tell=told.append, executor=nbpipe.executor)
    public.compile().run(options=options)
    assert nbpipe.ran == ["load", "fit"]
    assert isinstance(told[-1], RunFinished)


def test_a_project_with_problems_is_not_run(empty: Desk) -> None:
    import nbpipe as public

    (empty.folder / "n.ipynb").write_text("{")
    compiled = public.compile(empty.folder)
    assert compiled.problems
    with pytest.raises(public.ProblemsError):
        compiled.run()
    bundle = compiled._repr_mimebundle_()
    assert "is not valid JSON" in bundle["text/plain"]
    assert "<li>n.ipynb is not valid JSON" in bundle["text/html"]


def test_a_notebook_shows_the_graph(nbpipe: Desk) -> None:
    import nbpipe as public

    bundle = public.compile()._repr_mimebundle_()
    assert bundle["text/html"].startswith("<svg ")
    assert "● load" in bundle["text/plain"]


def test_a_tampered_value_is_not_loaded(nbpipe: Desk, options: nbpipe.Options) -> None:
    import nbpipe as public

    run = public.compile().run(n=3, options=options)
    digest = next(a.digest for a in run["load"].artifacts if a.name == "x").removeprefix("sha256:")
    path = nbpipe.folder / ".nbpipe" / "objects" / digest[:2] / digest[2:]
    path.chmod(0o600)
    path.write_text('{"n": 666}')
    with pytest.raises(public.DamagedObject):
        run["load"].outputs["x"]


def test_a_value_is_loaded_by_the_name_that_commands_take(nbpipe: Desk) -> None:
    import nbpipe as public

    nbpipe("run", "--run-id", "one", "-p", "n=2")
    assert public.load("one/load/x") == {"n": 2}
    assert public.load("last/load/x", nbpipe.folder) == {"n": 2}
    with pytest.raises(public.UnknownName, match="fit"):
        public.load("one/fitt/y")
    with pytest.raises(public.UnknownName, match="output"):
        public.load("one/fit/z")


def test_a_file_is_loaded_as_the_path_of_its_bytes(nbpipe: Desk) -> None:
    import nbpipe as public

    def with_file(order: Order) -> Result:
        digest = LocalBlobs(order.store).put_bytes(b"a,b\n")
        file = Artifact("out/t.csv", digest, 4, "file", "", "text/csv")
        return replace(ok(order), artifacts=(*ok(order).artifacts, file))

    nbpipe.answers["load"] = with_file
    nbpipe("run", "--run-id", "one")
    assert public.load("one/load/out/t.csv").read_bytes() == b"a,b\n"
