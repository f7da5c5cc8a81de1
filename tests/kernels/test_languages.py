"""Kernels of another language: whole notebooks with parameters and files."""

from __future__ import annotations


def test_a_bash_notebook_takes_parameters_and_leaves_files(bench):
    ran = bench.run(
        ("name=nobody", ["parameters"]), "echo hello $name > greeting.txt\necho done",
        kernel="bash", language="bash", parameters={"name": "it's $HOME"}, writes=("*.txt",),
    )  # fmt: skip
    assert ran.state == "ok"
    assert ran.text("b") == "done\n"
    assert ran.artifact("file", "greeting.txt") == b"hello it's $HOME\n"


def test_a_failing_bash_cell_stops_the_step(bench):
    ran = bench.run("echo x; false", "echo y", kernel="bash", language="bash")
    assert ran.state == "failed"
    assert "exit code 1" in ran.result.error.message
    assert ran.states == {"a": "failed", "b": "not-run"}


def test_the_engines_of_ploomber_refuse_other_languages(bench):
    ran = bench.run("echo x", kernel="bash", language="bash", engine="embedded")
    assert ran.state == "failed"
    assert "Use 'papermill'" in ran.result.error.message


def test_the_engines_of_ploomber_refuse_a_kernel_of_another_environment(bench):
    ran = bench.run("1", kernel="elsewhere", engine="embedded")
    assert ran.state == "failed"
    assert "/opt/other/bin/python" in ran.result.error.message


def test_a_kernel_whose_program_is_missing_is_told(bench):
    ran = bench.run("1", kernel="elsewhere")
    assert ran.state == "failed"
    assert "/opt/other/bin/python" in ran.result.error.message
