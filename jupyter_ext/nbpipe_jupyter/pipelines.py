"""Compiles and plans what a request names; none of the notebook's code runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbpipe.compile.describe import describe
from nbpipe.compile.mentions import mentions
from nbpipe.run.project import open_project
from nbpipe_jupyter.answers import BadRequest
from nbpipe_jupyter.bodies import read_asked, read_steps_asked

if TYPE_CHECKING:
    from nbpipe_jupyter.projects import Projects


def compiled(projects: Projects, body: bytes) -> dict[str, Any]:
    """Return the pipeline as data, its project's folder, and a digest of what can be proven."""
    from nbpipe.proof.keeping import code_digest

    project = projects.open(read_asked(body))
    return {
        **describe(project.compile()),
        "project": projects.root.relative(project.folder),
        "code": code_digest(project),
    }


def planned(projects: Projects, body: bytes) -> dict[str, Any]:
    """Return what a run would do, task by task."""
    from nbpipe.run.runs import prepare

    asked = read_asked(body)
    project = projects.open(asked)
    store = projects.store_of(project.folder)
    plan = prepare(project, store, asked.parameters, asked.selection).plan()
    names = ("task", "step", "action", "reason")
    return {"tasks": [{name: getattr(task, name) for name in names} for task in plan.tasks]}


def suggested(projects: Projects, body: bytes) -> dict[str, Any]:
    """Return the steps that a notebook could have, whatever steps it has now."""
    from nbpipe.compile.suggest.describe import describe_proposal
    from nbpipe.compile.suggest.suggest import suggest
    from nbpipe.run.timings import cell_seconds

    steps = read_steps_asked(body)
    project = projects.open(replace(steps.asked, scope="notebook"))
    if project.scope is None:
        raise BadRequest("Steps are suggested for one notebook, but 'path' names a folder.")
    notebook, seconds = project.notebooks[0], cell_seconds(project)
    proposal = suggest(notebook, seconds=seconds, anew=True)
    if steps.without and not proposal.refused:
        kept = [piece.name for piece in proposal.pieces if piece.cells[0] not in steps.without]
        proposal = suggest(notebook, seconds=seconds, anew=True, only=kept)
    return describe_proposal(proposal)


def mentioning(projects: Projects, path: str, step: str) -> dict[str, Any]:
    """Return the notebooks on disk of a path's project that name a step."""
    folder, _ = projects.folder_of(path)
    notebooks = open_project(folder).notebooks
    place = projects.root.relative(folder)
    paths = [notebook.path for notebook in notebooks if step in mentions(notebook)]
    return {"notebooks": [f"{place}/{path}" if place else path for path in paths]}
