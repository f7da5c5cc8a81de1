"""Runs the cases and prints a table; ratios are the figures, absolute times are context."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cases import CASES

if TYPE_CHECKING:
    from benchmarks.cases import Row


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen cases."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of: {', '.join(CASES)}")
    parser.add_argument("--times", type=int, default=5, help="repetitions; medians are shown")
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.cases) - CASES.keys())
    if unknown:
        parser.error(f"no case named {unknown[0]!r}; there is: {', '.join(CASES)}")
    print("| case | nbpipe CPU s | wall s | peer | CPU s | wall s | CPU ratio | wall ratio |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="nbpipe-benchmark-") as folder:
        for name in chosen.cases or CASES:
            print(_line(CASES[name](Path(folder), chosen.times)), flush=True)
    return 0


def _line(row: Row) -> str:
    parts = [row.case, f"{row.ours.cpu:.2f}", f"{row.ours.wall:.2f}"]
    if row.peer is None:
        parts += ["", "", "", "", ""]
    else:
        parts += [row.peer_name, f"{row.peer.cpu:.2f}", f"{row.peer.wall:.2f}"]
        parts += [f"{row.ours.cpu / row.peer.cpu:.2f}", f"{row.ours.wall / row.peer.wall:.2f}"]
    return f"| {' | '.join(parts)} |"


if __name__ == "__main__":
    sys.exit(main())
