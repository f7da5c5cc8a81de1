"""Changes of cells that cure a problem: in their code, and in the tags that name steps."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from nbpipe.errors import Fix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nbpipe.compile.notebook import Cell


def read_instead(cell: Cell, name: str, other: str, first: str = "") -> Fix | None:
    """Read `other` wherever the cell reads `name`; None where its code cannot be rewritten.

    Parameters
    ----------
    cell, name
        The cell, and the name that it reads.
    other
        The expression that stands there from now on.
    first
        A line that has to stand above, unless the cell has it.
    """
    changed = _replaced(cell.source, name, other)
    if changed is None:
        return None
    if first and first not in cell.source.splitlines():
        changed = f"{first}\n{changed}"
    return Fix(cell.id, source=changed, says=f"write {other} for {name}")


def literal_instead(cell: Cell, name: str, value: object) -> Fix | None:
    """Assign another literal to `name`; None where that assignment is not plain."""
    tree = _parsed(cell.source)
    values = [
        statement.value
        for statement in (tree.body if tree else ())
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None
        for target in _targets(statement)
        if isinstance(target, ast.Name) and target.id == name
    ]
    if len(values) != 1:
        return None
    changed = _spliced(cell.source, values, repr(value))
    return Fix(cell.id, source=changed, says=f"give {name} the default {value!r}")


def value_instead(cell: Cell, line: int | None) -> Fix | None:
    """Write the number or text that the assignment at `line` works out; None where it is none."""
    tree = _parsed(cell.source)
    for statement in tree.body if tree else ():
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.lineno == line:
            value = None if statement.value is None else _worked_out(statement.value)
            if statement.value is None or value is None:
                return None
            changed = _spliced(cell.source, [statement.value], repr(value))
            return Fix(cell.id, source=changed, says=f"write {value!r}")
    return None


def without_del(cell: Cell, name: str) -> Fix | None:
    """Take `name` out of the cell's `del`; None where not one plain statement deletes it."""
    tree = _parsed(cell.source)
    deleting = [
        node for node in (tree.body if tree else ())
        if isinstance(node, ast.Delete) and name in map(ast.unparse, node.targets)
    ]  # fmt: skip
    if len(deleting) != 1:
        return None
    left = [text for node in deleting[0].targets if (text := ast.unparse(node)) != name]
    changed = _spliced(cell.source, deleting, f"del {', '.join(left)}" if left else "pass")
    return Fix(cell.id, source=changed, says=f"remove del {name}")


def after_instead(cell: Cell, step: str, other: str) -> Fix | None:
    """Wait for `other` where a tag says to wait for `step`; empty waits for none."""
    for tag in cell.tags:
        word, colon, rest = tag.partition(":")
        names = [name.strip() for name in rest.split(",")]
        if colon and word in ("after", "prev") and step in names:
            kept = [name for name in names if name and name not in (step, other)]
            kept += [other] if other else []
            return Fix(cell.id, (f"{word}:{', '.join(kept)}",) if kept else (), (tag,))
    return None


def step_instead(cells: Sequence[Cell], step: str, other: str) -> Fix | None:
    """Give all of these cells that are tagged with `step` to `other`."""
    changes = _given(cells, step, other)
    return together(changes, f"name the step {other}") if changes else None


def _given(cells: Sequence[Cell], step: str, other: str) -> list[Fix]:
    return [
        Fix(cell.id, (f"step:{other}",), (tag,))
        for cell in cells
        for tag in cell.tags
        if tag.partition(":")[0] in ("step", "block") and tag.partition(":")[2].strip() == step
    ]


def merged(steps: Mapping[str, Sequence[Cell]]) -> Fix | None:
    """Give the cells of all these steps to the first of them."""
    into, *others = steps
    changes = [change for step in others for change in _given(steps[step], step, into)]
    return together(changes, f"put {' and '.join(others)} into step {into}") if changes else None


def renamed_entry(entry: tuple[str, ...], name: str) -> Fix:
    """Call an entry of the notebook's metadata `name`; empty takes it away."""
    says = f"call {entry[-1]} {name}" if name else f"remove {entry[-1]}"
    return Fix(None, entry=entry, becomes=name or None, says=says)


def together(changes: Sequence[Fix], says: str) -> Fix:
    """Return several changes as one."""
    first, *others = changes
    return Fix(first.cell, first.add, first.remove, says=says, also=tuple(others))


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return `name` with the smallest number behind it that makes it a new one."""
    known = set(taken)
    return next(new for i in range(2, len(known) + 3) if (new := f"{name}-{i}") not in known)


def _replaced(source: str, name: str, other: str) -> str | None:
    tree = _parsed(source)
    if tree is None:
        return None
    reads = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]  # fmt: skip
    # In an f-string of Python 3.11 a name is said to stand elsewhere.
    if not reads or any(ast.get_source_segment(source, node) != name for node in reads):
        return None
    return _spliced(source, reads, other)


_WORKED_OUT: Mapping[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
}

_LARGEST = 2.0**53
"""No number larger than that, and no longer text, is worked out."""


def _worked_out(node: ast.expr) -> float | str | None:
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() | float() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            inner = _worked_out(operand)
            if inner is None or isinstance(inner, str):
                return None
            return -inner if isinstance(sign, ast.USub) else inner
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _WORKED_OUT:
            return _together_as(type(op), _worked_out(left), _worked_out(right))
        case _:
            return None


def _together_as(
    op: type[ast.operator], left: float | str | None, right: float | str | None
) -> float | str | None:
    if left is None or right is None or isinstance(left, str) != isinstance(right, str):
        return None
    if isinstance(left, str):
        return operator.add(left, right) if op is ast.Add else None
    if op in (ast.Pow, ast.LShift) and not 0 <= float(right) <= 64:
        return None
    try:
        value = _WORKED_OUT[op](left, right)
        return value if abs(value) <= _LARGEST else None
    except (ArithmeticError, TypeError):
        return None


def _parsed(source: str) -> ast.Module | None:
    """The code; None for what only IPython understands."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def _spliced(source: str, nodes: Iterable[ast.expr | ast.stmt], text: str) -> str:
    """The source with each of the nodes written as `text`."""
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    whole = b"".join(lines)
    spans = [
        (
            starts[n.lineno - 1] + n.col_offset,
            starts[(n.end_lineno or 1) - 1] + (n.end_col_offset or 0),
        )
        for n in nodes
    ]
    for begin, end in sorted(spans, reverse=True):
        whole = whole[:begin] + text.encode() + whole[end:]
    return whole.decode()
