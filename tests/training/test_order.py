"""`pretrain="order"`: the model starts from a video branch that has learned forwards or backwards."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa._manifest import MANIFEST, read_json
from videoqa.config import run_config_from_options
from videoqa.input_pipeline import Examples, training_batches
from videoqa.saving import load_model_folder
from videoqa.training.checkpoints import STATE, Checkpoint
from videoqa.training.order import both_ways_scores, in_words
from videoqa.training.order_clips import clips_both_ways

RATE = 0.01


def draw_brightening_clips(folder: Path) -> None:
    """Write clips that get brighter, 8 for training and 3 for validation, with two questions about each."""
    folder.mkdir()
    lines = ["video,question,answer,split"]
    for number in range(11):
        path, split = f"{number}.avi", "train" if number < 8 else "val"
        fourcc = cv2.VideoWriter.fourcc(*"FFV1")
        writer = cv2.VideoWriter(str(folder / path), cv2.CAP_FFMPEG, fourcc, 10, (32, 24))
        for step in range(8):
            writer.write(np.full((24, 32, 3), 20 + 25 * step + number, np.uint8))
        writer.release()
        lines.append(f"{path},is it even?,{'no' if number % 2 else 'yes'},{split}")
        lines.append(f"{path},is it odd?,{'yes' if number % 2 else 'no'},{split}")
    (folder / "questions.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def run(small_options: dict, made_once: Callable[..., Path]) -> Path:
    """Return the folder of a question model that began with the order, with a checkpoint of every step."""
    options = {
        **small_options, "pretrain": "order", "pretrain_epochs": 5, "epochs": 1, "learning_rate": RATE,
        "checkpoint_steps": 1, "keep_checkpoints": 99,
    }  # fmt: skip
    data = made_once("brightening", draw_brightening_clips) / "questions.csv"
    return made_once("order", lambda out: videoqa.train(data, out=out, **options))


def stopped_after(run: Path, name: str, out: Path) -> Path:
    """Return a copy of a run as it was after one of its checkpoints."""
    shutil.copytree(run, out, ignore=shutil.ignore_patterns(MANIFEST, "*.json", "*.h5", "evaluation"))
    shutil.rmtree(out / "checkpoints")
    (out / "checkpoints").mkdir()
    shutil.copytree(run / "checkpoints" / name, out / "checkpoints" / name)
    return out


def checkpoint(run: Path, phase: str) -> Checkpoint:
    """Return the newest checkpoint of a phase, or of all."""
    names = sorted(path.name for path in (run / "checkpoints").glob(f"{phase}*"))
    path = run / "checkpoints" / names[-1]
    return Checkpoint(path, read_json(path / STATE)["state"])


def test_the_figures_are_of_the_validation_clips_both_ways(run: Path) -> None:
    figures = load_model_folder(run).metrics["order"]
    assert (figures["num_training_clips"], figures["num_clips"], figures["num_still_clips"]) == (8, 3, 0)
    assert figures["accuracy"] == 1 and figures["both_right"] == 1 and figures["is_used"]
    assert len(figures["history"]) == 5 and figures["best_epoch"] in range(1, 6)
    best = figures["history"][figures["best_epoch"] - 1]
    assert best["val_accuracy"] == pytest.approx(figures["accuracy"])
    assert (run / "logs" / "order" / "epochs.csv").exists()


def test_the_model_starts_from_the_branch_that_learned_the_order(run: Path) -> None:
    learned = checkpoint(run, "0-order").arrays("best")[:3]  # kernel, recurrent kernel and bias of the LSTM
    first = Checkpoint(run / "checkpoints" / "1-model-000000001", {}).arrays("model")
    begun = Checkpoint(run / "checkpoints" / "0-order-000000001", {}).arrays("model")[:3]
    for weights in learned:
        same = [each for each in first if each.shape == weights.shape]
        # Adam's first step moves no weight by more than the learning rate.
        assert min(np.abs(each - weights).max() for each in same) <= RATE * 1.001
    assert max(np.abs(a - b).max() for a, b in zip(learned, begun, strict=True)) > RATE


@pytest.mark.numeric
def test_a_run_stopped_within_the_order_ends_bit_for_bit_as_a_whole_one(run: Path, tmp_path: Path) -> None:
    out = stopped_after(run, "0-order-000000003", tmp_path / "stopped")
    again = videoqa.train(out=out, resume=True, progress=False)
    for group in ("model", "optimizer", "best"):
        ours, theirs = (checkpoint(each, "").arrays(group) for each in (out, run))
        assert [array.tobytes() for array in ours] == [array.tobytes() for array in theirs]
    figures = load_model_folder(run).metrics["order"]
    shown = ("accuracy", "accuracy_interval", "both_right", "best_epoch", "num_clips", "is_used")
    assert [again.metrics["order"][name] for name in shown] == [figures[name] for name in shown]


def test_the_figures_stay_with_a_run_that_is_stopped_later(run: Path) -> None:
    states = {phase: checkpoint(run, phase).state for phase in ("0-order", "1-model")}
    assert "order" not in states["0-order"]
    assert states["1-model"]["order"] == load_model_folder(run).metrics["order"]


def test_there_is_no_model_to_finish_before_it_has_begun(run: Path, tmp_path: Path) -> None:
    out = stopped_after(run, "0-order-000000010", tmp_path / "stopped")
    with pytest.raises(ValueError, match=r"`finish` must .* forwards or backwards has been learned: go on"):
        videoqa.train(out=out, resume=True, finish=True, progress=False)


REFUSED = [
    (
        {"video_branch": "mean"},
        r"`video_branch` must be a branch that can learn the order.*'mean'. These can: 'lstm',",
    ),
    ({"video_branch": "none"}, r"`video_branch` must be a branch that can learn the order.*'none'"),
    ({"num_frames": 1}, r"`num_frames` must be at least 2 with pretrain='order'.*num_frames=1"),
    (
        {"architecture": "conv_lstm"},
        r"`pretrain` must be left out with conv_lstm: it names the action in each frame",
    ),
    (
        {"pretrain": None, "pretrain_epochs": 3},
        r"`pretrain_epochs` must be left out without pretrain='order'",
    ),
    ({"pretrain": "colour"}, r"`pretrain` must be .*'order'.*'colour'"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=lambda each: str(each)[:30])
def test_what_cannot_learn_an_order_is_refused(options: dict, message: str, tmp_path: Path) -> None:
    given = {"pretrain": "order", "progress": False, **options}
    with pytest.raises(ValueError, match=message):
        videoqa.train("labels.csv", out=tmp_path / "run", **given)
    assert not (tmp_path / "run").exists()


def test_an_earlier_model_and_the_order_are_not_joined(
    run: Path, small_set: Path, small_options: dict
) -> None:
    options = {**small_options, "pretrain": "order", "initial_model": run}
    with pytest.raises(ValueError, match="`pretrain` must be left out with initial_model"):
        videoqa.train(small_set / "questions.csv", out=run.parent / "refused", **options)


def rows_of(clips: list[np.ndarray], index: list[int], splits: list[str]) -> tuple[pd.DataFrame, Examples]:
    """Return a table and its rows, each with a question of two words."""
    table = pd.DataFrame({"split": splits, "group": [f"group {place}" for place in index]})
    tokens = np.ones((len(index), 2), np.int32)
    answers = np.arange(len(index), dtype=np.int32) + 5
    return table, Examples(clips, np.array(index), tokens, answers, 3)


MOVING = [np.array([[1.0], [1], [2]], np.float16), np.array([[4.0], [5], [6]], np.float16)]
STILL = np.full((3, 1), 7, np.float16)
CONFIG = run_config_from_options({"data": ("sample",), "pretrain": "order"})


def test_each_clip_comes_once_each_way_and_still_ones_not_at_all() -> None:
    clips = [*MOVING, STILL, MOVING[0] + 9]
    table, examples = rows_of(clips, [1, 0, 1, 2, 3, 0], ["train"] * 4 + ["validation", "train"])
    found = clips_both_ways(table, examples, CONFIG)
    assert found.training.clip_index.tolist() == [1, 0, 1, 0]
    assert found.training.answer_ids.tolist() == [0, 0, 1, 1]
    assert found.training.token_ids is None and found.num_still == 1
    assert (found.validation.clip_index.tolist(), found.groups.tolist()) == ([3, 3], ["group 3"])
    shown = found.training.model_inputs(np.arange(4), np.zeros(4, np.int64))["features"][..., 0]
    assert shown.tolist() == [[4, 5, 6], [1, 1, 2], [6, 5, 4], [2, 1, 1]]


def test_of_mirrored_clips_forwards_stays_forwards() -> None:
    table, examples = rows_of(MOVING, [0, 1], ["train", "train"])
    flips = {"flip": True, "flipped_clips": MOVING, "mirrored_ids": np.array([7, 8], np.int32)}
    found = clips_both_ways(table, replace(examples, **flips), CONFIG).training
    for epoch in range(4):
        (batch,) = training_batches(found, seed=0, epoch=epoch, batch_size=4)
        rises = batch["inputs"]["features"][:, -1, 0] > batch["inputs"]["features"][:, 0, 0]
        assert batch["answer_ids"].tolist() == np.where(rises, 0, 1).tolist()


def test_clips_whose_flow_is_the_same_in_reverse_are_left_out() -> None:
    """Played backwards, a clip that goes there and back has its frames and its flow as before."""
    # of each frame: a feature, the flow from the frame before, and from the frame after
    there_and_back = np.float32([[1, 0, -3], [2, 3, 3], [1, -3, 0]])
    only_there = np.float32([[1, 0, -3], [1, 3, -3], [1, 3, 0]])
    table, examples = rows_of([there_and_back, only_there], [0, 1], ["train", "train"])
    found = clips_both_ways(table, replace(examples, num_flow=1), CONFIG)
    assert found.training.clip_index.tolist() == [1, 1] and found.num_still == 1


def test_short_clips_that_go_round_are_left_out() -> None:
    """Of 0 1 2 3 0 1 and, backwards, 1 0 3 2 1 0, the jump tells which is which; of 0 1 2 0 1 2 not."""
    clips = [np.arange(length, dtype=np.float16)[:, None] for length in (4, 3, 6, 9)]
    table, examples = rows_of(clips, [0, 1, 2, 3, 0], ["train"] * 4 + ["validation"])
    looped = replace(examples, num_frames=6, short_clips="loop")
    found = clips_both_ways(table, looped, CONFIG)
    assert found.training.clip_index.tolist() == [1, 2, 3] * 2 and len(found.validation) == 0
    assert (found.num_round, found.num_still) == (1, 0)
    table, examples = rows_of(clips, [0], ["train"])
    with pytest.raises(
        ValueError, match="looks the same backwards, or is shorter than a window and goes round"
    ):
        clips_both_ways(table, replace(examples, num_frames=6, short_clips="loop"), CONFIG)


def test_clips_without_motion_alone_are_refused() -> None:
    table, examples = rows_of([STILL, MOVING[0]], [0, 1], ["train", "validation"])
    with pytest.raises(ValueError, match="`pretrain` must .* every training clip looks the same backwards"):
        clips_both_ways(table, examples, CONFIG)


def test_scores_by_hand() -> None:
    forwards, backwards = [0.9, 0.8, 0.1], [0.2, 0.7, 0.4]  # of "forwards": right, right, wrong; r, wrong, r
    of_forwards = np.array([*forwards, *backwards])
    scores = both_ways_scores(np.column_stack([of_forwards, 1 - of_forwards]), ["a", "b", "c"], seed=0)
    assert (scores["accuracy"], scores["both_right"]) == (4 / 6, 1 / 3)
    low, high = scores["accuracy_interval"]
    assert low < 0.5 < high


def test_words_say_when_it_is_no_more_than_a_guess() -> None:
    told = {"num_clips": 9, "accuracy": 0.7, "both_right": 0.5, "accuracy_interval": [0.6, 0.8]}
    figures = {**told, "is_used": True}
    assert in_words(figures) == (
        "Forwards or backwards: 70.0% right on 9 validation clips shown both ways (95 % interval 60.0% to "
        "80.0%; guessing gives 50 %), both ways right for 50.0%."
    )
    assert "no proof of more than a guess" in in_words({**figures, "accuracy_interval": [0.49, 0.8]})
    assert in_words({**figures, "is_used": False}).endswith("the model starts from fresh weights.")
    assert "stays open: there is no validation clip" in in_words({"num_clips": 0})
