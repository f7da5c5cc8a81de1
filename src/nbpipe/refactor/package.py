"""Steps to a Python package: a module of one function a step, a main, and tests."""

from __future__ import annotations

import ast
import keyword
from typing import TYPE_CHECKING, Any

from nbpipe.errors import UsageError
from nbpipe.importers.carried import Made, Names, NotImportable
from nbpipe.importers.pieces import literal
from nbpipe.refactor.functions import (
    module_name,
    obstacles,
    shared_snippets,
    to_function,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbpipe.compile.flow import Snippet
    from nbpipe.compile.pipeline import Pipeline, Step
    from nbpipe.refactor.functions import (
        Function,
    )


def to_package(
    pipeline: Pipeline, name: str, project: str, run: str, values: Mapping[str, Any]
) -> tuple[Made, ...]:
    """Return the files of the package and of its tests.

    Parameters
    ----------
    pipeline
        The pipeline.
    name
        The package's name.
    project, run
        Folder and run that the tests compare with.
    values
        Values of ``nbpipe.toml`` for parameters.

    Raises
    ------
    UsageError
        If the name cannot be a package's.
    NotImportable
        If a step cannot be a function; the message lists all that is in the way.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(f"{name!r} cannot be a package's name: it is no identifier.")
    found = [note for step in pipeline.steps for note in obstacles(step)]
    if found:
        lines = [f"{n.where}: {n.what}: {n.why}. {n.do}".rstrip() for n in dict.fromkeys(found)]
        raise NotImportable("These cannot become functions:\n  " + "\n  ".join(lines))
    shared = shared_snippets(pipeline)
    names = Names()
    functions = {
        step.name: to_function(step, names.take(module_name(step.name)).replace("-", "_"), shared)
        for step in pipeline.steps
    }
    modules = [
        Made(f"{name}/{one.name}.py", _module(one, pipeline.step(one.step), shared, name))
        for one in functions.values()
    ]
    defaults = {p.name: values.get(p.name, p.default) for p in pipeline.parameters}
    return (
        Made("pyproject.toml", _PROJECT.format(name=name)),
        Made(f"{name}/__init__.py", f'"""The steps of {_said(pipeline.name)}, as functions."""\n'),
        Made(f"{name}/shared.py", _shared(shared)),
        *modules,
        Made(f"{name}/__main__.py", _main(pipeline, functions, name, defaults)),
        Made("tests/test_steps.py", _tests(pipeline, functions, name, project, run, defaults)),
    )


_PROJECT = """\
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "0.1.0"

[tool.setuptools]
packages = ["{name}"]

[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]
"""


def _said(text: str) -> str:
    """A name in a docstring: nothing of it ends the string."""
    return " ".join(text.replace("\\", " ").replace('"', "'").split())


def _shared(snippets: Sequence[Snippet]) -> str:
    parts = ['"""Imports, functions, classes and constants that steps share."""']
    return "\n\n".join([*parts, *(snippet.source for snippet in snippets)]) + "\n"


def _module(one: Function, step: Step, shared: Sequence[Snippet], package: str) -> str:
    lines = [f'"""The step {_said(one.step)}."""', ""]
    if one.shared:
        lines += [f"from {package}.shared import {', '.join(one.shared)}", ""]
    if step.foreach is not None:
        taken = _items_taken(step)
        names = sorted(
            {n for snippet in shared for n in snippet.binds} & _names(step.foreach.items)
        )
        lines += [f"from {package}.shared import {', '.join(names)}", ""] if names else []
        lines += ["", f"def items({', '.join(taken)}):", '    """Return what it runs for."""',
                  f"    return list({step.foreach.items})", ""]  # fmt: skip
    star = "*, " if one.arguments else ""
    lines += ["", f"def {one.name}({star}{', '.join(one.arguments)}):"]
    lines += [f'    """Return {", ".join(one.outputs) or "nothing"}."""']
    lines += _indented(one.body)
    given = ", ".join(f"{name!r}: {name}" for name in one.outputs)
    return "\n".join([*lines, f"    return {{{given}}}"]) + "\n"


def _indented(source: str) -> list[str]:
    """Indent a body; lines inside a text of several lines stay as they are."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno is not None:
            inside |= set(range(node.lineno + 1, node.end_lineno + 1))
    return [
        line if number in inside or not line.strip() else f"    {line}"
        for number, line in enumerate(source.splitlines(), 1)
    ]


def _names(expression: str) -> set[str]:
    return {n.id for n in ast.walk(ast.parse(expression)) if isinstance(n, ast.Name)}


def _items_taken(step: Step) -> list[str]:
    """What the items of a fan-out are made from: values of steps, and parameters."""
    if step.enumerate is None:
        return []
    return [*sorted(step.enumerate.inputs), *sorted(step.enumerate.flow.parameters)]


def _call(one: Function, step: Step, functions: Mapping[str, Function]) -> str:
    """The source of a call with the values that other steps gave."""
    given = [f"{name}={name}" for name in one.items]
    given += [f"{n}={_result(functions[step.inputs[n]])}[{n!r}]" for n in one.inputs]
    given += [
        f"all_{n}=[one[{n!r}] for one in {_result(functions[step.gathers[n]])}]"
        for n in one.gathers
    ]
    given += [f"{name}={name}" for name in one.parameters]
    return f"{one.name}({', '.join(given)})"


def _result(one: Function) -> str:
    return f"from_{one.name}"


def _main(
    pipeline: Pipeline, functions: Mapping[str, Function], name: str, defaults: Mapping[str, Any]
) -> str:
    lines = [f'"""Runs the steps of {_said(pipeline.name)} in order."""', ""]
    for one in functions.values():
        more = f", items as items_of_{one.name}" if one.items else ""
        lines.append(f"from {name}.{one.name} import {one.name}{more}")
    given = ", ".join(f"{key}={literal(value)}" for key, value in defaults.items())
    lines += ["", "", f"def main({given}):", '    """Run all steps; return what each gave."""']
    for step in pipeline.steps:
        one = functions[step.name]
        call = _call(one, step, functions)
        if step.foreach is not None:
            inputs = step.enumerate.inputs if step.enumerate is not None else {}
            taken = [
                f"{_result(functions[inputs[n]])}[{n!r}]" if n in inputs else n
                for n in _items_taken(step)
            ]
            source = f"items_of_{one.name}({', '.join(taken)})"
            call = f"[{call} for {', '.join(one.items)} in {source}]"
        lines.append(f"    {_result(one)} = {call}")
    pairs = ", ".join(f"{one.step!r}: {_result(one)}" for one in functions.values())
    lines += [f"    return {{{pairs}}}", "", "", 'if __name__ == "__main__":', "    main()"]
    return "\n".join(lines) + "\n"


_HEAD = '''"""Each step gives what it gave in a run of the notebooks, from the same values."""

import os
import pickle
import sys

import pytest

from {name} import shared

nbpipe = pytest.importorskip("nbpipe")

PROJECT = os.environ.get("NBPIPE_PROJECT", {project!r})
RUN = {run!r}
PARAMETERS = {parameters}


@pytest.fixture(scope="module")
def stored():
    """The run whose values are compared with; its objects are of classes of the notebook."""
    for name, value in vars(shared).items():
        if not name.startswith("_"):
            setattr(sys.modules["__main__"], name, value)
    try:
        return nbpipe.run_of(RUN, PROJECT)
    except nbpipe.NbpipeError as error:
        pytest.skip(f"the run is not there: {{error}}")


def given(stored, names):
    """Parameters as the run had them."""
    values = {{**PARAMETERS, **stored.parameters}}
    return {{name: values[name] for name in names}}


def same(one, other, depth=0):
    """Whether two values are equal, looking into objects that say nothing of it."""
    if type(one) is not type(other) and type(one).__name__ != type(other).__name__:
        return False
    if hasattr(one, "equals"):
        return bool(one.equals(other))
    if hasattr(one, "__array__"):
        return pickle.dumps(one) == pickle.dumps(other) or bool((one == other).all())
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k], depth) for k in one)
    if isinstance(one, (list, tuple)):
        pairs = zip(one, other)
        return len(one) == len(other) and all(same(a, b, depth) for a, b in pairs)
    try:
        if one == other or (one != one and other != other):
            return True
    except Exception:
        pass
    if depth > 8 or isinstance(one, (str, bytes, int, float)):
        return False
    try:
        return same(one.__reduce_ex__(2)[1:3], other.__reduce_ex__(2)[1:3], depth + 1)
    except TypeError:
        return pickle.dumps(one) == pickle.dumps(other)
'''


def _tests(
    pipeline: Pipeline,
    functions: Mapping[str, Function],
    name: str,
    project: str,
    run: str,
    defaults: Mapping[str, Any],
) -> str:
    head = _HEAD.format(name=name, project=project, run=run, parameters=literal(dict(defaults)))
    tests = (_test(step, functions[step.name], name) for step in pipeline.steps)
    return "\n\n".join([head, *tests])


def _test(step: Step, one: Function, package: str) -> str:
    """A test of one step; a fan-out is tested item by item."""
    lines = [f"def test_{one.name}_gives_what_it_gave(stored):"]
    more = ", items" if one.items else ""
    lines += [f"    from {package}.{one.name} import {one.name}{more}", ""]
    lines += ["    arguments = {"]
    lines += [f"        {n!r}: stored[{step.inputs[n]!r}].outputs[{n!r}]," for n in one.inputs]
    for n in one.gathers:
        task = f"stored[{step.gathers[n] + '['!r} + str(i) + ']'].outputs[{n!r}]"
        count = f"sum(task.startswith({step.gathers[n] + '['!r}) for task in stored)"
        lines.append(f"        {f'all_{n}'!r}: [{task} for i in range({count})],")
    lines += [f"        **given(stored, {list(one.parameters)!r}),", "    }"]
    kept = [name for name in one.outputs if name in step.outputs]
    if not one.items:
        lines += [f"    made = {one.name}(**arguments)"]
        lines += [f"    expected = stored[{step.name!r}].outputs"] if kept else []
        lines += [f"    assert same(made[{name!r}], expected[{name!r}])" for name in kept]
        return "\n".join(lines) + "\n"
    inputs = step.enumerate.inputs if step.enumerate is not None else {}
    taken = [
        f"stored[{inputs[n]!r}].outputs[{n!r}]" if n in inputs else f"given(stored, [{n!r}])[{n!r}]"
        for n in _items_taken(step)
    ]
    target = one.items[0] if len(one.items) == 1 else f"({', '.join(one.items)})"
    handed = ", ".join(f"{item}={item}" for item in one.items)
    lines += [f"    for index, {target} in enumerate(items({', '.join(taken)})):"]
    lines += [f"        made = {one.name}({handed}, **arguments)"]
    lines += (
        [f"        expected = stored[{step.name + '['!r} + str(index) + ']'].outputs"]
        if kept
        else []
    )
    lines += [f"        assert same(made[{name!r}], expected[{name!r}])" for name in kept]
    return "\n".join(lines) + "\n"
