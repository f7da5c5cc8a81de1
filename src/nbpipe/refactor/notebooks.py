"""Steps to notebooks of their own, and notebooks back into one: the same pipeline both times."""

from __future__ import annotations

import ast
import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbpipe.importers.called import variable
from nbpipe.importers.carried import Carried, Names, NotImportable
from nbpipe.importers.pieces import code, is_parameters, whole, written
from nbpipe.refactor.parts import (
    HANDOVER,
    definition_pieces,
    own_pieces,
    parameter_pieces,
    reached,
    written_options,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbpipe.compile.pipeline import Pipeline, Step
    from nbpipe.importers.carried import Made
    from nbpipe.importers.pieces import Piece


def extract(pipeline: Pipeline, parameters: Mapping[str, Any]) -> Carried:
    """Return each step as a notebook of its own.

    Raises
    ------
    NotImportable
        If a step cannot be taken out of its notebook; the message says which and why.
    """
    for step in pipeline.steps:
        _check(step)
    given = _handovers(pipeline)
    names = Names()
    files = tuple(_extracted(step, pipeline, given, names) for step in pipeline.steps)
    return Carried("the project", pipeline.name, files, parameters=parameters)


def _check(step: Step) -> None:
    if step.random:
        source = next(iter(step.random.values()))
        raise NotImportable(
            f"Step {step.name!r} goes on with the random numbers of {source!r}, which only steps "
            f"of one notebook can. Seed the generator in {step.name} itself, then extract."
        )
    if step.enumerate is not None and step.enumerate.inputs:
        raise NotImportable(
            f"The items of step {step.name!r} come from another step, and a whole notebook cannot "
            "take them from there. Make them a parameter or a constant, then extract."
        )


def _handovers(pipeline: Pipeline) -> dict[tuple[str, str], str]:
    """Values that need a name of their own between notebooks: giver and name → that name.

    A notebook takes a name from the only step that binds it, or from the only one among those
    that it waits for; where that leaves a choice, the value travels under another name.
    """
    binders: dict[str, set[str]] = {}
    for step in pipeline.steps:
        for name in step.flow.binds:
            binders.setdefault(name, set()).add(step.name)
    found = {}
    for step in pipeline.steps:
        waits = _waits(step)
        for name, giver in step.inputs.items():
            others = binders.get(name, set()) - {step.name, giver}
            # What is bound below in the same notebook would be read before it is given.
            if others & waits or name in step.flow.binds:
                found[giver, name] = f"{name}_of_{variable(giver)}"
    return found


def _waits(step: Step) -> set[str]:
    return {*step.after, *step.inputs.values(), *step.gathers.values()}


def _extracted(
    step: Step, pipeline: Pipeline, given: Mapping[tuple[str, str], str], names: Names
) -> Made:
    taken = [f"{name} = {given[giver, name]}" for name, giver in sorted(step.inputs.items())
             if (giver, name) in given]  # fmt: skip
    gives = [f"{own} = {name}" for (giver, name), own in sorted(given.items())
             if giver == step.name]  # fmt: skip
    pieces = [*parameter_pieces(step), *definition_pieces(step)]
    pieces += [code("\n".join(taken), HANDOVER)] if taken else []
    pieces += own_pieces(step)
    pieces += [code("\n".join(gives), HANDOVER)] if gives else []
    after = _waits(step) | {one for one in pipeline.before(step.name) if not one.endswith("[]")}
    options = written_options(step.options)
    if step.foreach is not None:
        options["foreach"] = f"{', '.join(step.foreach.names)} in {step.foreach.items}"
    folder = posixpath.dirname(step.notebook.path)
    path = posixpath.join(folder, names.take(f"{step.name}.ipynb"))
    kept = {k: v for k, v in step.notebook.metadata.items() if k != "nbpipe"}
    return written(path, pieces, {**kept, **whole(step.name, after, **options)})


def join(pipeline: Pipeline, parameters: Mapping[str, Any]) -> Carried:
    """Return all steps as one tagged notebook, in an order in which they can run.

    Raises
    ------
    NotImportable
        If there is a step of another language than Python, or the notebooks are in two folders.
    """
    folders = {posixpath.dirname(step.notebook.path) for step in pipeline.steps}
    others = [step.name for step in pipeline.steps if step.language != "python"]
    if others:
        raise NotImportable(f"Step {others[0]!r} is not in Python, so it stays a notebook.")
    if len(folders) > 1:
        raise NotImportable(
            "The notebooks are in more than one folder, and a notebook runs in one. "
            "Move them together first."
        )
    _check_definitions(pipeline)
    pieces: list[Piece] = _parameters(pipeline)
    seen: set[str] = set()
    for step in pipeline.steps:
        pieces += _joined(step, pipeline, seen)
    steps = {step.name: written_options(step.options) for step in pipeline.steps}
    own = {"version": 1, "name": pipeline.name}
    options = {name: said for name, said in steps.items() if said}
    first = pipeline.steps[0].notebook.metadata
    kept = {key: first[key] for key in ("kernelspec", "language_info") if key in first}
    metadata = {**kept, "nbpipe": own | ({"steps": options} if options else {})}
    made = written(f"{variable(pipeline.name)}.ipynb", pieces, metadata)
    return Carried("the project", pipeline.name, (made,), parameters=parameters)


def _parameters(pipeline: Pipeline) -> list[Piece]:
    """One cell of parameters for all; the first default of a name counts, as in a run."""
    seen: dict[str, Piece] = {}
    for step in pipeline.steps:
        for piece in parameter_pieces(step):
            seen.setdefault(piece.source.strip(), piece)
    text = "\n".join(piece.source.rstrip() for piece in seen.values())
    return [code(text, "parameters")] if text else []


def _joined(step: Step, pipeline: Pipeline, seen: set[str]) -> list[Piece]:
    """A step's cells: definitions that stand above already are left out, the first begins it."""
    found: list[Piece] = []
    for piece in [*definition_pieces(step), *own_pieces(step)]:
        if HANDOVER in piece.tags or is_parameters(piece):
            continue
        if "setup" in piece.tags and piece.kind == "code":
            left = _unseen(piece.source, seen)
            found += [replace(piece, source=left)] if left.strip() else []
            continue
        found.append(piece)
    tags = [f"step:{step.name}", *(f"after:{one}" for one in sorted(set(step.after)))]
    if step.foreach is not None:
        tags.append(f"foreach:{', '.join(step.foreach.names)} in {step.foreach.items}")
    for index, piece in enumerate(found):
        if piece.kind == "code" and "setup" not in piece.tags:
            found[index] = replace(piece, tags=(*tags, *piece.tags))
            break
    return found


def _unseen(source: str, seen: set[str]) -> str:
    """Return the statements that do not stand above already."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return source  # magics: said again they do no harm
    lines = source.splitlines()
    kept = []
    for node in body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        text = "\n".join(lines[first - 1 : node.end_lineno])
        if text not in seen:
            seen.add(text)
            kept.append(text)
    return "\n".join(kept)


def _check_definitions(pipeline: Pipeline) -> None:
    """Refuse notebooks whose definitions of one name differ: in one notebook one would be lost."""
    seen: dict[str, tuple[str, str]] = {}
    for step in pipeline.steps:
        for piece in [*definition_pieces(step), *own_pieces(step)]:
            if "setup" not in piece.tags or piece.kind != "code":
                continue
            for name, text in _bound(piece.source):
                other, before = seen.setdefault(name, (step.name, text))
                if before != text:
                    raise NotImportable(
                        f"{other!r} and {step.name!r} define {name} in two ways. Rename one."
                    )


def _bound(source: str) -> Iterator[tuple[str, str]]:
    """Names that definitions bind, with their text."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, ast.dump(node)
            case ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
                yield name, ast.dump(node)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                module = getattr(node, "module", "")
                for one in names:
                    yield one.asname or one.name, f"{module} {one.name}"


def differences(old: Pipeline, new: Pipeline) -> Iterator[str]:
    """Say in sentences how a pipeline that was made differs from the one it was made from."""
    made = {step.name: step for step in new.steps}
    for step in old.steps:
        if step.name not in made:
            yield f"Step {step.name!r} would be gone."
            continue
        before, after = _inputs(step), _inputs(made[step.name])
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                was, now = before.get(name, "nobody"), after.get(name, "nobody")
                yield f"Step {step.name!r} would take {name} from {now}, not from {was}."
    for first, second in sorted(reached(old) - reached(new)):
        yield f"Step {second!r} would not wait for {first!r} any more."


def _inputs(step: Step) -> dict[str, str]:
    """Who gives which name; a name of its own on the way counts as the name itself."""
    return {
        name.removesuffix(f"_of_{variable(giver)}"): giver for name, giver in step.inputs.items()
    }
