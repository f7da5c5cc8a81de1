"""The planner: asks, for each task whose inputs are known, whether a stored result serves."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nbpipe.compile.keys import ingredients, key_of, twins
from nbpipe.compile.parameters import is_reference
from nbpipe.compile.plan import Decision, Past, Plan, PlannedTask, Selection, decide, selected
from nbpipe.compile.relations import Relations
from nbpipe.compile.render import Given, Item
from nbpipe.errors import UsageError
from nbpipe.run.environment import DEFAULT_KERNEL, Environments
from nbpipe.run.facts import FactFinder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from nbpipe.compile.keys import Facts, Ingredients
    from nbpipe.compile.pipeline import Pipeline, Step
    from nbpipe.events import Artifact
    from nbpipe.run.order import Order
    from nbpipe.run.project import Project
    from nbpipe.store.blobs import ObjectState
    from nbpipe.store.rows import StoredResult
    from nbpipe.store.store import Store

AT_ONCE = 400
"""How many items are looked up in the ledger together."""


@dataclass(frozen=True, slots=True)
class Considered:
    """A task whose inputs are known, and what becomes of it.

    Attributes
    ----------
    task, step, item
        Which task.
    decision
        Run or reuse, and why.
    key, parts
        Its key and the ingredients of it.
    facts
        The facts among them.
    result
        The stored result, for one that is reused.
    """

    task: str
    step: Step
    item: Item | None
    decision: Decision
    key: str
    parts: Ingredients
    facts: Facts
    result: StoredResult | None = None


@dataclass
class Planner:
    """Plans one project with one set of parameters; remembers what ended in this run.

    Attributes
    ----------
    project, pipeline, store
        What is planned, and where results are.
    parameters
        Name → value: the defaults, those of ``nbpipe.toml``, those given for the run.
    selection
        Which steps the run is about.
    pending
        Key → result, of those that are on their way into the ledger.
    ended
        Task → what it left, for tasks that ended well or were reused.
    shared
        Step → the order of one of its items, from which those of the others are made.
    with_own_files
        Step of a fan-out → whether its items were seen to read files of their own.
    held
        Step → name → where its value is, for those that were asked for.
    looked_at
        Digest and size → how these bytes are in the store; forgotten after some hundred items.
    """

    project: Project
    pipeline: Pipeline
    store: Store
    parameters: Mapping[str, Any]
    selection: Selection = field(default_factory=Selection)
    pending: Mapping[str, StoredResult] = field(default_factory=dict)
    ended: dict[str, tuple[Artifact, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.finder = FactFinder(self.project.folder)
        self.environments = Environments(self.store.local / "cache")
        self.chosen = selected(self.pipeline, self.selection)
        self.items: dict[str, tuple[Item, ...]] = {}
        self.written: dict[str, str] = {}
        self.shared: dict[str, Order] = {}
        self.with_own_files: dict[str, bool] = {}
        self.held: dict[str, dict[str, Any]] = {}
        self.looked_at: dict[tuple[str, int], ObjectState] = {}

    @cached_property
    def lib(self) -> str:
        """Folder in the store that holds the package for the kernel side."""
        return str(self.store.blobs.ensure_lib())

    @cached_property
    def relations(self) -> Relations:
        """Who stands where, and who takes from whom."""
        return Relations(self.pipeline)

    @cached_property
    def places(self) -> dict[str, int]:
        """Step → its place in the notebooks' order."""
        return {step.name: place for place, step in enumerate(self.pipeline.steps)}

    @cached_property
    def twins(self) -> dict[str, int]:
        """Steps whose code another one above has too: they are no stand-ins for each other."""
        return twins(self.pipeline.steps)

    # what a step takes

    def kernel(self, step: Step) -> str:
        """Name of the kernel that runs a step."""
        return step.notebook.kernel or DEFAULT_KERNEL

    def taken(self, step: Step) -> tuple[Given, ...]:
        """Return the stored values that a step loads, each once; what later steps gave comes last.

        A class that several of them hold is then left as the last of these steps had it.
        """
        found: dict[str, Given] = {}
        places = self.places
        for name, giver in sorted(step.inputs.items(), key=lambda pair: places.get(pair[1], 0)):
            artifact = holding(self.ended.get(giver, ()), name)
            if artifact is not None:
                names = tuple(artifact.name.split(", "))
                found[artifact.digest + artifact.name] = Given(
                    names, artifact.digest, artifact.codec
                )
        return tuple(found.values())

    def gathered(self, step: Step) -> dict[str, list[Artifact]]:
        """Return for each name that a step gathers its artifacts, in item order."""
        return {
            name: [
                artifact
                for item in self.items.get(giver, ())
                if (artifact := holding(self.ended.get(f"{giver}[{item.index}]", ()), name))
            ]
            for name, giver in step.gathers.items()
        }

    def random_states(self, step: Step) -> dict[str, str]:
        """Return generator → digest of the state that a step takes over."""
        states = {}
        for generator, giver in step.random.items():
            for artifact in self.ended.get(giver, ()):
                if artifact.kind == "random" and artifact.name == generator:
                    states[generator] = artifact.digest
        return states

    def used_parameters(self, step: Step) -> dict[str, Any]:
        """Return the parameters that a step uses, and their values."""
        names = step.flow.parameters
        if step.language != "python":
            names = frozenset(
                p.name for p in self.pipeline.parameters if p.notebook == step.notebook.path
            )
        return {name: self.parameters[name] for name in sorted(names) if name in self.parameters}

    def secrets(self, step: Step) -> dict[str, str]:
        """Return the parameters that a step uses whose values are secrets, and their references.

        A text that the notebook itself has as the default is that text, as Run All has it.
        """
        used = self.used_parameters(step)
        return secrets_among(self.pipeline, used, self.project.folder)

    def _digests(self, step: Step) -> dict[str, str]:
        """Name → digest of everything that a step takes from others."""
        digests: dict[str, str] = {}
        for name, giver in step.inputs.items():
            artifact = holding(self.ended.get(giver, ()), name)
            digests[name] = artifact.digest if artifact else "unbound"
        for name, artifacts in self.gathered(step).items():
            text = json.dumps([artifact.digest for artifact in artifacts])
            digests[name] = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        states = self.random_states(step)
        return digests | {f"random {name}": digest for name, digest in states.items()}

    # what becomes of it

    def consider(self, step: Step) -> Considered:
        """Return what becomes of a step; all it takes must have ended."""
        return next(self.consider_items(step, (None,)))

    def consider_items(self, step: Step, items: Sequence[Item | None]) -> Iterator[Considered]:
        """Yield what becomes of each item's task, looked up some hundred at a time."""
        learned = self.project.learned.get(step.name.removesuffix("[]"))
        facts = self.finder.facts(
            step, self.environments.find(self.kernel(step)), learned.reads if learned else ()
        )
        # A file that this run wrote counts as it was written, also before it is put back.
        now = {path: self.written.get(path, digest) for path, digest in facts.files.items()}
        facts = replace(facts, files=now)
        base = ingredients(step, facts, self._digests(step), self.used_parameters(step))
        if step.name in self.twins:
            base["twin"] = str(self.twins[step.name])
        for start in range(0, len(items), AT_ONCE):
            yield from self._consider_some(step, items[start : start + AT_ONCE], base, facts)

    def _consider_some(
        self, step: Step, items: Sequence[Item | None], base: Ingredients, facts: Facts
    ) -> Iterator[Considered]:
        self.looked_at.clear()
        parts = [base if item is None else base | {"item": item.digest} for item in items]
        if items != (None,):
            self._add_own_files(step, items, parts)
        keys = [key_of(part) for part in parts]
        known = self.store.ledger.known(keys)
        known.update((key, self.pending[key]) for key in keys if key in self.pending)
        forced = step.name.removesuffix("[]") in self.selection.force
        last = None
        if items == (None,) and not known:
            last = self.store.ledger.last_result_of(str(self.project.folder), step.name)
        for item, part, key in zip(items, parts, keys, strict=True):
            decision, kept = self._decide(step, item, part, known.get(key), last, forced)
            task = task_name(step, item)
            yield Considered(task, step, item, decision, key, part, facts, kept)

    def _add_own_files(
        self, step: Step, items: Sequence[Item | None], parts: list[Ingredients]
    ) -> None:
        """Add the files that an item alone was seen to read, as its last result tells them."""
        project = str(self.project.folder)
        if step.name not in self.with_own_files:
            some = self.store.ledger.last_result_of(project, step.name)
            extra = some is not None and _files_of(some.parts) - _files_of(parts[0])
            self.with_own_files[step.name] = bool(extra)
        if not self.with_own_files[step.name]:
            return
        names = [task_name(step, item) for item in items]
        before = self.store.ledger.last_results_of(project, names)
        for index, name in enumerate(names):
            last = before.get(name)
            if last is not None and last.parts.get("item") == parts[index]["item"]:
                paths = _files_of(last.parts) - _files_of(parts[index])
                own = {f"file {path}": self._digest_now(path) for path in paths}
                parts[index] = parts[index] | own

    def _digest_now(self, path: str) -> str:
        return self.written.get(path) or self.finder.file_digest(path)

    def _decide(
        self,
        step: Step,
        item: Item | None,
        parts: Ingredients,
        result: StoredResult | None,
        last: StoredResult | None,
        forced: bool,
    ) -> tuple[Decision, StoredResult | None]:
        past = self._past(result) if result else None
        before = None
        if last is not None:
            before = Past(last.key, last.run, last.task, frozenset(), last.parts)
        decision = decide(step, parts, past, before, forced)
        if item is not None and past is None and not forced:
            decision = Decision("run", "no stored result for this item")
        return decision, result if decision.action == "reuse" else None

    def _past(self, result: StoredResult) -> Past:
        names = {name for a in result.artifacts if a.kind == "value" for name in a.name.split(", ")}
        names |= set(result.unbound)
        fault = self._fault(result.artifacts)
        return Past(
            result.key, result.run, result.task, frozenset(names), result.parts, not fault, fault
        )

    def _fault(self, artifacts: Iterable[Artifact]) -> str:
        """What keeps a stored result from being used, in a sentence; empty if nothing does."""
        for artifact in artifacts:
            which = artifact.digest, artifact.size
            state = self.looked_at.get(which)
            if state is None:
                state = self.looked_at[which] = self.store.blobs.state(*which)
            if state != "intact":
                return f"its stored {artifact.name} {_FAULTS[state]}"
        return ""

    def note_end(self, task: str, artifacts: tuple[Artifact, ...]) -> None:
        """Remember what a task left, so that what follows can be considered.

        Only what others can take is held: there may be very many items, and a notebook, a log
        and a preview of each.
        """
        self.written.update({a.name: a.digest for a in artifacts if a.kind == "file"})
        step, _, item = task.partition("[")
        if item in ("", "]"):  # no item: its values can be fetched from now on
            self.shared.clear()
            self.held.pop(task, None)
            taken = artifacts
        else:
            names = self.relations.gathered.get(step, set())
            taken = tuple(a for a in artifacts if names.intersection(a.name.split(", ")))
        if taken or not item:
            self.ended[task] = tuple(replace(a, preview={}) for a in taken if a.kind in _TAKEN)

    # fan-out

    def static_items(self, step: Step) -> tuple[Item, ...] | None:
        """Return the items of a fan-out that can be known without running anything."""
        assert step.foreach is not None
        value = self.parameters.get(step.foreach.items)
        if step.enumerate is not None and step.foreach.items in step.enumerate.inputs:
            return None
        return _items_of(value) if isinstance(value, list) else None

    def stored_items(self, step: Step) -> tuple[Item, ...]:
        """Return the items that the listing of a fan-out left."""
        left = self.ended[f"{step.name}[]"]
        listing = next(artifact for artifact in left if artifact.kind == "items")
        data = json.loads(self.store.blobs.read(listing.digest))
        stored = None
        if "digest" in data:
            stored = Given((listing.name,), data["digest"], data["codec"])
        return tuple(
            Item(
                index,
                row["label"],
                row["digest"],
                row.get("value"),
                None if "value" in row else stored,
            )
            for index, row in enumerate(data["items"])
        )

    # the whole plan, shown before anything runs

    def plan(self) -> Plan:
        """Return what a run would do now; nothing is run and nothing is written."""
        tasks: list[PlannedTask] = []
        unsure: set[str] = set()
        for step in self.pipeline.steps:
            if step.name not in self.concerned:
                tasks.append(PlannedTask(step.name, step.name, "left-out", "it was not asked for"))
                continue
            tasks += self._plan_step(step, unsure)
        return Plan(tuple(tasks))

    def _plan_step(self, step: Step, unsure: set[str]) -> list[PlannedTask]:
        waits = [
            edge.source
            for edge in self.relations.edges_to.get(step.name, ())
            if edge.kind != "order" and edge.source in unsure
        ]
        if waits:
            unsure.add(step.name)
            reason = f"it depends on what {', '.join(dict.fromkeys(waits))} will give"
            return [PlannedTask(step.name, step.name, "waiting", reason)]
        planned: list[PlannedTask] = []
        for one in self._consider_all(step):
            planned.append(_planned(one))
            if one.decision.action != "reuse":
                unsure.add(step.name)
            if one.result is not None:
                self.note_end(one.task, one.result.artifacts)
        return planned

    def _consider_all(self, step: Step) -> Iterator[Considered]:
        if step.foreach is None:
            yield self.consider(step)
            return
        items = self.static_items(step)
        if items is None:
            assert step.enumerate is not None
            listing = self.consider(step.enumerate)
            if listing.result is None:
                yield listing
                return
            self.note_end(listing.task, listing.result.artifacts)
            items = self.stored_items(step)
        self.items[step.name] = items
        yield from self.consider_items(step, items)

    @cached_property
    def concerned(self) -> frozenset[str]:
        """The chosen steps, and the steps that they take something from, however far."""
        from nbpipe.compile.order import all_before

        data = [edge for edge in self.pipeline.edges if edge.kind != "order"]
        return self.chosen | all_before(self.chosen, data)

    def check_left_out(self, one: Considered) -> None:
        """Refuse a run that takes results of a step that was left out and is out of date.

        Raises
        ------
        UsageError
            If the task would have to run although its step was not asked for.
        """
        step = one.step.name.removesuffix("[]")
        if step not in self.chosen and one.decision.action == "run":
            raise UsageError(
                f"Step {step!r} was not asked for, but would have to run first: "
                f"{one.decision.reason}. Use --until to run all that leads to a step."
            )


def secrets_among(pipeline: Pipeline, values: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Return the parameters whose values are secrets, and their references."""
    defaults = {parameter.name: parameter.default for parameter in pipeline.parameters}
    return {
        name: place_of(value, folder)
        for name, value in values.items()
        if is_reference(value) and value != defaults[name]
    }


_TAKEN = frozenset({"value", "random", "items"})
"""Kinds of artifacts that other steps take."""

_FAULTS = {"missing": "is gone from the store", "damaged": "was changed after it was stored"}


def place_of(reference: str, folder: Path) -> str:
    """Return a secret's reference with its file's path in full; a project's are relative to it."""
    kind, _, where = reference.partition(":")
    return reference if kind == "env" else f"file:{folder / os.path.expanduser(where)}"


def holding(artifacts: Iterable[Artifact], name: str) -> Artifact | None:
    """Return the artifact that holds the value of a name."""
    for artifact in artifacts:
        if artifact.kind == "value" and (
            artifact.name == name or name in artifact.name.split(", ")
        ):
            return artifact
    return None


def task_name(step: Step, item: Item | None) -> str:
    """Return the task's name: the step's, with the item's position for a fan-out."""
    return step.name if item is None else f"{step.name}[{item.index}]"


def _planned(one: Considered) -> PlannedTask:
    step = one.step.name.removesuffix("[]")
    return PlannedTask(one.task, step, one.decision.action, one.decision.reason, one.key)


def _items_of(values: Sequence[Any]) -> tuple[Item, ...]:
    items = []
    encoder = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
    for index, value in enumerate(values):
        text = encoder.encode(value)
        label = value if isinstance(value, str) else text
        digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        items.append(Item(index, label[:80], digest, value))
    return tuple(items)


def _files_of(parts: Mapping[str, str]) -> set[str]:
    return {name.removeprefix("file ") for name in parts if name.startswith("file ")}
