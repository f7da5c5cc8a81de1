"""The routes under ``/nbpipe-api/``: each handler parses, calls and replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nbpipe.store.rows import Which
from nbpipe_jupyter import __version__, history, pipelines, views
from nbpipe_jupyter.base import Handler
from nbpipe_jupyter.bodies import read_asked, read_object, read_said
from nbpipe_jupyter.contents import encode_model, read_model
from nbpipe_jupyter.past import ROUTES as PAST
from nbpipe_jupyter.proofs import ROUTES as PROOFS
from nbpipe_jupyter.stream import CHUNK, News, follow, read_output

if TYPE_CHECKING:
    from collections.abc import Sequence

API = 1
"""Raised when the browser's part must change with the server's."""

LONGEST_WAIT = 25
"""Seconds after which a long poll is answered; below the 30 s of common proxies."""

MOST_RUNS = 500


class Hello(Handler):
    """Says that the extension is there, and which."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the version."""
        await self.reply(dict, {"version": __version__, "api": API})


class Compile(Handler):
    """Compiles a notebook, as it is on disk or in the browser."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Answer with the pipeline and its problems."""
        await self.reply(pipelines.compiled, self.desk.projects, self.request.body)


class Suggest(Handler):
    """Proposes steps for a notebook, as it is on disk or in the browser."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Answer with the proposal; nothing is written."""
        await self.reply(pipelines.suggested, self.desk.projects, self.request.body)


class Plan(Handler):
    """Says what a run would do."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Answer with the plan's tasks."""
        await self.reply(pipelines.planned, self.desk.projects, self.request.body)


class Mentions(Handler):
    """Says where a step is named."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the notebooks of a project that name it."""
        path, step = self.word("path"), self.word("step")
        await self.reply(pipelines.mentioning, self.desk.projects, path, step)


class Runs(Handler):
    """The runs of a project."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the newest runs that are like what is asked for."""
        pinned = self.word("pinned")
        which = Which(
            state=self.word("state") or None,
            pinned={"1": True, "0": False}.get(pinned),
            tags=tuple(self.get_query_arguments("tag", strip=False)),
            words=self.word("words"),
            before=self.word("before"),
        )
        path, limit = self.word("path"), self.whole("limit", 50, MOST_RUNS)
        await self.reply(history.runs, self.desk.projects, path, limit, which)

    @authenticated
    @authorized
    async def post(self) -> None:
        """Start a run; answered when it is in the ledger."""
        asked = await self.desk.do(read_asked, self.request.body)
        run = await self.desk.launcher.start(self.desk, asked)
        await self.reply(views.run, self.desk.projects, run, "", status=201)


class Run(Handler):
    """One run."""

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Answer with the run, its graph and its first tasks, or those from a number on."""
        begin, path = self.whole("from", 0, 10**9), self.word("path")
        await self.reply(views.run_in_full, self.desk.projects, run, path, begin)

    @authenticated
    @authorized
    async def patch(self, run: str) -> None:
        """Write down tags, a note, or that the run is kept; answered with the run."""
        said, path = read_said(self.request.body), self.word("path")
        await self.reply(history.annotated, self.desk.projects, run, path, said)

    @authenticated
    @authorized
    async def delete(self, run: str) -> None:
        """Delete the run; one that goes on is refused."""
        await self.reply(history.deleted, self.desk.projects, run, self.word("path"))


class Durations(Handler):
    """How long steps take."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the seconds that each step's tasks took in earlier runs."""
        await self.reply(views.durations, self.desk.projects, self.word("path"))


class Events(Handler):
    """What happened in a run, and what happens."""

    gone = False
    _track_activity = False  # a tab that waits does not keep a server from being culled

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Answer with the events after a number, waiting for one if asked to."""
        asked = News(
            self.whole("after", 0, 10**15),
            self.whole("wait", 0, LONGEST_WAIT),
            self.word("kind"),
            self.whole("output", 0, 10**15) if self.word("output") else None,
        )
        kept = await self.desk.do(self.desk.projects.find_run, run, self.word("path"))
        await self.reply(dict, await follow(self.desk, kept, asked, lambda: self.gone))

    def on_connection_close(self) -> None:
        """Stop waiting for a browser that left."""
        self.gone = True
        super().on_connection_close()


class Output(Handler):
    """What a run's cells wrote."""

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Answer with lines from a byte on, or with the last ones."""
        begin, task = self.whole("from", 0, 10**15), self.word("task")
        tail = self.whole("tail", 0, CHUNK) if self.word("tail") else None
        path = self.word("path")
        await self.reply(read_output, self.desk.projects, run, path, (begin, task, tail))


class Cancel(Handler):
    """Stops a run."""

    @authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Ask the run's engine to stop; it does so within seconds."""
        read_object(self.request.body)
        who = getattr(self.current_user, "username", "") or "someone"
        path = self.word("path")
        await self.reply(views.cancelled, self.desk.projects, run, path, who)


class Resume(Handler):
    """Goes on with a run that did not come to its end."""

    @authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Start an engine for the run; answered when it has taken it up."""
        read_object(self.request.body)
        path = self.word("path")
        await self.desk.launcher.resume(self.desk, run, path)
        await self.reply(views.run, self.desk.projects, run, path)


class Contents(Handler):
    """Executed notebooks, to be read through JupyterLab's own contents client."""

    @authenticated
    @authorized
    async def get(self, path: str = "") -> None:
        """Answer with a contents model."""
        content = self.get_query_argument("content", "1") != "0"
        model, digest = await self.desk.do(read_model, self.desk.projects, path, content)
        trusted = content and model["type"] == "notebook" and self.desk.trust.holds(digest)
        await self.finish(await self.desk.do(encode_model, model, trusted))


class Checkpoints(Handler):
    """What ran has no checkpoints; the contents client asks for them all the same."""

    @authenticated
    @authorized
    async def get(self, path: str = "") -> None:
        """Answer with none."""
        await self.reply(list)


RUN = "/nbpipe-api/runs/([^/]+)"

ROUTES: Sequence[tuple[str, type[Handler]]] = (
    ("/nbpipe-api/hello", Hello),
    ("/nbpipe-api/compile", Compile),
    ("/nbpipe-api/suggest", Suggest),
    ("/nbpipe-api/plan", Plan),
    ("/nbpipe-api/durations", Durations),
    ("/nbpipe-api/mentions", Mentions),
    ("/nbpipe-api/runs", Runs),
    (RUN, Run),
    (f"{RUN}/events", Events),
    (f"{RUN}/output", Output),
    (f"{RUN}/cancel", Cancel),
    (f"{RUN}/resume", Resume),
    *PAST,
    *PROOFS,
    ("/nbpipe-api/contents/(.*)/checkpoints", Checkpoints),
    ("/nbpipe-api/contents/checkpoints", Checkpoints),
    ("/nbpipe-api/contents/?(.*)", Contents),
)
"""Pattern and handler, below the server's base URL; the first that fits counts."""
