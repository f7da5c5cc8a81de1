"""Starts runs as processes of their own, which outlive the tab and the server."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nbpipe.errors import RunBusy, StoreError, UsageError
from nbpipe.events import TaskFinished
from nbpipe_jupyter.answers import StartFailed
from nbpipe_jupyter.projects import ledger_files
from nbpipe_jupyter.stream import changed, stamp

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from nbpipe.run.project import Project
    from nbpipe.store.store import Store
    from nbpipe_jupyter.bodies import Asked
    from nbpipe_jupyter.desk import Desk
    from nbpipe_jupyter.projects import Projects

PATIENCE = 60.0
"""Seconds within which a process must have taken up its run."""

GLANCE = 0.05
"""Seconds between two looks at whether it has."""

PAUSE = 1.0
"""Seconds between two looks at a run of which the ledger has no news."""

LOG = "engine.log"
_ENDINGS = (0, 1, 130)
"""Exit codes of a run that was carried out, whether well or not."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A process that is to carry out a run.

    Attributes
    ----------
    run
        The run's id.
    project
        The project's folder.
    papers
        Folder for what the process is given, and for its log.
    command
        The process's arguments.
    files
        Those that change when its ledger does.
    last_event
        Number of the run's newest event before; -1 for a run that is new.
    """

    run: str
    project: Path
    papers: Path
    command: tuple[str, ...]
    files: tuple[Path, ...]
    last_event: int = -1


@dataclass
class Launcher:
    """Starts processes, and clears up after them while the server lives.

    Attributes
    ----------
    python
        Interpreter that runs ``nbpipe``.
    tell
        Is told, again and again while a process that was started here goes on, the run's id,
        the number of its newest event, and the digests of executed notebooks that are new.
    log
        Where processes that fail are reported.
    watches
        Tasks that wait for the processes that were started here.
    """

    python: str
    tell: Callable[[str, int, tuple[str, ...]], None]
    log: logging.Logger
    watches: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self, desk: Desk, asked: Asked) -> str:
        """Start a run; returns its id when the run is in the ledger.

        Raises
        ------
        ProblemsError, UsageError
            If it cannot be run as it is; nothing was started.
        StartFailed
            If the process ended before it took up the run.
        """
        launch = await desk.do(prepared, desk.projects, asked, self.python)
        return await self._started(desk, await _lingering(desk, launch))

    async def prove(self, desk: Desk, asked: Asked) -> str:
        """Start a proof; returns its id when it is in the ledger; raises as `start` does."""
        return await self._started(desk, await desk.do(proving, desk.projects, asked, self.python))

    async def resume(self, desk: Desk, run: str, path: str) -> None:
        """Start a process that goes on with a run; raises as `start` does."""
        launch = await desk.do(resumed, desk.projects, (run, path), self.python)
        await self._carry_out(desk, await _lingering(desk, launch))

    def close(self) -> None:
        """Stop waiting for processes; they go on."""
        for watch in self.watches:
            watch.cancel()

    async def _started(self, desk: Desk, launch: Launch) -> str:
        await self._carry_out(desk, launch)
        return launch.run

    async def _carry_out(self, desk: Desk, launch: Launch) -> None:
        process = await desk.do(_spawn, launch)
        try:
            await _taken_up(desk, launch, process)
        finally:
            watch = asyncio.create_task(self._watch(desk, launch, process))
            self.watches.add(watch)
            watch.add_done_callback(self.watches.discard)

    async def _watch(self, desk: Desk, launch: Launch, process: subprocess.Popen[bytes]) -> None:
        """Tell of a run's news until its process ended, and remove what that was given."""
        files = launch.files
        going, seen = True, max(launch.last_event, 0)
        while going:
            going, before = process.poll() is None, stamp(files)
            with suppress(StoreError):
                seen, notebooks = await desk.do(_news, desk.projects, launch, seen)
                self.tell(launch.run, seen, notebooks)
            await changed(files, before, time.monotonic() + (PAUSE if going else 0))
        if process.returncode in _ENDINGS:
            await desk.do(_remove, launch.papers)
        else:
            words = await desk.do(last_words, launch.papers / LOG)
            self.log.warning("Run %s ended with code %d: %s", launch.run, process.returncode, words)


async def _lingering(desk: Desk, launch: Launch) -> Launch:
    """Tell a process where kernels of steps that fail are taken."""
    address = await desk.lingering.address()
    option = (f"--linger={address}",) if address else ()
    return replace(launch, command=(*launch.command, *option))


def prepared(projects: Projects, asked: Asked, python: str) -> Launch:
    """Check what is asked for and lay ready what the process needs."""
    from nbpipe.run.runs import new_run_id, prepare

    project = projects.open(asked)
    store = projects.store_of(project.folder)
    prepare(project, store, asked.parameters, asked.selection)
    run = new_run_id()
    papers = _papers(store)
    options = [*_options(asked), *_documents(papers, projects, asked), *_given(papers, asked)]
    command = _command(python, "run", project, run, options)
    return Launch(run, project.folder, papers, command, ledger_files(store))


def proving(projects: Projects, asked: Asked, python: str) -> Launch:
    """Lay ready what a process needs to prove that the pipeline gives what Run All gives."""
    from nbpipe.run.runs import effective_parameters, new_run_id

    project = projects.open(asked)
    effective_parameters(project, project.compile(), asked.parameters)
    run, papers = new_run_id(), _papers(projects.store_of(project.folder))
    engine = [f"--engine={asked.engine}"] if asked.engine else []
    options = [*engine, *_documents(papers, projects, asked), *_given(papers, asked)]
    command = _command(python, "verify", project, run, options)
    proofs = projects.proofs_of(project.folder)
    return Launch(run, project.folder, papers, command, ledger_files(proofs))


def resumed(projects: Projects, which: tuple[str, str], python: str) -> Launch:
    """Lay ready what a process needs to go on with a run."""
    kept = projects.find_run(*which)
    row = kept.row
    if row.state == "running":
        raise RunBusy(f"Run {row.id} is under way. Cancel it before it is resumed.")
    if row.state == "ok":
        raise UsageError(f"Run {row.id} came to its end: nothing is left to resume. Run it anew.")
    papers = _papers(kept.store)
    command = (python, "-P", "-m", "nbpipe", "resume", kept.run, "--project", str(kept.folder))
    return Launch(kept.run, kept.folder, papers, command, kept.files, row.last_seq)


def _papers(store: Store) -> Path:
    return store.blobs.scratch(f"start-{secrets.token_hex(4)}")


def _command(
    python: str, command: str, project: Project, run: str, options: Iterable[str]
) -> tuple[str, ...]:
    where = str(project.folder / (project.scope or ""))
    return (python, "-P", "-m", "nbpipe", command, where, "--run-id", run, *options)


def _options(asked: Asked) -> Iterator[str]:
    chosen = asked.selection
    table = {
        "--only": chosen.only,
        "--from": chosen.start,
        "--until": chosen.until,
        "--force": chosen.force,
        "--engine": (asked.engine,) if asked.engine else (),
    }
    for option, values in table.items():
        yield from (f"{option}={value}" for value in values)


def _documents(papers: Path, projects: Projects, asked: Asked) -> Iterator[str]:
    """Lay down the notebook as it is in the browser; yields the option that names it."""
    if asked.notebook is not None:
        file = papers / "document.ipynb"
        file.write_text(json.dumps(asked.notebook), "ascii")
        yield f"--document={projects.folder_of(asked.path)[1]}={file}"


def _given(papers: Path, asked: Asked) -> Iterator[str]:
    if asked.parameters:
        file = papers / "parameters.json"
        file.write_text(json.dumps(asked.parameters), "utf-8")
        yield f"--parameters={file}"


def _spawn(launch: Launch) -> subprocess.Popen[bytes]:
    with open(launch.papers / LOG, "wb") as log:
        try:
            return subprocess.Popen(
                launch.command,
                cwd=launch.project,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            _remove(launch.papers)
            raise StartFailed(
                f"{launch.command[0]} could not be started: {error.strerror}.",
                "Start the Jupyter server again from an environment that works.",
            ) from error


async def _taken_up(desk: Desk, launch: Launch, process: subprocess.Popen[bytes]) -> None:
    """Return when the process carries out its run.

    Raises
    ------
    StartFailed
        If it ended before, or does not get there.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        ended = process.poll() is not None
        if await desk.do(_newest, desk.projects, launch) > launch.last_event:
            return
        if ended:
            raise StartFailed(
                f"The run could not be started: {last_words(launch.papers / LOG)}",
                "Try `nbpipe run` in a terminal; it says the same, and more.",
            )
        await asyncio.sleep(GLANCE)
    raise StartFailed(
        f"The run was started, but did not begin within {PATIENCE:.0f} s.",
        "It may still begin: look at the list of runs. The machine may be overloaded.",
    )


def _newest(projects: Projects, launch: Launch) -> int:
    """Return the number of the run's newest event; -1 while there is no such run."""
    kept = projects.kept(launch.project, launch.run)
    return -1 if kept is None else kept.store.ledger.run(launch.run).last_seq


def _news(projects: Projects, launch: Launch, seen: int) -> tuple[int, tuple[str, ...]]:
    """Return the number of the run's newest event, and the notebooks executed since `seen`."""
    kept = projects.kept(launch.project, launch.run)
    found = kept.store.ledger.events(launch.run, seen) if kept else []
    ended = (one.event for one in found if isinstance(one.event, TaskFinished))
    left = (artifact for event in ended for artifact in event.artifacts)
    notebooks = tuple(one.digest for one in left if one.kind == "notebook")
    return (found[-1].seq if found else seen), notebooks


def _remove(papers: Path) -> None:
    shutil.rmtree(papers, ignore_errors=True)


def last_words(log: Path) -> str:
    """Return the end of a process's log, fit for a message."""
    try:
        text = log.read_text("utf-8", "replace")
    except OSError:
        text = ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-6:])[-1000:] or "it said nothing"
