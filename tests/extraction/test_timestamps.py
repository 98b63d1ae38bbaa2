"""Frames are chosen by when they are shown, whatever the rate of the clip."""

import os

import av
import cv2
import numpy as np
import pytest

from videoqa.config import ExtractionConfig
from videoqa.video.decoding import ClipRequest, DecodingError
from videoqa.video.frame_export import export_frames
from videoqa.video.sampling import indices_on_show


@pytest.mark.parametrize(
    ("times", "end", "fps", "expected"),
    [
        (np.arange(50) / 25, 2.0, 4, [0, 6, 12, 18, 25, 31, 37, 43]),
        (np.arange(8) / 2, 4.0, 4, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]),
        ([0, 0.1, 0.2, 2.0, 2.1], 2.2, 2, [0, 2, 2, 2, 3]),
        ([5.0, 5.5, 6.0], 6.5, 1, [0, 2]),
        ([0.0], 0.04, 4, [0]),
        (np.round(np.arange(30) / 30, 3), 1.0, 30, [*range(30)]),  # stored in whole milliseconds
        (np.arange(30) / (30000 / 1001), 1.001, 10, [0, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29]),
    ],
    ids=["steady", "slower", "varies", "starts later", "one", "rounded", "ntsc"],
)
def test_which_frame_is_on_show(times, end, fps, expected):
    assert indices_on_show(np.array(times), end, fps).tolist() == expected


def exported(path, folder, **options):
    folder.mkdir()
    return export_frames(ClipRequest(path), folder, ExtractionConfig(**options))


def test_a_rate_that_varies_comes_out_right(write_at, tmp_path, numbers_in):
    path = write_at("varies.mkv", [0, 40, 80, 120, 1000, 1040, 1500, 2500])
    done = exported(path, tmp_path / "out", fps=4)
    # at 0, 0.25, ... 2.5 s; the last frame stays as long as most do
    assert numbers_in(tmp_path / "out") == [0, 3, 3, 3, 4, 5, 6, 6, 6, 6, 7]
    assert (done.num_frames, done.num_repeated) == (11, 5)


def test_a_slower_clip_shows_its_frames_again_so_that_time_stays_right(write_clip, tmp_path, numbers_in):
    done = exported(write_clip("slow.avi", 6, fps=2), tmp_path / "out", fps=4)
    assert numbers_in(tmp_path / "out") == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert done.num_repeated == 6


def test_a_clip_cut_short_is_refused(write_clip, tmp_path):
    path = write_clip("cut.avi", 60)
    os.truncate(path, os.path.getsize(path) // 2)
    with pytest.raises(DecodingError, match="cut.avi.*cut short"):
        exported(path, tmp_path / "out")


@pytest.mark.slow
@pytest.mark.real_data
def test_a_real_clip_whose_rate_varies(real_data, tmp_path):
    path = real_data / "clips" / "unusual_nonvio_5.mp4"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    done = exported(str(path), tmp_path / "out", fps=8)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    shown = [(float(each.pts * each.time_base), each.to_ndarray(format="rgb24")) for each in frames]
    assert len({round(after[0] - before[0], 4) for before, after in zip(shown, shown[1:], strict=False)}) > 1
    assert done.num_frames == int((shown[-1][0] - shown[0][0] + 0.05) * 8) + 1
    for number in range(done.num_frames):
        expected = [frame for seconds, frame in shown if seconds - shown[0][0] <= number / 8 + 1e-3][-1]
        found = cv2.cvtColor(cv2.imread(str(tmp_path / "out" / f"{number:04d}.jpg")), cv2.COLOR_BGR2RGB)
        assert np.abs(found.astype(int) - expected).mean() < 4
