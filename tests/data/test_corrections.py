"""Corrections take the place of the rows that they correct, whatever file or spelling they come in."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations, read_questions
from videoqa.labeling.corrections import COLUMNS, add_corrections
from videoqa.web.corrections import Correction, CorrectionsFile

OWN = [
    ("a.avi", "what is he doing?", "waving", "train"),
    ("b.avi", "what is he doing?", "loading", "train"),
    ("c.avi", "what is he doing?", "loading", "val"),
    ("d.avi", "what is he doing?", "loading", "test"),
]


def write_own(folder: Path, rows=OWN, name="my.csv", head=("video", "question", "answer", "split")) -> Path:
    """Write a table, and for each video a file of its own content."""
    folder.mkdir(exist_ok=True)
    for row in rows:
        video = folder / row[0]
        video.parent.mkdir(parents=True, exist_ok=True)
        video.write_text(row[0])
    with open(folder / name, "w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return folder / name


def correction(video, answer, corrects="", **cells):
    row = {"video": video, "question": "What is he doing?", "answer": answer, "corrects": corrects}
    row |= {"kind": "answer", "agreement": 0.75, "num_assignments": 4, "row_id": f"{video} {answer}", **cells}
    return {name: row.get(name, "") for name in COLUMNS}


def write_corrections(path: Path, *rows) -> Path:
    add_corrections(path, list(rows))
    return path


def read(*paths, **options):
    config = {name: options.pop(name) for name in ("limit", "videos", "classes") if name in options}
    return read_annotations(DataConfig(data=paths, **config), **options)


def counts(table):
    return {fate: number for fate, number in table.attrs["corrections"].items() if number}


@pytest.fixture
def own(tmp_path):
    return write_own(tmp_path)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_correction_takes_the_place_of_its_row(own, tmp_path, is_first):
    new = write_corrections(
        tmp_path / "new.csv",
        correction("a.avi", "walking", "my:1"),
        correction("b.avi", "Loading", "my:2"),
        correction("e.avi", "jumping", "other:9"),
    )
    (tmp_path / "e.avi").write_text("e")
    table = read(*((new, own) if is_first else (own, new)))
    assert table["answer"].tolist() == ["walking", "loading", "loading", "loading", "jumping"]
    assert table["split"].tolist() == ["train", "train", "validation", "test", "train"]
    assert table["question_id"].tolist() == ["my:1", "my:2", "my:3", "my:4", "new:3"]
    assert table["agreement"].tolist()[:2] == ["0.75", "0.75"]
    assert pd.isna(table["agreement"][2])
    assert counts(table) == {"changed": 1, "confirmed": 1, "added": 1}
    expected = "3 corrections: 1 row answered otherwise than before, 1 row confirmed, 1 further row."
    assert expected in table.attrs["notes"]


def test_of_several_corrections_of_one_row_the_last_counts(own, tmp_path):
    first = write_corrections(
        tmp_path / "first.csv", correction("a.avi", "walking", "my:1"), correction("b.avi", "walking", "my:2")
    )
    second = write_corrections(
        tmp_path / "second.csv",
        correction("a.avi", "jumping", "my:1"),
        correction("b.avi", "walking", "my:2"),
    )
    table = read(first, own, second)
    assert table["answer"].tolist() == ["jumping", "walking", "loading", "loading"]
    assert counts(table) == {"changed": 2, "outdated": 1, "repeated": 1}
    assert "left out: 1 to which a later one says otherwise, 1 there twice." in table.attrs["notes"][-1]
    assert read(second, own, first)["answer"].tolist()[:2] == ["walking", "walking"]


def test_an_id_that_by_now_is_another_row_corrects_nothing_else(own, tmp_path):
    new = write_corrections(tmp_path / "new.csv", correction("b.avi", "walking", "my:1"))
    table = read(own, new)
    assert table["answer"].tolist()[:2] == ["waving", "walking"]
    other = write_corrections(
        tmp_path / "other.csv", correction("a.avi", "yes", "my:1", question="is it dark?", row_id="x")
    )
    table = read(own, other)
    assert table["answer"].tolist() == ["waving", "loading", "loading", "loading", "yes"]
    assert counts(table) == {"added": 1}


def test_a_row_is_found_by_the_name_of_its_video_from_another_folder(tmp_path):
    rows = [("clips/A.avi", "what is he doing?", "waving"), ("clips/b.avi", "what is he doing?", "loading")]
    own = write_own(tmp_path / "set", rows, head=("video", "question", "answer"))
    new = write_corrections(tmp_path / "new.csv", correction("./clips\\a.avi", "walking"))
    table = read(own, new)
    assert sorted(table["answer"]) == ["loading", "walking"]
    assert counts(table) == {"changed": 1}


def test_a_video_is_found_by_name_only_where_it_is_lost_and_one_has_the_name(tmp_path):
    rows, head = [("a.avi", "what is he doing?", "waving")], ("video", "question", "answer")
    one, two = (write_own(tmp_path / name, rows, f"{name}.csv", head) for name in ("one", "two"))
    (tmp_path / "two" / "a.avi").write_text("another film")
    lost = write_corrections(tmp_path / "lost.csv", correction("a.avi", "walking"))
    table = read(one, two, lost)
    assert table["answer"].tolist() == ["waving", "waving", "walking"]
    assert table["video_path"][2] == str(tmp_path / "a.avi")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a.avi").write_text("a third film")
    there = write_corrections(tmp_path / "new" / "there.csv", correction("a.avi", "walking"))
    assert read(one, there, lost)["answer"].tolist() == ["walking", "walking"]


def test_where_one_question_has_two_rows_the_named_one_is_corrected(tmp_path):
    own = write_own(tmp_path, [*OWN, ("a.avi", "what is he doing?", "smiling", "train")])
    named = write_corrections(tmp_path / "named.csv", correction("a.avi", "walking", "my:5"))
    table = read(own, named)
    assert table["answer"].tolist()[::4] == ["waving", "walking"] and counts(table) == {"changed": 1}
    unnamed = write_corrections(tmp_path / "unnamed.csv", correction("a.avi", "walking"))
    table = read(own, unnamed)
    assert table["answer"].tolist()[::4] == ["walking", "walking"] and counts(table) == {"changed": 2}
    assert "1 correction: 2 rows answered otherwise than before." in table.attrs["notes"]
    table = read(own, unnamed, write_corrections(tmp_path / "later.csv", correction("a.avi", "up", "my:5")))
    assert table["answer"].tolist()[::4] == ["walking", "up"] and counts(table) == {"changed": 2}


def test_parts_of_a_video_are_rows_of_their_own(tmp_path):
    head = ("video", "start_seconds", "end_seconds", "question", "answer")
    rows = [("a.avi", start, start + 2, "what is he doing?", "waving") for start in (0, 2.5)]
    own = write_own(tmp_path, rows, head=head)
    part = correction("a.avi", "walking", start_seconds="2.50", end_seconds=4.5)
    whole = correction("a.avi", "jumping", row_id="whole")
    table = read(own, write_corrections(tmp_path / "new.csv", part, whole))
    assert table["answer"].tolist() == ["waving", "walking", "jumping"]


def test_the_groups_of_test_rows_are_held_out_and_others_keep_their_split(tmp_path):
    head = ("video", "question", "answer", "split", "group")
    own = write_own(tmp_path, [(*row, f"yard {row[3]}") for row in OWN], head=head)
    groups = {"e.avi": "yard test", "f.avi": "yard val", "g.avi": "elsewhere"}
    for name in groups:
        (tmp_path / name).write_text(name)
    new = write_corrections(
        tmp_path / "new.csv", *(correction(name, "walking", group=group) for name, group in groups.items())
    )
    table = read(own, new)
    assert table["split"].tolist()[4:] == ["validation", "train"]
    assert counts(table) == {"added": 2, "held_out": 1}


def test_a_video_named_as_a_test_video_but_of_other_content_is_not_held_out(own, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "d.avi").write_text("another film")
    new = write_corrections(tmp_path / "new" / "new.csv", correction("d.avi", "walking", group="d.avi"))
    table = read(own, new)
    assert table[["answer", "split"]].iloc[-1].tolist() == ["walking", "train"]
    assert counts(table) == {"added": 1} and table["group"].iloc[-1] != "d.avi"


def test_what_was_declared_of_an_answer_goes_with_it(tmp_path):
    head = ("video", "question", "answer", "answers", "opposite", "mirrored")
    rows = [(f"{name}.avi", "what?", "in", '["in", "in", "out"]', "out", "out") for name in "ab"]
    own = write_own(tmp_path, [*rows, ("c.avi", "what?", "out", "", "", "")], head=head)
    new = write_corrections(
        tmp_path / "new.csv",
        *(correction(f"{name}.avi", said, question="what?") for name, said in (("a", "up"), ("b", "in"))),
    )
    table = read(own, new).iloc[:2]
    assert table["answer"].tolist() == ["up", "in"]
    assert table["answers"].tolist() == [[], ["in", "in", "out"]]
    assert table[["opposite", "mirrored"]].to_numpy().tolist() == [["", ""], ["out", "out"]]


def test_a_copy_under_another_name_is_the_same_video(own, tmp_path):
    (tmp_path / "copy.avi").write_text("a.avi")
    new = write_corrections(tmp_path / "new.csv", correction("copy.avi", "walking"))
    assert read(own, new)["answer"].tolist() == ["walking", "loading", "loading", "loading"]
    asked = write_corrections(tmp_path / "asked.csv", correction("copy.avi", "yes", question="is it dark?"))
    table = read(own, asked)
    assert table[["split", "group"]].iloc[-1].tolist() == ["train", "a.avi"]


def test_corrections_of_test_videos_are_left_out_by_content(own, tmp_path):
    (tmp_path / "copy.avi").write_text("d.avi")
    new = write_corrections(
        tmp_path / "new.csv",
        correction("d.avi", "walking", "my:4"),
        correction("copy.avi", "yes", question="is it dark?"),
        correction("a.avi", "walking"),
    )
    table = read(own, new)
    assert table["answer"].tolist() == ["walking", "loading", "loading", "loading"]
    assert table.attrs["held_out_corrections"] == [f"line 2 of {new}", f"line 3 of {new}"]
    assert counts(table) == {"changed": 1, "held_out": 2}


def test_drawn_splits_stay_those_without_corrections(tmp_path):
    rows = [
        (f"{number}.avi", "what is he doing?", "waving" if number % 3 else "loading") for number in range(40)
    ]
    own = write_own(tmp_path, rows, head=("video", "question", "answer"))
    before = read(own)
    training = before[before["split"] == "train"]
    changed = [correction(name, "jumping") for name in training["video_id"][:9]]
    further = [correction(f"new {number}.avi", "walking") for number in range(9)]
    for row in further:
        (tmp_path / row["video"]).write_text(row["video"])
    new = write_corrections(tmp_path / "new.csv", *changed, *further)
    table = read(new, own)
    assert table["split"].tolist() == [*before["split"], *["train"] * 9]
    limited, kept = read(own, limit=3), read(own, new, limit=3)
    test = limited.loc[limited["split"] == "test", "question_id"].tolist()
    assert kept.loc[kept["split"] == "test", "question_id"].tolist() == test
    assert kept.groupby("split").size().max() == 3
    test = before.loc[before["split"] == "test", "video_id"].iloc[0]
    more = write_corrections(tmp_path / "more.csv", correction(test, "jumping"))
    folds = read(own, new, more, test_is_held_out=False)
    assert folds["answer"].tolist().count("jumping") == 10


def test_a_split_column_holds_under_a_limit_and_among_folds(own, tmp_path):
    (tmp_path / "e.avi").write_text("e")
    new = write_corrections(tmp_path / "new.csv", correction("d.avi", "no"), correction("e.avi", "up"))
    assert counts(read(own, new, test_is_held_out=False)) == {"added": 1, "held_out": 1}
    assert read(own, new, limit=3)["split"].value_counts().to_dict() == {
        "train": 3, "validation": 1, "test": 1,
    }  # fmt: skip
    assert len(read(own, new, limit=1)) == 3


def test_rows_without_an_answer_may_be_filled(tmp_path):
    rows = [("a.avi", "what is he doing?", ""), ("b.avi", "what is he doing?", "loading")]
    own = write_own(tmp_path, rows, head=("video", "question", "answer"))
    new = write_corrections(tmp_path / "new.csv", correction("a.avi", "walking", "my:1"))
    table = read(own, new)
    assert table["answer"].tolist() == ["walking", "loading"]
    assert counts(table) == {"filled": 1}
    other = write_corrections(tmp_path / "other.csv", correction("b.avi", "walking", "my:2"))
    with pytest.raises(ValueError, match=r"`answer` must be filled in every row.*line 2 of .*my.csv"):
        read(own, other)


def test_the_file_of_a_page_corrects_too(own, tmp_path):
    page = tmp_path / "page_corrections.csv"
    file = CorrectionsFile(page, model="mine", model_sha256="ab" * 32)
    sha256 = "2c6b1e0f" * 8
    import hashlib

    known = hashlib.sha256(b"a.avi").hexdigest()
    file.append(Correction("upload.avi", known, "What is he doing?", "walking", "waving", 0.5))
    file.append(Correction("gone.avi", sha256, "What is he doing?", "=1+1", "waving", 0.5))
    table = read(own, page)
    assert table["answer"].tolist() == ["walking", "loading", "loading", "loading", "=1+1"]
    assert counts(table) == {"changed": 1, "added": 1}


def test_guards_before_formulas_are_read_away_in_every_text(tmp_path):
    new = tmp_path / "new.csv"
    cells = {"video": "-a.avi", "question": "+what?", "question_type": "@kind", "group": "=group"}
    write_corrections(new, correction(**{"answer": "-1", **cells}), correction("b.avi", "'tis", row_id="2"))
    assert "'-a.avi" in new.read_text() and "'-1" in new.read_text()
    for table in (read(new), read_questions(str(new))):
        row = table.iloc[0]
        assert {name: row[name] for name in ("answer", "question", "question_type", "group")} == {
            "answer": "-1", "question": "+what?", "question_type": "@kind", "group": "=group",
        }  # fmt: skip
        assert row["video_path"] == str(tmp_path / "-a.avi")
        assert table["answer"][1] == "'tis"
    own = write_own(tmp_path, [("a.avi", "what?", "'-1")], head=("video", "question", "answer"))
    assert read(own)["answer"].tolist() == ["'-1"]


def test_corrections_alone_are_a_table_each_row_once(tmp_path):
    rows = [correction(f"{number}.avi", "walking") for number in range(20)]
    new = write_corrections(tmp_path / "new.csv", *rows)
    twice = write_corrections(tmp_path / "twice.csv", *rows[:5], correction("7.avi", "jumping"))
    table = read(new, twice)
    assert len(table) == 20 and table["answer"][table["video_id"] == "7.avi"].tolist() == ["jumping"]
    assert counts(table) == {"added": 20, "repeated": 5, "outdated": 1}
    assert set(table["split"]) == {"train", "validation", "test"}
    expected = "26 corrections: 20 rows; left out: 1 to which a later one says otherwise, 5 there twice."
    assert expected in table.attrs["notes"]


def test_what_a_person_wrote_corrects_nothing_and_is_corrected_by_who_verifies_it(own, tmp_path):
    written = [correction("a.avi", "walking", kind="write", row_id=each) for each in ("1", "2")]
    written.append(correction("a.avi", "red", kind="write", question="what colour?", row_id="3"))
    new = write_corrections(tmp_path / "new.csv", *written)
    table = read(own, new)
    assert table["answer"].tolist() == ["waving", "loading", "loading", "loading", "walking", "red"]
    verified = correction("a.avi", "red", "new:3", kind="verify", question="what colour?")
    second = write_corrections(tmp_path / "second.csv", verified)
    for table in (read(own, new, second), read(own, second, new)):
        assert sorted(table["answer"][4:]) == ["red", "walking"]
        assert counts(table) == {"added": 2, "repeated": 2}
