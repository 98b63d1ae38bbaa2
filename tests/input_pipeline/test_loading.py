"""Rows to examples: from features or kept frames, with clips that are too short."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from videoqa.config import RunConfig, run_config_from_options
from videoqa.features.frame_encoder import FrameEncoder, encode_frames
from videoqa.input_pipeline import check_some_long_enough, make_examples
from videoqa.text.answers import AnswerList
from videoqa.video.decoding import ClipRequest, decode

C3D = {"architecture": "c3d", "frame_size": (16, 16), "task": "action", "frame_step": 1}
FEATURES = {"backbone": "tiny", "frame_size": (16, 16), "task": "action", "frame_step": 1}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path / "home"))


@pytest.fixture
def table_of(tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """Return a function that writes a clip of each length and returns their rows, the last for testing."""

    def write(*lengths: int) -> pd.DataFrame:
        rows = []
        for number, length in enumerate(lengths):
            path = str(tmp_path / f"{number}.avi")
            writer = cv2.VideoWriter(path, cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"FFV1"), 10, (32, 24))
            rng = np.random.default_rng(number)
            for _ in range(length):
                writer.write(rng.integers(0, 256, (24, 32, 3), np.uint8))
            writer.release()
            rows.append((path, "train" if number < len(lengths) - 1 else "test"))
        table = pd.DataFrame(rows, columns=["video_path", "split"])
        return table.assign(start_seconds=np.nan, end_seconds=np.nan, question="", answer="a")

    return write


def config_of(options: dict, **more) -> RunConfig:
    return run_config_from_options({**options, **more})


def examples_of(table: pd.DataFrame, config: RunConfig, **options):
    return make_examples(
        table, config, vocabulary=None, answers=AnswerList(("a", "b")), progress=False, **options
    )


@pytest.mark.parametrize("options", [C3D, FEATURES], ids=["frames", "features"])
def test_clips_shorter_than_a_window_are_rows_with_an_error(table_of, options) -> None:
    config = config_of(options, num_frames=6, short_clips="skip", crop="center")
    examples, outcome = examples_of(table_of(5, 6, 9), config)
    assert examples.clip_index.tolist() == [-1, 1, 2]
    assert outcome["status"].tolist() == ["failed", "ok", "ok"]
    assert "0.avi has 5 frames in its grid, fewer than num_frames=6" in outcome["error"][0]
    check_some_long_enough(examples)
    inputs = examples.model_inputs(np.array([1]), examples.center_starts(np.array([1])))
    assert inputs[examples.clip_input].shape[:2] == (1, 6)


def test_windows_over_every_clips_length_are_refused_with_the_longest(table_of) -> None:
    examples, _ = examples_of(table_of(5, 6, 9), config_of(C3D, num_frames=10, short_clips="skip"))
    with pytest.raises(ValueError, match="`num_frames` must be at most 9, the frames of the longest clip"):
        check_some_long_enough(examples)


def test_frames_are_cropped_in_the_middle_unless_drawn(table_of) -> None:
    table = table_of(8, 8)
    config = config_of(C3D, num_frames=8, crop="random")
    examples, _ = examples_of(table, config, for_training=True)
    whole = decode(ClipRequest(table["video_path"][0]), config.sampling, frame_size=(16, 16)).frames
    shown = examples.model_inputs(np.array([0]), np.array([0]))["clip"]
    assert shown[0].tobytes() == whole.tobytes()
    drawn = examples.random_windows(np.arange(2), 0, 0)
    assert drawn.corners is not None
    scored, _ = examples_of(table, config)
    assert scored.random_windows(np.arange(2), 0, 0).corners is None, "only training draws crops"


@pytest.mark.slow
def test_only_training_rows_get_the_flipped_view_of_their_features(table_of) -> None:
    table = table_of(8, 8, 8)
    config = config_of(FEATURES, num_frames=8, flip=True)
    examples, _ = examples_of(table, config, for_training=True)
    assert [view is None for view in examples.flipped_clips] == [False, False, True]
    frames = decode(ClipRequest(table["video_path"][1]), config.sampling, frame_size=(16, 16)).frames
    expected = encode_frames(np.ascontiguousarray(frames[:, :, ::-1]), FrameEncoder(config.model))
    assert examples.flipped_clips[1].tobytes() == expected.tobytes()
    assert examples_of(table, config)[0].flipped_clips is None
