"""Which cell belongs to which step: the roles of one notebook's cells, by tags and by place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbpipe.compile.declares import is_declarative
from nbpipe.compile.flow import Block
from nbpipe.compile.notebook import Cell
from nbpipe.compile.tags import (
    Role,
    read_notebook_options,
    read_tags,
    suggested_name,
)
from nbpipe.errors import Fix, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbpipe.compile.notebook import Notebook
    from nbpipe.compile.tags import (
        Foreach,
        NotebookOptions,
        Tagged,
    )

_HEADING = re.compile(r"^#{1,6}\s+(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A step as the tags of one notebook describe it, before names are linked.

    Attributes
    ----------
    name
        The step's name.
    whole
        True for a whole notebook as one step.
    cells
        Its code cells, in order.
    after
        Step → the cell whose tag asks to wait for it (None for the notebook's metadata).
    foreach
        Its fan-out.
    checks, metrics
        Those of `cells` with these tags.
    """

    name: str
    whole: bool
    cells: tuple[Cell, ...] = ()
    after: Mapping[str, Cell | None] = field(default_factory=dict)
    foreach: Foreach | None = None
    checks: tuple[Cell, ...] = ()
    metrics: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One notebook, read: what each cell is, and the steps that result.

    Attributes
    ----------
    notebook, options
        What was read.
    drafts
        Its steps in the order of their first cells.
    roles
        Cell id → what the cell is.
    blocks
        Its code cells with their places, for the dataflow; empty for other languages.
    problems
        Faults in tags and metadata.
    """

    notebook: Notebook
    options: NotebookOptions
    drafts: tuple[Draft, ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    problems: tuple[Problem, ...] = ()


def is_tagged(notebook: Notebook) -> bool:
    """Whether the notebook says itself what its steps are."""
    return is_whole(notebook) or any(
        tag.startswith(("step:", "block:")) for cell in notebook.cells for tag in cell.tags
    )


def is_whole(notebook: Notebook) -> bool:
    """Whether the notebook's metadata make it one step."""
    own = notebook.metadata.get("nbpipe")
    return isinstance(own, dict) and bool(own.get("step"))


def read_roles(notebook: Notebook, default_step: str | None) -> Reading:
    """Return what each cell of a notebook is.

    Parameters
    ----------
    notebook
        The notebook.
    default_step
        Name of the step that the whole notebook is when nothing in it says otherwise;
        None leaves such a notebook out.
    """
    options = read_notebook_options(notebook)
    whole = options.step or (None if is_tagged(notebook) else default_step)
    tagged = {cell.id: read_tags(cell, notebook.path) for cell in notebook.cells}
    reader = _Reader(notebook, options, tagged)
    if whole:
        reader.read_whole(whole)
    elif is_tagged(notebook):
        reader.read_cells()
    problems = [*notebook.problems, *options.problems, *reader.problems]
    problems += [problem for said in tagged.values() for problem in said.problems]
    drafts = tuple(reader.draft(name) for name in reader.members)
    return Reading(notebook, options, drafts, reader.roles, tuple(reader.blocks), tuple(problems))


class _Reader:
    """Walks the cells of one notebook once."""

    def __init__(
        self, notebook: Notebook, options: NotebookOptions, tagged: Mapping[str, Tagged]
    ) -> None:
        self.notebook = notebook
        self.options = options
        self.tagged = tagged
        self.whole = False
        self.members: dict[str, list[Cell]] = {}
        self.roles: dict[str, Role] = {}
        self.blocks: list[Block] = []
        self.problems: list[Problem] = []

    def read_whole(self, name: str) -> None:
        """Every code cell belongs to the one step, save parameters and skipped ones."""
        self.whole = True
        self.members[name] = []
        for cell in self._code():
            said = self.tagged[cell.id].kind
            kind = said if said in ("parameters", "skip", "check", "metrics") else "step"
            self._place(cell, Role(kind, name, tagged=said is not None))

    def read_cells(self) -> None:
        """Tags begin steps; an untagged cell belongs to the step above it."""
        current = ""
        for cell in self._code():
            said = self.tagged[cell.id]
            current = said.step or current
            if said.kind in ("parameters", "setup", "skip"):
                self._place(cell, Role(said.kind, tagged=True))
            elif current:
                kind = said.kind or "step"
                self._place(cell, Role(kind, current, tagged=said.kind is not None))
            else:
                self._place_above(cell, said)

    def _place_above(self, cell: Cell, said: Tagged) -> None:
        """A cell above the first step: setup if it only declares, else a problem."""
        if said.kind is None and is_declarative(cell.source):
            self._place(cell, Role("setup"))
            return
        self.roles[cell.id] = Role("none", tagged=said.kind is not None)
        name = self._name_for(cell)
        what = f"is tagged {said.kind}" if said.kind else "does more than declare"
        self.problems.append(
            Problem(
                "above-first-step",
                f"Cell {cell.index + 1} {what} and stands above the first step.",
                notebook=self.notebook.path,
                cell=cell.id,
                index=cell.index,
                suggestion=f"Tag it step:{name}, or setup if every step may run it again.",
                fix=Fix(cell.id, (f"step:{name}",)),
            )
        )

    def _name_for(self, cell: Cell) -> str:
        """A step name from the heading above the cell, else from its first word."""
        above = [c for c in self.notebook.cells[: cell.index] if c.kind == "markdown"]
        found = _HEADING.findall(above[-1].source) if above else []
        words = suggested_name(found[-1]).lower().split("-")[:3] if found else ["load"]
        return "-".join(words)

    def _place(self, cell: Cell, role: Role) -> None:
        self.roles[cell.id] = role
        if role.kind == "skip":
            return
        if role.kind in ("parameters", "setup"):
            self._block(cell, role.kind, "")
            return
        if role.step not in self.members:
            self.members[role.step] = []
            self._enumerate(role.step, cell)
        self.members[role.step].append(cell)
        self._block(cell, "step", role.step)

    def _enumerate(self, step: str, first: Cell) -> None:
        """A fan-out's items are a small step of their own, right before it."""
        foreach = self._foreach(step, [first])
        if foreach is not None:
            self._block(items_cell(foreach, first), "step", items_step(step))

    def _block(self, cell: Cell, role: str, step: str) -> None:
        if self.notebook.language == "python":
            self.blocks.append(Block(cell, role, step))  # type: ignore[arg-type]

    def _foreach(self, step: str, cells: Sequence[Cell]) -> Foreach | None:
        if self.whole:
            return self.options.foreach
        found = [self.tagged[cell.id].foreach for cell in cells]
        return next((item for item in found if item is not None), None)

    def draft(self, name: str) -> Draft:
        """Return the step of that name as far as tags tell."""
        cells = self.members[name]
        after: dict[str, Cell | None] = dict.fromkeys(self.options.after) if self.whole else {}
        for cell in cells:
            after.update(dict.fromkeys(self.tagged[cell.id].after, cell))
        checks = [cell for cell in cells if self.roles[cell.id].kind == "check"]
        metrics = [cell for cell in cells if self.roles[cell.id].kind == "metrics"]
        return Draft(
            name, self.whole, tuple(cells), after, self._foreach(name, cells), tuple(checks),
            tuple(metrics),
        )  # fmt: skip

    def _code(self) -> list[Cell]:
        return [cell for cell in self.notebook.cells if cell.kind == "code"]


def items_cell(foreach: Foreach, first: Cell) -> Cell:
    """Return the one cell of the small step that enumerates items, put in before `first`."""
    source = f"nbpipe_items = list({foreach.items})"
    return Cell(f"nbpipe-items-{first.index}", "code", source, (), first.index)


def items_step(step: str) -> str:
    """Name of the small step that enumerates the items of a fan-out."""
    return f"{step}[]"
