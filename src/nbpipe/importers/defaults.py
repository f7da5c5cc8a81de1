"""Parameters that several notebooks have: one name is one value in a pipeline.

Where notebooks of another product give the same name different values, the name stays a plain
assignment in each of them, so that every step keeps its own.
"""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbpipe.importers.carried import Note

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbpipe.importers.carried import Made


def keep_apart(files: Sequence[Made]) -> tuple[tuple[Made, ...], tuple[Note, ...]]:
    """Return the files with parameters that differ made plain assignments, and what was done."""
    documents = {made.path: json.loads(made.text) for made in files if _is_notebook(made)}
    seen: dict[str, dict[str, str]] = {}
    for path, document in documents.items():
        for node in _assignments(_cell(document)):
            name, value = _pair(node)
            seen.setdefault(name, {})[path] = value
    apart = {name for name, values in seen.items() if len(set(values.values())) > 1}
    if not apart:
        return tuple(files), ()
    made = tuple(
        replace(one, text=_text(_parted(documents[one.path], apart)))
        if one.path in documents
        else one
        for one in files
    )
    return made, tuple(_note(name, seen[name]) for name in sorted(apart))


def _note(name: str, values: dict[str, str]) -> Note:
    return Note(
        ", ".join(sorted(values)), f"the parameter {name}", "the notebooks have different values "
        "for it, and a pipeline has one of each name, so each assigns its own",
        "Give it a name of its own in each notebook to set it with -p.",
    )  # fmt: skip


def _is_notebook(made: Made) -> bool:
    return made.path.endswith(".ipynb")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _cell(document: dict[str, Any]) -> dict[str, Any] | None:
    cells = (one for one in document["cells"] if one["cell_type"] == "code")
    return next((one for one in cells if "parameters" in one["metadata"].get("tags", ())), None)


def _assignments(cell: dict[str, Any] | None) -> Iterator[ast.Assign | ast.AnnAssign]:
    try:
        body = ast.parse("".join(cell["source"])).body if cell else []
    except SyntaxError:
        body = []
    for node in body:
        match node:
            case (
                ast.Assign(targets=[ast.Name()])
                | ast.AnnAssign(target=ast.Name(), value=ast.expr())
            ):
                yield node


def _pair(node: ast.Assign | ast.AnnAssign) -> tuple[str, str]:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    assert isinstance(target, ast.Name)
    assert node.value is not None
    return target.id, ast.dump(node.value)


def _parted(document: dict[str, Any], apart: set[str]) -> dict[str, Any]:
    """Move the assignments of some names into a cell of their own below the parameters."""
    cell = _cell(document)
    moved = [node for node in _assignments(cell) if _pair(node)[0] in apart]
    if cell is None or not moved:
        return document
    lines = "".join(cell["source"]).splitlines()
    taken: list[str] = []
    for node in reversed(moved):
        taken = [*lines[node.lineno - 1 : node.end_lineno], *taken]
        del lines[node.lineno - 1 : node.end_lineno]
    rest = "\n".join(lines)
    tags = [tag for tag in cell["metadata"]["tags"] if tag != "parameters"]
    if not any(line.strip() and not line.lstrip().startswith("#") for line in lines):
        metadata = {k: v for k, v in cell["metadata"].items() if k != "tags"}
        cell["metadata"] = metadata | ({"tags": tags} if tags else {})
        return document
    own = {**cell, "id": f"{cell['id'][:58]}-own", "metadata": {"tags": tags} if tags else {}}
    own["source"] = "\n".join(taken).splitlines(keepends=True)
    cell["source"] = rest.splitlines(keepends=True)
    document["cells"].insert(document["cells"].index(cell) + 1, own)
    return document
