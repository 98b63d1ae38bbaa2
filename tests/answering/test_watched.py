"""Windows of a film as objects, and equal neighbours joined into segments."""

import pytest

from videoqa.answering.watched import WatchedSegment, WatchedWindow, join_windows, time_text


def window(
    start: float, end: float, answer: str, probability: float = 0.9, **fields: object
) -> WatchedWindow:
    others = (("other", 1 - probability),) if probability < 1 else ()
    known = {"question": "q", "familiarity": None, "is_reliable": True, **fields}
    ranked = ((answer, probability), *others)
    return WatchedWindow(start, end, answer=answer, probability=probability, alternatives=ranked, **known)  # type: ignore[arg-type]


def unknown(start: float, end: float, why: str = "strange") -> WatchedWindow:
    return window(start, end, "guess", 0.3, is_reliable=False, why_not=(why,))


def failed(start: float, end: float) -> WatchedWindow:
    return WatchedWindow(
        start, end, "q", "", None, None, False, why_not=("gone",), status="failed", error="gone"
    )


def spans(*windows: WatchedWindow) -> list[tuple[float, float, str]]:
    return [(s.start_seconds, s.end_seconds, s.answer) for s in join_windows(windows)]


def test_equal_neighbours_become_one_segment() -> None:
    joined = [*join_windows([window(0, 4, "a", 0.8), window(4, 8, "a", 0.6), window(8, 10, "b")])]
    assert joined[0] == WatchedSegment(0, 8, "q", "a", pytest.approx(0.7), None, True)
    assert spans(window(0, 4, "a"), window(4, 8, "a"), window(8, 10, "b")) == [(0, 8, "a"), (8, 10, "b")]


def test_where_windows_overlap_they_vote_with_their_length() -> None:
    assert spans(window(0, 4, "a", 0.6), window(2, 6, "b", 0.9)) == [(0, 2, "a"), (2, 6, "b")]
    assert spans(window(0, 4, "a", 0.9), window(3, 4, "b", 0.99)) == [(0, 4, "a")]


def test_an_unseen_stretch_parts_two_segments() -> None:
    assert spans(window(0, 2, "a"), window(5, 7, "a")) == [(0, 2, "a"), (5, 7, "a")]


def test_what_is_not_known_and_what_cannot_be_read_are_segments_of_their_own() -> None:
    found = [
        *join_windows([window(0, 4, "a"), unknown(4, 8), unknown(8, 10), failed(10, 14), failed(12, 16)])
    ]
    assert [(s.start_seconds, s.end_seconds, s.answer, s.status) for s in found] == [
        (0, 4, "a", "ok"),
        (4, 10, "", "ok"),
        (10, 16, "", "failed"),
    ]
    assert [s.is_reliable for s in found] == [True, False, False]
    assert found[1].why_not == ("strange",) and found[1].probability is None
    assert str(found[1]) == "0:04.00 to 0:10.00  I don't know: strange"


def test_of_two_windows_a_reliable_one_is_believed() -> None:
    assert spans(unknown(0, 4), window(2, 6, "a")) == [(0, 2, ""), (2, 6, "a")]
    assert spans(failed(0, 4), window(2, 6, "a", status="damaged")) == [(0, 2, ""), (2, 6, "a")]


@pytest.mark.parametrize("windows", [(failed(0, 4), window(2, 6, "a")), (window(0, 6, "a"), failed(4, 8))])
def test_a_segment_with_an_answer_is_damaged_not_failed(windows: tuple[WatchedWindow, ...]) -> None:
    found = {each.answer: each.status for each in join_windows(windows)}
    assert found == {"a": "damaged", "": "failed"}


def test_each_question_has_its_own_segments_and_they_come_as_they_end() -> None:
    other = {"question": "r"}
    windows = [window(0, 2, "a"), window(0, 2, "x", **other), window(2, 4, "b"), window(2, 4, "x", **other)]
    joined = join_windows(iter(windows))
    assert [(s.question, s.answer, s.end_seconds) for s in joined] == [
        ("q", "a", 2),
        ("q", "b", 4),
        ("r", "x", 4),
    ]


def test_familiarity_and_probability_are_means_over_time() -> None:
    (one,) = join_windows([window(0, 4, "a", 0.5, familiarity=0.2), window(4, 6, "a", 0.8, familiarity=0.5)])
    assert one.probability == pytest.approx(0.6) and one.familiarity == pytest.approx(0.3)


def test_no_windows_no_segments() -> None:
    assert [*join_windows([])] == []


def test_a_window_says_what_it_knows_and_survives_json() -> None:
    assert str(window(0, 4, "a")) == "0:00.00 to 0:04.00  a"
    text = "1:01:01.50 to 1:01:02.00  I don't know: strange (best guess: guess, 30 %)."
    assert str(unknown(3661.5, 3662)) == text
    assert str(failed(0, 1)).endswith("I don't know: gone.")
    for each in (window(0, 4, "a", familiarity=0.25, likely=("a", "b")), unknown(0, 1), failed(2, 3)):
        assert WatchedWindow.from_dict(each.to_dict()) == each


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00.00"), (59.999, "1:00.00"), (3599.996, "1:00:00.00")])
def test_times_are_rounded_as_a_whole(seconds: float, text: str) -> None:
    assert time_text(seconds) == text
