"""Text of cells: bounded in the notebook, told at a bounded rate, whole in the log."""

from __future__ import annotations

import io

from nbpipe.run.kernels.text import Kept, Log, Teller, plain


def test_a_short_text_is_kept_whole():
    kept = Kept(10)
    for piece in ("ab", "cd", "ef"):
        kept.add(piece)
    assert kept.text() == "abcdef"


def test_of_a_long_text_head_and_tail_are_kept_with_a_notice():
    kept = Kept(10)
    for number in range(1000):
        kept.add(f"{number:03}")
    text = kept.text()
    assert text.startswith("00000")
    assert text.endswith("98999")
    assert "2,990 characters left out" in text


def test_one_piece_larger_than_the_limit_is_cut_as_well():
    kept = Kept(10)
    kept.add("a" * 50 + "b" * 50)
    assert kept.text().startswith("aaaaa\n[nbpipe: 90 characters")
    assert kept.text().endswith("bbbbb")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def told(rate=100):
    events, clock = [], Clock()
    return events, clock, Teller(events.append, "t", clock, pause=1.0, rate=rate)


def test_text_that_comes_quickly_is_told_together():
    events, clock, teller = told()
    for piece in "abc":
        teller.write("cell", "stdout", piece)
    assert [event.text for event in events] == ["a"]
    clock.now = 1.0
    teller.flush()
    assert [event.text for event in events] == ["a", "bc"]


def test_a_flood_is_told_as_a_notice_and_its_end():
    events, clock, teller = told()
    teller.write("cell", "stdout", "a")
    teller.write("cell", "stdout", "b" * 90 + "c" * 60)
    clock.now = 1.0
    teller.flush()
    assert "characters" in events[-1].text
    assert events[-1].text.endswith("c" * 50)
    assert len(events[-1].text) < 250


def test_what_waits_is_told_when_it_is_forced_even_without_a_budget():
    events, _, teller = told(rate=0)
    teller.write("cell", "stdout", "abc")
    teller.write("cell", "stderr", "abc")
    teller.flush(force=True)
    assert {event.stream for event in events} == {"stdout", "stderr"}


def test_the_log_is_headed_by_the_cells():
    file = io.StringIO()
    log = Log(file)
    log.write("a", "one\n")
    log.write("a", "two")
    log.write("b", "three\n")
    assert file.getvalue() == "── a\none\ntwo\n── b\nthree\n"


def test_escape_sequences_are_taken_out():
    assert plain("\x1b[31mred\x1b[0m \x1b]0;title\x07end") == "red end"
