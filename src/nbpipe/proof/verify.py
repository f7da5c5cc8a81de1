"""Proves that a pipeline gives what Run All gives, or says where and why it does not."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbpipe.errors import Problem
from nbpipe.proof.causes import explain
from nbpipe.proof.copies import check_size
from nbpipe.proof.fanouts import objection, uncompared, without_item
from nbpipe.proof.findings import Difference, Proof, Spot
from nbpipe.proof.looks import Look, compare_values
from nbpipe.proof.outputs import compare, shows_something
from nbpipe.proof.runs import Asked, Bench, run_all, run_pipeline
from nbpipe.proof.texts import Plain, days_around
from nbpipe.proof.varying import same_but_for, shows_unset_memory
from nbpipe.run.masks import mask_of
from nbpipe.run.planner import secrets_among
from nbpipe.run.runs import effective_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nbpipe.compile.pipeline import Pipeline, Step
    from nbpipe.events import Event
    from nbpipe.proof.findings import Stage
    from nbpipe.proof.runs import Ran
    from nbpipe.run.executors import Executor
    from nbpipe.run.masks import Mask
    from nbpipe.run.project import Project

GENERATORS = ("numpy", "random", "torch")

OTHER_FILL = 170
"""Memory is filled with another byte in the second Run All: what reads it unset is found."""


def _local(slots: int) -> Executor:
    from nbpipe.run.local import LocalExecutor

    return LocalExecutor(slots)


def _silent(_: Event) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the two runs are made.

    Attributes
    ----------
    parameters
        Values for the pipeline's parameters.
    engine, jobs
        As for a run.
    executor
        Makes what carries orders out; processes of this machine by default.
    tell
        Is called with every event of every run.
    say
        Is told what is run next.
    stop
        Says why the proof is not to be made to its end; empty while it is. Asked every second.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    engine: str | None = None
    jobs: int | None = None
    executor: Callable[[int], Executor] = _local
    tell: Callable[[Event], None] = _silent
    say: Callable[[Stage], None] = lambda _: None
    stop: Callable[[], str] = str


def verify(project: Project, options: Options | None = None) -> Proof:
    """Run a project from top to bottom and as a pipeline, and compare.

    Neither run touches the project: each has a copy of its folder and a store of its own.

    Parameters
    ----------
    project
        The project, or one notebook of it.
    options
        How it is run.

    Raises
    ------
    UsageError
        If a parameter does not exist, or the folder is too big to be copied.
    ProofStopped
        If somebody asked for that.
    """
    options = options or Options()
    pipeline = project.compile()
    problems = _objections(pipeline)
    if problems:
        return Proof("refused", problems[0].message, problems=problems)
    check_size(project.folder)
    project, notes = _with_known_kernels(project)
    asked = Asked(
        project, pipeline, {step.name: _names(step) for step in pipeline.steps},
        options.parameters, options.engine, options.jobs, options.executor, options.tell,
        stop=options.stop,
    )  # fmt: skip
    values = effective_parameters(project, pipeline, options.parameters)
    mask = mask_of(secrets_among(pipeline, values, project.folder))
    with _room() as room:
        found = _Trial(asked, room, options.say).proof()
    return _masked(replace(found, notes=(*notes, *found.notes)), mask)


def _masked(proof: Proof, mask: Mask) -> Proof:
    """Return the proof with every secret masked that stands in what was compared."""
    return replace(
        proof,
        sentence=mask.text(proof.sentence),
        differences=tuple(
            replace(one, how=mask.text(one.how), why=mask.text(one.why))
            for one in proof.differences
        ),
        notes=tuple(mask.text(note) for note in proof.notes),
    )


def _objections(pipeline: Pipeline) -> tuple[Problem, ...]:
    """Why a pipeline cannot be compared with Run All; its errors first."""
    if pipeline.errors:
        return pipeline.errors
    found = []
    for step in pipeline.steps:
        path = step.notebook.path
        if step.language != "python":
            text = f"{path} is in {step.language}; only Python's values can be compared."
            found.append(Problem("not-python", text, notebook=path))
        found += [problem for problem in [objection(step)] if problem]
    return tuple(found)


def _with_known_kernels(project: Project) -> tuple[Project, list[str]]:
    """Python notebooks whose kernel is not here are compared in the default one."""
    from nbpipe.run.environment import DEFAULT_KERNEL, Environments

    environments = Environments(project.folder / ".nbpipe" / "cache")
    notebooks, notes = [], []
    for notebook in project.notebooks:
        kernel = notebook.kernel
        if kernel is not None and kernel not in environments.specs.find_kernel_specs():
            notes.append(f"There is no kernel {kernel} here: both are run with {DEFAULT_KERNEL}.")
            notebook = replace(notebook, kernel=None)  # noqa: PLW2901
        notebooks.append(notebook)
    return replace(project, notebooks=tuple(notebooks)), notes


def _names(step: Step) -> tuple[str, ...]:
    return tuple(sorted({*step.flow.binds, *step.outputs, *step.inputs}))


@contextmanager
def _room() -> Iterator[Path]:
    room = Path(os.path.realpath(tempfile.mkdtemp(prefix="nbpipe-verify-")))
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _all_may_vary(told: Sequence[Difference], own: set[Spot]) -> bool:
    """Whether each difference is where the notebook varies by itself, or comes from there.

    What varies may be the same twice by chance, as a score of few digits; its step then still
    has something else that is not.
    """
    steps = {spot.step for spot in own}
    return all(d.spot.step in steps or d.cause == "follows" for d in told)


@dataclass(slots=True)
class _Compared:
    """Two runs compared place by place."""

    differences: list[Difference] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    unseen: dict[str, None] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    cells: int = 0
    values: int = 0
    rounded: int = 0


class _Trial:
    """Runs, compares, and runs again where something differs, to tell whose doing it is."""

    def __init__(self, asked: Asked, room: Path, say: Callable[[Stage], None]) -> None:
        self.asked = asked
        self.pipeline = asked.pipeline
        self.room = room
        self.say = say
        self.benches = [Bench(room / name) for name in "abcde"]
        self.plain = Plain(tuple(str(b.copy) for b in self.benches), days_around(time.time()))

    def proof(self) -> Proof:
        """Return what came of it."""
        self.say("run-all")
        whole = run_all(self.asked, self._bench(0), {})
        fans = tuple(without_item(self.pipeline.steps, whole.hands))
        if fans:
            return Proof("refused", fans[0].message, problems=fans, seconds=(whole.seconds, 0.0))
        if whole.failure is not None:
            return self._refusal(whole)
        self.say("pipeline")
        split = run_pipeline(self.asked, self._bench(1), {}, whole.hands)
        compared = self._compare(whole, split)
        proof = self._equal(compared, whole, split)
        if not compared.differences:
            return proof
        self.say("again")
        again = run_all(replace(self.asked, fill=OTHER_FILL), self._bench(2), {})
        own = {difference.spot for difference in self._compare(whole, again).differences}
        own |= self._unset(compared.differences)
        told = explain(compared.differences, self.pipeline, whole, split)
        if _all_may_vary(told, own) if split.failure is None else own:
            return self._varying(proof, told, own, (whole, again, split))
        return replace(proof, verdict="different", differences=self._marked(told, own),
                       sentence=self._sentence(told))  # fmt: skip

    def _bench(self, number: int) -> Bench:
        bench = self.benches[number]
        bench.folder.mkdir()
        return bench

    # verdicts ------------------------------------------------------------------------------

    def _refusal(self, whole: Ran) -> Proof:
        failure = whole.failure
        assert failure is not None
        at = self._place(whole.failed, failure.cell)
        said = failure.message.strip().splitlines()
        text = f"Run All itself stops at {at}: {failure.name}{': ' + said[0] if said else ''}"
        return Proof("refused", text, seconds=(whole.seconds, 0.0))

    def _equal(self, compared: _Compared, whole: Ran, split: Ran) -> Proof:
        notes = [*compared.notes, *split.notes]
        if compared.rounded:
            notes.append(f"{compared.rounded} of them are the same to within rounding.")
        left = uncompared(whole.hands)
        so_far = ", as far as Run All goes" if left else ""
        return Proof(
            "equal",
            f"The pipeline gives what Run All gives{so_far}.",
            notes=tuple(notes),
            cells=compared.cells,
            values=compared.values,
            compared=tuple(compared.steps),
            uncompared=left,
            unseen=tuple(compared.unseen),
            seconds=(whole.seconds, split.seconds),
        )

    def _varying(
        self, proof: Proof, told: list[Difference], own: set[Spot], ran: tuple[Ran, Ran, Ran]
    ) -> Proof:
        """The notebook differs from itself: hold random numbers, and compare once more."""
        held = self._unseeded()
        whole, again, split = ran
        if held:
            self.say("held")
            calm = run_all(self.asked, self._bench(3), held)
            steps = run_pipeline(self.asked, self._bench(4), held, calm.hands)
            if calm.failure is None and steps.failure is None:
                whole, split = calm, steps
                left = self._compare(whole, split).differences
                if not left:
                    return self._equal_when_held(proof, held, own)
                told = explain(left, self.pipeline, whole, split)
        if any(difference.spot.what == "failure" for difference in told):
            return replace(proof, verdict="different", differences=self._marked(told, own),
                           sentence=self._sentence(told))  # fmt: skip
        where = self._cells_of({difference.spot for difference in told})
        if all(d.spot in own and self._stays(d.spot, whole, again, split) for d in told):
            return replace(
                proof, held=self._held_names(held) if whole is not ran[0] else (),
                sentence="The pipeline gives what Run All gives, but for what Run All itself gives "
                f"otherwise each time: {where}.",
            )  # fmt: skip
        return replace(
            proof, verdict="varies", differences=self._marked(told, own),
            sentence=f"The notebook itself differs from run to run: {where}.",
        )  # fmt: skip

    def _equal_when_held(
        self, proof: Proof, held: Mapping[str, Sequence[str]], own: set[Spot]
    ) -> Proof:
        return replace(
            proof,
            held=self._held_names(held),
            sentence="The pipeline gives what Run All gives when random numbers are held the same; "
            f"by itself the notebook varies ({self._cells_of(own)}).",
        )

    def _held_names(self, held: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        return tuple(sorted({name for names in held.values() for name in names}))

    def _unset(self, differences: Sequence[Difference]) -> set[Spot]:
        """Where memory is shown as it was found: it differs by chance, though not each time."""
        spots = {d.spot for d in differences if d.spot.what == "output"}
        return {spot for spot in spots if shows_unset_memory(self._source(spot))}

    def _source(self, spot: Spot) -> str:
        notebook = self.pipeline.step(spot.step).notebook
        return next((cell.source for cell in notebook.cells if cell.id == spot.name), "")

    def _stays(self, spot: Spot, whole: Ran, again: Ran, split: Ran) -> bool:
        """Whether what Run All gives both times at a place that varies is in the pipeline, too."""
        runs = (whole, again, split)
        if spot.what == "value":
            looks = [run.looks.get(spot.step, Look()) for run in runs]
            kinds = [look.values.get(spot.name, {}).get("type") for look in looks]
            return kinds[0] != kinds[1] or kinds[0] == kinds[2]
        if shows_unset_memory(self._source(spot)):
            return True
        one, same, other = (run.outputs.get((spot.notebook, spot.name), ()) for run in runs)
        return same_but_for(one, same, other, self.plain)

    def _unseeded(self) -> dict[str, tuple[str, ...]]:
        """Notebook → generators that nothing in it seeds."""
        held = {}
        for path in {step.notebook.path for step in self.pipeline.steps}:
            mine = [step.flow.seeds for step in self.pipeline.steps if step.notebook.path == path]
            seeded = self.pipeline.seeded.get(path, frozenset()).union(*mine)
            held[path] = tuple(name for name in GENERATORS if name not in seeded)
        return {path: names for path, names in held.items() if names}

    def _marked(self, told: Sequence[Difference], own: set[Spot]) -> tuple[Difference, ...]:
        why = "Run All gives something else here each time."
        return tuple(
            replace(d, cause="varies", why=why) if d.spot in own and d.cause == "unknown" else d
            for d in told
        )

    def _sentence(self, told: Sequence[Difference]) -> str:
        first = next((d for d in told if d.cause != "follows"), told[0])
        count = len(told)
        places = "place" if count == 1 else "places"
        return f"The pipeline differs from Run All in {count} {places}; first in {self._at(first)}."

    def _at(self, difference: Difference) -> str:
        spot = difference.spot
        if spot.what == "value":
            return f"{spot.name} of step {spot.step}"
        return self._place(spot.notebook, spot.name) + f" (step {spot.step})"

    def _place(self, notebook: str, cell: str | None) -> str:
        index = self._index(notebook, cell)
        return notebook if index is None else f"{notebook}, cell {index + 1}"

    def _index(self, notebook: str, cell: str | None) -> int | None:
        found = (
            one.index
            for step in self.pipeline.steps
            if step.notebook.path == notebook
            for one in step.notebook.cells
            if one.id == cell
        )
        return next(found, None)

    def _cells_of(self, spots: set[Spot]) -> str:
        places = {
            (s.notebook, self._index(s.notebook, s.name)) for s in spots if s.what == "output"
        }
        cells = sorted((path, index) for path, index in places if index is not None)
        if not cells:
            return ", ".join(sorted(f"{s.name} of step {s.step}" for s in spots)[:5])
        many = len({path for path, _ in cells}) > 1
        said = [f"{path} cell {i + 1}" if many else f"cell {i + 1}" for path, i in cells]
        return ", ".join(said[:6]) + (f" and {len(said) - 6} more" if len(said) > 6 else "")

    # comparing -----------------------------------------------------------------------------

    def _compare(self, whole: Ran, split: Ran) -> _Compared:
        found = _Compared()
        for step in sorted(self.pipeline.steps, key=self._first):
            if split.failure is not None and split.failed == step.name:
                self._compare_failure(found, step, split)
            self._compare_outputs(found, step, whole, split)
            self._compare_values(found, step, whole, split)
            if all(step.name in run.looks for run in (whole, split)):
                found.steps.append(step.name)
        self._note_setup(found, whole)
        return found

    def _first(self, step: Step) -> tuple[str, int]:
        index = {cell.id: cell.index for cell in step.notebook.cells}
        return step.notebook.path, min((index[cell] for cell in step.cells), default=0)

    def _compare_failure(self, found: _Compared, step: Step, split: Ran) -> None:
        failure = split.failure
        assert failure is not None
        cell = failure.cell or (step.cells[0] if step.cells else "")
        spot = Spot(step.notebook.path, step.name, "failure", cell)
        said = f"it fails: {failure.name}: {failure.message}"[:400]
        index = self._index(step.notebook.path, cell)
        found.differences.append(Difference(spot, index, said))

    def _compare_outputs(self, found: _Compared, step: Step, whole: Ran, split: Ran) -> None:
        path = step.notebook.path
        for cell in step.cells:
            if (path, cell) not in whole.outputs:
                continue
            index = self._index(path, cell)
            if (path, cell) not in split.outputs:
                if split.failure is None:
                    spot = Spot(path, step.name, "output", cell)
                    found.differences.append(Difference(spot, index, "it did not run"))
                continue
            shown = compare(whole.outputs[path, cell], split.outputs[path, cell], self.plain)
            found.cells += 1
            found.rounded += shown.rounding
            if shown.stderr:
                found.notes[f"{self._place(path, cell)}: its warnings differ."] = None
            if shown.how:
                spot = Spot(path, step.name, "output", cell)
                found.differences.append(Difference(spot, index, shown.how))

    def _compare_values(self, found: _Compared, step: Step, whole: Ran, split: Ran) -> None:
        mine, theirs = whole.looks.get(step.name), split.looks.get(step.name)
        if mine is None or theirs is None:
            return
        for name in sorted({*step.flow.binds, *step.outputs}):
            one, other = mine.values.get(name), theirs.values.get(name)
            spot = Spot(step.notebook.path, step.name, "value", name)
            if one is None or other is None:
                if one is not other and name in step.outputs:
                    how = "it is bound in one run only"
                    found.differences.append(Difference(spot, None, how))
                continue
            self._compare_value(found, spot, one, other)

    def _compare_value(
        self, found: _Compared, spot: Spot, one: Mapping[str, Any], other: Mapping[str, Any]
    ) -> None:
        likened = compare_values(one, other)
        if likened is None:
            found.unseen[f"{spot.step}.{spot.name}"] = None
            return
        found.values += 1
        found.rounded += likened.rounding
        if likened.inside:
            kind = one["type"].rpartition(".")[2]
            text = f"{spot.name} of step {spot.step}: the inside of this {kind} differs, as caches "
            found.notes[f"{text}and work space do; what is shown of it is compared."] = None
        if likened.how:
            found.differences.append(Difference(spot, None, likened.how))

    def _note_setup(self, found: _Compared, whole: Ran) -> None:
        """Say which cells show something and belong to no step."""
        own = {(s.notebook.path, cell) for s in self.pipeline.steps for cell in s.cells}
        for (path, cell), outputs in whole.outputs.items():
            if (path, cell) not in own and shows_something(outputs):
                text = f"{self._place(path, cell)} is setup: what it shows is in no step."
                found.notes[text] = None
