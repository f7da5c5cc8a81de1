"""Orders written: all a worker must know of one task, from the plan and what ended before."""

from __future__ import annotations

import glob
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbpipe.compile.render import Contents, Place, render, render_item, rendered_id
from nbpipe.run.order import Order
from nbpipe.run.scratch import scratch_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    if one.item is None or one.step.language != "python":
        return _written(planner, one, run, attempt, engine)
    first = planner.shared.get(one.step.name)
    if first is None or (first.run, first.engine) != (run, one.step.options.engine or engine):
        first = planner.shared[one.step.name] = _written(planner, one, run, attempt, engine)
    return _for_item(planner, first, one, attempt)


def _written(planner: Planner, one: Considered, run: str, attempt: int, engine: str) -> Order:
    step = one.step
    python = step.language == "python"
    place = _place(planner, one, run, attempt)
    return Order(
        run=run,
        task=one.task,
        attempt=attempt,
        key=one.key,
        notebook=render(step, place, _contents(planner, one)),
        language=step.language,
        kernel=planner.kernel(step),
        engine=(step.options.engine or engine) if python else "papermill",
        project=str(planner.project.folder),
        folder=place.folder,
        store=planner.store.address,
        parameters=_parameters(planner, step),
        session=session_of(planner, step) if python else {},
        inputs=_inputs(planner, one),
        own=tuple(rendered_id(cell) for cell in step.cells),
        checks=tuple(rendered_id(cell) for cell in step.checks),
        writes=(*step.options.writes, *(glob.escape(use.path) for use in step.flow.writes)),
        timeout=step.options.timeout or planner.project.settings.timeout,
        memory=step.options.resources.memory,
        cpu=step.options.resources.cpu,
        gpu=step.options.resources.gpu,
        secrets=planner.secrets(step),
    )


def _for_item(planner: Planner, first: Order, one: Considered, attempt: int) -> Order:
    """Return the order for an item, made from that for another item of the same step.

    All of a step's items take the same; only the item and the attempt's folder differ.
    """
    assert one.item is not None
    stored = one.item.stored
    document = render_item(
        first.notebook,
        one.step,
        _place(planner, one, first.run, attempt),
        _contents(planner, one),
    )
    inputs = first.inputs
    if stored is not None and stored.digest not in inputs:
        inputs = (*inputs, stored.digest)
    return replace(
        first, task=one.task, attempt=attempt, key=one.key, notebook=document, inputs=inputs
    )


def _contents(planner: Planner, one: Considered) -> Contents:
    step = one.step
    return Contents(
        inputs=planner.taken(step),
        needed=frozenset(step.inputs),
        item=one.item,
        save=saved_groups(step),
        items_of=("nbpipe_items",) if step.name.endswith("[]") else (),
        metrics=step.metric_names,
        secrets=planner.secrets(step),
    )


def _place(planner: Planner, one: Considered, run: str, attempt: int) -> Place:
    folder = str((planner.project.folder / one.step.notebook.path).parent)
    scratch = scratch_name(run, one.task, attempt)
    return Place(str(planner.store.local), planner.lib, scratch, folder)


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
    secrets = planner.secrets(step)
    return {
        name: value
        for name, value in planner.used_parameters(step).items()
        if name not in secrets
        and (known[name].notebook != step.notebook.path or value != known[name].default)
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
    takers = planner.relations.takers.get(step.name, [])
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
        "after_drawing": step.flow.after_drawing,
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


def _fetchable(planner: Planner, step: Step) -> dict[str, Any]:
    """Stored values of steps above that the step does not take, by name."""
    found: dict[str, Any] = {}
    for other in planner.relations.above(step):
        found.update(_holding(planner, other.name))
    for name in step.inputs.keys() & found.keys():
        del found[name]
    return found


def _holding(planner: Planner, step: str) -> Mapping[str, Any]:
    """Name → where its value is, of all that a step left; found out once."""
    if step not in planner.ended:
        return {}
    if step not in planner.held:
        values = [_held(one) for one in planner.ended[step] if one.kind == "value"]
        planner.held[step] = {name: held for held in values for name in held["names"]}
    return planner.held[step]


def bound_above(planner: Planner, step: Step) -> set[str]:
    """Return the names that steps above bind in the same notebook, and the step does not."""
    own = step.flow.binds.keys()
    return {
        name
        for other in planner.relations.above(step)
        for name in other.flow.binds
        if name not in own
    }


def _to_verify(planner: Planner, step: Step) -> set[str]:
    """Inputs that a later step takes from the same giver: changing them unseen would matter."""
    relations = planner.relations
    return {
        name
        for name, giver in step.inputs.items()
        if name not in step.outputs
        for other in relations.takers[giver]
        if other.inputs.get(name) == giver and relations.is_below(other, step)
    }


def _replayed(takers: Iterable[Step]) -> set[str]:
    """Definitions that all takers make themselves, from code; none that a step has changed."""
    sets = [
        {
            name
            for snippet in taker.flow.replay
            if snippet.kind == "definition"
            for name in snippet.binds
            if name not in taker.inputs
        }
        for taker in takers
    ]
    return set.intersection(*sets) if sets else set()
