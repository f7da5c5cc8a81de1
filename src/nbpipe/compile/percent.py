"""Scripts in Jupytext's percent format (``# %%``) as notebook documents.

The format: https://jupytext.readthedocs.io/en/latest/formats-scripts.html#the-percent-format
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MARK = re.compile(r"^# ?%%(?P<rest>[\s\[{].*|)$")
_LANGUAGE = re.compile(r"""\blanguage=["'](\w+)["']""")
_MAGIC_ARGS = re.compile(r"""\bmagic_args=["']([^"'\n]*)["']""")
_ACTIVE = re.compile(r"""\bactive=["']([\w,-]*)["']""")
_KIND = re.compile(r"\[(?P<kind>markdown|md|raw)\]")
_TAGS = re.compile(r"""\btags["']?\s*[=:]\s*(\[[^\]]*\])""")
_STRING = re.compile(r"""["']([^"']*)["']""")
_SPEC = re.compile(r"^#\s+(?P<key>name|language):\s*(?P<value>\S+)\s*$")
_MAGIC = re.compile(r"^# (?P<magic>(%|!).*)$")


def is_percent(text: str) -> bool:
    """Whether a script is meant as a notebook: it has a Jupytext header or a tagged cell mark."""
    if text.startswith("# ---\n# jupyter:"):
        return True
    return any(_MARK.match(line) and "tags=" in line for line in text.splitlines())


def read_percent(text: str) -> dict[str, Any]:
    """Return the script as an nbformat 4 document; cell ids count from ``cell-0``."""
    lines = text.splitlines()
    start, metadata = _header(lines)
    chunks: list[tuple[str, list[str]]] = [("", [])]
    for line in lines[start:]:
        mark = _MARK.match(line)
        if mark:
            chunks.append((mark["rest"].strip(), []))
        else:
            chunks[-1][1].append(line)
    kept = [
        (rest, body) for i, (rest, body) in enumerate(chunks) if i or any(s.strip() for s in body)
    ]
    cells = [_cell(rest, body, f"cell-{index}") for index, (rest, body) in enumerate(kept)]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def percent_with_tags(text: str, changes: Mapping[int, tuple[Sequence[str], Sequence[str]]]) -> str:
    """Return the script with tags added to and removed from cells, by their position.

    Only the cells' marks differ; a first cell that has none is given one.
    """
    lines = text.splitlines(keepends=True)
    start, _ = _header(text.splitlines())
    marks = [i for i, line in enumerate(lines) if i >= start and _MARK.match(line.rstrip("\r\n"))]
    before = lines[start : marks[0]] if marks else lines[start:]
    unmarked = any(line.strip() for line in before)
    places = [start - 1, *marks] if unmarked else marks
    for index in sorted(changes, reverse=True):
        add, remove = changes[index]
        if unmarked and index == 0:
            lines.insert(start, f"# %%{_written(add)}\n")
        else:
            lines[places[index]] = _marked(lines[places[index]], add, remove)
    return "".join(lines)


def _marked(line: str, add: Sequence[str], remove: Sequence[str]) -> str:
    body = line.rstrip("\r\n")
    end = line[len(body) :]
    found = _TAGS.search(body)
    rest = _MARK.match(body)
    old = (
        _STRING.findall(found[1]) if found else _words(rest["rest"] if rest else "").get("tags", ())
    )
    tags = [tag for tag in old if tag not in remove]
    said = _written([*tags, *(tag for tag in add if tag not in tags)])
    if found:
        return f"{body[: found.start()].rstrip()}{said}{body[found.end() :]}{end}"
    single = re.sub(r"""\s+tags=("[^"]*"|'[^']*'|\S+)""", "", body)
    return f"{single.rstrip()}{said}{end}"


def _written(tags: Sequence[str]) -> str:
    return " tags=[" + ", ".join(f'"{tag}"' for tag in tags) + "]" if tags else ""


def _header(lines: list[str]) -> tuple[int, dict[str, Any]]:
    """First line after the YAML header, and the kernelspec that it names."""
    if not lines or lines[0].strip() != "# ---":
        return 0, {}
    end = next((i for i, line in enumerate(lines[1:], 1) if line.strip() == "# ---"), 0)
    spec: dict[str, str] = {}
    inside = False
    for line in lines[1:end]:
        inside = inside or "kernelspec:" in line
        found = _SPEC.match(line)
        if inside and found:
            spec[found["key"]] = found["value"]
    return end + 1 if end else 0, {"kernelspec": spec} if spec else {}


def _cell(rest: str, body: list[str], name: str) -> dict[str, Any]:
    kind = _KIND.search(rest)
    tags = _TAGS.search(rest)
    source = "\n".join(body).strip("\n")
    magic, active = magic_line(rest), _ACTIVE.search(rest)
    if active and "ipynb" not in active[1]:
        cell_type = "raw"
        source = _uncommented(source)
    elif kind is None and (magic or active):
        # A cell of another language, or one for notebooks alone, is a comment in the script.
        cell_type = "code"
        source = magic + _uncommented(source)
    elif kind is None:
        cell_type = "code"
        source = "\n".join(_uncommented_magic(line) for line in source.split("\n"))
    else:
        cell_type = "raw" if kind["kind"] == "raw" else "markdown"
        source = _uncommented(source)
    return {
        "id": name,
        "cell_type": cell_type,
        "source": source,
        "metadata": {"tags": _STRING.findall(tags[1])} if tags else _words(rest),
    }


def magic_line(rest: str) -> str:
    """Return the first line of a cell in another language, as a cell mark names it."""
    language, given = _LANGUAGE.search(rest), _MAGIC_ARGS.search(rest)
    return f"%%{language[1]} {given[1] if given else ''}".rstrip() + "\n" if language else ""


def _words(rest: str) -> dict[str, Any]:
    """Jupytext also writes one tag as ``tags="setup"``."""
    try:
        words = shlex.split(rest)
    except ValueError:
        return {}
    single = [word.removeprefix("tags=") for word in words if word.startswith("tags=")]
    return {"tags": [tag.strip() for tag in single[0].split(",")]} if single else {}


def _uncommented_magic(line: str) -> str:
    """Jupytext writes magics and shell lines as comments."""
    found = _MAGIC.match(line)
    return found["magic"] if found else line


def _uncommented(source: str) -> str:
    for quotes in ('"""', "'''"):
        if source.startswith(quotes) and source.endswith(quotes) and len(source) >= 6:
            return source[3:-3].strip("\n")
    return "\n".join(re.sub(r"^# ?", "", line) for line in source.split("\n"))
