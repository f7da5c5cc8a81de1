"""The page on reliability: its invariants are those that are checked, its proofs exist."""

from __future__ import annotations

import re
from pathlib import Path

from nbpipe.store.faults import INVARIANTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
PROOFS = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", PAGE)


def test_every_invariant_stands_on_the_page_as_it_is_checked() -> None:
    assert all(f"| {rule} | {text} |" in PAGE for rule, text in INVARIANTS.items())


def test_every_fault_names_a_test_that_there_is() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "`tests/" in line]
    assert len(PROOFS) > len(rows) > 15
    for file, name in PROOFS:
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE), name


def test_every_row_of_the_table_has_a_proof() -> None:
    table = PAGE.partition("what proves it")[2].partition("## What is not")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert all("`tests/" in row for row in rows)


def test_every_defence_names_a_file_of_tests_that_there_is() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| .* \| .* \| .*`", line)]
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`([\w/]+(?:\.py|/)|pyproject\.toml)`", row.rpartition(" | ")[2])
        assert named, row
        for name in named:
            at = ROOT / name if name == "pyproject.toml" else ROOT / "tests" / name
            assert at.exists(), name
