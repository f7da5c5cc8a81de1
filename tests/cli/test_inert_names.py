"""Whatever a notebook calls things and says: on every face it is text, and nothing more."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from nbpipe.cli.problems import annotation
from nbpipe.compile.assemble import assemble
from nbpipe.compile.describe import describe
from nbpipe.compile.notebook import read_document
from nbpipe.errors import Problem
from nbpipe.events import Artifact, Failure
from nbpipe.export.mermaid import draw_mermaid
from nbpipe.export.svg import draw_svg
from nbpipe.export.text import draw_text
from nbpipe.refactor.functions import module_name
from nbpipe.run.executed import file_name
from nbpipe.store.blobs import LocalBlobs
from tests.cli.conftest import ok
from tests.conftest import document

if TYPE_CHECKING:
    from nbpipe.compile.pipeline import Pipeline
    from nbpipe.run.order import Order, Result
    from tests.cli.conftest import Desk

HOSTILE = {
    "html": '"><script>alert(1)</script><img src=x onerror=alert(1)>',
    "attribute": "' onmouseover='alert(1)",
    "svg": "</text></svg><svg onload=alert(1)>",
    "cdata": "]]><!--<b>&amp;&#x41;",
    "mermaid": 'a"] --> b\nclick a "javascript:alert(1)"\n%%{init: {}}%%',
    "markdown": "[x](javascript:alert(1)) | ![y](z) `c` **b**",
    "workflow command": "x\n::set-output name=a::b\n::error::c%0A::warning::d",
    "sql": "'; DROP TABLE runs; --",
    "shell": "$(touch owned) `id` ; rm -rf / & | > x",
    "yaml": "- a: [\n  !!python/object/apply:os.system ['id']",
    "formula": "=HYPERLINK(\"http://x\",A1)",
    "format": "{0} {x.__class__} %s %n ${HOME}",
    "path": "../../../etc/passwd",
    "absolute": "/etc/passwd",
    "drive": "C:\\..\\con",
    "escape": "\x1b]0;title\x07\x1b[2J\x1b[31mred\x9b31m",
    "carriage return": "good\rbad\x08\x08\x7f",
    "bidirectional": "abc\u202egnp.exe\u2066x\u2069\u200f\u200e\u061c",
    "lines": "a\u2028b\u2029c\x0bd\x0ce\x85f",
    "nul": "a\0b",
    "surrogate": "a\ud800b",
    "long": "x" * 5000,
}  # fmt: skip

each = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)

DRIVES = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What could move a terminal's cursor, or turn text around."""

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "b", "table", "tr"),
    *("thead", "tbody", "td", "th", "a", "span", "code", "pre", "details", "summary", "figure"),
    *("svg", "g", "path", "rect", "text", "img", "iframe"),
}


class Page(HTMLParser):
    """The tags and attributes of a page; asserts that there is none that acts."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert not (value or "").strip().lower().startswith("javascript:")

    handle_startendtag = handle_starttag


def harmless_xml(drawn: str | bytes) -> None:
    for part in ET.fromstring(drawn).iter():
        assert "script" not in part.tag
        assert not [name for name in part.attrib if name.startswith("on")]


def pipeline(text: str) -> Pipeline:
    """A pipeline in which the text is whatever a notebook can make it."""
    path = text.replace("\0", "").encode("utf-8", "replace").decode() + ".ipynb"
    cells = (("parameters", "n = 1"), ("step:a", "x = n"), ("step:b", "print(x)"))
    made = document(*cells)
    made["metadata"]["nbpipe"] = {"version": 1, "name": text, "steps": {text: {text: text}}}
    made["cells"][1]["metadata"]["tags"] += [text, f"after:{text}"]
    made["cells"][2]["metadata"]["tags"] += [f"step:{text}", f"foreach:{text} in {text}"]
    built = assemble([read_document(made, path)], name=text)
    steps = tuple(replace(step, name=f"{step.name}{text}") for step in built.steps)
    edges = tuple(
        replace(edge, source=f"{edge.source}{text}", target=f"{edge.target}{text}", names=(text,))
        for edge in built.edges
    )
    return replace(built, steps=steps, edges=edges)


@each
def test_in_every_drawing(text: str) -> None:
    drawn = pipeline(text)
    harmless_xml(draw_svg(drawn))
    for line in draw_text(drawn):
        assert not DRIVES.search(line)
        assert "\n" not in line
    chart = draw_mermaid(drawn)
    shape = re.compile(r'    s\d+(\["[^"]*"\]| (-->|-\.->)(\|"[^"|]*"\|)? s\d+)')
    first, *lines = chart.rstrip("\n").split("\n")
    assert first == "flowchart TD"
    assert all(shape.fullmatch(line) for line in lines), lines
    assert "<script" not in chart


@each
def test_in_the_servers_json(text: str) -> None:
    data = json.dumps(describe(pipeline(text)))
    assert data.isascii()
    json.loads(data)


@each
def test_in_annotations_for_github(text: str) -> None:
    line = annotation(Problem("code", text, notebook=text, suggestion=text, index=0), "p/")
    assert re.match(r"::error file=[^,:]*,line=1,title=nbpipe code::", line)
    assert "\n" not in line
    assert not DRIVES.search(line)


@each
def test_as_names_of_files_and_functions(text: str) -> None:
    assert re.fullmatch(r"[\w.-]{1,120}", file_name(text))
    assert file_name(text).strip(".") not in ("", "ipynb")
    assert module_name(text).replace("-", "_").isidentifier()


def spoken(text: str, order: Order) -> Result:
    """A result in which the text stands wherever a kernel can put it."""
    writable = text.encode("utf-8", "replace").decode()
    if order.task == "show":
        error = Failure(text, text, order.own[0], f"Traceback:\n{text}\n{text}: {text}")
        return replace(ok(order), state="failed", error=error, checks={order.checks[0]: text})
    digest = LocalBlobs(order.store).put_bytes(writable.encode())
    preview = {"text": text, "html": f"<b>{text}</b>", "shape": text}
    value = Artifact(writable, digest, 1, "value", "json", writable, preview)
    file = Artifact(f"{writable}.csv", digest, 1, "file", type=writable, preview={"text": text})
    plain = ok(order)
    return replace(
        plain, artifacts=(*plain.artifacts, value, file), metrics={text: 1.0}, checks={"c1": text}
    )


@each
def test_in_what_is_told_of_a_run(nbpipe: Desk, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = nbpipe.folder / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    nbpipe.answers = dict.fromkeys(("load", "fit", "show"), lambda order: spoken(text, order))
    said = [nbpipe("run", "--html", "report", "--junit", "j.xml")]
    looks = (
        ("show", "last"), ("show", "last/load"), ("show", "last/show"), ("logs", "last/show"),
        ("ls",), ("why", "fit"), ("plan",), ("diff", "last", "last"), ("ls", "--json"),
        ("show", "last", "--json"),
    )  # fmt: skip
    said += [nbpipe(*look) for look in looks]
    for one in said:
        assert one.exit_code in (0, 1, 2), one.output
        assert not DRIVES.search(one.output), one.output
    harmless_xml((nbpipe.folder / "j.xml").read_bytes())
    page = (nbpipe.folder / "report" / "index.html").read_text("utf-8")
    Page().feed(page)
    names = [path.name for path in (nbpipe.folder / "report").rglob("*")]
    assert all(re.fullmatch(r"[\w.-]+", name) for name in names)
    assert "<" not in re.sub(r"<br/?>", "", summary.read_text("utf-8"))
    assert not (nbpipe.folder / "owned").exists()


@each
def test_as_a_parameters_value_and_never_as_its_name(nbpipe: Desk, text: str) -> None:
    said = nbpipe("run", "-p", f"n={json.dumps(text)}")
    assert said.exit_code in (0, 2)
    assert not DRIVES.search(said.output)
    assert nbpipe("run", "-p", f"{text}=1").exit_code == 2
    assert not DRIVES.search(nbpipe("show", "last").output)
