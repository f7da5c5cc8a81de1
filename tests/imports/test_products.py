"""Every importer against that product's own examples and test files."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from nbpipe.importers.carried import NotImportable
from nbpipe.importers.disk import FolderSources
from nbpipe.importers.formats import carry
from nbpipe.importers.result import finish
from nbpipe.importers.scripts import read_script

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbpipe.importers.result import Imported

pytestmark = pytest.mark.timeout(600)


def read(path: Path, name: str | None = None) -> Imported:
    sources = FolderSources(path.parent)
    return finish(carry(path.name, sources, name), sources)


def test_all_notebooks_of_kale_are_imported_and_compile(sdist: Callable[[str], Path]) -> None:
    root = sdist("kubeflow-kale")
    found = [p for p in root.rglob("*.ipynb") if "checkpoint" not in p.as_posix()]
    assert len(found) >= 18
    problems = {
        path.relative_to(root).as_posix(): read(path).pipeline.errors
        for path in found
        # Parts of a composition need what the others give.
        if path.stem not in ("notebook_b", "notebook_c")
    }
    assert {path: errors for path, errors in problems.items() if errors} == {}


def test_kales_composition_has_the_steps_of_all_its_notebooks(sdist: Callable[[str], Path]) -> None:
    pipeline = read(sdist("kubeflow-kale") / "examples/composition/main_mixed.ipynb").pipeline
    assert len(pipeline.steps) == 13
    assert len({step.notebook.path for step in pipeline.steps}) == 4


def nodes_of(document: Any) -> list[dict[str, Any]]:
    return [node for one in document.get("pipelines") or [] for node in one.get("nodes", [])]


def with_files(path: Path, folder: Path) -> Path:
    """A copy of a pipeline with a notebook or script for every file that it names."""
    copied = folder / path.with_suffix(".pipeline").name
    shutil.copy(path, copied)
    try:
        nodes = nodes_of(json.loads(path.read_text("utf-8")))
    except ValueError:
        return copied
    for node in nodes:
        app = node.get("app_data", {})
        said = app.get("component_parameters", app).get("filename")
        file = folder / said if isinstance(said, str) and said else None
        if file is None or not file.resolve().is_relative_to(folder.resolve()):
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        cell = {"cell_type": "code", "metadata": {}, "source": "print(1)", "outputs": [],
                "execution_count": None}  # fmt: skip
        notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
        file.write_text(json.dumps(notebook) if file.suffix == ".ipynb" else "print(1)\n")
    return copied


GENERIC = ("execute-notebook-node", "execute-python-node", "execute-r-node")


def test_all_pipelines_of_elyra_become_steps_or_say_why_not(
    sdist: Callable[[str], Path], tmp_path: Path
) -> None:
    root = sdist("elyra") / "elyra" / "tests"
    found = sorted([*root.rglob("*.pipeline"), *root.rglob("sample_pipelines/*.json")])
    assert len(found) >= 40
    circles = set()
    for index, path in enumerate(found):
        folder = tmp_path / str(index)
        folder.mkdir()
        copied = with_files(path, folder)
        try:
            imported = read(copied, "elyra")
        except NotImportable as refused:
            assert len(str(refused)) > 30, path.name
            continue
        nodes = nodes_of(json.loads(path.read_text("utf-8")))
        wanted = [node for node in nodes if node.get("op") in GENERIC]
        told = [note for note in imported.notes if note.what.startswith("the file")]
        # A pipeline file may hold pipelines beside its primary one.
        assert (
            len(imported.pipeline.steps) + len(told) <= len(wanted) or not imported.pipeline.steps
        )
        if imported.pipeline.errors:
            assert {problem.code for problem in imported.pipeline.errors} == {"cycle"}, path.name
            circles.add(path.stem)
    assert circles
    assert all("cycle" in name or "complex" in name for name in circles), circles


UNLIKE = {
    "frozen_cell": "cells that Jupytext marks as frozen are comments, and stay so",
    "jupyter_again": "a line of help stays a comment",
    "python_notebook_sample": "a light script that marks cells inactive at the end of a line",
    "Notebook with metadata and long cells": "marks in the metadata of R Markdown",
    "jupytext_markdown": "marks in the metadata of R Markdown",
    "fenced_code_vs_code_cells": "a fence inside a fence",
    "chunk_options": "a chunk of R in a document of Python",
    "ioslides": "chunk options that Jupytext makes tags of",
}
"""Files of which some cells are read otherwise than Jupytext reads them, and why."""


def test_scripts_are_read_as_jupytext_reads_them(sdist: Callable[[str], Path]) -> None:
    jupytext = pytest.importorskip("jupytext")
    root = sdist("jupytext") / "tests" / "data" / "notebooks"
    folders = ["inputs/percent", "inputs/hydrogen", "inputs/python", "inputs/md", "inputs/myst",
               "inputs/Rmd", "outputs/ipynb_to_percent", "outputs/ipynb_to_hydrogen",
               "outputs/ipynb_to_script", "outputs/ipynb_to_md", "outputs/ipynb_to_myst",
               "outputs/ipynb_to_Rmd"]  # fmt: skip
    found = [path for name in folders for path in sorted((root / name).glob("*.*"))]
    alike, unlike = 0, set()
    for path in found:
        try:
            theirs = jupytext.read(path)
        except Exception:
            continue
        spec, own = theirs.metadata.get("kernelspec", {}), theirs.metadata.get("jupytext", {})
        language = spec.get("language") or own.get("main_language", "python")
        if path.suffix not in (".py", ".md", ".Rmd") or language.lower() != "python":
            continue
        wanted = [(c.source.strip(), tuple(c.metadata.get("tags", []))) for c in theirs.cells
                  if c.cell_type == "code" and c.source.strip()]  # fmt: skip
        ours, _ = read_script(path.read_text("utf-8"), path.name)
        made = [(p.source.strip(), p.tags) for p in ours
                if p.kind == "code" and p.source.strip()]  # fmt: skip
        alike += wanted == made
        unlike |= set() if wanted == made else {path.stem}
    assert unlike <= set(UNLIKE)
    assert alike >= 130


def test_notebooks_of_papermill_are_imported_and_compile(sdist: Callable[[str], Path]) -> None:
    root = sdist("papermill") / "papermill" / "tests" / "notebooks"
    found = sorted(root.glob("*.ipynb"))
    assert len(found) >= 20
    for path in found:
        imported = read(path, "papermill")
        assert len(imported.pipeline.steps) == 1, path.name
        text = imported.files[0].text
        assert "injected-parameters" not in text
        assert "papermill-error-cell" not in text
