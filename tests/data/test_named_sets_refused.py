"""Files of named sets that cannot be right: each refused by line, row or count."""

import pandas as pd
import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations


@pytest.mark.parametrize(
    "lines, message",
    [
        (
            "Archery/v_Archery_g08_c01.avi 4",
            "`label` must be 1, the number of 'Archery'.*label='4'.*line 1 of",
        ),
        ("Archery/v_Archery_g08_c01.avi 2", "`label` must be 1.*label='2'"),
        ("Archery/v_Archery_g08_c01.avi 0", "`label` must be 1.*label='0'"),
        ("\r\nFencing/v_Fencing_g08_c01.avi 1", "`class` must be one of 'Archery'.*line 2 of .*trainlist01"),
        ("v_Archery_g08_c01.avi 1", "`class` must be one of 'Archery'"),
        (
            "Archery/v_Archery_g01_c01.avi 1",
            "No clip of ucf101 must be in training and in test.*Archery/v_Archery_g01_c01",
        ),
        (
            "Archery/v_Archery_g01_c02.avi 1",
            "No group of ucf101 must be in training and in test.*Archery/g01",
        ),
        (
            "YoYo/v_YoYo_g08_c01.avi 3\n\nYoYo\\v_YoYo_g08_c01.avi 3",
            "`clip` must have one line in .*trainlist01.txt. Received: clip='YoYo/v_YoYo_g08_c01'. "
            "It stands in line 1 and in line 3",
        ),
        ("", "trainlist01.txt must not be empty"),
    ],
)
def test_wrong_lists_are_refused(ucf, lines, message):
    ucf.write("trainlist01.txt", lines)
    with pytest.raises(ValueError, match=message):
        ucf.read()


@pytest.mark.parametrize(
    "content, message",
    [
        ("0 Archery\n", "numbered from 1, each class once. Received: line 1, '0 Archery'"),
        ("1 Archery\n3 YoYo\n", "Received: line 2, '3 YoYo'"),
        ("1 Archery\n2 Archery\n", "Received: line 2, '2 Archery'"),
        ("Archery\n", "Received: line 1, 'Archery'"),
    ],
)
def test_a_wrong_list_of_classes_is_refused(ucf, content, message):
    ucf.write("classInd.txt", content)
    with pytest.raises(ValueError, match=message):
        ucf.read()


def test_text_that_is_no_utf_8_is_refused(ucf):
    (ucf.lists / "trainlist01.txt").write_bytes(b"Archery/v_Archery_g08_c01.avi 1\r\nYoYo/\xff.avi 3\r\n")
    with pytest.raises(ValueError, match="trainlist01.txt must be UTF-8 text; line 2 has a byte"):
        ucf.read()


def test_another_release_is_told_by_its_counts(ucf, msvd):
    expected = "ucf101, split 2 must have .*train 9,586, test 3,734. Received: train 6, test 3, in .*lists"
    with pytest.raises(ValueError, match=f"{expected}.*--allow-other-counts"):
        ucf.read(fold=2, allow_other_counts=False)
    with pytest.raises(ValueError, match="train 30,933, validation 6,415, test 13,157. Received: train 2,"):
        msvd.read(allow_other_counts=False, classes=())


def test_counts_are_checked_before_any_filter(ucf):
    with pytest.raises(ValueError, match="Received: train 6, test 3"):
        ucf.read(allow_other_counts=False, classes=("YoYo",), limit=1)


@pytest.mark.parametrize(
    "lines, message",
    [
        ("a.avi 3\n", "`split number` must be one of '0', '1', '2'.*line 1 of .*run_test"),
        (
            "a.avi 1\nb.avi 2\na.avi 0\n",
            "`clip` must have one line in .*run_test_split1.txt.*'run/a'.*line 1 and in line 3",
        ),
    ],
)
def test_wrong_files_of_classes_are_refused(ucf, lines, message):
    made = type(ucf)(ucf.lists.parent / "hmdb", "hmdb51")
    made.write("run_test_split1.txt", lines)
    with pytest.raises(ValueError, match=message):
        made.read()


def test_a_group_in_training_and_in_validation_is_refused(tmp_path):
    for path in ("train/YoYo/a_g01_c01.avi", "val/YoYo/b_g01_c02.avi", "val/YoYo/b_g02_c02.avi"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    with pytest.raises(
        ValueError, match="No group of folder must be in training and in validation.*YoYo/g01"
    ):
        read_annotations(DataConfig(data=("folder",), videos=tmp_path))


def test_annotation_files_that_are_not_there(ucf, msvd):
    with pytest.raises(
        ValueError, match="`annotations` must name the folder of ucf101's files.*data show ucf101"
    ):
        ucf.read(annotations=())
    with pytest.raises(FileNotFoundError, match="`annotations` must be an existing directory"):
        ucf.read(annotations=ucf.lists / "none")
    with pytest.raises(FileNotFoundError, match="classInd.txt.* It lies in '.*lists': name that folder"):
        ucf.read(annotations=ucf.lists.parent)
    with pytest.raises(FileNotFoundError, match="classInd.txt.* Get the set's files from https://"):
        ucf.read(annotations=msvd.lists)
    with pytest.raises(FileNotFoundError, match=r"\*_test_split1.txt.* Get the set's files from"):
        ucf.read(data=("hmdb51",))


def test_videos_that_are_not_there(ucf, msvd):
    with pytest.raises(ValueError, match="`videos` must name the folder of the videos of ucf101"):
        ucf.read(videos=())
    with pytest.raises(ValueError, match="must hold videos of ucf101, such as .*It holds 4 other videos"):
        ucf.read(videos=msvd.videos)
    with pytest.raises(ValueError, match="`videos` must name the folder that holds one folder of clips"):
        read_annotations(DataConfig(data=("folder",)), with_videos=False)
    for path in ucf.videos.glob("*/*_g01_*"):
        path.unlink()
    with pytest.raises(ValueError, match="No row of the split 'test' has a video: all 3 are absent, such as"):
        ucf.read()


def test_a_folder_without_class_folders_is_refused(msvd):
    for path in msvd.videos.rglob("*.AVI"):
        path.unlink()
    with pytest.raises(ValueError, match="`videos` must hold one folder of clips per class"):
        read_annotations(DataConfig(data=("folder",), videos=msvd.videos))


def test_sets_of_different_tasks_are_not_mixed_silently(ucf, msvd):
    folders = {"annotations": (ucf.lists, msvd.lists), "videos": (ucf.videos, msvd.videos)}
    with pytest.raises(
        ValueError, match=r"must hold rows of one task. Received: action \(9 rows\), open_ended"
    ):
        ucf.read(data=("ucf101", "msvd_qa"), **folders)
    kept = ucf.read(data=("ucf101", "msvd_qa"), task="open_ended", **folders)
    assert len(kept) == 4 and kept.attrs["left_out"] == {"action": 9}


@pytest.mark.parametrize(
    "options, message",
    [
        ({"fold": 4}, "`fold` must be one of the official splits of ucf101, 1 to 3. Received: fold=4"),
        ({"classes": ("Archer",)}, "`classes` must be one of 'Archery'.*Did you mean 'Archery'"),
        ({"annotations": ("a", "b")}, "`annotations` must be given once, or once for each of the 1 sources"),
        ({"videos": ("a", "b", "c")}, "`videos` must be given once, or once for each"),
    ],
)
def test_options_that_do_not_fit_are_refused(ucf, options, message):
    with pytest.raises(ValueError, match=message):
        ucf.read(**options)


def test_a_fold_of_ones_own_file_is_refused(tmp_path):
    (tmp_path / "my.csv").write_text("video,label\na.avi,x\n")
    with pytest.raises(ValueError, match="`fold` must be left out: no named set is among the data"):
        read_annotations(DataConfig(data=(str(tmp_path / "my.csv"),), fold=2))


def test_folders_for_a_set_and_a_table_are_refused(ucf):
    table = pd.DataFrame({"video": ["a.avi"], "label": ["YoYo"], "split": ["train"]})
    data = DataConfig(data=("ucf101",), annotations=ucf.lists, videos=(ucf.videos, ucf.lists))
    with pytest.raises(ValueError, match="`videos` must be given once where DataFrames stand among files"):
        read_annotations(data, tables=[table])


def test_classes_of_questions_are_refused(msvd):
    with pytest.raises(ValueError, match="`classes` must be left out: only actions have classes"):
        msvd.read(classes=("cook",))
