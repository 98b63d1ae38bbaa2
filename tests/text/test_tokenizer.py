import json

import pytest
from nltk.tokenize import NLTKWordTokenizer

from videoqa.text.vocabulary import check_question, normalize_answer, tokenize

QUESTIONS = [
    "What is he doing?",
    "what is he doing",
    "Is this the man's dog?",
    "how many times does he jump ??",
    "he cannot go, can he?",
    "what's he gonna do",
    "is it 2.5 or 3?",
    '"why" (he) said...',
    "wanna  go\tnow?",
    "was macht der Bär über dem Fluß",
    "gimme gotta lemme more'n d'ye 'tis",
    "is it well-lit?",
    "?what",
    "50% of it & more",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_tokens_are_those_of_nltk(question):
    expected = NLTKWordTokenizer().tokenize(" ".join(question.lower().split()))
    assert tokenize(question) == expected


def test_tokens_worked_out_by_hand():
    assert tokenize("What is the man's dog doing?") == ["what", "is", "the", "man", "'s", "dog", "doing", "?"]
    assert tokenize("He cannot wait") == ["he", "can", "not", "wait"]


def test_the_returned_list_is_the_callers_own():
    tokenize("what now").append("changed")
    assert tokenize("what now") == ["what", "now"]


@pytest.mark.real_data
def test_tokens_of_real_questions_are_those_of_nltk(real_data):
    path = real_data / "annotations" / "msvd-qa" / "val_qa.json"
    questions = [row["question"] for row in json.loads(path.read_text("utf-8"))][:1500]
    nltk = NLTKWordTokenizer()
    assert [tokenize(question) for question in questions] == [nltk.tokenize(q.lower()) for q in questions]


def test_check_question_returns_the_collapsed_question():
    assert check_question("  what \n is  it? ") == "what is it?"
    assert check_question("x" * 1000) == "x" * 1000


@pytest.mark.parametrize(
    "question, message",
    [
        ("", "`question` must hold at least one word"),
        (" \t\n", "hold at least one word"),
        ("?! ...", r"hold at least one word. Received: question='\?! ...'"),
        ("x" * 1001, "at most 1000 characters; this has 1001"),
        (None, "be a str. Received: question=None"),
        (b"what", "be a str"),
    ],
)
def test_check_question_refuses(question, message):
    with pytest.raises(ValueError, match=message):
        check_question(question)


def test_normalize_answer():
    assert normalize_answer("  Two  Men\n") == "two men"
    assert normalize_answer("cafe\u0301") == normalize_answer("CAF\u00c9")
