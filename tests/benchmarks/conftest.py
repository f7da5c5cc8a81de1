"""Results that nobody measured."""

from __future__ import annotations

import pytest

from benchmarks.measure import Cost
from benchmarks.results import CaseResult, Measured, Results


@pytest.fixture
def case() -> CaseResult:
    rows = (
        Measured("nbpipe", Cost(0.05, 0.1), 3),
        Measured("slow <one>", Cost(1.0, 0.4), 3, "in | one process"),
        Measured("quick", Cost(0.025, None), 1),
        Measured("broken", None, 0, "", "exit code 1. <no kernel>"),
    )
    return CaseResult("step", "a trivial notebook", "a notebook", "cpu", 0.5, rows)


@pytest.fixture
def results(case: CaseResult) -> Results:
    alone = CaseResult("compile", "cells", "all", "cpu", 0.7, (Measured("nbpipe", Cost(2, 3), 3),))
    check = CaseResult("counting", "counted?", "a cell", "cpu", 0.7, case.rows)
    machine = {"day": "2026-01-02", "cores": "2", "system": "Linux", "python": "3.11"}
    versions = {"nbpipe": "1.0", "slow, in process": "2.0", "slow, command": "2.0"}
    return Results(machine, versions, (case, alone, check), {"absent": "no wheel"})
