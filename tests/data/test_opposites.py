"""Answers declared opposite: by a file of pairs, by columns of the data, and what of them is refused."""

from pathlib import Path

import pandas as pd
import pytest

from videoqa.config import DataConfig, run_config_from_options
from videoqa.data.annotations import read_annotations, read_questions
from videoqa.data.opposites import (
    UNKNOWN,
    always_opposite,
    answers_to_learn,
    mirrored_answers,
    notes_on_opposites,
    played_backwards,
    with_known_opposites,
)

LABELS = ["video,label,split"] + [
    f"{name}.avi,{name},{split}" for name in ("Put in", "take out", "wave") for split in ("train", "test")
]


def read(folder: Path, lines: list[str], pairs: list[str] | None = None, **options: object) -> pd.DataFrame:
    (folder / "data.csv").write_text("\n".join(lines) + "\n")
    if pairs is not None:
        (folder / "pairs.csv").write_text("\n".join(pairs) + "\n")
        options["reverse_labels"] = str(folder / "pairs.csv")
    return read_annotations(DataConfig(data=(str(folder / "data.csv"),), **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "pairs",
    [
        ["label,opposite", "put in,Take  out"],
        ["Opposite; LABEL ;note", "PUT IN;take out;x"],
        ["answer\topposite", "take out\tput in", "put in\ttake out", "take out\tput in"],
    ],
)
def test_a_row_for_each_pair_holds_both_ways(tmp_path: Path, pairs: list[str]) -> None:
    table = read(tmp_path, LABELS, pairs)
    assert table["opposite"].tolist() == ["take out", "take out", "Put in", "Put in", "", ""]
    assert "mirrored" not in table


def test_a_file_may_name_classes_that_are_not_kept(tmp_path: Path) -> None:
    table = read(tmp_path, LABELS, ["label,opposite", "put in,take out"], classes=("wave", "take out"))
    assert set(table["answer"]) == {"wave", "take out"} and set(table["opposite"]) == {""}


def test_the_opposite_of_an_answer_may_depend_on_the_question(tmp_path: Path) -> None:
    lines = ["video,question,answer,Opposite,MIRRORED"]
    lines += ["a.avi,is it going left?,yes,No,no", "a.avi,is there a cup?,yes,,", "b.avi,is it shut?,no,,"]
    table = read(tmp_path, lines)
    assert table["opposite"].tolist() == ["no", "", ""]
    assert table["mirrored"].tolist() == ["no", "", ""]
    assert always_opposite(table) == {"reversed": {}, "mirrored": {}}


def test_a_column_and_a_file_complete_each_other(tmp_path: Path) -> None:
    lines = ["video,label,opposite", "a.avi,up,down", "b.avi,down,", "c.avi,in,", "d.avi,out,"]
    table = read(tmp_path, lines, ["label,opposite", "in,out"])
    assert table["opposite"].tolist() == ["down", "", "out", "in"]
    with pytest.raises(
        ValueError, match=r"`opposite` must agree with `reverse_labels`.*'down'.*line 2 of .*'in'"
    ):
        read(tmp_path, lines, ["label,opposite", "in,up"])


@pytest.mark.parametrize(
    ("pairs", "match"),
    [
        (
            ["label,opposite", "wave,WAVE"],
            r"another answer than the row's own.*'wave'.*line 2 of .*pairs.csv",
        ),
        (["label,opposite", "put in,take out", "take out,wave"], r"symmetric.*line 2.*'wave' \(line 3"),
        (["label,opposite", "put in,wave", "take out,wave"], r"symmetric.*'wave' with 'put in' .*'take out'"),
        (
            ["label,opposite", "put in,take ot"],
            r"`opposite` must be an answer.*'wave'.*'take ot'.*mean 'take out'",
        ),
        (
            ["label,opposite", "Pull,take out"],
            r"`label` must be an answer.*'Put in', 'take out'.*'Pull'.*line 2",
        ),
        (["label,opposite", "put in,"], r"`opposite` must be filled in every row.*line 2"),
        (["label,opposite"], r"pairs.csv must have at least one row"),
        ([""], r"pairs.csv must not be empty"),
        (["put in,take out", "wave,wave"], r"must have the columns 'label', 'opposite'.*Found: 'put in'"),
    ],
)
def test_files_of_pairs_that_are_refused(tmp_path: Path, pairs: list[str], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        read(tmp_path, LABELS, pairs)


def test_a_file_of_pairs_that_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "pairs.json").write_text("{}")
    for path in ({"in": "out"}, ""):
        with pytest.raises(
            ValueError, match=r"`mirror_labels` must be the path of a CSV file of label,opposite"
        ):
            read(tmp_path, LABELS, mirror_labels=path)
    for name, error, match in (
        ("absent.csv", FileNotFoundError, "`mirror_labels` must be an existing file"),
        (".", ValueError, "`mirror_labels` must be a file; this is a directory"),
        ("pairs.json", ValueError, r"`mirror_labels` must be a table in a file that ends in one of .csv"),
    ):
        with pytest.raises(error, match=match):
            read(tmp_path, LABELS, mirror_labels=str(tmp_path / name))


ACTION, QUESTION = "video,label,opposite", "video,question,answer,opposite"


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        ([ACTION, "a.avi,up,down", "b.avi,down,Down"], r"row's own.*'down'.*line 3 .*rename it"),
        (
            [ACTION, "a.avi,up,down", "b.avi,down,up", "c.avi,up,in", "d.avi,in,"],
            r"'up' with 'down' \(line 2",
        ),
        (
            [ACTION, "a.avi,up,down", "b.avi,down,in", "c.avi,in,"],
            r"symmetric.*'up' with 'down' \(line 2.*'in'",
        ),
        ([ACTION, "a.avi,up,down", "b.avi,in,down", "c.avi,down,"], r"'up' with 'down'.*'in' with 'down'"),
        (
            [ACTION, "a.avi,up,true", "b.avi,down,"],
            r"`opposite` must be an answer.*'down', 'up'.*'true'.*rename",
        ),
        (
            [QUESTION, "a.avi,left?,yes,no", "b.avi,Left?,Yes,maybe", "c.avi,x?,no,", "d.avi,x?,maybe,"],
            r"'yes' to 'Left\?' with 'no' .*'maybe' \(line 3",
        ),
    ],
)
def test_columns_that_are_refused(tmp_path: Path, lines: list[str], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        read(tmp_path, lines)


def test_rows_played_backwards_and_in_a_mirror() -> None:
    rows = pd.DataFrame(
        {
            "question": "",
            "answer": ["left", "open left", "close", "fold left", "stay"],
            "opposite": ["right", "close left", "open", "unfold left", ""],
            "mirrored": ["right", "open right", "", "fold right", ""],
        }
    )
    turned = played_backwards(rows)
    assert turned["answer"].tolist() == ["right", "close left", "open", "unfold left"]
    # A leftward move in reverse and in a mirror goes left again; what no row tells stays unknown.
    assert turned["mirrored"].tolist() == ["left", UNKNOWN, "", UNKNOWN]
    more = {"question": "", "answer": "open right", "opposite": "close right", "mirrored": ""}
    assert played_backwards(pd.concat([rows, pd.DataFrame([more])]))["mirrored"].iloc[1] == "close right"


def test_a_model_folder_knows_the_opposites_that_are_always_the_same() -> None:
    rows = pd.DataFrame({"answer": ["Up", "up", "down", "down"], "opposite": ["down", "down", "Up", ""]})
    known = always_opposite(rows)
    assert known == {"reversed": {"Up": "down"}, "mirrored": {}}
    other = pd.DataFrame({"answer": ["UP", "down"]})
    assert with_known_opposites(other, known)["opposite"].tolist() == ["down", ""]
    own = other.assign(opposite=["", "UP"])
    assert with_known_opposites(own, known) is own
    assert always_opposite(other) == {}


def test_an_answer_of_clips_turned_round_alone_is_known_with_its_opposite() -> None:
    rows = pd.DataFrame(
        {
            "answer": ["up", "UP", "in", "inside", "left"],
            "opposite": ["down", "down", "out", "out", ""],
            "mirrored": ["", "", "", "", "right"],
        }
    )
    known = always_opposite(rows)
    assert known["reversed"] == {"up": "down", "in": "out", "inside": "out", "down": "up"}
    assert known["mirrored"] == {"left": "right", "right": "left"}
    test = pd.DataFrame({"answer": ["down", "out", "up"]})
    assert with_known_opposites(test, known)["opposite"].tolist() == ["up", "", "down"]


def test_labels_that_are_not_kept_are_not_learned_from_clips_turned_round(tmp_path: Path) -> None:
    pairs = ["label,opposite", "put in,take out"]
    (tmp_path / "mirrored.csv").write_text("label,opposite\nput in,take out\n")
    options = {"classes": ("put in", "Wave"), "mirror_labels": str(tmp_path / "mirrored.csv")}
    rows = read(tmp_path, LABELS, pairs, **options)
    assert set(rows["answer"]) == {"Put in", "wave"} and set(rows["opposite"]) == {""}
    config = run_config_from_options({"data": ("data.csv",), "flip": True, **options})
    assert set(answers_to_learn(rows, config)) == {"Put in", "wave"}
    assert set(mirrored_answers(rows)) == {"take out", "wave"}, "no class of the model, so not learned from"
    both = read(tmp_path, LABELS, pairs, classes=("put in", "take out"))
    assert both["opposite"].tolist() == ["take out", "take out", "Put in", "Put in"]


def test_tables_without_answers_may_have_the_columns(tmp_path: Path) -> None:
    (tmp_path / "asked.csv").write_text("video,question,Opposite,mirrored\na.avi,is it left?, NO,\n")
    table = read_questions(tmp_path / "asked.csv")
    assert (table["opposite"].tolist(), table["mirrored"].tolist()) == (["no"], [""])


def test_what_is_declared_is_counted(tmp_path: Path) -> None:
    table = read(tmp_path, LABELS, ["label,opposite", "put in,take out"])
    said = "4 of 6 rows have an opposite answer, for the clip played backwards."
    assert notes_on_opposites(table) == [said]
    assert notes_on_opposites(table.drop(columns="opposite")) == []
