"""The imports that a notebook's cells make at their top level, as a template can make them."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbpipe.run.kernels.seats import Imports

_SETTING = re.compile(
    r"environ|putenv|%\s*(set_)?env|sys\s*\.\s*(path|modules|meta_path|flags|set)|reload\(|dotenv"
    r"|load_ext\s+(?!autoreload)|\.install\(|import_hook|claw"
    r"|pip\s+install|conda\s+install|tracemalloc|PYTHON|monkey|patch_all|faulthandler|importlib"
)
"""Code after which an import may be another than before: nothing is imported ahead of it."""


def imports_of(notebook: Mapping[str, Any]) -> Imports:
    """Return what the code cells import; nothing where a cell may change what imports are."""
    found: dict[str, dict[str, None]] = {}
    sources = [_source(c) for c in notebook.get("cells", ()) if c.get("cell_type") == "code"]
    if any(_SETTING.search(source) for source in sources if "nbpipe_kernelside" not in source):
        return ()
    for source in sources:
        for module, names in _imports(source):
            if module != "__future__":
                found.setdefault(module, {}).update(dict.fromkeys(names))
    return tuple((module, tuple(names)) for module, names in found.items())


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _imports(source: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if "import" not in source or source.lstrip().startswith("%%"):
        return
    lines = ["" if line.startswith(("%", "!", "?")) else line for line in source.splitlines()]
    try:
        tree = compile(
            "\n".join(lines), "<cell>", "exec",
            ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True,
        )  # fmt: skip
    except (SyntaxError, ValueError):
        return
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, tuple(a.name for a in node.names if a.name != "*")
