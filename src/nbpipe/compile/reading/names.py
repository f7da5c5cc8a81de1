"""Reading of one code cell: which names its statements read, bind and change, and how surely."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nbpipe.compile.reading import kinds, magics, spelled
from nbpipe.compile.reading.calls import read_call
from nbpipe.compile.reading.expressions import EXPRESSIONS, Expressions
from nbpipe.compile.reading.facts import (
    IMMUTABLE,
    NOTHING,
    PLAIN,
    CellFacts,
    Fault,
    Statement,
    Value,
)
from nbpipe.compile.reading.functions import read_class, read_function
from nbpipe.compile.reading.literals import literal
from nbpipe.compile.reading.values import elements, is_copy

if TYPE_CHECKING:
    from collections.abc import Callable

_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_LITERALS = (ast.Constant, ast.List, ast.Dict, ast.Tuple, ast.UnaryOp, ast.Set)
_HOLDING = frozenset({ast.Lambda, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.GeneratorExp})
_NAME_ERRORS = frozenset({"NameError", "Exception", "BaseException", "UnboundLocalError"})
_NONE: dict[str, Any] = {}
CACHED_CELLS = 65536


@lru_cache(maxsize=CACHED_CELLS)
def read_cell(source: str) -> CellFacts:
    """Read a code cell.

    Parameters
    ----------
    source
        Its text; IPython's magics, shell lines and top-level ``await`` are understood.

    Returns
    -------
    CellFacts
        One `Statement` for each top-level statement; none and a fault where the text is not
        Python. Nothing is raised, whatever the text.
    """
    tree, fault = _parse(source)
    if tree is None:
        return CellFacts((), fault)
    late = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )
    statements = tuple(_read_statements(tree.body, late))
    shows = bool(tree.body) and isinstance(tree.body[-1], ast.Expr)
    return CellFacts(statements, None, shows)


@lru_cache(maxsize=256)
def read_literals(source: str) -> tuple[tuple[object] | None, ...]:
    """Return, for each statement of a cell, the JSON value that it assigns, as a 1-tuple.

    None stands for a statement that assigns no literal; empty for a cell that is not Python.
    """
    tree, _ = _parse(source)
    return tuple(_assigned_literal(node) for node in tree.body) if tree is not None else ()


def _assigned_literal(node: ast.stmt) -> tuple[object] | None:
    if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
        return None
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    plain = all(isinstance(target, ast.Name) for target in targets)
    return literal(node.value) if plain and isinstance(node.value, _LITERALS) else None


def _parse(source: str) -> tuple[ast.Module | None, Fault | None]:
    try:
        if not magics.is_cell_magic(source):
            try:
                return spelled.as_magics(ast.parse(source), source), None
            except SyntaxError:
                if not magics.has_magic(source):
                    raise
        return spelled.as_magics(ast.parse(magics.to_python(source)), source), None
    except SyntaxError as error:
        message = f"This cell is not valid Python: {error.msg}."
        return None, Fault(
            "syntax-error", message, error.lineno, "Correct it, or tag the cell `skip`."
        )
    except ValueError:
        message = "This cell holds a character that Python does not allow (NUL)."
        return None, Fault("syntax-error", message, 1, "Delete it and type the line anew.")
    except (RecursionError, MemoryError):
        message = "This cell is nested too deeply for Python to read."
        return None, Fault("syntax-error", message, None, "Split its longest expression.")


def _read_statements(body: list[ast.stmt], late: bool) -> list[Statement]:
    reader = Reader(late)
    statements: list[Statement] = []
    for node in body:
        try:
            reader.statement(node)
        except RecursionError:
            reader = Reader(late)
            _read_flatly(reader, node)
        statements.append(reader.finish(node))
    return statements


def _read_flatly(reader: Reader, node: ast.stmt) -> None:
    """Read a statement too deep to walk: every name in it may be read and bound."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            if isinstance(part.ctx, ast.Load):
                reader.scope.reads.setdefault(part.id, part.lineno)
                reader.scope.doubts.add(part.id)
            else:
                reader.scope.stores[part.id] = part.lineno
    if isinstance(node, ast.Assign):
        reader.scope.bound.update(t.id for t in node.targets if isinstance(t, ast.Name))


class Reader(Expressions):
    """Reads one top-level statement."""

    def __init__(self, late: bool) -> None:
        super().__init__()
        self.late_annotations = late
        self.terminated = False
        self.inside = 0

    # the whole statement ---------------------------------------------------------------

    def finish(self, node: ast.stmt) -> Statement:
        """Return what was found, and be ready for the next statement."""
        scope = self.scope
        if self.lambdas:
            self.lambdas = {}
        binds, maybe = _split(scope.stores, scope.bound) if scope.stores else (_NONE, _NONE)
        first = getattr(node, "decorator_list", None)
        statement = Statement(
            first[0].lineno if first else node.lineno,
            node.end_lineno or node.lineno,
            kinds.kind_of(node, scope),
            scope.reads or _NONE,
            frozenset(scope.doubts) if scope.doubts else NOTHING,
            scope.peeks or _NONE,
            scope.inner or _NONE,
            scope.after or _NONE,
            binds,
            maybe,
            frozenset(scope.gone) if scope.gone else NOTHING,
            frozenset(scope.maybe_gone - scope.gone) if scope.maybe_gone else NOTHING,
            tuple(scope.changes),
            tuple(scope.calls),
            tuple(scope.uses),
            tuple(scope.links),
            tuple(scope.put),
            scope.values or _NONE,
            scope.summaries or _NONE,
            scope.imports or _NONE,
            tuple(scope.attrs),
            tuple(scope.gets),
            tuple(scope.words),
            scope.opaque,
            kinds.effect_of(node),
            tuple(scope.sets),
            kinds.origin_of(node),
            scope.wipes,
            bool(scope.sets) and kinds.only_sets(node),
            kinds.is_pure(node),
            scope.star,
            frozenset(scope.modules) if scope.modules else NOTHING,
        )
        scope.renew()
        return statement

    def statement(self, node: ast.stmt) -> None:
        """Read one statement at any depth."""
        handler = _STATEMENTS.get(type(node))
        if self.inside:
            effect = kinds.effect_of(node)
            if effect:
                self.outer().sets.append(effect)
        if handler is not None:
            handler(self, node)
        else:
            self.visit(node)

    def block(self, body: list[ast.stmt]) -> bool:
        """Read statements in order; tell whether they never come to their end."""
        ended = False
        self.inside += 1
        for node in body:
            self.statement(node)
            ended = ended or isinstance(node, _ENDS) or self.terminated
            self.terminated = False
        self.inside -= 1
        return ended

    def branches(self, bodies: list[list[ast.stmt]], sure: bool = False) -> None:
        """Read alternatives: bound for certain is what all that come to their end have bound."""
        scope = self.scope
        before, gone = set(scope.bound), set(scope.gone)
        merged: set[str] | None = None
        every_gone: set[str] | None = None
        self.unsure += not sure
        for body in bodies:
            scope.bound, scope.gone = set(before), set(gone)
            ended = self.block(body)
            scope.maybe_gone |= scope.gone
            if not ended:
                merged = scope.bound if merged is None else merged & scope.bound
                every_gone = scope.gone if every_gone is None else every_gone & scope.gone
        self.unsure -= not sure
        self.terminated = merged is None
        scope.bound = before if merged is None else merged
        scope.gone = gone if every_gone is None else every_gone

    # simple statements -------------------------------------------------------------------

    def _expression(self, node: ast.Expr) -> None:
        self.bare = node.value
        self.visit(node.value)

    def _assign(self, node: ast.Assign) -> None:
        value = self._assigned(node.value)
        if self.scope.depth == self.inside and is_copy(value):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self.scope.fresh.setdefault(target.id, node.lineno)
        for target in node.targets:
            self.target(target, value)

    def _assigned(self, node: ast.expr) -> Value:
        if type(node) is ast.Constant:
            return self.value(node)
        self.defer = type(node) in _HOLDING
        self.valued = node
        self.visit(node)
        self.defer = False
        self.valued = None
        value = self.value(node)
        if type(node) is ast.UnaryOp and self.scope.kind == "module":
            return IMMUTABLE
        return value

    def _annotated(self, node: ast.AnnAssign) -> None:
        if self.scope.kind != "function" and not self.late_annotations:
            self.visit(node.annotation)
        if node.value is not None:
            self.target(node.target, self._assigned(node.value))
        elif not isinstance(node.target, ast.Name):
            self.visit(node.target)

    def _augmented(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Name):
            self.load(target.id, target.lineno)
            self.visit(node.value)
            self.change(target, "aug")
            held = self.value(node.value)
            value = Value(same=self.resolve(target.id), holds=held.same | held.holds)
            self.store(target.id, target.lineno, value)
            return
        self.visit(node.value)
        self.place(target)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            names = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
            for name in names:
                if isinstance(name, ast.Name):
                    self._delete_name(name)
                else:
                    self.change(name, "store", "del")
                    self.visit(name)

    def _delete_name(self, node: ast.Name) -> None:
        self.load(node.id, node.lineno)
        scope = self.scope
        scope.bound.discard(node.id)
        scope.values.pop(node.id, None)
        if scope.kind == "function":
            scope.stores[node.id] = node.lineno
            return
        scope.stores.pop(node.id, None)
        scope.gone.add(node.id)

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            top = alias.name.partition(".")[0]
            name = alias.asname or top
            self.scope.imports[name] = alias.name if alias.asname else top
            self.scope.modules.add(top)
            if top == "__main__":
                self.scope.opaque = "import __main__"
            self.store(name, node.lineno)

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        if module != "__future__" and not node.level:
            self.scope.modules.add(module.partition(".")[0])
        for alias in node.names:
            if alias.name == "*":
                self.scope.star = module
            elif module == "__future__":
                continue
            else:
                name = alias.asname or alias.name
                self.scope.imports[name] = f"{module}.{alias.name}"
                self.store(name, node.lineno)

    def _global(self, node: ast.Global) -> None:
        if self.scope.kind == "function":
            self.scope.globals.update(node.names)

    def _nonlocal(self, node: ast.Nonlocal) -> None:
        self.scope.nonlocals.update(node.names)

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.defer = isinstance(node.value, (ast.Lambda, ast.GeneratorExp))
            self.visit(node.value)
            self.defer = False
            self.scope.returns.append(self.value(node.value))

    # compound statements -----------------------------------------------------------------

    def _if(self, node: ast.If) -> None:
        self.visit(node.test)
        self.branches([node.body, node.orelse])

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        value = elements(self.value(node.iter))
        before = set(self.scope.bound)
        self.target(node.target, value)
        self.block(node.body)
        self.terminated = False
        self.scope.bound = before | (self.scope.bound if kinds.surely_runs(node.iter) else set())
        self.scope.maybe_gone |= self.scope.gone
        self.block(node.orelse)

    def _while(self, node: ast.While) -> None:
        self.visit(node.test)
        always = isinstance(node.test, ast.Constant) and bool(node.test.value)
        before = set(self.scope.bound)
        self.unsure += not always
        self.block(node.body)
        self.unsure -= not always
        self.terminated = False
        if not always:
            self.scope.bound = before
        self.block(node.orelse)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self.target(item.optional_vars, self.value(item.context_expr))
        scope, before = self.outer(), len(self.outer().sets)
        self.terminated = self.block(node.body)
        if not kinds.lasts(node):
            del scope.sets[before:]

    def _try(self, node: ast.Try) -> None:
        scope = self.scope
        before = set(scope.bound)
        guarded = any(_catches_names(handler) for handler in node.handlers)
        self.unsure += guarded
        self.block(node.body)
        self.unsure -= guarded
        ended = self.block(node.orelse)
        merged = None if ended or _always_ends(node.body) else set(scope.bound)
        for handler in node.handlers:
            scope.bound = set(before)
            if not self._handler(handler):
                merged = set(scope.bound) if merged is None else merged & scope.bound
        scope.bound = before if merged is None else merged
        self.terminated = merged is None
        self.block(node.finalbody)

    def _handler(self, node: ast.ExceptHandler) -> bool:
        scope = self.scope
        if node.type is not None:
            self.visit(node.type)
        known_before = False
        if node.name:
            known_before = node.name in scope.bound or node.name in scope.stores
            self.store(node.name, node.lineno)
        self.unsure += 1
        ended = self.block(node.body)
        self.unsure -= 1
        if node.name:
            scope.bound.discard(node.name)
            if scope.kind != "function":
                if not known_before:
                    scope.stores.pop(node.name, None)
                scope.maybe_gone.add(node.name)
        return ended

    def _match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        value = elements(self.value(node.subject))
        scope = self.scope
        before = set(scope.bound)
        results: list[set[str]] = []
        total = False
        for case in node.cases:
            scope.bound = set(before)
            self._pattern(case.pattern, value)
            if case.guard is not None:
                self.visit(case.guard)
            self.unsure += 1
            ended = self.block(case.body)
            self.unsure -= 1
            total = total or (case.guard is None and _catches_all(case.pattern))
            if not ended:
                results.append(scope.bound)
        if not total:
            results.append(self._captured(node, before))
        scope.bound = set.intersection(*results) if results else before

    def _captured(self, node: ast.Match, before: set[str]) -> set[str]:
        """Names bound where no case matches: none, but one lone case is taken to match."""
        return self.scope.bound if len(node.cases) == 1 else before

    def _pattern(self, node: ast.pattern, value: Value) -> None:
        for part in ast.walk(node):
            name = getattr(part, "name", None) or getattr(part, "rest", None)
            if isinstance(name, str):
                self.store(name, getattr(part, "lineno", 1), value)
            elif isinstance(part, (ast.MatchValue, ast.MatchClass)):
                self.visit(part.value if isinstance(part, ast.MatchValue) else part.cls)
            elif isinstance(part, ast.MatchMapping):
                for key in part.keys:
                    self.visit(key)


def _split(stores: dict[str, int], bound: set[str]) -> tuple[dict[str, int], dict[str, int]]:
    if stores.keys() <= bound:
        return stores, _NONE
    binds = {name: line for name, line in stores.items() if name in bound}
    return binds, {name: line for name, line in stores.items() if name not in bound}


def _always_ends(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], _ENDS)


def _catches_names(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in _NAME_ERRORS for kind in types)


def _catches_all(pattern: ast.pattern) -> bool:
    if isinstance(pattern, ast.MatchOr):
        return any(_catches_all(part) for part in pattern.patterns)
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None


_STATEMENTS: dict[type, Callable[..., None]] = {
    ast.Expr: Reader._expression,
    ast.Assign: Reader._assign,
    ast.AnnAssign: Reader._annotated,
    ast.AugAssign: Reader._augmented,
    ast.Delete: Reader._delete,
    ast.Import: Reader._import,
    ast.ImportFrom: Reader._import_from,
    ast.Global: Reader._global,
    ast.Nonlocal: Reader._nonlocal,
    ast.Return: Reader._return,
    ast.If: Reader._if,
    ast.For: Reader._for,
    ast.AsyncFor: Reader._for,
    ast.While: Reader._while,
    ast.With: Reader._with,
    ast.AsyncWith: Reader._with,
    ast.Try: Reader._try,
    ast.TryStar: Reader._try,
    ast.Match: Reader._match,
    ast.FunctionDef: read_function,
    ast.AsyncFunctionDef: read_function,
    ast.ClassDef: read_class,
}
Reader.handlers = {**EXPRESSIONS, ast.Call: read_call}
__all__ = ["NOTHING", "PLAIN", "Reader", "read_cell", "read_literals"]
