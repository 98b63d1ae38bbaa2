"""Files that lost frames to damage are refused, whichever way the frames are chosen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodingError, decode

WAYS = [SamplingConfig(8), SamplingConfig(8, frames_per_second=4)]


@pytest.mark.parametrize("sampling", WAYS, ids=["frames", "seconds"])
@pytest.mark.parametrize(
    ("name", "codec", "share", "message"),
    [
        ("cut.mp4", "libx264", 0.6, "the file is cut short: [0-9,]+ bytes of [0-9,]+"),
        ("cut.mkv", "libx264", 0.6, r"the file is cut short: .* \(frames read: [0-9]+ of 60 announced\)"),
        ("cut.avi", "mpeg4", 0.6, r"the file is cut short: .* \(frames read: [0-9]+ of 60 announced\)"),
        ("cut.mkv", "libsvtav1", 0.6, r"the file is cut short: .* \(frames read: [0-9]+ of 60 announced\)"),
        ("cut.gif", "gif", 0.6, "the GIF is cut short"),
    ],
)
def test_a_truncated_video(
    write_noisy: Callable[..., str],
    sampling: SamplingConfig,
    name: str,
    codec: str,
    share: float,
    message: str,
) -> None:
    path = Path(write_noisy(name, codec, 60))
    assert decode(ClipRequest(str(path)), sampling).frame_count == 60
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(DecodingError, match=message):
        decode(ClipRequest(str(path)), sampling)


@pytest.mark.parametrize("sampling", WAYS, ids=["frames", "seconds"])
@pytest.mark.parametrize(
    ("name", "codec"),
    [("hole.mp4", "libx264"), ("hole.mkv", "libx264"), ("hole.avi", "mpeg4"), ("hole.gif", "gif")],
)
def test_a_video_with_a_hole_of_zeros(
    write_noisy: Callable[..., str], sampling: SamplingConfig, name: str, codec: str
) -> None:
    path = Path(write_noisy(name, codec, 60))
    data = bytearray(path.read_bytes())
    start, stop = int(0.4 * len(data)), int(0.7 * len(data))
    data[start:stop] = bytes(stop - start)
    path.write_bytes(data)
    with pytest.raises(DecodingError, match=r"corrupt|cannot be"):
        decode(ClipRequest(str(path)), sampling)


def test_a_video_that_lost_its_last_few_frames_is_used_and_says_so(write_noisy: Callable[..., str]) -> None:
    path = Path(write_noisy("cut.avi", "mpeg4", 60))
    data = path.read_bytes()
    index_start = data.index(b"idx1")
    path.write_bytes(data[: int(0.96 * index_start)])
    clip = decode(ClipRequest(str(path)), SamplingConfig(8))
    assert clip.status == "short_header" and 54 <= clip.frame_count < 60
