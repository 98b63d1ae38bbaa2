"""The picture of what training draws, against the batches that training makes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.cli.main import main
from videoqa.config import LaunchConfig
from videoqa.input_pipeline import training_batches
from videoqa.launching.job import Job
from videoqa.training.drawn_examples import DrawnEpoch, draw_examples
from videoqa.training.preparing import prepare_data
from videoqa.training.request import Request, read_request
from videoqa.video._opencv import cv2

FROM_FRAMES = {"architecture": "c3d", "num_frames": 4, "frames_per_second": 4.0}


@pytest.fixture
def table(small_set: Path, tmp_path: Path) -> pd.DataFrame:
    """Return labels of drawn clips, and between them three rows that training leaves out."""
    rows = pd.read_csv(small_set / "labels.csv").query("split != 'test'")
    rows["video"] = [str(small_set / video) for video in rows["video"]]
    broken = tmp_path / "broken.avi"
    broken.write_bytes(b"no video")
    bad = pd.DataFrame({
        "video": ["missing.avi", str(broken), rows["video"].iloc[0]], "label": "waving", "split": "train",
        "start_seconds": [np.nan, np.nan, 100.0],
    })  # fmt: skip
    return pd.concat([rows.iloc[:4], bad, rows.iloc[4:]], ignore_index=True)


def asked_for(table: object, **options: object) -> Request:
    return read_request(Job(data=(table,), options=options, launch=LaunchConfig(), progress=False))


@pytest.mark.parametrize(
    "options",
    [
        {"crop": "random", "flip": True, "frame_size": (32, 48)},
        {"short_clips": "loop", "num_frames": 16, "frame_size": (32, 32)},
        {"short_clips": "skip", "num_frames": 12, "seed": 5, "frame_size": (32, 32)},
    ],
    ids=["crops and flips", "loop", "skip"],
)
def test_frames_are_those_of_the_first_batch(table: pd.DataFrame, options: dict) -> None:
    request = asked_for(table, **{**FROM_FRAMES, "batch_size": 2, **options})
    epoch = 3
    drawn = draw_examples(request, 100, epoch)
    data = prepare_data(request, progress=False)
    rows, examples = data.split("train")
    assert drawn.num_rows == len(rows) == len(drawn.examples)
    assert set(drawn.failures.values()) and len(drawn.failures) == data.num_dropped
    seed = request.config.training.seed
    (batch,) = training_batches(examples, seed=seed, epoch=epoch, batch_size=len(rows))
    answers = data.answers.answers
    for place, example in enumerate(drawn.examples):
        assert np.array_equal(example.frames, batch["inputs"]["clip"][place])
        assert example.row["answer"] == answers[batch["answer_ids"][place]]
        assert len(example.timestamps_seconds) == len(example.frames)
    assert any(example.is_flipped for example in drawn.examples) == options.get("flip", False)
    assert drawn.examples[0].frames.shape[1:3] == options["frame_size"]


def test_windows_of_features_are_those_of_training(table: pd.DataFrame) -> None:
    options = {"backbone": "tiny", "frame_step": 2, "num_frames": 5, "flip": True, "seed": 7}
    drawn = draw_examples(asked_for(table, **options), 6, 1)
    assert len(drawn.examples) == 6
    for example in drawn.examples:
        rng = np.random.default_rng([7, 1, example.number])
        assert example.start == rng.integers(0, example.grid_length - 5 + 1)
        assert example.is_flipped == (rng.random() < 0.5)
        assert example.frames.shape == (5, 96, 96, 3) and example.corner is None
    assert {example.is_flipped for example in drawn.examples} == {True, False}
    plain = draw_examples(asked_for(table, **{**options, "flip": False}), 6, 1)
    for one, other in zip(drawn.examples, plain.examples, strict=True):
        frames = one.frames[:, :, ::-1] if one.is_flipped else one.frames
        assert np.array_equal(frames, other.frames) and one.number == other.number


def test_only_training_rows_are_drawn(small_set: Path) -> None:
    data = str(small_set / "questions.csv")
    drawn: DrawnEpoch = draw_examples(asked_for(data, backbone="tiny"), 100, 0)
    assert drawn.num_rows == 24 and {example.row["split"] for example in drawn.examples} == {"train"}
    again = draw_examples(asked_for(data, backbone="tiny"), 3, 0)
    assert [each.number for each in again.examples] == [each.number for each in drawn.examples[:3]]


def test_the_picture_has_a_strip_for_each(small_set: Path, tmp_path: Path, capfd) -> None:
    out = tmp_path / "sheet.png"
    data = ["--data", str(small_set / "questions.csv"), "--backbone", "tiny", "--num-frames", "24"]
    assert main(["sheet", *data, "--training", "--num-clips", "2", "--flip", "--out", str(out)]) == 0
    assert capfd.readouterr().out == f"2 examples of 24 training rows written to {out}.\n"
    image = cv2.imread(str(out))
    line, tile = 16, 96 + 22 + 4
    assert image.shape[0] == (2 * line + 8) + 2 * ((2 * line + 8) + 2 * tile + 4), "two rows of ten frames"
    assert image.shape[1] == 10 * (96 + 4) + 4
    assert (image[:40] < 128).any() and (image[44:76] < 128).any(), "a title and a label"


def test_what_is_left_out_is_said(table: pd.DataFrame, tmp_path: Path, capfd) -> None:
    sheet = videoqa.training_sheet(table, num_clips=50, out=tmp_path / "a.png", backbone="tiny", num_frames=4)
    assert (sheet.num_examples, sheet.num_rows, sheet.num_left_out) == (12, 12, 3)
    said = capfd.readouterr().err
    assert "Training would leave out 3 clips: " in said
    assert "missing.avi (The video is not there.)" in said and "broken.avi (" in said


def test_what_is_refused(small_set: Path, tmp_path: Path, capfd) -> None:
    data = small_set / "labels.csv"
    with pytest.raises(ValueError, match="`out` must end in one of .png"):
        videoqa.training_sheet(data, out=tmp_path / "a.gif")
    with pytest.raises(FileNotFoundError, match="`out` must lie in an existing folder"):
        videoqa.training_sheet(data, out=tmp_path / "no" / "a.png")
    for name, value in (("num_clips", 0), ("num_clips", 101), ("epoch", -1)):
        with pytest.raises(ValueError, match=f"`{name}` must be an integer"):
            videoqa.training_sheet(data, **{name: value})
    with pytest.raises(ValueError, match="`video_branch` must be one that sees the video"):
        videoqa.training_sheet(small_set / "questions.csv", video_branch="none", out=tmp_path / "a.png")
    (tmp_path / "no.avi").write_bytes(b"no video")
    two = pd.DataFrame({"video": [str(tmp_path / "no.avi")] * 2, "label": ["a", "b"], "split": "train"})
    with pytest.raises(
        ValueError, match=r"No training row has a video that can be read. The first is .*no.avi"
    ):
        videoqa.training_sheet(two, out=tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
    for words, message in (
        (["a.mp4", "--training"], "`VIDEO` must be left out with --training"),
        (["--training"], "`--data` is missing"),
        (["--training", "--html"], "must not both be given"),
        (["a.mp4", "--out", "a.png", "--epoch", "1"], "It is used with --training."),
        (["--data", "a.csv", "--out", "a.png"], "It is used with --training."),
        ([], "`VIDEO` is missing"),
    ):
        assert main(["sheet", *words]) == 2
        assert message in capfd.readouterr().err
