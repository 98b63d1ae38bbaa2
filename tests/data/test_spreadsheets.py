"""Annotations in Excel workbooks."""

import datetime
import re
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


def save_with(path: Path, cells: dict[str, str]) -> Path:
    """Write a workbook with a column of labels, in which these cells have this XML in them."""
    write(path, ("video", "label", "note"), *((f"{name}.mp4", "x", "n") for name in "abc"))
    whole = path.with_name("whole.xlsx")
    path.rename(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name).decode()
            for cell, xml in cells.items() if name.endswith("sheet1.xml") else ():
                attributes, _, inside = xml.partition(">")
                content = re.sub(
                    rf'<c r="{cell}".*?</c>', rf'<c r="{cell}" {attributes}>{inside}</c>', content
                )
            target.writestr(name, content)
    return path


ERROR, UNSAVED = 't="e"><f>1/0</f><v>{}</v>', "><f>A2</f><v></v>"


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#REF!", "#SPILL!", "#NEW!"])
def test_an_error_in_a_cell_is_refused_with_its_place(tmp_path: Path, error: str) -> None:
    path = save_with(tmp_path / "my.xlsx", {f"B{row}": ERROR.format(error) for row in (3, 4)})
    expected = (
        rf"my.xlsx must hold no error in its column 'label'. Received: '{re.escape(error)}' in cell B3 "
        r"\(row 3 of the sheet 'clips'\); 2 cells are like this. Mend the formula"
    )
    with pytest.raises(ValueError, match=expected):
        read(path)
    note = save_with(tmp_path / "note.xlsx", {"C3": ERROR.format(error)})
    assert read(note)["answer"].tolist() == ["x", "x", "x"], "in a column of ones own it does no harm"
    head = save_with(tmp_path / "head.xlsx", {"B1": ERROR.format(error)})
    with pytest.raises(ValueError, match=r"no error in its column names. Received: .* in cell B1 \(row 1 of"):
        read(head)


@pytest.mark.parametrize("xml", [UNSAVED, "><f>A2</f>", '><f t="shared" si="0"/><v/>', 't="n"><f>A2</f>'])
def test_a_formula_without_a_saved_value_is_refused_and_not_called_empty(tmp_path: Path, xml: str) -> None:
    expected = (
        r"my.xlsx must hold the value of each formula. Received: none with the formula in cell B3 \(row 3 of "
        "the sheet 'clips'.*Open it in Excel or LibreOffice, save it there"
    )
    with pytest.raises(ValueError, match=expected):
        read(save_with(tmp_path / "my.xlsx", {"B3": xml, "C3": xml}))
    with pytest.raises(ValueError, match=r"the formula in cell A2 \(row 2 of the sheet 'clips'\); 6 cells"):
        read(save_with(tmp_path / "my.xlsx", {f"{c}{row}": xml for row in (2, 3, 4) for c in "ABC"}))
    assert len(read(save_with(tmp_path / "my.xlsx", {"C3": xml}))) == 3


def test_a_formula_whose_saved_value_is_an_empty_text_is_empty(tmp_path: Path) -> None:
    cells = {f"{c}3": 't="str"><f>IF(D3="","",D3)</f><v></v>' for c in "ABC"} | {
        "B2": 't="str"><f>D2</f><v>y</v>'
    }
    assert read(save_with(tmp_path / "my.xlsx", cells))["answer"].tolist() == ["y", "x"]
