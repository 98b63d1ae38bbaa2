"""The file of corrections: rows of many writers, whole or not at all, and safe in a spreadsheet."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from videoqa.web.corrections import COLUMNS, Correction, CorrectionsFile, corrections_path

ROW = Correction("a clip.mp4", "0" * 64, "what is it?", "a \"box\", 'red'", "a car", 0.25)


def open_file(path: Path) -> CorrectionsFile:
    return CorrectionsFile(path, model="mine", model_sha256="1" * 64)


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    open_file(path).append(ROW)
    (row,) = rows_of(path)
    assert tuple(row) == COLUMNS
    assert (row["video"], row["question"], row["answer"]) == ("a clip.mp4", "what is it?", "a \"box\", 'red'")
    assert (row["model_answer"], row["probability"], row["model"]) == ("a car", "0.25", "mine")
    assert os.stat(path).st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\uff1d1", "\t=1"])
def test_no_cell_is_a_formula(text: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    open_file(path).append(Correction(text, "0" * 64, text, text, text, None))
    (row,) = rows_of(path)
    for column in ("video", "question", "answer", "model_answer"):
        assert row[column][:1] in ("'", " ")
    assert row["probability"] == ""


def test_it_can_be_trained_on(tmp_path: Path) -> None:
    from videoqa.config import DataConfig
    from videoqa.data.annotations import read_annotations

    path = tmp_path / "wrong.csv"
    open_file(path).append(ROW)
    (tmp_path / "a clip.mp4").write_bytes(b"x")
    table = read_annotations(DataConfig(data=(str(path),)))
    assert list(table["answer"]) == ["a \"box\", 'red'"]


def test_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    open_file(path).append(ROW)
    path.write_text(path.read_text("utf-8").rstrip("\n"), "utf-8")  # an editor left out the last line break
    open_file(path).append(ROW)
    assert len(rows_of(path)) == 2


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("video,question,answer\n")
    with pytest.raises(ValueError, match="`corrections` must be a new file, or begin with the line video,"):
        open_file(path)
    with pytest.raises(ValueError, match="`corrections` must be a file in an existing folder"):
        open_file(tmp_path / "none" / "wrong.csv")
    with pytest.raises(ValueError, match="`corrections` must be a file. Received"):
        open_file(tmp_path)
    assert path.read_text() == "video,question,answer\n"


PROGRAM = """
import sys
from pathlib import Path
from videoqa.web.corrections import Correction, CorrectionsFile
file = CorrectionsFile(Path(sys.argv[1]), model="mine", model_sha256="1" * 64)
for number in range(50):
    file.append(Correction("clip", "0" * 64, sys.argv[2], str(number), "x" * 500, 0.5))
"""


def test_several_processes_write_whole_rows(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    command = [sys.executable, "-c", PROGRAM, str(path)]
    children = [subprocess.Popen([*command, name]) for name in ("a", "b")]
    assert [child.wait() for child in children] == [0, 0]
    found = sorted((row["question"], int(row["answer"])) for row in rows_of(path))
    assert found == [(name, number) for name in ("a", "b") for number in range(50)]


def test_a_full_disk_takes_nothing_away(small_disk: Path) -> None:
    path = small_disk / "wrong.csv"
    file = open_file(path)
    file.append(ROW)
    before = path.read_bytes()
    space = os.statvfs(small_disk)
    (small_disk / "filler").write_bytes(bytes(space.f_bavail * space.f_frsize))
    long = Correction("clip", "0" * 64, "q" * 5000, "a", "b", None)
    with pytest.raises(OSError, match="No space left on device"):
        file.append(long)
    assert path.read_bytes() == before
    (small_disk / "filler").unlink()
    file.append(long)
    assert len(rows_of(path)) == 2


def test_corrections_are_taken_without_being_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert corrections_path(None) == "page_corrections.csv" and corrections_path("a.csv") == "a.csv"
