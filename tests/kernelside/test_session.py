"""A step begins, loads, settles, runs and saves; run by hand it saves nothing."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nbpipe import kernelside
from nbpipe.kernelside import codecs, generators, report


def test_saved_json_has_every_key_and_nothing_else(bench: Any) -> None:
    saved = bench.step("x = 1", "x", ("y", "z"))
    assert set(saved) == set(report.Report.__annotations__)
    assert saved["unbound"] == ["y", "z"]
    (row,) = saved["outputs"]
    path = bench.scratch / row["file"]
    assert codecs.file_digest(str(path)) == row["digest"]
    assert path.stat().st_size == row["size"]
    assert set(row) == set(report.Output.__annotations__)


def test_names_on_disk_never_come_from_the_user(bench: Any) -> None:
    bench.begin()
    kernelside.settle()
    bench.names["../../x"] = 1
    saved = bench.save("../../x")
    assert saved["outputs"][0]["file"] == "out-0.json"


def test_a_group_keeps_the_names_that_are_bound(bench: Any) -> None:
    saved = bench.step("a = [1]", ("a", "b"))
    assert saved["outputs"][0]["names"] == ["a"]
    assert saved["unbound"] == ["b"]
    assert bench.load(saved["outputs"][0]) == [1]


def test_by_hand_the_same_cells_run_and_nothing_is_saved(bench: Any, capsys: Any) -> None:
    saved = bench.step("a = {1: 2}", "a")
    shutil.rmtree(bench.scratch)
    bench.fresh()
    kernelside.begin(str(bench.store), task=bench.scratch.name)
    assert bench.load(saved["outputs"][0]) == {1: 2}
    kernelside.settle()
    kernelside.log_metric("loss", 0.5)
    kernelside.save("a", metrics=("a",))
    assert capsys.readouterr().out == "Run by hand: nothing is saved.\n"
    assert not bench.scratch.exists()


def test_a_value_that_is_gone_is_named(bench: Any) -> None:
    bench.begin()
    with pytest.raises(FileNotFoundError, match=r"df .*is not in the store"):
        kernelside.load("df", "sha256:" + "0" * 64, "json")


@pytest.mark.parametrize("digest", ["sha256:../../etc/passwd", "md5:00", "", "sha256:" + "Z" * 64])
def test_what_is_no_digest_never_becomes_a_path(bench: Any, digest: str) -> None:
    bench.begin()
    with pytest.raises(ValueError, match="is not a digest"):
        kernelside.load("df", digest, "json")


@pytest.mark.parametrize("code", ["x = [1, 2]", "x = object"])
def test_changed_bytes_are_noticed_before_they_are_read(bench: Any, code: str) -> None:
    row = bench.step(code, "x")["outputs"][0]
    place: Path = bench.place(row["digest"])
    place.write_bytes(place.read_bytes() + b" ")
    with pytest.raises(ValueError, match="was changed after it was stored"):
        bench.load(row)


def test_metrics_are_the_numbers_among_the_names(bench: Any) -> None:
    bench.begin()
    bench.run("import numpy as np\na = 0.5\nb = np.float32(2)\nc = 'x'\nd = {'k': True, 'l': 'm'}")
    bench.run("e = float('nan')\nf = np.array([3])\ng = None\nh = np.array([1, 2])\ni = [1]")
    saved = bench.save(metrics=("a", "b", "c", "d", "e", "f", "g", "h", "i", "nowhere"))
    assert saved["metrics"] == {"a": 0.5, "b": 2.0, "d.k": 1, "e": "NaN", "f": 3}


def test_logged_numbers_become_series(bench: Any) -> None:
    bench.begin()
    kernelside.log_metric("loss", np.float64(0.5), step=1)
    kernelside.log_metric("loss", float("inf"), step=np.int64(2))
    kernelside.log_metric("size", 3)
    assert bench.save()["series"] == [
        {"name": "loss", "value": 0.5, "step": 1},
        {"name": "loss", "value": "Infinity", "step": 2},
        {"name": "size", "value": 3, "step": None},
    ]


@pytest.mark.parametrize(
    "bad", [("x", "3"), ("x", None), ("x", [1, 2]), (1, 2), ("", 1), ("x", 1, "one"), ("x", 1j)]
)
def test_what_is_no_number_cannot_be_logged(bench: Any, bad: Any) -> None:
    bench.begin()
    with pytest.raises(TypeError, match="log_metric: "):
        kernelside.log_metric(*bad)


def test_the_core_finds_the_kernels_session_under_its_other_name(
    bench: Any, monkeypatch: Any
) -> None:
    from nbpipe.kernelside import session

    bench.begin()
    other = types.ModuleType("nbpipe_kernelside.session")
    other._session, session._session = session._session, None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nbpipe_kernelside.session", other)
    kernelside.log_metric("loss", 1)
    assert (bench.scratch / "metrics.jsonl").exists()


def test_random_state_travels_between_steps(bench: Any) -> None:
    code = "import random, numpy as np\nrandom.seed(3); np.random.seed(3); np.random.normal()"
    saved = bench.step(code, random={"save": ["random", "numpy", "torch"]})
    assert saved["random_changed"] == ["random", "numpy"]
    assert set(saved["random"]) == {"random", "numpy"}
    for name, digest in saved["random"].items():
        bench.publish(f"random-{name}.json", digest)
    expected = random.random(), np.random.normal(), np.random.random()
    random.seed(9)
    np.random.seed(9)
    code = "r = random.random(), np.random.normal(), np.random.random()"
    bench.names.update(random=random, np=np)
    bench.step(code, random={"restore": saved["random"]})
    assert bench.names["r"] == expected


def test_a_step_that_does_not_draw_leaves_random_state_unchanged(bench: Any) -> None:
    assert bench.step("import random\nr = random.Random(3).random()")["random_changed"] == []


def test_restoring_numpy_imports_it(tmp_path: Path) -> None:
    state = generators.capture("numpy")
    assert state is not None
    (tmp_path / "s").write_bytes(state)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from nbpipe.kernelside import generators as g\n"
        "assert 'numpy' not in sys.modules\n"
        "s = open(sys.argv[2], 'rb').read(); g.restore('numpy', s)\n"
        "assert g.capture('numpy') == s\n"
    )
    source = Path(kernelside.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, source, tmp_path / "s"], check=True)


CHANGES = [
    ("x.append(1)", ["x"]),
    ("a[1] = 9", ["a"]),
    ("f.loc[0, 'c'] = 'z'", ["f"]),
    ("x = [1]", []),
    ("x = [2]", ["x"]),
    ("del x", ["x"]),
    ("len(x), a.sum(), f.c.str.upper(), str(o)", []),
    ("o.v = 2", ["o"]),
]


@pytest.mark.parametrize(("code", "changed"), CHANGES, ids=[c[0] for c in CHANGES])
def test_inputs_changed_unseen_are_found(bench: Any, code: str, changed: list[str]) -> None:
    bench.begin(verify=["x", "a", "f", "o", "nowhere"])
    bench.run("import numpy as np, pandas as pd\nclass O: v = 1\no = O()")
    bench.run("x = [1]; a = np.arange(3); f = pd.DataFrame({'c': ['x', None, 1]})")
    kernelside.settle()
    bench.run(code)
    assert bench.save()["changed"] == changed


def test_a_drawn_figure_is_no_changed_input(bench: Any) -> None:
    bench.begin(verify=["fig"])
    bench.run("from matplotlib.figure import Figure\nfig = Figure(); ax = fig.add_subplot()")
    kernelside.settle()
    bench.run("ax.plot([1]); fig.canvas.draw()")
    saved = bench.save()
    assert (saved["changed"], saved["unverified"]) == ([], ["fig"])


def test_without_begin_the_first_cell_is_asked_for() -> None:
    with pytest.raises(RuntimeError, match="first cell"):
        kernelside.settle()


def test_public_names_are_exactly_these() -> None:
    assert sorted(kernelside.__all__) == [
        "begin", "gather", "load", "load_item", "log_metric", "save", "secret", "settle"
    ]  # fmt: skip


def test_the_copy_in_the_store_works_under_its_own_name(bench: Any, tmp_path: Path) -> None:
    row = bench.step("k = 2\ndef f(): return k", "f")["outputs"][0]
    lib = tmp_path / "lib"
    shutil.copytree(Path(kernelside.__file__).parent, lib / "nbpipe_kernelside")
    code = (
        f"import sys; sys.path.append({str(lib)!r})\n"
        "import nbpipe_kernelside as nbpipe_step\n"
        f"nbpipe_step.begin({str(bench.store)!r}, task='gone')\n"
        f"f = nbpipe_step.load('f', {row['digest']!r}, {row['codec']!r})\n"
        "k = 5\nprint(f(), sorted(m for m in sys.modules if m.startswith('nbpipe.')))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert out.stdout == "5 []\n", out.stderr


def test_task_json_may_hold_keys_of_a_later_version(bench: Any) -> None:
    bench.begin(colour="blue")
    assert json.loads((bench.scratch / "task.json").read_text())["colour"] == "blue"
    assert bench.save()["outputs"] == []
