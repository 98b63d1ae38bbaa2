"""Encoding by real processes: killed, side by side, on a full disk, and without TensorFlow."""

import errno
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest

from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.encoding import FrameEncoder, encode_clips, load_features
from videoqa.video.decoding import ClipRequest

SAMPLING = SamplingConfig(num_frames=5)
MODEL = ModelConfig(backbone="tiny", backbone_weights=None, frame_size=(16, 16))
BATCH_SIZE = 16
START = """
import sys
from videoqa._collector import leave_out_tensorflow
leave_out_tensorflow()
from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.encoding import encode_clips, load_features
from videoqa.video.decoding import ClipRequest
home, path, num_clips = sys.argv[1], sys.argv[2], int(sys.argv[3])
sampling = SamplingConfig(num_frames=5)
model = ModelConfig(backbone="tiny", backbone_weights=None, frame_size=(16, 16))
if path.endswith(".avi"):
    requests = [ClipRequest(path, 0, 0.4 + number / 100) for number in range(num_clips)]
else:
    requests = [ClipRequest(f"{path}/{number}.avi") for number in range(num_clips)]
report = encode_clips(requests, sampling, model, cache=FeatureCache(home), batch_size=16)
"""


def requests_of(path: str, num_clips: int) -> list[ClipRequest]:
    return [ClipRequest(path, 0, 0.4 + number / 100) for number in range(num_clips)]


def start(home, path: str, num_clips: int, then: str = "print(report.num_encoded, report.num_cached)"):
    command = [sys.executable, "-c", START + then, str(home), path, str(num_clips)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> list[str]:
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return out.split()


@pytest.fixture(scope="module")
def encoder() -> FrameEncoder:
    return FrameEncoder(MODEL, BATCH_SIZE)


ALL_CACHED = """
features = load_features(report)
heavy = [name for name in ("tensorflow", "keras") if name in sys.modules]
print(report.num_encoded, report.num_cached, len(features), heavy == [])
"""


@pytest.mark.slow
def test_where_everything_is_cached_tensorflow_is_not_imported(write_video, cache, encoder):
    path = write_video()
    encode_clips(requests_of(path, 3), SAMPLING, MODEL, cache=cache, encoder=encoder)
    assert finish(start(cache.folder.parent, path, 3, ALL_CACHED)) == ["0", "3", "3", "True"]


@pytest.mark.numeric
@pytest.mark.slow
def test_killed_run_keeps_what_was_complete_and_resumes(write_video, cache, encoder):
    path = write_video(num_frames=80, fps=25)
    process = start(cache.folder.parent, path, 200)
    while len(list(cache.folder.glob("??/*.json"))) < 10:
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    markers = list(cache.folder.glob("??/*.json"))
    assert 10 <= len(markers) < 200
    assert all(cache.read(marker.stem) is not None for marker in markers)
    report = encode_clips(requests_of(path, 200), SAMPLING, MODEL, cache=cache, encoder=encoder)
    assert (report.num_cached, report.num_encoded) == (len(markers), 200 - len(markers))
    other = FeatureCache(cache.folder.parent / "other")
    fresh = encode_clips(requests_of(path, 200), SAMPLING, MODEL, cache=other, encoder=encoder)
    assert load_features(report).tobytes() == load_features(fresh).tobytes()
    assert cache.info()["num_leftovers"] <= 2
    cache.prune(1)
    assert cache.info()["num_leftovers"] == 0 and cache.info()["num_entries"] == 200


@pytest.mark.numeric
@pytest.mark.slow
def test_processes_share_the_work_and_encode_each_clip_once(write_video, cache, encoder, tmp_path):
    requests = [ClipRequest(write_video(f"{number}.avi", seed=number)) for number in range(60)]
    processes = [start(cache.folder.parent, str(tmp_path), 60) for _ in range(2)]
    counts = [[int(count) for count in finish(process)] for process in processes]
    assert [sum(count) for count in counts] == [60, 60]
    assert sum(num_encoded for num_encoded, _ in counts) == 60
    report = encode_clips(requests, SAMPLING, MODEL, cache=cache, encoder=encoder)
    assert report.num_cached == cache.info()["num_entries"] == 60
    assert cache.info()["num_leftovers"] == 0 and not list(cache.folder.glob("??/*.claim"))
    other = FeatureCache(tmp_path / "other")
    alone = encode_clips(requests, SAMPLING, MODEL, cache=other, encoder=encoder)
    assert load_features(alone).tobytes() == load_features(report).tobytes()


@pytest.mark.slow
def test_what_a_killed_process_had_claimed_is_encoded_by_the_others(write_video, cache, tmp_path):
    for number in range(60):
        write_video(f"{number}.avi", seed=number)
    stopped = start(cache.folder.parent, str(tmp_path), 60)
    while not list(cache.folder.glob("??/*.claim")):
        assert stopped.poll() is None, stopped.communicate()
        time.sleep(0.002)
    stopped.send_signal(signal.SIGSTOP)
    claimed = [path for path in cache.folder.glob("??/*.claim") if not path.with_suffix(".json").exists()]
    others = [start(cache.folder.parent, str(tmp_path), 60) for _ in range(2)]
    while cache.info()["num_entries"] < 60 - len(claimed):
        assert all(process.poll() is None for process in others)
        time.sleep(0.05)
    stopped.send_signal(signal.SIGKILL)
    stopped.communicate()
    counts = [[int(count) for count in finish(process)] for process in others]
    assert claimed and cache.info()["num_entries"] == 60
    assert [sum(count) for count in counts] == [60, 60]
    left = [path for path in cache.folder.glob("??/*.claim") if not path.with_suffix(".json").exists()]
    assert left == []


class DiskFillingEncoder(FrameEncoder):
    """Fills the disk at its second run, as another program might."""

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        self.runs = getattr(self, "runs", 0) + 1
        if self.runs == 2:
            with suppress(OSError), open(self.filler, "wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 4096)
        return super().__call__(frames)


def test_disk_that_fills_up_stops_the_run_and_keeps_what_was_made(write_video, small_disk):
    path = write_video()
    cache = FeatureCache(small_disk)
    encoder = DiskFillingEncoder(MODEL, BATCH_SIZE)
    encoder.filler = small_disk / "filler"
    with pytest.raises(OSError, match=r"No space left on device.*What it held is unharmed") as caught:
        encode_clips(requests_of(path, 20), SAMPLING, MODEL, cache=cache, encoder=encoder)
    assert caught.value.errno == errno.ENOSPC
    made = cache.info()["num_entries"]
    assert 0 < made < 20 and cache.info()["num_leftovers"] == 0
    encoder.filler.unlink()
    report = encode_clips(requests_of(path, 20), SAMPLING, MODEL, cache=cache, encoder=encoder)
    assert (report.num_cached, report.num_encoded) == (made, 20 - made)


def test_features_that_cannot_fit_are_refused_before_work(write_video, small_disk):
    cache = FeatureCache(small_disk)
    encoder = FrameEncoder(MODEL, BATCH_SIZE)
    with pytest.raises(ValueError, match=r"`VIDEOQA_HOME` must .* about 4\.\d\d MB needed, 0\.\d\d MB free"):
        encode_clips(requests_of(write_video(), 500), SAMPLING, MODEL, cache=cache, encoder=encoder)
    assert cache.info()["num_entries"] == 0 and "_compiled" not in vars(encoder)
