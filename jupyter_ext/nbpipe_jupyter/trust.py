"""Which executed notebooks may show all that they drew: those that this user's server had run.

Jupyter cleans HTML and refuses SVG and JavaScript in notebooks that it does not trust. What came
out of a run that the user started here is trusted as what came out of a kernel is; a store that
came from elsewhere is not. The digests are kept where Jupyter keeps its own signatures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ALGORITHM = "nbpipe"
"""Tells our rows from Jupyter's; what is signed is the digest of the notebook's bytes."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Remembers digests of executed notebooks; to be used from the server's own thread.

    Attributes
    ----------
    notary
        The contents manager's.
    """

    notary: Any

    def remember(self, digests: Iterable[str]) -> None:
        """Trust the notebooks of these digests, from now on."""
        for digest in digests:
            self.notary.store.store_signature(digest, ALGORITHM)

    def holds(self, digest: str) -> bool:
        """Tell whether a notebook is trusted."""
        return bool(self.notary.store.check_signature(digest, ALGORITHM))


def mark_trusted(model: dict[str, Any]) -> dict[str, Any]:
    """Mark the code cells of a notebook's contents model as trusted."""
    for cell in model["content"]["cells"]:
        if cell.get("cell_type") == "code":
            cell["metadata"]["trusted"] = True
    return model
