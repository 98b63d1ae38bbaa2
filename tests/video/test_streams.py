"""Transport streams that begin anywhere, and pictures without a container or in those of cameras."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodingError, choose_decoder, decode

TIMES = [40 * index for index in range(30)]


def greys(path: str, start: float | None = None, end: float | None = None) -> list[int]:
    """Return the numbers that the grey levels of the sampled frames stand for."""
    clip = decode(ClipRequest(path, start, end), SamplingConfig(8))
    return [round(float(frame.mean()) / 8) for frame in clip.frames]


@pytest.mark.parametrize("num_bytes", [1, 100, 187, 188 + 50])
@pytest.mark.parametrize("lead", [0, 4], ids=["188", "192"])
def test_a_transport_stream_that_begins_inside_a_packet(
    write_encoded: Callable[..., str], num_bytes: int, lead: int
) -> None:
    path = Path(write_encoded("clip.m2ts" if lead else "clip.ts", "mpeg2video", TIMES, g="5"))
    data = path.read_bytes()
    assert data[lead] == data[lead + 188 + lead] == 0x47
    path.write_bytes(data[num_bytes:])
    clip = decode(ClipRequest(str(path)), SamplingConfig(8))
    first = 30 - clip.frame_count  # pictures before the next key frame may be lost
    assert first in (0, 5) and [round(float(frame.mean()) / 8) for frame in clip.frames][-1] == 29


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("clip.h264", "libx264", {}),
        ("clip.hevc", "libx265", {"x265-params": "log-level=none"}),
        ("clip.mxf", "mpeg2video", {}),
    ],
)
def test_streams_without_a_container_and_of_cameras(
    write_encoded: Callable[..., str], name: str, codec: str, options: dict[str, str]
) -> None:
    path = write_encoded(name, codec, TIMES, **options)
    assert choose_decoder(path) == "pyav"
    assert greys(path) == [0, 4, 8, 12, 17, 21, 25, 29]
    assert greys(path, 0.4, 0.8) == [10, 11, 13, 14, 15, 16, 18, 19]


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\x12\x00\x0a\x0b", "a raw AV1 stream"),
        (b"\x00\x00\x01\xb0\x01", "a raw MPEG-4 stream"),
        (b"\x00\x00\x01\x00\x00\x00\x01\x20", "a raw MPEG-4 stream"),
        (b"\x00\x00\x01\x00\x79", "a raw VVC stream"),
        (b"\x00\x0aSMJPEG", "an SMJPEG file"),
    ],
)
def test_what_is_not_read_comes_with_the_command_that_wraps_it(
    tmp_path: Path, head: bytes, what: str
) -> None:
    path = tmp_path / "a clip.bin"
    path.write_bytes(head + bytes(200))
    with pytest.raises(
        DecodingError, match=rf"it is {what}.*: ffmpeg -i '.*a clip.bin' -c copy '.*a clip.mkv'"
    ):
        decode(ClipRequest(str(path)), SamplingConfig(8))


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["a.ts", "cut_in_packet.ts", "empty_first.ts"])
def test_recorded_transport_streams(real_data: Path, name: str) -> None:
    folder = real_data / "field" / "transport_stream"
    clip = decode(ClipRequest(str(folder / name)), SamplingConfig(8))
    assert clip.frame_count == 50
    assert np.array_equal(clip.frames, decode(ClipRequest(str(folder / "a.ts")), SamplingConfig(8)).frames)
