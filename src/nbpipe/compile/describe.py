"""A pipeline as plain JSON data: what every face draws, lists and keeps with a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbpipe.compile.pipeline import Edge, Pipeline, Step
    from nbpipe.errors import Fix, Problem


def describe(pipeline: Pipeline) -> dict[str, Any]:
    """Return the pipeline as data; the browser's `Compiled` (``docs/reference/rest.md``)."""
    return {
        "name": pipeline.name,
        "steps": [_step(step) for step in pipeline.steps],
        "edges": [_edge(edge) for edge in pipeline.edges],
        "roles": {
            path: {
                cell: {"role": role.kind, "step": role.step, "tagged": role.tagged}
                for cell, role in roles.items()
            }
            for path, roles in pipeline.roles.items()
        },
        "parameters": [
            {
                "name": parameter.name,
                "default": parameter.default,
                "type": type_name(parameter.default),
                "notebook": parameter.notebook,
            }
            for parameter in pipeline.parameters
        ],
        "problems": [describe_problem(problem) for problem in pipeline.problems],
    }


def describe_problem(problem: Problem) -> dict[str, Any]:
    """Return a problem as data."""
    fix = problem.fix
    return {
        "code": problem.code,
        "message": problem.message,
        "severity": problem.severity,
        "notebook": problem.notebook,
        "cell": problem.cell,
        "index": problem.index,
        "line": problem.line,
        "suggestion": problem.suggestion,
        "fix": fix and _fix(fix),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "cell": fix.cell,
        "add": list(fix.add),
        "remove": list(fix.remove),
        "source": fix.source,
        "entry": list(fix.entry),
        "becomes": fix.becomes,
        "says": fix.says,
        "also": [_fix(other) for other in fix.also],
    }


def type_name(value: object) -> str:
    """Return the JSON Schema name of a value's type."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _step(step: Step) -> dict[str, Any]:
    options = step.options
    return {
        "name": step.name,
        "kind": step.kind,
        "notebook": step.notebook.path,
        "language": step.language,
        "cells": list(step.cells),
        "inputs": sorted({*step.inputs, *step.gathers}),
        "outputs": list(step.outputs),
        "parameters": sorted(step.flow.parameters),
        "after": list(step.after),
        "foreach": f"{', '.join(step.foreach.names)} in {step.foreach.items}"
        if step.foreach
        else None,
        "checks": list(step.checks),
        "metrics": list(step.metric_names),
        "files": {
            "reads": sorted({use.path for use in step.flow.reads}),
            "writes": sorted({use.path for use in step.flow.writes}),
        },
        "options": {
            "retries": options.retries,
            "retry_delay": options.retry_delay,
            "timeout": options.timeout,
            "engine": options.engine,
            "cache": options.cache,
            "resources": {
                "cpu": options.resources.cpu,
                "memory": options.resources.memory,
                "gpu": options.resources.gpu,
            },
        },
        "line": _line(step),
    }


def _line(step: Step) -> str:
    """The step in one line: what it takes and gives."""
    takes = ", ".join(sorted({*step.inputs, *step.gathers})) or "nothing"
    gives = ", ".join(step.outputs) or "nothing"
    return f"takes {takes}; gives {gives}"


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "source": edge.source,
        "target": edge.target,
        "kind": edge.kind,
        "names": list(edge.names),
        "learned": edge.learned,
        "reasons": [
            {"text": r.text, "notebook": r.notebook, "cell": r.cell, "line": r.line}
            for r in edge.reasons
        ],
    }
