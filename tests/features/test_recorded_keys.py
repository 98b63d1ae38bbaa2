"""What a drawn clip has always given, whatever is mended for other videos: cache keys, frames and times.

A changed key makes every user encode anew; changed frames under an old key mix two readings in one cache.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from videoqa import sample_clip
from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.features.cache_keys import clip_key_parts, frames_key_parts, key_of
from videoqa.video.decoding import ClipRequest, decode
from videoqa.video.transforms import resize_and_crop

FPS, NUM_FRAMES = 12, 36
RECORDED = {
    "whole": (
        "c223ab7521458cc0fd55c6ab288d4b4f606637ce640581ad611aabb92bc9ceab",
        [0, 2, 4, 6, 7, 9, 11, 13, 15, 17, 18, 20, 22, 24, 26, 28, 29, 31, 33, 35],
    ),
    "segment": (
        "faaa01d66edb774f7cafe1c1f310f5ae106d38f0dd3a003e0d4e4ce0f3992fea",
        [6, 8, 9, 11, 12, 14, 15, 17],
    ),
    "step": ("b3f3efc6d68e8a7cfcee274a4c0bf4fb6301a1679fbe866f93b67d1a486b0a71", [*range(0, 36, 2)]),
    "rate": ("01a153f8a8433968a9251c7032ffb4bf8b39ea222602ff4396365b080c14560c", [*range(0, 36, 3)]),
}
FRAMES_KEY = "36d31343a69d16723e835c9fa5824913f043dc63d27324df3eba8bf492ef8dd5"
SAMPLINGS = {
    "whole": SamplingConfig(),
    "segment": SamplingConfig(num_frames=8),
    "step": SamplingConfig(num_frames=8, frame_step=2),
    "rate": SamplingConfig(num_frames=8, frames_per_second=4.0),
}


def fixed_key(parts: dict) -> str:
    """Return the key without what depends on installed versions and on the bytes of the clip."""
    assert parts["decoder"][0] == "opencv" and len(parts["content_sha256"]) == 64
    replaced = {"content_sha256": "content", "decoder": ["opencv", "version"]}
    return key_of(parts | replaced | ({"weights_sha256": "w"} if "backbone" in parts else {}))


@pytest.fixture(scope="module")
def clip(made_once: Callable[..., Path]) -> str:
    return str(next(made_once("recorded", lambda out: sample_clip("loading", folder=out)).rglob("*.avi")))


@pytest.mark.parametrize("name", SAMPLINGS)
def test_keys_frames_and_times_are_as_recorded(clip: str, cache: FeatureCache, name: str) -> None:
    key, indices = RECORDED[name]
    request = ClipRequest(clip, 0.5, 1.5) if name == "segment" else ClipRequest(clip)
    assert fixed_key(clip_key_parts(request, SAMPLINGS[name], ModelConfig(backbone="tiny"), cache)) == key
    decoded = decode(request, SAMPLINGS[name], frame_size=(96, 96))
    assert (decoded.indices.tolist(), decoded.status) == (indices, "ok")
    np.testing.assert_array_equal(decoded.timestamps_seconds, np.array(indices) / FPS)
    capture = cv2.VideoCapture(clip)
    stored = [capture.read()[1][..., ::-1] for _ in range(NUM_FRAMES)]
    for frame, index in zip(decoded.frames, indices, strict=True):
        np.testing.assert_array_equal(frame, resize_and_crop(np.ascontiguousarray(stored[index]), (96, 96)))


def test_the_key_of_kept_frames_is_as_recorded(clip: str, cache: FeatureCache) -> None:
    parts = frames_key_parts(ClipRequest(clip), SAMPLINGS["rate"], (112, 112), cache, with_surplus=True)
    assert fixed_key(parts) == FRAMES_KEY
