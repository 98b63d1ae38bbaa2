"""The folder of a run: refused where a run lies, or where nothing can be written."""

from pathlib import Path

import pytest

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
