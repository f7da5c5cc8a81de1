"""Those that run a notebook and know no pipeline: nbclient, nbconvert and ploomber-engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import notebooks
from benchmarks.envs import KERNEL, Environment
from benchmarks.measure import Job, Work
from benchmarks.peers import Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.notebooks import Cell
    from benchmarks.peers import Setting

SCRIPTS = Path(__file__).parent.parent / "scripts"
FEW, MANY = 1, 5
QUIET = {"PLOOMBER_STATS_ENABLED": "false"}
"""No statistics are sent while somebody measures."""

Command = tuple[str, ...]


def _by_script(script: str) -> Callable[[Setting, Sequence[Path]], Command]:
    def command(setting: Setting, paths: Sequence[Path]) -> Command:
        pairs = [str(p) for path in paths for p in (path, path.with_suffix(".out.ipynb"))]
        return (str(setting.python), str(SCRIPTS / script), *pairs)

    return command


def _by_nbconvert(setting: Setting, paths: Sequence[Path]) -> Command:
    program, out = setting.tool("jupyter-nbconvert"), str(setting.folder / "out")
    options = ("--execute", "--to", "notebook", "--log-level", "ERROR", "--output-dir", out)
    return (program, *options, *map(str, paths))


def _by_ploomber_engine(setting: Setting, paths: Sequence[Path]) -> Command:
    return (setting.tool("ploomber-engine"), str(paths[0]), str(setting.folder / "out.ipynb"))


def _notebooks(
    command: Callable[[Setting, Sequence[Path]], Command], cells: Callable[[int], list[Cell]]
) -> Callable[[Setting], Work]:
    def work(setting: Setting) -> Work:
        paths = notebooks.numbered(setting.folder, MANY, cells)
        more, less = (
            Job(command(setting, some), setting.folder, QUIET) for some in (paths, paths[:FEW])
        )
        return Work(more, less, MANY - FEW)

    return work


def _counting(
    command: Callable[[Setting, Sequence[Path]], Command],
) -> Callable[[Setting], Work]:
    def work(setting: Setting) -> Work:
        more, less = (
            Job(
                command(setting, [notebooks.write(setting.folder / f"{name}.ipynb", cells)]),
                setting.folder,
                QUIET,
            )
            for name, cells in (
                ("burning", notebooks.burning(notebooks.BURNT)),
                ("idle", notebooks.burning(0)),
            )
        )
        return Work(more, less)

    return work


def _command(command: Callable[[Setting, Sequence[Path]], Command]) -> Callable[[Setting], Work]:
    def work(setting: Setting) -> Work:
        path = notebooks.write(setting.folder / "n.ipynb", notebooks.trivial(1))
        return Work(Job(command(setting, [path]), setting.folder, QUIET))

    return work


def _start(program: str) -> Callable[[Setting], Work]:
    return lambda setting: Work(Job((setting.tool(program), "--help"), setting.folder, QUIET))


NBCLIENT = Peer(
    "nbclient, in process",
    "nbclient",
    {
        "counting": _counting(_by_script("run_nbclient.py")),
        "step": _notebooks(_by_script("run_nbclient.py"), notebooks.trivial),
        "imports": _notebooks(_by_script("run_nbclient.py"), notebooks.imports),
    },
    Environment("nbclient", ("nbclient==0.*", *KERNEL), science=True),
)

NBCONVERT = Peer(
    "jupyter nbconvert --execute",
    "nbconvert",
    {
        "counting": _counting(_by_nbconvert),
        "step": _notebooks(_by_nbconvert, notebooks.trivial),
        "imports": _notebooks(_by_nbconvert, notebooks.imports),
        "command": _command(_by_nbconvert),
        "start": _start("jupyter-nbconvert"),
    },
    Environment("nbconvert", ("nbconvert==7.*", *KERNEL), science=True),
    {"step": "several in one command", "imports": "several in one command"},
)

PLOOMBER_ENGINE = Peer(
    "ploomber-engine, in process",
    "ploomber-engine",
    {
        "counting": _counting(_by_script("run_ploomber_engine.py")),
        "step": _notebooks(_by_script("run_ploomber_engine.py"), notebooks.trivial),
        "imports": _notebooks(_by_script("run_ploomber_engine.py"), notebooks.imports),
        "command": _command(_by_ploomber_engine),
        "start": _start("ploomber-engine"),
    },
    Environment("ploomber-engine", ("ploomber-engine==0.0.*", *KERNEL), science=True),
    {
        "step": "nothing kept apart: all in one process",
        "imports": "all in one process",
        "command": "by its command",
        "start": "its command",
    },
)
