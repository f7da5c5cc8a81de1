"""A kernel on a line goes on, with all that it holds, as a kernel that any client can talk to."""

from __future__ import annotations

import sys
from typing import Any

from ipykernel.kernelapp import IPKernelApp

from .forkable import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class App(IPKernelApp):
    """ipykernel's application around a shell that has been at work."""

    def init_path(self) -> None:
        """Nothing is set up: what the cells left is what is wanted."""

    init_gui_pylab = init_extensions = init_code = init_path


def go_on(before: Any, words: Sequence[str]) -> None:
    """Put sockets in the place of the line; the event loop that runs serves them.

    Parameters
    ----------
    before
        The application of the kernel on the line.
    words
        The command line that an IPython kernel would have.
    """
    old, shell = before.kernel, before.kernel.shell
    texts = [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, Text)]
    for stream in texts:
        stream.log = None  # the file that is looked after is that of the process
    type(old).clear_instance()
    type(before).clear_instance()
    # With parent 1 it watches none: the leash on its template does.
    app: Any = App.instance(parent_handle=1, log=before.log)
    app.initialize(list(words))
    shell.kernel = shell.parent = app.kernel
    for one in getattr(app.kernel.comm_manager, "comms", {}).values():
        one.kernel = app.kernel
    for stream, heir in zip(texts, (sys.stdout, sys.stderr)):
        stream.heir = heir
    app.kernel.start()
