"""Of which frames an answer names the times: those that the model saw."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from videoqa.answering.video_qa import VideoQA
from videoqa.config import SamplingConfig
from videoqa.saving import load_model_folder
from videoqa.video.decoding import ClipRequest, decode

NUM_FRAMES, FPS = 60, 10


@pytest.fixture
def clip(tmp_path: Path) -> str:
    """Return a lossless clip of 6 seconds of noise."""
    path, rng = str(tmp_path / "clip.avi"), np.random.default_rng(0)
    writer = cv2.VideoWriter(path, cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"FFV1"), FPS, (32, 24))
    for _ in range(NUM_FRAMES):
        writer.write(rng.integers(0, 256, (24, 32, 3), np.uint8))
    writer.release()
    return path


@pytest.fixture
def sampled(action_run: Path) -> Callable[..., VideoQA]:
    """Return a function that loads a model of windows of 8 frames that is asked about other grids."""

    def load(**options: object) -> VideoQA:
        folder = load_model_folder(action_run)
        sampling = SamplingConfig(8, **options)
        return VideoQA(replace(folder, config=replace(folder.config, sampling=sampling)))

    return load


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "indices"),
    [
        ({}, [0, 8, 17, 25, 34, 42, 51, 59]),
        ({"frame_step": 2}, [22, 24, 26, 28, 30, 32, 34, 36]),
        ({"frames_per_second": 4}, [20, 22, 25, 27, 30, 32, 35, 37]),
        (
            {"frames_per_second": 4, "num_test_clips": 2},
            [0, 2, 5, 7, 10, 12, 15, 17, 40, 42, 45, 47, 50, 52, 55, 57],
        ),
        ({"frame_step": 5, "num_test_clips": 3}, [2, 7, 12, 17, 22, 27, 32, 37, 42, 47, 52, 57]),
        ({"frames_per_second": 1, "short_clips": "loop"}, [0, 10, 20, 30, 40, 50]),
        ({"frames_per_second": 1}, [0, 10, 20, 30, 40, 50]),
        ({"frames_per_second": 20}, [28, 29, 30, 31]),
    ],
    ids=["regular", "step", "rate", "two windows", "windows overlap", "looped", "repeated", "shown twice"],
)
def test_the_times_are_those_of_the_windows(sampled, clip, options: dict, indices: list[int]) -> None:
    answer = sampled(**options).ask(clip)
    assert answer.timestamps_seconds == pytest.approx(np.array(indices) / FPS)


@pytest.mark.slow
def test_a_blind_model_sees_no_frame(question_run: Path, clip: str) -> None:
    blind = load_model_folder(question_run).blind
    assert VideoQA(blind).ask(clip, "is he waving?").timestamps_seconds == ()


@pytest.mark.slow
def test_an_array_needs_a_rate_where_the_model_takes_frames_by_time(sampled, clip: str) -> None:
    model = sampled(frames_per_second=4)
    frames = decode(ClipRequest(clip), SamplingConfig(NUM_FRAMES)).frames
    with pytest.raises(ValueError, match="`fps` must be given for frames without times"):
        model.ask(frames)
    with pytest.raises(ValueError, match="`fps` must be a number from 0.001 to 1000"):
        model.ask(frames, fps=0)
    with pytest.raises(ValueError, match="`fps` must be None for a file"):
        model.ask(clip, fps=FPS)
    assert model.ask(frames, fps=FPS).alternatives == model.ask(clip).alternatives
