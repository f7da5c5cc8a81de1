"""Random numbers held the same, in a process of their own: what is held stays held."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys; sys.path.insert(0, 'src')
from nbpipe.kernelside.probe import hold
import random, uuid, os
import numpy as np
def told():
    return (random.random(), np.random.rand(), np.random.default_rng().random(),
            uuid.uuid4().hex, os.urandom(4).hex())
hold(WORD, ('random', 'numpy'))
print(told(), told()[3] != told()[3])
"""


def said(word: str) -> str:
    code = CODE.replace("WORD", repr(word))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def test_what_chance_decides_is_the_same_after_the_same_word() -> None:
    first = said("load")
    assert first == said("load")
    assert first != said("train")
    assert first.endswith("True\n")


def test_messages_around_the_cells_keep_ids_of_their_own() -> None:
    code = CODE.replace("WORD", "'load'") + (
        "space = {'__name__': 'jupyter_client.session', 'os': os}\n"
        "exec('def new_id(): return os.urandom(8).hex()', space)\n"
        "print(space['new_id']())\n"
    )
    lines = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.splitlines()[-1]
        for _ in range(2)
    }
    assert len(lines) == 2
