"""Everything that users can write, type or meet is documented; read from the code."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from nbpipe import events
from nbpipe.cli import exits
from nbpipe.cli.app import COMMANDS, HIDDEN
from nbpipe.compile.notebook import read_notebook
from nbpipe.compile.options import ENGINES
from nbpipe.compile.pipeline import Options, Resources
from nbpipe.compile.settings import Settings
from nbpipe.compile.tags import OPTION_NAMES, SYNONYMS
from nbpipe.run.project import open_project

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
EXAMPLES = sorted({path.parent for path in (ROOT / "examples").glob("*/*.ipynb")})
NOTEBOOKS = sorted((ROOT / "examples").glob("*/*.ipynb"))


@lru_cache
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_hooks", DOCS / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@lru_cache
def page(name: str) -> str:
    """A page as it is built, with the tables that the hook puts in."""
    text: str = hooks().fill((DOCS / name).read_text("utf-8"))
    assert "<!-- from the code" not in text
    return text


def served() -> set[str]:
    """The routes that the server extension describes."""
    text = (ROOT / "jupyter_ext" / "nbpipe_jupyter" / "openapi.yaml").read_text("utf-8")
    return set(re.findall(r"^  (/[^:]+):$", text, re.MULTILINE))


@lru_cache
def all_pages() -> str:
    return "\n".join(page(path.relative_to(DOCS).as_posix()) for path in sorted(DOCS.rglob("*.md")))


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - HIDDEN))
def test_every_command_is_shown_in_use(command: str) -> None:
    texts = all_pages() + (ROOT / "README.md").read_text("utf-8")
    assert re.search(rf"\bnbpipe {command}\b", texts)


@pytest.mark.parametrize("tag", sorted(SYNONYMS))
def test_every_tag_of_one_word_is_documented(tag: str) -> None:
    assert f"`{tag}`" in page("reference/tags.md")


@pytest.mark.parametrize("tag", ["step", "block", "after", "prev", "foreach"])
def test_every_tag_with_a_name_is_documented(tag: str) -> None:
    from nbpipe.compile import tags

    assert tag in tags._PREFIXES
    assert f"`{tag}:" in page("reference/tags.md")


def test_no_tag_with_a_name_is_forgotten_above() -> None:
    from nbpipe.compile import tags

    assert set(tags._PREFIXES) == {"step", "block", "after", "prev", "foreach"}


@pytest.mark.parametrize("option", sorted(OPTION_NAMES))
def test_every_step_option_is_documented(option: str) -> None:
    assert f"| `{option}` |" in page("reference/options.md")


def test_the_options_that_can_be_written_are_those_that_a_step_has() -> None:
    assert {field.name for field in dataclasses.fields(Options)} == OPTION_NAMES


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Resources)])
def test_every_resource_is_documented(name: str) -> None:
    assert f"| `{name}` |" in page("reference/options.md")


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_is_documented(engine: str) -> None:
    assert f"`{engine}`" in page("reference/options.md")
    assert f"`{engine}`" in page("how-to/debug.md")


@pytest.mark.parametrize("setting", [field.name for field in dataclasses.fields(Settings)])
def test_every_setting_is_documented(setting: str) -> None:
    assert f"| `{setting}` |" in page("reference/settings.md")


@pytest.mark.parametrize("kind", sorted(events.KINDS))
def test_every_event_is_documented_with_its_fields(kind: str) -> None:
    row = next(line for line in page("reference/events.md").splitlines() if f"| `{kind}` |" in line)
    for field in dataclasses.fields(events.KINDS[kind]):
        assert f"`{field.name}`" in row


@pytest.mark.parametrize(
    "state",
    sorted({*get_args(events.TaskState), *get_args(events.RunState), *get_args(events.CellState)}),
)
def test_every_state_is_documented(state: str) -> None:
    assert f"`{state}`" in page("reference/events.md")


def codes_in_source() -> set[str]:
    """Codes of problems, found by another way than the hook's: as text."""
    made = re.compile(r"(?:Problem|_fault|_Refused)\(\s*(?:code=)?\"([a-z0-9-]+)\"")
    sources = (path.read_text("utf-8") for path in (ROOT / "src" / "nbpipe").rglob("*.py"))
    return {code for source in sources for code in made.findall(source)}


def test_every_problem_is_documented() -> None:
    codes = codes_in_source()
    assert len(codes) > 20
    missing = {code for code in codes if f"| `{code}` |" not in page("reference/problems.md")}
    assert not missing


def test_every_problem_is_documented_with_a_sentence() -> None:
    rows = [line for line in page("reference/problems.md").splitlines() if line.startswith("| `")]
    assert all(len(row.split(" | ")[2]) > 10 for row in rows)


def test_problems_that_examples_and_edges_make_are_documented() -> None:
    """What is really made for faulty input is in the list, however its code came about."""
    sources = [
        "",
        "[]",
        "{",
        '{"cells": 1, "nbformat": 4}',
        '{"cells": [], "nbformat": 9, "metadata": {}}',
    ]
    made = {problem.code for text in sources for problem in read_notebook(text, "a.ipynb").problems}
    assert made
    assert all(f"| `{code}` |" in page("reference/problems.md") for code in made)


@pytest.mark.parametrize(
    "code",
    sorted({value for name, value in vars(exits).items() if name.isupper() and type(value) is int}),
)
def test_every_exit_code_is_documented(code: int) -> None:
    assert f"| `{code}` |" in page("reference/exit-codes.md")


def test_every_route_is_documented() -> None:
    assert served()
    assert {path for path in served() if f"| `{path}` |" not in page("reference/rest.md")} == set()


def test_every_public_name_is_documented() -> None:
    import nbpipe

    text = page("reference/python.md")
    undocumented = {name for name in nbpipe.__all__ if not re.search(rf"\b{name}\b", text)}
    assert not undocumented


def test_every_page_is_in_the_navigation() -> None:
    config = (ROOT / "mkdocs.yml").read_text("utf-8")
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert {name for name in pages if f"- {name}" not in config} == set()


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_every_example_has_a_readme_and_a_picture(folder: Path) -> None:
    assert (folder / "README.md").read_text("utf-8").startswith("# ")
    assert "graph.svg" in (folder / "README.md").read_text("utf-8")
    assert (folder / "graph.svg").read_text("utf-8").startswith("<svg")


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_every_example_compiles_without_a_problem(folder: Path) -> None:
    pipeline = open_project(folder).compile()
    assert pipeline.problems == ()
    assert len(pipeline.steps) >= 3


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_every_step_of_an_example_is_tied_to_another(folder: Path) -> None:
    pipeline = open_project(folder).compile()
    tied = {edge.source for edge in pipeline.edges} | {edge.target for edge in pipeline.edges}
    assert tied == {step.name for step in pipeline.steps}


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_every_picture_shows_the_steps_of_today(folder: Path) -> None:
    from nbpipe.export.svg import draw_svg

    assert (folder / "graph.svg").read_text("utf-8") == draw_svg(open_project(folder).compile())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_of_examples_are_clean(path: Path) -> None:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    assert document["metadata"]["kernelspec"]["name"] in ("python3", "bash")
    code = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    ids = [cell["id"] for cell in document["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in ids)
