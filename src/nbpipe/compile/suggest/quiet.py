"""What a cell is to `split`: one that only declares, only defines, only looks, sets literals."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from nbpipe.compile.declares import is_declarative
from nbpipe.compile.reading import magics
from nbpipe.compile.reading.mutations import BUILTINS, PURE_CALLS
from nbpipe.compile.reading.names import read_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbpipe.compile.notebook import Cell

_DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BEGINS = re.compile(r"\A(?:\s*(?:#[^\n]*)?\n)*(?:import|from|def|async|class|@)")
_COMPOUND = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.ExceptHandler)
_INNER = (ast.stmt, ast.ExceptHandler)
_SCALARS = (str, int, float, bool, type(None))
_LOOKS = frozenset({"head", "tail", "describe", "info", "dtypes", "shape", "columns", "index"})


def declares_quietly(source: str) -> bool:
    """Whether a cell only declares or sets, and shows nothing: every step may run it again."""
    return is_declarative(source) and not any(_shows(node) for node in _body(source))


def defines_only(source: str) -> bool:
    """Whether a cell holds imports, functions and classes and nothing else."""
    if not _BEGINS.search(source):
        return False
    body = _body(source)
    return bool(body) and all(isinstance(node, _DEFINES) for node in body)


def only_looks(source: str) -> bool:
    """Whether a cell only shows what is there, as ``df.head()`` does."""
    statements = read_cell(source).statements
    if not statements or not all(s.pure and not s.binds and not s.maybe for s in statements):
        return False
    return all(
        not use.attrs or use.attrs[-1] in _LOOKS or use.attrs[-1] in PURE_CALLS
        for statement in statements
        for use in statement.uses
    )


def literal_names(source: str) -> tuple[str, ...]:
    """Return the names that a cell sets to plain literals; none where it does anything else."""
    names: list[str] = []
    for node in _body(source):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_plain(value):
                names.append(name)
            case ast.Expr(value=ast.Constant(value=str())) if not names:
                continue
            case _:
                return ()
    return tuple(names)


def imports_all(source: str) -> bool:
    """Whether a cell imports all that a module has: nobody knows which names those are."""
    return any(statement.star for statement in read_cell(source).statements)


def values_of(source: str) -> frozenset[str]:
    """Return the names that a cell binds to values: not imports, functions or classes."""
    return frozenset(
        name
        for statement in read_cell(source).statements
        if statement.kind not in ("import", "definition")
        for name in (*statement.binds, *statement.maybe)
    )


def changed_in(sources: Iterable[str]) -> frozenset[str]:
    """Return the names that cells bind anew, delete, or change in place."""
    found: set[str] = set()
    for source in sources:
        for statement in read_cell(source).statements:
            found.update(statement.binds, statement.maybe, statement.gone, statement.maybe_gone)
            found.update(change.name for change in statement.changes)
    return frozenset(found)


def find_parameters(cell: Cell, others: Sequence[Cell]) -> bool:
    """Whether a cell's literals can be parameters: set once, changed by nobody, and used."""
    names = set(literal_names(cell.source))
    sources = [other.source for other in others]
    if not names or names & BUILTINS or names & changed_in(sources):
        return False
    return any(name in source for name in names for source in sources)


def _is_plain(value: ast.expr) -> bool:
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        value = value.operand
    return isinstance(value, ast.Constant) and isinstance(value.value, _SCALARS)


def _shows(node: ast.AST) -> bool:
    """Whether a statement, or one that runs inside it, prints or shows a value."""
    if not isinstance(node, ast.Expr):
        inside = ast.iter_child_nodes(node) if isinstance(node, _COMPOUND) else ()
        return any(_shows(inner) for inner in inside if isinstance(inner, _INNER))
    if not isinstance(node.value, ast.Call):
        return not isinstance(node.value, ast.Constant)
    func = node.value.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    return name in PURE_CALLS


@lru_cache(maxsize=2048)
def _body(source: str) -> tuple[ast.stmt, ...]:
    try:
        return tuple(ast.parse(magics.to_python(source)).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
