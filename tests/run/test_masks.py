"""Secrets are found in whatever form they are shown, also when they come in pieces."""

from __future__ import annotations

import base64
import html
import itertools
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbpipe.compile.parameters import is_reference
from nbpipe.errors import BadParameter, UsageError
from nbpipe.events import Artifact, CellFinished, Failure, Note
from nbpipe.run.masks import NOTHING, Mask, Veil, mask_of, masked_result, masked_tell
from nbpipe.run.order import Result

SECRET = 'h&nter "2" ü\\x'
MASK = Mask({"token": SECRET, "other": "token-abcdef"})


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("env:TOKEN", True),
        ("env:_a1", True),
        ("file:keys/token.txt", True),
        ("file:/run/secrets/token", True),
        ("env:", False),
        ("env:1A", False),
        ("env:A B", False),
        ("env:TÖKEN", False),
        ("file:", False),
        ("file:///data/x.csv", False),
        ("file:a\nb", False),
        ("file:a\0b", False),
        (" env:TOKEN", False),
        ("environment", False),
        (7, False),
        (None, False),
        (["env:TOKEN"], False),
    ],
)
def test_a_reference_is_known_by_its_form(text: object, is_one: bool) -> None:
    assert is_reference(text) is is_one


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        repr(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        html.escape(SECRET),
        quote(SECRET),
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"user:{SECRET}".encode()).decode(),
        base64.b64encode(f"me:{SECRET}:x".encode()).decode(),
        base64.urlsafe_b64encode(f"a{SECRET}b".encode()).decode(),
    ],
)
def test_a_secret_is_masked_however_it_is_written(shown: str) -> None:
    hidden = MASK.text(f"<{shown}>")
    assert "[secret token]" in hidden
    assert shown not in hidden
    assert len(hidden) < 30


def test_each_line_of_a_secret_of_many_lines_is_masked() -> None:
    mask = Mask({"key": "-----BEGIN-----\nabcdefghijkl\nmnopqrstuvwx\n--"})
    assert mask.text("  1 abcdefghijkl\n  2 mnopqrstuvwx") == "  1 [secret key]\n  2 [secret key]"


@given(st.lists(st.integers(0, 60), max_size=6), st.sampled_from(["", "token-", "h&nt", SECRET]))
def test_a_secret_in_pieces_is_masked_like_one_in_one_piece(cuts: list[int], after: str) -> None:
    text = f"a{SECRET}b token-abcdeftoken-abcde {SECRET}{after}"
    places = [0, *sorted(cuts), len(text)]
    veil = Veil(MASK)
    pieces = [veil.take(text[begin:end]) for begin, end in itertools.pairwise(places)]
    assert "".join(pieces) + veil.end() == MASK.text(text)
    assert all(SECRET not in piece for piece in pieces)


def test_text_that_cannot_begin_a_secret_is_shown_at_once() -> None:
    veil = Veil(MASK)
    assert veil.take("50 %\r") == "50 %\r"
    assert veil.take("to") == ""
    assert veil.take("day") == "today"


def test_a_longer_secret_is_masked_whole_where_a_shorter_one_begins_it() -> None:
    mask = Mask({"a": "abcdef", "b": "abcdefghij"})
    veil = Veil(mask)
    assert veil.take("abcdef") == ""
    assert veil.take("ghij") == "[secret b]"
    assert mask.text("abcdef abcdefghij") == "[secret a] [secret b]"


def test_names_of_things_in_data_are_masked_and_digests_are_left() -> None:
    digest = "sha256:" + "abcdef12" * 8
    mask = Mask({"pin": "abcdef12"})
    data = {"abcdef12": [digest, "x abcdef12", 3, None, ("abcdef12",)]}
    assert mask.value(data) == {
        "[secret pin]": [digest, "x [secret pin]", 3, None, ("[secret pin]",)]
    }
    assert NOTHING.value(data) is data


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-32-le"])
@pytest.mark.parametrize("before", [0, 5, (1 << 20) - 3, 2 << 20])
def test_a_file_that_holds_a_secret_is_refused(tmp_path, encoding: str, before: int) -> None:
    path = tmp_path / "value"
    path.write_bytes(b"\x81" * before + SECRET.encode(encoding) + b"\0\1")
    with pytest.raises(UsageError, match="cfg holds the secret 'token'") as refused:
        MASK.refuse(path, "cfg")
    assert SECRET not in str(refused.value)


def test_a_file_that_holds_none_is_not(tmp_path) -> None:
    path = tmp_path / "value"
    path.write_bytes(b"h&nter token-abcde")
    MASK.refuse(path, "cfg")
    NOTHING.refuse(tmp_path / "is not even read", "cfg")


def test_what_is_told_and_what_it_came_to_is_masked() -> None:
    told: list[object] = []
    tell = masked_tell(told.append, MASK)
    tell(Note(f"curl -H {SECRET}", "t", "warning"))
    tell(CellFinished("t", "c", "ok", 1.0))
    assert told == [
        Note("curl -H [secret token]", "t", "warning"),
        CellFinished("t", "c", "ok", 1.0),
    ]
    error = Failure("E", f"no {SECRET}", "c", f"File x\n{SECRET}")
    artifact = Artifact(f"{SECRET}.csv", "sha256:1", 1, "file", preview={"text": f"{SECRET}!"})
    result = Result("t", 1, "failed", 1.0, (artifact,), checks={"c": SECRET}, error=error)
    hidden = masked_result(result, MASK)
    assert SECRET not in repr(hidden)
    assert hidden.error == Failure("E", "no [secret token]", "c", "File x\n[secret token]")
    assert masked_result(result, NOTHING) is result


def test_references_are_read_where_they_stand(tmp_path, monkeypatch) -> None:
    (tmp_path / "key").write_text("from a file\r\n")
    monkeypatch.setenv("NBPIPE_TEST_SECRET", "from the environment")
    mask = mask_of({"a": "env:NBPIPE_TEST_SECRET", "b": f"file:{tmp_path}/key"})
    assert mask.values == {"a": "from the environment", "b": "from a file"}


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("env:NBPIPE_TEST_NONE", "environment variable NBPIPE_TEST_NONE is not set"),
        ("env:NBPIPE_TEST_SHORT", "shorter than 6 characters"),
        ("file:/nowhere/at/all", "cannot be read: No such file"),
        ("file:/dev/zero", "larger than 65536 bytes"),
        ("file:/dev/null", "not set or empty"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(monkeypatch, reference: str, says: str) -> None:
    monkeypatch.setenv("NBPIPE_TEST_SHORT", "abcde")
    with pytest.raises(BadParameter, match=says) as refused:
        mask_of({"token": reference})
    assert "abcde" not in str(refused.value)
