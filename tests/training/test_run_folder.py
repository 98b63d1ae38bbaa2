"""The folder of a run: refused where a run lies, or where nothing can be written."""

import shutil
from pathlib import Path

import pytest

from videoqa.saving import UNFINISHED
from videoqa.training.run_folder import check_new_folder


def test_a_folder_with_a_run_is_not_written_over(question_run: Path, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="`out` must not hold a run yet"):
        check_new_folder(question_run)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="be a folder; this is a file"):
        check_new_folder(tmp_path / "file")


def test_an_unwritable_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PermissionError, match="be a folder that can be written to"):
        check_new_folder(tmp_path / "file" / "run")


def test_what_a_stopped_run_left_is_no_part_of_the_next(question_run: Path, tmp_path: Path) -> None:
    shutil.copytree(question_run / "blind", tmp_path / "blind")
    (tmp_path / "backbone.weights.h5").write_text("left over")
    (tmp_path / "notes.txt").write_text("the user's own")
    with pytest.raises(FileExistsError, match="`out` must not hold a run yet"):
        check_new_folder(tmp_path)
    (tmp_path / UNFINISHED).write_text("")
    check_new_folder(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["notes.txt", UNFINISHED])
