"""Pictures that the decoder patched up, and runs of one tone, are counted; sound clips have none."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videoqa.auditing.clip_findings import clip_findings
from videoqa.config import SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.known_damage import clip_damages
from videoqa.video.decoding import ClipRequest
from videoqa.video.examining import WHOLE, examine
from videoqa.video.picture_damage import blank_runs, look_at_pictures
from videoqa.video.probing import open_container, probe, video_stream


def spoil_packet(path: str, number: int) -> None:
    """Overwrite a quarter of one packet's bytes, from its first third on."""
    with open_container(path, probe(path).kind) as container:
        packets = [packet for packet in container.demux(video_stream(container, path)) if packet.size]
        start, size = packets[number].pos + packets[number].size // 3, packets[number].size // 4
    data = bytearray(Path(path).read_bytes())
    data[start : start + size] = bytes(byte ^ 0x5A for byte in data[start : start + size])
    Path(path).write_bytes(data)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.avi", "mpeg4"), ("a.ts", "mpeg2video")],
)
def test_a_spoilt_key_frame_counts_up_to_the_next_one(
    write_noisy: Callable[..., str], name: str, codec: str
) -> None:
    path = write_noisy(name, codec, 20)
    info = probe(path)
    with open_container(path, info.kind) as container:
        frames = list(container.decode(video_stream(container, path)))
    next_key = next(index for index, frame in enumerate(frames) if frame.key_frame and index)
    whole = look_at_pictures(info).within()
    assert (whole.num_frames, whole.num_suspect, whole.first) == (20, 0, None)
    spoil_packet(path, 0)
    found = look_at_pictures(probe(path))
    assert (found.within().num_damaged, found.within().first) == (next_key, 0)
    assert found.within(next_key).num_suspect == 0 and found.within(0, 1).num_damaged == 1
    what = (
        "is damaged or builds on a damaged one" if next_key == 1 else "are damaged or build on damaged ones"
    )
    assert str(found.within()) == f"{next_key} of 20 frames {what}, from frame 0 on"


@pytest.mark.parametrize(
    ("tones", "blank"),
    [
        ("tttggttt", "00011000"),
        ("tttgtttt", "00000000"),  # one alone is a flash
        ("tttttggg", "00000111"),
        ("ttbbbttt", "00111000"),
        ("bbbttbbb", "00000000"),  # a film begins and ends in black
        ("gggggggg", "00000000"),  # nothing moves here
        ("ttobbott", "00000000"),  # faded out and in
    ],
)
def test_runs_of_one_tone(tones: str, blank: str) -> None:
    names = {"t": "textured", "g": "grey", "b": "black", "o": "other"}
    assert blank_runs([names[tone] for tone in tones]).astype(int).tolist() == [int(mark) for mark in blank]


@pytest.mark.parametrize("codec", ["libx264", "ffv1"])
@pytest.mark.parametrize("level", [0, 130])
def test_a_grey_or_black_run_inside_a_moving_clip(
    write_frames: Callable[..., str], codec: str, level: int
) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (20, 48, 64, 3), dtype=np.uint8)
    frames[8:12] = level
    path = write_frames("clip.mkv", codec, frames)
    assert look_at_pictures(probe(path)).within().num_blank == 4
    record = examine(path, [(0.0, 0.2)])
    assert record["video"]["frames_damaged"] == 4
    found = dict(clip_findings(path, WHOLE, record, SamplingConfig(8)))
    assert found["damaged_frames"] == (
        "4 of 20 frames are all grey or black beside frames that are not, from frame 8 on"
    )
    assert "damaged_frames" not in dict(clip_findings(path, (0.0, 0.2), record, SamplingConfig(2)))


def test_what_was_found_is_remembered_by_clip(write_noisy: Callable[..., str], tmp_path: Path) -> None:
    path = write_noisy("a.avi", "mpeg4", 20)  # noise: every frame is a key frame
    spoil_packet(path, 5)
    clips = [
        ClipRequest(path),
        ClipRequest(path, 0.0, 0.2),
        ClipRequest(path, 0.2, 0.32),
        ClipRequest("no.mp4"),
    ]
    cache = FeatureCache(tmp_path / "home")
    for _ in range(2):
        assert [damage.num_suspect for damage in clip_damages(clips, cache)] == [1, 0, 1, 0]


@pytest.mark.real_data
def test_a_flipped_bit_in_the_first_key_frame(real_data: Path) -> None:
    path = str(real_data / "field" / "damaged_key_frame" / "flipped_bit.mp4")
    found = dict(clip_findings(path, WHOLE, examine(path), SamplingConfig(8)))
    assert found["damaged_frames"].startswith("100 of 100 frames are damaged")


@pytest.mark.real_data
@pytest.mark.slow
def test_sound_real_clips_have_no_damaged_frames(real_data: Path) -> None:
    for path in sorted((real_data / "clips").iterdir()):
        assert look_at_pictures(probe(path)).within().num_suspect == 0, path
