"""`nbpipe run`: progress, summary, reports and exit codes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from nbpipe.errors import RunBusy, StoreUnusable
from nbpipe.events import Note
from nbpipe.run import runs
from nbpipe.store.store import Store

from .conftest import CHAIN, failing, ok

if TYPE_CHECKING:
    from pathlib import Path

    from nbpipe.run.order import Order, Result
    from tests.conftest import WriteNotebook

    from .conftest import Desk


def test_a_run_says_what_ran_and_where_the_executed_notebooks_are(nbpipe: Desk) -> None:
    said = nbpipe("run", ".")
    assert said.exit_code == 0, said.output
    assert nbpipe.ran == ["load", "fit", "show"]
    assert "load  running (it has not run before)" in said.output
    assert "load  ok 1.2 s" in said.output
    assert "3 ok." in said.output
    folder = said.output.split("Executed notebooks: ")[1].strip()
    assert (nbpipe.folder / folder / "fit.ipynb").exists()


def test_a_second_run_reuses_all(nbpipe: Desk) -> None:
    nbpipe("run")
    said = nbpipe("run")
    assert (said.exit_code, nbpipe.ran) == (0, ["load", "fit", "show"])
    assert "3 reused." in said.output


def test_sources_stay_as_they_are_also_when_a_step_fails(nbpipe: Desk) -> None:
    before = (nbpipe.folder / "n.ipynb").read_bytes()
    nbpipe.answers["fit"] = failing
    nbpipe("run")
    assert (nbpipe.folder / "n.ipynb").read_bytes() == before


def test_a_failing_step_is_told_with_its_cell_and_exit_1(nbpipe: Desk) -> None:
    nbpipe.answers["fit"] = failing
    said = nbpipe("run")
    assert said.exit_code == 1
    assert "fit failed (n.ipynb, cell 3)" in said.output
    assert "ValueError: no luck <i>" in said.output
    assert "show  skipped (it depends on fit, which did not end well)" in said.output
    assert "\x1b" not in said.output


def test_parameters_come_from_files_then_from_the_line(nbpipe: Desk) -> None:
    (nbpipe.folder / "p.yaml").write_text("n: 5\n")
    nbpipe("run", "-f", "p.yaml")
    nbpipe("run", "-f", "p.yaml", "-p", "n=[1, null]")
    given = [o.parameters["n"] for e in nbpipe.executors for o in e.orders if o.task == "load"]
    assert given == [5, [1, None]]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-p", "m=1"], "No parameter named 'm'. There is: n."),
        (["-p", "n"], "'n' is no parameter. Write it as NAME=VALUE."),
        (["-p", "n=NaN"], "NaN is no JSON number"),
        (["-p", "a b=1"], "cannot be a parameter's name"),
        (["-f", "gone.yaml"], "cannot be read"),
        (["--only", "lod"], "No step named 'lod'. Did you mean 'load'?"),
        (["--force", "nothing"], "No step named 'nothing'"),
        (["--engine", "papermil"], "No engine named 'papermil'. Did you mean 'papermill'?"),
        (["--jobs", "0"], "Invalid value for '--jobs'"),
    ],
)
def test_what_cannot_be_used_is_told_with_exit_2_and_nothing_is_written(
    nbpipe: Desk, arguments: list[str], says: str
) -> None:
    before = sorted(nbpipe.folder.rglob("*"))
    said = nbpipe("run", *arguments)
    assert said.exit_code == 2, said.output
    assert says in said.output
    assert sorted(nbpipe.folder.rglob("*")) == before


def test_problems_stop_the_run_with_exit_2_and_nothing_is_written(
    empty: Desk, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", ("step:a after:b", "x = 1"))
    said = empty("run")
    assert said.exit_code == 2
    assert "n.ipynb, cell 1" in said.output
    assert {path.name for path in empty.folder.iterdir()} == {"n.ipynb"}


def test_there_is_no_run_without_a_project(empty: Desk) -> None:
    said = empty("run", "gone")
    assert said.exit_code == 2
    assert "There is nothing at gone" in said.output


def test_only_until_from_and_force_choose_steps(nbpipe: Desk) -> None:
    nbpipe("run", "--until", "fit")
    assert nbpipe.ran == ["load", "fit"]
    nbpipe("run", "--from", "fit")
    assert nbpipe.ran == ["load", "fit", "show"]
    nbpipe("run", "--only", "show", "--force", "show")
    assert nbpipe.ran[3:] == ["show"]
    nbpipe("run", "--force", "all")
    assert nbpipe.ran[4:] == ["load", "fit", "show"]


def test_json_is_one_document_on_stdout_and_progress_goes_elsewhere(nbpipe: Desk) -> None:
    said = nbpipe("run", "--json")
    data = json.loads(said.stdout)
    assert (data["state"], [task["task"] for task in data["tasks"]]) == (
        "ok",
        ["load", "fit", "show"],
    )
    assert "load  running" in said.stderr


def test_junit_has_a_test_for_each_step_and_each_check(nbpipe: Desk) -> None:
    def checked(order: Order) -> Result:
        return ok(order, checks={"c4": "y is <wrong>"}, metrics={"score": 0.5})

    nbpipe.answers["show"] = checked
    nbpipe.answers["fit"] = ok
    nbpipe("run", "--junit", "out/j.xml")
    suite = ET.parse(nbpipe.folder / "out" / "j.xml").getroot()[0]
    names = [case.get("name") for case in suite]
    assert names == ["load", "fit", "show", "show check (n.ipynb, cell 5)"]
    assert suite.get("failures") == "1"


def test_junit_tells_failed_from_skipped(nbpipe: Desk) -> None:
    nbpipe.answers["fit"] = failing
    nbpipe("run", "--junit", "j.xml")
    suite = ET.parse(nbpipe.folder / "j.xml").getroot()[0]
    kinds = [[part.tag for part in case] for case in suite]
    assert kinds == [[], ["failure"], ["skipped"]]


def test_the_github_summary_is_a_table_in_which_nothing_is_markup(
    nbpipe: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = nbpipe.folder / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    nbpipe.answers["fit"] = failing
    nbpipe("run")
    text = summary.read_text()
    assert "| fit | ✗ failed | 0.5 s | n.ipynb, cell 3: ValueError: no luck &lt;i&gt; |" in text


def test_the_html_report_stands_alone_and_shows_text_as_text(nbpipe: Desk) -> None:
    nbpipe.answers["show"] = failing
    nbpipe("run", "--html", "report")
    page = (nbpipe.folder / "report" / "index.html").read_text("utf-8")
    assert "<svg" in page
    assert "no luck &lt;i&gt;" in page
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<script" not in page
    assert (nbpipe.folder / "report" / "notebooks" / "load.ipynb").exists()


def test_a_notebook_as_it_is_in_memory_takes_the_place_of_the_one_on_disk(
    nbpipe: Desk, tmp_path: Path
) -> None:
    document = json.loads((nbpipe.folder / "n.ipynb").read_text())
    document["cells"][1]["metadata"]["tags"] = ["step:fetch"]
    (tmp_path / "unsaved.json").write_text(json.dumps(document))
    nbpipe("run", "n.ipynb", "--document", "n.ipynb=unsaved.json", "--run-id", "r1")
    assert nbpipe.ran == ["fetch", "fit", "show"]
    assert "r1" in nbpipe("ls", "n.ipynb").output


def test_store_says_where_runs_are_kept(nbpipe: Desk) -> None:
    nbpipe("run", "--store", "elsewhere")
    assert (nbpipe.folder / "elsewhere" / "ledger.db").exists()
    assert not (nbpipe.folder / ".nbpipe" / "ledger.db").exists()
    assert "3 ok" in nbpipe("ls", "--store", "elsewhere").output


def test_a_folder_that_is_no_store_is_refused_with_exit_3(nbpipe: Desk) -> None:
    (nbpipe.folder / "odd").mkdir()
    (nbpipe.folder / "odd" / "format").write_text("what")
    assert nbpipe("run", "--store", "odd").exit_code == 3


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StoreUnusable("full"), 3),
        (RunBusy("busy"), 4),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("division by zero"), 70),
    ],
)
def test_every_failure_has_its_exit_code(
    nbpipe: Desk, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(runs, "carry_out", fail)
    said = nbpipe("run")
    assert said.exit_code == code
    assert "Traceback" not in said.output


def test_a_bug_asks_to_be_reported_and_shows_where_only_when_asked(
    nbpipe: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(runs, "carry_out", fail)
    assert "A fault in nbpipe: ZeroDivisionError" in nbpipe("run").output
    monkeypatch.setenv("NBPIPE_DEBUG", "1")
    assert "Traceback" in nbpipe("run").output


def test_a_cancelled_step_ends_the_run_and_resume_goes_on(nbpipe: Desk) -> None:
    def lost(order: Order) -> Result:
        raise KeyboardInterrupt

    nbpipe.answers["fit"] = lost
    assert nbpipe("run").exit_code == 130
    del nbpipe.answers["fit"]
    said = nbpipe("resume")
    assert said.exit_code == 0, said.output
    assert nbpipe.ran == ["load", "fit", "fit", "show"]
    assert "; 3 ok." in said.output
    assert nbpipe("resume").exit_code == 2


def test_resume_takes_the_last_run_that_did_not_come_to_its_end(nbpipe: Desk) -> None:
    assert nbpipe("resume").exit_code == 2  # there is none at all
    nbpipe.answers["fit"] = failing
    assert nbpipe("run", "--run-id", "bad").exit_code == 1
    del nbpipe.answers["fit"]
    assert nbpipe("run", "--run-id", "good", "-p", "n=2").exit_code == 0
    assert nbpipe("resume").exit_code == 0
    assert {one["id"]: one["state"] for one in json.loads(nbpipe("ls", "--json").output)} == {
        "bad": "ok", "good": "ok",
    }  # fmt: skip


def test_attempts_are_counted_on_when_a_run_is_resumed(nbpipe: Desk) -> None:
    nbpipe.answers["fit"] = failing
    nbpipe("run", "--run-id", "r")
    del nbpipe.answers["fit"]
    assert nbpipe("resume", "r").exit_code == 0
    attempts = {o.task: o.attempt for executor in nbpipe.executors for o in executor.orders}
    assert attempts == {"load": 1, "fit": 2, "show": 1}


def test_resume_takes_the_notebooks_as_they_were(
    nbpipe: Desk, write_notebook: WriteNotebook
) -> None:
    nbpipe.answers["fit"] = failing
    nbpipe("run", "-p", "n=7")
    del nbpipe.answers["fit"]
    write_notebook("n.ipynb", *CHAIN[:3], ("step:other", "print(y)"))
    said = nbpipe("resume")
    assert said.exit_code == 0, said.output
    assert nbpipe.ran == ["load", "fit", "fit", "show"]
    assert next(o.parameters for o in nbpipe.executors[-1].orders) == {}
    assert "n.ipynb was edited since the run began. The run keeps what it began" in said.output


def test_a_notebook_edited_while_its_run_goes_on_is_not_what_runs_and_that_is_said(
    nbpipe: Desk, write_notebook: WriteNotebook
) -> None:
    def editing(order: Order) -> Result:
        write_notebook("n.ipynb", *CHAIN[:3], ("step:other", "print('edited')"))
        return ok(order)

    nbpipe.answers["load"] = editing
    said = nbpipe("run")
    assert said.exit_code == 0, said.output
    assert nbpipe.ran == ["load", "fit", "show"]
    assert "n.ipynb was edited since the run began. The run keeps what it began" in said.output
    with Store.open(nbpipe.folder / ".nbpipe") as store:
        run = store.ledger.run("last")
        assert b"edited" not in store.blobs.read(run.sources["n.ipynb"])
        told = [one.event for one in store.ledger.events(run.id) if isinstance(one.event, Note)]
        assert [note.level for note in told if "was edited" in note.text] == ["warning"]
