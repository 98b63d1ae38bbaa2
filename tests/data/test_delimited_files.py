"""CSV and TSV files as people and programs write them: quotation marks, separators, column names."""

import json
import math
import re
from pathlib import Path

import pandas as pd
import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations, read_questions


def read(path: Path, content: str | bytes, **options: object) -> pd.DataFrame:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_annotations(DataConfig(data=(str(path),), **options))


HEADER = "video,question,answer,note\n"
REFUSED = {
    "a mark at the end of one cell and at the start of a later one": (
        'a,what,"x,\nb,why,y,\nc,who,z",\n',
        "`answer` must hold no line break. .*It begins in line 2 of .*my.csv. If a quotation mark",
    ),
    "in the question": ('a,what,x,\nb,"why,y,\nc,who",z,\n', "`question` must hold no line break.*line 3 of"),
    "in the video": ('a,what,x,\n"b,why,y,\nc",who,z,\n', "`video` must hold no line break.*line 3 of"),
    "in a further column, around a row": (
        'a.mp4,what,x,"\nb.mp4,why,y,\nc.mp4,who,z,"\n',
        "`note` must hold no line break.*line 2 of",
    ),
    "in a further column, around rows of names without ending": (
        'a,what,x,"\nb,why,y,n\nc,who,z,"\n',
        "`note` must hold no line break.*line 2 of",
    ),
    "a break at the end of the cell": ('a,what,"x\n",\n', "`answer` must hold no line break.*line 2 of"),
    "old Macintosh line ends": ('a,what,x,\rb,why,"y\rz",\r', "`answer` must hold no line break.*line 3 of"),
    "never closed": (
        'a,what,x,\nb,why,"y,\nc,who,z,\n',
        "Cause: line 3 opens a quotation mark that is never closed",
    ),
    "text after the mark": (
        'a,"what" is it,x,\n',
        "line 2 has text after a closing quotation mark: 'is it,x,'",
    ),
    "two cells opened in two rows": (
        'a,what,"x,\nb,why,"y,\n',
        "the cell that begins in line 2 has text after a closing quotation mark: 'y,'",
    ),
    "after rows with notes of several lines": (
        'a,what,x,"one\ntwo\nthree"\nb,why,"y"z,\n',
        "line 5 has text after a closing quotation mark: 'z,'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_stray_quotation_mark_is_refused_with_its_line(tmp_path: Path, case: str) -> None:
    content, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "my.csv", HEADER + content)
    with pytest.raises(ValueError, match=message.replace(r"my.csv", "my.tsv")):
        read(tmp_path / "my.tsv", HEADER + content)


@pytest.mark.real_data
def test_the_file_with_two_stray_marks_is_refused(real_data: Path) -> None:
    data = real_data / "field" / "quotes" / "b.csv"
    with pytest.raises(ValueError, match="`answer` must hold no line break.*It begins in line 5 of"):
        read_annotations(DataConfig(data=(str(data),)))


@pytest.mark.parametrize("column", ["video", "question", "answer"])
def test_a_line_break_is_refused_in_every_kind_of_table(tmp_path: Path, column: str) -> None:
    rows = pd.DataFrame({"video": ["a", "b"], "question": ["what", "why"], "answer": ["x", "y"]})
    rows.loc[1, column] = "one\r\ntwo"
    message = f"`{column}` must hold no line break.*It begins in"
    with pytest.raises(ValueError, match=f"{message} row 2 of DataFrame"):
        read_annotations(DataConfig(), tables=[rows])
    with pytest.raises(ValueError, match=f"{message} row 2 of DataFrame"):
        read_questions(rows)
    lines = rows.to_json(orient="records", lines=True)
    with pytest.raises(ValueError, match=f"{message} line 3 of .*my.jsonl"):
        read(tmp_path / "my.jsonl", "\n" + lines)


def test_marks_that_are_meant_are_read(tmp_path: Path) -> None:
    text = (
        'a ,  "what, ""now""?" , 5" wide,"first\nsecond, third, fourth, fifth"\n"b","why"\t,"""x""",\n'
        + "   \n\nc,who,it's,last"
    )
    table = read(tmp_path / "my.csv", HEADER + text)
    assert table["video_id"].tolist() == ["a", "b", "c"]
    assert table["question"].tolist() == ['what, "now"?', "why", "who"]
    assert table["answer"].tolist() == ['5" wide', '"x"', "it's"]
    assert table["note"].tolist() == ["first\nsecond, third, fourth, fifth", "", "last"]


ROWS = "video,question,answer\na.mp4,what is it,x\nb.mp4,why,y\n"


@pytest.mark.parametrize("name", ["my.csv", "my.tsv", "my.txt", "my.psv"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_are_recognised(tmp_path: Path, name: str, delimiter: str, end: str) -> None:
    text = ROWS.replace(",", delimiter).replace("\n", end)
    first = f"sep={delimiter}{end}"
    for content in (text, "\ufeff" + text, first + text, "\ufeff" + first + text):
        table = read(tmp_path / name, content)
        assert table["question"].tolist() == ["what is it", "why"]
        assert table["answer"].tolist() == ["x", "y"]


ENCODINGS = {
    name: lambda text, name=name, mark=mark: mark + text.encode(name)
    for name, mark in {
        **{"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"},
        **{"utf-32-le": b"\xff\xfe\0\0", "utf-32-be": b"\0\0\xfe\xff"},
    }.items()
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["my.csv", "my.txt", "my.jsonl"])
def test_other_unicode_encodings_are_recognised(tmp_path: Path, name: str, encoding: str) -> None:
    text = "video\tquestion\tanswer\r\na.mp4\tquoi, où ?\tçà\r\nb.mp4\t他在做什么\t走\r\n"
    if name == "my.jsonl":
        rows = [
            dict(zip(("video", "question", "answer"), line.split("\t"), strict=True))
            for line in text.split("\r\n")[1:3]
        ]
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    with_mark = ENCODINGS[encoding](text)
    contents = [with_mark, text.encode(encoding)] if "16" in encoding else [with_mark]
    for content in contents:
        table = read(tmp_path / name, content)
        assert table["question"].tolist() == ["quoi, où ?", "他在做什么"]
        assert table["answer"].tolist() == ["çà", "走"]


BLANK = {
    "my.csv": 'video,label,note\n,,\na,x,\n , ,\n\n"",,\nb,,\n',
    "my.txt": ";;\nvideo;label;note\n;;\na;x;\n\n;;;;\nb;;\n",
    "my.jsonl": '{}\n{"video": ""}\n{"video": "a", "label": "x"}\n'
    + '{"video": null, "label": " "}\n\n\n{"video": "b"}\n',
}


@pytest.mark.parametrize("name", BLANK)
def test_empty_rows_are_skipped_in_every_kind_of_table(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"`label` must be filled in every row.*It is line 7 of .*{name}"):
        read(tmp_path / name, BLANK[name])
    lines = BLANK[name].splitlines()
    last = {"my.csv": "b,y,,,", "my.txt": "b;y;;", "my.jsonl": '{"video": "b", "label": "y"}'}[name]
    table = read(tmp_path / name, "\n".join([*lines[:-1], last]))
    assert table["video_id"].tolist() == ["a", "b"] and table["answer"].tolist() == ["x", "y"]
    assert table["question_id"].tolist() == ["my:1", "my:2"]


def test_empty_rows_of_a_data_frame_are_skipped(tmp_path: Path) -> None:
    rows = [
        (None, "", [], math.nan),
        ("a", "x", ["x"], 1.0),
        (pd.NA, " ", None, math.nan),
        ("b", None, None, 2),
    ]
    frame = pd.DataFrame(rows, columns=["video", "label", "answers", "note"])
    assert read_annotations(DataConfig(), tables=[frame[:3]])["video_id"].tolist() == ["a"]
    with pytest.raises(ValueError, match="`label` must be filled in every row.*It is row 4 of DataFrame"):
        read_annotations(DataConfig(), tables=[frame])
    with pytest.raises(ValueError, match="DataFrame must have at least one row"):
        read_annotations(DataConfig(), tables=[frame[:1]])


def test_a_text_file_without_column_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="my.txt must begin with column names.*'jump/a.avi 1'.*--annotations"
    ):
        read(tmp_path / "my.txt", "jump/a.avi 1\njump/b.avi 1\n")


@pytest.mark.parametrize("name", ["my.csv.gz", "my.tsv.bz2", "my.zip"])
def test_a_packed_table_is_refused_with_the_line_that_unpacks_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"`data` must be a .csv or .*It is still packed; unpack it: \w+"):
        read(tmp_path / name, b"")


def test_the_lines_of_a_markdown_table_are_no_rows(tmp_path: Path) -> None:
    text = "| Video | label |\n|:------|-------|\n| a.mp4 | x     |\n| b.mp4 | y, z  |\n"
    table = read(tmp_path / "my.txt", text)
    assert table["video_id"].tolist() == ["a.mp4", "b.mp4"] and table["answer"].tolist() == ["x", "y, z"]


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#REF!", "#NAME?", "#WERT!", "#¡VALOR!", "Err:502"])
def test_an_error_of_a_spreadsheet_is_no_class(tmp_path: Path, error: str) -> None:
    message = rf"`label` must be no error that a spreadsheet computed.*{re.escape(error)}.*It is {{}} of"
    with pytest.raises(ValueError, match=message.format("line 3")):
        read(tmp_path / "my.csv", f"video,Label,note\na,x,{error}\nb,{error},n\n")
    frame = pd.DataFrame({"video": ["a", "b"], "label": ["x", error]})
    with pytest.raises(ValueError, match=message.format("row 2")):
        read_annotations(DataConfig(), tables=[frame])
    assert len(read(tmp_path / "my.csv", f"video,label,note\na,x,{error}\nb,#1,n\n")) == 2


def test_a_separator_inside_cells_does_not_count(tmp_path: Path) -> None:
    table = read(tmp_path / "my.csv", 'video;question;answer;a, b, c, d, e\na.mp4;"what; then, why";x;\n')
    assert table["question"].tolist() == ["what; then, why"]
    table = read(tmp_path / "my.csv", "sep=|\nvideo|label\na;b.mp4|x, y\n")
    assert table["answer"].tolist() == ["x, y"]
    with pytest.raises(ValueError, match="Expected 2 fields in line 3, saw 3"):
        read(tmp_path / "my.csv", "sep=;\nvideo;label\na;b;c\n")


def test_seconds_with_a_decimal_comma_are_read_between_semicolons(tmp_path: Path) -> None:
    table = read(tmp_path / "my.csv", "video;label;start_seconds;end_seconds\na;x;1,5;2\n")
    assert table[["start_seconds", "end_seconds"]].to_numpy().tolist() == [[1.5, 2.0]]
    with pytest.raises(ValueError, match="`start_seconds` must be a number"):
        read(tmp_path / "my.csv", 'video,label,start_seconds\na,x,"1,5"\n')


def test_column_names_with_capitals_and_spaces_are_matched_and_said(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    table = read(path, "Video, QUESTION ,Answer,Start Seconds,end-seconds,Note\na,what,x,1,2,n\n")
    assert table["question"].tolist() == ["what"]
    assert table["end_seconds"].tolist() == [2.0]
    assert table["Note"].tolist() == ["n"]
    expected = (
        f"{path}: columns read: 'Video' as 'video', 'QUESTION' as 'question', 'Answer' as 'answer', "
        "'Start Seconds' as 'start_seconds', 'end-seconds' as 'end_seconds'."
    )
    assert expected in table.attrs["notes"]
    frame = pd.DataFrame({"Video ": ["a"], "Label": ["x"]})
    assert read_annotations(DataConfig(), tables=[frame])["answer"].tolist() == ["x"]
    line = '{"Video": "a", "LABEL": "x"}\n'
    assert read(tmp_path / "my.jsonl", line)["answer"].tolist() == ["x"]


def test_two_columns_that_could_be_one_are_refused(tmp_path: Path) -> None:
    message = re.escape("must have one column 'label'. Received: 'Label' and 'LABEL'. Rename one")
    with pytest.raises(ValueError, match=message):
        read(tmp_path / "my.csv", "video,Label,LABEL\na,x,y\n")
    assert read(tmp_path / "my.csv", "video,label,LABEL\na,x,y\n")["answer"].tolist() == ["x"]
