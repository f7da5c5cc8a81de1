"""Orders: what the items of a fan-out share is written once, and every order is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbpipe.compile.render import Given, Item
from nbpipe.events import Artifact
from nbpipe.run.orders import write_order
from nbpipe.run.planner import Planner
from nbpipe.run.project import open_project
from nbpipe.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import WriteNotebook

DIGEST = "sha256:" + 64 * "a"
STORED = Item(1, "b", DIGEST, None, Given(("ks",), DIGEST, "pickle"))


@pytest.fixture
def planner(tmp_path: Path, write_notebook: WriteNotebook) -> Iterator[Planner]:
    write_notebook(
        "n.ipynb",
        ("step:first", "base = 1"),
        ("step:list", "ks = ['a', 'b']"),
        ("step:more", "js = [1]"),
        ("step:score foreach:k;in;ks", "s = k * base"),
        ("step:other foreach:j;in;js", "t = j + 1"),
    )
    text = (tmp_path / "n.ipynb").read_text("utf-8").replace(";in;", " in ")
    (tmp_path / "n.ipynb").write_text(text, "utf-8")
    project = open_project(tmp_path)
    with Store.open(project.store) as store:
        planner = Planner(project, project.compile(), store, {})
        planner.note_end("first", (Artifact("base", DIGEST, 1, "value", "json"),))
        yield planner


@pytest.mark.parametrize("later", [Item(1, "b", DIGEST, "b"), STORED])
def test_an_order_made_from_another_items_is_the_one_that_would_be_written_alone(
    planner: Planner, later: Item
) -> None:
    step = planner.pipeline.step("score")
    items = (Item(0, "a", DIGEST, "a"), later)
    first, second = planner.consider_items(step, items)
    write_order(planner, first, "run", 1, "papermill")
    assert "score" in planner.shared
    made = write_order(planner, second, "run", 2, "papermill")
    planner.shared.clear()
    assert made == write_order(planner, second, "run", 2, "papermill")


def test_a_step_that_ends_meanwhile_can_be_fetched_from_by_the_items_that_follow(
    planner: Planner,
) -> None:
    step = planner.pipeline.step("score")
    (one,) = planner.consider_items(step, (Item(0, "a", DIGEST, "a"),))
    assert not write_order(planner, one, "run", 1, "papermill").session["fetch"]
    planner.note_end("more", (Artifact("js", DIGEST, 1, "value", "json"),))
    assert set(write_order(planner, one, "run", 1, "papermill").session["fetch"]) == {"js"}


def test_the_end_of_an_item_keeps_what_is_shared(planner: Planner) -> None:
    step = planner.pipeline.step("score")
    (one,) = planner.consider_items(step, (Item(0, "a", DIGEST, "a"),))
    write_order(planner, one, "run", 1, "papermill")
    planner.note_end("score[0]", ())
    assert "score" in planner.shared


@pytest.mark.parametrize("name", ["score", "other"])
def test_the_listing_of_items_knows_where_it_stands(planner: Planner, name: str) -> None:
    listing = planner.pipeline.step(name).enumerate
    assert listing is not None
    above = [step.name for step in planner.relations.above(listing)]
    assert above == ["first", "list", "more", *(["score"] if name == "other" else [])]
