"""Notebooks to a pipeline: read the roles, the dataflow, link, order, and gather all problems."""

from __future__ import annotations

import ast
import gc
import posixpath
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from nbpipe.compile.cures import (
    after_instead,
    free_name,
    literal_instead,
    merged,
    renamed_entry,
    step_instead,
)
from nbpipe.compile.dataflow.stepflows import read_flow
from nbpipe.compile.flow import Flow, StepFlow
from nbpipe.compile.link import Linker
from nbpipe.compile.links import Part
from nbpipe.compile.options import read_options
from nbpipe.compile.order import find_cycle, in_order
from nbpipe.compile.parameters import read_other_parameters
from nbpipe.compile.pipeline import Parameter, Pipeline, Step
from nbpipe.compile.roles import Draft, is_tagged, items_cell, items_step, read_roles
from nbpipe.errors import Problem, did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nbpipe.compile.links import Links
    from nbpipe.compile.notebook import Cell, Notebook
    from nbpipe.compile.pipeline import Edge, Learned, Options
    from nbpipe.compile.roles import Reading
    from nbpipe.errors import Fix


def assemble(
    notebooks: Sequence[Notebook], *, name: str, learned: Mapping[str, Learned] | None = None
) -> Pipeline:
    """Return the pipeline that the notebooks of a project describe.

    Parameters
    ----------
    notebooks
        All notebooks of the project; their order decides among steps that may run in any.
    name
        The project's name, used where no notebook names the pipeline.
    learned
        Step → what runs found out about it.
    """
    with _uncollected():
        return _assemble(notebooks, name, learned or {})


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the search for cycles: syntax trees and facts are many objects and hold none.

    What was made meanwhile counts as old afterwards, or the first search would go through it all.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled and not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        if enabled:
            gc.enable()


def _assemble(notebooks: Sequence[Notebook], name: str, learned: Mapping[str, Learned]) -> Pipeline:
    readings = _readings(notebooks)
    flows = {reading.notebook.path: _flow(reading) for reading in readings}
    parts = [part for reading in readings for part in _parts(reading, flows)]
    declared = list(_declared(readings, flows))
    parameters = _parameters(declared)
    problems = [problem for reading in readings for problem in reading.problems]
    problems += [p for reading in readings for p in _flow_problems(reading, flows)]
    problems += _contested(declared, notebooks)
    problems += _doubled(parts)
    unique = list(_first_of_each(parts).values())
    links = Linker(unique, (p.name for p in parameters), learned).link()
    problems += links.problems
    steps = _steps(unique, links)
    edges = _visible(links.all_edges())
    problems += _option_problems(readings)
    cycle = find_cycle([step.name for step in steps], edges)
    if cycle and any(edge.learned for edge in edges):
        # What was seen in one run never makes a project unusable; what is written does.
        return _assemble(notebooks, name, {})
    problems += [_cycle(cycle, parts)] if cycle else []
    problems += _empty(notebooks, steps)
    title = next((r.options.name for r in readings if r.options.name), None) or name
    roles = {reading.notebook.path: reading.roles for reading in readings}
    ordered = steps if cycle else in_order(steps, edges)
    seeded = {path: flow.seeded for path, flow in flows.items() if flow.seeded}
    return Pipeline(title, tuple(ordered), edges, parameters, roles, seeded, tuple(problems))


def _readings(notebooks: Sequence[Notebook]) -> list[Reading]:
    """Read roles; where nothing is tagged, each notebook is a step named after its file."""
    plain = not any(is_tagged(notebook) for notebook in notebooks)
    names = _step_names(notebooks) if plain else {}
    return [read_roles(notebook, names.get(notebook.path)) for notebook in notebooks]


def _step_names(notebooks: Sequence[Notebook]) -> dict[str, str]:
    from nbpipe.compile.tags import suggested_name

    names: dict[str, str] = {}
    taken: set[str] = set()
    for notebook in notebooks:
        stem = posixpath.splitext(notebook.path)[0]
        name = suggested_name(posixpath.basename(stem))
        name = suggested_name(stem.replace("/", ".")) if name in taken else name
        taken.add(name)
        names[notebook.path] = name
    return names


def _flow(reading: Reading) -> Flow:
    if reading.notebook.language != "python" or not reading.drafts:
        return Flow(())
    bound = {d.name: frozenset(d.foreach.names) for d in reading.drafts if d.foreach}
    return read_flow(reading.blocks, bound=bound)


def _parts(reading: Reading, flows: Mapping[str, Flow]) -> list[Part]:
    flow = flows[reading.notebook.path]
    known = {step.step: step for step in flow.steps}
    parts: list[Part] = []
    for draft in reading.drafts:
        if draft.foreach:
            small = items_step(draft.name)
            item_flow = known.get(small, StepFlow(small))
            cell = items_cell(draft.foreach, draft.cells[0])
            listing = Draft(small, draft.whole, (cell,))
            parts.append(Part(reading, listing, item_flow, seeded=flow.seeded))
        step_flow = known.get(draft.name, StepFlow(draft.name))
        options, _ = _options(reading, draft)
        parts.append(Part(reading, draft, step_flow, options, flow.seeded))
    return parts


def _flow_problems(reading: Reading, flows: Mapping[str, Flow]) -> Iterable[Problem]:
    index = {cell.id: cell.index for cell in reading.notebook.cells}
    for problem in flows[reading.notebook.path].problems:
        at = index.get(problem.cell) if problem.cell else None
        fix = problem.fix or _merged(problem, reading.drafts)
        yield replace(problem, notebook=reading.notebook.path, index=at, fix=fix)


_ONE_STEP = frozenset({"cycle", "hidden-state", "redefined-class", "session-state", "unstorable"})
"""Problems that two steps do not have once they are one."""


def _merged(problem: Problem, drafts: Sequence[Draft]) -> Fix | None:
    """Make one step of those that a problem is between, where nothing stands between them."""
    own = [draft for draft in drafts if draft.name in problem.steps]
    if problem.code not in _ONE_STEP or len(own) < 2:
        return None
    places = [cell.index for draft in own for cell in draft.cells]
    others = [draft for draft in drafts if draft not in own]
    away = {draft.name for draft in own[1:]}
    between = any(min(places) < c.index < max(places) for draft in others for c in draft.cells)
    named = any(away & set(draft.after) for draft in drafts) or any(d.after for d in own[1:])
    if between or named or any(draft.foreach or draft.whole for draft in own):
        return None
    return merged({draft.name: draft.cells for draft in own})


def _declared(readings: Sequence[Reading], flows: Mapping[str, Flow]) -> Iterable[Parameter]:
    """Every notebook's parameters; several notebooks may have one of the same name."""
    for reading in readings:
        cells = [
            cell for cell in reading.notebook.cells
            if cell.id in reading.roles and reading.roles[cell.id].kind == "parameters"
        ]  # fmt: skip
        if not cells:
            continue
        path = reading.notebook.path
        defaults = dict(flows[path].defaults)
        if reading.notebook.language != "python":
            defaults = read_other_parameters(cells[0].source)
        for name, default in defaults.items():
            yield Parameter(name, default, path, cells[0].id)


def _parameters(declared: Sequence[Parameter]) -> tuple[Parameter, ...]:
    found: dict[str, Parameter] = {}
    for parameter in declared:
        found.setdefault(parameter.name, parameter)
    return tuple(found.values())


def _contested(declared: Sequence[Parameter], notebooks: Sequence[Notebook]) -> Iterable[Problem]:
    """A run gives a parameter one value, so notebooks must not begin from different ones."""
    cells = {(n.path, cell.id): cell for n in notebooks for cell in n.cells}
    first: dict[str, Parameter] = {}
    for parameter in declared:
        known = first.setdefault(parameter.name, parameter)
        if repr(known.default) != repr(parameter.default):
            text = (
                f"The parameter {parameter.name!r} is {parameter.default!r} here and "
                f"{known.default!r} in {known.notebook}, and a run gives it one value."
            )
            hint = "Give it the same default in both, or another name in one of them."
            yield Problem(
                "parameter-defaults", text, notebook=parameter.notebook, cell=parameter.cell,
                index=cells[parameter.notebook, parameter.cell].index, suggestion=hint,
                fix=literal_instead(
                    cells[parameter.notebook, parameter.cell], parameter.name, known.default
                ),
            )  # fmt: skip


def _steps(parts: Sequence[Part], links: Links) -> list[Step]:
    steps: dict[str, Step] = {}
    taken = _taken(links)
    for part in parts:
        outputs = _outputs(part, taken)
        steps[part.name] = Step(
            part.name,
            "notebook" if part.draft.whole else "cells",
            _notebook(part),
            tuple(cell.id for cell in part.draft.cells),
            part.flow,
            inputs={name: got.giver for name, got in links.inputs[part.name].items()},
            outputs=outputs,
            together=_together(part.flow, outputs),
            after=tuple(part.draft.after),
            options=part.options,
            foreach=part.draft.foreach,
            checks=tuple(cell.id for cell in part.draft.checks),
            metrics=tuple(cell.id for cell in part.draft.metrics),
            metric_names=_metric_names(part.draft.metrics),
            gathers=links.gathers.get(part.name, {}),
            random=links.random.get(part.name, {}),
            random_outputs=_random_outputs(part.name, links),
        )
    return [
        replace(step, enumerate=steps.get(items_step(name))) if step.foreach else step
        for name, step in steps.items()
        if not name.endswith("[]")
    ]


def _notebook(part: Part) -> Notebook:
    """The notebook of a step; that of a listing of items holds the cell put in for it."""
    notebook = part.reading.notebook
    if not part.name.endswith("[]"):
        return notebook
    return replace(notebook, cells=(*notebook.cells, *part.draft.cells))


def _option_problems(readings: Sequence[Reading]) -> Iterable[Problem]:
    for reading in readings:
        for draft in reading.drafts:
            yield from _options(reading, draft)[1]
        known = [draft.name for draft in reading.drafts]
        for name in reading.options.steps:
            if known and name not in known:
                path = reading.notebook.path
                text = (
                    f"metadata.nbpipe.steps has options for {name!r}, which is no step of {path}."
                )
                hint = did_you_mean(name, known)
                fix = renamed_entry(("steps", name), nearest(name, known))
                yield Problem("unknown-step", text, "warning", path, suggestion=hint, fix=fix)


def _taken(links: Links) -> dict[str, set[str]]:
    """Step → the names that others take from it."""
    taken: dict[str, set[str]] = {}
    for names in links.inputs.values():
        for name, got in names.items():
            taken.setdefault(got.giver, set()).add(name)
    for gathered in links.gathers.values():
        for name, giver in gathered.items():
            taken.setdefault(giver, set()).add(name)
    return taken


def _outputs(part: Part, taken: Mapping[str, set[str]]) -> tuple[str, ...]:
    names = taken.get(part.name, set()) | set(part.options.gives)
    if part.flow.step == part.name and not part.draft.foreach:
        names |= set(part.flow.gives)
    return tuple(sorted(names))


def _together(flow: StepFlow, outputs: Sequence[str]) -> tuple[frozenset[str], ...]:
    groups = (group & set(outputs) for group in flow.together)
    return tuple(frozenset(group) for group in groups if len(group) > 1)


def _random_outputs(name: str, links: Links) -> tuple[str, ...]:
    wanted = {
        generator
        for taken in links.random.values()
        for generator, giver in taken.items()
        if giver == name
    }
    return tuple(sorted(wanted))


def _options(reading: Reading, draft: Draft) -> tuple[Options, tuple[Problem, ...]]:
    options = reading.options
    raw = options.own if draft.whole else options.steps.get(draft.name, {})
    at = () if draft.whole else ("steps", draft.name)
    return read_options(raw, draft.name, reading.notebook.path, at)


def _metric_names(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Every name in a ``metrics`` cell that is not called; only numbers are kept in the end."""
    names: dict[str, None] = {}
    for cell in cells:
        try:
            tree = ast.parse(cell.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        called = {
            n.func.id
            for n in ast.walk(tree)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        found = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id not in called]
        names.update(
            dict.fromkeys(n.id for n in sorted(found, key=lambda n: (n.lineno, n.col_offset)))
        )
    return tuple(names)


def _visible(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """Edges between steps: what the listing of items waits for, its step waits for."""
    merged: dict[tuple[str, str, str], Edge] = {}
    for edge in edges:
        target = edge.target.removesuffix("[]")
        if edge.source.endswith("[]") or edge.source == target:
            continue
        key = (edge.source, target, edge.kind)
        old = merged.get(key)
        names = dict.fromkeys([*(old.names if old else ()), *edge.names])
        reasons = (*(old.reasons if old else ()), *edge.reasons)
        merged[key] = replace(edge, target=target, names=tuple(names), reasons=reasons)
    return tuple(merged.values())


def _first_of_each(parts: Sequence[Part]) -> dict[str, Part]:
    first: dict[str, Part] = {}
    for part in parts:
        first.setdefault(part.name, part)
    return first


def _doubled(parts: Sequence[Part]) -> list[Problem]:
    """Two steps of one name, in two notebooks."""
    first = _first_of_each(parts)
    problems = []
    for part in parts:
        other = first[part.name]
        if other is not part and not part.name.endswith("[]"):
            cell = part.draft.cells[0] if part.draft.cells else None
            problems.append(
                Problem(
                    "doubled-step",
                    f"Two steps are named {part.name!r}: in {other.path} and in {part.path}.",
                    notebook=part.path,
                    cell=cell.id if cell else None,
                    index=cell.index if cell else None,
                    suggestion="Give one of them another name.",
                    fix=step_instead(part.draft.cells, part.name, free_name(part.name, first)),
                )
            )
    return problems


def _cycle(names: Sequence[str], parts: Sequence[Part]) -> Problem:
    part = next(part for part in parts if part.name == names[0])
    cell = part.draft.cells[0] if part.draft.cells else None
    ring = " → ".join([*names, names[0]])
    return Problem(
        "cycle",
        f"Steps wait for each other in a circle: {ring}.",
        notebook=part.path,
        cell=cell.id if cell else None,
        index=cell.index if cell else None,
        suggestion="Remove an after: tag, or merge the steps.",
        fix=_cut(names, parts),
    )


def _cut(names: Sequence[str], parts: Sequence[Part]) -> Fix | None:
    """Take the first order out of a circle that was said by a tag."""
    for part in parts:
        for name, cell in part.draft.after.items():
            if part.name in names and name in names and cell is not None:
                return after_instead(cell, name, "")
    return None


def _empty(notebooks: Sequence[Notebook], steps: Sequence[Step]) -> list[Problem]:
    if steps:
        return []
    if not notebooks:
        return [
            Problem(
                "empty-project",
                "There is no notebook here.",
                suggestion="Name a folder that holds .ipynb files.",
            )
        ]
    text = "No notebook here has a cell that could be a step."
    return [Problem("empty-project", text, suggestion="Tag a code cell step:NAME.")]
