"""A proof as plain JSON data: what ``nbpipe verify --json`` prints and the panel shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbpipe.compile.describe import describe_problem

if TYPE_CHECKING:
    from nbpipe.proof.findings import Proof


def describe_proof(proof: Proof) -> dict[str, Any]:
    """Return the proof as data."""
    return {
        "verdict": proof.verdict,
        "sentence": proof.sentence,
        "differences": [
            {
                "notebook": one.spot.notebook,
                "step": one.spot.step,
                "what": one.spot.what,
                "name": one.spot.name,
                "index": one.index,
                "how": one.how,
                "cause": one.cause,
                "why": one.why,
            }
            for one in proof.differences
        ],
        "notes": list(proof.notes),
        "problems": [describe_problem(problem) for problem in proof.problems],
        "cells": proof.cells,
        "values": proof.values,
        "compared": list(proof.compared),
        "uncompared": list(proof.uncompared),
        "unseen": list(proof.unseen),
        "held": list(proof.held),
        "seconds": {"run_all": proof.seconds[0], "pipeline": proof.seconds[1]},
    }
