"""A question is unfamiliar by several unknown words, or by an answer that its beginning never had."""

import pytest

from videoqa.text.vocabulary import build_vocabulary, tokenize
from videoqa.trust.question_familiarity import QuestionFamiliarity, content_words, fit_question_familiarity

QUESTIONS = ["what is he doing?", "what colour is his shirt?", "is he waving?", "他在做什么？"] * 10
ANSWERS = [0, 1, 2, 0] * 10
GROUPS = [number // 4 for number in range(40)]
VOCABULARY = build_vocabulary(QUESTIONS)


@pytest.fixture(scope="module")
def familiar() -> QuestionFamiliarity:
    return fit_question_familiarity(QUESTIONS, ANSWERS, GROUPS, tokenize=tokenize)


@pytest.mark.parametrize(
    ("question", "answer_id"),
    [
        ("what is he doing", 0),
        ("What is he holding?", 0),  # one unknown word
        ("where is he", 5),  # no beginning that is known
        ("他在做什么", 0),
        ("他在做饭", 0),  # two unknown characters would be too many of two, here it is one of four
    ],
)
def test_a_question_like_the_training_questions_is_familiar(familiar, question, answer_id) -> None:
    assert familiar.why_not(question, VOCABULARY, answer_id) == ""


@pytest.mark.parametrize(
    ("question", "answer_id", "why"),
    [
        ("how many zebras eat grass?", 0, "no training question has its words many, zebras, eat, grass"),
        ("他吃苹果", 0, "no training question has its words 吃, 苹, 果"),
        ("what is he wearing", 1, "no training question that begins with 'what is he' had this answer"),
        ("what colour is it", 0, "no training question that begins with 'what colour is' had this answer"),
        ("is it red", 0, "no training question that begins with 'is' had this answer"),
    ],
)
def test_an_unfamiliar_question_is_told_with_its_reason(familiar, question, answer_id, why) -> None:
    assert familiar.why_not(question, VOCABULARY, answer_id) == why


def test_open_questions_are_held_to_what_other_training_questions_had() -> None:
    own = [
        f"what is the {word} doing" for word in "aardvark badger cat dog emu fox goat hen ibis jackal".split()
    ]
    open_ended = fit_question_familiarity(own, range(10), range(10), tokenize=tokenize)
    assert open_ended.most_unknown == 1.0, "every animal is new to the other questions"
    assert open_ended.why_not("which zebu grazes", build_vocabulary(own), 0) == ""


def test_it_is_kept_as_json() -> None:
    made = fit_question_familiarity(QUESTIONS, ANSWERS, GROUPS, tokenize=tokenize)
    assert QuestionFamiliarity.from_dict(made.to_dict()) == made


def test_content_words_leave_out_what_every_question_has() -> None:
    assert content_words(tokenize("What is he doing in the car?")) == ["car"]
