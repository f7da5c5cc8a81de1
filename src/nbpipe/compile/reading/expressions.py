"""Reading of expressions: names read, objects changed, and what a value is made from."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from nbpipe.compile.reading.mutations import NAMESPACES
from nbpipe.compile.reading.scopes import Scope, summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbpipe.compile.reading.facts import Summary, Value


from nbpipe.compile.reading.values import Values, elements, is_namespace

FIELD = re.compile(r"\{([A-Za-z_]\w*)|%\(([A-Za-z_]\w*)\)")


class Expressions(Values):
    """Reads expressions into the scope at hand."""

    handlers: Mapping[type, Callable[..., None]] = {}

    def visit(self, node: ast.AST) -> None:
        """Read one expression."""
        handler = self.handlers.get(type(node))
        if handler is not None:
            handler(self, node)
            return
        for field in node._fields:
            child = getattr(node, field, None)
            if isinstance(child, list):
                for item in child:
                    if isinstance(item, ast.AST):
                        self.visit(item)
            elif isinstance(child, ast.AST):
                self.visit(child)

    def _display(self, node: ast.List | ast.Tuple | ast.Set) -> None:
        for item in node.elts:
            if type(item) is not ast.Constant:
                self.visit(item)

    def _pairs(self, node: ast.Dict) -> None:
        every: list[ast.expr | None] = [*node.keys, *node.values]
        for item in every:
            if item is not None and type(item) is not ast.Constant:
                self.visit(item)

    def _text(self, node: ast.JoinedStr) -> None:
        for part in node.values:
            if type(part) is ast.FormattedValue:
                self.visit(part.value)
                if part.format_spec is not None:
                    self.visit(part.format_spec)

    def _operand(self, node: ast.UnaryOp) -> None:
        self.visit(node.operand)

    def _wrapped(self, node: ast.Starred | ast.Await | ast.keyword) -> None:
        self.visit(node.value)

    def _slice(self, node: ast.Slice) -> None:
        for part in (node.lower, node.upper, node.step):
            if part is not None and type(part) is not ast.Constant:
                self.visit(part)

    def _leaf(self, _: ast.AST) -> None:
        return

    def _name(self, node: ast.Name) -> None:
        self.load(node.id, node.lineno)

    def _attribute(self, node: ast.Attribute) -> None:
        value = node.value
        if node.attr in NAMESPACES and not self.scope.opaque:
            self.scope.opaque = ast.unparse(node)
        if type(value) is ast.Name:
            self.scope.attrs.append((value.id, node.attr))
            self.load(value.id, value.lineno)
            return
        self.visit(value)

    def _subscript(self, node: ast.Subscript) -> None:
        value = node.value
        if type(value) is ast.Name:
            self.scope.gets.append(value.id)
            self.load(value.id, value.lineno)
        else:
            self.visit(value)
            self._namespace_item(node)
        if type(node.slice) is not ast.Constant:
            self.visit(node.slice)

    def _namespace_item(self, node: ast.Subscript) -> None:
        if is_namespace(node.value):
            key = node.slice
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self.load(key.value, node.lineno)

    def _operation(self, node: ast.BinOp) -> None:
        rights: list[ast.expr] = []
        part: ast.expr = node
        while type(part) is ast.BinOp:
            rights.append(part.right)
            if (
                isinstance(part.op, ast.Mod)
                and isinstance(part.left, ast.Constant)
                and is_namespace(part.right)
            ):
                self.fields_of(part.left.value, part.lineno)
            part = part.left
        self.visit(part)
        for right in reversed(rights):
            if type(right) is not ast.Constant:
                self.visit(right)

    def _either(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self.unsure += 1
        self.visit(node.body)
        self.visit(node.orelse)
        self.unsure -= 1

    def _boolean(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        self.unsure += 1
        for value in node.values[1:]:
            self.visit(value)
        self.unsure -= 1

    def _compare(self, node: ast.Compare) -> None:
        text = node.left.value if isinstance(node.left, ast.Constant) else None
        among = isinstance(node.ops[0], (ast.In, ast.NotIn))
        if among and isinstance(text, str) and is_namespace(node.comparators[0]):
            self.outer().peeks.setdefault(text, node.lineno)
            return
        self.visit(node.left)
        for other in node.comparators:
            if type(other) is not ast.Constant:
                self.visit(other)

    def _walrus(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        inner, self.scope = self.scope, self.outer()
        self.store(node.target.id, node.lineno, self.value(node.value))
        self.scope = inner

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self.outer().yields = True
        if node.value is not None:
            self.visit(node.value)
            self.outer().returns.append(self.value(node.value))

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> None:
        late = isinstance(node, ast.GeneratorExp) and self.defer
        self.visit(node.generators[0].iter)
        outer = self.scope
        child = Scope("function" if late else "comprehension", outer)
        sure = self.unsure
        self.unsure = 1
        for position, part in enumerate(node.generators):
            if position:
                self.scope = child
                self.visit(part.iter)
            value = elements(self.value(part.iter))
            self.scope = child
            self.target(part.target, value)
            for test in part.ifs:
                self.visit(test)
        self.scope = child
        if isinstance(node, ast.DictComp):
            self.visit(node.key)
            self.visit(node.value)
        else:
            self.visit(node.elt)
        self.scope, self.unsure = outer, sure
        if late:
            self.lambdas[id(node)] = summarise(child, "<generator>", "lambda", ())
            return
        if child.opaque:
            outer.opaque = outer.opaque or child.opaque
        for name, line in child.reads.items():
            self.load(name, line)

    def _lambda(self, node: ast.Lambda) -> None:
        params = self.parameters(node.args)
        outer, charged = self.scope, not self.defer
        self.scope = child = Scope("function", outer)
        unsure, self.unsure, self.defer = self.unsure, 0, False
        self.visit(node.body)
        child.returns.append(self.value(node.body))
        self.scope, self.unsure = outer, unsure
        summary = summarise(child, "<lambda>", "lambda", params)._replace(rest=rest_of(node.args))
        self.lambdas[id(node)] = summary
        if charged or outer.kind != "module":
            self._charge(summary)

    def _charge(self, summary: Summary) -> None:
        """Count what a function written in place reads and changes as done here."""
        self.unsure += 1
        for name, line in summary.free.items():
            self.load(name, line)
        self.unsure -= 1
        outer = self.outer()
        outer.changes.extend(summary.changes)
        outer.uses.extend(summary.uses)
        outer.calls.extend(c for c in summary.calls if c.root not in summary.params)
        outer.opaque = outer.opaque or summary.opaque

    def parameters(self, args: ast.arguments) -> tuple[str, ...]:
        """Read defaults and annotations here and return the names of the parameters."""
        for default in (*args.defaults, *args.kw_defaults):
            if default is not None:
                self.visit(default)
        every = args.posonlyargs + args.args + args.kwonlyargs
        extra = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
        if not self.late_annotations:
            for arg in every + extra:
                if arg.annotation is not None:
                    self.visit(arg.annotation)
        return tuple(arg.arg for arg in every + extra)

    def target(self, node: ast.expr, value: Value) -> None:
        """Bind an assignment's target."""
        kind = type(node)
        if kind is ast.Name:
            self.store(node.id, node.lineno, value)  # type: ignore[attr-defined]
        elif kind in (ast.Tuple, ast.List):
            inner = elements(value)
            for item in node.elts:  # type: ignore[attr-defined]
                self.target(item, inner)
        elif kind is ast.Starred:
            self.target(node.value, value)  # type: ignore[attr-defined]
        else:
            self.place(node)
            self._put(node, value)

    def _put(self, node: ast.expr, value: Value) -> None:
        """Remember which object was put into which."""
        outer = self.outer()
        held = value.same | value.part
        if held:
            outer.links.extend((root, held) for root in self.roots(node))
        outer.stored.extend(value.made)
        if value.inner:
            outer.put.extend((root, inner) for root in self.roots(node) for inner in value.inner)

    def fields_of(self, text: object, line: int) -> None:
        """Read the names that a format string takes from the namespace."""
        if isinstance(text, str):
            for braced, percent in FIELD.findall(text):
                self.outer().peeks.setdefault(braced or percent, line)

    def place(self, node: ast.expr) -> None:
        """Read the target of a store to an attribute or an item, which changes its object."""
        if isinstance(node, ast.Subscript) and is_namespace(node.value):
            key = node.slice
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self.store(key.value, node.lineno)
            else:
                self.scope.opaque = self.scope.opaque or f"{ast.unparse(node.value)}[...] = ..."
            self.visit(key)
            return
        attr = node.attr if isinstance(node, ast.Attribute) else ""
        self.change(node, "store", attr)
        self.visit(node)


def rest_of(args: ast.arguments) -> tuple[int, str, str]:
    """Return how many arguments a function takes by position, and its names for the others."""
    return (
        len(args.posonlyargs) + len(args.args),
        args.vararg.arg if args.vararg else "",
        args.kwarg.arg if args.kwarg else "",
    )


EXPRESSIONS: dict[type, Callable[..., None]] = {
    ast.Constant: Expressions._leaf,
    ast.Name: Expressions._name,
    ast.List: Expressions._display,
    ast.Tuple: Expressions._display,
    ast.Set: Expressions._display,
    ast.Dict: Expressions._pairs,
    ast.JoinedStr: Expressions._text,
    ast.UnaryOp: Expressions._operand,
    ast.Starred: Expressions._wrapped,
    ast.Await: Expressions._wrapped,
    ast.Slice: Expressions._slice,
    ast.Attribute: Expressions._attribute,
    ast.Subscript: Expressions._subscript,
    ast.BinOp: Expressions._operation,
    ast.IfExp: Expressions._either,
    ast.BoolOp: Expressions._boolean,
    ast.Compare: Expressions._compare,
    ast.NamedExpr: Expressions._walrus,
    ast.Yield: Expressions._yield,
    ast.YieldFrom: Expressions._yield,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    ast.Lambda: Expressions._lambda,
}
