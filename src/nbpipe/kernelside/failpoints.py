"""Points at which a test can end the process, as a crash would: each state change has one.

``NBPIPE_FAIL_AT=POINT:FILE`` kills the first process that reaches the point, and makes the file,
so that it happens once; with ``POINT@N`` it is the N-th time that a process gets there. Where
the variable is not set, reaching a point is one comparison.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "NBPIPE_FAIL_AT"

_point = ""
_mark = ""
_left = 1


def arm(said: str) -> None:
    """Choose the point, as the variable says it; none where the text is empty."""
    global _point, _mark, _left
    name, _, _mark = said.partition(":")
    _point, _, count = name.partition("@")
    _left = int(count or 1)


def reach(point: str) -> None:
    """Go on, unless this is the point: then this process is killed."""
    if point == _point:
        _count()


def _count() -> None:
    global _left
    _left -= 1
    if _left:
        return
    try:
        os.close(os.open(_mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return  # once is enough
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


arm(os.environ.get(VARIABLE, ""))
