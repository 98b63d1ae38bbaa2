"""Files that one decoder or the other cannot read: the choice is made by what the file is."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodedClip, choose_decoder, decode
from videoqa.video.interlacing import h264_allows_fields
from videoqa.video.probing import decoder_names, probe
from videoqa.video.readers import READERS

STEADY = [40 * index for index in range(30)]
INTERLACED = {"flags": "+ildct+ilme"}


def decode_path(path: str) -> DecodedClip:
    return decode(ClipRequest(path), SamplingConfig(8))


def grey_of(clip: DecodedClip) -> list[int]:
    """Return the index that each grey frame shows, 8 grey levels apart."""
    assert (clip.frames.std(axis=(1, 2, 3)) < 2).all()
    return np.round(clip.frames.mean(axis=(1, 2, 3)) / 8).astype(int).tolist()


@pytest.mark.parametrize(
    ("name", "codec", "options", "decoder"),
    [
        ("plain.mp4", "libx264", {}, "opencv"),
        ("plain.mkv", "libx264", {}, "opencv"),
        ("plain.mov", "mpeg4", {}, "opencv"),
        ("plain.webm", "libvpx-vp9", {"deadline": "realtime"}, "opencv"),
        ("plain.ts", "libx264", {}, "opencv"),
        ("plain.flv", "libx264", {}, "opencv"),
        ("av1.mp4", "libsvtav1", {"preset": "12"}, "pyav"),
        ("av1.mkv", "libsvtav1", {"preset": "12"}, "pyav"),
        ("interlaced.mp4", "libx264", INTERLACED, "pyav"),
        ("interlaced.mkv", "libx264", INTERLACED, "pyav"),
        ("interlaced.mov", "mpeg4", INTERLACED, "pyav"),
        ("interlaced.mkv", "mpeg2video", INTERLACED, "pyav"),
    ],
)
def test_the_decoder_is_chosen_by_what_the_file_is_and_gives_the_right_pictures(
    write_encoded: Callable[..., str], name: str, codec: str, options: dict[str, str], decoder: str
) -> None:
    path = write_encoded(name, codec, STEADY, **options)
    clip = decode_path(path)
    assert choose_decoder(path) == decoder and clip.decoder == decoder_names()[decoder]
    assert clip.frame_count == 30
    assert grey_of(clip) == clip.indices.tolist() == [0, 4, 8, 12, 17, 21, 25, 29]
    np.testing.assert_allclose(clip.timestamps_seconds, clip.indices / 25, atol=0.002)


def test_opencv_would_answer_interlaced_video_with_wrong_pictures(write_encoded: Callable[..., str]) -> None:
    """The reason for the choice; should this fail one day, OpenCV has learned it."""
    info = probe(write_encoded("interlaced.mp4", "libx264", STEADY, **INTERLACED))
    grey = [retrieve().mean() / 8 for _, retrieve in READERS["opencv"](info)]
    assert len(grey) == 30 and np.abs(np.array(grey) - np.arange(30)).max() > 5


@pytest.mark.parametrize("name", ["varying.mp4", "varying.mkv"])
@pytest.mark.parametrize("codec", ["libx264", "libsvtav1"])
def test_a_varying_rate_is_sampled_by_timestamp_within_a_segment(
    write_encoded: Callable[..., str], name: str, codec: str
) -> None:
    # ten frames 40 ms apart, then one every 400 ms: 0..360 ms, 760, 1160, ... 4360 ms
    times = [40 * index for index in range(10)] + [360 + 400 * index for index in range(1, 11)]
    path = write_encoded(name, codec, times)
    clip = decode(ClipRequest(path, 0.3, 4.0), SamplingConfig(4))
    # inside are frames 8 (320 ms) to 18 (3960 ms); regular times are 320, 1533, 2747, 3960 ms
    assert clip.indices.tolist() == grey_of(clip) == [8, 12, 15, 18]
    np.testing.assert_allclose(clip.timestamps_seconds, [0.32, 1.56, 2.76, 3.96], atol=0.002)
    assert clip.frame_count == 11 and clip.status == "ok"


@pytest.mark.parametrize("codec", ["libx264", "libsvtav1"])
def test_a_segment_between_two_frames_is_the_frame_on_show(
    write_encoded: Callable[..., str], codec: str
) -> None:
    path = write_encoded("slow.mp4", codec, [1000 * index for index in range(5)])
    clip = decode(ClipRequest(path, 2.2, 2.6), SamplingConfig(3))
    assert grey_of(clip) == [2, 2, 2] and clip.frame_count == 1


def test_a_fragmented_mp4_without_a_sample_table_is_read_whole(write_encoded: Callable[..., str]) -> None:
    path = write_encoded("fragments.mp4", "libx264", STEADY, movflags="frag_keyframe+empty_moov", g="7")
    clip = decode_path(path)
    assert Path(path).read_bytes().count(b"moof") > 3 and clip.frame_count == 30
    assert grey_of(clip) == [0, 4, 8, 12, 17, 21, 25, 29]


def test_what_a_file_is_called_does_not_matter(write_encoded: Callable[..., str], tmp_path: Path) -> None:
    path = Path(write_encoded("plain.mkv", "libx264", STEADY))
    for name in ("renamed.mp4", "no_suffix", "-dash.avi", "100% ünïcode %02d.mov", "a:b.txt"):
        renamed = path.rename(tmp_path / name)
        assert grey_of(decode_path(str(renamed))) == [0, 4, 8, 12, 17, 21, 25, 29]
        path = renamed


def test_a_file_replaced_under_the_same_name_is_looked_at_again(
    write_encoded: Callable[..., str], write_numbered: Callable[..., str]
) -> None:
    path = Path(write_encoded("clip.mp4", "libsvtav1", STEADY))
    assert choose_decoder(path) == "pyav"
    Path(write_numbered(range(12))).replace(path)
    assert choose_decoder(path) == "opencv"
    assert decode_path(str(path)).frame_count == 12


def test_h264_headers_that_cannot_be_read_allow_nothing() -> None:
    for extradata in (b"", b"\x01", b"\x01\x64\x00\x0d\xff\xe1\x00\x04\x67\x64", b"\x00\x00\x01\x68\x00"):
        assert not h264_allows_fields(extradata)


def test_many_threads_decode_as_one_does(
    write_encoded: Callable[..., str], write_numbered: Callable[..., str]
) -> None:
    paths = [
        write_encoded("a.mp4", "libx264", STEADY),
        write_encoded("b.mkv", "libsvtav1", STEADY, preset="12"),
        write_numbered(range(50)),
    ]
    expected = [decode_path(path).frames for path in paths]
    with ThreadPoolExecutor(4) as pool:
        clips = list(pool.map(decode_path, paths * 8))
    for position, clip in enumerate(clips):
        assert np.array_equal(clip.frames, expected[position % 3])


def test_a_spawned_process_decodes_the_same(write_numbered: Callable[..., str]) -> None:
    path = write_numbered(range(50))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        clip = pool.submit(decode, ClipRequest(path), SamplingConfig(8)).result(timeout=60)
    assert np.array_equal(clip.frames, decode_path(path).frames)


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="this system has no scheduling policies")
def test_encoding_for_a_test_leaves_no_real_time_thread_behind(write_encoded) -> None:
    before = os.sched_getscheduler(0)
    write_encoded("clip.mp4", "libsvtav1", STEADY, preset="12")
    assert os.sched_getscheduler(0) == before
