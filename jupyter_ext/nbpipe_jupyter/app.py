"""The server extension: where its parts are put together."""

from __future__ import annotations

import sys

from jupyter_server.extension.application import ExtensionApp
from traitlets import Unicode

from nbpipe_jupyter import __version__
from nbpipe_jupyter.desk import Desk
from nbpipe_jupyter.handlers import ROUTES
from nbpipe_jupyter.launch import Launcher
from nbpipe_jupyter.paths import Root
from nbpipe_jupyter.projects import Projects


class NbpipeApp(ExtensionApp):
    """nbpipe in a Jupyter server."""

    name = "nbpipe_jupyter"
    description = "Tagged notebooks as pipelines: compile, plan, run, keep."
    version = __version__
    load_other_extensions = True

    python = Unicode(
        sys.executable, help="Interpreter that runs `python -m nbpipe run` for runs started here."
    ).tag(config=True)

    def initialize_settings(self) -> None:
        """Put the parts together."""
        assert self.serverapp is not None
        contents = self.serverapp.contents_manager
        folder = getattr(contents, "root_dir", "") or self.serverapp.root_dir
        root = Root.at(folder, hidden=getattr(contents, "allow_hidden", False))
        self.desk = Desk(Projects(root), Launcher(self.python))
        self.settings["nbpipe_desk"] = self.desk

    def initialize_handlers(self) -> None:
        """Hand the routes to the server."""
        self.handlers.extend(ROUTES)

    async def stop_extension(self) -> None:
        """Let go of what is followed; runs go on."""
        self.desk.close()
