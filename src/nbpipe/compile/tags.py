"""The tag language: what the tags of a cell, and a notebook's metadata, say of the pipeline."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from nbpipe.errors import Fix, Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nbpipe.compile.notebook import Cell, Notebook

RoleKind = Literal["step", "parameters", "setup", "check", "metrics", "skip", "none"]

SYNONYMS: Mapping[str, RoleKind] = {
    "parameters": "parameters",
    "pipeline-parameters": "parameters",
    "setup": "setup",
    "imports": "setup",
    "functions": "setup",
    "check": "check",
    "metrics": "metrics",
    "pipeline-metrics": "metrics",
    "skip": "skip",
}
"""Tags that are one word, and what they mean (papermill's, ours and Kale's)."""

DRAFT = "nbpipe_draft"
"""Notebook metadata of a copy to try things in: it is no part of a project's pipeline."""

_PREFIXES = {
    "step": "step",
    "block": "step",
    "after": "after",
    "prev": "after",
    "foreach": "foreach",
}
_NAME = re.compile(r"^\w[\w.\- ]{0,99}$")
_FOREACH = re.compile(
    r"^\s*(?P<names>[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*)\s+in\s+(?P<items>.+)$", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Role:
    """What a cell is: its kind, the step it belongs to, and whether its own tags say so."""

    kind: RoleKind
    step: str = ""
    tagged: bool = False


@dataclass(frozen=True, slots=True)
class Foreach:
    """A fan-out: the step runs once for each item of an expression.

    Attributes
    ----------
    names
        The variables that take the item; more than one are unpacked.
    items
        The expression, as written.
    """

    names: tuple[str, ...]
    items: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """What the tags of one cell say.

    Attributes
    ----------
    kind
        Its role by its own tags; None where they say nothing of it.
    step
        The step it begins or continues; empty if it belongs to the one above.
    after
        Steps it waits for.
    foreach
        The fan-out, if it begins one.
    problems
        Faults in the tags.
    """

    kind: RoleKind | None = None
    step: str = ""
    after: tuple[str, ...] = ()
    foreach: Foreach | None = None
    problems: tuple[Problem, ...] = ()


def read_tags(cell: Cell, notebook: str) -> Tagged:
    """Return what a cell's tags say; tags that are not ours are left alone."""
    kinds: list[RoleKind] = []
    steps: list[str] = []
    after: list[str] = []
    foreach: Foreach | None = None
    problems: list[Problem] = []
    for tag in cell.tags:
        word, colon, rest = tag.partition(":")
        if not colon and tag in SYNONYMS:
            kinds.append(SYNONYMS[tag])
        elif colon and word in _PREFIXES:
            match _PREFIXES[word]:
                case "step":
                    # Kale's empty ``step:`` continues the step above, as no tag does.
                    steps.extend([rest.strip()] if rest.strip() else [])
                case "after":
                    after.extend(name.strip() for name in rest.split(",") if name.strip())
                case _:
                    foreach = read_foreach(rest)
                    if foreach is None:
                        problems.append(_bad_foreach(tag, cell, notebook))
        else:
            problems.extend(_misspelt(tag, cell, notebook))
    problems.extend(_contradictions(kinds, steps, cell, notebook))
    step = steps[0] if steps and is_name(steps[0]) else ""
    kind: RoleKind | None = kinds[0] if kinds else ("step" if step else None)
    return Tagged(kind, step, tuple(after), foreach, tuple(problems))


def is_ours(tag: str) -> bool:
    """Whether a tag says something of the pipeline."""
    word, colon, _ = tag.partition(":")
    return tag in SYNONYMS or bool(colon and word in _PREFIXES)


def read_foreach(text: str) -> Foreach | None:
    """Return the fan-out that ``X in ITEMS`` describes; None if it is not of that form."""
    found = _FOREACH.match(text)
    if not found:
        return None
    items = found["items"].strip()
    try:
        ast.parse(items, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Foreach(tuple(name.strip() for name in found["names"].split(",")), items)


def is_name(name: str) -> bool:
    """Whether a step may have that name: letters, digits, ``_ . -`` and inner spaces."""
    return bool(_NAME.match(name)) and ".." not in name and name == name.strip()


def suggested_name(text: str) -> str:
    """Return the nearest allowed step name."""
    words = re.sub(r"[^\w.\-]+", "-", text).strip("-._")
    return re.sub(r"\.{2,}", ".", words)[:100] or "step"


def _contradictions(
    kinds: list[RoleKind], steps: list[str], cell: Cell, notebook: str
) -> Iterator[Problem]:
    at = (notebook, cell.id, cell.index)
    if len(set(kinds)) > 1:
        text = f"Cell {cell.index + 1} has the tags {' and '.join(sorted(set(kinds)))}; keep one."
        fix = Fix(cell.id, remove=_others(cell, SYNONYMS.get, kinds[0]))
        yield Problem("tags-disagree", text, "error", *at, fix=fix)
    if len(set(steps)) > 1:
        text = f"Cell {cell.index + 1} begins more than one step: {', '.join(steps)}."
        fix = Fix(cell.id, remove=_others(cell, _step_of, steps[0]))
        yield Problem(
            "tags-disagree", text, "error", *at, suggestion="Keep one step: tag.", fix=fix
        )
    if steps and kinds and kinds[0] in ("parameters", "setup", "skip"):
        text = f"Cell {cell.index + 1} is tagged {kinds[0]} and begins step {steps[0]!r}; keep one."
        fix = Fix(cell.id, remove=_others(cell, SYNONYMS.get, None))
        yield Problem("tags-disagree", text, "error", *at, fix=fix)
    for name in steps:
        if not is_name(name):
            yield _bad_name(name, cell, notebook)


def _others(cell: Cell, meaning: Callable[[str], str | None], kept: str | None) -> tuple[str, ...]:
    """The tags that mean something of a kind, but not what is kept."""
    return tuple(tag for tag in cell.tags if meaning(tag) not in (None, kept))


def _step_of(tag: str) -> str | None:
    word, colon, rest = tag.partition(":")
    return rest.strip() if colon and word in ("step", "block") else None


def _bad_name(name: str, cell: Cell, notebook: str) -> Problem:
    better = suggested_name(name)
    shown = name if len(name) <= 60 else name[:57] + "…"
    prefix = next(t for t in cell.tags if t.partition(":")[0] in ("step", "block"))
    return Problem(
        "bad-step-name",
        f"Cell {cell.index + 1} names its step {shown!r}, which cannot be a step's name: "
        "only letters, digits, spaces and _ . - (at most 100, no '..').",
        notebook=notebook,
        cell=cell.id,
        index=cell.index,
        suggestion=f"Name it {better!r}.",
        fix=Fix(cell.id, (f"step:{better}",), (prefix,)),
    )


def _bad_foreach(tag: str, cell: Cell, notebook: str) -> Problem:
    return Problem(
        "bad-foreach",
        f"Cell {cell.index + 1}: the tag {tag!r} is not of the form foreach:X in ITEMS.",
        notebook=notebook,
        cell=cell.id,
        index=cell.index,
        suggestion="Write for example foreach:country in countries.",
        fix=_item_in(tag, cell),
    )


def _item_in(tag: str, cell: Cell) -> Fix | None:
    """Where only the items are named, an item can be called `item`."""
    better = f"item in {tag.partition(':')[2].strip()}"
    return Fix(cell.id, (f"foreach:{better}",), (tag,)) if read_foreach(better) else None


def _misspelt(tag: str, cell: Cell, notebook: str) -> Iterator[Problem]:
    """A tag of others is left alone; one that is nearly ours is pointed out."""
    word, colon, rest = tag.partition(":")
    known = [f"{prefix}:" for prefix in _PREFIXES] if colon else list(SYNONYMS)
    near = nearest(word + colon, known) if len(word) > 3 else ""
    if near:
        yield Problem(
            "unknown-tag",
            f"Cell {cell.index + 1} has the tag {tag!r}, which means nothing to nbpipe.",
            "info",
            notebook,
            cell.id,
            cell.index,
            suggestion=f"Did you mean {near!r}?",
            fix=Fix(cell.id, (near + rest,), (tag,)),
        )


@dataclass(frozen=True, slots=True)
class NotebookOptions:
    """What ``metadata.nbpipe`` of a notebook says.

    Attributes
    ----------
    name
        Name of the pipeline; None where it is not given.
    step
        Name of the one step that the whole notebook is; None for a notebook of cell steps.
    after, foreach
        For a whole-notebook step.
    steps
        Step → its options as written.
    own
        Options of a whole-notebook step as written.
    problems
        Faults in the metadata.
    """

    name: str | None = None
    step: str | None = None
    after: tuple[str, ...] = ()
    foreach: Foreach | None = None
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_notebook_options(notebook: Notebook) -> NotebookOptions:
    """Return what the notebook's metadata says; whatever is malformed is a problem."""
    raw = notebook.metadata.get("nbpipe")
    if raw is None:
        return NotebookOptions()
    if not isinstance(raw, dict) or raw.get("version", 1) != 1:
        text = f"{notebook.path}: metadata.nbpipe is not of version 1."
        return NotebookOptions(problems=(Problem("bad-metadata", text, notebook=notebook.path),))
    problems: list[Problem] = []
    name, step = raw.get("name"), raw.get("step")
    if step is not None and not (isinstance(step, str) and is_name(step)):
        text = f"{notebook.path}: {step!r} in metadata.nbpipe.step cannot be a step's name."
        problems.append(Problem("bad-step-name", text, notebook=notebook.path))
        step = None
    after = raw.get("after", [])
    if not isinstance(after, list) or not all(isinstance(item, str) for item in after):
        text = f"{notebook.path}: metadata.nbpipe.after is not a list of step names."
        problems.append(Problem("bad-metadata", text, notebook=notebook.path))
        after = []
    steps = raw.get("steps", {})
    if not isinstance(steps, dict) or not all(isinstance(item, dict) for item in steps.values()):
        text = f"{notebook.path}: metadata.nbpipe.steps is not an object of objects."
        problems.append(Problem("bad-metadata", text, notebook=notebook.path))
        steps = {}
    foreach = read_foreach(str(raw["foreach"])) if "foreach" in raw else None
    return NotebookOptions(
        name if isinstance(name, str) and name else None, step, tuple(after), foreach, steps,
        {key: value for key, value in raw.items() if key in OPTION_NAMES}, tuple(problems),
    )  # fmt: skip


OPTION_NAMES = frozenset(
    {
        "retries",
        "retry_delay",
        "timeout",
        "resources",
        "engine",
        "cache",
        "gives",
        "reads",
        "writes",
    }
)
"""The options that a step can have in ``metadata.nbpipe``."""
