import numpy as np
import pandas as pd
import pytest

from videoqa.text.vocabulary import PADDING_ID, UNKNOWN_ID, Vocabulary, build_vocabulary

QUESTIONS = ["what is he doing?", "What is she doing", "what is he doing?"]
# counts: doing 3, is 3, what 3, "?" 2, he 2, she 1
WORDS = ("", "<unknown>", "doing", "is", "what", "?", "he", "she")


def test_words_are_ordered_by_frequency_then_alphabet():
    assert build_vocabulary(QUESTIONS).words == WORDS


def test_vocabulary_size_counts_padding_and_unknown():
    vocabulary = build_vocabulary(QUESTIONS, vocabulary_size=4)
    assert vocabulary.words == WORDS[:4]
    assert vocabulary.size == 4


def test_encode_pads_and_cuts_on_the_right():
    vocabulary = Vocabulary(WORDS)
    token_ids = vocabulary.encode(["what is he eating?", "she", "what is he eating?"], max_tokens=4)
    assert token_ids.dtype == np.int32
    assert token_ids.tolist() == [
        [4, 3, 6, UNKNOWN_ID],
        [7, PADDING_ID, PADDING_ID, PADDING_ID],
        [4, 3, 6, 1],
    ]


def test_encode_takes_a_series_and_no_question_at_all():
    vocabulary = Vocabulary(WORDS)
    assert vocabulary.encode(pd.Series(QUESTIONS)).shape == (3, 32)
    assert vocabulary.encode([]).shape == (0, 32)


def test_encode_refuses_a_question_without_words():
    with pytest.raises(ValueError, match="hold at least one word"):
        Vocabulary(WORDS).encode(["what", "?"])


def test_the_special_words_cannot_be_asked():
    assert UNKNOWN_ID in Vocabulary(WORDS).encode(["<unknown> what"])[0]
    assert build_vocabulary(["<unknown>"]).words == ("", "<unknown>", "<", ">", "unknown")


def test_unknown_words_are_distinct_and_no_punctuation():
    vocabulary = Vocabulary(WORDS)
    assert vocabulary.unknown_words("Why is he eating, why ?!") == ["why", "eating"]
    assert vocabulary.check_known("why is he eating") == ["why", "eating"]
    assert vocabulary.unknown_words("what is she doing?") == []


@pytest.mark.parametrize("question", ["why", "why eat?", "warum"])
def test_a_question_of_unknown_words_only_is_refused(question):
    with pytest.raises(
        ValueError, match="a word of the training questions.*Known are, for example: doing, is, what"
    ):
        Vocabulary(WORDS).check_known(question)


def test_save_and_load(tmp_path):
    vocabulary = build_vocabulary([*QUESTIONS, "wo ist der Bär?"])
    vocabulary.save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json") == vocabulary


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "v.json"),
        ("[]", "v.json"),
        ('{"words": ["", "<unknown>"], "more": 1}', "the one field 'words'"),
        ('{"words": "what"}', "a list of texts"),
        ('{"words": ["", "<unknown>", 3]}', "a list of texts"),
        ('{"words": ["what"]}', "v.json: `words` must begin with"),
        ('{"words": ["", "<unknown>", "is", "is"]}', "be distinct texts. Received: words='is'"),
    ],
)
def test_load_refuses_another_content(tmp_path, content, message):
    (tmp_path / "v.json").write_text(content, "utf-8")
    with pytest.raises(ValueError, match=message):
        Vocabulary.load(tmp_path / "v.json")


def test_load_refuses_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="existing file"):
        Vocabulary.load(tmp_path / "v.json")


@pytest.mark.parametrize("size", [2, 0, 3.0, True])
def test_build_refuses_a_size(size):
    with pytest.raises(ValueError, match="`vocabulary_size` must be an integer of at least 3"):
        build_vocabulary(QUESTIONS, size)


def test_build_refuses_no_question():
    with pytest.raises(ValueError, match="hold at least one question"):
        build_vocabulary([])
