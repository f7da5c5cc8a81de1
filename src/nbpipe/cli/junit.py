"""A run as a JUnit report: a test for each step, and one for each check."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from nbpipe.cli.terminal import clean, clean_line
from nbpipe.events import GOOD

if TYPE_CHECKING:
    from nbpipe.cli.summary import Ended
    from nbpipe.store.rows import TaskRow


def junit(ended: Ended) -> bytes:
    """Return the report as XML."""
    suite = ET.Element("testsuite", name=clean_line(ended.name))
    for one in ended.outcome.shown:
        _step(suite, ended, one)
        for cell, said in one.checks.items():
            _check(suite, ended, one, (cell, said))
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for kind in ("failure", "error", "skipped"):
        count = sum(case.find(kind) is not None for case in cases)
        suite.set({"failure": "failures", "error": "errors"}.get(kind, kind), str(count))
    suite.set("time", f"{ended.outcome.seconds:.3f}")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _case(suite: ET.Element, name: str, time: float) -> ET.Element:
    group = suite.get("name", "")
    return ET.SubElement(suite, "testcase", classname=group, name=name, time=f"{time:.3f}")


def _step(suite: ET.Element, ended: Ended, one: TaskRow) -> None:
    case = _case(suite, clean_line(one.task), one.seconds or 0.0)
    if one.state in GOOD:
        return
    error = one.error
    if error is None:
        ET.SubElement(case, "skipped", message=clean_line(f"{one.state}: {one.reason}"))
        return
    kind = "failure" if one.state == "failed" else "error"
    said = ET.SubElement(case, kind, type=clean_line(error.name), message=clean_line(error.message))
    where = ended.place(one, error.cell)
    said.text = clean(f"{where}\n{error.traceback}".strip())


def _check(suite: ET.Element, ended: Ended, one: TaskRow, check: tuple[str, str]) -> None:
    cell, said = check
    where = ended.place(one, cell) or cell
    case = _case(suite, clean_line(f"{one.task} check ({where})"), 0.0)
    if said != "ok":
        ET.SubElement(case, "failure", type="check", message=clean_line(said))
