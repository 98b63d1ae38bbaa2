"""Lossless files written here come back pixel by pixel: the right frames, in order, upright, in RGB."""

import pickle
from collections.abc import Callable

import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.video.decoding import STATUSES, ClipRequest, DecodingError, decode
from videoqa.video.frame_pass import FramePass
from videoqa.video.probing import decoder_names, probe
from videoqa.video.sampling import regular_indices


def numbers_of(frames: np.ndarray) -> list[int]:
    """Return the number each frame carries, having checked that it is evenly coloured as RGB."""
    assert frames.dtype == np.uint8
    assert (frames[..., 0] == frames[:, :1, :1, 0]).all() and (frames[..., 1] == frames[:, :1, :1, 1]).all()
    return (frames[:, 0, 0, 0] + 256 * frames[:, 0, 0, 1].astype(int)).tolist()


@pytest.mark.parametrize("length", [1, 2, 7, 19, 20, 21, 63, 300])
def test_exactly_the_regular_frames_come_back(write_numbered: Callable[..., str], length: int) -> None:
    clip = decode(ClipRequest(write_numbered(range(length))), SamplingConfig())
    assert numbers_of(clip.frames) == regular_indices(length, 20).tolist() == clip.indices.tolist()
    assert clip.frames.shape == (20, 48, 64, 3)
    assert (clip.frames[:, :24, :32, 2] == 200).all() and not clip.frames[:, 24:, :, 2].any()
    np.testing.assert_allclose(clip.timestamps_seconds, clip.indices / 10)
    assert (clip.frame_count, clip.fps, clip.status) == (length, 10.0, "ok")
    assert clip.decoder == decoder_names()["opencv"]


@pytest.mark.parametrize("codec", ["FFV1", "MJPG"])
@pytest.mark.parametrize("length", [33, 40])
def test_a_clip_and_its_reverse_give_the_same_frames_in_opposite_order(
    write_numbered: Callable[..., str], codec: str, length: int
) -> None:
    numbers = list(range(0, 5 * length, 5))
    forward = decode(ClipRequest(write_numbered(numbers, "forward.avi", codec)), SamplingConfig())
    backward = decode(ClipRequest(write_numbered(numbers[::-1], "backward.avi", codec)), SamplingConfig())
    assert np.array_equal(forward.frames, backward.frames[::-1])
    assert len(np.unique(forward.indices)) == 20


def test_a_grid_of_every_third_frame(write_numbered: Callable[..., str]) -> None:
    clip = decode(ClipRequest(write_numbered(range(25))), SamplingConfig(4, frame_step=3))
    assert numbers_of(clip.frames) == [0, 3, 6, 9, 12, 15, 18, 21, 24]


@pytest.mark.parametrize(
    ("start", "end", "first", "stop"),
    [
        (1.0, 3.0, 10, 30),
        (1.05, 2.95, 11, 30),
        (None, 2.0, 0, 20),
        (3.2, None, 32, 50),
        (4.5, 5.8, 45, 50),
        (2.01, 2.05, 20, 21),
        (0, 0.01, 0, 1),
        (4.95, 4.99, 49, 50),
    ],
)
def test_a_segment_is_the_frames_from_start_to_before_end(
    write_numbered: Callable[..., str], start: float | None, end: float | None, first: int, stop: int
) -> None:
    clip = decode(ClipRequest(write_numbered(range(50)), start, end), SamplingConfig(6))
    assert numbers_of(clip.frames) == (first + regular_indices(stop - first, 6)).tolist()
    assert clip.frame_count == stop - first and clip.status == "ok"
    np.testing.assert_allclose(clip.timestamps_seconds, clip.indices / 10)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (5.0, None, r"`start_seconds` must lie within the video, which lasts 5\.00 seconds\. Received"),
        (99, 100, r"`start_seconds` must lie within the video, which lasts 5\.00 seconds"),
        (1.0, 6.2, r"`end_seconds` must lie within the video, which lasts 5\.00 seconds"),
    ],
)
def test_a_segment_outside_the_video_is_refused_naming_its_duration(
    write_numbered: Callable[..., str], start: float, end: float | None, message: str
) -> None:
    path = write_numbered(range(50))
    with pytest.raises(ValueError, match=message):
        decode(ClipRequest(path, start, end), SamplingConfig(6))


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (2.0, 2.0, "`end_seconds` must be after start_seconds=2.0. Received: end_seconds=2.0"),
        (-1.0, None, "`start_seconds` must be a number of at least 0"),
        (float("nan"), None, "`start_seconds` must be a number"),
        ("1", None, "`start_seconds` must be a number"),
    ],
)
def test_segments_that_are_none_are_refused(start: object, end: float | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ClipRequest("clip.avi", start, end)  # type: ignore[arg-type]


@pytest.mark.parametrize("announced", [0, -1, 1, 29, 31, 45, 300, 1_000_000, 2**31 - 1])
@pytest.mark.parametrize("sampling", [SamplingConfig(), SamplingConfig(8), SamplingConfig(4, frame_step=2)])
def test_a_wrong_header_count_is_corrected_by_counting(
    write_numbered: Callable[..., str],
    set_avi_frame_count: Callable[[str, int], None],
    announced: int,
    sampling: SamplingConfig,
) -> None:
    path = write_numbered(range(30))
    right = decode(ClipRequest(path), sampling)
    set_avi_frame_count(path, announced)
    corrected = decode(ClipRequest(path), sampling)
    assert (
        right.status == "ok"
        and corrected.status == "short_header"
        and {"ok", "short_header"} == set(STATUSES)
    )
    assert corrected.frame_count == 30
    assert numbers_of(corrected.frames) == numbers_of(right.frames)


def test_the_pass_stops_after_the_last_wanted_frame(write_numbered: Callable[..., str]) -> None:
    done = FramePass(probe(write_numbered(range(60))), np.array([3, 3, 17]), None)
    assert sorted(done.frames) == [3, 17] and len(done.timestamps) == 18 and not done.ended


def test_frames_are_resized_while_decoding(write_numbered: Callable[..., str]) -> None:
    clip = decode(ClipRequest(write_numbered(range(30))), SamplingConfig(), frame_size=(24, 24))
    assert clip.frames.shape == (20, 24, 24, 3)
    assert clip.frames[:, 0, 0, 0].tolist() == clip.indices.tolist()


def test_the_error_says_path_cause_and_frames_and_survives_pickling() -> None:
    error = DecodingError("a.mp4", "the file is corrupt", 28, 50)
    assert str(error) == "Cannot decode 'a.mp4': the file is corrupt (frames read: 28 of 50 announced)."
    again = pickle.loads(pickle.dumps(error))
    assert (again.path, again.cause, again.frames_read, again.frames_announced) == (
        "a.mp4",
        "the file is corrupt",
        28,
        50,
    )
    assert str(DecodingError("a.mp4", "it is empty")) == "Cannot decode 'a.mp4': it is empty."
