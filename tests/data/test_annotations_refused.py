"""What cannot be right is refused, with the file and the row or line."""

import pandas as pd
import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations

GOOD = {"video": ["a", "b", "c"], "question": ["what", "why", "who"], "answer": ["x", "y", "z"]}


def read(path):
    return read_annotations(DataConfig(data=(str(path),)))


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "my.csv must not be empty"),
        (b"\xef\xbb\xbf\r\n \n", "my.csv must not be empty"),
        (b"video,question,answer\n", "my.csv must have at least one row"),
        (
            b"video,question\na,what\n",
            "'video', 'question', 'answer'. Missing: 'answer'. Found: 'video', 'question'",
        ),
        (b"video\na\n", "Missing: 'question', 'answer'"),
        (b"video:label\na:x\n", "Missing: 'video', 'question', 'answer'. Found: 'video:label'"),
        (b"label\nx\n", "must have the columns 'video', 'label'. Missing: 'video'"),
        (b"video,label\na,x,y\n", "my.csv must be a CSV file. Cause: Expected 2 fields in line 2, saw 3"),
        (
            b'video,label\na,"x\nb,y\n',
            "my.csv must be a CSV file. Cause: line 2 opens a quotation mark that is never closed",
        ),
        (b"video,label,label\na,x,y\n", "must name each column once. Received: 'label'"),
        (b"video,label\na,x\nb,B\xe4r\n", "my.csv must be UTF-8 text; line 3"),
        (b"\xff\xfev\x00i\x00d", "my.csv must be text; it begins as UTF-16 does, and goes on otherwise"),
        (
            b"PK\x03\x04\x14\x00\x06\x00\x08\xff",
            "my.csv must be text. Received: an Excel workbook or a zip archive. Name it .xlsx",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "my.csv must be text. Received: an Excel workbook of the old kind",
        ),
        (b"\x1f\x8b\x08\x00\x00\x00", "my.csv must be text. Received: a gzip archive. Unpack it first"),
        (b",,\n;;\n,,\n", "my.csv must have at least one row"),
        (b"video,label\n,\n , \n", "my.csv must have at least one row"),
        (b"video,label\na,x\x00y\n", "line 2 has a NUL byte"),
        (
            b"video,label\na,x\nb,\nc, \n",
            "`label` must be filled in every row.*line 3 of .*my.csv; 2 rows are like this",
        ),
        (b"video,question,answer\na,what,\n", "`answer` must be filled in every row.*line 2 of"),
        (b"video,question,answer\na,what\n", "`answer` must be filled in every row.*line 2 of"),
        (
            b"video,label\na,x\n" + b"b" * 5_000_000 + b",y\n",
            r"`video` must have at most 4096 characters.*'b+\.\.\. \(5,000,002 characters\). It is line 3 of",
        ),
        (b"video,question,answer\n,what,x\n", "`video` must be filled in every row"),
        (b"video,question,answer\na,what,x\nb, ??,y\n", "`question` must hold at least one word.*line 3 of"),
        (
            b"video,question,answer\na," + b"x" * 1001 + b",y\n",
            "at most 1000 characters; this has 1001.*line 2 of",
        ),
        (
            b"video,label,split\na,x,train\nb,y,dev\n",
            "`split` must be one of 'train'.*split='dev'. It is line 3",
        ),
        (
            b"video,label,start_seconds,end_seconds\na,x,2,2\n",
            "`end_seconds` must be after `start_seconds`.*line 2",
        ),
        (b"video,label,end_seconds\na,x,0\n", "`end_seconds` must be after `start_seconds`"),
        (b"video,label,start_seconds\na,x,-1\n", "`start_seconds` must be a number of seconds of at least 0"),
        (b"video,label,start_seconds\na,x,0:12\n", "`start_seconds` must be a number.*start_seconds='0:12'"),
        (b"video,label,end_seconds\na,x,inf\n", "`end_seconds` must be a number"),
        (b"video,label,end_seconds\na,x,nan\n", "`end_seconds` must be a number"),
        (
            b"video,label,question_id\na,x,1\nb,y,2\nc,z,1\n",
            "`question_id` must be different.*question_id='1'. 1 row repeats an id",
        ),
        (
            b"video,question,answers\na,what,yes\n",
            "`answers` must be a JSON list of texts.*answers='yes'.*line 2",
        ),
        (b"video,question,answers\na,what,[]\n", "`answer` must be filled in every row"),
        (b'video,question,answers\na,what,"[[""x""]]"\n', "`answers` must be a JSON list of texts"),
    ],
)
def test_csv_refused(tmp_path, content, message):
    path = tmp_path / "my.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read(path)


@pytest.mark.parametrize(
    "content, message",
    [
        ('{"video": "a", "label": "x"}\n\n{"video": "b"\n', "one JSON object a line; line 3 does not"),
        ('{"video": "a", "label": "x"}\n["b", "y"]\n', r"Received: line 2, '\[\"b\", \"y\"\]'"),
        ('\n{"video": "a", "label": {"name": "x"}}\n', "`label` must be one text or number.*It is line 2 of"),
        (
            '{"video": "a", "label": "x"}\n\n{"video": "b", "label": null}\n',
            "`label` must be filled.*line 3 of",
        ),
        ('{"video": "a", "label": "\\ud800"}\n', "line 1 does not: .*surrogates"),
        ("[" * 100000, "line 1 does not: "),
        ("{}\n", "must have at least one row"),
        ('{"x": 1}\n', "must have the columns"),
    ],
)
def test_jsonl_refused(tmp_path, content, message):
    path = tmp_path / "my.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(ValueError, match=message):
        read(path)


def test_paths_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="`data` must be an existing file"):
        read(tmp_path / "none.csv")
    with pytest.raises(ValueError, match="`data` must be a file; this is a directory"):
        read(tmp_path)
    (tmp_path / "my.ods").touch()
    with pytest.raises(ValueError, match=".csv or .tsv or .jsonl or .xlsx file.*Save it as .xlsx or .csv"):
        read(tmp_path / "my.ods")
    with pytest.raises(ValueError, match="`data` must name a CSV or JSONL file"):
        read_annotations(DataConfig())


def test_videos_must_be_a_folder(tmp_path):
    frame = pd.DataFrame(GOOD)
    with pytest.raises(FileNotFoundError, match="`videos` must be an existing directory"):
        read_annotations(DataConfig(videos=str(tmp_path / "none")), tables=[frame])
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="`videos` must be a directory; this is a file"):
        read_annotations(DataConfig(videos=str(tmp_path / "file")), tables=[frame])


def test_ids_that_repeat_across_sources_are_refused(tmp_path):
    for name in ("one", "two"):
        pd.DataFrame(GOOD | {"question_id": [1, 2, 3]}).to_csv(tmp_path / f"{name}.csv", index=False)
    data = DataConfig(data=(str(tmp_path / "one.csv"), str(tmp_path / "two.csv")))
    with pytest.raises(
        ValueError, match="question_id='1'. 3 rows repeat an id.*one.csv and .*two.csv"
    ) as caught:
        read_annotations(data)
    assert str(tmp_path) in str(caught.value)


def test_tables_refused():
    with pytest.raises(ValueError, match="DataFrame must have at least one row"):
        read_annotations(DataConfig(), tables=[pd.DataFrame(GOOD)[:0]])
    twice = pd.DataFrame([["a", "x", "y"]], columns=["video", "label", "label"])
    with pytest.raises(ValueError, match="DataFrame must name each column once"):
        read_annotations(DataConfig(), tables=[twice])
    missing = pd.DataFrame(GOOD | {"answer": ["x", None, float("nan")]})
    with pytest.raises(ValueError, match="`answer` must be filled.*row 2 of DataFrame; 2 rows"):
        read_annotations(DataConfig(), tables=[missing])


def test_a_source_given_twice_is_refused(tmp_path, monkeypatch, ucf, msvd):
    twice = "`data` must name each set and each file once. Received: data="
    for made in (ucf, msvd):
        with pytest.raises(ValueError, match=f"{twice}'{made.name}'"):
            made.read(data=(made.name, made.name))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("video,label\nmine.avi,YoYo\n")
    with pytest.raises(ValueError, match=f"{twice}'.*sub/../a.csv'"):
        read_annotations(DataConfig(data=("a.csv", str(tmp_path / "sub/../a.csv"))))


def test_two_folders_of_ones_own_clips_are_two_sources(ucf, tmp_path):
    (tmp_path / "more" / "YoYo").mkdir(parents=True)
    (tmp_path / "more" / "YoYo" / "mine.avi").touch()
    both = DataConfig(data=("folder", "folder"), videos=(ucf.videos, tmp_path / "more"))
    assert len(read_annotations(both)) == 10
    with pytest.raises(ValueError, match="`data` must name each set and each file once"):
        read_annotations(DataConfig(data=("folder", "folder"), videos=ucf.videos))
