"""What two runs of a cell showed, compared without a kernel."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import pytest

from nbpipe.proof.findings import Difference, Spot
from nbpipe.proof.looks import Likened, Look, compare_values, settings_that_differ
from nbpipe.proof.outputs import Shown, compare
from nbpipe.proof.pictures import share_that_differs
from nbpipe.proof.texts import Plain, are_close, first_difference
from nbpipe.proof.varying import same_but_for, shows_unset_memory
from nbpipe.proof.verify import _all_may_vary

PLAIN = Plain(("/tmp/a/project", "/tmp/b/project"), ("2026-11-21",))


def stdout(text: str) -> list[dict[str, Any]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def shown(kind: str, data: Any) -> list[dict[str, Any]]:
    return [{"output_type": "display_data", "data": {kind: data}, "metadata": {}}]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<function f at 0x7f0011223344>", "<function f at 0x7fffa0b1c2d3>"),
        ("/tmp/ipykernel_12/345.py:3: UserWarning", "/tmp/ipykernel_99/1.py:3: UserWarning"),
        ("CPU times: user 3 ms\nWall time: 4 ms", "CPU times: user 9 ms\nWall time: 80 s"),
        ("1.2 µs ± 3 ns per loop (mean ± std)", "9 ms ± 1 ms per loop (mean ± std)"),
        (
            "The slowest run took 9 times longer than the fastest. This could mean that an "
            "intermediate result is being cached.\n1 µs ± 3 ns per loop (mean ± std)",
            "9 ms ± 1 ms per loop (mean ± std)",
        ),
        ("== 1 passed in 0.39s ==", "== 1 passed in 12.1s =="),
        ("It took 3 seconds.", "It took 12.5 seconds."),
        ("saved in /tmp/a/project/x.csv", "saved in /tmp/b/project/x.csv"),
        ("at 2026-11-21 10:11:12.5", "at 2026-11-21 10:12:13"),
        ("Cell In[3], line 1", "Cell In[12], line 1"),
        ('<div id="sk-container-id-1">', '<div id="sk-container-id-7">'),
        ("<style>#T_0a1b2_row0 {}</style>", "<style>#T_ff003_row0 {}</style>"),
        (f'<img id="_anim_img{"0a" * 16}">', f'<img id="_anim_img{"b7" * 16}">'),
        ("<th>Time:</th>  <td>10:11:12</td>", "<th>Time:</th>  <td>23:59:59</td>"),
        (r"\textbf{Time:} & 10:11:12 & x", r"\textbf{Time:} & 23:59:59 & x"),
        ("printed  \n\n", "printed"),
    ],
)
def test_what_is_another_in_every_process_does_not_count(one: str, other: str) -> None:
    assert compare(stdout(one), stdout(other), PLAIN) == Shown()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("n = 1763729000123", "n = 1763729000124"),
        ("mean 0.123", "mean 0.124"),
        ("2020-01-01 10:00:00", "2020-01-02 10:00:00"),
        ("0a" * 16, "b7" * 16),
        ("a", "b"),
        ("1.0", "1.0 2.0"),
        ("x", ""),
    ],
)
def test_what_a_notebook_says_counts(one: str, other: str) -> None:
    assert compare(stdout(one), stdout(other), PLAIN).how


def test_numbers_may_differ_by_rounding() -> None:
    assert compare(stdout("0.30000000000000004 ok"), stdout("0.3 ok"), PLAIN) == Shown("", True)
    assert are_close("[1.0, 2.2204e-16]", "[1.0, -1.1102e-16]")
    assert not are_close("[6.62e-34]", "[6.63e-34]")


def test_warnings_are_told_and_do_not_count() -> None:
    one = [{"output_type": "stream", "name": "stderr", "text": "careful"}]
    assert compare(one, [], PLAIN) == Shown(stderr=True)


def test_streams_are_compared_whole_however_they_were_cut() -> None:
    assert compare([*stdout("a"), *stdout("b")], stdout("ab"), PLAIN) == Shown()


@pytest.mark.parametrize(
    "other",
    [[], shown("text/html", "<b>1</b>"), [*shown("text/plain", "1"), *shown("text/plain", "1")]],
)
def test_as_many_results_of_the_same_kind_are_shown(other: list[dict[str, Any]]) -> None:
    assert compare(shown("text/plain", "1"), other, PLAIN).how


def test_an_error_is_compared_by_what_it_says() -> None:
    def raised(value: str, line: str) -> list[dict[str, Any]]:
        return [{"output_type": "error", "ename": "E", "evalue": value, "traceback": [line]}]

    assert compare(raised("x", "here"), raised("x", "there"), PLAIN) == Shown()
    assert compare(raised("x", "here"), raised("y", "here"), PLAIN).how


def png(points: list[list[int]], kind: int = 0) -> bytes:
    width, height = len(points[0]), len(points)

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    rows = b""
    above = [0] * width
    for line in points:
        left = [0, *line[:-1]]
        corner = [0, *above[:-1]]
        guess = {
            0: [0] * width, 1: left, 2: above,
            3: [(a + b) // 2 for a, b in zip(left, above, strict=True)],
            4: [_paeth(*three) for three in zip(left, above, corner, strict=True)],
        }[kind]  # fmt: skip
        rows += bytes([kind, *((a - b) & 255 for a, b in zip(line, guess, strict=True))])
        above = line
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _paeth(a: int, b: int, c: int) -> int:
    return min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]


PICTURE = [[(7 * x * y + 31 * x + y) % 256 for x in range(40)] for y in range(50)]


@pytest.mark.parametrize("kind", range(5))
def test_pictures_are_compared_by_their_points_however_they_are_packed(kind: int) -> None:
    assert share_that_differs(png(PICTURE), png(PICTURE, kind)) == 0


def test_a_few_points_that_are_a_little_off_do_not_count() -> None:
    other = [list(line) for line in PICTURE]
    other[3][5] = (other[3][5] + 20) % 256 if other[3][5] < 200 else other[3][5] - 20
    assert share_that_differs(png(PICTURE), png(other)) == 0
    other[9][9] = (other[9][9] + 128) % 256
    assert share_that_differs(png(PICTURE), png(other)) == 1 / 2000
    data = [base64.b64encode(png(p)).decode() for p in (PICTURE, other)]
    assert not compare(shown("image/png", data[0]), shown("image/png", data[1]), PLAIN).how


def test_another_picture_counts() -> None:
    other = png([line[::-1] for line in PICTURE])
    assert share_that_differs(png(PICTURE), other) > 0.5
    assert share_that_differs(png(PICTURE), png(PICTURE[1:])) == 1
    assert share_that_differs(png(PICTURE), b"no picture") == 1


def test_what_is_the_same_twice_by_chance_may_vary_where_its_step_does() -> None:
    score, data = Spot("n", "fit", "output", "c1"), Spot("n", "fit", "value", "x")
    told = [Difference(score, 1, "0.9 → 0.8", "random"), Difference(data, None, "x", "random")]
    assert _all_may_vary(told, {data})
    assert not _all_may_vary(told, {Spot("n", "load", "value", "x")})
    assert not _all_may_vary(told, set())


def test_the_first_line_that_differs_is_shown_where_it_differs() -> None:
    assert first_difference("a\nb", "a\nc") == "b → c"
    assert first_difference("a", "a\nc") == "(nothing) → c"
    assert "…" in first_difference("x" * 200 + "a", "x" * 200 + "b")


def test_values_are_compared_by_their_marks() -> None:
    one = {"type": "pandas.DataFrame", "exact": "a", "rough": "r", "text": "t", "opaque": [],
           "parts": {"column 'a'": "1", "column 'b'": "2"}}  # fmt: skip
    rounded = {**one, "exact": "b"}
    other = {**rounded, "rough": "s", "parts": {"column 'a'": "1", "column 'b'": "3"}}
    said = [compare_values(one, two) for two in (one, rounded, other)]
    assert [(s.how, s.rounding) for s in said if s] == [
        ("", False), ("", True), ("t, in column 'b'", False),
    ]  # fmt: skip
    assert compare_values(one, {**one, "exact": None}) is None


def test_the_inside_of_a_librarys_object_is_told_and_does_not_count() -> None:
    one = {"type": "lib.Model", "exact": "a", "rough": "r", "text": "m", "foreign": ["lib.Model"]}
    assert compare_values(one, {**one, "exact": "b", "rough": "s"}) == Likened(inside=True)
    own = {**one, "foreign": []}
    assert compare_values(own, {**own, "exact": "b", "rough": "s"}) == Likened("m")


def test_settings_of_a_library_that_only_one_run_imported_do_not_count() -> None:
    one = Look(settings={"numpy precision": "8", "pandas width": "80"})
    other = Look(settings={"numpy precision": "3"})
    assert settings_that_differ(one, other) == ["numpy precision: 8 → 3"]


@pytest.mark.parametrize(
    ("one", "again", "other", "same"),
    [
        ("at 17.25 s, 3 rows", "at 17.5 s, 3 rows", "at 18.125 s, 3 rows", True),
        ("at 17.25 s, 3 rows", "at 17.5 s, 3 rows", "at 18.125 s, 4 rows", False),
        ("at 17.25 s", "at 17.5 s", "18.125", False),
        ("(2026, 1, 1, 13, 55, 38)", "(2026, 1, 1, 13, 55, 59)", "(2026, 1, 1, 13, 56, 2)", True),
        ("[0.1, 7, 9]", "[0.2, 7, 9]", "[0.3, 7, 8]", False),
        ("2026-01-01 13:55:38.1", "2026-01-01 13:55:59.2", "2026-01-02 00:00:02.3", True),
        ("2026, 1, 7", "2026, 1, 7", "2026, 1, 8", False),
        ("at 13:55:38 for 3", "at 13:55:59 for 3", "at 13:56:02 for 4", False),
        ("seen: a", "seen: a b", "seen: c", True),
        ("0.3333333333 at 1", "0.3333333333 at 2", "0.3333333334 at 3", True),
    ],
)
def test_what_two_run_alls_have_in_common_must_be_in_the_pipeline_too(
    one: str, again: str, other: str, same: bool
) -> None:
    sides = [stdout(text) for text in (one, again, other)]
    assert same_but_for(*sides, PLAIN) is same


def test_a_cell_that_shows_something_else_in_kind_is_not_the_same_but_for_what_varies() -> None:
    first, second = stdout("1"), stdout("2")
    assert not same_but_for(first, second, [*stdout("3"), *shown("text/plain", "x")], PLAIN)
    assert same_but_for(first, [*second, *shown("text/plain", "x")], stdout("4"), PLAIN)


def test_a_picture_that_is_the_same_in_two_run_alls_must_be_in_the_pipeline_too() -> None:
    here, there = (
        shown("image/png", base64.b64encode(png([[n] * 8] * 8)).decode()) for n in (0, 200)
    )
    assert same_but_for(here, here, here, PLAIN)
    assert not same_but_for(here, here, there, PLAIN)
    assert same_but_for(here, there, there, PLAIN)


@pytest.mark.parametrize(
    ("source", "unset"),
    [
        ("np.empty((2, 3))", True),
        ("x = 1\nprint(np.empty_like(x))\n", True),
        ("np.empty(3)[:0]", False),
        ("x = np.empty(3)\nx[:] = 1\nx", False),
        ("", False),
    ],
)
def test_memory_that_is_shown_as_it_was_found_is_told_from_the_code(
    source: str, unset: bool
) -> None:
    assert shows_unset_memory(source) is unset


def test_memory_that_pandas_says_it_uses_does_not_count() -> None:
    here, there = ("dtypes: int64(1)\nmemory usage: " + n for n in ("1.9+ KB", "974.0 bytes"))
    assert compare(stdout(here), stdout(there), PLAIN) == Shown()
    assert compare(stdout(here), stdout(there.replace("64", "32")), PLAIN).how
