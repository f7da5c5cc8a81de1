"""Real kernels: what a step, or the top, sets outside of names is so in the steps below it."""

from __future__ import annotations

import pytest

from nbpipe.proof.verify import Options, verify
from nbpipe.run.project import open_project

IMPORTS = """\
import calendar, csv, decimal, locale, logging, os, random, sys, warnings
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn import set_config, get_config
log = logging.getLogger('mine')
def nice(size):
    plt.rcParams['font.size'] = size
"""
STATES = (
    ("random.seed(5)", "random.random()"),
    ("np.random.seed(5)", "np.random.rand()"),
    ("rng = np.random.default_rng(5)", "rng.normal()"),
    ("old = np.random.RandomState(5)", "old.rand()"),
    ("plt.rcParams['lines.linewidth'] = 7", "plt.rcParams['lines.linewidth']"),
    ("plt.rc('axes', titlesize=3)", "plt.rcParams['axes.titlesize']"),
    ("plt.style.use('ggplot')", "plt.rcParams['axes.facecolor']"),
    ("nice(4)", "plt.rcParams['font.size']"),
    ("for key in ['xtick.major.size']:\n    plt.rcParams[key] = 9",
     "plt.rcParams['xtick.major.size']"),
    ("pd.set_option('display.max_rows', 7)", "pd.get_option('display.max_rows')"),
    ("pd.options.display.precision = 2", "pd.DataFrame({'a': [1 / 3]})"),
    ("warnings.filterwarnings('error', message='mine')", "warnings.filters[0][:2]"),
    ("os.environ['MINE'] = 'x'", "os.environ.get('MINE')"),
    ("%env OURS=y", "os.environ.get('OURS')"),
    ("os.makedirs('below', exist_ok=True)\nos.chdir('below')", "os.path.basename(os.getcwd())"),
    ("sys.path.insert(0, 'lib')", "sys.path[0]"),
    ("_ = locale.setlocale(locale.LC_ALL, 'C.UTF-8')", "locale.setlocale(locale.LC_ALL)"),
    ("decimal.getcontext().prec = 4", "decimal.Decimal(1) / 3"),
    ("before = np.seterr(all='raise')", "np.geterr()"),
    ("np.set_printoptions(precision=2)", "np.array([1 / 3])"),
    ("logging.basicConfig(level=10)", "logging.getLogger().level"),
    ("log.setLevel(15)", "log.level"),
    ("calendar.setfirstweekday(6)", "calendar.firstweekday()"),
    ("limit = csv.field_size_limit(99)", "csv.field_size_limit()"),
    ("sys.setrecursionlimit(5000)", "sys.getrecursionlimit()"),
    ("set_config(display='text')", "get_config()['display']"),
    ("%precision 3", "1 / 3"),
    ("shell = get_ipython()\nplain = shell.display_formatter.formatters['text/plain']\n"
     "plain.for_type(complex, lambda v, p, c: p.text('complex'))", "1j"),
    ("get_ipython().display_formatter.formatters['text/html'].for_type(set, str)", "{1}"),
    ("get_ipython().run_line_magic('alias', 'hey echo hello')", "%hey"),
    ("shown = pd.options.display\nshown.max_columns = 3", "pd.get_option('display.max_columns')"),
    ("setattr(pd.options.display, 'width', 60)", "pd.get_option('display.width')"),
    ("%config InlineBackend.rc = {'font.size': 3}", "get_ipython().config.InlineBackend"),
)  # fmt: skip


@pytest.mark.parametrize("at_the_top", [True, False], ids=["set at the top", "set in a step"])
def test_what_is_set_outside_of_names_is_set_in_the_steps_below(write_notebook, at_the_top):
    first = [("setup" if at_the_top else "step:set", set_it) for set_it, _ in STATES]
    shown = [("step:draw", look) for _, look in STATES]
    again = [("step:again", look) for _, look in STATES]
    path = write_notebook(
        "n.ipynb", ("setup", IMPORTS), *first, ("step:set", "print('set')"), *shown, *again
    )
    proof = verify(open_project(path), Options(engine="warm", jobs=2))
    assert [(d.spot.step, d.spot.name, d.how) for d in proof.differences] == []
    assert proof.verdict == "equal"


@pytest.mark.parametrize(
    "source",
    [
        "n = len('abc')\npd.set_option('display.max_rows', n)",
        "if True:\n    os.environ['A'] = '1'\n    x = open('f', 'w').write('')",
    ],
)
def test_what_cannot_be_set_again_is_told_beforehand(write_notebook, source):
    cells = (("setup", IMPORTS), ("step:set", source), ("step:look", "print(1)"))
    path = write_notebook("n.ipynb", *cells)
    problems = open_project(path).compile().problems
    assert [problem.code for problem in problems] == ["hidden-state"]
