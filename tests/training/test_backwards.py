"""Training rows shown backwards with the opposite answer, and mirrored with the mirrored one."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.config import LaunchConfig, run_config_from_options
from videoqa.evaluation.rows import rows_to_score
from videoqa.input_pipeline import Examples, training_batches
from videoqa.launching.job import Job
from videoqa.saving import load_model_folder
from videoqa.text.answers import AnswerList
from videoqa.training.backwards import find_backwards_rows, say_undeclared_mirrors
from videoqa.training.drawn_examples import NOT_LEARNED, draw_examples
from videoqa.training.fingerprint import fingerprint
from videoqa.training.memory import Replicas
from videoqa.training.preparing import PreparedData, prepare_data
from videoqa.training.request import read_request
from videoqa.training.resuming import check_same_run


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    (tmp_path / "pairs.csv").write_text("label,opposite\nloading,unloading\n")
    return tmp_path / "pairs.csv"


def prepared(data: Any, small_options: dict[str, Any], **options: Any) -> PreparedData:
    chosen = {**small_options, **options}
    del chosen["progress"]
    return prepare_data(read_request(Job((data,), chosen, LaunchConfig())))


def test_training_rows_with_an_opposite_are_shown_backwards_too(small_set, small_options, pairs, capsys):
    data = prepared(str(small_set / "questions.csv"), small_options, reverse_labels=pairs)
    said = capsys.readouterr().err
    assert "8 of 24 training rows are shown backwards too, with the opposite answer." in said
    rows, examples = data.split("train")
    assert len(rows) == len(examples) == 24
    assert examples.backwards is None
    assert data.split("validation")[1].backwards is None
    shown = data.shown_in_training(data.examples)
    assert shown.backwards.tolist() == [False] * 24 + [True] * 8
    answers = np.array(data.answers.answers)
    turned = rows[rows["answer"].isin(["loading", "unloading"])]
    assert answers[shown.answer_ids[24:]].tolist() == turned["opposite"].tolist()
    assert answers[shown.answer_ids[24:26]].tolist() == ["unloading", "loading"]
    # Of a drawn pair each clip is the other one backwards.
    ends = np.full(32, 0)
    seen = shown.model_inputs(np.arange(32), ends)["features"]
    assert np.array_equal(seen[24], seen[2])
    assert np.array_equal(seen[25], seen[0])


def test_the_hash_of_the_data_has_the_opposites(small_set, small_options, pairs):
    plain = prepared(str(small_set / "labels.csv"), small_options)
    turned = prepared(str(small_set / "labels.csv"), small_options, reverse_labels=pairs)
    assert plain.hashes["data"] != turned.hashes["data"]
    assert plain.hashes["answers"] == turned.hashes["answers"]
    assert len(plain.backwards.rows) == 0
    assert plain.shown_in_training(plain.examples).backwards is None


def test_an_answer_may_be_learned_from_clips_played_backwards_alone(small_set, small_options, pairs, capsys):
    table = pd.read_csv(small_set / "labels.csv")
    table["video"] = [str(small_set / video) for video in table["video"]]
    table = table[(table["label"] != "unloading") | (table["split"] != "train")]
    data = prepared(table, small_options, reverse_labels=pairs)
    said = capsys.readouterr().err
    assert "Learned from clips turned round alone: unloading." in said
    assert "cannot give" not in said
    assert set(data.answers.answers) == {"loading", "unloading", "waving"}
    assert (data.shown_in_training(data.examples).answer_ids >= 0).all()


def test_an_answer_that_no_clip_shows_either_way_is_told(small_set, small_options, pairs, capsys):
    table = pd.read_csv(small_set / "labels.csv")
    table["video"] = [str(small_set / video) for video in table["video"]]
    table = table[(table["label"] != "unloading") | (table["split"] != "train")]
    prepared(table, small_options, reverse_labels=pairs, num_frames=1)
    said = capsys.readouterr().err
    assert "Learned from no clip, so the model cannot know it: unloading." in said
    assert "turned round alone" not in said


def test_a_bag_of_frames_is_said_to_see_each_clip_with_both_answers(small_set, small_options, pairs, capsys):
    data, options = str(small_set / "labels.csv"), {"video_branch": "mean", "reverse_labels": pairs}
    prepared(data, small_options, **options)
    note = "video_branch='mean' does not see the order of the frames"
    assert note in capsys.readouterr().err
    prepared(data, small_options, **options, motion="difference")
    assert note not in capsys.readouterr().err


def test_pairs_of_which_no_label_is_kept_are_told(small_set, small_options, pairs, capsys):
    prepared(
        str(small_set / "labels.csv"), small_options, reverse_labels=pairs, classes=("loading", "waving")
    )
    assert "No row is shown backwards: none has an answer with an opposite." in capsys.readouterr().err


TABLE = pd.DataFrame(
    {
        "split": ["train"] * 5 + ["validation"],
        "question": "",
        "answer": ["left", "right", "left", "left", "wave", "left"],
        "opposite": ["right", "left", "right", "right", "", "right"],
        "mirrored": ["right", "left", "right", "right", "", "right"],
    }
)
MOVING = np.arange(4, dtype=np.float16)[:, None]


def examples_of(clips: list[np.ndarray], num_frames: int = 4, **options: Any) -> Examples:
    ids = np.array([0, 1, 0, 0, 2, 0], np.int32)
    return Examples(clips, np.arange(6), None, ids, num_frames, **options)


def test_clips_that_look_the_same_backwards_are_not_shown_so():
    still, there_and_back = np.ones((4, 1), np.float16), np.float16([[1], [2], [2], [1]])
    clips = [MOVING, MOVING[:1], still, there_and_back, MOVING, MOVING]
    found = find_backwards_rows(TABLE, examples_of(clips), AnswerList(("left", "right", "wave")))
    assert (found.rows.tolist(), found.answer_ids.tolist(), found.num_still) == ([0], [1], 3)
    of_one_frame = examples_of(clips, num_frames=1)
    found = find_backwards_rows(TABLE, of_one_frame, AnswerList(("left", "right", "wave")))
    assert (found.rows.tolist(), found.num_still) == ([], 4)


def test_a_mirrored_window_has_the_mirrored_answer():
    rows = np.array([0, 4])
    mirrored = np.array([1, 0, 1, 1, 2, 1], np.int32)
    examples = examples_of([MOVING] * 6, flip=True, flipped_clips=[-MOVING] * 6, mirrored_ids=mirrored)
    table = TABLE.iloc[rows].reset_index(drop=True)
    found = find_backwards_rows(table, examples.select(rows), AnswerList(("left", "right", "wave")))
    shown = found.appended(examples.select(rows), np.arange(2))
    assert shown.mirrored_ids.tolist() == [1, 2, 0]
    seen = set()
    for epoch in range(8):
        for batch in training_batches(shown, seed=0, epoch=epoch, batch_size=2):
            for clip, answer in zip(batch["inputs"]["features"], batch["answer_ids"], strict=True):
                seen.add((bool(clip.sum() < 0), bool(abs(clip[0, 0]) > abs(clip[-1, 0])), int(answer)))
    # (mirrored, backwards, answer): left and right change places each time.
    left = {(False, False, 0), (True, False, 1), (False, True, 1), (True, True, 0)}
    assert seen == left | {(False, False, 2), (True, False, 2)}


@pytest.mark.parametrize(
    ("answer", "mirrored", "says"),
    [("turn_left", "", True), ("turn_left", "turn_right", False), ("leftovers, brightly", "", False)],
)
def test_a_flip_of_left_and_right_without_a_mirrored_answer_is_said(answer, mirrored, says, capsys):
    rows = pd.DataFrame({"question": ["", ""], "answer": [answer, "wave"], "mirrored": [mirrored, ""]})
    say_undeclared_mirrors(rows, run_config_from_options({"flip": True, "data": "a.csv"}), True)
    said = (
        "1 training row speaks of left or right, such as 'turn_left', and half of their windows are mirrored"
    )
    assert (said in capsys.readouterr().err) == says
    say_undeclared_mirrors(rows, run_config_from_options({"data": "a.csv"}), True)
    assert capsys.readouterr().err == ""


def test_mirrored_labels_without_flips_are_refused(small_set, pairs):
    job = Job((str(small_set / "labels.csv"),), {"mirror_labels": pairs}, LaunchConfig())
    with pytest.raises(
        ValueError, match="`mirror_labels` must be left out unless windows are mirrored.*--flip"
    ):
        read_request(job)


def test_a_blind_model_is_not_shown_rows_backwards(small_set, small_options, pairs, capsys):
    options = {"video_branch": "none", "reverse_labels": pairs}
    data = prepared(str(small_set / "questions.csv"), small_options, **options)
    assert len(data.backwards.rows) == 0
    assert "No row is shown backwards: the model sees no video." in capsys.readouterr().err


@pytest.mark.parametrize("architecture", ["c3d", "conv_lstm"])
def test_frames_are_shown_backwards_and_mirrored_as_the_sheet_draws_them(
    small_set, pairs, architecture, tmp_path
):
    mirrored = tmp_path / "mirrored.csv"
    mirrored.write_text("label,opposite\nloading,waving\n")
    options = {
        "architecture": architecture, "num_frames": 6, "frames_per_second": 8.0, "frame_size": (36, 36),
        "flip": True, "batch_size": 6, "reverse_labels": pairs, "mirror_labels": mirrored,
    }  # fmt: skip
    request = read_request(Job((str(small_set / "labels.csv"),), options, LaunchConfig(), progress=False))
    data = prepare_data(request, progress=False)
    shown = data.shown_in_training(data.examples)
    (batch,) = training_batches(shown, seed=0, epoch=1, batch_size=len(shown))
    drawn = draw_examples(request, 100, 1)
    assert drawn.num_rows == len(shown) == len(drawn.examples) == 20
    for place, example in enumerate(drawn.examples):
        frames = batch["inputs"]["clip"][place]
        assert np.array_equal(example.frames, frames[: len(example.frames)])
        assert np.all(np.diff(example.timestamps_seconds) < 0) == example.is_backwards
        known = batch["weights"][place] > 0
        answer = data.answers.answers[batch["answer_ids"][place]] if known else NOT_LEARNED
        assert example.row["answer"] == answer
    assert {(each.is_backwards, each.is_flipped) for each in drawn.examples} == {
        (back, flip) for back in (False, True) for flip in (False, True)
    }


def test_workers_compare_what_the_files_say_and_not_where_they_are(small_set, pairs, tmp_path):
    shutil.copy(pairs, tmp_path / "other.csv")
    (tmp_path / "fewer.csv").write_text("label,opposite\nloading,waving\n")
    options = {"architecture": "c3d", "num_frames": 4, "frame_size": (32, 32), "batch_size": 8}
    requests, found = [], []
    for name in ("pairs.csv", "other.csv", "fewer.csv"):
        chosen = {**options, "reverse_labels": tmp_path / name}
        requests.append(read_request(Job((str(small_set / "labels.csv"),), chosen, LaunchConfig())))
        replicas = Replicas(num_workers=2, is_first_local=not found)
        found.append(prepare_data(requests[-1], replicas, progress=False))
    first, same, other = (fingerprint(request, data) for request, data in zip(requests, found, strict=True))
    assert first == same
    assert first != other
    shown = [data.shown_in_training(data.examples) for data in found[:2]]
    one, two = (next(training_batches(each, seed=1, epoch=2, batch_size=8)) for each in shown)
    assert np.array_equal(one["answer_ids"], two["answer_ids"])
    assert np.array_equal(one["inputs"]["clip"], two["inputs"]["clip"])
    saved = {"config": dataclasses.asdict(requests[0].config), "hashes": found[0].hashes}
    check_same_run(saved, requests[1].config, found[1].hashes)
    with pytest.raises(ValueError, match="hash of the data="):
        check_same_run(saved, requests[2].config, found[2].hashes)


@pytest.mark.slow
def test_a_model_knows_its_opposites_without_their_file(small_set, quick_options, pairs, tmp_path):
    own = Path(shutil.copy(small_set / "labels.csv", tmp_path))
    options = {**quick_options, "epochs": 1, "videos": small_set, "reverse_labels": pairs}
    run = videoqa.train(own, out=tmp_path / "run", **options)
    opposites = {"reversed": {"loading": "unloading", "unloading": "loading"}, "mirrored": {}}
    assert run.metrics["opposites"] == load_model_folder(run.out).opposites == opposites
    assert (run.metrics["num_train_rows"], run.metrics["num_backwards_rows"]) == (12, 8)
    pairs.unlink()
    rows = rows_to_score(load_model_folder(run.out), None, "test", {})
    assert rows.loc[rows["split"] == "test", "opposite"].tolist() == ["unloading", "loading", ""]
    assert videoqa.evaluate(run.out, progress=False)["num_rows"] == 3
