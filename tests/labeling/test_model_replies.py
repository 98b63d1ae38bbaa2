"""What a model says becomes an answer where it leaves no doubt, and none where it does."""

import json
import math

import pytest

from videoqa.chat.client import Words
from videoqa.labeling.model_prompts import prompt_of, schema_of
from videoqa.labeling.model_replies import ModelAnswer, joined_answer, read_reply
from videoqa.labeling.tasks import Task

from .conftest import question

CHOICES = ("loading", "waving", "walking a dog", "walking")
NUMBERS = ("3", "1", "2")


def read(text, task=None, **words):
    found = read_reply(task or question(0, choices=CHOICES), Words(text, **words))
    return None if found is None else (found.how, found.answer, found.confidence)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('{"answer": "waving", "confidence": 80}', "waving"),
        ('```json\n{"answer": "Waving."}\n```', "waving"),
        ('Sure! {"answer": "walking a dog", "confidence": "75%"} I hope that helps.', "walking a dog"),
        ('{"Answer": "ＷＡＬＫＩＮＧ"}', "walking"),
        ('{"answer": 2}', "waving"),
        ('{"answer": "2"}', "waving"),
        ('{"answer": "2. waving"}', "waving"),
        ('{"answer": "(4) walking"}', "walking"),
        ('{"choice": "option 1"}', "loading"),
        ('{"answer": "loading"} {"answer": "waving"}', "waving"),
        ("waving", "waving"),
        ("**Waving**", "waving"),
        ("Option 3: walking a dog", "walking a dog"),
        ("3", "walking a dog"),
        ("The person is waving at somebody.", "waving"),
        ("He is walking a dog through a park.", "walking a dog"),
        ("Loading. It is not waving.", "loading"),
        ('{"answer": 2.0}', "waving"),
    ],
)
def test_a_choice_is_read(text, answer):
    assert read(text)[:2] == ("choice", answer)


@pytest.mark.parametrize(
    "text",
    [
        *('{"answer": "cannot tell"}', "I can't tell.", "?", '{"answer": "Unknown"}', "cannot determine"),
        *(
            "I cannot tell what he does.",
            "It\u2019s not visible in these frames",
            "The frames do not show it.",
        ),
    ],
)
def test_not_being_able_to_tell_is_an_answer(text):
    assert read(text)[:2] == ("cannot_tell", "")
    assert read(text, question(0, choices=()))[:2] == ("cannot_tell", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"answer": null}',
        '{"answer": ["waving"]}',
        '{"answer": "dancing"}',
        '{"answer": 0}',
        '{"answer": 5}',
        '{"answer": -1}',
        '{"answer": "2. loading"}',
        "waving or loading",
        "Waving, or loading?",
        "loading: no\nwaving: yes",
        "Loading; waving",
        "Loading. Waving.",
        "He is not waving.",
        "He isn't waving",
        "One cannot call this waving",
        "handwaving",
        "I cannot tell whether he is waving or loading",
        '{"answer": "wav',
        '{"confidence": 99}',
        "[" * 5000,
        "{" * 5000,
        '{"answer":' * 2000,
    ],
)
def test_what_leaves_a_doubt_is_no_answer(text):
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "answer"), [('{"answer": "2"}', "2"), ('{"answer": 3}', "3"), ("1", "1"), ("There are 3.", "3")]
)
def test_choices_that_are_numbers_are_taken_as_such(text, answer):
    assert read(text, question(0, choices=NUMBERS))[:2] == ("choice", answer)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *(("Yes.", "yes"), ("No, it is red.", "no"), ("Yes: it is red, yes.", "yes")),
        *(('{"answer": true}', "yes"), ('{"answer": "NO"}', "no")),
    ],
)
def test_verdicts(text, answer):
    assert read(text, question(0, kind="verify", answer="red", choices=()))[:2] == ("choice", answer)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('{"answer": "  Riding  a bike\\u0000"}', "Riding a bike"),
        ("a red box", "a red box"),
        ('"a red box"', "a red box"),
        ('{"answer": "A red box."}', "A red box"),
        ("in the U.S.", "in the U.S."),
        ("It cannot fly", "It cannot fly"),
        ('{"answer": 2.0}', "2"),
        ('{"answer": 2.5}', "2.5"),
    ],
)
def test_free_answers(text, answer):
    how, said, _ = read(text, question(0, choices=()))
    assert how == "typed" and said.strip("\N{REPLACEMENT CHARACTER}") == answer


@pytest.mark.parametrize(
    "text",
    [
        *("x" * 201, '{"answer": "!-"}', "First, look.\nThen, a box.", '{"answer": ""}'),
        *(
            "I\u2019m sorry, but I can\u2019t assist with that.",
            '{"answer": "I am unable to identify people"}',
        ),
    ],
)
def test_no_free_answers(text):
    assert read(text, question(0, choices=())) is None


def test_a_text_without_end_is_not_read():
    assert read('{"answer": "waving"}' + " " * 100_000) is None
    assert read('{"answer": "waving"}' + " " * 99_000)[1] == "waving"
    assert read("sorry " * 16_000, question(0, choices=())) is None


def test_what_was_cut_is_no_answer():
    assert read("The person is waving", is_cut=True) is None
    for text in (
        '{"answer": "waving"}',
        '```json\n{"answer": "waving"}\n``',
        ' {"answer": "waving"} That is',
    ):
        assert read(text, is_cut=True)[:2] == ("choice", "waving")
    thoughts = 'Perhaps {"answer": "waving", "confidence": 20}? Or'
    assert read(thoughts, is_cut=True) is None and read(thoughts)[:2] == ("choice", "waving")
    write = Task(id="w", kind="write", video="v", num_questions=1)
    pair = '{"questions": [{"question": "What?", "answer": "box"}]}'
    assert read_reply(write, Words(f"Perhaps {pair}? Or", is_cut=True)) is None


@pytest.mark.parametrize(
    ("said", "confidence"),
    [
        *(
            (80, 0.8),
            ("80%", 0.8),
            (0, 0.0),
            (100, 1.0),
            (101, None),
            (-1, None),
            (True, None),
            ("high", None),
        ),
        *((0.95, 0.95), ("0.5", 0.5), (1.0, 1.0), (1, 0.01), ("0.5%", 0.005), (97.5, 0.975)),
        *((None, None), ([80], None), (float("nan"), None), (10**400, None)),
    ],
)
def test_a_stated_confidence(said, confidence):
    assert read(json.dumps({"answer": "waving", "confidence": said}))[2] == confidence


def test_a_confidence_from_the_tokens_of_the_answer():
    tokens = (
        ('{"answer": "', -0.5),
        ("wav", math.log(0.5)),
        ("ing", math.log(0.8)),
        ('", "confidence": 9}', -3.0),
    )
    found = read_reply(question(0, choices=CHOICES), Words("".join(text for text, _ in tokens), tokens))
    assert (found.confidence, found.confidence_by) == (0.4, "logprobs")
    pieces = ('{"answer": ', "2", ', "confidence": 8', "2", "}")
    tokens = tuple(zip(pieces, (-0.1, math.log(0.3), -0.1, math.log(0.9), -0.1), strict=True))
    found = read_reply(question(0, choices=CHOICES), Words("".join(pieces), tokens))
    assert (found.answer, found.confidence) == ("waving", 0.3)
    other = (("something", -1.0), (" else", -1.0))
    found = read_reply(question(0, choices=CHOICES), Words('{"answer": "waving", "confidence": 9}', other))
    assert (found.confidence, found.confidence_by) == (0.09, "stated")


def test_samples_are_joined():
    one, other, none = (
        ModelAnswer("typed", "A box"),
        ModelAnswer("typed", "a  BOX"),
        ModelAnswer("typed", "cat"),
    )
    found = joined_answer([none, one, None, other, one])
    assert (found.answer, found.confidence, found.confidence_by) == ("A box", 0.6, "samples")
    assert joined_answer([none, one]).answer == "cat" and joined_answer([None, None]) is None


def test_written_questions_are_kept_if_they_are_questions():
    task = Task(id="w", kind="write", video="v", num_questions=3)
    items = [{"question": "What?", "answer": "box"}, {"question": "what? ", "answer": "cat"}, "What?", {}]
    items += [
        {"question": "?", "answer": "box"},
        {"question": "Where?", "answer": 2},
        {"question": "x" * 301},
    ]
    found = read_reply(task, Words(json.dumps({"questions": items})))
    assert found.written == (("What?", "box"), ("Where?", "2"))
    for text in ("What? A box.", '{"questions": []}', '{"questions": {"question": "What?"}}', "[]"):
        assert read_reply(task, Words(text)) is None


def test_what_is_asked_of_each_kind():
    assert "1. loading\n2. waving" in prompt_of(question(0, choices=CHOICES))
    verify = question(0, kind="verify", answer="red", choices=())
    assert "Answer: red\nIs this answer right?" in prompt_of(verify)
    assert schema_of(verify)["properties"]["answer"]["enum"] == ["yes", "no", "cannot tell"]
    write = Task(id="w", kind="write", video="v", num_questions=1)
    assert "Write 1 different question that" in prompt_of(write)
    assert schema_of(write)["properties"]["questions"]["maxItems"] == 1
    assert "enum" not in schema_of(question(0, choices=()))["properties"]["answer"]
