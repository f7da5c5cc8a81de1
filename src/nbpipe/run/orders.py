"""Orders written: all a worker must know of one task, from the plan and what ended before."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING, Any

from nbpipe.compile.render import Contents, Place, render, rendered_id
from nbpipe.run.order import Order
from nbpipe.run.scratch import scratch_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbpipe.compile.pipeline import Step
    from nbpipe.events import Artifact
    from nbpipe.run.planner import Considered, Planner


def write_order(planner: Planner, one: Considered, run: str, attempt: int, engine: str) -> Order:
    """Return the order for an attempt at a task.

    Parameters
    ----------
    planner
        What is known of the run so far.
    one
        The task.
    run, attempt
        Which attempt of which run.
    engine
        The run's engine; the step's own comes first.
    """
    step, store = one.step, planner.store
    given = planner.taken(step)
    contents = Contents(
        inputs=given,
        needed=frozenset(step.inputs),
        item=one.item,
        save=saved_groups(step),
        items_of=("nbpipe_items",) if step.name.endswith("[]") else (),
        metrics=step.metric_names,
    )
    python = step.language == "python"
    folder = str((planner.project.folder / step.notebook.path).parent)
    place = Place(str(store.local), planner.lib, scratch_name(run, one.task, attempt), folder)
    return Order(
        run=run,
        task=one.task,
        attempt=attempt,
        key=one.key,
        notebook=render(step, place, contents),
        language=step.language,
        kernel=planner.kernel(step),
        engine=(step.options.engine or engine) if python else "papermill",
        project=str(planner.project.folder),
        folder=folder,
        store=store.address,
        parameters=_parameters(planner, step),
        session=session_of(planner, step) if python else {},
        inputs=_inputs(planner, one),
        own=tuple(rendered_id(cell) for cell in step.cells),
        checks=tuple(rendered_id(cell) for cell in step.checks),
        writes=(*step.options.writes, *(glob.escape(use.path) for use in step.flow.writes)),
        timeout=step.options.timeout or planner.project.settings.timeout,
        memory=step.options.resources.memory,
    )


def saved_groups(step: Step) -> tuple[tuple[str, ...], ...]:
    """Return the names that a step saves, those stored as one in one group."""
    if step.name.endswith("[]"):
        return ()
    left = dict.fromkeys(step.outputs)
    groups: list[tuple[str, ...]] = []
    for group in step.together:
        names = tuple(sorted(name for name in group if name in left))
        for name in names:
            del left[name]
        if names:
            groups.append(names)
    return tuple(groups + [(name,) for name in left])


def _parameters(planner: Planner, step: Step) -> dict[str, Any]:
    """Values to inject: those that differ from the default, or whose default stands elsewhere."""
    known = {parameter.name: parameter for parameter in planner.pipeline.parameters}
    return {
        name: value
        for name, value in planner.used_parameters(step).items()
        if known[name].notebook != step.notebook.path or value != known[name].default
    }


def _inputs(planner: Planner, one: Considered) -> tuple[str, ...]:
    digests = [given.digest for given in planner.taken(one.step)]
    digests += planner.random_states(one.step).values()
    for artifacts in planner.gathered(one.step).values():
        digests += [artifact.digest for artifact in artifacts]
    if one.item is not None and one.item.stored is not None:
        digests.append(one.item.stored.digest)
    return tuple(dict.fromkeys(digests))


def session_of(planner: Planner, step: Step) -> dict[str, Any]:
    """Return what the kernel side is told (``task.json``)."""
    fetch = _fetchable(planner, step)
    takers = [other for other in planner.pipeline.steps if step.name in other.inputs.values()]
    return {
        "version": 1,
        "project": str(planner.project.folder),
        "fetch": fetch,
        "known": sorted(bound_above(planner, step) - fetch.keys() - set(step.inputs)),
        "verify": sorted(_to_verify(planner, step)),
        "random": {
            "restore": planner.random_states(step),
            "save": list(step.random_outputs),
        },
        "gather": {
            name: [_held(artifact) for artifact in artifacts]
            for name, artifacts in planner.gathered(step).items()
        },
        "replayed": sorted(_replayed(takers)),
        "watch": {"ignore": [glob.escape(path) for path in planner.project.own_files]},
        "changed_later": sorted(
            {n for other in takers for n in other.outputs if n in step.outputs}
        ),
    }


def _held(artifact: Artifact) -> dict[str, Any]:
    return {
        "digest": artifact.digest,
        "codec": artifact.codec,
        "names": artifact.name.split(", "),
    }


def _above(planner: Planner, step: Step) -> Iterable[Step]:
    """Steps above in the same notebook, the nearest last."""
    order = {cell.id: cell.index for cell in step.notebook.cells}
    first = min((order[cell] for cell in step.cells), default=0)
    for other in planner.pipeline.steps:
        same = other.notebook.path == step.notebook.path and other.name != step.name
        if same and other.cells and order[other.cells[0]] < first:
            yield other


def _fetchable(planner: Planner, step: Step) -> dict[str, Any]:
    """Stored values of steps above that the step does not take, by name."""
    found: dict[str, Any] = {}
    for other in _above(planner, step):
        for artifact in planner.ended.get(other.name, ()):
            if artifact.kind == "value":
                held = _held(artifact)
                found.update({name: held for name in held["names"] if name not in step.inputs})
    return found


def bound_above(planner: Planner, step: Step) -> set[str]:
    """Return the names that steps above bind in the same notebook, and the step does not."""
    own = step.flow.binds.keys()
    return {name for other in _above(planner, step) for name in other.flow.binds if name not in own}


def _to_verify(planner: Planner, step: Step) -> set[str]:
    """Inputs that a later step takes from the same giver: changing them unseen would matter."""
    position = {other.name: index for index, other in enumerate(planner.pipeline.steps)}
    return {
        name
        for name, giver in step.inputs.items()
        if name not in step.outputs
        for other in planner.pipeline.steps
        if other.inputs.get(name) == giver and _follows(step, other, position)
    }


def _follows(step: Step, other: Step, position: dict[str, int]) -> bool:
    """Whether `other` stands below `step`: in the notebook, else in the pipeline's order."""
    if step.name == other.name:
        return False
    if step.notebook.path != other.notebook.path or not (step.cells and other.cells):
        return position[other.name] > position[step.name.removesuffix("[]")]
    order = {cell.id: cell.index for cell in step.notebook.cells}
    return order[other.cells[0]] > order.get(step.cells[0], 0)


def _replayed(takers: Iterable[Step]) -> set[str]:
    """Definitions that all takers make themselves, from code."""
    sets = [
        {
            name
            for snippet in taker.flow.replay
            if snippet.kind == "definition"
            for name in snippet.binds
        }
        for taker in takers
    ]
    return set.intersection(*sets) if sets else set()
