"""A proposal as plain JSON data: what ``nbpipe split --json`` prints and the panel shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbpipe.compile.describe import describe_problem

if TYPE_CHECKING:
    from nbpipe.compile.suggest.proposal import Change, Proposal


def describe_proposal(proposal: Proposal) -> dict[str, Any]:
    """Return the proposal as data."""
    return {
        "notebook": proposal.notebook.path,
        "steps": [
            {
                "name": piece.name,
                "cells": list(piece.cells),
                "looks": list(piece.looks),
                "why": piece.why,
                "seconds": piece.seconds,
            }
            for piece in proposal.pieces
        ],
        "changes": [_change(change) for change in proposal.changes],
        "offers": [_change(change) for change in proposal.offers],
        "merged": list(proposal.merged),
        "side_by_side": [list(group) for group in proposal.side_by_side],
        "problems": [describe_problem(problem) for problem in proposal.problems],
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "cell": change.cell,
        "index": change.index,
        "add": list(change.add),
        "remove": list(change.remove),
        "why": change.why,
        "step": change.step,
    }
