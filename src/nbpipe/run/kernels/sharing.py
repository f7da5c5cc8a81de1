"""What the items of a fan-out share: the cells before the item's own, run once for all of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbpipe.compile.render import BEGIN_CELL, ITEM_CELL

if TYPE_CHECKING:
    from nbpipe.run.kernels.seats import Wish


@dataclass(frozen=True, slots=True)
class Common:
    """The cells that a notebook shares with those of other items.

    Attributes
    ----------
    key
        The same for notebooks whose shared cells do the same.
    cells
        Their ids.
    source
        Their text.
    """

    key: str
    cells: frozenset[str]
    source: str


def common_of(notebook: Any, wish: Wish) -> Common | None:
    """Return what a notebook shares; None where it is not about one item of a fan-out.

    The cell that begins differs (it names the attempt), so it is run in each.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    ids = [cell.id for cell in cells]
    if ITEM_CELL not in ids or BEGIN_CELL not in ids:
        return None
    shared = [cell for cell in cells[: ids.index(ITEM_CELL)] if cell.id != BEGIN_CELL]
    sources = [cell.source for cell in shared]
    text = json.dumps([wish.command, sorted(wish.environ.items()), wish.cwd, sources])
    key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Common(key, frozenset(cell.id for cell in shared), "\n".join(sources))
