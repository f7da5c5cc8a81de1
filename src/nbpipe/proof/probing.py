"""Puts probes into what an executor is given: a look at the kernel when a step has ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbpipe.store.rows import step_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nbpipe.compile.pipeline import Step
    from nbpipe.run.executors import Executor, Message
    from nbpipe.run.order import Order

_LOOK = "__import__('nbpipe_kernelside.probe').probe"
TAG = "nbpipe-probe"


@dataclass(frozen=True, slots=True)
class Probes:
    """What is looked at, and where it is written.

    Attributes
    ----------
    folder
        Where each look is written, as ``STEP NUMBER.json``.
    root
        The copy of the project that the run is in.
    names
        Step → the names to look at.
    held
        Notebook → generators whose numbers are held the same at the beginning of each step.
    """

    folder: Path
    root: Path
    names: Mapping[str, Sequence[str]]
    held: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def path(self, step: str) -> Path:
        """Return where the look at a step's end is written."""
        return self.folder / f"{list(self.names).index(step)}.json"

    def look(self, step: str) -> dict[str, Any]:
        """Return the cell that looks at a step's end."""
        names = list(self.names[step])
        text = f"{_LOOK}.look({str(self.path(step))!r}, {names!r}, {str(self.root)!r})"
        return _cell(f"nbpipe-look-{list(self.names).index(step)}", text)

    def hand_path(self, step: str) -> Path:
        """Return where it is written which item of a fan-out is at hand."""
        return self.folder / f"{list(self.names).index(step)}-hand.json"

    def hand(self, step: Step) -> list[dict[str, Any]]:
        """Return the cell that tells which item is at hand where a fan-out begins, if it is one."""
        if step.foreach is None:
            return []
        told = (str(self.hand_path(step.name)), list(step.foreach.names), step.foreach.items)
        number = list(self.names).index(step.name)
        return [_cell(f"nbpipe-hand-{number}", f"{_LOOK}.at_hand{told!r}")]

    def hold(self, step: Step) -> list[dict[str, Any]]:
        """Return the cell that holds random numbers where a step begins, if any are held."""
        held = self.held.get(step.notebook.path, ())
        if not held:
            return []
        number = list(self.names).index(step.name)
        text = f"{_LOOK}.hold({step.name!r}, {tuple(held)!r})"
        return [_cell(f"nbpipe-hold-{number}", text)]


def _cell(name: str, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code", "id": name, "source": source, "execution_count": None,
        "outputs": [], "metadata": {"tags": [TAG]},
    }  # fmt: skip


class Probing:
    """An executor whose orders look at their kernels; everything else is another's work."""

    def __init__(
        self, real: Executor, probes: Probes, steps: Mapping[str, Step], go_on: Callable[[], None]
    ) -> None:
        self.go_on = go_on
        self.real = real
        self.probes = probes
        self.steps = steps
        self.slots = real.slots

    def submit(self, order: Order) -> None:
        """Take an order and put the probes into it."""
        # The task that only lists the items of a fan-out is none of its items.
        step = None if order.task.endswith("[]") else self.steps.get(step_of(order.task))
        if step is not None:
            order = replace(order, notebook=self._probed(order.notebook, step))
        self.real.submit(order)

    def _probed(self, notebook: Mapping[str, Any], step: Step) -> dict[str, Any]:
        cells: list[dict[str, Any]] = []
        for cell in notebook["cells"]:
            if cell["id"] == "nbpipe-load":
                cells += self.probes.hold(step)
            cells.append(cell)
        return {**notebook, "cells": [*cells, self.probes.look(step.name)]}

    def poll(self, timeout: float) -> Sequence[Message]:
        """Return what has come in; `go_on` raises where all is to end."""
        self.go_on()
        return self.real.poll(timeout)

    def cancel(self, task: str) -> None:
        """End the task's attempt."""
        self.real.cancel(task)

    def close(self) -> None:
        """End all workers."""
        self.real.close()
