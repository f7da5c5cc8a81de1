"""What reading a notebook's steps says beside the names: faults, files, random state, replay."""
# ruff: noqa: E501  (tables of short programs)

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbpipe.compile.dataflow.stepflows import read_flow
from nbpipe.compile.flow import Block
from nbpipe.compile.notebook import Cell
from nbpipe.compile.reading.names import read_cell

if TYPE_CHECKING:
    from nbpipe.compile.flow import Flow, StepFlow


def flow_of(*cells: tuple[str, str], **names: object) -> Flow:
    blocks = []
    for index, (step, source) in enumerate(cells):
        role = step if step in ("setup", "parameters") else "step"
        cell = Cell(f"c{index}", "code", source, index=index)
        blocks.append(Block(cell, role, step if role == "step" else ""))  # type: ignore[arg-type]
    return read_flow(blocks, **names)  # type: ignore[arg-type]


def step_of(flow: Flow, name: str) -> StepFlow:
    return next(step for step in flow.steps if step.step == name)


def codes(flow: Flow) -> list[str]:
    return [problem.code for problem in flow.problems]


def needs(flow: Flow, name: str) -> dict[str, str | None]:
    return {need.name: need.giver for need in step_of(flow, name).needs}


# faults ----------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["a = = 1", "x\0 = 1", "(" * 300, "def f(:\n  pass", "\ud800"])
def test_what_is_not_python_is_a_problem_and_nothing_is_raised(source: str) -> None:
    flow = flow_of(("A", "x = 1"), ("B", source), ("C", "print(x)"))
    assert codes(flow) == ["syntax-error"]
    assert flow.problems[0].cell == "c1"
    assert needs(flow, "C") == {"x": "A"}


def test_the_line_of_a_syntax_error_is_told() -> None:
    assert flow_of(("A", "x = 1\ny = = 2")).problems[0].line == 2


def test_nine_hundred_terms_are_read() -> None:
    flow = flow_of(("A", "x = 1"), ("B", "y = " + " + ".join(["x"] * 900)), ("C", "print(y)"))
    assert needs(flow, "B") == {"x": "A"}
    assert codes(flow) == []


def test_deep_nesting_is_read_or_reported() -> None:
    for depth in (50, 90, 150, 250, 2000):
        read_cell("y = " + "f(" * depth + "x" + ")" * depth)
        read_cell("y = " + "-" * depth + "x")
        read_cell("y = x" + ".a()" * depth)


def test_a_name_that_only_a_later_step_gives_is_reported() -> None:
    flow = flow_of(("A", "print(x)"), ("B", "x = 1"))
    assert codes(flow) == ["used-before-given"]
    assert "step B" in flow.problems[0].message


def test_a_name_that_nobody_gives_is_left_open() -> None:
    flow = flow_of(("A", "print(x)"))
    assert codes(flow) == []
    assert needs(flow, "A") == {"x": None}


def test_a_deleted_name_is_reported() -> None:
    assert codes(flow_of(("A", "x = 1"), ("B", "del x"), ("C", "print(x)"))) == [
        "used-after-deleted"
    ]


@pytest.mark.parametrize("read", ["_", "Out[1]", "_3", "In[2]", "__"])
def test_the_session_history_of_ipython_is_refused(read: str) -> None:
    flow = flow_of(("A", "1 + 1"), ("B", f"print({read})"))
    assert codes(flow) == ["session-state"]


def test_a_thrown_away_variable_is_no_session_history() -> None:
    assert (
        codes(flow_of(("A", "_, y = 1, 2\nprint(_)"), ("B", "for _ in range(2):\n    print(_)")))
        == []
    )


def test_cells_of_a_step_around_another_that_needs_it_are_a_cycle() -> None:
    flow = flow_of(("A", "x = 1"), ("B", "y = x"), ("A", "print(y)"))
    assert codes(flow) == ["cycle"]


def test_a_step_cannot_see_a_name_in_two_states() -> None:
    flow = flow_of(("A", "x = 1"), ("B", "x = 2"), ("A", "print(x)"))
    assert codes(flow) == ["cycle"]


@pytest.mark.parametrize(
    ("make", "word"),
    [
        ("f = open('a.txt')", "open file"),
        ("import sqlite3\nf = sqlite3.connect('a.db')", "database connection"),
        ("import sqlite3\nc = sqlite3.connect('a.db')\nf = c.cursor()", "bound to"),
        ("f = (i for i in range(3))", "generator"),
        ("def g():\n    yield 1\nf = g()", "generator"),
        ("import threading as t\nf = t.Lock()", "lock"),
        ("from sqlalchemy import create_engine\nf = create_engine('x')", "engine"),
        ("from pyspark.sql import SparkSession\nf = SparkSession.builder.appName('x').getOrCreate()", "Spark"),
        ("import threading\nclass C:\n    def __init__(self):\n        self.l = threading.Lock()\nf = C()", "holds a lock"),
        ("import subprocess\nf = subprocess.Popen(['ls'])", "process"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_stored_is_reported(make: str, word: str) -> None:
    flow = flow_of(("A", make), ("B", "print(f)"))
    assert codes(flow) == ["unstorable"]
    assert word in flow.problems[0].message
    assert "step A" in flow.problems[0].message


def test_a_handle_made_in_setup_is_made_anew_in_each_step() -> None:
    flow = flow_of(
        ("setup", "import sqlite3\nc = sqlite3.connect('a.db')"), ("A", "c.execute('x')"), ("B", "print(c)")
    )  # fmt: skip
    assert "unstorable" not in codes(flow)
    assert needs(flow, "B") == {}


# parameters ------------------------------------------------------------------------------


def test_literal_parameters_become_defaults() -> None:
    flow = flow_of(
        ("parameters", "a = -1\nb = [1, {'c': None}]\nc = (1, 2)\nd: str = 'x\"y'\ne = f = True")
    )
    assert flow.defaults == {
        "a": -1,
        "b": [1, {"c": None}],
        "c": [1, 2],
        "d": 'x"y',
        "e": True,
        "f": True,
    }
    assert codes(flow) == []


@pytest.mark.parametrize(
    "source", ["a = g()", "a = {1, 2}", "a = float('nan')", "a = b", "a = {1: 2}", "a = b'x'"]
)
def test_a_parameter_that_is_no_literal_is_a_problem(source: str) -> None:
    flow = flow_of(("parameters", source))
    assert "bad-parameter" in codes(flow)
    assert flow.problems[0].suggestion


# files and hidden state ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("write", "read"),
    [
        ("open('d/a.txt', 'w').write('x')", "open('d/a.txt').read()"),
        ("p = 'd'\nopen(f'{p}/a.txt', mode='w')", "open('d/a.txt')"),
        ("from pathlib import Path\nroot = Path('d')\n(root / 'a.txt').write_text('x')", "open('d/a.txt')"),
        ("import os\nopen(os.path.join('d', 'a.txt'), 'a')", "import pathlib\npathlib.Path('d', 'a.txt').read_text()"),
        ("import numpy as np\nnp.savetxt('d/a.txt', [1])", "import numpy\nnumpy.loadtxt('./d/a.txt')"),
        ("import joblib\njoblib.dump(1, 'd/a.txt')", "from joblib import load\nload('d/a.txt')"),
        ("x = 1\nx.to_csv('d/a.txt', index=False)", "import pandas as pd\npd.read_csv('d/a.txt')"),
        ("%%writefile d/a.txt\nhello", "open('d/a.txt')"),
    ],
)  # fmt: skip
def test_literal_paths_are_found(write: str, read: str) -> None:
    flow = flow_of(("A", write), ("B", read))
    assert "d/a.txt" in {use.path for use in step_of(flow, "A").writes}
    assert "d/a.txt" in {use.path for use in step_of(flow, "B").reads}


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("import random\nrandom.random()", "random"),
        ("from random import shuffle as s\ns([1])", "random"),
        ("import numpy as np\nnp.random.rand()", "numpy"),
        ("import numpy.random as npr\nnpr.normal()", "numpy"),
        ("import numpy as np\nnp.random.default_rng(0).normal()", ""),
        ("import torch\ntorch.randn(2)", "torch"),
        (
            "from sklearn.model_selection import train_test_split\ntrain_test_split([1], [2])",
            "numpy",
        ),
        (
            "from sklearn.model_selection import train_test_split\ntrain_test_split([1], random_state=1)",
            "",
        ),
        ("from sklearn.model_selection import KFold\nKFold(5, shuffle=True)", "numpy"),
        ("from sklearn.model_selection import KFold\nKFold(5)", ""),
        ("df = load()\ndf.sample(3)", "numpy"),
        ("df = load()\ndf.sample(3, random_state=2)", ""),
        ("import random\ndef f():\n    return random.random()\nf()", "random"),
        ("import random\ndef f():\n    return random.random()", ""),
    ],
)
def test_draws_from_global_generators_are_seen(source: str, drawn: str) -> None:
    assert step_of(flow_of(("A", source)), "A").draws == {drawn} - {""}


def test_a_seed_before_the_first_draw_is_told_from_one_after() -> None:
    seeded = flow_of(("A", "import random\nrandom.seed(1)\nrandom.random()"))
    assert step_of(seeded, "A").seeds_first == {"random"}
    late = flow_of(("A", "import random\nrandom.random()\nrandom.seed(1)"))
    assert step_of(late, "A").seeds == {"random"}
    assert step_of(late, "A").seeds_first == frozenset()
    assert flow_of(("setup", "import random\nrandom.seed(1)")).seeded == {"random"}


@pytest.mark.parametrize(
    "setting",
    [
        "import seaborn as sns\nsns.palettes._patch_colormap_display()",
        "import os\nos.environ['A'] = '1'",
        "import pandas as pd\npd.set_option('x', 1)",
        "import pandas as pd\npd.options.display.max_rows = 5",
        "import matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'] = 50",
        "import warnings\nwarnings.filterwarnings('ignore')",
        "import seaborn as sns\nsns.set_theme()",
        "import sys\nsys.path.insert(0, 'lib')",
        "%env A=1",
        "%cd sub",
        "%matplotlib inline",
        "import decimal\ndecimal.getcontext().prec = 5",
        "import numpy as np\nold = np.seterr(all='ignore')",
        "import logging\nlog = logging.getLogger('x')\nlog.setLevel(10)",
        "import os\ndel os.environ['HOME']",
        "import matplotlib.pyplot as plt\nplt.rcParams['a'], plt.rcParams['b'] = 1, 2",
        "import matplotlib.pyplot as plt\n[plt.rc(k, size=3) for k in ['font']]",
        "import matplotlib as m\nfor k in ['a', 'b']: m.rcParams[k] = 1",
        "import matplotlib as m\ndef nice(n): m.rcParams.update({'a': n})\nnice(3)",
        "import calendar\ncalendar.setfirstweekday(6)",
    ],
)
def test_a_setting_in_a_step_is_replayed_after_it(setting: str) -> None:
    flow = flow_of(("A", setting), ("B", "print(1)"))
    replayed = [snippet for snippet in step_of(flow, "B").replay if snippet.kind == "setting"]
    assert [snippet.source for snippet in replayed] == [setting.splitlines()[-1]]
    assert all(snippet.used for snippet in replayed)


@pytest.mark.parametrize(
    "source",
    [
        "import os\nif True:\n    os.environ['A'] = '1'\n    x = 1",
        "import pylab as m\ndef draw(): m.rcParams['a'] = 1; m.plot([2])\ndraw()",
    ],
)
def test_a_setting_among_other_things_is_warned_of(source: str) -> None:
    (problem,) = flow_of(("A", source), ("B", "print(1)")).problems
    assert (problem.code, problem.severity) == ("hidden-state", "warning")
    assert "among other things" in problem.message


def test_what_is_set_for_a_while_only_is_no_setting() -> None:
    source = "import pandas as pd\nwith pd.option_context('a', 1):\n    pd.options.a = 2"
    flow = flow_of(("A", source), ("B", "print(1)"))
    assert not flow.problems
    assert not [snippet for snippet in step_of(flow, "B").replay if snippet.kind == "setting"]


def test_a_setting_from_a_steps_own_values_is_warned_of() -> None:
    flow = flow_of(("A", "import os\nv = 'x'\nos.environ['A'] = v"), ("B", "print(1)"))
    assert codes(flow) == ["hidden-state"]


# opaque code, names handed in, names kept -------------------------------------------------


def test_an_opaque_step_may_fetch_anything_above() -> None:
    flow = flow_of(("A", "x = 1\nimport os"), ("B", "exec(open('a').read())"), ("C", "print(y)"))
    assert step_of(flow, "B").opaque
    assert step_of(flow, "A").gives == ("x",)
    assert needs(flow, "C") == {"y": "B"}


def test_names_handed_in_are_no_needs_and_names_kept_are_given() -> None:
    flow = flow_of(
        ("A", "item = 0\nz = 2"), ("B", "y = item"), bound={"B": frozenset({"item"})}, keep={"A": frozenset({"z"})}
    )  # fmt: skip
    assert needs(flow, "B") == {}
    assert step_of(flow, "A").gives == ("z",)


def test_aliases_travel_together() -> None:
    flow = flow_of(("A", "a = [1]\nb = a"), ("B", "print(a is b)"))
    assert step_of(flow, "A").together == (frozenset({"a", "b"}),)


def test_only_what_a_result_depends_on_is_marked_used() -> None:
    flow = flow_of(
        ("setup", "import json\nimport numpy as np\ndef f():\n    return np.pi"), ("A", "f()")
    )
    used = {name: snip.used for snip in step_of(flow, "A").replay for name in snip.binds}
    assert used == {"json": False, "np": True, "f": True}


def test_a_definition_with_a_steps_value_as_default_travels_as_data() -> None:
    flow = flow_of(("A", "n = 3"), ("B", "def f(v=n):\n    return v"), ("C", "print(f())"))
    assert needs(flow, "C") == {"f": "B"}
    assert needs(flow, "B") == {"n": "A"}


# chains of functions, as other converters test them ---------------------------------------


@pytest.mark.parametrize(
    ("cells", "step", "expected"),
    [
        ([("a", "x = 5"), ("b", "def foo():\n    print(x)"), ("c", "foo()")], "c", {"x": "a"}),
        ([("a", "x = 5"), ("b", "def foo():\n    def bar(x):\n        print(x)\n    bar(5)"), ("c", "foo()\nprint(x)")], "c", {"x": "a"}),
        ([("a", "x = 5"), ("b", "def foo():\n    def bar():\n        print(x)"), ("c", "foo()")], "c", {"x": "a"}),
        ([("a", "x = 5"), ("b", "def foo(x):\n    def bar():\n        print(x)"), ("c", "foo(5)")], "c", {}),
        ([("setup", "import math"), ("a", "x = 5"), ("b", "def foo(x):\n    def bar():\n        math.sqrt(x)\n    bar()"), ("c", "foo(5)")], "c", {}),
        ([("a", "x = 5\ny = 6"), ("b", "try:\n    def foo():\n        print(x)\n    def bar():\n        print(y)\nexcept Exception:\n    pass"), ("c", "foo()\nbar()")], "c", {"x": "a", "y": "a", "foo": "b", "bar": "b"}),
        ([("a", "x = 5"), ("b", "def foo():\n    print(x)\ndef bar():\n    foo()"), ("c", "bar()")], "c", {"x": "a"}),
        ([("a", "x = 5\ndef foo():\n    print(x)"), ("b", "def bar():\n    foo()"), ("c", "bar()")], "c", {"x": "a"}),
        ([("z", "x = 5\ndef init():\n    print(x)"), ("a", "def foo():\n    init()"), ("b", "def bar():\n    foo()"), ("c", "bar()")], "c", {"x": "z"}),
        ([("z", "x = 5\ny = 6"), ("l", "def foo():\n    print(x)"), ("r", "def bar():\n    print(y)"), ("m", "def result():\n    foo()\n    bar()"), ("c", "result()")], "c", {"x": "z", "y": "z"}),
    ],
)  # fmt: skip
def test_free_names_are_charged_to_the_step_that_calls(
    cells: list[tuple[str, str]], step: str, expected: dict[str, str]
) -> None:
    assert needs(flow_of(*cells), step) == expected


def test_a_parameter_behind_functions_is_used_by_the_step_that_calls() -> None:
    flow = flow_of(
        ("parameters", "y = 5"), ("a", "def foo(x):\n    def bar():\n        print(x + y)\n    bar()"), ("b", "foo(5)")
    )  # fmt: skip
    assert step_of(flow, "b").parameters == {"y"}
    assert needs(flow, "b") == {}


@pytest.mark.parametrize(
    ("source", "draws"),
    [
        ("plt.plot([1])", True),
        ("plt.title('x')", True),
        ("sns.heatmap([[1]])", True),
        ("t.plot()", True),
        ("t.plot.bar()", True),
        ("plt.style.use('ggplot')", False),
        ("sns.set_theme()", False),
        ("plt.rcParams['figure.dpi'] = 9", False),
        ("t.describe()", False),
    ],
)
def test_a_step_knows_whether_something_above_it_draws(source: str, draws: bool) -> None:
    imports = "import matplotlib.pyplot as plt\nimport seaborn as sns\nimport pandas as pd"
    made = ("a", "t = pd.DataFrame({'a': [1]})")
    flow = flow_of(("setup", imports), made, ("b", source), ("c", "1"), ("b", "2"))
    assert [step.after_drawing for step in flow.steps] == [False, False, draws]


def test_setup_between_a_steps_cells_is_replayed_after_the_imports_of_its_first_cells() -> None:
    flow = flow_of(
        ("A", "import numpy as np\nx = 1"),
        ("setup", "def total(v: np.ndarray): return np.sum(v)"),
        ("A", "y = total(x)"),
    )
    assert [snippet.binds for snippet in step_of(flow, "A").replay] == [("np",), ("total",)]


def test_a_step_that_has_taken_what_was_tied_above_does_not_take_it_again() -> None:
    flow = flow_of(
        ("A", "both = lib.Compose()\none = lib.Loader(both)\nother = lib.Loader(both)"),
        ("B", "for n in range(2):\n    for i, data in enumerate(one, 0):\n        print(i)"),
        ("C", "kept = iter(other)\na = kept.next()"),
        ("C", "for data in other:\n    print(data)"),
    )
    assert needs(flow, "C") == {"other": "A"}
    assert flow.problems == ()
