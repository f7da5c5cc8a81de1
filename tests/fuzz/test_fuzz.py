"""Spoilt notebooks give problems: nothing raises, nothing hangs.

Some hundred in every run of the tests; ``make fuzz`` reads ten thousand.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbpipe_jupyter.answers import BadRequest
from nbpipe_jupyter.paths import Root
from nbpipe_jupyter.pipelines import compiled
from nbpipe_jupyter.projects import Projects

from nbpipe.errors import ProblemsError
from tests.fuzz.mutations import CODE, OPTIONS, TAGS, TEXTS, spoilt
from tests.fuzz.reading import LONGEST, TookTooLong, at_most, read_through

ROOT = Path(__file__).parents[2]
COUNT = int(os.environ.get("NBPIPE_FUZZ", "240"))
"""How many spoilt notebooks are read."""

PARTS = 12
REAL = sorted(
    path
    for folder in ("examples", "tests/importers/samples")
    for path in (ROOT / folder).rglob("*.ipynb")
    if ".nbpipe" not in path.parts
)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_real_notebook_is_read_through(path: Path) -> None:
    read_through(path.read_bytes())


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_spoilt_notebook_gives_problems_and_no_more(part: int) -> None:
    originals = [path.read_bytes() for path in REAL]
    for seed in range(part, COUNT, PARTS):
        random = Random(seed)
        data = spoilt(random, random.choice(originals))
        try:
            with at_most(LONGEST):
                read_through(data)
        except (Exception, TookTooLong) as error:
            error.add_note(f"The notebook of seed {seed}.")
            raise


def test_the_server_compiles_what_a_browser_sends_or_says_what_is_wrong(tmp_path: Path) -> None:
    """It answers with data or with a refusal: nothing that would come out as a fault of its own."""
    projects = Projects(Root.at(str(tmp_path)))
    (tmp_path / "n.ipynb").write_bytes(REAL[0].read_bytes())
    originals = [path.read_bytes() for path in REAL]
    for seed in range(COUNT // 4):
        random = Random(-1 - seed)
        try:
            notebook = json.loads(spoilt(random, random.choice(originals)))
        except ValueError:
            continue
        body = json.dumps({"path": "n.ipynb", "notebook": notebook}).encode()
        with at_most(LONGEST):
            try:
                json.dumps(compiled(projects, body), allow_nan=False)
            except (BadRequest, ProblemsError):
                continue


_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
_source = st.lists(st.sampled_from(CODE[:110]) | st.text(max_size=20), max_size=4).map("\n".join)
_tags = st.lists(st.sampled_from(TAGS) | st.text(max_size=10), max_size=3)
_cell = st.fixed_dictionaries(
    {
        "cell_type": st.sampled_from(["code", "code", "code", "markdown", "raw", "heading", ""]),
        "source": _source | st.lists(_source, max_size=3) | _plain,
        "metadata": st.fixed_dictionaries({}, optional={"tags": _tags | _plain, "nbpipe": _plain})
        | _plain,
    },
    optional={
        "id": st.sampled_from(["a", "b", "", "x" * 80, "a/b"]) | _plain,
        "outputs": _plain,
        "execution_count": _plain,
        "attachments": _plain,
    },
)
_metadata = st.fixed_dictionaries(
    {},
    optional={
        "kernelspec": st.fixed_dictionaries({}, optional={"name": _plain, "language": _plain})
        | _plain,
        "language_info": st.fixed_dictionaries({}, optional={"name": st.sampled_from(TEXTS)})
        | _plain,
        "nbpipe": st.sampled_from(OPTIONS) | _plain,
    },
)
notebooks = st.fixed_dictionaries(
    {"cells": st.lists(_cell | _plain, max_size=5) | _plain},
    optional={
        "metadata": _metadata | _plain,
        "nbformat": st.just(4) | _plain,
        "nbformat_minor": _plain,
        "worksheets": _plain,
    },
)
"""Documents that look like notebooks, and are wrong in anything."""


@settings(max_examples=max(120, COUNT // 10), deadline=None, derandomize=True)
@given(notebooks)
def test_a_document_like_a_notebook_gives_problems_and_no_more(document: object) -> None:
    with at_most(LONGEST):
        read_through(json.dumps(document).encode())


@settings(max_examples=max(100, COUNT // 20), deadline=None, derandomize=True)
@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_give_a_problem(data: bytes) -> None:
    assert read_through(data).errors


@settings(max_examples=max(100, COUNT // 20), deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from(
            [
                "# %%",
                "# %% [markdown]",
                "# ---",
                "# jupyter:",
                "#   a: [",
                '# %% tags=["step:a"]',
                *CODE[:80],
            ]
        ),
        max_size=8,
    )
)
def test_any_script_gives_problems_and_no_more(lines: list[str]) -> None:
    with at_most(LONGEST):
        read_through("\n".join(lines).encode("utf-8", "surrogatepass"), "n.py")
