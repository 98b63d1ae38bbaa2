"""Folders of extracted frames as a source of annotations."""

from pathlib import Path

import pandas as pd
import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations, split_sources


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Return a folder with the lists of an extraction, without its frames."""
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "label.txt").write_text("YoYo\npush/pull\n")
    (folder / "train.txt").write_text("YoYo/v_YoYo_g08_c01 0 12\npush_pull/my clip 1 7\n")
    (folder / "test.txt").write_text("YoYo/v_YoYo_g01_c01 0 9\n")
    return folder


def read(folder: Path, **options: object) -> pd.DataFrame:
    sources, _ = split_sources(str(folder))
    return read_annotations(DataConfig(data=sources, **options))


def test_the_table(frames):
    table = read(frames)
    assert table.attrs["task"] == "action" and table.attrs["classes"] == ["YoYo", "push/pull"]
    assert table["video_id"].tolist() == ["YoYo/v_YoYo_g08_c01", "push_pull/my clip", "YoYo/v_YoYo_g01_c01"]
    assert table["video_path"][1] == str(frames / "train" / "push_pull" / "my clip")
    assert table["answer"].tolist() == ["YoYo", "push/pull", "YoYo"]
    assert table["split"].tolist() == ["train", "train", "test"]
    assert table["group"].tolist() == ["YoYo/g08", "push_pull/my clip", "YoYo/g01"]


def test_validation_and_groups_of_the_extraction(frames):
    (frames / "validation.txt").write_text("push_pull/other 1 7\n")
    (frames / "clips.csv").write_text("clip,group\npush_pull/other,tape 3\npush_pull/my clip,tape 4\n")
    table = read(frames, classes="push/pull")
    assert table["split"].tolist() == ["train", "validation"]
    assert table["group"].tolist() == ["tape 4", "tape 3"]
    assert table["video_path"][1].endswith("validation/push_pull/other")


def test_an_empty_list_is_no_row_and_two_are_refused(frames):
    (frames / "test.txt").write_text("")
    assert len(read(frames)) == 2
    (frames / "train.txt").write_text("")
    with pytest.raises(ValueError, match="must have at least one row"):
        read(frames)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "train.txt",
            "YoYo/a 0\n",
            "train.txt must hold lines such as 'class/video 0 26'.*line 1, 'YoYo/a 0'",
        ),
        ("train.txt", "\nYoYo/../a 0 3\n", "train.txt must hold lines.*line 2"),
        ("train.txt", "../YoYo 0 3\n", "train.txt must hold lines"),
        (
            "train.txt",
            "YoYo/a 2 3\n",
            "`label` must be a label from 0 to 1.*label=2. It is line 1 of .*train.txt",
        ),
        ("train.txt", "YoYo/a 0 3\nYoYo/a 0 3\n", "have one line .*line 1 of .*line 2 of .*remove one"),
        ("train.txt", "YoYo/v_YoYo_g01_c01 0 9\n", "have one line .*train.txt and in line 1 of .*test.txt"),
        ("label.txt", "a\na\n", "label.txt must hold one class a line.*line 2, 'a'"),
        ("label.txt", "a\n\nb\n", "label.txt must hold one class a line.*line 2, ''"),
        ("label.txt", "", "label.txt must not be empty"),
    ],
)
def test_lists_that_cannot_be_right(frames, name, content, message):
    (frames / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        read(frames)


def test_an_unfinished_extraction_and_other_folders(frames, tmp_path):
    (frames / "extraction.json").write_text("{}")
    (frames / "test.txt").unlink()
    with pytest.raises(
        ValueError, match="hold label.txt, train.txt and test.txt.*run videoqa extract-frames"
    ):
        read(frames)
    with pytest.raises(
        ValueError, match="`data` must be a file; this is a directory.*--data folder --videos"
    ):
        read(tmp_path)


def test_what_belongs_to_other_sources_is_refused(frames, tmp_path):
    with pytest.raises(ValueError, match="`videos` must be left out: a folder of extracted frames"):
        read(frames, videos=str(tmp_path))
    with pytest.raises(ValueError, match="`fold` must be left out"):
        read(frames, fold=1)
