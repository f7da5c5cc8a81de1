"""Snakemake: a rule for each notebook, values in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import notebooks
from benchmarks.envs import KERNEL, Environment
from benchmarks.measure import Job, Work
from benchmarks.peers import CORES, Peer

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.notebooks import Cell
    from benchmarks.peers import Setting

RULE = """
rule s{number}:
    input: {taken}
    output: "s{number}.json"
    log: notebook="logs/s{number}.ipynb"
    notebook: "s{number}.ipynb"
"""


def _command(setting: Setting, *options: str) -> Job:
    # Programs that rules call are those of its environment.
    path = {"PATH": f"{setting.python.parent}:/usr/local/bin:/usr/bin:/bin"}
    home = {"XDG_CACHE_HOME": str(setting.folder / "cache")}
    command = (setting.tool("snakemake"), "--cores", str(CORES), "--quiet", "all", *options)
    return Job(command, setting.folder, path | home)


def _rules(cells: Callable[[int, str], list[Cell]], chained: bool) -> Callable[[Setting], Work]:
    def work(setting: Setting) -> Work:
        steps = range(setting.size.steps)
        every = ", ".join(f'"s{i}.json"' for i in steps)
        text = f"rule all:\n    input: {every}\n"
        for i in steps:
            notebooks.write(setting.folder / f"s{i}.ipynb", cells(i, ""))
            text += RULE.format(number=i, taken=f'"s{i - 1}.json"' if chained and i else "")
        notebooks.write_text(setting.folder / "Snakefile", text)
        return Work(_command(setting, "--forceall"))

    return work


_chain = _rules(notebooks.chain_link, True)


def _nothing(setting: Setting) -> Work:
    first = _chain(setting).job
    last = setting.folder / f"s{setting.size.steps - 1}.json"
    return Work(_command(setting), ready=first, made=last)


def _start(setting: Setting) -> Work:
    return Work(Job((setting.tool("snakemake"), "--help"), setting.folder))


PEER = Peer(
    "Snakemake",
    "snakemake",
    {
        "chain": _chain,
        "side": _rules(notebooks.lone_step, False),
        "noop": _nothing,
        "start": _start,
    },
    Environment("snakemake", ("snakemake==9.*", "papermill==2.*", *KERNEL)),
    {"chain": "values in files"},
)
