"""Cache keys: a hash of everything that an entry depends on. Imports no TensorFlow."""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from typing import Any

from videoqa._version import __version__
from videoqa.config import ModelConfig, SamplingConfig
from videoqa.features.cache import FeatureCache
from videoqa.models.backbones import backbone_identity
from videoqa.video.decoding import ClipRequest, decoder_names, probe
from videoqa.video.optical_flow import FLOW_METHOD
from videoqa.video.probing import VideoInfo
from videoqa.video.timeline import timeline_of

CACHE_FORMAT_VERSION = 1
ENGINE = "tensorflow"
DTYPE = "float16"
VIEW, FLIPPED = "plain", "flipped"
"""Frames as they are, or mirrored left to right before the backbone sees them."""
POOLING, FLOW = "pooling", "flow"
"""Parts that only keys of features with a grid, or with flow, have."""
TRANSFORM = "short_side_resize_center_crop"
TIMES = "by_packets"
"""In the keys of videos with an uneven rate, or with other times than a decoder says."""
FRAMES_DTYPE = "uint8"
FRAMES_TRANSFORMS = {False: TRANSFORM, True: "short_side_resize_with_surplus"}
"""Transform of kept frames, by whether they keep a margin for random crops."""

_TURNED_BY_CONTAINER = ("mov", "matroska")
"""Kinds whose turned frames need no key of their own: OpenCV has always read the turn from their headers."""


def key_of(parts: Mapping[str, Any]) -> str:
    """Return the sha256, 64 hexadecimal digits, of `parts` as canonical JSON (sorted, no spaces, ASCII)."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def clip_key(
    request: ClipRequest,
    sampling: SamplingConfig,
    model: ModelConfig,
    cache: FeatureCache,
    *,
    identity: Mapping[str, Any] | None = None,
) -> str:
    """Return the cache key of a clip's features without decoding a frame or building a network.

    Args:
        request: the clip.
        sampling: gives the frame grid.
        model: gives the backbone and the frame size.
        cache: remembers content hashes.
        identity: the backbone's identity if it is known already; None: `backbone_identity` of `model`.

    Raises:
        FileNotFoundError: there is no such video.
        ValueError: it is no regular file.
        DecodingError: it is no video.
    """
    return key_of(clip_key_parts(request, sampling, model, cache, identity=identity))


def clip_key_parts(
    request: ClipRequest,
    sampling: SamplingConfig,
    model: ModelConfig,
    cache: FeatureCache,
    *,
    identity: Mapping[str, Any] | None = None,
    view: str = VIEW,
) -> dict[str, Any]:
    """Return everything that a clip's features depend on, JSON-serializable; `view`: `VIEW` or `FLIPPED`."""
    if identity is None:
        identity = backbone_identity(
            model.backbone, model.backbone_weights, model.backbone_layer, model.pooling
        )
    content_hash = cache.content_hash(request.path)
    return {
        **identity,
        **(flow_parts() if model.sees_flow else {}),
        "content_sha256": content_hash,
        "segment": [_seconds(request.start_seconds), _seconds(request.end_seconds)],
        "grid": grid_parts(sampling, request.path),
        "view": view,
        "transform": [TRANSFORM, *(model.frame_size or ())],
        "engine": ENGINE,
        "dtype": DTYPE,
        "format_version": CACHE_FORMAT_VERSION,
        **_reading(request.path, cache),
    }


def flow_parts() -> dict[str, Any]:
    """Return what flow depends on besides the frames, JSON-serializable."""
    return {FLOW: [FLOW_METHOD, decoder_names()["opencv"]]}


def frames_key_parts(
    request: ClipRequest,
    sampling: SamplingConfig,
    frame_size: tuple[int, int],
    cache: FeatureCache,
    *,
    with_surplus: bool,
) -> dict[str, Any]:
    """Return everything that a clip's kept frames depend on, JSON-serializable; no backbone is part of it.

    `with_surplus` says whether more than the centre crop of `frame_size` is kept. Raises as `clip_key`.
    """
    return {
        "content_sha256": cache.content_hash(request.path),
        "segment": [_seconds(request.start_seconds), _seconds(request.end_seconds)],
        "grid": grid_parts(sampling, request.path),
        "transform": [FRAMES_TRANSFORMS[with_surplus], *frame_size],
        "dtype": FRAMES_DTYPE,
        "format_version": CACHE_FORMAT_VERSION,
        **_reading(request.path, cache),
    }


def grid_parts(sampling: SamplingConfig, path: str) -> dict[str, Any]:
    """Return what the frame grid of a video depends on besides its content.

    A grid that is not filled up to a window's length does not depend on it. A folder of JPEGs adds its rate,
    which its content does not hold.
    """
    longest = {"max_grid_frames": sampling.max_grid_frames}
    fits = {"num_frames": sampling.num_frames} if sampling.short_clips == "repeat" else {}
    if sampling.frames_per_second is not None:
        rate = {"fps": probe(path).fps} if os.path.isdir(path) else {}
        per_second = {"frames_per_second": sampling.frames_per_second}
        return {"rule": "frames_on_show", **per_second, **longest, **fits, **rate}
    if sampling.frame_step is None:
        return {"rule": "regular", "num_frames": sampling.num_frames}
    rule = "every_frame_step" if fits else "every_frame_step_as_long_as_it_is"
    return {"rule": rule, "frame_step": sampling.frame_step, **longest, **fits}


def _reading(path: str, cache: FeatureCache) -> dict[str, Any]:
    """Return how a video is read; remembered for files, because finding out reads the packets."""
    versions = decoder_names()
    if os.path.isdir(path):  # quick to probe, and the list that names it may have changed
        found = _how_read(probe(path))
    else:
        known_as = f"reading and times by videoqa {__version__} of {sorted(versions.items())}"
        found = json.loads(cache.fact(path, known_as, lambda: json.dumps(_how_read(probe(path)))))
    return {**found, "decoder": [found["decoder"], versions[found["decoder"]]]}


def _how_read(info: VideoInfo) -> dict[str, Any]:
    """Return the decoder's name and, where frames are not simply shown as stored or turned, how they are.

    Videos whose rate is uneven, or whose times are not those that a decoder says, say so: earlier versions
    took other frames of them.
    """
    shown, parts = info.presentation, {"decoder": info.decoder_name}
    if not timeline_of(info).is_plain:
        parts["times"] = TIMES
    by_frame = shown.is_turned and info.kind not in _TURNED_BY_CONTAINER
    if shown.pixel_aspect == 1 and not shown.is_mirrored and not by_frame:
        return parts
    flips = [shown.swaps_axes, shown.flips_columns, shown.flips_rows]
    return {**parts, "presentation": [str(shown.pixel_aspect), *flips]}


def _seconds(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value) + 0.0
