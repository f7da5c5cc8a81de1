"""Measures nbpipe beside its peers in one go; ratios are the figures, times are context."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import pages
from benchmarks.cases import BARS, CASES
from benchmarks.chart import draw
from benchmarks.envs import Environments, default_folder
from benchmarks.peers import Size
from benchmarks.peers.everyone import EVERYONE
from benchmarks.results import FIRST, from_json, to_json
from benchmarks.rounds import Manner, Rounds, gather
from benchmarks.table import document, of_bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.peers import Peer
    from benchmarks.results import Results

USUAL, FULL = Size(), Size(items=20_000)
MANNER = Manner()


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    chosen = _parser().parse_args(arguments)
    results = from_json(chosen.read.read_text("utf-8")) if chosen.read else _measured(chosen)
    if results is None:
        return 0
    _write(results, chosen.out)
    print(document(results), of_bars(results, BARS), sep="\n")
    print(f"\nWritten: results.md, results.json and results.svg in {chosen.out}")
    if chosen.write_docs:
        pages.write(results)
    return 0


def _measured(chosen: argparse.Namespace) -> Results | None:
    """Measure, and keep what there is after each case: it takes long."""
    environments = Environments(chosen.envs, retry=chosen.only_envs)
    crowd = gather(_peers(chosen.peers), environments, _say)
    if chosen.only_envs:
        return None
    items = FULL.items if chosen.full else chosen.items
    size = Size(chosen.steps, items, chosen.megabytes, tasks=chosen.tasks)
    manner = Manner(chosen.times, chosen.patience)
    cases = [CASES[name] for name in chosen.cases or CASES]
    results = None
    with tempfile.TemporaryDirectory(prefix="nbpipe-benchmark-", dir=chosen.work) as folder:
        for results in Rounds(crowd, size, Path(folder), manner, _say).results(cases):
            _write(results, chosen.out)
    return results


def _write(results: Results, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(to_json(results), "utf-8")
    (folder / "results.md").write_text(document(results), "utf-8")
    (folder / "results.svg").write_text(draw(results), "utf-8")


def _peers(names: str) -> list[Peer]:
    """Return nbpipe and those whose names begin as one of `names` does."""
    wanted = [name.strip().lower() for name in names.split(";") if name.strip()]
    return [
        peer
        for peer in EVERYONE
        if peer.name == FIRST or not wanted or any(peer.name.lower().startswith(w) for w in wanted)
    ]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    add = parser.add_argument
    add("cases", nargs="*", metavar="CASE", choices=[*CASES, []], help=f"of: {', '.join(CASES)}")
    add("--times", type=int, default=3, help="how often; medians are shown (3)")
    add("--items", type=int, default=USUAL.items, help=f"of the fan-out ({USUAL.items})")
    add("--full", action="store_true", help=f"a fan-out of {FULL.items:,} items")
    add("--steps", type=int, default=USUAL.steps, help=f"of chains and the like ({USUAL.steps})")
    add("--megabytes", type=int, default=USUAL.megabytes, help=f"of the frame ({USUAL.megabytes})")
    add("--tasks", type=int, default=USUAL.tasks, help=f"of the engine alone ({USUAL.tasks})")
    add("--peers", default="", metavar="A;B", help="only these beside nbpipe, by how names begin")
    add(
        "--patience", type=float, default=MANNER.patience, metavar="SECONDS",
        help=f"what takes longer is measured once ({MANNER.patience:g})",
    )  # fmt: skip
    add("--envs", type=Path, default=default_folder(), metavar="DIR", help="of the peers")
    add(
        "--only-envs",
        action="store_true",
        help="make the peers' environments, also those that could not be made before",
    )
    add("--work", type=Path, metavar="DIR", help="where to work (the system's temporary folder)")
    add("--out", type=Path, default=Path("build/benchmark"), metavar="DIR", help="of the results")
    add("--from", dest="read", type=Path, metavar="JSON", help="measure nothing, show these")
    add("--write-docs", action="store_true", help="put table and chart into docs/performance.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
