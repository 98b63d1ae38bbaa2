"""Names in tables and names on disk that are the same but for their spelling."""

import json
import os
import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from videoqa.answering.predict import find_videos
from videoqa.config import DataConfig
from videoqa.data.annotations import check_some_there, read_annotations, read_questions
from videoqa.data.file_names import find_video

NFC, NFD = (unicodedata.normalize(form, "Überfall_é.mp4") for form in ("NFC", "NFD"))


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def read(folder: Path, *names: str) -> pd.DataFrame:
    """Return the table of a CSV file that names these videos."""
    rows = pd.DataFrame({"video": names, "label": [f"label {number}" for number in range(len(names))]})
    rows.to_csv(folder / "my.csv", index=False)
    return read_annotations(DataConfig(data=(str(folder / "my.csv"),)))


@pytest.mark.parametrize(
    "written, on_disk, kinds",
    [
        (NFC, NFD, "Unicode form"),
        (NFD, NFC, "Unicode form"),
        ("한국어.mp4", unicodedata.normalize("NFD", "한국어.mp4"), "Unicode form"),
        ("clips/A.mp4", "Clips/a.MP4", "letter case"),
        ("STRASSE.mp4", "Straße.mp4", "letter case"),
        ("clips\\deep\\a.mp4", "clips/deep/a.mp4", "separator"),
        ("clips/deep/a.mp4", "clips\\deep\\a.mp4", "separator"),
        ("clips/a", "clips/a.mkv", "video ending"),
        ("a.avi", "a.mp4", "another video ending"),
        (f"Clips\\{NFC[:-4].upper()}", f"clips/{NFD}", "Unicode form, letter case, separator, video ending"),
    ],
)
def test_the_one_file_spelled_otherwise_is_taken_and_said(
    tmp_path: Path, written: str, on_disk: str, kinds: str
) -> None:
    fill(tmp_path, on_disk, "other.mp4")
    table = read(tmp_path, written)
    assert table["video_path"].tolist() == [str(tmp_path / on_disk)]
    assert table["video_id"].tolist() == [written]
    expected = f"1 video of {tmp_path / 'my.csv'} found under another spelling ({kinds}): {written!r} is"
    assert table.attrs["notes"] == [f"{expected} taken to mean {str(tmp_path / on_disk)!r}."]
    asked = read_questions(pd.DataFrame({"video": [written]}), tmp_path, task="action")
    assert asked["video_path"].tolist() == [str(tmp_path / on_disk)] and len(asked.attrs["notes"]) == 1


@pytest.mark.parametrize(
    "written, on_disk",
    [
        ("a.mp4", ("A.mp4", "a.MP4")),
        ("a", ("a.avi", "a.mp4")),
        (NFC.lower(), (NFC, NFD)),
        ("clips/a.mp4", ("Clips/a.mp4", "CLIPS/a.mp4")),
    ],
)
def test_two_files_that_could_be_meant_are_refused(
    tmp_path: Path, written: str, on_disk: tuple[str, str]
) -> None:
    fill(tmp_path, *on_disk)
    with pytest.raises(ValueError, match="`video` must name one file.*It is line 2 of .*my.csv") as caught:
        read(tmp_path, written)
    assert all(repr(str(tmp_path / name)) in str(caught.value) for name in on_disk)


def test_a_file_of_that_very_name_is_always_taken(tmp_path: Path) -> None:
    fill(tmp_path, "a.mp4", "A.mp4", "a", "c\\d.mp4", "c/d.mp4", NFC, NFD)
    table = read(tmp_path, "a.mp4", "A.mp4", "a", "c\\d.mp4", "c/d.mp4", NFC, NFD)
    assert [path.removeprefix(f"{tmp_path}/") for path in table["video_path"]] == table["video_id"].tolist()
    assert table.attrs["notes"] == []


def test_a_file_that_another_row_means_is_not_taken_by_its_stem(tmp_path: Path) -> None:
    fill(tmp_path, "a.mp4")
    assert read(tmp_path, "a.mp4", "a.avi")["video_path"].tolist() == [
        str(tmp_path / "a.mp4"),
        str(tmp_path / "a.avi"),
    ]
    assert read(tmp_path, "a.mp4", "a", "A.MP4")["video_path"].nunique() == 1


def test_frames_of_a_clip_are_found_too(tmp_path: Path) -> None:
    fill(tmp_path, "Clip/0000.jpg", "empty/notes.txt")
    assert read(tmp_path, "clip")["video_path"].tolist() == [str(tmp_path / "Clip")]
    assert read(tmp_path, "EMPTY")["video_path"].tolist() == [str(tmp_path / "EMPTY")]


def test_spaces_around_a_name_are_kept_where_the_file_has_them(tmp_path: Path) -> None:
    fill(tmp_path, " a.mp4", "b.mp4", "c.mp4 ", "d e.mp4")
    (tmp_path / "my.csv").write_text('label, video\nx, a.mp4\ny, b.mp4\nz,"c.mp4 "\nw, d e.mp4 \n')
    table = read_annotations(DataConfig(data=(str(tmp_path / "my.csv"),)))
    assert table["video_id"].tolist() == [" a.mp4", "b.mp4", "c.mp4 ", "d e.mp4"]
    found, root, _ = find_videos(tmp_path)
    clips = pd.DataFrame({"video": [str(path.relative_to(root)) for path in found]})
    assert read_questions(clips, root, task="action")["video_path"].tolist() == list(map(str, found))


def test_named_sets_and_class_folders_follow_the_same_rule(msvd, tmp_path: Path) -> None:
    (msvd.videos / "vid2.mp4").unlink()
    msvd.add_videos("VID2.MOV")
    table = msvd.read()
    assert str(msvd.videos / "VID2.MOV") in table["video_path"].tolist()
    (note,) = table.attrs["notes"]
    assert note.startswith(
        "2 videos of msvd_qa found under another spelling: 'vid2' is taken to mean 'VID2.MOV'"
    )

    clips = fill(tmp_path / "clips", f"train/{NFC[:-4]}/a.mp4", f"test/{NFD[:-4]}/b.mp4")
    table = read_annotations(DataConfig(data=("folder",), videos=str(clips)))
    assert table["answer"].unique().tolist() == [NFC[:-4]] == table.attrs["classes"]
    for first, second in (("jump/a.mp4", "jump/A.mp4"), (f"jump/{NFC}", f"jump/{NFD}")):
        same = fill(tmp_path / f"same-{second.isascii()}", first, second)
        with pytest.raises(ValueError, match="must hold one file that can be") as caught:
            read_annotations(DataConfig(data=("folder",), videos=str(same)))
        assert repr(first) in str(caught.value) and repr(second) in str(caught.value)
    cases = fill(tmp_path / "cases", "train/Jump/a.mp4", "test/jump/b.mp4")
    with pytest.raises(ValueError, match="hold one folder for a class, not 'Jump' and 'jump'"):
        read_annotations(DataConfig(data=("folder",), videos=str(cases)))


def test_one_clip_to_predict_is_found_by_the_same_rule(tmp_path: Path) -> None:
    fill(tmp_path, NFD)
    found, _, notes = find_videos(tmp_path / NFC)
    assert found == [tmp_path / NFD] and "(Unicode form)" in notes[0]
    fill(tmp_path, "Jump/1.mp4")
    assert find_videos(tmp_path / "jump" / "1")[0] == [tmp_path / "Jump" / "1.mp4"]
    fill(tmp_path, "a.mp4", "a.avi")
    with pytest.raises(ValueError, match="`videos` must name one file"):
        find_videos(tmp_path / "a")


@pytest.mark.parametrize(
    "written, on_disk",
    [
        (NFC, NFD),
        ("clips/A.mp4", "Clips/a.MP4"),
        ("clips\\a.mp4", "clips/a.mp4"),
        ("../here/clip", "clip.mkv"),
        ("clip", "Clip/0000.jpg"),
    ],
)
def test_one_video_given_by_itself_is_found_by_the_same_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, on_disk: str
) -> None:
    here = fill(tmp_path / "here", on_disk, "other.mp4")
    monkeypatch.chdir(here)
    meant = here / on_disk.removesuffix("/0000.jpg")
    for given in (written, Path(written), os.path.join(here, written)):
        path, (note,) = find_video(given)
        assert path == str(meant)
        assert note.startswith("1 video of `video` found under another spelling (")
    assert find_video(on_disk) == (on_disk, []) and find_video("none.mp4") == ("none.mp4", [])


def test_one_video_that_could_be_two_files_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, "a.mp4", "a.avi")
    with pytest.raises(ValueError, match="`video` must name one file") as caught:
        find_video(tmp_path / "a")
    assert all(repr(str(tmp_path / name)) in str(caught.value) for name in ("a.mp4", "a.avi"))


@pytest.mark.parametrize(
    "there, said",
    [
        (["deep/b.mp4", "c.mp4"], "holds 2 other videos: 'c.mp4', 'deep/b.mp4'."),
        (["deep/a.mp4"], "But 'a.mp4' lies in '{}/deep': give that folder as `videos`"),
        (["clips.zip"], "holds archives that are still packed, such as 'clips.zip': unpack them first."),
        (["notes.txt"], "holds no video, only 'notes.txt'."),
        ([], "holds no video, and no other file."),
    ],
)
def test_when_all_are_missing_the_folder_is_described(tmp_path: Path, there: list[str], said: str) -> None:
    clips = fill(tmp_path / "clips", *there)
    clips.mkdir(exist_ok=True)
    line = json.dumps({"video": "a.mp4", "label": "x"}) + "\n" + json.dumps({"video": "z.mp4", "label": "y"})
    (tmp_path / "my.jsonl").write_text(line)
    table = read_annotations(DataConfig(data=(str(tmp_path / "my.jsonl"),), videos=str(clips)))
    (why,) = table.attrs["none_there"]
    assert why.startswith(f"None of the 2 videos of {tmp_path / 'my.jsonl'} is there: the first is ")
    assert said.format(clips) in why
    with pytest.raises(ValueError, match="None of the 2 videos of"):
        check_some_there(table)
