"""The tag language: what the tags of a cell say of its place in the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RoleKind = Literal["step", "parameters", "setup", "check", "metrics", "skip", "none"]


@dataclass(frozen=True, slots=True)
class Role:
    """What a cell is: its kind, the step it belongs to, and whether its own tags say so."""

    kind: RoleKind
    step: str = ""
    tagged: bool = False
