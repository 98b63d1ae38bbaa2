"""What comes out of good sources."""

import json

import numpy as np
import pandas as pd
import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations, read_questions, require_split, split_sources
from videoqa.data.splits import attach_validation

COLUMNS = ["video_id", "video_path", "question_id", "question", "answer", "question_type", "split", "group"]
COLUMNS += ["start_seconds", "end_seconds"]


def write(path, text, encoding="utf-8"):
    path.write_text(text, encoding, newline="")
    return str(path)


def read(*paths, tables=(), seed=0, **options):
    return read_annotations(DataConfig(data=paths, **options), tables=tables, seed=seed)


def test_a_plain_csv_becomes_the_annotation_table(tmp_path):
    text = (
        "video, question, answer, split\na.avi,  What is  he doing?, Waving ,train\nb.avi,is it red,Yes,val\n"
    )
    table = read(write(tmp_path / "my.csv", text))
    assert table.columns.tolist() == COLUMNS
    assert table["video_id"].tolist() == ["a.avi", "b.avi"]
    assert table["video_path"].tolist() == [str(tmp_path / "a.avi"), str(tmp_path / "b.avi")]
    assert table["question_id"].tolist() == ["my:1", "my:2"]
    assert table["question"].tolist() == ["What is he doing?", "is it red"]
    assert table["answer"].tolist() == ["waving", "yes"]
    assert table["question_type"].tolist() == ["what", "is"]
    assert table["split"].tolist() == ["train", "validation"]
    assert table["group"].tolist() == ["a.avi", "b.avi"]
    assert table[["start_seconds", "end_seconds"]].isna().all(axis=None)
    expected = {
        "task": "open_ended",
        "sources": [str(tmp_path / "my.csv")],
        "automatic_split": False,
        "left_out": {},
        "absent": {},
        "score_groups": {},
        "notes": [],
        "none_there": [
            f"None of the 2 videos of {tmp_path / 'my.csv'} is there: the first is '{tmp_path / 'a.avi'}'. "
            f"{str(tmp_path)!r} holds no video, only 'my.csv'."
        ],
    }
    assert table.attrs == expected


def test_answers_stay_the_text_they_are(tmp_path):
    answers = ["2", "2.0", "NA", "nan", "None", "null", "007", "1e5", "True"]
    lines = "".join(f"a.avi,what,{answer}\n" for answer in answers)
    table = read(write(tmp_path / "my.csv", "video,question,answer\n" + lines))
    assert table["answer"].tolist() == [answer.lower() for answer in answers]


def test_numbers_of_jsonl_and_dataframes_are_texts(tmp_path):
    rows = [{"video": 7, "question": "how many", "answer": answer} for answer in (2, 2.0, True, "None")]
    path = write(tmp_path / "my.jsonl", "\n".join(map(json.dumps, rows)) + "\n\n")
    expected = ["2", "2", "true", "none"]
    assert read(path)["answer"].tolist() == expected
    assert read(tables=[pd.DataFrame(rows)])["answer"].tolist() == expected
    numbers = pd.DataFrame({"video": ["a", "a"], "question": "how many", "answer": [1.0, 2.0]})
    assert read(tables=[numbers])["answer"].tolist() == ["1", "2"]


def test_byte_order_mark_windows_line_ends_quotes_and_other_columns(tmp_path):
    text = 'video,question,answer,note,\r\na.avi,"what, ""now""?",Bär,kept,\r\n\r\nb.avi,why,x,,\r\n'
    table = read(write(tmp_path / "my.csv", text, "utf-8-sig"))
    assert table["question"].tolist() == ['what, "now"?', "why"]
    assert table["answer"].tolist() == ["bär", "x"]
    assert table["note"].tolist() == ["kept", ""]
    assert table.columns.tolist() == [*COLUMNS, "note"]


def test_given_columns_are_used_and_blank_cells_filled(tmp_path):
    text = (
        "video,question,answer,question_id,question_type,group,start_seconds,end_seconds\n"
        "a.avi,what's up,x,q7,action,g1,1.5,2\nb.avi,(why) not,y,,,,,3\n"
    )
    table = read(write(tmp_path / "my.csv", text))
    assert table["question_id"].tolist() == ["q7", "my:2"]
    assert table["question_type"].tolist() == ["action", "why"]
    assert table["group"].tolist() == ["g1", "b.avi"]
    np.testing.assert_equal(table["start_seconds"].to_numpy(), [1.5, np.nan])
    assert table["end_seconds"].tolist() == [2, 3]


def test_labels_are_an_action_table_and_keep_their_case(tmp_path):
    table = read(write(tmp_path / "my.csv", "video,label\na.avi,Push  Ups\nb.avi,YoYo\n"))
    assert table.attrs["task"] == "action"
    assert table["question"].tolist() == ["", ""]
    assert table["answer"].tolist() == ["Push Ups", "YoYo"]
    assert table["question_type"].tolist() == ["action", "action"]
    assert "label" not in table


@pytest.mark.parametrize("text", ["video,label\na,x\nb,y\n", "video,question,answer\na,what,x\nb,why,y\n"])
def test_a_table_read_again_is_the_same(tmp_path, text):
    first = read(write(tmp_path / "my.csv", text))
    pd.testing.assert_frame_equal(read(tables=[first]), first)
    first.to_csv(tmp_path / "again.csv", index=False)
    again = read(str(tmp_path / "again.csv"))
    assert again.attrs["task"] == first.attrs["task"]
    pd.testing.assert_frame_equal(again, first)


def test_answers_of_several_annotators(tmp_path):
    cells = ['["b", "A", "a", "c"]', '["y", "x", "x", "y"]', ""]
    path = tmp_path / "my.csv"
    pd.DataFrame({"video": "v", "question": "what", "answer": ["c", "", "z"], "answers": cells}).to_csv(path)
    table = read(str(path))
    assert table["answer"].tolist() == ["a", "y", "z"]
    assert table["answers"].tolist() == [["b", "A", "a", "c"], ["y", "x", "x", "y"], []]
    line = json.dumps({"video": "v", "question": "what", "answers": [2, 3, 3]})
    assert read(write(tmp_path / "my.jsonl", line))["answer"].tolist() == ["3"]


def test_sources_are_joined(tmp_path):
    (tmp_path / "other").mkdir()
    first = write(tmp_path / "my.csv", "video,question,answer,note\na,what,x,n\n")
    second = write(tmp_path / "other" / "my.jsonl", '{"video": "b", "question": "why", "answers": ["y"]}')
    table = read(first, second, tables=[pd.DataFrame({"video": ["c"], "question": ["who"], "answer": ["z"]})])
    assert table["answer"].tolist() == ["x", "y", "z"]
    assert table["question_id"].tolist() == ["my:1", "my~2:1", "DataFrame:1"]
    assert table["answers"].tolist() == [[], ["y"], []]
    assert table["video_path"][1] == str(tmp_path / "other" / "b")
    assert table.attrs["sources"] == [first, second, "DataFrame"]


def test_videos_gives_the_folder_and_absolute_paths_stay(tmp_path):
    (tmp_path / "clips").mkdir()
    path = write(tmp_path / "my.csv", "video,label\n./a.avi,x\n/else/b.avi,y\n")
    table = read(path, videos=str(tmp_path / "clips"))
    assert table["video_path"].tolist() == [str(tmp_path / "clips" / "a.avi"), "/else/b.avi"]


def test_split_sources_takes_one_or_many(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = pd.DataFrame({"video": ["a"]})
    assert split_sources("sample") == (("sample",), [])
    names, tables = split_sources(["my.csv", table, tmp_path / "b.csv", "sampel"])
    assert names == (str(tmp_path / "my.csv"), str(tmp_path / "b.csv"), "sampel")
    assert tables[0] is table
    with pytest.raises(ValueError, match="--data sample"):
        split_sources(None)


def test_questions_to_answer_need_no_answer(tmp_path):
    table = read_questions(write(tmp_path / "q.csv", "video,question\na,what\nb,why\n"), tmp_path)
    assert table["answer"].tolist() == ["", ""]
    assert table["split"].tolist() == ["test", "test"]
    clips = read_questions(pd.DataFrame({"video": ["a"]}), task="action")
    assert clips["question"].tolist() == [""]
    with pytest.raises(ValueError, match="'video', 'question'. Missing: 'question'"):
        read_questions(pd.DataFrame({"video": ["a"]}))


def test_require_split_and_attach_validation():
    rows = [(f"v{n}", f"g{n // 4}", "train" if n < 160 else "test") for n in range(200)]
    frame = pd.DataFrame(rows, columns=["video", "group", "split"]).assign(question="what", answer="x")
    table = read(tables=[frame])
    with pytest.raises(
        ValueError, match="`split` must have at least one row.*train 160, validation 0, test 40"
    ):
        require_split(table, "validation")
    extended = attach_validation(table, seed=3)
    assert (extended["split"] == "validation").sum() == 24  # 15 % of 40 groups of 4 rows
    assert (extended.groupby("group")["split"].nunique() == 1).all()
    assert extended["split"][160:].eq("test").all()
    assert extended.attrs["automatic_validation"] is True
    assert (table["split"] != "validation").all()
    assert attach_validation(extended, seed=9)["split"].equals(extended["split"])
    assert require_split(extended, "test").index.tolist() == list(range(40))
    single = attach_validation(read(tables=[frame[:4]]))
    assert set(single["split"]) == {"train"} and single.attrs["automatic_validation"] is False
