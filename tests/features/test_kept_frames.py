"""Frames on disk: what is decoded is what is read, under a key of its own, mapped and checked."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import videoqa
from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache_keys import frames_key_parts, key_of
from videoqa.features.encoding import encode_clips, load_features
from videoqa.features.kept_frames import FrameKeeper
from videoqa.features.space import forecast_frame_bytes
from videoqa.input_pipeline import Examples, batches_ahead
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.transforms import FrameFit, center_crop

MODEL = ModelConfig(task="action", architecture="c3d", frame_size=(16, 16))
GRID = SamplingConfig(num_frames=4, frame_step=1, short_clips="loop")


def kept(requests, cache, sampling=GRID):
    report = encode_clips(requests, sampling, MODEL, cache=cache, progress=False)
    return report, load_features(report)


def test_kept_frames_are_the_decoded_ones_and_are_decoded_once(write_video, cache):
    requests = [
        ClipRequest(write_video("a.avi", seed=1)),
        ClipRequest(write_video("b.avi", num_frames=3), 0, 0.2),
    ]
    report, clips = kept(requests, cache)
    assert report.num_encoded == 2 and clips.lengths.tolist() == [12, 2]
    for request, clip in zip(requests, clips, strict=True):
        expected = decode(request, GRID, frame_size=(16, 16)).frames
        assert isinstance(clip, np.memmap) and clip.dtype == np.uint8
        assert clip.tobytes() == expected.tobytes()
    again, _ = kept(requests, cache)
    assert (again.num_encoded, again.num_cached) == (0, 2)
    with pytest.raises(ValueError, match="read-only"):
        clips[0][0] = 0


def test_a_bad_video_is_a_row(write_video, cache, tmp_path):
    (tmp_path / "bad.avi").write_bytes(b"no video")
    requests = [ClipRequest(str(tmp_path / "bad.avi")), ClipRequest(write_video())]
    report, clips = kept(requests, cache)
    assert report.rows["status"].tolist() == ["failed", "encoded"] and len(clips) == 1


def test_the_surplus_that_random_crops_need_is_kept(write_video, cache):
    request = ClipRequest(write_video())  # 24 x 32
    _, clips = kept([request], cache, replace(GRID, crop="random"))
    assert clips[0].shape == (12, 16, 21, 3)
    _, centre = kept([request], cache)
    assert center_crop(clips[0], (16, 16)).tobytes() == centre[0].tobytes()


def test_the_key_names_no_backbone_and_no_window(write_video, cache):
    request = ClipRequest(write_video())

    def key(sampling, size=(16, 16), with_surplus=False):
        return key_of(frames_key_parts(request, sampling, size, cache, with_surplus=with_surplus))

    parts = frames_key_parts(request, GRID, (16, 16), cache, with_surplus=False)
    assert sorted(parts) == [
        "content_sha256",
        "decoder",
        "dtype",
        "format_version",
        "grid",
        "segment",
        "transform",
    ]
    assert key(GRID) == key(replace(GRID, num_frames=9)) == key(replace(GRID, short_clips="skip"))
    others = [
        key(replace(GRID, short_clips="repeat")),
        key(replace(GRID, frame_step=2)),
        key(replace(GRID, max_grid_frames=9)),
        key(SamplingConfig(num_frames=4)),
        key(GRID, size=(16, 17)),
        key(GRID, with_surplus=True),
    ]
    assert len({key(GRID), *others}) == 7


@pytest.mark.parametrize("damage", ["cut", "longer", "other"])
def test_frames_that_are_not_whole_are_made_again(write_video, cache, damage):
    request = ClipRequest(write_video())
    report, clips = kept([request], cache)
    before = clips[0].tobytes()
    path = cache.folder / report.rows["key"][0][:2] / f"{report.rows['key'][0]}.npy"
    data = path.read_bytes()
    if damage == "other":
        np.save(path, np.zeros((2, 3, 3, 3), np.uint8))
    else:
        path.write_bytes(data[:-100] if damage == "cut" else data + b"more")
    again, clips = kept([request], cache)
    assert again.num_encoded == 1 and clips[0].tobytes() == before


def test_frames_that_vanish_during_a_run_are_an_error_that_says_so(write_video, cache):
    _, clips = kept([ClipRequest(write_video())], cache)
    cache.clear()
    with pytest.raises(OSError, match="were removed or cut during the run.*Do not prune the cache"):
        clips[0]


def test_the_forecast_covers_what_is_written(write_video, cache):
    requests = [ClipRequest(write_video(f"{seed}.avi", seed=seed, num_frames=60)) for seed in range(3)]
    for keep_surplus in (False, True):
        sampling = replace(GRID, crop="random" if keep_surplus else "center")
        forecast = forecast_frame_bytes(requests, sampling, FrameFit((16, 16), keep_surplus))
        report, _ = kept(requests, cache, sampling)
        written = int(report.rows["num_bytes"].sum())
        assert written <= forecast <= written + len(requests) * 3 * 4096
    with pytest.raises(ValueError, match=r"room for what is to be kept: about .* needed, .* free"):
        cache.check_space(FrameKeeper(MODEL, GRID).forecast_bytes(requests, GRID) * 10**9)


def test_info_tells_frames_from_features(write_video, cache):
    kept([ClipRequest(write_video())], cache)
    cache.write("0" * 64, np.ones((3, 8), np.float16), {})
    info = cache.info()
    assert info["num_entries"] == 2 and info["num_frame_entries"] == 1
    assert 12 * 16 * 16 * 3 < info["num_frame_bytes"] < info["num_bytes"]
    cache.prune(0)
    assert cache.info()["num_entries"] == 0


def test_encode_fills_the_cache_with_frames(write_video, tmp_path, monkeypatch):
    monkeypatch.setenv("VIDEOQA_HOME", str(tmp_path / "home"))
    table = pd.DataFrame({"video": [write_video()], "label": ["a"], "split": ["train"]})
    options = {"architecture": "c3d", "frame_size": (16, 16), "decode_workers": 2, "progress": False}
    assert videoqa.encode(table, **options).num_encoded == 1
    assert videoqa.encode(table, **options).num_cached == 1
    with pytest.raises(ValueError, match="`runner` must be 'processes' for a model that learns from frames"):
        videoqa.encode(table, runner="ray", **options)
    with pytest.raises(ValueError, match="`decode_workers` must be an integer from 1 to 256"):
        videoqa.encode(table, **{**options, "decode_workers": 0})


def test_random_crops_of_features_are_refused(write_video):
    table = pd.DataFrame({"video": [write_video()], "label": ["a"], "split": ["train"]})
    with pytest.raises(ValueError, match="`crop` must be 'center'.*random crops need frames"):
        videoqa.encode(table, backbone="tiny", crop="random")


def test_frames_that_vanish_end_a_training_with_words(write_video, cache):
    _, clips = kept([ClipRequest(write_video())], cache)
    examples = Examples(clips, np.zeros(3, np.int64), None, np.zeros(3, np.int32), 4, clip_input="clip")
    batches = batches_ahead(examples, seed=0, epoch=0, num_epochs=9, batch_size=1, prefetch_batches=1)
    next(batches)
    for path in cache.folder.rglob("*.npy"):
        path.unlink()
    with pytest.raises(OSError, match="^The kept frames .*Do not prune the cache while it is used"):
        list(batches)
