"""What an expression denotes: the names behind an object, what a value is made from."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from nbpipe.compile.reading import mutations as known
from nbpipe.compile.reading.facts import IMMUTABLE, NOTHING, PLAIN, Change, Made, Value
from nbpipe.compile.reading.scopes import Scope, close_aliases, merge
from nbpipe.compile.reading.texts import chain, sum_text, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbpipe.compile.reading.facts import Names, Summary

NONE_RETURNING = frozenset(
    [
        "append",
        "extend",
        "insert",
        "remove",
        "clear",
        "sort",
        "reverse",
        "update",
        "add",
        "discard",
        "fill",
        "plot",
        "hist",
        "boxplot",
        "write",
        "step",
        "train",
        "compile",
        "subtract",
    ]
)
_COPYING = frozenset({"loc", "iloc", "at", "iat", "shape", "dtype", "size", "ndim", "columns"})
_TEXT_CALLS = frozenset({"Path", "PurePath", "PosixPath", "join", "joinpath", "str", "fspath"})
_WRAPPING = frozenset({ast.Attribute, ast.Subscript, ast.Starred, ast.Await, ast.NamedExpr})
_NAMESPACES = frozenset({"globals", "locals", "vars"})
_PLACES = frozenset({ast.Attribute, ast.Subscript})


class Called(NamedTuple):
    """A call: its dotted name, where it has one, and the names behind its arguments."""

    node: ast.Call
    names: tuple[str, ...] | None
    args: tuple[Names, ...]
    keywords: tuple[tuple[str, Names], ...]

    def all_args(self) -> tuple[Names, ...]:
        """Return the names behind all arguments, in order."""
        return (*self.args, *[names for _, names in self.keywords]) if self.keywords else self.args


class Values:
    """Knows the scope at hand, and what expressions that were visited in it denote."""

    def __init__(self) -> None:
        self.scope = Scope("module")
        self.unsure = 0
        self.defer = False
        self.valued: ast.expr | None = None
        self.bare: ast.expr | None = None
        self.late_annotations = False
        self.lambdas: dict[int, Summary] = {}
        self.alone: dict[str, Names] = {}
        self.called: Called | None = None

    # names -----------------------------------------------------------------------------

    def load(self, name: str, line: int) -> None:
        """Record that a name is read."""
        scope = self.scope
        bound = scope.bound
        if name in bound:
            if scope.kind == "module":
                scope.inner.setdefault(name, line)
                self._follow(scope, name)
            return
        if name not in scope.reads:
            scope.reads[name] = line
            if self.unsure:
                scope.doubts.add(name)
        elif not self.unsure and name in scope.doubts:
            scope.doubts.discard(name)
        if bound and scope.kind == "module":
            self._follow(scope, name)

    def _follow(self, scope: Scope, name: str) -> None:
        """Record what was bound before a read."""
        before = scope.after.get(name)
        if before is None:
            scope.after[name] = frozenset(scope.bound)
        elif not before <= scope.bound:
            scope.after[name] = before & scope.bound

    def store(self, name: str, line: int, value: Value = PLAIN) -> None:
        """Record that a name is bound."""
        scope = self.scope
        scope.stores[name] = line
        if scope.kind != "function" or name in scope.globals:
            scope.bound.add(name)
        if scope.kind == "comprehension":
            roots = value.same | value.part | value.view
            if roots:
                scope.alias[name] = roots
            return
        if scope.gone:
            scope.gone.discard(name)
        if name in scope.values:
            value = merge(scope.values[name], value)
        scope.values[name] = value

    def outer(self) -> Scope:
        """Return the nearest scope that is no comprehension."""
        scope = self.scope
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        return scope

    def resolve(self, name: str) -> Names:
        """Return what a name stands for, seen through comprehension variables."""
        scope = self.scope
        while scope.kind == "comprehension" and scope.parent is not None:
            if name in scope.stores:
                return close_aliases(scope.alias, frozenset((name,))) - scope.stores.keys()
            scope = scope.parent
        alone = self.alone.get(name)
        if alone is None:
            self.alone[name] = alone = frozenset((name,))
        return alone

    def change(self, node: ast.expr, how: str, attr: str = "") -> None:
        """Record that the object an expression denotes is changed in place."""
        scope = self.outer()
        place = node.value if how == "store" and type(node) in _PLACES else node  # type: ignore[attr-defined]
        deep = type(place) is not ast.Name
        for root in self.roots(node):
            scope.changes.append(Change(root, how, attr, node.lineno, deep))

    # objects -----------------------------------------------------------------------------

    def roots(self, node: ast.expr | None) -> Names:
        """Return the names whose object the expression is, is a part of, or holds."""
        while True:
            kind = type(node)
            if kind is ast.Name:
                return self.resolve(node.id)  # type: ignore[union-attr]
            if kind in _WRAPPING:
                node = node.value  # type: ignore[union-attr]
                continue
            break
        find = _ROOTS.get(kind)
        return NOTHING if find is None else find(self, node)

    def _either_roots(self, node: ast.IfExp) -> Names:
        return self.roots(node.body) | self.roots(node.orelse)

    def _display_roots(self, node: ast.List | ast.Tuple | ast.Set) -> Names:
        return NOTHING.union(*[self.roots(item) for item in node.elts])

    def _values_roots(self, node: ast.BoolOp | ast.Dict) -> Names:
        return NOTHING.union(*[self.roots(item) for item in node.values])

    def _call_roots(self, node: ast.Call) -> Names:
        func = node.func
        if isinstance(func, ast.Attribute):
            if func.attr in known.SHARING or func.attr.startswith("get_"):
                return self.roots(func.value)
            if func.attr in known.ITERATORS:
                return NOTHING.union(*[self.roots(arg) for arg in node.args])
            return NOTHING
        name = func.id if isinstance(func, ast.Name) else ""
        if name in known.ITERATORS or name in ("getattr", "next", "vars"):
            return NOTHING.union(*[self.roots(arg) for arg in node.args])
        return NOTHING

    # values ------------------------------------------------------------------------------

    def value(self, node: ast.expr | None) -> Value:
        """Return what an expression's value is made from; its parts have been visited."""
        make = _VALUES.get(type(node))
        return PLAIN if make is None or node is None else make(self, node)

    def _name_value(self, node: ast.Name) -> Value:
        names = self.resolve(node.id)
        if names == {node.id}:
            return Value(names, NOTHING, NOTHING, NOTHING, (), (), "", ((node.id,),))
        return Value(part=names)

    def _constant_value(self, node: ast.Constant) -> Value:
        if type(node.value) in (str, int):
            return Value(kind="immutable", text=(str(node.value),))
        return IMMUTABLE

    def _attribute_value(self, node: ast.Attribute) -> Value:
        roots = self.roots(node.value)
        view = roots if node.attr in known.VIEWING else NOTHING
        return Value(part=roots, view=view, kind="method" if node.attr in known.BOUND else "")

    def _subscript_value(self, node: ast.Subscript) -> Value:
        inner = node.value
        if isinstance(inner, ast.Attribute) and inner.attr in _COPYING:
            return Value(holds=self.roots(inner))
        index = node.slice
        if isinstance(index, (ast.Compare, ast.List, ast.BoolOp, ast.UnaryOp, ast.BinOp)) and not (
            isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub)
        ):
            return PLAIN
        roots = self.roots(inner)
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        sliced = any(isinstance(part, ast.Slice) for part in parts)
        return Value(part=roots, view=roots if sliced else NOTHING)

    def _display_value(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        held = holding([self.value(item) for item in node.elts])
        if isinstance(node, ast.Tuple):
            immutable = all(isinstance(item, ast.Constant) for item in node.elts)
            return held._replace(kind="immutable" if immutable else "tuple")
        return held._replace(kind="list" if isinstance(node, ast.List) else "set")

    def _dict_value(self, node: ast.Dict) -> Value:
        return holding([self.value(item) for item in node.values])._replace(kind="dict")

    def _lambda_value(self, node: ast.expr) -> Value:
        summary = self.lambdas.get(id(node))
        kind = "generator" if isinstance(node, ast.GeneratorExp) else "lambda"
        value = Value(inner=(summary,) if summary else (), kind=kind)
        if isinstance(node, ast.Lambda):
            args = node.args
            every = [*args.defaults, *filter(None, args.kw_defaults)]
            value = value._replace(part=NOTHING.union(*map(self.roots, every)))
        if isinstance(node, ast.GeneratorExp):
            value = value._replace(part=self.roots(node.generators[0].iter))
        return value

    def _either_value(self, node: ast.expr) -> Value:
        branches = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values  # type: ignore[attr-defined]
        merged: Value | None = None
        for branch in branches:
            merged = merge(merged, self.value(branch))
        return merged or PLAIN

    def _operation_value(self, node: ast.BinOp) -> Value:
        holds: set[str] = set()
        part: set[str] = set()
        text = sum_text(node)
        operands: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            operands.append(left.right)
            left = left.left
        operands.append(left)
        constant = True
        for operand in operands:
            constant = constant and isinstance(operand, (ast.Constant, ast.JoinedStr))
            if isinstance(operand, ast.Name):
                holds |= self.resolve(operand.id)
            elif isinstance(operand, ast.List):
                part |= self._display_roots(operand)
        if not holds and not part and text is None:
            return IMMUTABLE if constant else PLAIN
        kind = "immutable" if constant else "list" if part else ""
        return Value(NOTHING, frozenset(part), NOTHING, frozenset(holds), (), (), kind, text)

    def _text_value(self, node: ast.expr) -> Value:
        return Value(kind="immutable", text=text_of(node))

    def _list_value(self, node: ast.ListComp) -> Value:
        return Value(holds=self._mentioned(node.elt), kind="list", inner=self._lambdas_in(node.elt))

    def _pairs_value(self, node: ast.DictComp) -> Value:
        inner = self._lambdas_in(node.value)
        return Value(holds=self._mentioned(node.value), kind="dict", inner=inner)

    def _mentioned(self, node: ast.expr) -> Names:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return frozenset((node.func.id,))
        return self.roots(node)

    def _lambdas_in(self, node: ast.expr) -> tuple[Summary, ...]:
        summary = self.lambdas.get(id(node))
        return (summary,) if summary else ()

    def _wrapped_value(self, node: ast.Await | ast.NamedExpr | ast.Starred) -> Value:
        return self.value(node.value)

    def call(self, node: ast.Call) -> Called:
        """Return the name and the arguments of a call."""
        args = tuple([self.roots(arg) for arg in node.args]) if node.args else ()
        keywords = (
            tuple([(k.arg or "**", self.roots(k.value)) for k in node.keywords])
            if node.keywords
            else ()
        )
        return Called(node, chain(node.func), args, keywords)

    def _call_value(self, node: ast.Call) -> Value:
        called = self.called
        if called is None or called.node is not node:
            called = self.call(node)
        names, args = called.names, called.all_args()
        if names is None:
            return self._method_value(node)
        last = names[-1]
        text = text_of(node) if last in _TEXT_CALLS else None
        made = (Made(names[0], names[1:], args),)
        value = Value(NOTHING, NOTHING, NOTHING, NOTHING, made, (), "", text)
        if last in known.HOLDERS or (last[:1].isupper() and last not in known.COPIERS):
            held = holding(
                [self.value(a) for a in node.args] + [self.value(k.value) for k in node.keywords]
            )
            value = value._replace(
                part=held.part if last not in known.FACTORIES else NOTHING,
                holds=held.holds,
                inner=held.inner,
            )
        elif last in known.CONTAINERS:
            held = holding([self.value(a) for a in node.args])
            value = value._replace(holds=held.holds | held.part, inner=held.inner)
        if len(names) > 1 and (last in known.SHARING or last.startswith("get_")):
            root = self.resolve(names[0])
            view = root if last in known.VIEWING else NOTHING
            value = value._replace(part=value.part | root, view=value.view | view)
        if last in known.VIEWERS and node.args and (len(names) > 1 or len(last) > 5):
            base = self.roots(node.args[0])
            value = value._replace(part=value.part | base, view=value.view | base)
        if len(names) == 1 and last in known.IMMUTABLE:
            value = value._replace(kind="immutable")
        elif last in known.ITERATORS and (len(names) == 1 or names[0] == "itertools"):
            value = value._replace(kind="iterator")
        return value

    def _method_value(self, node: ast.Call) -> Value:
        func = node.func
        if isinstance(func, ast.Attribute):
            if func.attr in known.SHARING or func.attr.startswith("get_"):
                inner = self.value(func.value)
                return inner._replace(
                    same=NOTHING, part=inner.part | inner.same, kind="", text=None
                )
            if isinstance(func.value, ast.Call) and func.attr in known.HANDLES:
                inner = self.value(func.value)
                return inner._replace(kind="")
            builder = _builder(node)
            if builder is not None:
                return Value(made=(Made(builder[0], builder[1:], ()),))
        if isinstance(func, ast.Call):
            return self.value(func)._replace(kind="", text=None)
        return Value(text=text_of(node))


def is_namespace(node: ast.expr) -> bool:
    """Tell whether an expression is ``globals()``, ``locals()`` or ``vars()``."""
    if isinstance(node, ast.Attribute):
        return node.attr in known.NAMESPACES
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _NAMESPACES
        and not node.args
    )


def is_copy(value: Value) -> bool:
    """Tell whether a value surely shares nothing but elements with what it is made from."""
    if len(value.made) != 1 or value.same or value.part or value.view:
        return False
    last = (value.made[0].attrs or (value.made[0].root,))[-1]
    new = bool(value.made[0].attrs) and last in known.HARMLESS
    return last in known.COPIERS or (new and last not in known.SHARING | known.VIEWING)


def _builder(node: ast.expr) -> tuple[str, ...] | None:
    """Return the dotted name at the root of ``a.b.builder.appName("x").getOrCreate()``."""
    attrs: list[str] = []
    while isinstance(node, (ast.Call, ast.Attribute)):
        if isinstance(node, ast.Attribute):
            attrs.append(node.attr)
            node = node.value
        else:
            node = node.func
    if not isinstance(node, ast.Name):
        return None
    return (node.id, *reversed(attrs))


def elements(value: Value) -> Value:
    """Return what an element of a value may be."""
    if value is PLAIN or value is IMMUTABLE:
        return PLAIN
    part = value.same | value.part
    split = any((made.attrs or (made.root,))[-1] in known.VIEWERS for made in value.made)
    view = value.view if split else NOTHING
    return Value(NOTHING, part, view, value.holds, value.made, value.inner)


def holding(values: list[Value]) -> Value:
    """Return what a container of these values holds."""
    part: set[str] = set()
    holds: set[str] = set()
    inner: tuple[Summary, ...] = ()
    made: tuple[Made, ...] = ()
    for value in values:
        if value is PLAIN or value is IMMUTABLE:
            continue
        part |= value.same | value.part
        holds |= value.holds
        inner += value.inner
        made += value.made
    if not (part or holds or inner or made):
        return PLAIN
    return Value(NOTHING, frozenset(part), NOTHING, frozenset(holds), made, inner)


_ROOTS: dict[type | None, Callable[..., Names]] = {
    ast.Call: Values._call_roots,
    ast.IfExp: Values._either_roots,
    ast.List: Values._display_roots,
    ast.Tuple: Values._display_roots,
    ast.Set: Values._display_roots,
    ast.BoolOp: Values._values_roots,
    ast.Dict: Values._values_roots,
}
_VALUES: dict[type | None, Callable[..., Value]] = {
    ast.Name: Values._name_value,
    ast.Constant: Values._constant_value,
    ast.Attribute: Values._attribute_value,
    ast.Subscript: Values._subscript_value,
    ast.List: Values._display_value,
    ast.Tuple: Values._display_value,
    ast.Set: Values._display_value,
    ast.Dict: Values._dict_value,
    ast.Lambda: Values._lambda_value,
    ast.GeneratorExp: Values._lambda_value,
    ast.IfExp: Values._either_value,
    ast.BoolOp: Values._either_value,
    ast.BinOp: Values._operation_value,
    ast.JoinedStr: Values._text_value,
    ast.ListComp: Values._list_value,
    ast.SetComp: Values._list_value,
    ast.DictComp: Values._pairs_value,
    ast.Await: Values._wrapped_value,
    ast.NamedExpr: Values._wrapped_value,
    ast.Starred: Values._wrapped_value,
    ast.Call: Values._call_value,
}
