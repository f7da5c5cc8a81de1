"""Functions see the live namespace, names of a group share objects, views stay views."""

from __future__ import annotations

import gc
import sys
from typing import Any

import numpy as np
import pytest

from nbpipe.kernelside import pickles
from nbpipe.kernelside.unstorable import Unstorable


def test_a_function_sees_the_globals_of_the_step_that_calls_it(bench: Any) -> None:
    saved = bench.step("factor = 2\ndef f(x): return x * factor", "f")
    names = bench.fresh()
    names["f"] = bench.load(saved["outputs"][0])
    names["factor"] = 10
    assert names["f"](3) == 30
    assert names["f"].__globals__ is names


def test_a_function_keeps_defaults_attributes_and_its_own_name(bench: Any) -> None:
    code = 'def f(a, b=[1], *, c=2) -> int:\n    "Doc."\n    return (a, b, c)\nf.note = "n"\ng = f'
    saved = bench.step(code, ("f", "g"))
    f, g = bench.load(saved["outputs"][0])
    assert f is g
    assert (f.__doc__, f.note, f.__module__, f.__qualname__) == ("Doc.", "n", "__main__", "f")
    assert f(0) == (0, [1], 2)
    assert f.__annotations__ == {"return": int}


def test_closures_of_one_group_share_their_cells(bench: Any) -> None:
    code = """
def counter():
    n = 0
    def up():
        nonlocal n
        n += 1
    def read():
        return n
    return up, read
up, read = counter()
"""
    up, read = bench.load(bench.step(code, ("up", "read"))["outputs"][0])
    up()
    up()
    assert read() == 2


def test_a_function_inside_its_own_closure_comes_back(bench: Any) -> None:
    code = """
def make():
    def fact(n):
        return 1 if n < 2 else n * fact(n - 1)
    return fact
fact = make()
"""
    assert bench.load(bench.step(code, "fact")["outputs"][0])(5) == 120


def test_a_lambda_deep_in_a_container_sees_the_live_namespace(bench: Any) -> None:
    saved = bench.step("k = 1\nd = {'f': [lambda: k]}", "d")
    names = bench.fresh()
    names["k"] = 5
    assert bench.load(saved["outputs"][0])["f"][0]() == 5


def test_a_replayed_class_is_the_consumers_own(bench: Any) -> None:
    code = "class Box:\n    def __init__(self): self.v = 1\nbox = Box()"
    saved = bench.step(code, "box", replayed=["Box"])
    names = bench.fresh()
    bench.run("class Box:\n    pass")
    assert type(bench.load(saved["outputs"][0])) is names["Box"]


def test_a_class_that_is_not_replayed_travels_along(bench: Any) -> None:
    code = "k = 2\nclass Box:\n    def v(self): return k\nbox = Box()"
    saved = bench.step(code, "box")
    bench.fresh()["k"] = 7
    assert bench.load(saved["outputs"][0]).v() == 7


def test_two_artifacts_with_one_class_have_one_class(bench: Any) -> None:
    saved = bench.step("class Box: pass\na, b = Box(), Box()", "a", "b")
    bench.fresh()
    one, other = (bench.load(row) for row in saved["outputs"])
    assert type(one) is type(other)


def test_a_class_by_value_gives_the_same_bytes_each_time(bench: Any) -> None:
    code = "class Box:\n    size = 3\n    def v(self): return [self.size, 'x']\nb = Box()"
    digests = set()
    for _ in range(2):
        bench.fresh()
        digests.add(bench.step(code, "b")["outputs"][0]["digest"])
        bench.names.clear()
        gc.collect()
    assert len(digests) == 1


def test_classes_that_look_alike_stay_two_classes(bench: Any) -> None:
    code = "def make(n):\n    class C:\n        k = [n]\n    return C\na, b = make(1), make(2)"
    saved = bench.step(code, "a", "b")
    bench.fresh()
    one, other = (bench.load(row) for row in saved["outputs"])
    assert (one.k, other.k) == ([1], [2])


def test_look_alikes_of_two_steps_stay_two_classes(bench: Any) -> None:
    rows = []
    for number in (1, 2):
        bench.fresh()
        code = f"def make(n):\n    class C:\n        k = [n]\n    return C\nc = make({number})"
        rows.append(bench.step(code, "c")["outputs"][0])
    bench.fresh()
    assert [bench.load(row).k for row in rows] == [[1], [2]]


def test_classes_that_name_each_other_come_back(bench: Any) -> None:
    code = "class A: pass\nclass B(A):\n    a = A\n    def up(self): return super().__init__()\n"
    code += "A.b = B\nx = A()"
    saved = bench.step(code, "x")
    bench.names.clear()
    bench.fresh()
    kind = type(bench.load(saved["outputs"][0]))
    assert kind.b.a is kind
    assert kind.b().up() is None


def test_saving_does_not_touch_the_live_class(bench: Any) -> None:
    bench.step("class Box:\n    seen = []\nseen = Box.seen\nb = Box()", "b")
    assert bench.names["Box"].seen is bench.names["seen"]


def test_a_mark_that_is_replayed_is_the_same_object_in_later_steps(bench: Any) -> None:
    code = "MISSING = object()\nx = {'k': MISSING}"
    saved = bench.step(code, "x", replayed=["MISSING"])
    names = bench.fresh()
    bench.run("MISSING = object()")
    assert bench.load(saved["outputs"][0])["k"] is names["MISSING"]


def test_an_exception_keeps_its_cause(bench: Any) -> None:
    code = (
        "try:\n    try:\n        1 / 0\n    except ZeroDivisionError as error:\n"
        "        error.code = 7\n        raise ValueError('x') from error\n"
        "except ValueError as error:\n    found = error"
    )
    saved = bench.step(code, "found")
    bench.fresh()
    found = bench.load(saved["outputs"][0])
    assert repr(found) == "ValueError('x')"
    assert isinstance(found.__cause__, ZeroDivisionError)


DEFINED = {
    "dataclass": "import dataclasses\n@dataclasses.dataclass\nclass P:\n    a: int = 1\nx = P(2)",
    "enum": "import enum\nclass E(enum.Enum):\n    A = 1\nx = E.A",
    "named tuple": "import typing\nclass N(typing.NamedTuple):\n    a: int\nx = N(2)",
    "partial": "import functools\ndef f(a, b): return a + b\nx = functools.partial(f, 1)",
    "slots": "class S:\n    __slots__ = ('a',)\nx = S()\nx.a = [1]",
    "exception": "class E(ValueError): pass\nx = E('a')",
    "bound method": "class C:\n    def m(self): return 5\nx = C().m",
    "generic": "import typing\nT = typing.TypeVar('T')\nclass G(typing.Generic[T]): pass\nx = G()",
    "abstract": (
        "import abc\nclass A(abc.ABC):\n    @property\n    @abc.abstractmethod\n"
        "    def v(self): ...\n"
        "class B(A):\n    @property\n    def v(self): return 1\nx = B()"
    ),
    "function of a function": "def d(f):\n    return lambda: f()\n@d\ndef x(): return 1",
    "module": "import math\nx = [math]",
    "list of a class's own": "class C(list): pass\nx = C([1, 2])",
}


@pytest.mark.parametrize("code", DEFINED.values(), ids=DEFINED)
def test_what_the_notebook_defines_comes_back(bench: Any, code: str) -> None:
    saved = bench.step(code, "x")
    kind = type(bench.names["x"]).__qualname__
    bench.names.clear()
    bench.fresh()
    assert type(bench.load(saved["outputs"][0])).__qualname__ == kind


def test_a_cached_function_comes_back_with_an_empty_cache(bench: Any) -> None:
    code = "import functools\nk = 1\n@functools.lru_cache(maxsize=3)\ndef f(a): return a + k\nf(1)"
    saved = bench.step(code, "f")
    bench.fresh()["k"] = 10
    cached = bench.load(saved["outputs"][0])
    assert cached(1) == 11
    assert cached.cache_parameters() == {"maxsize": 3, "typed": False}


def test_names_of_a_group_share_objects(bench: Any) -> None:
    saved = bench.step("a = [1]\nb = {'a': a}", ("a", "b"))
    assert len(saved["outputs"]) == 1
    a, b = bench.load(saved["outputs"][0])
    assert b["a"] is a


def test_a_view_in_a_group_stays_a_view(bench: Any) -> None:
    code = "import numpy as np\na = np.arange(12.).reshape(3, 4)\nrow = a[1]\nturned = a.T[::2]"
    a, row, turned = bench.load(bench.step(code, ("a", "row", "turned"))["outputs"][0])
    a[1, 2] = 99
    assert row[2] == 99
    assert turned[1, 1] == 99
    assert turned.strides == np.arange(12.0).reshape(3, 4).T[::2].strides


def test_two_views_of_an_array_that_has_no_name_share_it(bench: Any) -> None:
    code = "import numpy as np\nbase = np.arange(6)\nhead, tail = base[:4], base[2:]\ndel base"
    head, tail = bench.load(bench.step(code, ("head", "tail"))["outputs"][0])
    head[2] = 77
    assert tail[0] == 77


def test_artifacts_that_share_memory_are_told(bench: Any) -> None:
    code = "import numpy as np\na = np.arange(6)\nb = a[:3]\nc = a.copy()"
    assert bench.step(code, "a", "b", "c")["shared"] == [["a", "b"]]


def test_a_view_cut_off_from_what_is_changed_later_is_refused(bench: Any) -> None:
    code = "import numpy as np\na = np.arange(6)\nb = a[:3]"
    with pytest.raises(Unstorable, match="shares memory with b, and a later step changes b"):
        bench.step(code, "a", "b", changed_later=["b"])


def test_globals_inside_a_value_are_the_live_namespace(bench: Any) -> None:
    saved = bench.step("env = [globals()]", "env")
    names = bench.fresh()
    assert bench.load(saved["outputs"][0])[0] is names


def test_a_pickle_of_the_kernel_is_read_outside_of_it(tmp_path: Any) -> None:
    path = tmp_path / "x"
    text = b"cnbpipe_kernelside.pickles\nmake_cell\n."
    path.write_bytes(text)
    with path.open("rb") as file:
        assert pickles.load(file) is pickles.make_cell


def test_functions_are_stored_without_cloudpickle(bench: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    saved = bench.step("k = 3\ndef f(): return k", "f")
    bench.fresh()["k"] = 4
    assert bench.load(saved["outputs"][0])() == 4
    with pytest.raises(Unstorable, match="install cloudpickle"):
        bench.step("class Box: pass\nbox = Box()", "box")
