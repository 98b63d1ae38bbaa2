"""The whole annotation files of public sets, read by name."""

import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations
from videoqa.data.specs import load_spec

pytestmark = pytest.mark.real_data


def read(name, folder, **options):
    data = DataConfig(data=(name,), annotations=folder, **options)
    return read_annotations(data, with_videos=bool(data.videos))


def test_msvd_qa(real_data):
    table = read("msvd_qa", real_data / "annotations" / "msvd-qa")
    counts = {"train": 30933, "validation": 6415, "test": 13157}
    assert table["split"].value_counts().to_dict() == counts
    types = table.query("split == 'test'")["question_type"].value_counts().to_dict()
    assert types == {"what": 8149, "who": 4552, "how": 370, "when": 58, "where": 28}
    assert table.groupby("split")["video_id"].nunique().to_dict() == {
        "train": 1161,
        "validation": 245,
        "test": 504,
    }


@pytest.mark.slow
def test_activitynet_qa(real_data):
    table = read("activitynet_qa", real_data / "annotations" / "activitynet-qa")
    assert table["split"].value_counts().to_dict() == {"train": 32000, "validation": 18000, "test": 8000}
    assert table.query("split == 'test'")["question_type"].value_counts().to_dict() == {
        **{"yes/no": 2094, "other": 1499, "motion": 800, "spatial": 800, "temporal": 800},
        **{"colour": 697, "number": 606, "location": 386, "object": 318},
    }
    assert table["video_id"].nunique() == 5800


@pytest.mark.slow
@pytest.mark.parametrize("fold, counts", [(1, (9537, 3783)), (2, (9586, 3734)), (3, (9624, 3696))])
def test_ucf101(real_data, fold, counts):
    table = read("ucf101", real_data / "annotations" / "ucf101", fold=fold)
    assert tuple(table["split"].value_counts()[["train", "test"]]) == counts
    classes = table.attrs["classes"]
    label_map = (real_data / "annotations" / "ucf101" / "mmaction_label_map.txt").read_text().split()
    assert classes == label_map  # labels 0-100
    assert set(table["answer"]) == set(classes) and table["group"].nunique() == 101 * 25
    members = [label for group in load_spec("ucf101").score_groups.values() for label in group]
    assert sorted(members) == sorted(classes)


@pytest.mark.slow
def test_the_clips_that_are_there_are_found_and_the_others_counted(real_data):
    folder = real_data / "annotations" / "ucf101"
    table = read("ucf101", folder, videos=real_data / "ucf101_subset")
    assert table["split"].value_counts().to_dict() == {"train": 72, "test": 56}
    assert table.attrs["absent"] == {"train": 9537 - 72, "test": 3783 - 56}


def test_a_cut_of_three_classes_is_recognised_and_can_be_allowed(real_data):
    folder = real_data / "annotations" / "senalar-ucf3"
    with pytest.raises(ValueError, match="train 9,537, test 3,783. Received: train 290, test 104"):
        read("ucf101", folder)
    table = read("ucf101", folder, allow_other_counts=True, videos=real_data / "ucf101_subset")
    assert table.attrs["classes"] == ["BabyCrawling", "Punch", "PushUps"]
    assert set(table["answer"]) == set(table.attrs["classes"])
