"""One attempt at an order as the engines see it, and what they find out about its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from nbpipe.run.masks import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nbpipe.events import Tell
    from nbpipe.run.kernels.lingering import Lingering
    from nbpipe.run.kernels.supervisor import Sample, Supervisor
    from nbpipe.run.kernels.templates import Templates
    from nbpipe.run.kernels.text import Log, Teller
    from nbpipe.run.masks import Mask
    from nbpipe.run.order import Order


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an engine needs to carry out an order.

    Attributes
    ----------
    order
        The order.
    scratch
        Folder of this attempt alone; what the kernel side leaves is found there.
    private
        Short folder of mode 0700 for sockets.
    environ
        The kernel's environment.
    launcher
        Script that starts a Python kernel; None for the kernelspec's own way.
    tell, teller, log
        Where cell events, live text and the whole text go.
    supervisor
        Watches the processes.
    templates
        The worker's templates, for kernels that are forked; None where it keeps none.
    mask
        Hides the secrets that the step is given.
    lingering
        Takes kernels of steps that fail; None where none lives on.
    """

    order: Order
    scratch: Path
    private: Path
    environ: Mapping[str, str]
    launcher: Path | None
    tell: Tell
    teller: Teller
    log: Log
    supervisor: Supervisor
    templates: Templates | None = None
    mask: Mask = NOTHING
    lingering: Lingering | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong, as it was met.

    Attributes
    ----------
    kind
        ``error``: a cell raised; ``dead``: the kernel ended; ``start``: it never was ready;
        ``refused``: the order cannot be carried out so.
    name, message, traceback
        Of the error.
    cell
        Id of the cell that was running.
    exit
        Exit code of the kernel's process, negative for a signal; None where it did not end.
    """

    kind: Literal["error", "dead", "start", "refused"]
    name: str
    message: str
    cell: str | None = None
    traceback: str = ""
    exit: int | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """Something an engine made besides the notebook: its name, kind, media type and bytes."""

    name: str
    kind: Literal["profile", "dump"]
    type: str
    data: bytes


@dataclass(slots=True)
class CellRun:
    """How far a cell came: its state so far, and its wall time in seconds."""

    state: Literal["not-run", "running", "ok", "failed"] = "not-run"
    started: float = 0.0
    seconds: float = 0.0
    error: str = ""


@dataclass(slots=True)
class Findings:
    """What an engine found out while it ran; filled by it, judged by `nbpipe.run.verdict`.

    Attributes
    ----------
    notebook
        The notebook with what its cells gave; None where no engine took it up.
    cells
        How far each code cell came, by id.
    trouble
        What went wrong, if anything.
    samples
        Memory and CPU time over the run, where they were recorded.
    told
        Cells whose end was told already.
    extras
        What the engine made besides: charts, series, dumps.
    """

    notebook: Any = None
    cells: dict[str, CellRun] = field(default_factory=dict)
    trouble: Trouble | None = None
    samples: tuple[Sample, ...] = ()
    told: set[str] = field(default_factory=set)
    extras: list[Extra] = field(default_factory=list)
