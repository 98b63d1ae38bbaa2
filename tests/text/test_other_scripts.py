"""Questions and answers of other languages, and of keyboards that write other marks for the ASCII ones."""

import csv
import json
import sys
import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from videoqa._text_normalization import matching_form
from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations
from videoqa.text.answers import AnswerList, build_answer_list
from videoqa.text.question_prior import QuestionPrior, build_question_prior
from videoqa.text.vocabulary import UNKNOWN_ID, Vocabulary, build_vocabulary, tokenize

CURLY = "\u2019"
SPLITS = {
    "他在做什么？": "他 在 做 什 么 ?",
    "他穿什么颜色的T恤，12号？": "他 穿 什 么 颜 色 的 t 恤 , 12 号 ?",
    "彼は何をしていますか。": "彼 は 何 を し て い ま す か 。",
    "ﾊﾟｿｺﾝを": "パ ソ コ ン を",
    "か\u3099": "が",
    "ที่นี่": "ที่ นี่",
    "ກິນ": "ກິ ນ",
    "그는 무엇을 하고 있나요?": "그는 무엇을 하고 있나요 ?",
    unicodedata.normalize("NFD", "그는 뭐 해?"): "그는 뭐 해 ?",
    "ماذا يفعل الرجل؟": "ماذا يفعل الرجل ؟",
    "مـــاذا يفعل، الآن؟": "ماذا يفعل ، الآن ؟",
    "वह क्या कर रहा है।": "वह क्या कर रहा है ।",
    "İSTANBUL nerede?": "istanbul nerede ?",
    "Adam ne yapıyor?": "adam ne yapıyor ?",
    "¿qué hace?": "¿ qué hace ?",
    "«quoi» fait-il…": "« quoi » fait-il ...",
    "Ｗｈａｔ ｉｓ ｈｅ ｄｏｉｎｇ？": "what is he doing ?",
    f"what{CURLY}s he doing": "what 's he doing",
    "what\u00b4s he doing": "what 's he doing",
    "doing\u200b \ufeffit\u200e, co\u00adop": "doing it , coop",
    "he runs\u2014why": "he runs -- why",
    "well\u2011lit": "well-lit",
    "is it 20\u20ac🤔": "is it 20 € 🤔",
}


@pytest.mark.parametrize("question", SPLITS)
def test_tokens_in_other_scripts_and_from_other_keyboards(question: str) -> None:
    assert tokenize(question) == SPLITS[question].split()


def test_the_form_for_matching_has_no_other_form_for_matching() -> None:
    every = (chr(code) for code in range(128, sys.maxunicode))
    changed = (each for each in every if unicodedata.normalize("NFKC", each.lower()) != each)
    forms = [matching_form(f"a{each}b") for each in changed]
    assert [matching_form(form) for form in forms] == forms


SAME = [
    (f"Rock{CURLY}n{CURLY}Roll", "rock'n'roll"),
    ("Ｙｅｓ", "yes"),
    ("soft\u00adware", "software"),
    ("İstanbul", "istanbul"),
    ("I\u0307stanbul", "istanbul"),
    ("istanbul", "İSTANBUL".lower()),
    ("ﬁsh", "fish"),
    ("می\u200cدود", "میدود"),
    ("क\u200dष", "कष"),
    ("❤\ufe0f", "❤"),
    ("t\u2013shirt", "t-shirt"),
    ("\u201cred\u201d", '"red"'),
    ("走\u3000路", "走 路"),
    (unicodedata.normalize("NFD", "달리기"), "달리기"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_answers_that_differ_only_in_form_are_one_class_spelled_as_most_rows_have_it(
    one: str, other: str
) -> None:
    answers = build_answer_list([other, one, one, "no"])
    assert answers.answers == (unicodedata.normalize("NFC", one).replace("\u3000", " "), "no")
    assert answers.encode([one, other, "no"]).tolist() == [0, 0, 1]


@pytest.mark.parametrize(("one", "other"), [("ı", "i"), ("き", "ぎ"), ("क", "का"), ("o", "ö"), ("أ", "ا")])
def test_letters_stay_apart(one: str, other: str) -> None:
    assert len(build_answer_list([one, other])) == 2


def test_a_table_shows_answers_and_questions_as_written(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    rows = [
        ("他在做什么？", f"rock{CURLY}n{CURLY}roll"),
        ("他在走路吗？", "不是"),
        (f"What{CURLY}s this？", "Ｘ"),
    ]
    asked = pd.DataFrame(rows, columns=["question", "answer"]).assign(video=str(tmp_path / "a.mp4"))
    table = read_annotations(DataConfig(), tables=[asked.assign(split=["train", "train", "test"])])
    assert table["question"].tolist() == [question for question, _ in rows]
    assert table["answer"].tolist() == [f"rock{CURLY}n{CURLY}roll", "不是", "ｘ"]
    assert table["question_type"].tolist() == ["他", "他", "what's"]


def test_an_answer_with_nothing_to_see_is_refused() -> None:
    rows = pd.DataFrame({"video": ["a.mp4"], "question": ["what"], "answer": ["\u200b"]})
    with pytest.raises(ValueError, match="`answer` must be filled in every row"):
        read_annotations(DataConfig(), tables=[rows])


def test_a_new_question_of_known_characters_is_known() -> None:
    vocabulary = build_vocabulary(["他在做什么？", "她穿什么颜色的衣服？"])
    assert vocabulary.check_known("他穿什么") == []
    assert UNKNOWN_ID not in vocabulary.encode(["她在做什么"])[0]
    assert vocabulary.check_known("他在跳吗") == ["跳", "吗"]


def test_the_prior_finds_beginnings_without_spaces() -> None:
    prior = build_question_prior(["他在做什么？", "他穿什么？", f"Don{CURLY}t"], ["走", "红", "红"])
    assert prior.answer("他在干嘛") == "走"
    assert prior.answer("don't go") == "红"


def test_the_files_name_their_tokenizer_and_older_ones_keep_theirs(tmp_path: Path) -> None:
    question = "他在做什么？"
    for made, name in (
        (build_vocabulary([question, "what"]), "v.json"),
        (build_question_prior([question, "what"], ["走", "no"]), "p.json"),
    ):
        path = tmp_path / name
        made.save(path)
        assert type(made).load(path) == made
        content = json.loads(path.read_text("utf-8"))
        assert content["tokenizer"] == made.tokenizer == "every_script"
        path.write_text(json.dumps(content | {"tokenizer": "of 2030"}), "utf-8")
        with pytest.raises(ValueError, match=f"{name}.*`tokenizer` must be one of .*Install the version"):
            type(made).load(path)
    older = {
        "words": ["", "<unknown>", question],
        "answers_by_prefix": {"": "no", question.rstrip("？"): "走"},
    }
    for field, loaded in older.items():
        (tmp_path / f"{field}.json").write_text(json.dumps({field: loaded}), "utf-8")
    vocabulary = Vocabulary.load(tmp_path / "words.json")
    assert vocabulary.tokenizer == "nltk"
    assert vocabulary.encode([question, "他在走"], 2).tolist() == [[2, 0], [UNKNOWN_ID, 0]]
    assert QuestionPrior.load(tmp_path / "answers_by_prefix.json").answer("他在做什么 他") == "走"


def test_an_older_list_with_two_spellings_of_one_answer_loads(tmp_path: Path) -> None:
    answers = [f"rock{CURLY}n{CURLY}roll", "rock'n'roll", "no"]
    (tmp_path / "a.json").write_text(json.dumps({"answers": answers}), "utf-8")
    assert AnswerList.load(tmp_path / "a.json").encode(answers).tolist() == [0, 0, 2]


@pytest.mark.real_data
def test_all_real_questions_split_as_before_but_for_folded_marks(real_data: Path) -> None:
    questions = set()
    for path in sorted((real_data / "annotations").rglob("*.json")):
        rows = json.loads(path.read_text("utf-8"))
        questions |= (
            {row["question"] for row in rows if "question" in row} if isinstance(rows, list) else set()
        )
    for path in sorted((real_data / "annotations").rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            questions |= {row["question"] for row in csv.DictReader(file) if row.get("question")}
    assert len(questions) > 100_000
    differ = {question for question in questions if tokenize(question) != tokenize(question, "nltk")}
    assert differ == {question for question in questions if not question.isascii()}
    assert len(differ) == 16
