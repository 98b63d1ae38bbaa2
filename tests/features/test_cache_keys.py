"""Keys: the same for the same features, another one for anything that changes them."""

import hashlib
import os
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from videoqa.config import SamplingConfig
from videoqa.features.cache_keys import clip_key, clip_key_parts, key_of
from videoqa.video.decoding import ClipRequest, DecodingError, decoder_names


def test_key_is_the_sha256_of_canonical_json():
    text = b'{"a":[0.5,null],"b":"\\u00e9"}'
    assert key_of({"b": "é", "a": [0.5, None]}) == hashlib.sha256(text).hexdigest()


def test_parts_are_those_of_the_contract(write_video, sampling, model, cache):
    request = ClipRequest(write_video(), 0.5, 1)
    parts = clip_key_parts(request, sampling, model, cache)
    with open(request.path, "rb") as file:
        assert parts.pop("content_sha256") == hashlib.file_digest(file, "sha256").hexdigest()
    assert parts == {
        "segment": [0.5, 1.0],
        "grid": {"rule": "regular", "num_frames": 5},
        "view": "plain",
        "transform": ["short_side_resize_center_crop", 16, 16],
        "backbone": "tiny",
        "layer": None,
        "weights_sha256": None,
        "engine": "tensorflow",
        "dtype": "float16",
        "decoder": ["opencv", decoder_names()["opencv"]],
        "format_version": 1,
    }


REPEAT, LOOP = {"num_frames": 2}, {"num_frames": 2, "short_clips": "loop"}
GRIDS = [
    ({"num_frames": 2}, {"rule": "regular", "num_frames": 2}),
    (
        {"frame_step": 3, **REPEAT},
        {"rule": "every_frame_step", "num_frames": 2, "frame_step": 3, "max_grid_frames": 512},
    ),
    (
        {"frame_step": 3, **LOOP},
        {"rule": "every_frame_step_as_long_as_it_is", "frame_step": 3, "max_grid_frames": 512},
    ),
    (
        {"frames_per_second": 4, **REPEAT},
        {"rule": "frames_on_show", "num_frames": 2, "frames_per_second": 4.0, "max_grid_frames": 512},
    ),
    (
        {"frames_per_second": 4, **LOOP},
        {"rule": "frames_on_show", "frames_per_second": 4.0, "max_grid_frames": 512},
    ),
]


@pytest.mark.parametrize(("options", "parts"), GRIDS, ids=lambda each: each.get("rule", ""))
def test_parts_of_each_grid(write_video, model, cache, options, parts):
    request = ClipRequest(write_video())
    found = clip_key_parts(request, SamplingConfig(**options), model, cache)["grid"]
    assert found == parts and key_of(found) == key_of(parts)


def test_frames_per_second_of_a_folder_depend_on_its_rate(model, cache, tmp_path):
    folder = tmp_path / "set" / "train" / "run" / "one"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "0000.jpg"), np.zeros((24, 32, 3), np.uint8))
    request, sampling = ClipRequest(str(folder)), SamplingConfig(2, frames_per_second=4)
    before = clip_key_parts(request, sampling, model, cache)
    (tmp_path / "set" / "extraction.json").write_text('{"fps": 4.0}')
    after = clip_key_parts(request, sampling, model, cache)
    assert (before["grid"]["fps"], after["grid"]["fps"]) == (25.0, 4.0)
    assert before["content_sha256"] == after["content_sha256"]


CHANGES = {
    "start": lambda request, sampling, model: (replace(request, start_seconds=0.2), sampling, model),
    "end": lambda request, sampling, model: (replace(request, end_seconds=0.8), sampling, model),
    "frames": lambda request, sampling, model: (request, SamplingConfig(6), model),
    "step": lambda request, sampling, model: (request, SamplingConfig(5, 1), model),
    "rate": lambda request, sampling, model: (request, SamplingConfig(5, frames_per_second=1), model),
    "grid": lambda request, sampling, model: (request, SamplingConfig(5, 1, max_grid_frames=9), model),
    "size": lambda request, sampling, model: (request, sampling, replace(model, frame_size=(16, 18))),
}  # fmt: skip


def test_anything_that_changes_the_features_changes_the_key(write_video, sampling, model, cache):
    request = ClipRequest(write_video())
    keys = [clip_key(request, sampling, model, cache)]
    keys += [clip_key(*change(request, sampling, model), cache) for change in CHANGES.values()]
    keys.append(clip_key(ClipRequest(write_video("other.avi", seed=1)), sampling, model, cache))
    for changed in ({"weights_sha256": "0"}, {"layer": "mixed8"}, {"backbone": "other"}):
        identity = {"backbone": "tiny", "layer": None, "weights_sha256": None} | changed
        keys.append(clip_key(request, sampling, model, cache, identity=identity))
    assert len(set(keys)) == len(keys) == len(CHANGES) + 5


def test_sizes_of_the_rest_of_the_model_do_not_change_the_key(write_video, sampling, model, cache):
    request = ClipRequest(write_video())
    other = replace(model, video_units=3, num_answers=7, video_branch="mean", dropout=0.5)
    assert clip_key(request, sampling, model, cache) == clip_key(request, sampling, other, cache)


def test_copy_under_another_name_has_the_same_key(write_video, sampling, model, cache, tmp_path):
    path = write_video()
    copy = shutil.copy(path, tmp_path / "copy.mkv")
    keys = {clip_key(ClipRequest(str(name)), sampling, model, cache) for name in (path, copy)}
    assert len(keys) == 1


def test_key_of_a_known_file_reads_nothing_of_it(write_video, sampling, model, cache):
    request = ClipRequest(write_video())
    before = clip_key(request, sampling, model, cache)
    status = os.stat(request.path)
    with open(request.path, "r+b") as file:
        file.write(b"\0" * status.st_size)
    os.utime(request.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert clip_key(request, sampling, model, type(cache)(cache.folder.parent)) == before


def test_no_video_has_no_key(sampling, model, cache, tmp_path):
    (tmp_path / "text.mp4").write_text("this is no video")
    with pytest.raises(DecodingError, match="text.mp4"):
        clip_key(ClipRequest(str(tmp_path / "text.mp4")), sampling, model, cache)
    with pytest.raises(FileNotFoundError, match="none.mp4"):
        clip_key(ClipRequest(str(tmp_path / "none.mp4")), sampling, model, cache)
