"""Pictures are on show at the seconds at which a player shows them, whatever the container's clock does."""

from pathlib import Path

import av
import numpy as np
import pytest

from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.cache_keys import clip_key_parts, frames_key_parts
from videoqa.video.decoding import ClipRequest, DecodedClip, DecodingError, decode
from videoqa.video.examining import examine
from videoqa.video.sampling import regular_indices_on_show

from .coded_frames import numbers_of, write_coded

PAUSED = [*range(60), *range(200, 250)]
"""Numbers of frames, 25 per second, with a pause from 2.4 to 8 seconds."""


def every_frame(path: str, start: float | None = None, end: float | None = None) -> DecodedClip:
    return decode(ClipRequest(path, start, end), SamplingConfig(1, frame_step=1))


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory):
    """Return a function that writes the video with a pause once for each container."""
    folder, made = tmp_path_factory.mktemp("paused"), {}

    def write(kind: str) -> str:
        codec = {"webm": "libvpx", "avi": "mpeg4", "asf": "wmv2"}.get(kind, "libx264")
        if kind not in made:
            seconds = [number / 25 for number in PAUSED]
            made[kind] = write_coded(str(folder / f"paused.{kind}"), codec, PAUSED, seconds)
        return made[kind]

    return write


@pytest.mark.parametrize("kind", ["mkv", "webm", "ts", "flv", "mp4", "avi", "asf", "m2ts"])
def test_a_pause_is_no_damage(paused, kind: str) -> None:
    path = paused(kind)
    whole, after, during = every_frame(path), every_frame(path, 8, 10), every_frame(path, 3, 7)
    assert numbers_of(whole.frames) == PAUSED and whole.timestamps_seconds[-1] == pytest.approx(9.96)
    assert numbers_of(after.frames) == [*range(200, 250)] and numbers_of(during.frames) == [59]
    assert whole.status == after.status == during.status == "ok"
    found = examine(path)
    assert found["failure"] is None and found["video"]["seconds"] == pytest.approx(10)


@pytest.mark.parametrize("kind", ["mkv", "webm", "ts", "flv", "avi", "m2ts", "asf"])
def test_a_pause_with_damaged_bytes_is_damage(paused, tmp_path: Path, kind: str) -> None:
    data = bytearray(Path(paused(kind)).read_bytes())
    start, stop = int(0.45 * len(data)), int(0.75 * len(data))
    data[start:stop] = bytes(stop - start)
    damaged = tmp_path / f"damaged.{kind}"
    damaged.write_bytes(data)
    with pytest.raises(DecodingError, match="corrupt"):
        every_frame(str(damaged))


@pytest.mark.parametrize("begin", [0.15, 0.35, 0.45, 0.6, 0.65])
@pytest.mark.parametrize("share", [0.1, 0.3])
def test_zeros_in_the_few_blocks_of_a_small_asf_are_damage(
    paused, tmp_path: Path, begin: float, share: float
) -> None:
    data, damaged = bytearray(Path(paused("asf")).read_bytes()), tmp_path / "zeros.asf"
    start, length = int(begin * len(data)), int(share * len(data))
    data[start : start + length] = bytes(length)
    damaged.write_bytes(data)
    with pytest.raises(DecodingError, match="corrupt"):
        every_frame(str(damaged))


@pytest.mark.parametrize("num_b_frames", [0, 2])
def test_the_nth_picture_of_an_avi_has_the_nth_time_of_packets_with_bytes(
    tmp_path: Path, num_b_frames: int
) -> None:
    path = str(tmp_path / "null.avi")
    write_coded(path, "mpeg4", PAUSED, [number / 25 for number in PAUSED], bf=str(num_b_frames))
    with av.open(path) as container:
        ticks = [packet.dts for packet in container.demux(video=0) if packet.size]
    clip = every_frame(path)
    assert numbers_of(clip.frames) == PAUSED and max(np.diff(ticks)) > 100
    np.testing.assert_allclose(clip.timestamps_seconds, (np.sort(ticks) - ticks[0]) / 25)


def not_coded(second: int) -> bytes:
    """Return an MPEG-4 picture that only says that the one before stays, at 25 ticks a second."""
    bits = f"0101{second:05b}10".ljust(16, "1")
    return b"\0\0\1\xb6" + int(bits, 2).to_bytes(2, "big")


@pytest.mark.parametrize("kind", ["avi", "mp4", "mkv"])
def test_pictures_that_are_not_coded_are_the_one_before(tmp_path: Path, kind: str) -> None:
    steady, path = str(tmp_path / "steady.avi"), str(tmp_path / f"repeats.{kind}")
    write_coded(steady, "mpeg4", range(100), np.arange(100) / 25, g="12", mpeg_quant="0")
    with av.open(steady) as source, av.open(path, "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.size and 20 <= number < 60:
                repeat = av.Packet(not_coded(number % 25))
                repeat.pts, repeat.dts, repeat.duration = packet.pts, packet.dts, packet.duration
                repeat.time_base, packet = packet.time_base, repeat
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    clip = every_frame(path)
    assert clip.timestamps_seconds.tolist() == pytest.approx([k / 25 for k in (*range(20), *range(60, 100))])
    assert clip.status == "ok" and examine(path)["failure"] is None
    assert every_frame(path, 1, 2).indices.tolist() == [19]
    assert every_frame(path, 3, 4).timestamps_seconds.tolist() == pytest.approx(np.arange(75, 100) / 25)


@pytest.mark.parametrize("kind", ["mov", "mkv"])
def test_seconds_count_from_the_start_of_the_sound(tmp_path: Path, kind: str) -> None:
    path = str(tmp_path / f"late.{kind}")
    write_coded(path, "libx264", range(50), 1.5 + np.arange(50) / 25, sound_seconds=3)
    whole = every_frame(path)
    np.testing.assert_allclose(whole.timestamps_seconds, 1.5 + np.arange(50) / 25, atol=1e-3)
    assert (whole.frame_count, whole.status) == (50, "ok")
    assert numbers_of(every_frame(path, 2.5, 3).frames) == [*range(25, 38)]
    with pytest.raises(ValueError, match=r"come after the first picture, .* from 1\.50 seconds on"):
        every_frame(path, 0, 1)


def test_a_transport_stream_with_a_long_stretch_of_sound_before_its_pictures(tmp_path: Path) -> None:
    path = str(tmp_path / "late.ts")
    write_coded(path, "libx264", range(50), 12 + np.arange(50) / 25, sound_seconds=14)
    assert numbers_of(every_frame(path).frames) == [*range(50)]
    assert numbers_of(every_frame(path, 12.5, 13).frames) == [
        *range(11, 24)
    ]  # the sound begins 64 ms earlier


def write_gif(path: Path, levels: list[int], delays: list[int]) -> str:
    """Write even grey frames, each shown for its delay in hundredths of a second."""
    head = (
        b"GIF89a"
        + (8).to_bytes(2, "little") * 2
        + b"\xf7\0\0"
        + bytes(np.repeat(np.arange(256, dtype=np.uint8), 3))
    )
    with path.open("wb") as file:
        file.write(head)
        for level, delay in zip(levels, delays, strict=True):
            file.write(b"\x21\xf9\x04\x00" + delay.to_bytes(2, "little") + b"\0\0")
            file.write(b"\x2c\0\0\0\0" + (8).to_bytes(2, "little") * 2 + b"\0\x08")
            codes = (
                "".join(f"{code:09b}"[::-1] for pixel in range(64) for code in (256, level))
                + f"{257:09b}"[::-1]
            )
            data = bytes(int(codes[at : at + 8][::-1], 2) for at in range(0, len(codes), 8))
            file.write(bytes([len(data)]) + data + b"\0")
        file.write(b"\x3b")
    return str(path)


@pytest.mark.parametrize("num_frames", [2, 4, 8, 13])
def test_a_gif_is_sampled_by_its_delays_and_so_is_its_reverse(tmp_path: Path, num_frames: int) -> None:
    levels, delays = [*range(0, 240, 20)], [10, 10, 10, 10, 200, 10, 10, 50, 10, 10, 300, 5]
    forward = write_gif(tmp_path / "forward.gif", levels, delays)
    backward = write_gif(tmp_path / "backward.gif", levels[::-1], delays[::-1])
    clips = [decode(ClipRequest(path), SamplingConfig(num_frames)) for path in (forward, backward)]
    ends = np.cumsum(delays) / 100
    if num_frames % 2 == 0:  # the middle of the time may be where one frame follows another
        assert np.array_equal(clips[0].frames, clips[1].frames[::-1])
    moments = np.linspace(0, ends[-1], num_frames)[1:-1]
    assert clips[0].indices[1:-1].tolist() == [int(np.argmax(ends >= moment - 1e-6)) for moment in moments]
    same = decode(ClipRequest(forward, 0, ends[-1]), SamplingConfig(num_frames))
    assert np.array_equal(clips[0].frames, same.frames)


def test_frames_on_show_by_hand() -> None:
    assert regular_indices_on_show(np.array([0.0, 1.0, 9.0]), 10.0, 3).tolist() == [0, 1, 2]
    assert regular_indices_on_show(np.array([5.0, 14.0]), 15.0, 6).tolist() == [0, 0, 0, 0, 0, 1]
    assert regular_indices_on_show(np.array([0.0, 1.0]), 10.0, 6).tolist() == [0, 1, 1, 1, 1, 1]
    assert regular_indices_on_show(np.array([2.0]), 3.0, 3).tolist() == [0, 0, 0]


def test_a_clip_of_uneven_rate_and_its_reverse_give_the_same_frames(tmp_path: Path) -> None:
    seconds = np.concatenate([np.arange(60) / 30, np.arange(2, 10)])
    forward, backward = str(tmp_path / "forward.mp4"), str(tmp_path / "backward.mp4")
    write_coded(forward, "libx264", range(68), seconds)
    write_coded(backward, "libx264", range(67, -1, -1), seconds[-1] - seconds[::-1])
    for num_frames in (2, 4, 8, 20):
        found = numbers_of(decode(ClipRequest(forward), SamplingConfig(num_frames)).frames)
        assert numbers_of(decode(ClipRequest(backward), SamplingConfig(num_frames)).frames) == found[::-1]
    assert found != [round(k * 67 / 19) for k in range(20)]


def test_only_the_keys_of_files_with_other_times_change(paused, write_numbered, tmp_path: Path) -> None:
    cache, model = FeatureCache(tmp_path / "home"), ModelConfig(backbone="tiny", backbone_weights=None)

    def times_in_keys(path: str) -> list[str | None]:
        request, sampling = ClipRequest(path), SamplingConfig(4)
        features = clip_key_parts(request, sampling, model, cache)
        frames = frames_key_parts(request, sampling, (8, 8), cache, with_surplus=False)
        return [parts.get("times") for parts in (features, frames)]

    steady = write_coded(str(tmp_path / "steady.mp4"), "libx264", range(12), np.arange(12) / 25)
    even = write_gif(tmp_path / "even.gif", [1, 2, 3], [10, 10, 10])
    for path in (write_numbered(range(20)), steady, even):
        assert times_in_keys(path) == [None, None]
    late_end = write_gif(tmp_path / "uneven.gif", [1, 2, 3], [10, 10, 90])
    for path in (paused("avi"), paused("mkv"), late_end):
        assert times_in_keys(path) == ["by_packets", "by_packets"]


def test_the_last_picture_of_an_avi_stays_during_empty_chunks(tmp_path: Path) -> None:
    path = tmp_path / "tail.avi"
    numbers = [*range(60), 240]
    write_coded(str(path), "mpeg4", numbers, [number / 25 for number in numbers])
    data = bytearray(path.read_bytes())
    index = data.index(b"idx1")
    last = data.rindex(b"00dc", 0, index)
    data[last : last + 4] = b"JUNK"
    entry = data.rindex(b"00dc")
    data[entry + 12 : entry + 16] = bytes(4)
    path.write_bytes(data)
    assert numbers_of(every_frame(str(path), 8, 9).frames) == [59]
    assert numbers_of(every_frame(str(path)).frames) == [*range(60)]
    with pytest.raises(ValueError, match=r"which lasts 9\.60 seconds"):
        every_frame(str(path), 9.7, 9.9)


def test_the_last_picture_stays_as_long_as_its_packet_says(tmp_path: Path) -> None:
    whole, path = str(tmp_path / "whole.mp4"), str(tmp_path / "stays.mp4")
    write_coded(whole, "libx264", range(50), np.arange(50) / 25, bf="0")
    with av.open(whole) as source, av.open(path, "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size]
        packets[-1].duration *= 100
        for packet in packets:
            packet.stream = stream
            target.mux(packet)
    assert numbers_of(every_frame(path, 4, 5).frames) == [49]
    clip = decode(ClipRequest(path), SamplingConfig(8))
    assert clip.indices.tolist() == decode(ClipRequest(whole), SamplingConfig(8)).indices.tolist()
