"""Named sets read from rows written by hand in the form of the public files."""

import pytest

from videoqa.config import DataConfig
from videoqa.data.annotations import read_annotations
from videoqa.data.specs import load_spec


def test_msvd_qa_ids_become_paths_by_number_or_by_the_mapping_file(msvd):
    table = msvd.read()
    assert table["split"].tolist() == ["train", "train", "validation", "test"]
    assert table["video_id"].tolist() == ["vid1", "vid2", "vid3", "vid4"]
    names = [path.removeprefix(f"{msvd.videos}/") for path in table["video_path"]]
    assert names == ["-4wsuPCjDBc_5_15.avi", "vid2.mp4", "deep/VID3.AVI", "abc_1_2.avi"]
    assert table["question_id"].tolist() == [f"msvd_qa:{number}" for number in range(4)]
    assert table["answer"].tolist() == ["cook"] * 4 and table["question_type"].tolist() == ["what"] * 4
    assert "video_absent" not in table


def test_activitynet_qa_is_joined_and_its_types_have_names(activitynet):
    table = activitynet.read()
    assert table["question_type"].tolist() == ["yes/no", "motion", "number"]
    assert table["question_id"].tolist()[0] == "activitynet_qa:v_aaa_1"
    assert table["video_id"].tolist() == ["v_aaa", "v_bbb", "v_ccc"]
    assert all(path.endswith(".mkv") for path in table["video_path"])
    free = table.attrs["score_groups"]["free"]
    assert free == ["yes/no", "colour", "object", "location", "number", "other"]


def test_the_order_of_the_rows_of_two_joined_files_does_not_matter(activitynet):
    question = {"video_name": "aaa", "question": "is it red"}
    activitynet.write("train_q.json", [question | {"question_id": key} for key in ("k1", "k2")])
    activitynet.write(
        "train_a.json", [{"answer": key, "type": 8, "question_id": key} for key in ("k2", "k1")]
    )
    assert activitynet.read().query("split == 'train'")["answer"].tolist() == ["k1", "k2"]


@pytest.mark.parametrize("fold, group", [(None, "g01"), (1, "g01"), (2, "g08"), (3, "g15")])
def test_ucf101_folds(ucf, fold, group):
    table = ucf.read(fold=fold)
    assert table["split"].value_counts().to_dict() == {"train": 6, "test": 3}
    assert set(table.query("split == 'test'")["group"]) == {
        f"{label}/{group}" for label in ("Archery", "HandstandPushups", "YoYo")
    }
    assert table.attrs["classes"] == ["Archery", "HandstandPushups", "YoYo"]
    assert table.attrs["task"] == "action" and set(table["question"]) == {""}


def test_ucf101_clips_lie_in_one_folder_or_in_folders_of_classes(ucf):
    spelled = ucf.read().query("answer == 'HandstandPushups'")
    assert spelled["video_path"].iloc[0].endswith("HandstandPushups/v_HandStandPushups_g08_c01.avi")
    for path in sorted(ucf.videos.rglob("*.avi")):
        path.rename(ucf.videos / path.name)
    assert len(ucf.read()) == 9


def test_the_five_class_groups_of_ucf101_hold_each_of_its_classes_once():
    groups = load_spec("ucf101").score_groups
    labels = [label for members in groups.values() for label in members]
    assert [len(members) for members in groups.values()] == [20, 16, 5, 10, 50]
    assert len(set(labels)) == len(labels) == 101


def test_any_line_ends_will_do(ucf):
    lines = (ucf.lists / "trainlist01.txt").read_bytes().decode().split("\r\n")
    ucf.write("trainlist01.txt", f"{lines[0]}\n{lines[1]}\r\n\r\n" + "\r".join(lines[2:]))
    assert len(ucf.read()) == 9


def test_hmdb51_takes_the_splits_from_the_numbers_in_its_lines(small_hmdb):
    table = small_hmdb.read()
    assert table["answer"].tolist() == ["brush_hair", "brush_hair", "climb_stairs", "climb_stairs"]
    assert table["split"].tolist() == ["train", "test", "train", "test"]
    films = ["brush_hair/film_brush_hair", "brush_hair/other_brush_hair"]
    assert table["group"].tolist() == [*films, "climb_stairs/a_climb_stairs", "climb_stairs/b_climb_stairs"]
    assert table.attrs["classes"] == ["brush_hair", "climb_stairs"]
    assert small_hmdb.read(fold=2)["split"].tolist() == ["test", "train"]


@pytest.fixture
def small_hmdb(ucf):
    """Return two classes as HMDB51 has them; the third number says a clip is not used."""
    made = type(ucf)(ucf.lists.parent / "hmdb", "hmdb51")
    clips = {
        "brush_hair": ["film_brush_hair_u_nm_np1_ba_goo_0", "other_brush_hair_h_cm_np2_le_med_1", "x"],
        "climb_stairs": ["a_climb_stairs_f_cm_np1_ba_bad_3", "b_climb_stairs_f_cm_np1_ba_bad_12", "x"],
    }
    for label, names in clips.items():
        lines = [f"{name}.avi {number} " for name, number in zip(names, (1, 2, 0), strict=True)]
        made.write(f"{label}_test_split1.txt", "\n".join(lines) + "\n")
        made.add_videos(*(f"{label}/{name}.avi" for name in names))
    made.write("brush_hair_test_split2.txt", f"{clips['brush_hair'][0]}.avi 2\n")
    made.write("climb_stairs_test_split2.txt", f"{clips['climb_stairs'][0]}.avi 1\n")
    return made


def test_a_folder_of_class_folders_is_a_set(ucf):
    table = read_annotations(DataConfig(data=("folder",), videos=ucf.videos))
    assert table["answer"].value_counts().to_dict() == {"Archery": 3, "HandstandPushups": 3, "YoYo": 3}
    assert table.attrs["automatic_split"] and table["group"].nunique() == 9
    assert set(table["split"]) == {"train", "validation", "test"}


def test_folders_called_like_splits_hold_the_class_folders(tmp_path, ucf):
    for split, group in (("Train", "01"), ("val", "08"), ("test", "15")):
        for path in sorted(ucf.videos.glob(f"*/*_g{group}_*.avi")):
            target = tmp_path / "mine" / split / path.parent.name / "deeper" / path.name
            target.parent.mkdir(parents=True)
            path.rename(target)
    table = read_annotations(DataConfig(data=("folder",), videos=tmp_path / "mine"))
    assert table["split"].value_counts().to_dict() == {"train": 3, "validation": 3, "test": 3}
    assert set(table["answer"]) == {"Archery", "HandstandPushups", "YoYo"}


def test_some_classes_can_be_kept_in_the_order_wanted(ucf):
    table = ucf.read(classes=("YoYo", "Archery"))
    assert set(table["answer"]) == {"YoYo", "Archery"}
    assert (table.attrs["classes"], table.attrs["num_listed_classes"]) == (["YoYo", "Archery"], 3)
    typed = ucf.read(classes=("yoyo", "\N{FULLWIDTH LATIN CAPITAL LETTER A}rchery"))
    assert typed.attrs["classes"] == ["YoYo", "Archery"] and typed.equals(table)


def test_the_limit_comes_last(ucf):
    table = ucf.read(classes=("YoYo",), limit=1)
    assert table["answer"].tolist() == ["YoYo", "YoYo"]


def test_rows_without_a_video_are_left_out_and_counted(ucf):
    for path in ucf.videos.glob("YoYo/*"):
        path.unlink()
    table = ucf.read()
    assert len(table) == 6 and table.attrs["absent"] == {"train": 2, "test": 1}
    everything = ucf.read(with_videos=False)
    assert len(everything) == 9 and everything.attrs["absent"] == {}


def test_a_name_that_two_clips_share_means_the_file_at_its_own_path(ucf):
    ucf.write("classInd.txt", "1 Archery\n2 YoYo\n")
    ucf.write("trainlist01.txt", "Archery/clip1.avi 1\nYoYo/clip1.avi 2\nYoYo/clip3.avi 2\n")
    ucf.write("testlist01.txt", "YoYo/clip2.avi\n")
    ucf.add_videos("Archery/clip1.mp4", "elsewhere/clip2.mp4", "YoYo/clip3.mp4")
    table = ucf.read()
    assert table["video_id"].tolist() == ["Archery/clip1", "YoYo/clip3", "YoYo/clip2"]
    assert table["video_path"].iloc[2] == str(ucf.videos / "elsewhere" / "clip2.mp4")


def test_only_the_splits_that_are_needed_need_videos(ucf):
    for path in ucf.videos.glob("*/*"):
        if "_g01_" not in path.name:
            path.unlink()
    data = DataConfig(data=("ucf101",), annotations=ucf.lists, videos=ucf.videos, allow_other_counts=True)
    table = read_annotations(data, needed_splits=("test",))
    assert len(table) == 3 and table.attrs["absent"] == {"train": 6}


def test_classes_may_come_from_any_source(ucf, tmp_path):
    (tmp_path / "more.csv").write_text("video,label,split\nmine.avi,Juggling,train\n")
    data = (ucf.name, str(tmp_path / "more.csv"))
    table = ucf.read(data=data, videos=(ucf.videos, tmp_path), classes=("Juggling", "YoYo"))
    assert set(table["answer"]) == {"Juggling", "YoYo"} and table.attrs["num_listed_classes"] == 4


def test_folders_may_be_named_once_or_once_for_each_set(msvd, activitynet):
    data = (msvd.name, activitynet.name)
    table = read_annotations(
        DataConfig(
            data=data,
            annotations=(msvd.lists, activitynet.lists),
            videos=(msvd.videos, activitynet.videos),
            allow_other_counts=True,
        )
    )
    assert len(table) == 7 and table.attrs["sources"] == list(data)
    assert [str(msvd.videos) in path for path in table["video_path"]] == [True] * 4 + [False] * 3
    for name in ("lists", "videos"):
        for path in sorted(getattr(activitynet, name).iterdir()):
            path.rename(getattr(msvd, name) / path.name)
    options = {"annotations": msvd.lists, "videos": msvd.videos.parent, "allow_other_counts": True}
    assert len(read_annotations(DataConfig(data=data, **options))) == 7


def test_a_set_and_a_file_of_ones_own_are_joined(ucf, tmp_path):
    (tmp_path / "more.csv").write_text("video,label,split\nmine.avi,YoYo,train\n")
    data = (ucf.name, str(tmp_path / "more.csv"))
    table = ucf.read(data=data, videos=(ucf.videos, tmp_path))
    assert len(table) == 10 and table["video_path"].iloc[-1] == str(tmp_path / "mine.avi")
    assert table["group"].iloc[-1] == "mine.avi"


@pytest.mark.parametrize("pattern", ["", "group_pattern = '_(g77)?'\n"])
def test_a_description_of_ones_own(ucf, tmp_path, pattern):
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\ntitle = "t"\ntasks = ["action"]\nformat = "class_lists"\nlicence = ""\n'
        f'homepage = ""\ncitation = ""\n{pattern}'
        '[files]\ntrain = ["classInd.txt", "trainlist01.txt"]\ntest = ["classInd.txt", "testlist01.txt"]\n'
        "[counts]\ntrain = 6\ntest = 3\n"
    )
    table = ucf.read(data=(str(tmp_path / "mine.toml"),), allow_other_counts=False)
    assert len(table) == 9 and table["group"].tolist() == table["video_id"].tolist()
