"""A step as a function: what it takes, its body, what it returns, and why it cannot be one."""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbpipe.importers.called import variable
from nbpipe.importers.carried import Note
from nbpipe.refactor.parts import own_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbpipe.compile.flow import Snippet
    from nbpipe.compile.pipeline import Pipeline, Step

_GATHER = re.compile(r"""\bnbpipe\.gather\(\s*["'](?P<name>\w+)["']\s*\)""")
_LINE = re.compile(r"^\s*(?P<mark>%%?|!|\?)(?P<word>\w*)")
_PICTURES = re.compile(r"^\s*%(?:matplotlib|config|load_ext autoreload|autoreload)\b")
_NAMESPACES = frozenset({"globals", "locals", "vars", "exec", "eval", "get_ipython"})


@dataclass(frozen=True, slots=True)
class Function:
    """A step as a function.

    Attributes
    ----------
    step, name
        The step, and the function's and its module's name.
    items
        Variables that take the item of a fan-out.
    inputs
        Values that it takes from other steps.
    gathers
        Values of a fan-out that it takes as a list.
    parameters
        Parameters that it uses.
    outputs
        Names that it returns.
    shared
        Names that it imports from the shared module.
    body
        Its lines, not yet indented: definitions that stay inside, then the cells.
    """

    step: str
    name: str
    items: tuple[str, ...]
    inputs: tuple[str, ...]
    gathers: tuple[str, ...]
    parameters: tuple[str, ...]
    outputs: tuple[str, ...]
    shared: tuple[str, ...]
    body: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """All that it takes, by keyword."""
        lists = tuple(f"all_{name}" for name in self.gathers)
        return (*self.items, *self.inputs, *lists, *self.parameters)


def obstacles(step: Step) -> Iterator[Note]:
    """Say what keeps a step from being a function."""
    if step.language != "python":
        yield Note(f"step {step.name}", f"it is in {step.language}", "a function is Python")
        return
    if step.random:
        giver = next(iter(step.random.values()))
        yield Note(f"step {step.name}", f"it goes on with the random numbers of {giver}",
                   "a function starts anew", "Seed the generator in the step.")  # fmt: skip
    for piece in own_pieces(step):
        if piece.kind == "code":
            index = next(c.index for c in step.notebook.cells if c.id == piece.id)
            where = f"{step.notebook.path}, cell {index + 1}"
            yield from _of_text(piece.source, where)
    for snippet in step.flow.replay:
        if "import *" not in snippet.source:
            yield from _of_text(snippet.source, f"setup of step {step.name}")


def _of_text(source: str, where: str) -> Iterator[Note]:
    for line in source.splitlines():
        found = _LINE.match(line)
        if found and not _PICTURES.match(line):
            yield Note(where, line.strip(), "magics and shell lines are the notebook's",
                       "Write it in Python, as with subprocess.")  # fmt: skip
            return
    try:
        tree = compile(plain(source), "<cell>", "exec", _TREE, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        yield Note(where, str(error), "it is not Python")
        return
    assert isinstance(tree, ast.Module)
    yield from _of_tree(tree, where)


_TREE = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def _of_tree(tree: ast.Module, where: str) -> Iterator[Note]:
    inner = {id(one) for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)
             for one in ast.walk(node)}  # fmt: skip
    for node in ast.walk(tree):
        match node:
            case ast.Await() | ast.AsyncFor() | ast.AsyncWith() if id(node) not in inner:
                yield Note(where, "await outside a function", "a plain function cannot wait",
                           "Wrap it in asyncio.run.")  # fmt: skip
            case ast.Global(names=names):
                yield Note(where, f"global {', '.join(names)}", "the names are a function's now",
                           "Give the value back instead.")  # fmt: skip
            case ast.ImportFrom(names=[ast.alias(name="*")], module=module):
                yield Note(where, f"from {module} import *", "a function cannot hold it",
                           "Name what is imported.")  # fmt: skip
            case ast.Call(func=ast.Name(id=name)) if name in _NAMESPACES:
                yield Note(where, f"{name}()", "it asks for the notebook's names",
                           "Use a dictionary of your own.")  # fmt: skip


def plain(source: str) -> str:
    """Return a cell without the magics that only set up pictures."""
    return "\n".join(line for line in source.splitlines() if not _PICTURES.match(line))


def shared_snippets(pipeline: Pipeline) -> tuple[Snippet, ...]:
    """Return definitions that need neither parameters nor values: those of a module for all.

    Settings are made anew in each step, as when it runs; a name that two definitions bind stays
    with the steps.
    """
    every: dict[tuple[str, int, int], Snippet] = {}
    for step in pipeline.steps:
        place = {cell.id: cell.index for cell in step.notebook.cells}
        for snippet in step.flow.replay:
            key = (step.notebook.path, place.get(snippet.site.cell, 0), snippet.site.line)
            every[key] = snippet
    inside = {parameter.name for parameter in pipeline.parameters}
    inside |= {name for step in pipeline.steps for name in step.inputs}
    counts: dict[str, set[str]] = {}
    for snippet in every.values():
        for name in snippet.binds:
            counts.setdefault(name, set()).add(snippet.source)
    inside |= {name for name, sources in counts.items() if len(sources) > 1}
    chosen = [snippet for _, snippet in sorted(every.items()) if snippet.binds]
    while True:
        kept = [s for s in chosen if not (set(s.binds) | _used(s.source)) & inside]
        if len(kept) == len(chosen):
            unique = {snippet.source: snippet for snippet in kept}
            return tuple(unique.values())
        inside |= {name for s in chosen if s not in kept for name in s.binds}
        chosen = kept


def _used(source: str) -> set[str]:
    try:
        tree = ast.parse(plain(source))
    except SyntaxError:
        return set()
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names - set(dir(builtins))


def to_function(step: Step, name: str, shared: Sequence[Snippet]) -> Function:
    """Return a step as a function; it was asked before whether it can be one."""
    known = {snippet.source for snippet in shared}
    inside = [plain(s.source) for s in step.flow.replay if s.source not in known]
    own = [plain(piece.source) for piece in own_pieces(step) if piece.kind == "code"]
    gathers = tuple(sorted(step.gathers))
    cells = [_GATHER.sub(lambda match: f"all_{match['name']}", source) for source in own]
    body = "\n\n".join(part for part in [*inside, *cells] if part.strip())
    used = _used(body)
    names = {one for snippet in shared for one in snippet.binds}
    if "display" in used and "display" not in names:
        body = f"from IPython.display import display\n\n{body}"
    outputs = tuple(dict.fromkeys([*step.outputs, *step.metric_names]))
    return Function(
        step.name, name, step.foreach.names if step.foreach else (), tuple(sorted(step.inputs)),
        gathers, tuple(sorted(step.flow.parameters)), outputs, tuple(sorted(names & used)), body,
    )  # fmt: skip


def module_name(step: str) -> str:
    """Return what a step's module is called."""
    import keyword

    found = variable(step)
    return f"{found}_" if keyword.iskeyword(found) or found in ("shared", "main") else found
