"""Scripts and Markdown files as notebooks: the text formats of Jupytext.

Read are ``percent`` and ``hydrogen`` (``# %%``), ``light`` (``# +`` and paragraphs), Markdown, MyST
and R Markdown. https://jupytext.readthedocs.io/en/latest/formats-scripts.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbpipe.compile.notebook import read_document
from nbpipe.compile.percent import magic_line, read_percent
from nbpipe.importers.pieces import PYTHON, Piece, R, pieces_of

if TYPE_CHECKING:
    from collections.abc import Iterator

EXTENSIONS = (".py", ".r", ".R", ".md", ".Rmd", ".qmd", ".myst")
_SCRIPTS = (".py", ".r", ".R")
_PERCENT = re.compile(r"^# ?%%(?=[\s\[{]|$)", re.MULTILINE)
_OPEN = re.compile(r"^# \+(?P<rest>.*)$")
_REGION = re.compile(r"^# (?:region|\{\{\{)\b(?P<rest>.*)$")
_CLOSE = ("# -", "# endregion", "# }}}")
_FENCE = re.compile(r"^(?P<marks>`{3,})\s*(?P<brace>\{)?\s*(?P<word>[\w.+-]*)(?P<rest>[^`]*)$")
_TAGS = re.compile(r"""\btags["']?\s*[=:]\s*(?P<list>\[[^\]]*\]|c\([^)]*\)|"[^"]*"|'[^']*')""")
_YAML_TAGS = re.compile(r"""^:?tags:?\s*(?P<list>\[[^\]]*\])\s*$""")
_WORD = re.compile(r"""["']([^"']+)["']|([\w:.\-]+)""")
_MAGIC = re.compile(r"^# (?P<magic>(?:%|!).*)$")
_ACTIVE = re.compile(r"""\bactive=["'](?P<where>[\w,-]*)["']""")
_MAGIC_ARGS = re.compile(r"""\bmagic_args=["'](?P<given>[^"'\n]*)["']""")
_MAGICS = frozenset({"bash", "html", "javascript", "js", "latex", "perl", "r", "ruby", "sh"})
_PYTHONS = frozenset({"python", "py", "ipython3", "ipython", "python3"})
_LANGUAGES = _PYTHONS | {"r"}


def read_script(text: str, path: str) -> tuple[list[Piece], dict[str, Any]]:
    """Return a file's cells, and the metadata of the notebook that it becomes.

    Parameters
    ----------
    text
        The file's text.
    path
        Its path; the ending says whether it is a script or Markdown.
    """
    metadata = R if path.lower().endswith((".r", ".rmd")) else PYTHON
    if path.endswith(_SCRIPTS):
        if _PERCENT.search(text):
            return pieces_of(read_document(read_percent(text), path)), dict(metadata)
        return list(_light(_without_header(text.splitlines(), "# "))), dict(metadata)
    lines = text.splitlines()
    body = _without_header(lines, "")
    header = "\n".join(lines[: len(lines) - len(body)])
    braces = path.lower().endswith((".rmd", ".qmd")) or "format_name: myst" in header
    cells = list(_markdown(body, braces=braces, others="jupyter:" in header))
    languages = {language for language, _ in cells if language}
    if languages and languages <= _PYTHONS:
        metadata = PYTHON
    return [piece for _, piece in cells], dict(metadata)


def _without_header(lines: list[str], comment: str) -> list[str]:
    """Leave out the YAML header that Jupytext writes."""
    mark = f"{comment}---"
    if not lines or lines[0].rstrip() != mark:
        return lines
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == mark), 0)
    return lines[end + 1 :] if end else lines


def _words(rest: str) -> tuple[str, ...]:
    found = _TAGS.search(rest)
    if not found:
        return ()
    inner = found["list"].removeprefix("c(").strip("[]()")
    return tuple(quoted or plain for quoted, plain in _WORD.findall(inner))


def _light(lines: list[str]) -> Iterator[Piece]:
    """Cells of the light format: explicit ones, else paragraphs of code or of comments."""
    at = 0
    while at < len(lines):
        opened = _OPEN.match(lines[at]) or _REGION.match(lines[at])
        if opened:
            end = _explicit_end(lines, at + 1)
            yield _explicit(lines[at + 1 : end], opened["rest"])
            at = end + (end < len(lines) and lines[end].rstrip() in _CLOSE)
        elif not lines[at].strip() or lines[at].rstrip() in _CLOSE:
            at += 1
        else:
            end = _paragraph_end(lines, at)
            yield _paragraph(lines[at:end])
            at = end


def _explicit_end(lines: list[str], start: int) -> int:
    for index in range(start, len(lines)):
        line = lines[index]
        if line.rstrip() in _CLOSE or _OPEN.match(line) or _REGION.match(line):
            return index
    return len(lines)


def _explicit(body: list[str], rest: str) -> Piece:
    tags = _words(rest)
    source = "\n".join(body).strip("\n")
    kind = re.search(r"\[(markdown|md|raw)\]", rest)
    active, magic = _ACTIVE.search(rest), magic_line(rest)
    if active and "ipynb" not in active["where"]:
        return Piece("raw", _uncommented(source), tags)
    if active or magic:
        return Piece("code", magic + _uncommented(source), tags)
    if kind:
        return Piece("raw" if kind[1] == "raw" else "markdown", _uncommented(source), tags)
    return Piece("code", _with_magics(source), tags)


def _paragraph_end(lines: list[str], start: int) -> int:
    """End of a paragraph; an indented line, or one inside brackets, goes on after a gap."""
    is_text = lines[start].startswith("#") and not _MAGIC.match(lines[start])
    for index in range(start + 1, len(lines)):
        line, before = lines[index], lines[index - 1]
        if _OPEN.match(line) or _REGION.match(line) or line.rstrip() in _CLOSE:
            return index
        if is_text and not line.startswith("#"):
            comment = not line.strip() or all(one.startswith("#") for one in lines[start:index])
            if not line.strip():
                return index
            is_text = not comment or False
        goes_on = line.startswith((" ", "\t", ")", "]", "}")) or not _is_whole(lines[start:index])
        if not before.strip() and line.strip() and not goes_on:
            return index
    return len(lines)


def _is_whole(lines: list[str]) -> bool:
    """Whether lines are code that has come to its end."""
    import codeop

    source = "\n".join("pass" if re.match(r"^[%!]", line) else line for line in lines)
    try:
        compile(source + "\n", "<cell>", "exec", dont_inherit=True, flags=0)
    except (SyntaxError, ValueError, OverflowError):
        try:
            return codeop.compile_command(source + "\n", symbol="exec") is not None
        except (SyntaxError, ValueError, OverflowError):
            return "was never closed" not in _fault(source) and "triple-quoted" not in _fault(
                source
            )
    return True


def _fault(source: str) -> str:
    try:
        compile(source, "<cell>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return str(error)
    return ""


def _paragraph(lines: list[str]) -> Piece:
    body = lines[: len(lines) - next(i for i, line in enumerate(lines[::-1]) if line.strip())]
    if all(line.startswith("#") for line in body) and not any(map(_MAGIC.match, body)):
        return Piece("markdown", _uncommented("\n".join(body)))
    return Piece("code", _with_magics("\n".join(body)))


def _with_magics(source: str) -> str:
    lines = source.split("\n")
    return "\n".join(m["magic"] if (m := _MAGIC.match(line)) else line for line in lines)


def _uncommented(source: str) -> str:
    for quotes in ('"""', "'''"):
        if source.startswith(quotes) and source.endswith(quotes) and len(source) >= 6:
            return source[3:-3].strip("\n")
    return "\n".join(re.sub(r"^# ?", "", line) for line in source.split("\n"))


def _markdown(lines: list[str], *, braces: bool, others: bool) -> Iterator[tuple[str, Piece]]:
    """Cells of a Markdown file with the language of the code; text between fences is Markdown.

    With `braces` only fences as ``{python}`` hold cells; with `others` a fence of another language
    is a cell with its magic, as Jupytext writes it.
    """
    text: list[str] = []
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        language = _language(fence, braces=braces, others=others) if fence else ""
        if fence is None or not language:
            if lines[at].strip() != "+++" and not lines[at].startswith("+++ "):
                text.append(lines[at])
            at += 1
            continue
        if any(line.strip() for line in text):
            yield "", Piece("markdown", "\n".join(text).strip("\n"))
        text = []
        end = next((i for i in range(at + 1, len(lines)) if lines[i].strip() == fence["marks"]),
                   len(lines))  # fmt: skip
        magic = _magic(fence) if others and language in _MAGICS else ""
        yield "" if magic else language, _fenced(lines[at + 1 : end], fence["rest"], magic)
        at = end + 1
    if any(line.strip() for line in text):
        yield "", Piece("markdown", "\n".join(text).strip("\n"))


def _language(fence: re.Match[str], *, braces: bool, others: bool) -> str:
    """The language of a fence that holds a code cell; empty for any other."""
    word = fence["word"].lower()
    if word == "code-cell":
        rest = fence["rest"].strip(" }").split()
        return rest[0].lower() if rest else "python"
    if (braces and not fence["brace"]) or ".noeval" in fence["rest"]:
        return ""
    return word if word in _LANGUAGES or (others and word in _MAGICS) else ""


def _magic(fence: re.Match[str]) -> str:
    word, given = fence["word"], _MAGIC_ARGS.search(fence["rest"])
    return f"{'R' if word == 'r' else word} {given['given'] if given else ''}".rstrip()


def _fenced(body: list[str], rest: str, magic: str) -> Piece:
    tags = list(_words(rest))
    active = _ACTIVE.search(rest)
    if active and "ipynb" not in active["where"]:
        return Piece("raw", "\n".join(body), tuple(tags))
    while body and (body[0].startswith(":") or body[0].strip() == "---"):
        if body[0].strip() == "---":
            end = next((i for i, line in enumerate(body[1:], 1) if line.strip() == "---"), 0)
            head, body = body[1:end], body[end + 1 :]
        else:
            head, body = body[:1], body[1:]
        for line in head:
            found = _YAML_TAGS.match(line.strip())
            if found:
                tags += [a or b for a, b in _WORD.findall(found["list"].strip("[]"))]
    source = _with_magics("\n".join(body).strip("\n"))
    return Piece("code", f"%%{magic}\n{source}" if magic else source, tuple(tags))
