"""Whether a cell only declares: imports, definitions, constants, settings; nothing computed."""

from __future__ import annotations

import ast
from functools import lru_cache

from nbpipe.compile.reading import magics
from nbpipe.compile.reading.mutations import (
    PURE_CALLS,
    SEED_ALL,
    SEEDS,
    SETTING_CALLS,
    SETTING_DOTTED,
    SHELL,
    SHELL_RUNS,
)
from nbpipe.compile.reading.spelled import as_magics
from nbpipe.compile.reading.texts import path_of

_CONSTRUCTORS = frozenset(
    [
        "Path",
        "PurePath",
        "join",
        "dict",
        "list",
        "tuple",
        "set",
        "frozenset",
        "str",
        "int",
        "float",
        "bool",
        "range",
        "compile",
        "date",
        "datetime",
        "timedelta",
        "Timestamp",
        "Timedelta",
        "Decimal",
        "Fraction",
        "getenv",
        "get",
        "dirname",
        "abspath",
        "expanduser",
        "upper",
        "lower",
        "strip",
        "split",
        "replace",
        "cycler",
        "OrderedDict",
        "partial",
        "TypeVar",
        "get_ipython",
        "getLogger",
        "object",
    ]
)
"""Calls that make a constant: the same value whenever they are run again."""

_SETTERS = (
    SETTING_CALLS
    | {name.rpartition(".")[2] for name in SETTING_DOTTED}
    | {name.rpartition(".")[2] for name in SEEDS}
    | SEED_ALL.keys()
)


@lru_cache(maxsize=4096)
def is_declarative(source: str) -> bool:
    """Return whether every statement of a cell declares or sets something.

    Such a cell may be run again before every step. A cell that does not parse is taken as
    declarative: what is wrong with it is said elsewhere.
    """
    try:
        tree = as_magics(ast.parse(magics.to_python(source)), source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return not magics.is_cell_magic(source)
    return all(_declares(node) for node in tree.body)


def _declares(node: ast.stmt) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return True
        case ast.ClassDef() | ast.Pass():
            return True
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return _is_constant(value)
        case ast.AnnAssign():
            return True
        case ast.Expr(value=value):
            return _sets(value)
        case ast.If(test=test, body=body, orelse=orelse):
            return _is_constant(test) and all(map(_declares, body + orelse))
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            caught = [inner for handler in handlers for inner in handler.body]
            return all(map(_declares, body + caught + orelse + final))
        case ast.With(body=body):
            return all(map(_declares, body))
    return False


def _sets(value: ast.expr) -> bool:
    """A bare expression that sets something, or only shows something."""
    if not isinstance(value, ast.Call):
        return _is_constant(value)
    name = _last(value.func)
    if path_of(value)[:1] == (SHELL,):
        return not SHELL_RUNS & set(path_of(value))
    return name in _SETTERS or name in PURE_CALLS or name in (magics.SETTING, magics.RESET)


def _is_constant(value: ast.expr) -> bool:
    calls = (node for node in ast.walk(value) if isinstance(node, ast.Call))
    waits = any(isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom)) for node in ast.walk(value))
    lambdas = isinstance(value, ast.Lambda)
    return lambdas or (not waits and all(_last(call.func) in _CONSTRUCTORS for call in calls))


def _last(func: ast.expr) -> str:
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""
