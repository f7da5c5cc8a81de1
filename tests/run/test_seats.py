"""What a template tells of the processes that it forked."""

from __future__ import annotations

import json
import socket

from nbpipe.run.kernels.seats import Forked, Link


def test_a_process_is_not_taken_for_an_earlier_one_of_the_same_number() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link = Link(ours)

    def tell(**message: int) -> None:
        theirs.send(json.dumps(message).encode())

    def forked() -> Forked:
        link.expect()
        tell(pid=7)
        return Forked(link, link.answer(1.0, lambda: None)["pid"])

    first = forked()
    tell(ended=7, code=3)
    assert first.poll() == 3
    second = forked()
    assert second.poll() is None
    tell(ended=7, code=-9)
    assert second.poll() == -9
    assert first.poll() == 3
    theirs.close()
    ours.close()
