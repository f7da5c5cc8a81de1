"""The routes that lead to what ran: pages of runs, their tasks and values, and runs compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from nbpipe.store.rows import WhichTasks
from nbpipe_jupyter import artifacts, drafts, history
from nbpipe_jupyter.attached import attach
from nbpipe_jupyter.base import Handler
from nbpipe_jupyter.bodies import read_draft

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_TASKS = 1000


class Page(Handler):
    """A run as its page shows it."""

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Answer with the run, its graph, and its tasks taken together by step."""
        await self.reply(history.page, self.desk.projects, run, self.word("path"))


class Tasks(Handler):
    """The tasks of a run, in short."""

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Answer with some of the tasks that are like what is asked for, and their number."""
        which = WhichTasks(self.word("step"), self.word("state"), self.word("words"))
        part = (self.whole("from", 0, 10**9), self.whole("limit", 200, MOST_TASKS))
        await self.reply(history.tasks, self.desk.projects, run, self.word("path"), which, part)


class Task(Handler):
    """One task of a run."""

    @authenticated
    @authorized
    async def get(self, run: str, task: str) -> None:
        """Answer with all that is known of the task, and whether its kernel can be opened."""
        found = await self.desk.do(history.task, self.desk.projects, run, self.word("path"), task)
        failed = found["state"] == "failed"
        there = failed and self.desk.lingering.has(run, task, found["attempt"])
        await self.reply(dict, {**found, "lingers": there})


class Space(Handler):
    """The disk."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with what a project's store holds and what is left for it."""
        await self.reply(history.space, self.desk.projects, self.word("path"))


class Draft(Handler):
    """Copies of executed notebooks to go on with."""

    @authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Write a draft beside the step's notebook; answered with how its state comes back."""
        asked, path = read_draft(self.request.body), self.word("path")
        placed = await self.desk.do(drafts.prepared, self.desk.projects, run, path, asked)
        written = await drafts.write_draft(self.desk, self.contents_manager, placed)
        await self.reply(dict, written, status=201)


class FailedKernel(Handler):
    """The kernel in which a step failed, as long as it lives."""

    @authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Write a draft of the failed step and let its kernel be opened; answered with both."""
        asked, path = read_draft(self.request.body), self.word("path")
        placed = await self.desk.do(drafts.prepared, self.desk.projects, run, path, asked)
        kernel = self.desk.lingering.find(run, asked.task, placed.attempt)
        contents = self.contents_manager
        if not await drafts.is_there(contents, kernel.draft):
            kernel.draft = await drafts.write_draft(self.desk, contents, placed)
        attached = await attach(self.kernel_manager, kernel, kernel.draft["path"])
        await self.reply(dict, {**kernel.draft, "cells": [], "id": attached}, status=201)


class Diff(Handler):
    """What differs between two runs."""

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Answer with code, inputs and values that differ; for a task, with its cells."""
        other, path, task = self.word("to"), self.word("path"), self.word("task")
        if task:
            runs = (run, other)
            await self.reply(history.differing_cells, self.desk.projects, runs, path, task)
        else:
            await self.reply(history.differing, self.desk.projects, run, other, path)


class Compare(Handler):
    """Runs side by side."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the runs named, their parameters and numbers."""
        names = self.get_query_arguments("run", strip=False)
        await self.reply(history.compared, self.desk.projects, names, self.word("path"))


class Artifact(Handler):
    """What is known of stored bytes."""

    @authenticated
    @authorized
    async def get(self, digest: str) -> None:
        """Answer with type, size and the preview that was made when they were stored."""
        await self.reply(artifacts.artifact, self.desk.projects, digest, self.word("path"))


class _Shut(Handler):
    """Sends stored bytes; nothing in them may run or load anything, even opened by itself."""

    @property
    def content_security_policy(self) -> str:
        return "; ".join((super().content_security_policy, "sandbox"))


class Image(_Shut):
    """The picture in an artifact's preview."""

    @authenticated
    @authorized
    async def get(self, digest: str) -> None:
        """Answer with the picture."""
        path = self.word("path")
        data, kind = await self.desk.do(artifacts.image, self.desk.projects, digest, path)
        self.set_header("Cache-Control", "private, max-age=31536000, immutable")
        self.set_header("X-Content-Type-Options", "nosniff")
        await self.finish(data, set_content_type=kind)


class Text(Handler):
    """The beginning of stored bytes, as text."""

    @authenticated
    @authorized
    async def get(self, digest: str) -> None:
        """Answer with the text as JSON."""
        await self.reply(artifacts.text, self.desk.projects, digest, self.word("path"))


class File(_Shut):
    """Stored bytes, to be saved."""

    @authenticated
    @authorized
    async def get(self, digest: str) -> None:
        """Send the bytes piece by piece."""
        path, name = self.word("path"), self.word("name")
        stream, size = await self.desk.do(artifacts.opened, self.desk.projects, digest, path)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Length", str(size))
        self.set_header("Content-Disposition", artifacts.disposition(name))
        self.set_header("X-Content-Type-Options", "nosniff")
        with stream:
            while data := await self.desk.do(stream.read, artifacts.CHUNK):
                self.write(data)
                try:
                    await self.flush()
                except StreamClosedError:  # whoever asked went away
                    return
        await self.finish(set_content_type="application/octet-stream")


RUN = "/nbpipe-api/runs/([^/]+)"
DIGEST = "/nbpipe-api/artifacts/([^/]+)"

ROUTES: Sequence[tuple[str, type[Handler]]] = (
    (f"{RUN}/page", Page),
    (f"{RUN}/tasks", Tasks),
    (f"{RUN}/tasks/([^/]+)", Task),
    (f"{RUN}/draft", Draft),
    (f"{RUN}/kernel", FailedKernel),
    (f"{RUN}/diff", Diff),
    ("/nbpipe-api/compare", Compare),
    ("/nbpipe-api/space", Space),
    (DIGEST, Artifact),
    (f"{DIGEST}/image", Image),
    (f"{DIGEST}/text", Text),
    (f"{DIGEST}/file", File),
)
"""Pattern and handler, below the server's base URL."""
