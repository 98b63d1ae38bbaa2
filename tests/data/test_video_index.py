"""Videos found in a folder by the names a data set gives them."""

import pytest

from videoqa.data.video_index import VideoIndex


def fill(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return VideoIndex(folder)


def test_a_name_means_the_file_at_that_path_or_the_one_called_so(tmp_path):
    index = fill(tmp_path, "A/one.avi", "B/one.mp4", "deep/down/Two.MKV", "notes.txt")
    assert index.paths == ["A/one.avi", "B/one.mp4", "deep/down/Two.MKV"]
    assert index.find(["B/one"]) == str(tmp_path / "B/one.mp4")
    assert index.find(["nothing", "C/two"]) == str(tmp_path / "deep/down/Two.MKV")
    assert index.find(["notes"]) is None


def test_a_name_that_two_files_have_is_refused(tmp_path):
    index = fill(tmp_path, "A/one.avi", "B/one.mp4")
    with pytest.raises(
        ValueError, match="`videos` must hold one file that can be 'one'.*'A/one.avi', 'B/one.mp4'"
    ):
        index.find(["one"])


def test_links_are_followed_but_not_for_ever(tmp_path):
    fill(tmp_path / "elsewhere", "one.avi")
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "up").symlink_to(tmp_path / "videos")
    assert VideoIndex(tmp_path / "videos").paths == ["linked/one.avi"]


def test_what_is_wrong_with_a_folder_is_said(tmp_path):
    assert fill(tmp_path / "empty", "x.txt").why_empty() == "No file in it ends like a video."
    assert "1 other video, such as 'x.avi'" in fill(tmp_path / "other", "x.avi").why_empty()
    packed = fill(tmp_path / "packed", "UCF101.rar", "x.avi")
    assert packed.archives == ["UCF101.rar"]
    assert "archives that are still packed, such as 'UCF101.rar': unpack them" in packed.why_empty()


def test_no_folder_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="`videos` must be an existing directory"):
        VideoIndex(tmp_path / "none")
