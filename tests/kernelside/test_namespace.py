"""An upstream name is fetched when it is first used, however it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbpipe.kernelside.namespace import LazyNamespace, class_body_names

READS = [
    "y",
    "def f():\n  return y\nf()",
    "[y for _ in range(2)]",
    "(lambda: y)()",
    "[[y for _ in 'a'] for _ in 'b']",
    "globals()['y']",
    "'y' in globals() or 1 / 0",
    "globals().get('y') or 1 / 0",
    "exec('y')",
    "eval('y')",
    "'{y}'.format(**globals())",
    "f'{y}'",
    "y += [1]",
    "del y",
    "dict(globals())['y']",
    "class C:\n  def m(self): return y\nC().m()",
    "def f():\n  global y\n  y.append(1)\nf()",
    "[k for k in globals()].index('y')",
    "import sys; sys.modules['__main__'].y",
]


@pytest.fixture
def upstream(bench: Any) -> Any:
    saved = bench.step("y = [7]\na = [1]; b = [a]\nd = 3", "y", ("a", "b"), "d")
    bench.fresh()
    fetch = {name: bench.held(row) for row in saved["outputs"] for name in row["names"]}
    bench.begin(fetch=fetch, known=["lost"])
    return bench


@pytest.mark.parametrize("code", READS)
def test_every_way_to_read_a_name_fetches_it(upstream: Any, code: str) -> None:
    upstream.run(code)
    assert "y" in upstream.save()["fetched"]


@pytest.mark.parametrize("code", ["y = 1\ny", "len([])", "x = 1\nx", "'z' in globals()"])
def test_what_is_not_read_from_above_is_not_fetched(upstream: Any, code: str) -> None:
    upstream.run(code)
    assert upstream.save()["fetched"] == []


def test_builtins_and_unknown_names_are_as_ever(upstream: Any) -> None:
    upstream.run("print = print\nassert len('ab') == 2")
    with pytest.raises(NameError, match="name 'nope' is not defined"):
        upstream.run("nope")
    assert not (upstream.scratch / "missing.json").exists()


def test_names_that_share_objects_are_fetched_together(upstream: Any) -> None:
    upstream.run("b[0].append(2)\nassert a == [1, 2]")
    assert upstream.save()["fetched"] == ["b"]


def test_a_fetched_name_does_not_replace_one_that_is_bound(upstream: Any) -> None:
    upstream.run("a = 'mine'\nb")
    assert upstream.names["a"] == "mine"


def test_a_name_that_nothing_holds_is_told_at_once(upstream: Any) -> None:
    with pytest.raises(NameError):
        upstream.run("lost + 1")
    told = json.loads((upstream.scratch / "missing.json").read_text())
    assert told == {"names": ["lost"]}


def test_a_deleted_name_is_not_fetched_again(upstream: Any) -> None:
    upstream.run("y\ndel y")
    with pytest.raises(NameError):
        upstream.run("y")


def test_an_output_that_was_not_touched_is_passed_on(upstream: Any) -> None:
    upstream.run("if False:\n  y = 1")
    saved = upstream.save("y")
    assert (saved["unbound"], saved["fetched"]) == ([], ["y"])


def test_names_in_class_bodies_are_found_by_reading() -> None:
    code = "class A(Base):\n  x = y\n  def m(self):\n    return z\n  class B:\n    w = v\n"
    assert {"y", "v"} <= class_body_names(code)
    assert "z" not in class_body_names(code)
    assert class_body_names("class A:\n  x = (") == set()
    assert class_body_names("%magic class") == set()


def test_prefetch_binds_what_class_bodies_need(upstream: Any) -> None:
    code = "class A:\n  x = y\n"
    upstream.names.prefetch(class_body_names(code))
    upstream.run(code)
    assert upstream.names["A"].x == [7]


def test_a_name_above_that_shadows_a_builtin_is_the_one_from_above(bench: Any) -> None:
    bench.names.attend(lambda name: 3, ["sum"], lambda name: None)
    bench.run("assert sum == 3 and max([1, 2]) == 2")


def test_a_lost_name_that_shadows_a_builtin_is_told_too(bench: Any) -> None:
    told: list[str] = []
    bench.names.attend(lambda name: 3, [], told.append, ["sum"])
    bench.run("assert sum([1]) == 1 and max([1]) == 1")
    assert told == ["sum"]


def test_when_all_is_fetched_names_are_looked_up_as_ever(bench: Any) -> None:
    bench.names.attend(lambda name: 3, ["y"], lambda name: None)
    bench.run("y")
    assert type(bench.names) is LazyNamespace
    assert type(bench.names).__getitem__ is dict.__getitem__
    assert not hasattr(type(bench.names), "__missing__")


def test_a_name_that_cannot_be_loaded_is_no_unbound_name(bench: Any) -> None:
    def fetch(name: str) -> Any:
        raise KeyError("inner")

    bench.names.attend(fetch, ["y"], lambda name: None)
    with pytest.raises(RuntimeError, match="y cannot be loaded from the store"):
        bench.run("y")


def test_a_namespace_before_begin_is_a_plain_dict() -> None:
    names = LazyNamespace(a=1)
    assert (names["a"], names.get("b"), list(names), "b" in names) == (1, None, ["a"], False)
    with pytest.raises(KeyError):
        names["b"]
