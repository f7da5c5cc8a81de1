"""What all Python engines have in common: outputs, failures, states, as Run All has them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from nbpipe.events import Note

LOCAL_MODULE = "import helper, papermill; print(helper.VALUE, papermill.VALUE)"


def test_outputs_and_values_are_those_of_run_all(bench, engine):
    ran = bench.run("x = 20\nprint('hello')", "x * 2", "x;", engine=engine)
    assert ran.state == "ok"
    assert ran.states == {"a": "ok", "b": "ok", "c": "ok"}
    assert ran.text("a") == "hello\n"
    assert ran.cells["b"]["outputs"][0]["data"]["text/plain"] == ["40"]
    assert ran.cells["c"]["outputs"] == []
    assert [ran.cells[c]["execution_count"] for c in "abc"] == [1, 2, 3]
    assert "hello" in ran.live
    assert "hello" in ran.log


def test_nothing_runs_after_a_failing_cell(bench, engine):
    ran = bench.run("print('kept')\n1 / 0", "open('ran', 'w')", engine=engine)
    assert ran.state == "failed"
    assert ran.result.error.name == "ZeroDivisionError"
    assert ran.result.error.cell == "a"
    assert "1 / 0" in ran.result.error.traceback
    assert "\x1b" not in ran.result.error.traceback
    assert ran.states == {"a": "failed", "b": "not-run"} == ran.told
    assert [c["metadata"]["papermill"]["status"] for c in ran.cells.values()] == [
        "failed",
        "pending",
    ]
    assert ran.text("a") == "kept\n"
    assert not (bench.project / "ran").exists()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def", "SyntaxError"),
        ("raise ExceptionGroup('all', [ValueError(1)])", "ExceptionGroup"),
        ("class A:\n    def __repr__(self): raise ValueError\nA()", "ValueError"),
        ("%nosuchmagic", "UsageError"),
        ("%%bash\nfalse", "CalledProcessError"),
    ],
)
def test_errors_of_every_kind_fail_the_step(bench, engine, source, name):
    ran = bench.run(source, "1", engine=engine)
    assert ran.state == "failed"
    assert ran.result.error.name == name
    assert ran.states == {"a": "failed", "b": "not-run"}


def test_a_cell_that_may_raise_does_not_stop_the_step(bench, engine):
    ran = bench.run(("1 / 0", ["raises-exception"]), "print('on')", engine=engine)
    assert ran.state == "ok"
    assert ran.states == {"a": "ok", "b": "ok"}
    assert ran.cells["a"]["outputs"][0]["output_type"] == "error"
    assert all(cell["cell_type"] == "code" for cell in ran.notebook["cells"])


def test_papermills_marks_stand_where_the_step_really_ended(bench):
    ran = bench.run(("1 / 0", ["raises-exception"]), "{}['x']", "1")
    ids = [cell["id"] for cell in ran.notebook["cells"]]
    assert ids == ["papermill-error-top", "a", "papermill-error-here", "b", "c"]


@pytest.mark.parametrize("source", ["import sys; sys.exit(0)", "exit()"])
def test_a_cell_that_asks_to_exit_fails_the_step_and_says_so(bench, engine, source):
    ran = bench.run(source, "1", engine=engine)
    assert ran.state == "failed"
    assert ran.result.error.name == "SystemExit"
    assert "the step gives nothing" in ran.result.error.message
    assert ran.states == {"a": "failed", "b": "not-run"}


def test_input_is_refused_with_a_cure(bench, engine):
    ran = bench.run("input('name?')", engine=engine)
    assert ran.state == "failed"
    assert "Make the answer a parameter" in ran.result.error.message


def test_displays_are_updated_in_place(bench, engine):
    ran = bench.run("h = display(1, display_id='q')\nh.update(2)", "h.update(3)", engine=engine)
    outputs = ran.cells["a"]["outputs"]
    assert [o["data"]["text/plain"] for o in outputs] == [["3"]]
    assert ran.cells["b"]["outputs"] == []


def test_cleared_outputs_are_gone(bench, engine):
    source = (
        "from IPython.display import clear_output\n"
        "for i in range(3):\n    clear_output(wait=True)\n    print(i)"
    )
    assert bench.run(source, engine=engine).text("a") == "2\n"


def test_figures_are_drawn_inline(bench, engine):
    ran = bench.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);", engine=engine)
    assert ["image/png" in o["data"] for o in ran.cells["a"]["outputs"]] == [True]


def test_what_subprocesses_write_is_kept(bench, engine):
    ran = bench.run("import os; os.system('echo beneath')\n!echo bang", engine=engine)
    assert "beneath" in ran.text("a")
    assert "bang" in ran.text("a")


def test_what_comes_late_belongs_to_the_cell_that_started_it(bench):
    ran = bench.run(
        "import subprocess\nlate = subprocess.Popen(['sh', '-c', 'read x; echo late'], stdin=-1)",
        "print('now')\nlate.communicate(b'go')",
    )  # fmt: skip
    assert ran.text("b").startswith("now\n")
    assert "late\n" in ran.text("a") + ran.text("b")


def test_a_cell_may_await(bench, engine):
    ran = bench.run("import asyncio\nawait asyncio.sleep(0)\nprint('done')", engine=engine)
    assert ran.text("a") == "done\n"


def test_local_modules_and_the_working_directory_are_those_of_the_notebook(bench, engine):
    folder = bench.project / "odd {name} $(x)"
    folder.mkdir()
    (folder / "helper.py").write_text("VALUE = 7")
    (folder / "nbclient.py").write_text("raise RuntimeError('shadowed')")
    (folder / "papermill.py").write_text("VALUE = 8")
    place = "import os; print(os.getcwd())"
    ran = bench.run(LOCAL_MODULE, place, engine=engine, folder=str(folder))
    assert ran.text("a") == "7 8\n"
    assert ran.text("b").strip() == str(folder)


def test_parameters_of_every_json_type_arrive(bench, engine):
    values = {"a": -1, "b": [1.5, None, 'it\'s "quoted"\n'], "c": {"k": True}, "d": None}
    ran = bench.run(
        ("a = 1", ["parameters"]), "print([a, b, c, d])", parameters=values, engine=engine
    )
    assert ran.text("b") == f"{list(values.values())}\n"
    assert "injected-parameters" in ran.cells


@pytest.mark.parametrize("values", [{"a=1\nx": 1}, {"class": 1}, {"a": float("nan")}])
def test_parameters_that_could_break_out_of_their_cell_are_refused(bench, values):
    ran = bench.run("1", parameters=values)
    assert ran.state == "failed"
    assert ran.result.error.name == "BadParameter"


def test_checks_are_told_one_by_one(bench, engine):
    ran = bench.run(
        "x = 1", "assert x == 1", "assert x == 2, 'x is not two'", "assert True",
        checks=("b", "c", "d"), engine=engine,
    )  # fmt: skip
    assert ran.state == "failed"
    assert ran.result.checks == {"b": "ok", "c": "x is not two"}


def test_a_bare_assertion_is_told_with_its_line(bench, engine):
    ran = bench.run("x = 1", "assert x == 2", checks=("b",), engine=engine)
    assert ran.result.error.message == "assert x == 2"
    assert ran.result.checks == {"b": "assert x == 2"}


def test_a_flood_of_text_is_bounded_in_the_notebook_and_whole_in_the_log(bench, engine):
    ran = bench.run(
        "for i in range(500_000): print('x' * 99)\nprint('the end')", "1", engine=engine
    )
    assert ran.state == "ok"
    kept = ran.text("a")
    assert len(kept) < 5_100_000
    assert "characters left out here" in kept
    assert kept.endswith("the end\n")
    assert len(ran.log) > 50_000_000
    assert len(ran.live) < 2_000_000


def test_thousands_of_displays_are_bounded(bench, engine):
    ran = bench.run("for i in range(3000): display(i)", "print('on')", engine=engine)
    assert ran.state == "ok"
    assert len(ran.cells["a"]["outputs"]) == 1001
    assert "2,000 of 3,000 outputs are not kept here" in ran.text("a")
    rest = [json.loads(line) for line in ran.artifact("log", "displayed.jsonl").splitlines()]
    assert [row["data"]["text/plain"] for row in rest] == [str(n) for n in range(1000, 3000)]


def test_one_huge_display_is_kept_beside_the_notebook_and_what_follows_in_it(bench, engine):
    source = "class Big:\n    def _repr_html_(self): return '<p>' + 'x' * 21_000_000\n"
    ran = bench.run(source + "display(Big()); display('on')\nBig()", engine=engine)
    assert ran.state == "ok"
    assert len(ran.artifact("notebook")) < 100_000
    assert [o["output_type"] for o in ran.cells["a"]["outputs"]] == ["display_data", "stream"]
    assert "2 of 3 outputs are not kept here" in ran.text("a")
    rest = [json.loads(line) for line in ran.artifact("log", "displayed.jsonl").splitlines()]
    assert [len(row["data"]["text/html"]) for row in rest] == [21_000_003, 21_000_003]


def test_a_huge_error_is_cut_in_the_notebook_and_whole_in_the_log(bench, engine):
    ran = bench.run("raise ValueError('x' * 2_000_000)", engine=engine)
    assert ran.state == "failed"
    assert len(ran.result.error.message) < 11_000
    assert len(ran.result.error.traceback) < 210_000
    assert len(ran.artifact("notebook")) < 3_000_000
    assert "characters left out here" in ran.result.error.message
    assert len(ran.log) > 2_000_000


def test_what_a_step_leaves_running_is_ended_and_named(bench, engine):
    source = (
        "import subprocess\nprint(subprocess.Popen(['sleep', '4321'], start_new_session=True).pid)"
    )
    ran = bench.run(source, engine=engine)
    assert ran.state == "ok"
    assert "sleep 4321" in ran.log
    assert any("sleep 4321" in event.text for event in ran.events if isinstance(event, Note))
    assert not subprocess.run(["pgrep", "-f", "sleep 4321"], capture_output=True).stdout


def test_the_profile_has_a_series_for_each_cell_and_a_chart(bench):
    ran = bench.run("import time\nx = bytearray(60_000_000)\ntime.sleep(0.3)", "1",
                    engine="profiling")  # fmt: skip
    profile = json.loads(ran.artifact("profile", ".json"))
    assert [row["cell"] for row in profile["cells"]] == ["a", "b"]
    assert len(profile["cells"][0]["samples"]) >= 3
    assert profile["cells"][0]["peak"] > 60_000_000
    assert ran.artifact("profile", ".svg").startswith(b"<svg")
    assert ran.result.peak > 60_000_000


def test_a_failing_step_leaves_a_dump_that_the_debugger_opens(bench):
    source = "def half(v):\n    print('in')\n    return v / 0\nhalf(41)"
    ran = bench.run(source, engine="debug")
    assert ran.state == "failed"
    assert ran.result.error.name == "ZeroDivisionError"
    assert ran.text("a") == "in\n"
    dump = bench.project / "it.dump"
    dump.write_bytes(ran.artifact("dump"))
    debugger = "from debuglater.cli import main; main()"
    shown = subprocess.run(
        [sys.executable, "-c", debugger, str(dump)], input="p v\nl\nq\n", capture_output=True,
        text=True, cwd=bench.project,
    )  # fmt: skip
    assert "41" in shown.stdout
    assert "return v / 0" in shown.stdout


def test_a_debug_step_that_ends_well_leaves_no_dump(bench):
    ran = bench.run("print('fine')", engine="debug")
    assert ran.state == "ok"
    assert ran.text("a") == "fine\n"
    assert not [a for a in ran.result.artifacts if a.kind == "dump"]


def test_steps_do_not_see_each_others_state(bench):
    bench.run("leak = 1", engine="embedded")
    assert bench.run("leak", engine="embedded").result.error.name == "NameError"


def test_no_engine_brings_the_vendors_telemetry_along(bench):
    look = "import sys; print([m for m in sys.modules if 'posthog' in m or 'telemetry' in m])"
    assert bench.run(look, engine="embedded").text("a") == "[]\n"
