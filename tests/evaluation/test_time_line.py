"""The time line of a film: what stands below its lanes, and pictures of many sizes."""

import struct

import pytest

from videoqa.evaluation.time_line import (
    COLOURS,
    OTHER,
    Stretch,
    _cut,
    _cut_to,
    _in_rows,
    _legend,
    _lines,
    time_line_png,
)


def lane(question: str, *answers: str, seconds: float = 2.0) -> list[Stretch]:
    return [
        Stretch(seconds * place, seconds * (place + 1), question, answer, 0.8 if answer else None)
        for place, answer in enumerate(answers)
    ]


def size_of(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG")
    return struct.unpack(">II", picture[16:24])


def test_answers_stand_below_by_their_share_of_the_time() -> None:
    stretches = [*lane("q", "a", "b", "b", "", "b"), Stretch(10, 20, "q", "", None, is_failed=True)]
    labels = [label for label, _ in _legend(stretches)]
    assert labels == ["b 30 %", "a 10 %", "I don't know 10 %", "cannot be read 50 %"]
    damaged = [Stretch(0, 1000, "q", "a", 0.5, is_damaged=True), Stretch(1000, 1001, "q", "b", 1.0)]
    assert [label for label, _ in _legend(damaged)] == ["a 100 %", "b under 1 %", "damaged in part"]


def test_many_answers_share_a_colour() -> None:
    names = [f"answer {number}" for number in range(len(COLOURS) + 3)]
    legend = _legend(lane("q", *names))
    assert len(legend) == len(COLOURS) + 1 and legend[-1][0].startswith("3 others")
    assert legend[-1][1] == OTHER and len({look["facecolor"] for _, look in legend}) == len(legend)
    (only,) = [label for label, look in _legend(lane("q", *names[:-2])) if look == OTHER]
    assert only.startswith(names[-3])
    assert len(_in_rows(legend)) > 1 and sum(map(len, _in_rows(legend))) == len(legend)


def test_wide_letters_take_two_columns() -> None:
    assert _cut("what is he doing", 10) == "what is h…" and _cut("他在做什么", 6) == "他在…"
    assert _cut("short", 10) == "short"


@pytest.mark.parametrize("seconds", [0.2, 12, 7200, 90_000])
def test_films_of_any_length_are_drawn(seconds: float) -> None:
    one = size_of(time_line_png(lane("what is he doing?", "a", "", "b $x$", seconds=seconds / 3)))
    assert 1400 < one[0] < 1800


def test_each_question_makes_it_higher() -> None:
    lanes = [lane(f"question {number}?", "yes", "no") for number in range(5)]
    one, five = (size_of(time_line_png(sum(lanes[:count], []))) for count in (1, 5))
    assert one[0] == pytest.approx(five[0], abs=20) and 4 * one[1] < five[1] < 6 * one[1]


def test_a_long_film_is_broken_into_lines() -> None:
    few, many = lane("q", *"ab" * 100, seconds=3.4), lane("q", *"ab" * 1000, seconds=3.6)
    assert _lines([few], 0, 680) == [(0, 680)]
    lines = _lines([few, many], 0, 7200)
    assert lines == [(900 * number, 900 * (number + 1)) for number in range(8)]
    assert sum(each.seconds for line in lines for each in _cut_to(many, line)) == pytest.approx(7200)
    assert size_of(time_line_png(many))[1] > 5 * size_of(time_line_png(few))[1]


def test_letters_that_no_font_has_are_no_error() -> None:
    assert size_of(time_line_png(lane("他在做什么?", "挥手", "a\u202eb\x00", "𓀀")))
