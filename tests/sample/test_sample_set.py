"""The built-in sample set: its tables, its files, and that nothing but order tells opposite clips apart."""

import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from videoqa.config import MAX_QUESTION_TOKENS
from videoqa.sample.files import generate_clips, plan_clips
from videoqa.sample.sample_set import (
    load_sample_table,
    sample_clip,
)
from videoqa.sample.scene import ACTIVITIES, PAIRS
from videoqa.text.vocabulary import tokenize

NUM_CLIPS = 36


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def table(home: Path) -> pd.DataFrame:
    return load_sample_table(home, num_clips=NUM_CLIPS, progress=False)


def read_all(path: str) -> np.ndarray:
    video, frames = cv2.VideoCapture(path, cv2.CAP_FFMPEG), []
    while (read := video.read())[0]:
        frames.append(read[1])
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == len(frames)
    assert video.get(cv2.CAP_PROP_FPS) == 12
    return np.stack(frames)


def test_both_clips_of_every_pair_are_the_same_frames_in_opposite_order(table: pd.DataFrame) -> None:
    pairs = table[table["pair_id"] != ""].groupby("pair_id")["video_path"].unique()
    assert len(pairs) == 3 * len(PAIRS)
    for first, second in pairs:
        frames = read_all(first)
        assert frames.shape[1:] == (96, 96, 3)
        assert np.array_equal(frames, read_all(second)[::-1])
        assert not np.array_equal(frames, frames[::-1])


def test_both_clips_of_a_pair_share_split_and_group_and_have_opposite_activities(table: pd.DataFrame) -> None:
    for (_, kind), rows in table[table["pair_id"] != ""].groupby(["pair_id", "pair_kind"]):
        assert rows["split"].nunique() == rows["group"].nunique() == rows["pair"].nunique() == 1
        assert set(rows["activity"]) == set(PAIRS[kind])
    assert table.groupby("group")["split"].nunique().max() == 1
    assert (table["pair"] == table["pair_id"]).all()


def test_order_dependent_rows_have_another_answer_in_the_opposite_clip(table: pd.DataFrame) -> None:
    paired = table[table["pair_id"] != ""]
    dependent = paired[paired["order_dependent"]]
    for _, answers in dependent.groupby(["pair_id", "question"])["answer"]:
        assert len(answers) == answers.nunique() == 2
    for _, answers in paired[~paired["order_dependent"]].groupby(["pair_id", "question_type"])["answer"]:
        assert len(answers) == 2 and answers.nunique() == 1
    assert not table.loc[table["pair_id"] == "", "order_dependent"].any()


def test_the_table_keeps_the_contract(table: pd.DataFrame) -> None:
    assert table["question_id"].is_unique
    assert set(table["split"]) == {"train", "validation", "test"}
    assert table[["start_seconds", "end_seconds"]].isna().all(axis=None)
    assert all(Path(path).is_absolute() and Path(path).is_file() for path in table["video_path"])
    assert table.attrs == {"task": "open_ended", "sources": ["sample"], "automatic_split": False}


def test_the_action_lies_inside_the_clip_and_is_mirrored_in_time(table: pd.DataFrame) -> None:
    clips = table.drop_duplicates("video_id").set_index("video_id")
    for video_id, clip in clips.iterrows():
        seconds = len(read_all(clip["video_path"])) / 12
        assert 0 <= clip["action_start_seconds"] < clip["action_end_seconds"] <= seconds
        if video_id.endswith("b.avi"):
            first = clips.loc[video_id.replace("b.avi", "a.avi")]
            assert clip["action_start_seconds"] == pytest.approx(seconds - first["action_end_seconds"])


def test_frames_move_during_the_action_only() -> None:
    clip = next(clip for clip in plan_clips(36) if clip.activity == "walking left" and clip.group.idle)
    from videoqa.sample.scripts import state_at

    places = [state_at(clip.scene, frame).x for frame in range(clip.scene.num_frames)]
    moving = np.flatnonzero(np.diff(places)) + 1
    assert clip.scene.action_start <= moving[0] and moving[-1] < clip.scene.action_end


def test_in_chinese_the_same_clips_are_asked_and_answered_in_chinese(home: Path, table: pd.DataFrame) -> None:
    chinese = load_sample_table(home, num_clips=NUM_CLIPS, language="zh", progress=False)
    same = ["video_path", "question_type", "split", "group", "activity", "order_dependent"]
    pd.testing.assert_frame_equal(chinese[same], table[same])
    assert not any(text.isascii() for text in [*chinese["question"], *chinese["answer"]])
    assert chinese["answer"].nunique() == table["answer"].nunique()
    assert not set(chinese["question_id"]) & set(table["question_id"])
    assert chinese["question"].map(tokenize).map(len).max() < MAX_QUESTION_TOKENS
    actions = load_sample_table(home, num_clips=NUM_CLIPS, task="action", language="zh")
    assert set(actions["answer"]) == set(chinese.loc[chinese["question_type"] == "activity", "answer"])


def test_action_rows_are_one_per_clip(home: Path, table: pd.DataFrame) -> None:
    actions = load_sample_table(home, num_clips=NUM_CLIPS, task="action")
    assert len(actions) == table["video_id"].nunique() == NUM_CLIPS
    assert set(actions["answer"]) == set(ACTIVITIES) and set(actions["question"]) == {""}
    assert actions.attrs["task"] == "action"


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = Path(sample_clip("loading", seed=3, folder=tmp_path / "a"))
    again = Path(sample_clip("loading", seed=3, folder=tmp_path / "b"))
    other = Path(sample_clip("loading", seed=4, folder=tmp_path / "b"))
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()


@pytest.mark.parametrize("pair", PAIRS.values())
def test_sample_clips_of_a_pair_are_opposites(pair: tuple[str, str], tmp_path: Path) -> None:
    first, second = (read_all(sample_clip(activity, seed=1, folder=tmp_path)) for activity in pair)
    assert np.array_equal(first, second[::-1])


def test_an_unknown_activity_is_refused_with_the_choices(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must be one of 'loading', 'unloading'.*Did you mean 'loading'"):
        sample_clip("loadin", folder=tmp_path)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"num_clips": 0}, "`num_clips` must be an integer of at least 1"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
        ({"language": "fr"}, "`language` must be one of 'en', 'zh'"),
        ({"task": "count"}, "`task` must be one of 'open_ended', 'action'"),
    ],
)
def test_bad_options_are_refused_before_anything_is_drawn(options: dict, match: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=match):
        load_sample_table(tmp_path, **options)
    assert not any(tmp_path.iterdir())


def test_clips_of_a_finished_set_are_not_drawn_again(home: Path, table: pd.DataFrame) -> None:
    before = {path: Path(path).stat().st_mtime_ns for path in table["video_path"]}
    load_sample_table(home, num_clips=NUM_CLIPS)
    assert before == {path: Path(path).stat().st_mtime_ns for path in before}


GENERATE = """
import sys
from videoqa.sample.sample_set import load_sample_table
load_sample_table(sys.argv[1], num_clips=2000)
"""


def test_a_killed_run_leaves_no_half_set_and_the_next_one_goes_on(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", GENERATE, str(tmp_path)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("sample/*/*.avi"))) < 8 and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill()
    child.wait()
    (unfinished,) = tmp_path.glob("sample/*")
    assert unfinished.name.endswith(".unfinished")
    whole = sorted(unfinished.glob("*.avi"))
    assert len(whole) >= 8 and all(len(read_all(str(path))) >= 36 for path in whole)


def test_what_a_killed_run_finished_is_kept(tmp_path: Path) -> None:
    clips = plan_clips(1)[:6]
    folder, unfinished = tmp_path / "set", tmp_path / "set.unfinished"
    unfinished.mkdir()
    kept = unfinished / clips[0].video_id
    kept.write_bytes(b"made before")
    (unfinished / ".99-half.avi").write_bytes(b"half")
    generate_clips(clips, folder, progress=False)
    assert sorted(path.name for path in folder.iterdir()) == sorted(clip.video_id for clip in clips)
    assert (folder / clips[0].video_id).read_bytes() == b"made before"
    assert not unfinished.exists()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "sample").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="sample"):
        load_sample_table(tmp_path, num_clips=1, progress=False)
