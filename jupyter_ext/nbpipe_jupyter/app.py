"""The server extension: where its parts are put together."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from jupyter_server.extension.application import ExtensionApp
from traitlets import Float, Integer, Unicode

from nbpipe_jupyter import __version__, attached
from nbpipe_jupyter.desk import Desk
from nbpipe_jupyter.handlers import ROUTES
from nbpipe_jupyter.launch import Launcher
from nbpipe_jupyter.lingering import Bounds, Lingering
from nbpipe_jupyter.paths import Root
from nbpipe_jupyter.projects import Projects
from nbpipe_jupyter.trust import Trust

RUN_EVENT = "https://nbpipe.org/events/run/v1"
SCHEMA = Path(__file__).parent / "schemas" / "run.yaml"


class NbpipeApp(ExtensionApp):
    """nbpipe in a Jupyter server."""

    name = "nbpipe_jupyter"
    description = "Tagged notebooks as pipelines: compile, plan, run, keep."
    version = __version__
    load_other_extensions = True

    python = Unicode(
        sys.executable, help="Interpreter that runs `python -m nbpipe run` for runs started here."
    ).tag(config=True)

    failed_kernels = Integer(
        2, min=0, help="How many kernels of steps that failed in runs started here wait at a time."
    ).tag(config=True)

    failed_kernel_seconds = Float(
        600.0, min=0.0, help="Seconds that such a kernel waits until it is opened."
    ).tag(config=True)

    failed_kernel_memory = Integer(
        4 << 30,
        min=0,
        help="Most bytes that such a kernel may hold; 0 for the step's own limit.",
    ).tag(config=True)

    def initialize_settings(self) -> None:
        """Put the parts together."""
        assert self.serverapp is not None
        contents = self.serverapp.contents_manager
        folder = getattr(contents, "root_dir", "") or self.serverapp.root_dir
        root = Root.at(folder, hidden=getattr(contents, "allow_hidden", False))
        self.told: dict[str, int] = {}
        assert self.serverapp.event_logger is not None
        self.serverapp.event_logger.register_event_schema(SCHEMA)
        trust = Trust(contents.notary)
        launcher = Launcher(self.python, self._tell, self.log)
        self.desk = Desk(Projects(root), launcher, trust, Lingering(self._bounds()))
        self.settings["nbpipe_desk"] = self.desk

    def _bounds(self) -> Bounds:
        """How many kernels wait, how long and how large; none where they could not be opened."""
        assert self.serverapp is not None
        can = attached.prepare(self.serverapp.kernel_manager)
        most = self.failed_kernels if can else 0
        return Bounds(most, self.failed_kernel_seconds, self.failed_kernel_memory)

    def _tell(self, run: str, seq: int, notebooks: tuple[str, ...]) -> None:
        """Hint to browsers that a run has news; a server with a run is not idle (JupyterHub)."""
        assert self.serverapp is not None
        assert self.serverapp.event_logger is not None
        self.desk.trust.remember(notebooks)
        self.serverapp.web_app.settings["nbpipe_last_activity"] = datetime.now(UTC)
        if self.told.get(run) != seq:
            self.told[run] = seq
            data = {"run": run, "seq": seq}
            self.serverapp.event_logger.emit(schema_id=RUN_EVENT, data=data)

    def initialize_handlers(self) -> None:
        """Hand the routes to the server."""
        self.handlers.extend(ROUTES)

    async def stop_extension(self) -> None:
        """Let go of what is followed; runs go on."""
        self.desk.close()
