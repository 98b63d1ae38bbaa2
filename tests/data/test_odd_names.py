"""File names that are no UTF-8, or hold spaces and line breaks, as all file systems but Windows' allow."""

import json
import os
import sys
from pathlib import Path

import pytest

from videoqa.cli.output import json_text
from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations, read_clips
from videoqa.data.splits import groups_of_splits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")

NAMES = (b"B\xe4r.avi", b"\xff\xfe.avi", b" lead.avi", b"line\nbreak.avi", b"tab\t.avi", "é.avi".encode())


def fill(folder: Path) -> list[str]:
    """Make a clip of each name in two classes, and return their names relative to the folder."""
    for label in (b"jump", b"r\xfcn"):
        (folder / os.fsdecode(label)).mkdir(parents=True)
        for name in NAMES:
            (folder / os.fsdecode(label) / os.fsdecode(name)).touch()
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.avi"))


def test_class_folders_with_such_names_are_split_and_found(tmp_path: Path) -> None:
    names = fill(tmp_path)
    table = read_annotations(DataConfig(data=("folder",), videos=str(tmp_path)))
    assert sorted(table["video_path"]) == [str(tmp_path / name) for name in names]
    assert set(table["answer"]) == {"jump", os.fsdecode(b"r\xfcn")}
    assert table["split"].nunique() == 3
    assert len(groups_of_splits(table)["train"]) == table.loc[table["split"] == "train", "group"].nunique()


def test_clips_found_in_a_folder_keep_their_names(tmp_path: Path) -> None:
    names = fill(tmp_path)
    table = read_clips(names, tmp_path)
    assert table["video_id"].tolist() == names
    assert table["video_path"].tolist() == [str(tmp_path / name) for name in names]
    assert table.attrs["notes"] == []


def test_such_a_name_is_strict_json() -> None:
    name = os.fsdecode(b"B\xe4r \xff.avi")
    text = json_text({"video": name, "other": "Bär"})
    assert json.loads(text.encode("utf-8")) == {"video": name, "other": "Bär"}
