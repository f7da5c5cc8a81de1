"""``nbpipe split``: proposes steps for a notebook, and tags it when asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nbpipe.cli import exits
from nbpipe.cli.options import json_option

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nbpipe.compile.notebook import Notebook
    from nbpipe.compile.suggest.proposal import Change, Piece, Proposal
    from nbpipe.run.project import Project


@click.command()
@click.argument("notebook", type=click.Path())
@click.option("--write", is_flag=True, help="Tag the notebook.")
@click.option("--only", multiple=True, metavar="STEP", help="Accept this step. May be given again.")
@click.option("--ask", is_flag=True, help="Ask for each step whether to accept it.")
@click.option("--anew", is_flag=True, help="Also where the notebook has steps: propose others.")
@json_option
@click.pass_context
def split(
    ctx: click.Context, notebook: str, write: bool, only: tuple[str, ...], ask: bool, anew: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Propose steps for a notebook.

    Nothing is run, and nothing is written unless --write is given; then tags are all that changes.
    """
    from functools import partial

    from nbpipe.compile.suggest.suggest import suggest
    from nbpipe.run.timings import cell_seconds

    project, read = _read(notebook)
    propose = partial(suggest, read, seconds=cell_seconds(project), anew=anew)
    proposal = propose()
    accepted = tuple(only) or (_ask(proposal) if ask else ())
    if accepted and not proposal.refused:
        _check(accepted, proposal)
        proposal = propose(only=accepted)
    if as_json:
        _tell_json(proposal)
    else:
        _tell(proposal, write)
    if proposal.refused:
        ctx.exit(exits.USAGE)
    if write:
        _write(project.folder / read.path, proposal)


def _read(path: str) -> tuple[Project, Notebook]:
    from nbpipe.errors import UsageError
    from nbpipe.run.project import open_project

    project = open_project(path)
    if project.scope is None:
        raise UsageError(f"{path} is a folder. Name one notebook.")
    return project, project.notebooks[0]


def _check(names: Iterable[str], proposal: Proposal) -> None:
    from nbpipe.errors import UnknownName

    known = [piece.name for piece in proposal.pieces]
    for name in names:
        if name not in known:
            raise UnknownName.of("step", name, known)


# accepting ------------------------------------------------------------------------------------


def _ask(proposal: Proposal) -> tuple[str, ...]:
    """Ask for each step but the first, without which there is none."""
    from nbpipe.cli.terminal import clean_line

    cells = {cell.id: cell for cell in proposal.notebook.cells}
    accepted = [piece.name for piece in proposal.pieces[:1]]
    for piece in proposal.pieces[1:]:
        first = cells[piece.cells[0]]
        head = clean_line(first.source.strip().splitlines()[0])[:60]
        click.echo(f"\ncell {first.index + 1}: {head}\n  {clean_line(piece.why)}")
        if click.confirm(f"Begin step {piece.name} here?", default=True):
            accepted.append(piece.name)
    return tuple(accepted)


def _write(path: Path, proposal: Proposal) -> None:
    from nbpipe.compile.suggest.writing import write_tags
    from nbpipe.kernelside.objects import write_atomically

    text = path.read_bytes().decode("utf-8")
    write_atomically(str(path), write_tags(text, path.name, proposal.changes).encode("utf-8"))


# showing --------------------------------------------------------------------------------------


def _tell(proposal: Proposal, written: bool) -> None:
    from nbpipe.cli.problems import tell_problems
    from nbpipe.cli.terminal import clean_line, plural

    if proposal.refused:
        tell_problems([p for p in proposal.problems if p.severity == "error"])
        return
    path = clean_line(proposal.notebook.path)
    cells = sum(len(piece.cells) for piece in proposal.pieces)
    steps = plural(len(proposal.pieces), "step")
    click.echo(f"{path}: {steps} of {plural(cells, 'cell')}\n")
    for line in _diff(proposal):
        click.echo(line)
    for line in _notes(proposal):
        click.echo(line)
    said = "The tags are written." if written else "Nothing is written. --write tags the notebook."
    click.echo(f"\n{said} `nbpipe verify {path}` proves that it gives what Run All gives.")


def _diff(proposal: Proposal) -> list[str]:
    """Each changed cell: its number, its tags, why, and its first line."""
    from nbpipe.cli.terminal import clean_line, columns

    cells = {cell.id: cell for cell in proposal.notebook.cells}
    pieces = {piece.name: piece for piece in proposal.pieces}
    rows = []
    for change in proposal.changes:
        head = clean_line(next(iter(cells[change.cell].source.strip().splitlines()), ""))
        tags = [f"- {clean_line(tag)}" for tag in change.remove]
        tags += [f"+ {clean_line(tag)}" for tag in change.add]
        why = clean_line(_why(change, pieces.get(change.step)))
        rows.append((f"  cell {change.index + 1}", ", ".join(tags), _short(head, 40), why))
    colours = ["red" if not change.add else "green" for change in proposal.changes]
    return [click.style(line, fg=c) for line, c in zip(columns(rows), colours, strict=True)]


def _why(change: Change, piece: Piece | None) -> str:
    if piece is None:
        return change.why
    from nbpipe.cli.terminal import plural, seconds

    parts = [change.why, plural(len(piece.cells), "cell")]
    if piece.looks:
        parts.append(f"{len(piece.looks)} of them only {_looks(len(piece.looks))}")
    if piece.seconds is not None:
        parts.append(seconds(piece.seconds))
    return "; ".join(parts)


def _looks(count: int) -> str:
    return "looks" if count == 1 else "look"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _notes(proposal: Proposal) -> Iterable[str]:
    from nbpipe.cli.problems import in_order, lines_of
    from nbpipe.cli.terminal import clean_line

    if proposal.side_by_side or proposal.merged or proposal.problems:
        yield ""
    for group in proposal.side_by_side:
        yield f"  Side by side: {', '.join(map(clean_line, group))}"
    for sentence in proposal.merged:
        yield f"  {clean_line(sentence)}"
    for problem in in_order(proposal.problems):
        yield from lines_of(problem)


def _tell_json(proposal: Proposal) -> None:
    import json

    from nbpipe.compile.suggest.describe import describe_proposal

    click.echo(json.dumps(describe_proposal(proposal), indent=2))
