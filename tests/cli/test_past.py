"""`ls`, `show`, `logs`, `open`, `diff`, `gc`, `cancel` and `doctor`: what is in the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbpipe.store.store import Store

from .conftest import CHAIN, failing, ok

if TYPE_CHECKING:
    from nbpipe.run.order import Order, Result
    from tests.conftest import WriteNotebook

    from .conftest import Desk


@pytest.fixture
def ran(nbpipe: Desk) -> Desk:
    """The project after one run, whose id is ``first``."""

    def show(order: Order) -> Result:
        return ok(order, metrics={"score": 0.25}, checks={"c4": "ok"})

    nbpipe.answers["show"] = show
    assert nbpipe("run", "--run-id", "first").exit_code == 0
    return nbpipe


def test_before_the_first_run_there_are_none_and_nothing_is_written(nbpipe: Desk) -> None:
    assert "There are no runs yet" in nbpipe("ls").output
    assert nbpipe("show").exit_code == 2
    assert nbpipe("logs").exit_code == 2
    assert not (nbpipe.folder / ".nbpipe" / "ledger.db").exists()


def test_ls_lists_the_newest_first(ran: Desk) -> None:
    ran("run", "--run-id", "second")
    said = ran("ls")
    assert [line.split()[:2] for line in said.output.splitlines()] == [
        ["second", "ok"],
        ["first", "ok"],
    ]
    assert [row["id"] for row in json.loads(ran("ls", "--json", "-n", "1").stdout)] == ["second"]


def test_a_run_is_found_by_the_beginning_of_its_id(ran: Desk) -> None:
    assert "Run first: ok" in ran("show", "fir").output
    assert "No run named 'frist'. Did you mean 'first'?" in ran("show", "frist").output


def test_show_tells_of_a_run_and_of_a_step(ran: Desk) -> None:
    said = ran("show").output
    assert "parameters  n=1" in said
    assert "score  0.25" in said
    step = ran("show", "last/show").output
    assert "because   it has not run before" in step
    assert "c4: ok" in step
    assert "show.ipynb  notebook" in step
    data = json.loads(ran("show", "first", "--json").stdout)
    assert data["run"]["parameters"] == {"n": 1}
    assert len(data["tasks"]) == 3
    assert json.loads(ran("show", "first/fit", "--json").stdout)[0]["task"] == "fit"


def test_show_tells_why_a_step_failed(ran: Desk) -> None:
    ran.answers["fit"] = failing
    ran("run", "--force", "fit")
    assert "fit failed (n.ipynb, cell 3)" in ran("show").output
    assert "ValueError: no luck" in ran("show", "last/fit").output


def test_logs_prints_what_cells_wrote_without_escape_sequences(ran: Desk) -> None:
    assert ran("logs", "first/fit").stdout == "it said hello\n"
    assert "load | it said hello" in ran("logs").stdout


def test_logs_of_a_task_that_still_runs_come_from_the_live_file(ran: Desk) -> None:
    from nbpipe.cli.runs import _written
    from nbpipe.store.store import Store

    store = Store.open(ran.folder / ".nbpipe")
    run = store.ledger.run("first")
    lines = [{"task": "fit", "text": "one\n"}, {"task": "load", "text": "two\n"}]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"task": "fit", "te'
    (store.run_folder("first") / "output.jsonl").write_text(text)
    assert _written(store, run, {"fit"}) == {"fit": ["one\n"]}


def test_open_prints_paths(ran: Desk) -> None:
    notebook = Path(ran("open", "last/fit", "--print").stdout.strip())
    assert (notebook.name, notebook.exists()) == ("fit.ipynb", True)
    value = Path(ran("open", "last/load/x").stdout.strip())
    assert json.loads(value.read_bytes()) == {}
    assert "Did you mean 'fit'?" in ran("open", "last/fti").output
    assert "No artifact named 'q'" in ran("open", "last/load/q").output
    assert ran("open", "last").exit_code == 2


def test_diff_tells_code_parameters_inputs_states_metrics_and_outputs(
    ran: Desk, write_notebook: WriteNotebook
) -> None:
    write_notebook("n.ipynb", *CHAIN[:2], ("step:fit", "y = x\ny = y + 1"), *CHAIN[3:])
    ran.answers["show"] = failing
    ran("run", "-p", "n=2", "--force", "show", "--run-id", "second")
    said = ran("diff", "first", "second").output
    for part in (
        "first → second",
        "Code\nfit\n  @@ -1 +1,2 @@\n   y = x\n  +y = y + 1",
        "Parameters\n  n  1  →  2",
        "fit: its input x changed",
        "States\n  show  ok  →  failed",
        "Metrics\n  show.score  0.25  →  -",
        "load: x differs",
    ):
        assert part in said, said


def test_diff_of_runs_that_are_alike_says_so(ran: Desk) -> None:
    ran("run", "--force", "all", "--run-id", "second")
    assert "Nothing differs." in ran("diff", "first", "second").output


def test_gc_keeps_what_it_is_told_to_and_dry_run_removes_nothing(ran: Desk) -> None:
    ran("run", "-p", "n=2", "--run-id", "second")
    assert "would remove first" in ran("gc", "--keep-last", "1", "--dry-run").output
    assert "first" in ran("ls").output
    assert "Removed 1 run" in ran("gc", "--keep-last", "1").output
    assert "first" not in ran("ls").output
    assert ran("logs", "second/fit").stdout == "it said hello\n"


def test_gc_without_limits_removes_no_run(ran: Desk) -> None:
    assert "Removed 0 runs" in ran("gc").output
    assert "first" in ran("ls").output


def test_only_a_run_that_goes_on_can_be_cancelled(ran: Desk) -> None:
    said = ran("cancel")
    assert said.exit_code == 2
    assert "is not running: it is ok" in said.output


def test_cancel_asks_the_engine_of_a_run(nbpipe: Desk) -> None:
    from nbpipe.store.ledger import NewRun
    from nbpipe.store.store import Store

    with Store.open(nbpipe.folder / ".nbpipe") as store:
        store.ledger.begin_run(NewRun("r", str(nbpipe.folder)))
    assert nbpipe("cancel").exit_code == 0
    with Store.open(nbpipe.folder / ".nbpipe") as store:
        assert [request.what for request in store.ledger.requests("r")] == ["cancel"]


def test_a_run_whose_engine_is_gone_shows_as_interrupted(nbpipe: Desk) -> None:
    from nbpipe.store.ledger import EngineRow, NewRun
    from nbpipe.store.store import Store

    with Store.open(nbpipe.folder / ".nbpipe") as store:
        store.ledger.begin_run(NewRun("r", str(nbpipe.folder)))
        store.ledger.clock = lambda: 0.0
        store.ledger.claim("r", EngineRow("elsewhere", 1))
    assert "r  interrupted" in nbpipe("ls").output


def test_doctor_notices_another_package_of_our_name(
    ran: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbpipe.cli import doctor

    versions = {"nbpipe": "0.3", doctor.OURS: "1", **dict.fromkeys(doctor.NEEDED, "1")}
    monkeypatch.setattr(doctor, "_installed", versions.get)
    monkeypatch.setattr(doctor, "_ploomber", tuple)
    said = ran("doctor")
    assert said.exit_code == 1
    assert "Another package named nbpipe (0.3) is installed" in said.output
    assert "1 run" in said.output


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No installation but ours, and no process of other tests on this machine."""
    from nbpipe.cli import doctor

    monkeypatch.setattr(doctor, "_ploomber", tuple)
    monkeypatch.setattr("nbpipe.run.orphans.orphans", tuple)


@pytest.mark.usefixtures("alone")
def test_doctor_finds_and_mends_what_a_crash_left(ran: Desk) -> None:
    half = ran.folder / ".nbpipe" / "tmp" / f"put-{2**22 + 1}-0123456789ab"
    half.write_bytes(b"half")
    with Store.open(ran.folder / ".nbpipe") as store:
        digest = next(a.digest for a in store.ledger.tasks("first")[0].artifacts)
        store.blobs.delete(digest)
    said = ran("doctor")
    assert said.exit_code == 1
    assert f"I2: Run first: the bytes {digest[:19]}… are gone" in said.output
    assert "put-" in said.output
    assert half.exists()
    mended = ran("doctor", "--repair")
    assert mended.exit_code == 0, mended.output
    assert f"{half.name} was removed" in mended.output
    assert "nothing is wrong with it" in ran("doctor", "--thorough").output


@pytest.mark.usefixtures("alone")
def test_doctor_says_it_as_json(ran: Desk) -> None:
    found = json.loads(ran("doctor", "--json").output)
    assert {"level", "text", "cure"} == found[0].keys()
    assert any("nothing is wrong with it" in one["text"] for one in found)


def test_doctor_tells_of_a_store_that_cannot_be_used(
    nbpipe: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbpipe.cli import doctor

    monkeypatch.setattr(doctor, "_ploomber", tuple)
    (nbpipe.folder / ".nbpipe" / "format").write_text("99")
    said = nbpipe("doctor")
    assert said.exit_code == 1
    assert "written by a newer nbpipe" in said.output


# what people say of runs


def test_a_run_is_tagged_and_found_by_its_tag(ran: Desk) -> None:
    assert ran("tag", "last", "best", "paper").output == "best, paper\n"
    assert ran("tag", "first", "shown", "--remove", "paper").output == "best, shown\n"
    assert ran("tag", "first").output == "best, shown\n"
    assert "first" in ran("ls", "--tag", "best").output
    assert "No run is like that" in ran("ls", "--tag", "paper").output
    assert "#best #shown" in ran("ls").output
    assert "best, shown" in ran("show").output


def test_a_tag_that_a_run_does_not_have_is_not_taken_off(ran: Desk) -> None:
    ran("tag", "first", "best")
    said = ran("tag", "first", "new", "--remove", "besst")
    assert said.exit_code == 2
    assert "best" in said.output
    assert ran("tag", "first").output == "best\n"


def test_a_run_without_tags_or_note_says_so(ran: Desk) -> None:
    assert ran("tag", "last").output == "Run first has no tags.\n"
    assert ran("note", "last").output == "Run first has no note.\n"


def test_a_note_is_written_printed_and_searched(ran: Desk) -> None:
    assert ran("note", "last", "with the new labels").exit_code == 0
    assert ran("note", "last").output == "with the new labels\n"
    assert "first" in ran("ls", "--search", "labels n=1").output
    assert "No run is like that" in ran("ls", "--search", "labels n=2").output
    assert "with the new labels" in ran("show").output
    ran("note", "last", "")
    assert "no note" in ran("note", "last").output


def test_runs_are_listed_by_state(ran: Desk) -> None:
    assert "first" in ran("ls", "--state", "ok").output
    assert "No run is like that" in ran("ls", "--state", "failed").output


def test_a_pinned_run_survives_gc_and_not_when_it_is_let_go(ran: Desk) -> None:
    assert ran("pin", "last").output == "Run first is pinned.\n"
    assert "Removed 0 runs" in ran("gc", "--keep-last", "0").output
    ran("pin", "last", "--off")
    assert "Removed 1 run;" in ran("gc", "--keep-last", "0").output


def test_a_run_is_deleted_when_that_is_confirmed(ran: Desk) -> None:
    folder = ran.folder / ".nbpipe" / "runs" / "first"
    assert folder.exists()
    assert ran("delete", "first", input="n\n").exit_code != 0
    assert folder.exists()
    assert "deleted" in ran("delete", "first", input="y\n").output
    assert not folder.exists()
    assert "There are no runs" in ran("ls").output
    assert ran("delete", "first", "--yes").exit_code == 2
