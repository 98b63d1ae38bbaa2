"""The longest-question-prefix prior, worked out by hand; `evaluation/test_public_floors.py` has real rows."""

import json
from pathlib import Path

import pytest

from videoqa.text.question_prior import QuestionPrior, build_question_prior, question_words

TRAIN = [
    ("What is he doing?", "Run"),
    ("what is he eating?", "apple"),
    ("what is he doing?", "jump"),
    ("what colour is it?", "red"),
    ("what colour is it?", "red"),
    ("is it red", "yes"),
]


def build(rows: list[tuple[str, str]]) -> QuestionPrior:
    return build_question_prior([question for question, _ in rows], [answer for _, answer in rows])


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("what is he doing?", "run"),  # the whole question; run and jump once each: the first
        ("WHAT is  he doing now", "run"),  # one word more
        ("what is he eating", "apple"),
        ("what is she", "run"),  # after "what is": run, apple and jump once each
        ("what?", "red"),  # after "what": red twice
        ("is it", "yes"),
        ("who?", "red"),  # no prefix: the most frequent answer of all
        ("???", "red"),
    ],
)
def test_the_longest_prefix_answers(question: str, answer: str) -> None:
    assert build(TRAIN).answer(question) == answer


def test_only_prefixes_that_change_the_answer_are_kept() -> None:
    assert build(TRAIN).answers == {
        "": "red",
        "what is": "run",
        "what is he eating": "apple",
        "is": "yes",
    }


def test_a_prefix_is_of_whole_words() -> None:
    prior = build([("is it", "a"), ("island", "b"), ("is so", "c"), ("is it", "a")])
    assert prior.answer("isla") == prior.answer("is") == "a"
    assert prior.answer("is so") == "c"


def test_words_lose_their_case_and_the_marks_around_them() -> None:
    assert question_words(" What's   the dog's (big) tail ? ") == ["what's", "the", "dog's", "big", "tail"]


def test_pruning_changes_no_guess() -> None:
    words = ["a", "b", "c"]
    rows = [
        (" ".join(words[(seed // 3**place) % 3] for place in range(1 + seed % 4)), str(seed * 7 % 5))
        for seed in range(200)
    ]
    full: dict[str, list[str]] = {}
    for question, answer in rows:
        parts = question.split()
        for length in range(len(parts) + 1):
            full.setdefault(" ".join(parts[:length]), []).append(answer)
    prior = build(rows)
    assert len(prior.answers) < len(full)
    for question in {*full, "a b c a b c", "b d"}:
        parts = question.split()
        longest = next(" ".join(parts[:n]) for n in range(len(parts), -1, -1) if " ".join(parts[:n]) in full)
        answers = full[longest]
        assert prior.answer(question) == max(dict.fromkeys(answers), key=answers.count)


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    prior = build([*TRAIN, ("où est-il ?", "été")])
    prior.save(tmp_path / "prior.json")
    assert QuestionPrior.load(tmp_path / "prior.json") == prior


@pytest.mark.parametrize(
    "content", [{}, {"answers_by_prefix": []}, {"answers_by_prefix": {"": 2}}, {"x": {}}]
)
def test_another_file_is_refused(tmp_path: Path, content: dict) -> None:
    (tmp_path / "prior.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="be a JSON file with the one field 'answers_by_prefix'"):
        QuestionPrior.load(tmp_path / "prior.json")


def test_what_cannot_answer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prior.json").write_text('{"answers_by_prefix": {"is": "yes"}}')
    with pytest.raises(ValueError, match="prior.json: `answers` must have an answer for the empty prefix"):
        QuestionPrior.load(tmp_path / "prior.json")
    with pytest.raises(ValueError, match="`questions` must be as many as `answers`, and at least one"):
        build_question_prior([], [])
    with pytest.raises(ValueError, match="'2 for 1 answers'"):
        build_question_prior(["is it", "was it"], ["yes"])
