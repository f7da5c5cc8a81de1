"""What a cell shows in the executed notebook, within bounds."""

from __future__ import annotations

from typing import Any

from nbpipe.run.kernels.imports import notebooks
from nbpipe.run.kernels.text import KEPT, Kept

MOST_OUTPUTS = 1_000
MOST_DISPLAYED = 20_000_000
OVERFLOW = "displayed.jsonl"
"""The artifact that takes what a notebook has no room for, an output a line."""


class Shown:
    """The outputs of one cell as they come in.

    Parameters
    ----------
    cell
        The notebook's cell; its list of outputs is added to.
    """

    def __init__(self, cell: Any) -> None:
        self._cell = cell
        self.cleared()

    def cleared(self) -> None:
        """The cell took its outputs back."""
        self._streams: dict[int, tuple[Kept, Any]] = {}
        self._changed: set[int] = set()
        self._count = self._displayed = self._written = self._left_out = 0
        self._notice: Any = None

    def write(self, stream: str, text: str) -> None:
        """Add text to the stream, in one output as long as nothing else comes between."""
        outputs = self._cell.outputs
        last = len(outputs) - 1
        if last < 0 or outputs[last].get("name") != stream or last not in self._streams:
            if not self.room(0):
                return
            outputs.append(stream_node(stream, ""))
            last = len(outputs) - 1
            limit = max(10_000, KEPT - self._written)
            self._streams[last] = (Kept(limit), outputs[last])
        self._written += len(text)
        self._streams[last][0].add(text)
        self._changed.add(last)

    def room(self, size: int) -> bool:
        """Count an output of `size` characters; False where there is no room for it."""
        self._count += 1
        if self._count > MOST_OUTPUTS or self._displayed + size > MOST_DISPLAYED:
            self._left_out += 1
            return False
        self._displayed += size
        return True

    def settle(self) -> None:
        """Put what was kept of the text into the notebook."""
        for last in self._changed:
            kept, node = self._streams[last]
            node["text"] = kept.text()
        self._changed.clear()

    def finish(self) -> None:
        """Settle, and say where the cell had no room."""
        self.settle()
        if self._left_out:
            if self._notice is None:
                self._notice = stream_node("stderr", "")
                self._cell.outputs.append(self._notice)
            self._notice["text"] = (
                f"[nbpipe: {self._left_out:,} of {self._count:,} outputs are not kept here; "
                f"the log has their text, {OVERFLOW} what was displayed]\n"
            )


def stream_node(name: str, text: str) -> Any:
    """Return an output of a notebook that holds text."""
    return notebooks().v4.new_output("stream", name=name, text=text)
