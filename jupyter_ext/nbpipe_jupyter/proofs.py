"""The routes of proofs: one is started, and what it found is asked for.

While it is made it is followed and cancelled by its id, as a run is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nbpipe_jupyter import views
from nbpipe_jupyter.base import Handler
from nbpipe_jupyter.bodies import read_asked
from nbpipe_jupyter.projects import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbpipe_jupyter.projects import Projects


class Proofs(Handler):
    """Proofs that a pipeline gives what Run All gives."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the newest proof of a notebook or a project."""
        await self.reply(newest_proof, self.desk.projects, self.word("path"))

    @authenticated
    @authorized
    async def post(self) -> None:
        """Start a proof; answered when it is in the ledger."""
        asked = await self.desk.do(read_asked, self.request.body)
        run = await self.desk.launcher.prove(self.desk, asked)
        await self.reply(views.run, self.desk.projects, run, asked.path, status=201)


def newest_proof(projects: Projects, path: str) -> dict[str, Any]:
    """Return the newest proof as it is being made, and what the newest finished one found."""
    from nbpipe.proof.keeping import newest

    folder, scope = projects.folder_of(path)
    store = projects.proofs_of(folder)
    settle(store)
    row, found = newest(store, str(folder), scope)
    place = projects.root.relative(folder)
    return {"run": views.describe_run(row, place) if row else None, "proof": found}


ROUTES: Sequence[tuple[str, type[Handler]]] = (("/nbpipe-api/proofs", Proofs),)
"""Pattern and handler, below the server's base URL."""
