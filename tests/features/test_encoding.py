"""Clips into the cache and back: what is made, what is not made again, what fails."""

import json
import os
import shutil

import numpy as np
import pytest

from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.encoding import FrameEncoder, clip_features, encode_clips, load_features
from videoqa.models.tiny import TINY_FEATURE_DIM
from videoqa.video.decoding import ClipRequest, DecodingError, decode

MODEL = ModelConfig(backbone="tiny", backbone_weights=None, frame_size=(16, 16))


class CountingEncoder(FrameEncoder):
    """Notes how many frames it was given."""

    num_frames = 0

    def __call__(self, frames: np.ndarray) -> np.ndarray:
        self.num_frames += len(frames)
        return super().__call__(frames)


@pytest.fixture(scope="module")
def shared_encoder() -> CountingEncoder:
    return CountingEncoder(MODEL, batch_size=16)


@pytest.fixture
def encoder(shared_encoder: CountingEncoder) -> CountingEncoder:
    shared_encoder.num_frames = 0
    return shared_encoder


@pytest.fixture
def encode(cache, sampling, encoder):
    """Encode requests with the module's encoder."""
    return lambda requests, sampling=sampling: encode_clips(
        requests, sampling, MODEL, cache=cache, encoder=encoder
    )


@pytest.mark.slow
def test_features_in_the_cache_are_those_of_the_decoded_frames(write_video, sampling, encoder, encode):
    requests = [ClipRequest(write_video(f"{seed}.avi", seed=seed)) for seed in range(4)]
    report = encode(requests)
    assert report.rows["status"].tolist() == ["encoded"] * 4
    features = load_features(report)
    assert features.shape == (4, 5, encoder.feature_dim) and features.dtype == np.float16
    for request, found in zip(requests, features, strict=True):
        expected = encoder(decode(request, sampling, frame_size=(16, 16)).frames).astype(np.float16)
        assert found.tobytes() == expected.tobytes()


def test_second_time_nothing_is_decoded_or_encoded(write_video, encoder, encode, cache):
    requests = [ClipRequest(write_video()), ClipRequest(write_video("b.avi", seed=1), 0.2, 0.9)]
    first = encode(requests)
    assert encoder.num_frames == 10
    for request in requests:
        status = os.stat(request.path)
        os.truncate(request.path, 0)
        os.truncate(request.path, status.st_size)
        os.utime(request.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = encode(requests)
    assert (first.num_encoded, second.num_encoded, second.num_cached) == (2, 0, 2)
    assert encoder.num_frames == 10
    assert (load_features(second) == load_features(first)).all()
    assert second.rows["num_bytes"].tolist() == first.rows["num_bytes"].tolist()


def test_clip_asked_for_twice_and_its_copies_are_encoded_once(write_video, encoder, encode, tmp_path):
    path = write_video()
    copy = str(shutil.copy(path, tmp_path / "copy.avi"))
    report = encode([ClipRequest(path), ClipRequest(copy), ClipRequest(path), ClipRequest(path, 0.5)])
    assert report.clip_index.tolist() == [0, 1, 0, 2]
    assert report.rows["status"].tolist() == ["encoded", "cached", "encoded"]
    assert encoder.num_frames == 10
    features = load_features(report)
    assert (features[0] == features[1]).all() and (features[0] != features[2]).any()


@pytest.fixture
def bad_requests(write_video, tmp_path) -> dict[str, ClipRequest]:
    (tmp_path / "text.mp4").write_text("this is no video")
    (tmp_path / "empty.mp4").write_bytes(b"")
    paths = {"no such file": "none.mp4", "directory": ".", "text": "text.mp4", "empty": "empty.mp4"}
    requests = {name: ClipRequest(str(tmp_path / path)) for name, path in paths.items()}
    return {**requests, "segment outside": ClipRequest(write_video("short.avi"), 50, 60)}


def test_bad_videos_are_counted_rows_and_the_good_ones_are_encoded(write_video, encode, bad_requests):
    good = [ClipRequest(write_video(f"{seed}.avi", seed=seed)) for seed in range(2)]
    report = encode([good[0], *bad_requests.values(), good[1]])
    assert report.rows["status"].tolist() == ["encoded", *["failed"] * 5, "encoded"]
    assert (report.num_encoded, report.num_cached, report.num_failed) == (2, 0, 5)
    assert all(error for error in report.rows["error"][1:6])
    assert "must be an existing file" in report.rows["error"][1]
    assert len(load_features(report)) == 2
    content = json.loads(json.dumps(report.to_dict()))
    assert [failure["path"] for failure in content["failures"]] == report.rows["path"][1:6].tolist()
    assert content["failures"][0]["start_seconds"] is None and content["failures"][4]["start_seconds"] == 50
    assert (content["num_videos"], content["num_encoded"], content["num_failed"]) == (7, 2, 5)
    assert content["cache_bytes"] > 2 * 2 * 5 * TINY_FEATURE_DIM


def test_nothing_asked_for_and_only_bad_videos(encode, bad_requests, cache):
    assert encode([]).to_dict()["num_videos"] == 0
    report = encode(list(bad_requests.values()))
    assert report.num_failed == 5 and len(load_features(report)) == 0
    assert cache.info()["num_entries"] == 0


def test_damaged_entry_is_made_again(write_video, encode, cache):
    requests = [ClipRequest(write_video(f"{seed}.avi", seed=seed)) for seed in range(2)]
    report = encode(requests)
    expected = load_features(report)
    array_path = cache.folder / report.rows["key"][0][:2] / f"{report.rows['key'][0]}.npy"
    array_path.write_bytes(array_path.read_bytes()[:-7])
    assert encode(requests).rows["status"].tolist() == ["encoded", "cached"]
    assert load_features(report).tobytes() == expected.tobytes()


def test_entries_pruned_before_they_were_loaded_are_made_again(write_video, encode, cache):
    report = encode([ClipRequest(write_video(f"{seed}.avi", seed=seed)) for seed in range(3)])
    expected = load_features(report)
    cache.clear()
    assert load_features(report).tobytes() == expected.tobytes()


def test_entries_that_cannot_be_made_again_are_said(write_video, encode, cache):
    report = encode([ClipRequest(write_video())])
    cache.clear()
    os.unlink(report.rows["path"][0])
    with pytest.raises(OSError, match=r"1 of 1 entry .* cannot be made again, first that of .*clip\.avi"):
        load_features(report)


def test_grids_of_different_length_come_as_a_list(write_video, encode):
    sampling = SamplingConfig(num_frames=3, frame_step=2)
    report = encode([ClipRequest(write_video(f"{n}.avi", num_frames=n)) for n in (4, 12)], sampling=sampling)
    assert [features.shape for features in load_features(report)] == [
        (3, TINY_FEATURE_DIM),
        (6, TINY_FEATURE_DIM),
    ]


def test_metadata_says_where_features_come_from(write_video, encode, cache):
    report = encode([ClipRequest(write_video(num_frames=3))])
    metadata = cache.read_entry(report.rows["key"][0]).metadata
    assert metadata["source"] == report.rows["path"][0]
    assert (metadata["frames_wanted"], metadata["frames_obtained"], metadata["frame_count"]) == (5, 3, 3)
    assert len(metadata["timestamps_seconds"]) == 5 and metadata["decoding_status"] == "ok"
    assert metadata["made_from"]["content_sha256"] == cache.content_hash(report.rows["path"][0])


def test_home_that_cannot_be_written_is_refused_before_work(write_video, sampling, encoder, tmp_path):
    (tmp_path / "file").write_text("")
    cache = FeatureCache(tmp_path / "file")
    with pytest.raises(OSError, match="cannot be written: Not a directory.*Set VIDEOQA_HOME"):
        encode_clips([ClipRequest(write_video())], sampling, MODEL, cache=cache, encoder=encoder)
    assert encoder.num_frames == 0


def test_encoder_for_frames_of_another_size_is_refused(sampling, encoder):
    model = ModelConfig(backbone="tiny", backbone_weights=None, frame_size=(32, 32))
    with pytest.raises(ValueError, match=r"`encoder` must take frames of the model's frame_size \(32, 32\)"):
        encode_clips([], sampling, model, encoder=encoder)


def test_no_bar_where_there_is_no_terminal(write_video, encode, capfd):
    encode([ClipRequest(write_video())])
    assert "clip/s" not in capfd.readouterr().err


def test_one_clip_comes_from_the_same_entry(write_video, sampling, encoder, encode, cache):
    request = ClipRequest(write_video(), 0.1, 1.0)
    features, seconds = clip_features(request, sampling, encoder=encoder, cache=cache)
    assert len(seconds) == 5 and 0.1 <= seconds[0] <= seconds[-1] < 1.0
    report = encode([request])
    assert report.num_cached == 1 and (load_features(report)[0] == features).all()
    again, same_seconds = clip_features(request, sampling, encoder=encoder, cache=cache)
    assert again.tobytes() == features.tobytes() and same_seconds == seconds
    assert encoder.num_frames == 5


def test_one_clip_raises_and_needs_no_writable_home(write_video, sampling, encoder, tmp_path, caplog):
    (tmp_path / "text.mp4").write_text("this is no video")
    unwritable = FeatureCache(tmp_path / "text.mp4" / "home")
    features, _ = clip_features(ClipRequest(write_video()), sampling, encoder=encoder, cache=unwritable)
    assert features.shape == (5, TINY_FEATURE_DIM)
    assert "cannot be written" in caplog.text
    with pytest.raises(DecodingError, match=r"text\.mp4"):
        clip_features(ClipRequest(str(tmp_path / "text.mp4")), sampling, encoder=encoder, cache=unwritable)
