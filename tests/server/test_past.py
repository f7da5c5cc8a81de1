"""What ran, through the server: lists, pages, notes, values, comparisons, drafts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from nbpipe.events import (
    Artifact,
    Failure,
    RunFinished,
    RunStarted,
    TaskFinished,
    TasksAdded,
    TaskStarted,
)
from nbpipe.store.ledger import NewRun
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ask

GRAPH = {
    "name": "flow",
    "steps": [
        {"name": "load", "notebook": "flow.ipynb", "cells": ["c1"], "checks": []},
        {"name": "score", "notebook": "flow.ipynb", "cells": ["c2"], "checks": ["c3"]},
    ],
    "roles": {},
    "edges": [],
}


def cell(name: str, source: str, *tags: str, output: str = "") -> dict[str, Any]:
    out = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    meta = {"tags": list(tags), "papermill": {"status": "completed"}}
    return {"cell_type": "code", "id": name, "source": source, "metadata": meta,
            "execution_count": 1, "outputs": out}  # fmt: skip


def executed(source: str, output: str) -> dict[str, Any]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "P"}, "nbpipe": {"run": 1}},
        "cells": [
            {"cell_type": "markdown", "id": "b", "source": "!", "metadata":
                {"tags": ["papermill-error-cell-tag"]}},
            cell("nbpipe-begin", "begin()", "nbpipe-begin"),
            cell("nbpipe-setup-1", "import math", "nbpipe-setup"),
            cell("nbpipe-load", "x = load()", "nbpipe-load"),
            cell("c2", source, "step:score", "hide-input", output=output),
            cell("c3", "assert x", "check"),
            cell("nbpipe-save", "save()", "nbpipe-save"),
        ],
    }  # fmt: skip


@pytest.fixture
def store(write: Callable[..., Path]) -> Store:
    return Store.open(write("work/flow.ipynb", ("step:load", "x = 1")).parent / ".nbpipe")


def run(store: Store, name: str, number: int, state: Any = "ok", **more: Any) -> None:
    """A run that ended: one step, and one of two items, with what a fan-out leaves."""
    folder = str(store.local.parent)
    ledger = store.ledger
    environment = store.blobs.put_bytes(json.dumps({"python3": {"python": "3.12"}}).encode())
    ledger.begin_run(NewRun(name, folder, "flow.ipynb", "flow", {"n": number}, "warm", {"only": []},
                            GRAPH, {"flow.ipynb": store.blobs.put_bytes(b"{}")}, "me",
                            environment))  # fmt: skip
    document = json.dumps(executed(f"print({number})", f"{number}\n")).encode()
    notebook = Artifact("n.ipynb", store.blobs.put_bytes(document), len(document), "notebook")
    error = Failure("ValueError", "no", "c2", "Traceback") if state == "failed" else None
    ledger.record_all(name, [
        RunStarted("flow.ipynb", "warm", ("load", "score"), {"n": number}),
        TaskStarted("load", 1, 1),
        TaskFinished("load", "ok", 1.0, artifacts=tuple(more.get("left", ())),
                     metrics={"rows": float(number)}),
        TasksAdded("score", ("score[0]", "score[1]"), ("Aachen", "Bonn")),
        *(TaskFinished(f"score[{n}]", state if n else "ok", 1.0, artifacts=(notebook,),
                       metrics={"auc": number + n / 2}, checks={"c3": "ok"}, error=error if n
                       else None) for n in (0, 1)),
        RunFinished(state, 3.0),
    ])  # fmt: skip


class TestLists:
    def test_a_list_goes_on_and_knows_how_many_there_are(self, ask: Ask, store: Store) -> None:
        for n in range(5):
            run(store, f"r{n}", n)

        first = ask("runs?path=work/flow.ipynb&limit=2").data
        more = ask("runs?path=work/flow.ipynb&limit=2&before=r3").data

        assert [one["id"] for one in (*first["runs"], *more["runs"])] == ["r4", "r3", "r2", "r1"]
        assert (first["found"], more["found"]) == (5, 5)
        assert first["runs"][0]["metrics"] == {"rows": 4.0, "auc": 4.25}

    def test_runs_are_chosen(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1)
        run(store, "b", 2, "failed")
        ask("runs/b?path=work", {"tags": ["best", "ü x"], "pinned": True}, method="PATCH")

        def found(query: str) -> list[str]:
            return [one["id"] for one in ask(f"runs?path=work&{query}").data["runs"]]

        assert found("state=failed") == found("pinned=1") == found("words=n%3D2") == ["b"]
        assert found(f"tag=best&tag={quote('ü x')}") == ["b"]
        assert found("pinned=0") == found("state=ok") == ["a"]
        assert found("words=nothing") == []
        assert ask("runs?path=work").data["tags"] == {"best": 1, "ü x": 1}

    def test_what_is_asked_for_never_becomes_sql(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1)
        for name in ("words", "tag", "state", "before", "pinned"):
            answer = ask(f"runs?path=work&{name}={quote(chr(39) + ' OR 1=1 --')}")
            assert answer.status == 200
            assert answer.data["runs"] == [] or name == "pinned"

    def test_tasks_come_part_by_part(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1, "failed")

        data = ask("runs/a/tasks?path=work&step=score&from=1&limit=1").data

        assert data["found"] == 2
        (task,) = data["tasks"]
        assert (task["task"], task["step"], task["label"], task["state"]) == (
            "score[1]", "score", "Bonn", "failed",
        )  # fmt: skip
        assert ask("runs/a/tasks?path=work&words=aach").data["found"] == 1
        assert ask("runs/a/tasks?path=work&limit=x").status == 400


class TestAPage:
    def test_a_run_is_told_by_step(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1, "failed")

        page = ask("runs/a/page?path=work").data

        assert [step["step"] for step in page["steps"]] == ["load", "score"]
        assert page["steps"][1]["counts"] == {"ok": 1, "failed": 1}
        assert page["checks"][0] == {"task": "score[0]", "cell": "c3", "said": "ok"}
        assert [one["task"] for one in page["failures"]] == ["score[1]"]
        assert page["failures"][0]["error"]["name"] == "ValueError"
        assert page["environment"] == {"python3": {"python": "3.12"}}
        assert (page["engine"], page["user"]) == ("warm", "me")
        assert list(page["sources"]) == ["flow.ipynb"]
        assert page["graph"]["project"] == "work"
        assert page["last"] == 7

    def test_a_run_of_an_older_version_has_no_environment(self, ask: Ask, store: Store) -> None:
        store.ledger.begin_run(NewRun("old", str(store.local.parent), environment="conda 3"))
        store.ledger.record("old", RunFinished("ok", 1.0))
        page = ask("runs/old/page?path=work").data
        assert (page["environment"], page["steps"], page["checks"]) == ({}, [], [])

    def test_a_task_is_told_in_full(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1)

        task = ask(f"runs/a/tasks/{quote('score[1]')}?path=work").data

        assert (task["task"], task["item"], task["checks"]) == ("score[1]", "Bonn", {"c3": "ok"})
        assert task["notebook"] == "work/a/score[1].ipynb"
        assert ask("runs/a/tasks/none?path=work").status == 404


class TestNotes:
    def test_tags_and_a_note_are_written(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1)

        answer = ask("runs/a?path=work", {"tags": ["best"], "note": "<b>"}, method="PATCH")
        later = ask("runs/a?path=work", {"pinned": True}, method="PATCH").data

        assert answer.status == 200
        assert (later["tags"], later["note"], later["pinned"]) == (["best"], "<b>", True)

    @pytest.mark.parametrize(
        ("said", "status"),
        [({"tags": "best"}, 400), ({"note": 3}, 400), ({"pinned": "yes"}, 400),
         ({"tags": ["x" * 61]}, 422), ([], 400)],
    )  # fmt: skip
    def test_what_cannot_be_said_is_refused(
        self, ask: Ask, store: Store, said: Any, status: int
    ) -> None:
        run(store, "a", 1)
        assert ask("runs/a?path=work", said, method="PATCH").status == status

    def test_a_run_is_deleted_and_one_that_goes_on_is_not(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1)
        store.ledger.begin_run(NewRun("live", str(store.local.parent)))
        store.ledger.claim("live")

        assert ask("runs/a?path=work", method="DELETE").data == {"deleted": "a"}
        assert ask("runs/a?path=work").status == 404
        refused = ask("runs/live?path=work", method="DELETE")
        assert (refused.status, refused.data["error"]["code"]) == (409, "run-busy")

    def test_runs_of_another_folder_are_out_of_reach(
        self, ask: Ask, store: Store, write: Callable[..., Path]
    ) -> None:
        run(store, "a", 1)
        write("other/flow.ipynb", "x = 1")
        assert ask("runs/a?path=other", method="DELETE").status == 404
        assert ask("runs/a?path=other", {"note": "x"}, method="PATCH").status == 404
        assert ask("runs/a/page?path=..").status == 404


class TestValues:
    def left(self, store: Store, data: bytes, name: str, **more: Any) -> str:
        digest = store.blobs.put_bytes(data)
        run(store, "a", 1, left=[Artifact(name, digest, len(data), "file", **more)])
        return digest

    def test_bytes_are_sent_to_be_saved_and_run_nothing(self, ask: Ask, store: Store) -> None:
        data = b"<script>alert(1)</script>" * 100_000
        digest = self.left(store, data, "page.html", type="text/html")

        answer = ask(f"artifacts/{digest}/file?path=work&name={quote('../täg;.html')}")

        assert answer.body == data
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Length"] == str(len(data))
        assert answer.headers["Content-Disposition"] == (
            "attachment; filename=\"t_g_.html\"; filename*=UTF-8''t%C3%A4g_.html"
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]

    def test_a_text_is_shown_as_json(self, ask: Ask, store: Store) -> None:
        digest = self.left(store, "a,ü\n1,2\n".encode(), "t.csv", type="text/csv")
        assert ask(f"artifacts/{digest}/text?path=work").data == {
            "text": "a,ü\n1,2\n", "whole": True,
        }  # fmt: skip

    def test_of_a_long_text_the_beginning_is_shown(self, ask: Ask, store: Store) -> None:
        digest = self.left(store, b"x" * 300_000, "t.txt")
        data = ask(f"artifacts/{digest}/text?path=work").data
        assert (len(data["text"]), data["whole"]) == (256 * 1024, False)

    def test_bytes_that_are_no_text_are_not_shown_as_one(self, ask: Ask, store: Store) -> None:
        digest = self.left(store, b"\x80\x04\0", "model")
        assert ask(f"artifacts/{digest}/text?path=work").status == 404

    @pytest.mark.parametrize(
        ("data", "kind"), [(b"\xff\xd8\xff\xe0..", "image/jpeg"), (b"GIF89a..", "image/gif")]
    )
    def test_a_picture_is_shown_as_what_it_is(
        self, ask: Ask, store: Store, data: bytes, kind: str
    ) -> None:
        digest = self.left(store, data, "p", type="image/anything")
        answer = ask(f"artifacts/{digest}/image?path=work")
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind)

    def test_a_drawing_that_can_hold_a_script_is_not_shown(self, ask: Ask, store: Store) -> None:
        digest = self.left(store, b"<svg onload='x'/>", "p.svg", type="image/svg+xml")
        assert ask(f"artifacts/{digest}/image?path=work").status == 404

    @pytest.mark.parametrize("route", ["", "/image", "/text", "/file"])
    def test_what_no_project_here_keeps_is_not_found(
        self, ask: Ask, store: Store, route: str
    ) -> None:
        digest = store.blobs.put_bytes(b"kept by no run")
        assert ask(f"artifacts/{digest}{route}?path=work").status == 404


class TestSideBySide:
    def test_runs_stand_in_the_order_in_which_they_were_named(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1)
        run(store, "b", 2, "failed")

        sides = ask("compare?path=work&run=b&run=a&run=b").data["runs"]

        assert [side["id"] for side in sides] == ["b", "a"]
        assert [side["parameters"]["n"] for side in sides] == [2, 1]
        assert sides[0]["metrics"] == {"rows": 2.0, "auc": 2.25}
        assert sides[0]["steps"][1]["counts"] == {"failed": 1, "ok": 1}

    def test_none_or_too_many_are_refused(self, ask: Ask, store: Store) -> None:
        assert ask("compare?path=work").status == 400
        many = "&".join(f"run=r{n}" for n in range(51))
        assert ask(f"compare?path=work&{many}").status == 400
        assert ask("compare?path=work&run=none").status == 404

    def test_what_differs_is_told(self, ask: Ask, store: Store) -> None:
        one, other = (
            Artifact("x", store.blobs.put_bytes(data), 1, "value", preview={"text": text})
            for data, text in ((b"1", "one"), (b"2", "two"))
        )
        run(store, "a", 1, left=[one])
        run(store, "b", 1, left=[other])

        diff = ask("runs/a/diff?path=work&to=b").data

        assert diff["code"] == diff["inputs"] == []
        assert diff["outputs"] == [
            {"task": "load", "name": "x", "how": "changed", "before": "one", "after": "two"}
        ]

    def test_a_steps_notebooks_are_told_cell_by_cell(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1)
        run(store, "b", 2)

        task = quote("score[0]")
        cells = ask(f"runs/a/diff?path=work&to=b&task={task}").data["cells"]

        assert [(one["cell"], one["how"]) for one in cells] == [("c2", "changed"), ("c3", "")]
        assert cells[0]["source"] == ["-print(1)", "+print(2)"]
        assert cells[0]["output"] == ["-1", "+2"]
        assert ask("runs/a/diff?path=work&to=b&task=load").status == 404


class TestDrafts:
    def test_a_draft_says_which_cells_bring_the_inputs_back(
        self, ask: Ask, store: Store, jp_root_dir: Path
    ) -> None:
        run(store, "a", 1)

        answer = ask("runs/a/draft?path=work", {"task": "score[0]"})

        assert answer.status == 201
        draft = answer.data
        assert draft["path"] == "work/score-0 of a.ipynb"
        assert draft["cells"] == ["nbpipe-begin", "nbpipe-setup-1", "nbpipe-load"]
        assert (draft["cell"], draft["kernel"]) == ("c2", "python3")
        written = json.loads((jp_root_dir / draft["path"]).read_text())
        assert written["cells"][0]["id"] == "nbpipe-begin"
        assert written["metadata"]["nbpipe_draft"] == {
            "run": "a", "task": "score[0]", "project": "work",
        }  # fmt: skip

    def test_a_draft_can_begin_where_the_step_failed(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1, "failed")
        draft = ask("runs/a/draft?path=work", {"task": "score[1]", "until": "failure"}).data
        assert draft["cells"] == ["nbpipe-begin", "nbpipe-setup-1", "nbpipe-load"]
        assert draft["cell"] == "c2"

    def test_a_second_draft_gets_a_name_of_its_own(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1)
        paths = {ask("runs/a/draft?path=work", {"task": "score[0]"}).data["path"] for _ in "ab"}
        assert len(paths) == 2

    def test_a_draft_is_no_part_of_the_project(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1)
        ask("runs/a/draft?path=work", {"task": "score[0]"})
        compiled = ask("compile", {"path": "work", "scope": "project"}).data
        assert [step["name"] for step in compiled["steps"]] == ["load"]

    def test_what_left_no_notebook_has_no_draft(self, ask: Ask, store: Store) -> None:
        run(store, "a", 1)
        assert ask("runs/a/draft?path=work", {"task": "load"}).status == 404
        assert ask("runs/a/draft?path=work", {"task": "none"}).status == 404
        bad = ask("runs/a/draft?path=work", {"task": "score[0]", "until": "later"})
        assert bad.status == 400
