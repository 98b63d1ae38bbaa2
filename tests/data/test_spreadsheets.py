"""Annotations in Excel workbooks."""

import datetime
import sys
import zipfile
from pathlib import Path

import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations


def write(path: Path, *rows: tuple, others: int = 0) -> Path:
    """Write rows into the first sheet of a workbook."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "clips"
    for row in rows:
        book.active.append(row)
    for _ in range(others):
        book.create_sheet().append(("video", "label"))
    book.save(path)
    return path


def read(path: Path):
    return read_annotations(DataConfig(data=(str(path),)))


def test_the_first_sheet_is_read_like_a_csv_file(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    path = write(
        tmp_path / "my.XLSX",
        ("Video", "question", "answer", "start seconds", None, "day"),
        ("clips/a.mp4", "how many", 2, 1.5, None, datetime.datetime(2024, 5, 1)),
        (None, "", " ", None),
        (7, "is it red", True, None),
        ("b.mp4", "NA", 2.5, 0),
        others=2,
    )
    table = read(path)
    assert table["video_id"].tolist() == ["clips/a.mp4", "7", "b.mp4"]
    assert table["answer"].tolist() == ["2", "true", "2.5"]
    assert table["start_seconds"].tolist()[::2] == [1.5, 0.0]
    assert table["day"].tolist()[0] == "2024-05-01"
    assert table.attrs["notes"] == [
        f"{path}: of its 3 sheets the first, 'clips', is read.",
        f"{path}: columns read: 'Video' as 'video', 'start seconds' as 'start_seconds'.",
    ]


@pytest.mark.parametrize(
    "rows, message",
    [
        (
            [("video", "label"), (None, None), ("a", "")],
            "`label` must be filled in every row.*line 3 of .*my.xlsx",
        ),
        ([("video", "label"), ("a", "x", "y")], "Cause: Expected 2 cells in row 2, saw 3"),
        ([("video", "label"), ("a", "x\ny")], "`label` must hold no line break.*line 2 of"),
        ([("video", "label")], "must have at least one row"),
        ([], "must have at least one row"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_row(tmp_path: Path, rows: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(write(tmp_path / "my.xlsx", *rows))


@pytest.mark.parametrize(
    "content", [b"", b"video,label\na,x\n", b"PK\x05\x06" + bytes(18), b"\xd0\xcf\x11\xe0"]
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    pytest.importorskip("openpyxl")
    (tmp_path / "my.xlsx").write_bytes(content)
    with pytest.raises(
        ValueError, match="my.xlsx must be an Excel workbook. Cause: .*Save it as .xlsx or .csv"
    ):
        read(tmp_path / "my.xlsx")


def test_without_openpyxl_the_line_that_installs_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    (tmp_path / "my.xlsx").touch()
    with pytest.raises(ImportError, match=r'my.xlsx needs openpyxl.*\n  pip install "videoqa\[xlsx\]"'):
        read(tmp_path / "my.xlsx")


def test_a_workbook_without_a_sheet_that_is_shown_is_refused(tmp_path: Path) -> None:
    path, bare = write(tmp_path / "my.xlsx", ("video", "label"), ("a", "x")), tmp_path / "bare.xlsx"
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(bare, "w") as rest:
        for name in whole.namelist():
            if "sheet1" not in name:
                rest.writestr(name, whole.read(name))
    with pytest.raises(ValueError, match="bare.xlsx must have a sheet that is shown"):
        read(bare)
