"""What lives only in its process is refused, by name, with what helps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nbpipe.kernelside.unstorable import Unstorable

LIVE = {
    "an open file": "x = open(__import__('os').devnull)",
    "a file open for writing": "x = open(__import__('os').devnull, 'wb')",
    "a file in a list": "x = [1, {'f': (open(__import__('os').devnull),)}]",
    "a generator": "x = (i for i in range(3))",
    "a generator in a list": "x = [i for i in [(j for j in 'ab')]]",
    "a lock": "import threading\nx = threading.Lock()",
    "an event": "import threading\nx = {'e': threading.Event()}",
    "a socket": "import socket\nx = socket.socket()",
    "a database": "import sqlite3\nx = sqlite3.connect(':memory:')",
    "a lock in an object": (
        "import threading\nclass C: pass\nx = C()\nx.y = C()\nx.y.lock = threading.RLock()"
    ),
    "a file in a closure": (
        "h = open(__import__('os').devnull)\ndef m(h):\n  return lambda: h\nx = m(h)"
    ),
    "a subclass of a connection": (
        "import sqlite3\nclass C(sqlite3.Connection): pass\nx = C(':memory:')"
    ),
    "what cannot be loaded again": (
        "class C(Exception):\n  def __init__(self, a, b): super().__init__(a)\nx = C(1, 2)"
    ),
    "what refuses to be pickled": (
        "class C:\n  def __reduce__(self): raise TypeError('not me')\nx = C()"
    ),
    "what only this step defines": (
        "class M(type):\n  def __reduce__(cls): return 'x'\n"
        "class C:\n  def __reduce__(self): return 'x'\nx = C()"
    ),
    "a coroutine": "async def f(): pass\nx = f()\nx.close()",
}


@pytest.mark.parametrize("code", LIVE.values(), ids=LIVE)
def test_what_lives_in_its_process_is_refused(bench: Any, code: str) -> None:
    with pytest.raises(Unstorable) as caught:
        bench.step(code, "x")
    for end in ("x", "h"):
        close = getattr(bench.names.get(end), "close", None)
        if close is not None:
            close()
    assert caught.value.blames[0].name == "x"
    assert "tagged `setup`" in str(caught.value)


def test_all_faults_are_found_before_one_is_raised(bench: Any) -> None:
    code = "import threading\na = threading.Lock()\nb = 1\nc = (i for i in 'ab')"
    with pytest.raises(Unstorable, match=r"a \(_thread.lock\).*\n.*c \(generator\)") as caught:
        bench.step(code, "a", "b", "c")
    told = json.loads((bench.scratch / "unstorable.json").read_text())["problems"]
    assert [row["name"] for row in told] == ["a", "c"]
    assert told == [vars(blame) for blame in caught.value.blames]
    assert not (bench.scratch / "saved.json").exists()


def test_text_and_bytes_in_memory_are_no_open_files(bench: Any) -> None:
    saved = bench.step("import io\nx = [io.StringIO('a'), io.BytesIO(b'b')]", "x")
    text, data = bench.load(saved["outputs"][0])
    assert (text.getvalue(), data.getvalue()) == ("a", b"b")
