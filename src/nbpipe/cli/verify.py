"""``nbpipe verify``: proves that the pipeline gives what Run All gives, or says where not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from nbpipe.cli import exits
from nbpipe.cli.documents import with_documents
from nbpipe.cli.options import json_option, parameter_options, path_argument, together

if TYPE_CHECKING:
    from nbpipe.proof.findings import Difference, Proof, Stage
    from nbpipe.proof.verify import Options
    from nbpipe.run.project import Project

_CODES = {
    "equal": exits.OK, "different": exits.FAILED, "varies": exits.FAILED, "refused": exits.USAGE,
}  # fmt: skip
_MARKS = {
    "equal": ("✓", "green"), "different": ("✗", "red"), "varies": ("~", "yellow"),
    "refused": ("✗", "red"),
}  # fmt: skip
_STAGES: dict[Stage, str] = {
    "run-all": "Run All",
    "pipeline": "the pipeline",
    "again": "Run All once more, to see whether it gives the same twice",
    "held": "both once more, with random numbers held the same",
}
MOST = 20


@click.command()
@path_argument
@together(*parameter_options)
@click.option("-e", "--engine", metavar="ENGINE", help="Papermill engine for both runs.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Steps side by side.")
@json_option
@click.option("--run-id", default="", hidden=True)
@click.option("--document", "documents", multiple=True, metavar="PATH=FILE", hidden=True)
@click.pass_context
def verify(ctx: click.Context, /, path: str, **given: Any) -> None:
    """Prove that the pipeline gives what Run All gives.

    Each notebook is run from top to bottom in one kernel, and as a pipeline, both in copies of the
    folder; then outputs and values are compared. The exit code is 0 where they are equal, 1 where
    they differ, and 2 where they cannot be compared.
    """
    from nbpipe.cli.parameters import read_parameters
    from nbpipe.proof.verify import Options
    from nbpipe.proof.verify import verify as prove
    from nbpipe.run.project import open_project

    as_json = given["as_json"]
    parameters = read_parameters(given["files"], given["given"])
    say = _quiet if as_json else _say
    options = Options(parameters, given["engine"], given["jobs"], say=say)
    if ctx.obj is not None:  # an executor that the caller hands in
        options = replace(options, executor=ctx.obj)
    project = with_documents(open_project(path), given["documents"])
    if given["run_id"]:
        _keep(project, options, given["run_id"])
        return
    proof = prove(project, options)
    if as_json:
        import json

        from nbpipe.proof.describe import describe_proof

        click.echo(json.dumps(describe_proof(proof), indent=2))
    else:
        _tell(proof)
    ctx.exit(_CODES[proof.verdict])


def _keep(project: Project, options: Options, run: str) -> None:
    """Make a proof that is told and kept; what came of it is for those who watch."""
    from nbpipe.cli.stores import open_store
    from nbpipe.proof.keeping import carry_out, proofs_of

    with proofs_of(open_store(project, None)) as store:
        carry_out(project, options, store, run)


def _quiet(_: Stage) -> None:
    """Say nothing."""


def _say(stage: Stage) -> None:
    click.echo(click.style(f"  {_STAGES[stage]} …", dim=True), err=True)


def _tell(proof: Proof) -> None:
    from nbpipe.cli.problems import tell_problems
    from nbpipe.cli.terminal import clean_line, seconds

    mark, colour = _MARKS[proof.verdict]
    click.echo(click.style(f"{mark} {clean_line(proof.sentence)}", fg=colour))
    if proof.problems:
        tell_problems(proof.problems)
    if proof.verdict == "refused":
        return
    whole, split = (seconds(time) for time in proof.seconds)
    said = f"{proof.cells} cells and {proof.values} values compared"
    unseen = f", {len(proof.unseen)} not to be looked into" if proof.unseen else ""
    click.echo(f"  {said}{unseen}; Run All took {whole}, the pipeline {split}.")
    for difference in proof.differences[:MOST]:
        for line in _lines(difference):
            click.echo(line)
    if len(proof.differences) > MOST:
        click.echo(f"  … and {len(proof.differences) - MOST} more.")
    for sentence in proof.uncompared:
        click.echo(f"  not compared: {clean_line(sentence)}")
    for note in proof.notes:
        click.echo(click.style(f"  note: {clean_line(note)}", dim=True))


def _lines(difference: Difference) -> list[str]:
    from nbpipe.cli.terminal import clean_line

    spot: Any = difference.spot
    where = spot.name if difference.index is None else f"cell {difference.index + 1}"
    head = f"  {clean_line(spot.step)}, {clean_line(where)}: {clean_line(difference.how)}"
    return [head, f"      {difference.cause}: {clean_line(difference.why)}"]
