"""What counts as a clip in a folder that other programs use too."""

import os
from pathlib import Path

import pytest

from videoqa.answering.predict import find_videos
from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations
from videoqa.data.archives import archives_in
from videoqa.data.folder_walk import walk_folder
from videoqa.data.video_index import VideoIndex

LITTER = (
    *(".ipynb_checkpoints/a-checkpoint.mp4", "jump/.ipynb_checkpoints/a.mp4", "jump/._a.mp4", "._b.mp4"),
    *("__MACOSX/jump/._a.mp4", "__MACOSX/jump/a.mp4", ".Trash-1000/files/a.mp4", ".Trashes/501/a.mp4"),
    *("@eaDir/a.mp4/SYNOVIDEO_VIDEO.mp4", "jump/@eaDir/a.mp4", "lost+found/a.mp4", "#recycle/jump/a.mp4"),
    *("$RECYCLE.BIN/S-1/a.mp4", "System Volume Information/a.mp4", "Thumbs.db", "jump/desktop.ini"),
    *("jump/c.mp4.part", "jump/d.mp4.crdownload", "e.mp4.download/e.mp4", "jump/.f.mp4.Xy12ab"),
    *("jump/g.mp4", "jump/g.mp4.aria2", ".git/a.mp4", "jump/h.MP4.PART"),
)
ENTRIES = 23
"""A folder counts once: `@eaDir` and the like are not looked into."""


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_litter_becomes_no_class_and_no_row(tmp_path: Path) -> None:
    clips = fill(tmp_path / "clips", "jump/a.mp4", "jump/b.mp4", "run/a.mp4", "run/part.mp4", *LITTER)
    table = read_annotations(DataConfig(data=("folder",), videos=str(clips)))
    assert table["video_id"].tolist() == ["jump/a", "jump/b", "run/a", "run/part"]
    assert table.attrs["classes"] == ["jump", "run"]
    (note,) = table.attrs["notes"]
    assert note.startswith(
        f"{clips}: Passed over {ENTRIES} entries left by systems and programs, or unfinished: "
    )
    assert note.endswith(f"'#recycle', '$RECYCLE.BIN', '.Trash-1000' and {ENTRIES - 3} more.")


def test_a_folder_of_litter_only_is_refused_and_says_so(tmp_path: Path) -> None:
    clips = fill(tmp_path / "clips", "jump/._a.mp4", "jump/b.mp4.part")
    with pytest.raises(ValueError, match="No file in it ends like a video. Passed over 2 entries"):
        read_annotations(DataConfig(data=("folder",), videos=str(clips)))


def test_the_folder_that_is_named_may_have_any_name(tmp_path: Path) -> None:
    clips = fill(tmp_path / ".hidden" / "clips.part", "jump/a.mp4")
    assert walk_folder(clips).files == ["jump/a.mp4"]


def test_links_are_followed_and_circles_end(tmp_path: Path) -> None:
    elsewhere = fill(tmp_path / "elsewhere", "c.mp4", "deep/d.mp4")
    clips = fill(tmp_path / "clips", "run/a.mp4")
    (clips / "jump").symlink_to(elsewhere)
    (clips / "walk").symlink_to("run")
    (clips / "run" / "b.mp4").symlink_to(elsewhere / "c.mp4")
    (clips / "run" / "gone.mp4").symlink_to("nothing")
    (clips / "run" / "self.mp4").symlink_to("self.mp4")
    (elsewhere / "deep" / "up").symlink_to(clips)
    (elsewhere / "deep" / "here").symlink_to(".")
    run = [f"run/{name}" for name in ("a.mp4", "b.mp4", "gone.mp4", "self.mp4")]
    walk = walk_folder(clips)
    assert walk.files == ["jump/c.mp4", "jump/deep/d.mp4", *run]
    assert walk.notes() == [
        "Passed over 3 linked folders that were read already: 'jump/deep/here' is 'jump/deep', "
        "'jump/deep/up' is '.', 'walk' is 'run'."
    ]


@pytest.mark.parametrize("num_folders", [2, 4, 6])
def test_folders_linked_to_each_other_are_read_once_and_said(tmp_path: Path, num_folders: int) -> None:
    labels = [f"class{number}" for number in range(num_folders)]
    clips = fill(tmp_path / "clips", *(f"{label}/{label}.mp4" for label in labels))
    for label in labels:
        for other in labels:
            if other != label:
                (clips / label / f"to-{other}").symlink_to(clips / other)
    table = read_annotations(DataConfig(data=("folder",), videos=str(clips)))
    assert table["video_id"].tolist() == [f"{label}/{label}" for label in labels]
    count = num_folders * (num_folders - 1)
    (note,) = table.attrs["notes"]
    said = (
        f"{clips}: Passed over {count} linked folders that were read already: 'class0/to-class1' is 'class1'"
    )
    assert note.startswith(said)
    found, _, notes = find_videos(clips)
    assert found == [clips / label / f"{label}.mp4" for label in labels]
    assert notes == [note.removeprefix(f"{clips}: ")]
    (clips / "class0" / "all.zip").touch()
    assert len(list(archives_in([str(clips)]))) == 1


def test_the_folder_itself_is_read_rather_than_a_link_to_it(tmp_path: Path) -> None:
    fill(tmp_path, "clips/zoo/deep/a.mp4", "elsewhere/sub/b.mp4")
    for name, target in (
        ("ape", "zoo/deep"),
        ("bee", "../elsewhere/sub"),
        ("cat", "../elsewhere"),
        ("dog", "bee"),
    ):
        (tmp_path / "clips" / name).symlink_to(target)
    walk = walk_folder(tmp_path / "clips")
    assert walk.files == ["bee/b.mp4", "zoo/deep/a.mp4"]
    assert walk.read_already == {"ape": "zoo/deep", "cat/sub": "bee", "dog": "bee"}


def test_one_file_reached_by_two_ways_is_one_file(tmp_path: Path) -> None:
    fill(tmp_path, "one/a.mp4")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    fill(tmp_path, "three/a.mp4")
    (tmp_path / "one" / "up").symlink_to(tmp_path)
    (tmp_path / "three" / "deep").mkdir()
    (tmp_path / "Three").symlink_to(tmp_path / "three" / "deep")
    assert VideoIndex(tmp_path).find(["three/none"]) is None
    for name in ("one/a", "two/a", "TWO/A", "one/up/one/a", "one/up/two/up/one/a"):
        assert VideoIndex(tmp_path).find([name]) == str(tmp_path / "one" / "a.mp4")


def test_archives_are_found_behind_links_and_not_in_litter(tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere", "all.zip")
    clips = fill(tmp_path / "clips", "__MACOSX/._all.zip", ".Trash-1000/files/old.zip")
    (clips / "linked").symlink_to(tmp_path / "elsewhere")
    assert [path for path, _ in archives_in([str(clips)])] == [str(clips / "linked" / "all.zip")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may open every folder")
def test_a_folder_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    clips = fill(tmp_path, "run/a.mp4", "jump/b.mp4")
    (clips / "jump").chmod(0)
    walk = walk_folder(clips)
    (clips / "jump").chmod(0o700)
    assert walk.files == ["run/a.mp4"]
    assert walk.notes() == ["Passed over 1 folder that cannot be opened: 'jump'."]


def test_what_is_no_clip_by_name_or_place_is_named(tmp_path: Path) -> None:
    clips = fill(tmp_path / "clips", "run/a.mp4", "jump/b.h264", "jump/c.mp4.bak", "readme.txt", "d.mp4")
    notes = read_annotations(DataConfig(data=("folder",), videos=str(clips))).attrs["notes"]
    others = "'d.mp4', 'jump/c.mp4.bak', 'readme.txt'"
    assert notes == [f"{clips}: Passed over 3 files that are no clips by name or place: {others}."]
