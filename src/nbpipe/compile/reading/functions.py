"""Reading of functions and classes into summaries of what running them may do."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from nbpipe.compile.reading import mutations as known
from nbpipe.compile.reading.expressions import rest_of
from nbpipe.compile.reading.facts import NOTHING, Call, Change, Summary, Value
from nbpipe.compile.reading.scopes import Scope, summarise
from nbpipe.compile.reading.texts import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbpipe.compile.reading.facts import Made
    from nbpipe.compile.reading.names import Reader

_PICKLING = ("__reduce__", "__reduce_ex__", "__getstate__")


def read_function(reader: Reader, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Read a function statement: its definition now, its body as a summary."""
    for decorator in node.decorator_list:
        _decorate(reader, decorator, node.name)
    params = reader.parameters(node.args)
    if node.returns is not None and not reader.late_annotations:
        reader.visit(node.returns)
    outer = reader.scope
    summary = _body(reader, node, params)
    if _keeps_state(node, summary):
        summary = summary._replace(stateful=True)
    if outer.kind == "function":
        _pass_on(outer, summary)
    if outer.kind == "class":
        outer.members[node.name] = summary
    held = frozenset(filter(None, map(_decorator, node.decorator_list)))
    _bind(reader, node, summary, held)


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Return the names whose objects are defaults of parameters: functions among them may run."""
    every = (*node.args.defaults, *node.args.kw_defaults)
    return frozenset(default.id for default in every if isinstance(default, ast.Name))


def _decorator(node: ast.expr) -> str:
    func = node.func if isinstance(node, ast.Call) else node
    return func.id if isinstance(func, ast.Name) else ""


def _bind(
    reader: Reader,
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    summary: Summary,
    held: frozenset[str],
    part: frozenset[str] = NOTHING,
) -> None:
    scope = reader.scope
    certain = node.name in scope.bound or node.name not in scope.summaries
    old = () if certain and not reader.unsure else scope.summaries.get(node.name, ())
    defaults = NOTHING if isinstance(node, ast.ClassDef) else _defaults(node)
    value = Value(part=defaults | part, holds=held - {node.name}, kind="definition")
    reader.store(node.name, node.lineno, value)
    scope.summaries[node.name] = (*old, summary)


def _decorate(reader: Reader, decorator: ast.expr, name: str) -> None:
    """A decorator is called with the function: charge that call to the definition."""
    reader.visit(decorator)
    func = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(func, ast.Name) and func.id not in known.BUILTINS:
        call = Call(func.id, "", (frozenset((name,)),), (), decorator.lineno)
        reader.scope.calls.append(call)
    elif isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
        call = Call(func.value.id, func.attr, (frozenset((name,)),), (), decorator.lineno)
        reader.scope.calls.append(call)


def _body(
    reader: Reader, node: ast.FunctionDef | ast.AsyncFunctionDef, params: tuple[str, ...]
) -> Summary:
    outer = reader.scope
    saved = reader.unsure, reader.terminated, reader.defer
    reader.scope = child = Scope("function", outer)
    child.depth = reader.inside + 1
    reader.unsure, reader.terminated, reader.defer = 0, False, False
    reader.block(node.body)
    reader.scope = outer
    reader.unsure, reader.terminated, reader.defer = saved
    outer.modules |= child.modules
    summary = summarise(child, node.name, "function", params)
    return summary._replace(rest=rest_of(node.args))


def _keeps_state(node: ast.FunctionDef | ast.AsyncFunctionDef, summary: Summary) -> bool:
    """Tell whether a call changes a mutable default argument."""
    args = node.args
    positional = args.posonlyargs + args.args
    pairs = list(
        zip(positional[len(positional) - len(args.defaults) :], args.defaults, strict=True)
    )
    pairs += [
        (a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d is not None
    ]
    return any(
        arg.arg in summary.changed and not isinstance(default, ast.Constant)
        for arg, default in pairs
    )


def _pass_on(outer: Scope, inner: Summary) -> None:
    """What a nested function reads and changes counts for the function around it."""
    for name, line in inner.free.items():
        if name not in outer.reads:
            outer.reads[name] = line
            outer.doubts.add(name)
    outer.changes.extend(inner.changes)
    outer.uses.extend(inner.uses)
    outer.calls.extend(call for call in inner.calls if call.root not in inner.params)
    outer.opaque = outer.opaque or inner.opaque
    if inner.binds:
        outer.globals.update(inner.binds)
        outer.stores.update(dict.fromkeys(inner.binds, 1))


def read_class(reader: Reader, node: ast.ClassDef) -> None:
    """Read a class statement: its body runs now, its methods are summarised."""
    for decorator in node.decorator_list:
        _decorate(reader, decorator, node.name)
    for base in [*node.bases, *[keyword.value for keyword in node.keywords]]:
        reader.visit(base)
    outer = reader.scope
    reader.scope = child = Scope("class", outer)
    ended = reader.terminated
    reader.block(node.body)
    reader.terminated = ended
    reader.scope = outer
    for name, line in child.reads.items():
        reader.load(name, line)
    _run_body(outer, child)
    bases = tuple(base.id for base in node.bases if isinstance(base, ast.Name))
    summary = _class_summary(node, child, bases)
    if outer.kind == "function":
        _pass_on(outer, summary)
    _bind(reader, node, summary, frozenset(bases), _held_by_body(child))


def _held_by_body(child: Scope) -> frozenset[str]:
    """Return the names whose objects a class body binds to attributes of the class."""
    held = NOTHING.union(*[v.same | v.part for v in child.values.values()])
    return held - child.stores.keys()


def _run_body(outer: Scope, child: Scope) -> None:
    """The class body's own effects happen when the class statement runs."""
    own = child.stores
    target = outer
    while target.kind == "comprehension" and target.parent is not None:
        target = target.parent
    target.changes.extend(change for change in child.changes if change.name not in own)
    target.calls.extend(call for call in child.calls if call.root not in own)
    target.uses.extend(use for use in child.uses if use.root not in own)
    target.sets.extend(child.sets)
    target.modules |= child.modules
    target.opaque = target.opaque or child.opaque
    target.peeks.update(child.peeks)


def _class_summary(node: ast.ClassDef, child: Scope, bases: tuple[str, ...]) -> Summary:
    methods = dict(child.members)
    shared = _shared_attributes(node)
    for part in node.body:
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)) and part.name in methods:
            found = tuple(_done_to_class(part, node.name, shared))
            if found:
                method = methods[part.name]
                methods[part.name] = method._replace(changes=(*method.changes, *found))
    free: dict[str, int] = {}
    for value in child.values.values():
        for inner in value.inner:
            free.update(inner.free)
    for method in methods.values():
        free.update(method.free)
    every = [*methods.values()]
    return Summary(
        node.name,
        "class",
        free,
        binds=NOTHING.union(*[m.binds for m in every]),
        changes=tuple(change for m in every for change in m.changes),
        calls=tuple(call for m in every for call in m.calls),
        uses=tuple(use for m in every for use in m.uses),
        opaque=next((m.opaque for m in every if m.opaque), ""),
        words=tuple(word for m in every for word in m.words),
        keeps=_kept(node),
        stored=() if any(m in methods for m in _PICKLING) else _stored(methods),
        members=methods,
        bases=bases,
        unstorable=_unstorable(node, methods),
    )


def _shared_attributes(node: ast.ClassDef) -> frozenset[str]:
    """Return the attributes that all instances share: containers that no method binds anew."""
    made = {
        target.id
        for part in node.body
        if isinstance(part, ast.Assign) and isinstance(part.value, _CONTAINERS)
        for target in part.targets
        if isinstance(target, ast.Name)
    }
    stored = {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
    }
    return frozenset(made - stored) if made else NOTHING


_CONTAINERS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


def _done_to_class(
    node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, shared: frozenset[str]
) -> Iterator[Change]:
    """Yield what a method changes of its class, reached as ``cls`` or ``type(self)``."""
    first = node.args.args[0].arg if node.args.args else ""
    for part in ast.walk(node):
        places: list[ast.expr] = []
        if isinstance(part, ast.Assign):
            places = part.targets
        elif isinstance(part, ast.AugAssign):
            places = [part.target]
        elif isinstance(part, ast.Call):
            changing = isinstance(part.func, ast.Attribute) and part.func.attr in known.MUTATORS
            places = [part.func.value] if changing else part.args[:1] if _advances(part) else []  # type: ignore[attr-defined]
        for place in places:
            path = path_of(place)
            own = path[:1] == (first,) and path[1:2] and path[1] in shared
            if own or _is_of_class(path, first):
                yield Change(name, "store", "", place.lineno, True)


def _advances(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in ("next", "setattr")


def _is_of_class(path: tuple[str, ...], first: str) -> bool:
    """Tell whether a place is an attribute of the class of ``self``, or of ``cls``."""
    if path[:2] == (first, "__class__"):
        return len(path) > 2
    if path[:2] == ("type", "()"):
        return len(path) > 2
    return first == "cls" and path[:1] == ("cls",) and len(path) > 1


def _methods(node: ast.ClassDef, names: tuple[str, ...]) -> list[ast.FunctionDef]:
    return [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name in names]


def _kept(node: ast.ClassDef) -> frozenset[str]:
    """Return the parameters of ``__init__`` that are stored on the instance."""
    kept: set[str] = set()
    for method in _methods(node, ("__init__", "__new__", "__post_init__")):
        params = {arg.arg for arg in method.args.args[1:] + method.args.kwonlyargs}
        for part in ast.walk(method):
            if isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Attribute):
                kept |= {n.id for n in ast.walk(part.value) if isinstance(n, ast.Name)} & params
    if any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list):
        kept |= {
            part.target.id
            for part in node.body
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
        }
    return frozenset(kept)


def _stored(methods: dict[str, Summary]) -> tuple[Made, ...]:
    return tuple(
        made
        for name in ("__init__", "__enter__")
        if name in methods
        for made in methods[name].stored
    )


def _unstorable(node: ast.ClassDef, methods: dict[str, Summary]) -> str:
    """Return why an instance refuses to be pickled, where its class says so."""
    for method in _methods(node, _PICKLING):
        body = [
            p
            for p in method.body
            if not (isinstance(p, ast.Expr) and isinstance(p.value, ast.Constant))
        ]
        if body and isinstance(body[0], ast.Raise):
            return "an object whose class refuses to be stored"
    return ""
